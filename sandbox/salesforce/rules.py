"""What the organisation works out by itself: defaults, derived fields, checks across records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.catalog import ObjectType
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.fields import Field
from sandbox.salesforce.org import Org
from sandbox.salesforce.own_rules import PREDICATES
from sandbox.salesforce.store import Row
from sandbox.salesforce.tables import FORECAST_NAMES

Draft = dict[str, Any]


def add_defaults(org: Org, kind: ObjectType, draft: Draft, user_id: str) -> None:
    """Fill what a new record has when nobody said otherwise."""
    if kind.name == "AccountContactRelation" and draft.get("IsActive") is None:
        draft["IsActive"] = True
    for name, default in kind.defaults.items():
        if draft.get(name) is None:
            draft[name] = default
    if "ownerid" in kind.fields and draft.get("OwnerId") is None:
        draft["OwnerId"] = user_id
    if "recordtypeid" in kind.fields and draft.get("RecordTypeId") is None:
        draft["RecordTypeId"] = next(iter(org.record_types(kind.name)), None)
    if kind.name in ("Account", "Contact", "Lead"):
        draft["PhotoUrl"] = f"/services/images/photo/{draft['Id']}"
    if kind.name == "User" and draft.get("UserType") is None:
        draft["UserType"] = "Standard"


def derive(org: Org, kind: ObjectType, draft: Draft, old: Row | None, given: set[str]) -> None:
    """Work out the derived fields of a draft; `given` are the fields that the caller set."""
    work = _DERIVE.get(kind.name)
    if work is not None:
        work(org, draft, old, given)


def _person(org: Org, draft: Draft, old: Row | None, given: set[str]) -> None:
    names = (draft.get("FirstName"), draft.get("LastName"))
    draft["Name"] = " ".join(name for name in names if name)
    if "IsEmailBounced" in draft:
        draft["IsEmailBounced"] = bool(draft.get("EmailBouncedDate"))


def _opportunity(org: Org, draft: Draft, old: Row | None, given: set[str]) -> None:
    stage = org.catalog.stage(draft.get("StageName") or "")
    moved = old is None or old.get("StageName") != draft.get("StageName")
    forecast = stage.forecast if stage else "Pipeline"
    if moved and "Probability" not in given:
        draft["Probability"] = float(stage.probability) if stage else 0.0
    if moved and "ForecastCategoryName" not in given:
        draft["ForecastCategoryName"] = FORECAST_NAMES[forecast]
    if moved and old is not None:
        draft["LastStageChangeDate"] = org.now()
    draft["IsClosed"] = bool(stage and stage.closed)
    draft["IsWon"] = bool(stage and stage.won)
    shown = {name: key for key, name in FORECAST_NAMES.items()}
    draft["ForecastCategory"] = shown.get(draft.get("ForecastCategoryName") or "", forecast)
    amount, probability = draft.get("Amount"), draft.get("Probability")
    draft["ExpectedRevenue"] = (
        None if amount is None else round(amount * (probability or 0.0) / 100, 2)
    )
    _fiscal(draft)


def _fiscal(draft: Draft) -> None:
    if draft.get("CloseDate"):
        year, month = int(draft["CloseDate"][:4]), int(draft["CloseDate"][5:7])
        draft["FiscalYear"], draft["FiscalQuarter"] = year, (month + 2) // 3
        draft["Fiscal"] = f"{year} {draft['FiscalQuarter']}"


_DERIVE: Mapping[str, Callable[[Org, Draft, Row | None, set[str]], None]] = {
    "Contact": _person,
    "Lead": _person,
    "User": _person,
    "Opportunity": _opportunity,
}


def check_references(org: Org, kind: ObjectType, changed: Mapping[str, Any]) -> None:
    """Every reference names a live record of a right type."""
    for name, id_ in changed.items():
        one = kind.fields[name.lower()]
        if one.type == "reference" and id_ is not None:
            _check_reference(org, kind, one, id_)


def _check_reference(org: Org, kind: ObjectType, one: Field, id_: str) -> None:
    targets = [
        target
        for target in (org.catalog.full.get(name.lower()) for name in one.refers_to)
        if target is not None and id_.startswith(target.table.prefix)
    ]
    if not targets:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"{one.label}: id value of incorrect type: {id_}",
            [one.name],
        )
    row = org.store.get(targets[0].name, id_)
    if row is None or row.get("IsDeleted"):
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    if one.name == "RecordTypeId" and id_ not in org.record_types(kind.name):
        raise SalesforceError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"Record Type ID: this ID value isn't valid for the user: {id_}",
            [one.name],
        )
    if one.name == "OwnerId" and row.get("IsActive") is False:
        raise SalesforceError(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{id_}] as owner of {kind.name.lower()}",
            [],
        )


def check_loop(org: Org, object_type: str, field: str, id_: str, parent: str | None) -> None:
    """A record never is its own ancestor (Account.ParentId, Contact.ReportsToId)."""
    seen = {id_}
    while parent is not None:
        if parent in seen:
            raise SalesforceError(
                "CIRCULAR_DEPENDENCY", "attempt to violate hierarchy constraints", [field]
            )
        seen.add(parent)
        row = org.store.get(object_type, parent)
        parent = row.get(field) if row else None


def check_unique(org: Org, kind: ObjectType, changed: Mapping[str, Any], own_id: str) -> None:
    """No live record holds the same value in a unique field."""
    table = org.store.tables[kind.name]
    for name in kind.unique:
        value = changed.get(name)
        if value is None:
            continue
        for other in sorted(table.lookup(name, value)):
            if other != own_id and not table.rows[other].get("IsDeleted"):
                raise SalesforceError(
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {name} duplicates value on record with id: "
                    f"{other[:15]}",
                    [],
                )


def check_validation_rules(org: Org, kind: ObjectType, draft: Draft) -> None:
    """The organisation's own rules. Raises FIELD_CUSTOM_VALIDATION_EXCEPTION."""
    rules = org.options.validation_rules.get(kind.name, [])
    if isinstance(rules, dict):
        rules = [
            {"field": name, "refuse_if": "blank", "message": message}
            for name, message in rules.items()
        ]
    for rule in rules:
        name = rule["field"]
        if PREDICATES[rule["refuse_if"]](draft.get(name), rule.get("value")):
            message = rule.get("message") or f"{name} is not valid"
            raise SalesforceError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, [name])


def check_duplicate_rule(org: Org, kind: ObjectType, draft: Draft, allowed: bool) -> None:
    """The organisation's duplicate rule: all its fields equal those of a live record.

    `allowed`: the caller accepts duplicates, where the rule lets him.
    """
    given = org.options.duplicate_rules.get(kind.name, [])
    rule = given if isinstance(given, dict) else {"fields": given}
    names, may_save = rule["fields"], bool(rule.get("allow_save", True))
    if not names or (allowed and may_save) or any(draft.get(name) is None for name in names):
        return
    wanted = [_folded(draft[name]) for name in names]
    table = org.store.tables[kind.name]
    indexed = next((name for name in names if table.has_lookup(name)), None)
    ids = table.rows if indexed is None else table.lookup(indexed, draft[indexed])
    for row in (table.rows[id_] for id_ in ids):
        if row["Id"] == draft["Id"] or row.get("IsDeleted"):
            continue
        if [_folded(row.get(name)) for name in names] == wanted:
            raise _duplicates(kind.name, row["Id"], may_save)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _duplicates(object_type: str, id_: str, may_save: bool) -> SalesforceError:
    record = {
        "attributes": {"type": object_type, "url": f"/services/data/v60.0/sobjects/{id_}"},
        "Id": id_,
    }
    match = {
        "additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record,
    }  # fmt: skip
    result = {
        "entityType": object_type, "errors": [], "matchEngine": "FuzzyMatchEngine",
        "matchRecords": [match], "rule": f"Standard_{object_type}_Match_Rule_v1_1", "size": 1,
        "success": True,
    }  # fmt: skip
    shown = {
        "allowSave": may_save, "duplicateRule": f"Standard_{object_type}_Duplicate_Rule",
        "duplicateRuleEntityType": object_type, "errorMessage": "Use one of these records?",
        "matchResults": [result],
    }  # fmt: skip
    return SalesforceError(
        "DUPLICATES_DETECTED", "Use one of these records?", extra={"duplicateResult": shown}
    )
