"""Pure: whether a side's own lead conversion is to be asked for, and into which account."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from config.model import Condition, ConvertRule
from mapping.conditions import holds
from sync.fields import blank
from sync.model import Action, Entity, Question, Shown, Value, Verb


def wants_conversion(
    entity: Entity,
    lead: Shown,
    rule: ConvertRule,
    value_of: Callable[[str], Value],
) -> bool:
    """Whether the rule's conditions hold and somebody else than the lead's own side says so."""
    others = [s for s in entity.shown if s.side != lead.side and s.awake and not s.archived]
    return bool(others) and bool(rule.when) and _all(rule.when, value_of)


def _all(conditions: Sequence[Condition], value_of: Callable[[str], Value]) -> bool:
    return all(holds(condition, value_of) for condition in conditions)


def conversion(
    entity: Entity,
    lead: Shown,
    rule: ConvertRule,
    account_there: Callable[[str], bool],
) -> Action | Question:
    """The conversion of a lead, or the question that stands in its way.

    It goes into the account that the person has on another side, where that account has (or is
    about to have) a record on the lead's side; `account: create` leaves making one to the vendor.
    """
    account = next((_account(s) for s in entity.shown if _account(s)), None)
    if account is None and rule.account == "linked":
        message = f"ready to be converted on {lead.side}, but no side names its account"
        return Question("convert", entity.kind, entity.id, lead.side, "", message)
    if account is not None and not account_there(account):
        message = f"ready to be converted on {lead.side}, but its account has no record there"
        return Question("convert", entity.kind, entity.id, lead.side, "", message)
    return Action(
        id=f"convert/{lead.side}/{entity.id}",
        verb=Verb.CONVERT,
        entity=entity.id,
        kind=entity.kind,
        side=lead.side,
        object_type=lead.object_type,
        record_id=lead.id,
        why="the conditions of `convert` hold",
        other_id=account,
        options=_options(entity, lead, rule),
    )


def _account(shown: Shown) -> str | None:
    value = shown.values.get("account")
    return value if isinstance(value, str) and shown.awake and not shown.archived else None


def _options(entity: Entity, lead: Shown, rule: ConvertRule) -> dict[str, Value]:
    owner = next(
        (s.values["owner"] for s in entity.shown if not blank(s.values.get("owner"))), None
    )
    name = next(
        (s.values["company_name"] for s in entity.shown if s.values.get("company_name")), ""
    )
    title = " ".join(filter(None, (lead.values.get("first_name"), lead.values.get("last_name"))))
    opportunity = f"{name or title}" if rule.opportunity else None
    return {"owner": owner, "opportunity": opportunity, "status": rule.status}
