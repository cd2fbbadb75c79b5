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


class Setup:
    """Looks at an account and makes what Tieline needs there."""

    def __init__(self, api: Api, routes: Routes, catalog: Catalog, currency: str) -> None:
        self._api = api
        self._routes = routes
        self._catalog = catalog
        self._currency = currency

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        """See to every stamp property, then to the scopes that writing needs."""
        findings = [self._stamp(stamp) for stamp in stamps]
        scopes = self._scopes()
        for object_type in dict.fromkeys(stamp.object_type for stamp in stamps):
            findings += [f for f in _write_scope(object_type, scopes) if f.level != "ok"]
        return findings

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        """What is wrong with the account; an error becomes a finding."""
        findings = _caught("account", self._account)
        if any(finding.level == "problem" for finding in findings):
            return findings
        scopes = self._scopes()
        for object_type in object_types:
            findings += _caught(object_type, partial(self._readable, object_type))
            if object_type != owners.OBJECT_TYPE:
                findings += _write_scope(object_type, scopes)
        return [*findings, *self._allowance()]

    # --- stamps ------------------------------------------------------------------------------

    def _stamp(self, stamp: StampField) -> Finding:
        subject = f"{stamp.object_type}.{stamp.name}"
        path = f"{self._routes.properties}/{stamp.object_type}"
        try:
            found = self._api.call(
                "GET", f"{path}/{{name}}", ids={"name": stamp.name}, accept=(400, 404), needs="name"
            )
            if found.ok and not found.body.get("archived"):
                return _judge(subject, found.body)
            return self._make(subject, path, stamp)
        except ForbiddenError as error:
            return Finding("problem", subject, error.message, error.remedy)

    def _make(self, subject: str, path: str, stamp: StampField) -> Finding:
        body = {
            "name": stamp.name,
            "label": stamp.label,
            "type": "string",
            "fieldType": "text",
            "groupName": self._group(path, stamp.object_type),
            "description": "Identifies this record for Tieline. Do not edit.",
            "hasUniqueValue": True,
            "formField": False,
        }
        reply = self._api.call("POST", path, body=body, accept=(400, 404, 409), needs="name")
        if reply.ok:
            return Finding("made", subject, "the property with unique values was made")
        said = complaint(reply.body, reply.status).message
        return Finding(
            "problem",
            subject,
            f"HubSpot did not make the property: {said}",
            "Make it by hand: single-line text, unique values required; HubSpot allows ten such "
            "properties for an object.",
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
        message = f"signed in to account {body['portalId']}"
        findings = [Finding("ok", "account", message)]
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
        """The token's scopes; None where HubSpot does not tell (OAuth tokens, lacking rights)."""
        try:
            reply = self._api.call(
                "POST",
                self._routes.token_info,
                body={"tokenKey": self._api.token},
                accept=(400, 401, 403, 404),
            )
        except ConnectorError:
            return None
        scopes = reply.body.get("scopes") if reply.ok else None
        return frozenset(map(str, scopes)) if isinstance(scopes, list) else None

    def _readable(self, object_type: str) -> list[Finding]:
        if object_type == owners.OBJECT_TYPE:
            path = self._routes.owners
        else:
            self._catalog.describe(object_type)
            path = f"{self._routes.objects}/{object_type}"
        reply = self._api.call(
            "GET", path, query=[("limit", "1")], accept=(400, 404), needs="results"
        )
        if not reply.ok:
            raise SchemaDriftError(f"HubSpot has no object type {object_type!r}")
        return [Finding("ok", object_type, "can be read")]

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


def _judge(subject: str, found: Mapping[str, Any]) -> Finding:
    limits = found.get("modificationMetadata") or {}
    if found.get("type") != "string" or not found.get("hasUniqueValue"):
        return Finding(
            "problem",
            subject,
            "the property exists, but is not a text with unique values",
            "Delete it in HubSpot (uniqueness can be set only when a property is made), then run "
            "`tieline setup` again.",
        )
    if limits.get("readOnlyValue"):
        return Finding(
            "problem", subject, "the property is read-only", "Let the app edit its values."
        )
    return Finding("ok", subject, "the property is there, with unique values")


def _write_scope(object_type: str, scopes: frozenset[str] | None) -> list[Finding]:
    if scopes is None:
        return []
    scope = f"crm.objects.{object_type}.write"
    if scope in scopes or object_type not in GROUPS:
        return [Finding("ok", object_type, "can be written")]
    return [
        Finding(
            "problem",
            object_type,
            f"cannot be written: the scope {scope} lacks",
            f"Give the private app the scope {scope}.",
        )
    ]


def _caught(subject: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return look()
    except ConnectorError as error:
        return [Finding("problem", subject, error.message, error.remedy)]
