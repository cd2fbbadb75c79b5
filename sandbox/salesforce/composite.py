"""The composite resources: calls that refer to each other's answers, and graphs of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.salesforce.errors import AmbiguousError, SalesforceError
from sandbox.salesforce.service import Call, Reply, Route, Service, error_reply, split_path

MAX_CALLS = 25
MAX_HEAVY = 5
MAX_GRAPHS, MAX_NODES, MAX_KINDS, MAX_DEPTH = 75, 500, 15, 15
MAX_FAILED_GRAPHS = 14
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)\.([^}]+)\}")
_STEP = re.compile(r"[^.\[\]]+")
_FIRST_ERROR = 400

_HALTED = SalesforceError(
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)

Wanted = Sequence[Mapping[str, Any]]
Replies = dict[str, Reply]


def composite(service: Service, call: Call) -> Reply:
    """Do the calls in order; with allOrNone a failure undoes them all."""
    wanted = _checked(call.record().get("compositeRequest"))
    if len(wanted) > MAX_CALLS:
        raise _limit(f"The request has more than {MAX_CALLS} subrequests")
    if sum(_is_heavy(one) for one in wanted) > MAX_HEAVY:
        raise _limit(f"The request has more than {MAX_HEAVY} queries and collections")
    replies, _ = _run(service, call, wanted, bool(call.record().get("allOrNone", False)))
    return Reply(200, {"compositeResponse": _listed(replies)})


def graphs(service: Service, call: Call) -> Reply:
    """Do each graph as a transaction of its own; after 14 failures the rest is not tried."""
    given = call.record().get("graphs")
    if not isinstance(given, list) or not given:
        raise SalesforceError("JSON_PARSER_ERROR", "graphs is missing")
    wanted = {str(one.get("graphId")): _checked(one.get("compositeRequest")) for one in given}
    _check_graphs(given, wanted)
    shown, failures = [], 0
    for name, nodes in wanted.items():
        if failures >= MAX_FAILED_GRAPHS:
            replies, good = {_name(one): error_reply(_HALTED) for one in nodes}, False
        else:
            replies, good = _run(service, call, nodes, all_or_none=True)
        failures += not good
        response = {"compositeResponse": _listed(replies)}
        shown.append({"graphId": name, "graphResponse": response, "isSuccessful": good})
    return Reply(200, {"graphs": shown})


def _check_graphs(given: Sequence[Any], wanted: Mapping[str, Wanted]) -> None:
    nodes = [node for graph in wanted.values() for node in graph]
    if len(given) > MAX_GRAPHS or len(wanted) < len(given):
        raise _limit(f"at most {MAX_GRAPHS} graphs, each with a graphId of its own")
    if len(nodes) > MAX_NODES:
        raise _limit(f"The request has more than {MAX_NODES} nodes")
    for graph in wanted.values():
        if len({_kind(node) for node in graph}) > MAX_KINDS:
            raise _limit(f"A graph has more than {MAX_KINDS} different kinds of nodes")
        if _depth(graph) > MAX_DEPTH:
            raise _limit(f"A graph is deeper than {MAX_DEPTH}")


def _kind(node: Mapping[str, Any]) -> tuple[str, str]:
    """What counts as the same sort of node: method and object."""
    path = urlsplit(str(node.get("url"))).path
    return str(node.get("method")).upper(), "/".join(path.split("/")[:6])


def _depth(graph: Wanted) -> int:
    """The longest chain of references in a graph."""
    depths: dict[str, int] = {}
    for node in graph:
        above = {name for name, _ in _REFERENCE.findall(str(node))}
        depths[_name(node)] = 1 + max((depths.get(name, 0) for name in above), default=0)
    return max(depths.values(), default=0)


def _limit(message: str) -> SalesforceError:
    return SalesforceError("LIMIT_EXCEEDED", message)


def _name(one: Mapping[str, Any]) -> str:
    return str(one.get("referenceId"))


def _checked(wanted: Any) -> Wanted:
    """The subrequests of a body. Raises SalesforceError when there are none, or names repeat."""
    if not isinstance(wanted, list) or not wanted:
        raise SalesforceError("JSON_PARSER_ERROR", "compositeRequest is missing")
    names = [one.get("referenceId") for one in wanted]
    if None in names or len(set(names)) < len(names):
        raise SalesforceError("INVALID_INPUT", "every subrequest needs its own referenceId")
    return wanted


def _is_heavy(one: Mapping[str, Any]) -> bool:
    path = urlsplit(str(one.get("url"))).path.lower()
    return "/query" in path or "/composite/sobjects" in path


def _run(service: Service, call: Call, wanted: Wanted, all_or_none: bool) -> tuple[Replies, bool]:
    """The answers by reference id, and whether all are good; undone where wished."""
    replies: Replies = {}
    with service.org.store.transaction() as transaction:
        for one in wanted:
            replies[_name(one)] = _perform(service, call, one, replies)
        failed = {name for name, reply in replies.items() if reply.status >= _FIRST_ERROR}
        if failed and all_or_none:
            transaction.roll_back()
            rolled = {name: error_reply(_HALTED) for name in replies if name not in failed}
            replies.update(rolled)
    return replies, not failed


def _listed(replies: Replies) -> list[dict[str, Any]]:
    return [
        {
            "body": reply.body,
            "httpHeaders": dict(reply.headers),
            "httpStatusCode": reply.status,
            "referenceId": name,
        }
        for name, reply in replies.items()
    ]


def _perform(
    service: Service, outer: Call, one: Mapping[str, Any], replies: Mapping[str, Reply]
) -> Reply:
    try:
        return _dispatched(service, outer, one, replies)
    except (SalesforceError, AmbiguousError) as error:
        return error_reply(error)


def _dispatched(
    service: Service, outer: Call, one: Mapping[str, Any], replies: Mapping[str, Reply]
) -> Reply:
    parts = urlsplit(_filled(str(one["url"]), replies))
    version, path = split_path(parts.path)
    if path[:1] in (["jobs"], ["composite"]) and path[1:2] != ["sobjects"]:
        raise SalesforceError("INVALID_INPUT", f"{'/'.join(path)} cannot be a subrequest")
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


ROUTES = (Route("POST", "composite", composite), Route("POST", "composite/graph", graphs))
