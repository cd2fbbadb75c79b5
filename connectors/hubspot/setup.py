"""Preparing and diagnosing an account: stamp properties, scopes, clock, daily allowance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from connectors.base import Finding, StampField
from core.errors import ConnectorError, ForbiddenError, SchemaDriftError

from . import owners
from .client import Api
from .errors import complaint
from .routes import Routes
from .schema import Catalog

GROUPS = {
    "contacts": "contactinformation",
    "companies": "companyinformation",
    "deals": "dealinformation",
}
LOW_SHARE = 0.1
NOT_UNIQUE = "the property exists, but is not a text with unique values"
UNIQUE_REMEDY = (
    "Delete it in HubSpot (uniqueness can be set only when a property is made), then run "
    "`tieline setup` again."
)


_YES_NO = [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]
_OURS = "Written by Tieline."
DEFINITIONS: Mapping[str, Mapping[str, Any]] = {
    "stamp": {
        "type": "string",
        "fieldType": "text",
        "description": "Identifies this record for Tieline. Do not edit.",
        "hasUniqueValue": True,
    },
    "text": {"type": "string", "fieldType": "text", "description": _OURS},
    "number": {"type": "number", "fieldType": "number", "description": _OURS},
    "bool": {"type": "bool", "fieldType": "booleancheckbox", "description": _OURS,
             "options": _YES_NO},
}  # fmt: skip
"""How each type of property is made."""
BY_HAND: Mapping[str, str] = {
    "stamp": "Make it by hand: single-line text, unique values required; HubSpot allows ten such "
    "properties for an object.",
    "text": "Make it by hand: single-line text.",
    "number": "Make it by hand: number.",
    "bool": "Make it by hand: single checkbox.",
}


class Setup:
    """Looks at an account and makes what Tieline needs there."""

    def __init__(
        self,
        api: Api,
        routes: Routes,
        catalog: Catalog,
        currency: str,
        stamp: str,
        timezone: str | None = None,
    ) -> None:
        self._api = api
        self._routes = routes
        self._catalog = catalog
        self._currency = currency
        self._timezone = timezone
        self._stamp_name = stamp

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        """See to every stamp property, then to the scopes that writing needs."""
        findings = [self._stamp(stamp) for stamp in stamps]
        scopes = self._scopes() if stamps else None
        for object_type in dict.fromkeys(stamp.object_type for stamp in stamps):
            findings += [f for f in self._writable(object_type, scopes) if f.level != "ok"]
        return findings

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        """What is wrong with the account; an error becomes a finding."""
        findings = _caught("account", self._account)
        if any(finding.level == "problem" for finding in findings):
            return findings
        scopes = self._scopes()
        for object_type in object_types:
            seen = _caught(object_type, partial(self._readable, object_type))
            findings += seen
            if object_type == owners.OBJECT_TYPE:
                continue
            findings += _caught(object_type, partial(self._writable, object_type, scopes))
            if not any(finding.level == "problem" for finding in seen):
                findings += _caught(object_type, partial(self._stamped, object_type))
        return [*findings, *self._allowance()]

    # --- stamps ------------------------------------------------------------------------------

    def _stamp(self, stamp: StampField) -> Finding:
        subject = f"{stamp.object_type}.{stamp.name}"
        path = f"{self._routes.properties}/{stamp.object_type}"
        try:
            found = self._property(path, stamp.name)
            if found is not None:
                return _judge(subject, found, stamp)
            return self._make(subject, path, stamp)
        except ForbiddenError as error:
            return Finding("problem", subject, error.message, error.remedy)

    def _property(self, path: str, name: str) -> Mapping[str, Any] | None:
        found = self._api.call(
            "GET", f"{path}/{{name}}", ids={"name": name}, accept=(400, 404), needs="name"
        )
        return found.body if found.ok and not found.body.get("archived") else None

    def _stamped(self, object_type: str) -> list[Finding]:
        """The stamp property: absent until `setup` has made it, and no use without uniqueness."""
        found = self._catalog.properties(object_type).get(self._stamp_name)
        subject = f"{object_type}.{self._stamp_name}"
        if found is None:
            message, remedy = "the stamp property is absent", "Run `tieline setup`."
            return [Finding("warning", subject, message, remedy)]
        if not found.unique or found.type != "string":
            return [Finding("problem", subject, NOT_UNIQUE, UNIQUE_REMEDY)]
        return []

    def _make(self, subject: str, path: str, stamp: StampField) -> Finding:
        body = {
            "name": stamp.name,
            "label": stamp.label,
            "groupName": self._group(path, stamp.object_type),
            "formField": False,
            **DEFINITIONS[stamp.type],
        }
        reply = self._api.call("POST", path, body=body, accept=(400, 404, 409), needs="name")
        said = " with unique values" if stamp.type == "stamp" else ""
        made = Finding("made", subject, f"the property{said} was made")
        if reply.ok:
            return made
        if reply.repeated_since and (found := self._property(path, stamp.name)) is not None:
            judged = _judge(subject, found, stamp)  # made by the attempt whose answer was lost
            return made if judged.level == "ok" else judged
        said = complaint(reply.body, reply.status).message
        return Finding(
            "problem",
            subject,
            f"HubSpot did not make the property: {said}",
            BY_HAND[stamp.type],
        )

    def _group(self, path: str, object_type: str) -> str:
        """The usual group of the object type, else the first that there is."""
        if object_type in GROUPS:
            return GROUPS[object_type]
        groups = self._api.call("GET", f"{path}/groups", needs="results").results
        return str(groups[0]["name"]) if groups else object_type

    # --- the account -------------------------------------------------------------------------

    def _account(self) -> list[Finding]:
        body = self._api.call("GET", self._routes.account, needs="portalId").body
        zone = body.get("timeZone")
        self._api.limits.time_zone = self._api.limits.time_zone or (str(zone) if zone else None)
        message = f"signed in to account {body['portalId']}"
        findings = [Finding("ok", "account", message)]
        if zone and zone != (self._timezone or "UTC"):
            findings.append(
                Finding(
                    "warning",
                    "time zone",
                    f"the account's time zone is {zone}, the configuration says "
                    f"{self._timezone or 'UTC'}: dates would be a day off",
                    f"Set `timezone: {zone}` for this side.",
                )
            )
        currency = body.get("companyCurrency")
        if currency and currency != self._currency:
            findings.append(
                Finding(
                    "warning",
                    "currency",
                    f"the account's currency is {currency}, the configuration says "
                    f"{self._currency}",
                    f"Set `currency: {currency}` for this side.",
                )
            )
        return findings

    def _scopes(self) -> frozenset[str] | None:
        """The token's scopes; None where HubSpot does not tell (lacking rights)."""
        path, token = self._routes.token_info, self._api.token
        tells = (400, 401, 403, 404)
        try:
            if self._api.oauth:
                ids = {"token": token}
                reply = self._api.call("GET", self._routes.oauth_info, ids=ids, accept=tells)
            else:
                reply = self._api.call("POST", path, body={"tokenKey": token}, accept=tells)
        except ConnectorError:
            return None
        scopes = reply.body.get("scopes") if reply.ok else None
        return frozenset(map(str, scopes)) if isinstance(scopes, list) else None

    def _writable(self, object_type: str, scopes: frozenset[str] | None) -> list[Finding]:
        """Whether records can be written, by the scopes or, where those are not told, by a
        write of nothing: HubSpot refuses it as empty, or for want of the scope."""
        if object_type in GROUPS and scopes is not None:
            scope = f"crm.objects.{object_type}.write"
            if scope in scopes:
                return [Finding("ok", object_type, "can be written")]
            message = f"cannot be written: the scope {scope} lacks"
            return [Finding("problem", object_type, message, f"Give the app the scope {scope}.")]
        path = f"{self._routes.objects}/{object_type}/batch/update"
        try:
            self._api.call("POST", path, body={"inputs": []}, accept=(400, 404, 415, 422))
        except ForbiddenError as error:
            message = f"cannot be written: {error.message}"
            return [Finding("problem", object_type, message, error.remedy)]
        return [Finding("ok", object_type, "can be written")]

    def _readable(self, object_type: str) -> list[Finding]:
        """Properties and records need scopes of their own: each lacking one is named."""
        looks = [partial(self._list_one, object_type)]
        if object_type != owners.OBJECT_TYPE:
            looks.insert(0, partial(self._described, object_type))
        found = [finding for look in looks for finding in _caught(object_type, look)]
        one_each = {finding.remedy or finding.message: finding for finding in reversed(found)}
        return list(one_each.values()) or [Finding("ok", object_type, "can be read")]

    def _described(self, object_type: str) -> list[Finding]:
        self._catalog.describe(object_type)
        return []

    def _list_one(self, object_type: str) -> list[Finding]:
        path = f"{self._routes.objects}/{object_type}"
        path = self._routes.owners if object_type == owners.OBJECT_TYPE else path
        one = [("limit", "1")]
        reply = self._api.call("GET", path, query=one, accept=(400, 404), needs="results")
        if not reply.ok:
            raise SchemaDriftError(f"HubSpot has no object type {object_type!r}")
        return []

    def _allowance(self) -> Iterator[Finding]:
        usage = self._api.usage()
        if usage.daily_limit is None or usage.daily_used is None:
            return
        left = usage.daily_limit - usage.daily_used
        message = f"{left} of {usage.daily_limit} calls are left today"
        if left < usage.daily_limit * LOW_SHARE:
            remedy = "Wait until midnight in the account's time zone."
            yield Finding("warning", "daily limit", message, remedy)
        else:
            yield Finding("ok", "daily limit", message)


def _judge(subject: str, found: Mapping[str, Any], stamp: StampField) -> Finding:
    limits = found.get("modificationMetadata") or {}
    unique = found.get("type") == "string" and found.get("hasUniqueValue")
    if stamp.type == "stamp" and not unique:
        return Finding(
            "problem",
            subject,
            NOT_UNIQUE,
            UNIQUE_REMEDY,
        )
    if limits.get("readOnlyValue"):
        return Finding(
            "problem", subject, "the property is read-only", "Let the app edit its values."
        )
    said = ", with unique values" if stamp.type == "stamp" else ""
    return Finding("ok", subject, f"the property is there{said}")


def _caught(subject: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return look()
    except ConnectorError as error:
        return [Finding("problem", subject, error.message, error.remedy)]
