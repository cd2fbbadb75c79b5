"""Properties that HubSpot sets itself when others change: stages, amounts, lifecycle dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.hubspot.pipelines import Pipeline
from sandbox.hubspot.records import Values
from sandbox.hubspot.standard.kinds import ObjectType
from sandbox.hubspot.times import DAY, iso, read_moment


def consequences(
    kind: ObjectType,
    before: Mapping[str, str | None],
    changes: Values,
    now: int,
    pipelines: Mapping[str, Pipeline],
) -> Values:
    """The further properties that follow from these changes of a record."""
    after = {**before, **changes}
    made: Values = {}
    if "hubspot_owner_id" in changes:
        made["hs_all_owner_ids"] = after["hubspot_owner_id"]
        if kind.name not in ("tasks", "meetings"):
            made["hubspot_owner_assigneddate"] = iso(now) if after["hubspot_owner_id"] else ""
    if kind.has_lifecycle and "lifecyclestage" in changes:
        stage = after["lifecyclestage"]
        if stage and stage.isalpha():
            made[f"hs_lifecyclestage_{stage}_date"] = iso(now)
    rule = _RULES.get(kind.name)
    if rule is not None:
        made |= rule(before, {**changes, **made}, now, pipelines)
    return {name: value for name, value in made.items() if value or before.get(name)}


def _contact(
    before: Mapping[str, str | None], changes: Values, _now: int, _p: Mapping[str, Pipeline]
) -> Values:
    after = {**before, **changes}
    made: Values = {"hs_is_contact": "true"}
    email = after.get("email") or ""
    if "email" in changes:
        made["hs_email_domain"] = email.rpartition("@")[2]
    names = (after.get("firstname"), after.get("lastname"))
    made["hs_full_name_or_email"] = " ".join(n for n in names if n) or email
    made["hs_is_unworked"] = "true" if not after.get("notes_last_contacted") else "false"
    return made


def _company(
    before: Mapping[str, str | None], changes: Values, _now: int, _p: Mapping[str, Pipeline]
) -> Values:
    if changes.get("domain") and not {**before, **changes}.get("website"):
        return {"website": changes["domain"]}
    return {}


def _deal(
    before: Mapping[str, str | None],
    changes: Values,
    now: int,
    pipelines: Mapping[str, Pipeline],
) -> Values:
    after = {**before, **changes}
    amount = after.get("amount") or ""
    made: Values = {"amount_in_home_currency": amount}
    pipeline = pipelines.get(after.get("pipeline") or "")
    stage = pipeline.stages.get(after.get("dealstage") or "") if pipeline else None
    if stage is None:
        return made
    won = stage.closed and stage.probability not in (None, "0.0", "0")
    if "dealstage" in changes or "pipeline" in changes:
        if "hs_deal_stage_probability" not in changes:
            made["hs_deal_stage_probability"] = stage.probability or ""
        if stage.closed and not after.get("closedate"):
            made["closedate"] = iso(now)
    made["hs_is_closed"] = _flag(stage.closed)
    made["hs_is_closed_won"] = _flag(won)
    made["hs_is_closed_lost"] = _flag(stage.closed and not won)
    chance = made.get("hs_deal_stage_probability") or after.get("hs_deal_stage_probability")
    made |= _amounts(amount, chance or "0", won=won)
    made["days_to_close"] = _days({**after, **made}) if stage.closed else ""
    return made


def _amounts(amount: str, probability: str, *, won: bool) -> Values:
    if not amount:
        weighted = closed = ""
    else:
        value = float(amount) * float(probability)
        weighted = f"{value:.10g}"
        closed = amount if won else "0"
    return {
        "hs_projected_amount": weighted,
        "hs_projected_amount_in_home_currency": weighted,
        "hs_closed_amount": closed,
        "hs_closed_amount_in_home_currency": closed,
    }


def _days(after: Mapping[str, str | None]) -> str:
    closed, created = after.get("closedate"), after.get("createdate")
    if not closed or not created:
        return ""
    return str(max(0, (read_moment(closed) - read_moment(created)) // DAY))


def _flag(value: bool) -> str:
    return "true" if value else "false"


_RULES: dict[str, Callable[..., Values]] = {
    "contacts": _contact,
    "companies": _company,
    "deals": _deal,
}
