"""`prepare` and `diagnose`: stamp fields by the Tooling API, and what is wrong with an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from connectors.base import Finding, StampField
from connectors.salesforce import wire
from connectors.salesforce.reads import Reader
from connectors.salesforce.transport import Request, Transport
from core.errors import ConnectorError, ForbiddenError, SchemaDriftError

STAMP_LENGTH = 40
LOW_SHARE = 0.1
METADATA: Mapping[str, Mapping[str, object]] = {
    "stamp": {
        "type": "Text",
        "description": "Written by Tieline; tells which records are one.",
        "length": STAMP_LENGTH,
        "externalId": True,
        "unique": True,
        "caseSensitive": False,
    },
    "text": {"type": "Text", "description": "Written by Tieline.", "length": 255},
    "number": {
        "type": "Number", "description": "Written by Tieline.", "precision": 18, "scale": 2,
    },
    "bool": {"type": "Checkbox", "description": "Written by Tieline.", "defaultValue": False},
}  # fmt: skip
"""How each type of field is made."""
BY_HAND: Mapping[str, str] = {
    "stamp": f"Text({STAMP_LENGTH}), External ID, Unique (case-insensitive)",
    "text": "Text(255)",
    "number": "Number(16, 2)",
    "bool": "Checkbox",
}
COMPUTED = frozenset({"Opportunity.ExpectedRevenue"})
"""Standard fields that Salesforce computes without calling them formulas."""


class Setup:
    """Checks and prepares one account."""

    def __init__(self, transport: Transport, reader: Reader) -> None:
        self._transport = transport
        self._reader = reader

    # -- prepare ------------------------------------------------------------------------------

    def prepare(self, stamps: Sequence[StampField]) -> list[Finding]:
        """Make the stamp fields that are absent; each is then looked at again, because a field
        that was made may still be hidden from the integration user."""
        return [finding for stamp in stamps for finding in self._prepared(stamp)]

    def _prepared(self, stamp: StampField) -> list[Finding]:
        described = self._reader.describe_raw(stamp.object_type)
        absent = _entry(described, stamp.name) is None
        if absent:
            refusal = self._make(stamp)
            if refusal is not None:
                return [refusal]
            described = self._reader.describe_raw(stamp.object_type)
        found = [_judged(stamp, described)]
        if absent:
            made = Finding("made", _subject(stamp), f"The {_noun(stamp)} was made.")
            found = [made, *(finding for finding in found if finding.level != "ok")]
        return [*found, *_permissions(stamp.object_type, described)]

    def _make(self, stamp: StampField) -> Finding | None:
        answer = self._transport.call(
            Request(
                "POST",
                "tooling/sobjects/CustomField",
                "POST tooling/sobjects/CustomField",
                body={
                    "FullName": f"{stamp.object_type}.{stamp.name}",
                    "Metadata": {"label": stamp.label, "required": False, **METADATA[stamp.type]},
                },
                write=True,
            )
        )
        # a field that is there already, perhaps because an answer was lost, is as good
        codes = {fault.code for fault in answer.faults}
        if answer.ok or "DUPLICATE_DEVELOPER_NAME" in codes:
            return None
        reason = answer.faults[0].message if answer.faults else f"status {answer.status}"
        return Finding(
            "problem",
            _subject(stamp),
            f"The {_noun(stamp)} could not be made: {reason}",
            "Give the integration user the permission “Customize Application”, or make the field "
            f"by hand: {BY_HAND[stamp.type]}.",
        )

    # -- diagnose -----------------------------------------------------------------------------

    def diagnose(self, object_types: Sequence[str]) -> list[Finding]:
        """Credentials, API access, the day's allowance, and each object type's permissions."""
        findings = self._guarded("API access", self._budget)
        if any(finding.level == "problem" for finding in findings):
            return findings
        for object_type in object_types:
            findings += self._guarded(object_type, partial(self._object, object_type))
        return findings

    def _guarded(self, subject: str, check: Callable[[], list[Finding]]) -> list[Finding]:
        try:
            return check()
        except ConnectorError as error:
            return [Finding("problem", subject, error.message, error.remedy)]

    def _budget(self) -> list[Finding]:
        """Asks for the list of resources, which every user may see (the limits need a permission
        of their own); the day's usage comes with every answer."""
        self._transport.call(Request("GET", "", "GET resources")).value()
        ok = Finding("ok", "API access", "Signed in; the API answers.")
        usage = self._transport.meter.usage()
        if usage.daily_limit is None or usage.daily_used is None:
            return [ok]
        left = max(usage.daily_limit - usage.daily_used, 0)
        text = f"{left} of {usage.daily_limit} API calls of the last 24 hours are left."
        if left >= usage.daily_limit * LOW_SHARE:
            return [ok, Finding("ok", "API allowance", text)]
        remedy = "Wait until calls of the last 24 hours expire, or buy more API calls."
        return [ok, Finding("warning" if left else "problem", "API allowance", text, remedy)]

    def _object(self, object_type: str) -> list[Finding]:
        try:
            described = self._reader.describe_raw(object_type)
        except SchemaDriftError:
            return [_unreadable(object_type)]
        if not described.get("queryable", True):
            raise ForbiddenError(f"{object_type} cannot be queried.")
        found = Finding("ok", object_type, f"{len(described['fields'])} fields can be read.")
        return [found, *_permissions(object_type, described), *_locked(object_type, described)]


def _unreadable(object_type: str) -> Finding:
    return Finding(
        "problem",
        object_type,
        f"The integration user may not read {object_type} records, or there are none of that type.",
        f"Give its permission set the object permission Read on {object_type} "
        "(Setup → Permission Sets → Object Settings), or take the object out of the mapping.",
    )


def _locked(object_type: str, described: wire.Raw) -> list[Finding]:
    """Fields that the user could be let edit and is not; those that Salesforce computes are
    nobody's to edit. Hidden fields do not show in a describe: what the mapping needs tells them."""
    names = [
        entry["name"]
        for entry in described["fields"]
        if entry.get("permissionable")
        and not (entry["createable"] or entry["updateable"])
        and not (entry.get("calculated") or entry.get("autoNumber"))
        and entry["type"] not in ("address", "location")
        and f"{object_type}.{entry['name']}" not in COMPUTED
    ]
    if object_type in wire.UNDELETABLE or not names or not described.get("updateable"):
        return []
    return [
        Finding(
            "warning",
            f"{object_type}.{name}",
            f"The integration user may read {object_type}.{name}, but not edit it.",
            "Give its permission set edit access to the field, if the mapping writes it.",
        )
        for name in names
    ]


def _judged(stamp: StampField, described: wire.Raw) -> Finding:
    entry = _entry(described, stamp.name)
    if entry is None or not (entry["createable"] and entry["updateable"]):
        state = "is hidden from" if entry is None else "cannot be written by"
        return Finding(
            "problem",
            _subject(stamp),
            f"The {_noun(stamp)} exists, but {state} the integration user.",
            f"Give the integration user's permission set read and edit access to "
            f"{_subject(stamp)} (Setup → Permission Sets → Object Settings), then run this again.",
        )
    if stamp.type == "stamp" and not (entry.get("externalId") and entry.get("unique")):
        return Finding(
            "problem",
            _subject(stamp),
            "The stamp field is not both an External ID and unique.",
            "Set External ID and Unique on the field, or name another field.",
        )
    return Finding("ok", _subject(stamp), f"The {_noun(stamp)} can be read and written.")


def _permissions(object_type: str, described: wire.Raw) -> list[Finding]:
    """What the integration user may not do with an object type; reading alone is enough for the
    types that are never written."""
    if object_type in wire.UNDELETABLE:
        return []
    lacking = [
        word
        for word, flag in (
            ("create", "createable"),
            ("edit", "updateable"),
            ("delete", "deletable"),
        )
        if not described.get(flag)
    ]
    if not lacking:
        return []
    return [
        Finding(
            "warning",
            object_type,
            f"The integration user may not {' or '.join(lacking)} {object_type} records.",
            f"Give its permission set the object permission, if {object_type} is to be written.",
        )
    ]


def _entry(described: wire.Raw, name: str) -> wire.Raw | None:
    return next((f for f in described["fields"] if f["name"].lower() == name.lower()), None)


def _noun(stamp: StampField) -> str:
    return "stamp field" if stamp.type == "stamp" else "field"


def _subject(stamp: StampField) -> str:
    return f"{stamp.object_type}.{stamp.name}"
