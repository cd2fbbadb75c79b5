"""Plans and their parts as JSON, so that a plan can be saved, read by a person and applied."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.errors import SettingsError
from sync.model import (
    Action,
    Applied,
    FieldWrite,
    Plan,
    Question,
    Row,
    Settlement,
    State,
    Statistics,
    Verb,
    Violation,
)

FORMAT = 1


def action_to(action: Action) -> dict[str, Any]:
    """An action as JSON."""
    return asdict(action)


def action_from(data: dict[str, Any]) -> Action:
    """The action back from its JSON."""
    fields = tuple(FieldWrite(**f) for f in data["fields"])
    lacks = tuple(data.get("lacks", ()))
    return Action(**{**data, "verb": Verb(data["verb"]), "fields": fields, "lacks": lacks})


def plan_to(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    rows = [{**asdict(row), "owes": sorted(row.owes)} for row in plan.rows]
    return {"format": FORMAT, **asdict(plan), "rows": rows}


def plan_from(data: dict[str, Any]) -> Plan:
    """The plan back from its JSON."""
    return Plan(
        id=data["id"],
        made_at=datetime.fromisoformat(data["made_at"]),
        digest=data["digest"],
        actions=tuple(action_from(a) for a in data["actions"]),
        settlements=tuple(_settlement(s) for s in data["settlements"]),
        questions=tuple(Question(**q) for q in data["questions"]),
        unlink=tuple((entity, side) for entity, side in data["unlink"]),
        rows=tuple(_row(r) for r in data["rows"]),
        statistics=_statistics(data["statistics"]),
        violations=tuple(_violation(v) for v in data["violations"]),
        cost=data["cost"],
        purpose=data.get("purpose", ""),
        subject=tuple(data.get("subject", ())),
        answered=tuple(_applied(a) for a in data.get("answered", ())),
    )


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan to a file, readable by its owner only; whole or not at all."""
    text = orjson.dumps(plan_to(plan), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    part = path.with_name(path.name + ".part")
    try:
        part.touch(mode=0o600)
        part.write_bytes(text)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SettingsError(
            f"the plan cannot be written to {path}: {error.strerror or error}",
            remedy="Name a file in a folder that exists, is writable and has space.",
        ) from error


def load_plan(path: Path) -> Plan:
    """Read a saved plan. Raises SettingsError when it is missing, damaged or of another format."""
    remedy = "Make it again with `tieline plan -o FILE`."
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as error:
        message = f"the plan {path} cannot be read: {error.strerror or error}"
        raise SettingsError(message, remedy=remedy) from error
    except orjson.JSONDecodeError as error:
        message = f"{path}:{error.lineno} is not a saved plan: {error.msg}"
        raise SettingsError(message, remedy=remedy) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SettingsError(f"{path} is not a plan of format {FORMAT}", remedy=remedy)
    try:
        return plan_from(data)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} is not a whole plan: {error!r}"
        raise SettingsError(message, remedy=remedy) from error


def _settlement(data: dict[str, Any]) -> Settlement:
    waits = {name: tuple(ids) for name, ids in data["waits"].items()}
    source, rule, said = 0, 1, 2
    reasons = {n: (r[source], r[rule], r[said]) for n, r in data.get("reasons", {}).items()}
    shows, lacking = (
        {name: tuple(sides) for name, sides in data.get(part, {}).items()}
        for part in ("shows", "lacking")
    )
    return Settlement(
        data["entity"], data["bases"], waits, reasons, shows, lacking, data.get("members", {})
    )


def _violation(data: dict[str, Any]) -> Violation:
    return Violation(**{**data, "detail": tuple(data.get("detail", ()))})


def _applied(data: dict[str, Any]) -> Applied:
    waits = tuple((action, name) for action, name in data["waits"])
    return Applied(data["answer"], data["question"], waits)


def _row(data: dict[str, Any]) -> Row:
    modified = datetime.fromisoformat(data["modified"]) if data["modified"] else None
    owes = set(data.get("owes", ()))
    return Row(**{**data, "state": State(data["state"]), "modified": modified, "owes": owes})


def _statistics(data: dict[str, Any]) -> Statistics:
    return Statistics(
        linked=data["linked"],
        changed=data["changed"],
        deleted=data["deleted"],
        new_links=data["new_links"],
        spoke=data.get("spoke", {}),
        ambiguous=data["ambiguous"],
        rules_changed=tuple(data["rules_changed"]),
        unconfirmed=tuple(data["unconfirmed"]),
    )
