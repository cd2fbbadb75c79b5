"""Pure: whether a side's own lead conversion is to be asked for, and into which account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.model import Condition, ConvertRule
from sync.fields import blank
from sync.model import Action, Entity, Question, Shown, Value, Verb

_LONGEST = 120
"""Characters of an opportunity's name that any side takes."""


@dataclass(frozen=True, slots=True)
class Namesake:
    """A contact on the lead's side that is the same person by the match keys; `account` is an
    entity, `free` says that it has no counterpart elsewhere."""

    name: str
    id: str
    account: Value
    free: bool


def wants_conversion(
    entity: Entity,
    lead: Shown,
    rule: ConvertRule,
    meets: Callable[[Sequence[Condition]], bool],
) -> bool:
    """Whether the rule's conditions hold and somebody else than the lead's own side says so."""
    others = [s for s in entity.shown if s.side != lead.side and s.awake and not s.archived]
    return bool(others) and bool(rule.when) and meets(rule.when)


def conversion(
    entity: Entity,
    lead: Shown,
    rule: ConvertRule,
    account_there: Callable[[str], bool],
    namesakes: Sequence[Namesake] = (),
) -> Action | Question:
    """The conversion of a lead, or the question that stands in its way.

    It goes into the account that the person has on another side, where that account has (or is
    about to have) a record on the lead's side; `account: create` leaves making one to the vendor.
    A contact that is the person already becomes what the lead was, so that there are not two.
    """
    account = next((_account(s) for s in entity.shown if _account(s)), None)
    hindrance = ""
    if account is None and rule.account == "linked":
        hindrance = "no side names its account"
    elif account is not None and not account_there(account):
        hindrance = "its account has no record there"
    hindrance = hindrance or _in_the_way(namesakes, account)
    if hindrance:
        message = f"ready to be converted on {lead.side}, but {hindrance}"
        return Question("convert", entity.kind, entity.id, lead.side, "", message)
    return Action(
        id=f"convert/{lead.side}/{entity.id}",
        verb=Verb.CONVERT,
        entity=entity.id,
        kind=entity.kind,
        side=lead.side,
        object_type=lead.object_type,
        record_id=lead.id,
        why="the conditions of `convert` hold"
        + (f"; {namesakes[0].name} is this person already" if namesakes else ""),
        other_id=account,
        options={**_options(entity, lead, rule), "contact": namesakes[0].id if namesakes else None},
    )


def _in_the_way(namesakes: Sequence[Namesake], account: str | None) -> str:
    """Why the contact that the lead would become cannot be told or taken, or ""."""
    if not namesakes:
        return ""
    named = " and ".join(n.name for n in namesakes[:3])
    if len(namesakes) > 1:
        return f"{named} are both this person by the match keys: merge them there"
    if not namesakes[0].free:
        return (
            f"{named} is this person by the match keys and has another counterpart: merge the two"
        )
    if account is None or namesakes[0].account not in (None, account):
        return f"{named} is this person by the match keys and belongs to another account"
    return ""


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
    # both, for one company may have several leads: what is told apart needs nobody to do it
    opportunity = " - ".join(filter(None, (name, title)))[:_LONGEST] if rule.opportunity else None
    return {"owner": owner, "opportunity": opportunity, "status": rule.status}
