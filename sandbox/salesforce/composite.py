"""The composite resource: up to 25 calls in one, which may refer to each other's answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.salesforce.errors import AmbiguousError, SalesforceError
from sandbox.salesforce.service import Call, Reply, Route, Service, error_reply, split_path

MAX_CALLS = 25
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)\.([^}]+)\}")
_STEP = re.compile(r"[^.\[\]]+")
_FIRST_ERROR = 400

_HALTED = SalesforceError(
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)


def composite(service: Service, call: Call) -> Reply:
    """Do the calls in order; with allOrNone a failure undoes them all."""
    wanted = call.record().get("compositeRequest")
    if not isinstance(wanted, list) or not wanted:
        raise SalesforceError("JSON_PARSER_ERROR", "compositeRequest is missing")
    if len(wanted) > MAX_CALLS:
        raise SalesforceError(
            "LIMIT_EXCEEDED", f"The request has more than {MAX_CALLS} subrequests"
        )
    replies: dict[str, Reply] = {}
    with service.org.store.transaction() as transaction:
        for one in wanted:
            replies[str(one.get("referenceId"))] = _perform(service, call, one, replies)
        failed = {name for name, reply in replies.items() if reply.status >= _FIRST_ERROR}
        if failed and call.record().get("allOrNone", False):
            transaction.roll_back()
            rolled = {name: error_reply(_HALTED) for name in replies if name not in failed}
            replies.update(rolled)
    return Reply(200, {"compositeResponse": [_shown(*item) for item in replies.items()]})


def _shown(name: str, reply: Reply) -> dict[str, Any]:
    return {
        "body": reply.body,
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": name,
    }


def _perform(
    service: Service, outer: Call, one: Mapping[str, Any], replies: Mapping[str, Reply]
) -> Reply:
    try:
        parts = urlsplit(_filled(str(one["url"]), replies))
        version, path = split_path(parts.path)
        call = Call(
            str(one["method"]).upper(),
            version,
            path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            _filled(one.get("body"), replies),
            outer.headers,
            outer.actor,
        )
        if call.path[:1] == ["sobjects"] and len(call.path) > 1:
            service.touch(call.path[1], write=call.method != "GET")
        return service.dispatch(call)
    except (SalesforceError, AmbiguousError) as error:
        return error_reply(error)


def _filled(value: Any, replies: Mapping[str, Reply]) -> Any:
    """A value with every @{reference.path} replaced by what earlier answers hold."""
    if isinstance(value, dict):
        return {name: _filled(item, replies) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, replies) for item in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda found: str(_looked_up(found, replies)), value)


def _looked_up(found: re.Match[str], replies: Mapping[str, Reply]) -> Any:
    name, path = found.groups()
    value: Any = replies[name].body if name in replies else None
    for step in _STEP.findall(path):
        try:
            value = value[int(step) if isinstance(value, list) else step]
        except (KeyError, IndexError, TypeError, ValueError):
            message = f"Invalid reference specified. No value for {path} found in {name}"
            raise SalesforceError("PROCESSING_HALTED", message) from None
    return value


ROUTES = (Route("POST", "composite", composite),)
