"""Plays a scenario: what people do and runs in between, told in YAML; gives plans and end state.

A file says `says` (one sentence), optional `sides`, `leads`, `settings` (of the configuration),
and `steps`. A step is `run` or one of::

    run: {after: 60}                seconds after the last (600)
    insert: {side: left, object: Account, as: acme, fields: {name: Acme}}
    edit: {side: left, what: acme, fields: {name: Acme Inc}}
    delete / restore: {side: left, what: acme}
    merge: {side: left, what: acme, losers: [acme two]}
    convert: {side: left, what: zoe, account: acme, opportunity: Deal}
    associate / dissociate: {side: left, what: deal, field: contacts, to: zoe, label: Buyer}
                                    (dissociate without label: all roles of zoe)
    limit: {side: right, object: Account, field: name, length: 5}
    retire / offer: {side: right, object: Account, field: industry, value: energy}
    require: {side: right, object: Account, field: phone}
    refuse: {side: right, object: Account, reason: locked}
    relent: {side: right}           nothing is refused any more
    lose: {side: right}             the next answer is lost
    quirk: {side: right, normalise: [Contact.title]}
    configure: {rules: ...}         the configuration changes
    wait: 600                       seconds
    save / apply                    make a plan and keep it; carry it out

A record is named by what it was inserted `as`, or, where a run made it, as "Account Acme" by its
object type and its title. A field that begins with @ names a record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import yaml

from config.model import Config
from connectors.base import FieldSchema, Move, PicklistValue
from connectors.memory import MemoryCrm
from core.errors import RejectedError
from sync.model import Plan, Row, Verb
from tests.sync.situations import EVERY_GUARD
from tests.sync.worlds import World, make_world

HERE = Path(__file__).parent
Told = Mapping[str, Any]
Known = dict[tuple[str, str, str], tuple[str | None, Mapping[str, Any]]]
"""(side, object type, id) -> entity and fields"""


def names() -> list[str]:
    """All scenarios."""
    return sorted(path.parent.name for path in HERE.glob("*/steps.yaml"))


def told(name: str) -> dict[str, Any]:
    """What a scenario's file says."""
    text = (HERE / name / "steps.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def golden(name: str, what: str) -> Any:
    """A golden file: `plan` or `state`."""
    return orjson.loads((HERE / name / f"{what}.json").read_bytes())


def swapped(scenario: Told) -> dict[str, Any]:
    """The same told with the first two sides in each other's place."""
    return {**scenario, **_renamed({k: v for k, v in scenario.items() if k != "says"})}


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_renamed(k): _renamed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v) for v in value]
    if not isinstance(value, str):
        return value
    other = {"left": "right", "right": "left"}
    return re.sub(r"\b(left|right)\b", lambda found: other[found[0]], value)


def unswapped(outcome: Any) -> Any:
    """An outcome of the swapped scenario in the words of the scenario itself."""
    return ordered(_renamed(outcome))


def ordered(value: Any) -> Any:
    """Lists sorted, so that only what was decided counts and not in which order."""
    if isinstance(value, dict):
        return {k: ordered(v) for k, v in sorted(value.items())}
    if isinstance(value, list):
        return sorted((ordered(v) for v in value), key=lambda v: orjson.dumps(v))
    return value


def bare(value: Any) -> Any:
    """Without prose: sentences may name the sides in their own order."""
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items() if k not in ("why", "message", "from")}
    return [bare(v) for v in value] if isinstance(value, list) else value


@dataclass
class Play:
    """One performance of a scenario."""

    folder: Path
    scenario: Told
    records: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(side, name) -> (object type, id)"""
    plans: list[Plan] = field(default_factory=list)
    reports: list[Any] = field(default_factory=list)
    saved: Plan | None = None

    def __post_init__(self) -> None:
        settings = dict(self.scenario.get("settings", {}))
        sides = self.scenario.get("sides", ["left", "right"])
        leads = self.scenario.get("leads", [])
        self.world: World = make_world(self.folder, sorted(sides), leads=leads, **settings)

    def whole(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Play all steps; the plans of its runs, and the state at the end."""
        for step in self.scenario["steps"]:
            what, details = (step, {}) if isinstance(step, str) else next(iter(step.items()))
            getattr(self, f"_{what}")(details)
        known = self._known()
        return [self._readable(_plan(plan), known) for plan in self.plans], self._state(known)

    # -- steps -----------------------------------------------------------------------------

    def _run(self, told: Told) -> None:
        self.world.clock.advance(told.get("after", 600))
        self.plans.append(self.world.engine.plan())
        self.reports.append(self.world.engine.run(allowed=EVERY_GUARD))

    def _save(self, _: Any) -> None:
        self.world.clock.advance(600)
        self.saved = self.world.engine.plan()

    def _apply(self, _: Any) -> None:
        assert self.saved is not None
        self.plans.append(self.saved)
        self.reports.append(self.world.engine.apply(self.saved, allowed=EVERY_GUARD))

    def _wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    def _configure(self, settings: Any) -> None:
        data = self.world.config.model_dump(by_alias=True, exclude_unset=True)
        self.world.config = Config.model_validate({**data, **settings})

    def _insert(self, told: Told) -> None:
        record = self._crm(told).insert(told["object"], self._fields(told))
        self.records[told["side"], told["as"]] = (told["object"], record)

    def _edit(self, told: Told) -> None:
        self._crm(told).edit(*self._record(told), self._fields(told))

    def _delete(self, told: Told) -> None:
        self._crm(told).delete(*self._record(told))

    def _restore(self, told: Told) -> None:
        self._crm(told).restore(*self._record(told))

    def _merge(self, told: Told) -> None:
        object_type, survivor = self._record(told)
        losers = [self._named(told["side"], name)[1] for name in told["losers"]]
        self._crm(told).merge(object_type, survivor, losers)

    def _convert(self, told: Told) -> None:
        account = told.get("account")
        moved = self._crm(told).convert(
            self._record(told)[1],
            account_id=self._named(told["side"], account)[1] if account else None,
            opportunity_name=told.get("opportunity"),
        )
        assert moved.how is Move.CONVERTED

    def _associate(self, told: Told) -> None:
        object_type, record = self._record(told)
        other = self._named(told["side"], told["to"])[1]
        more = {"label": told.get("label"), "primary": told.get("primary", False)}
        self._crm(told).associate(object_type, record, told["field"], other, **more)

    def _dissociate(self, told: Told) -> None:
        other, crm = self._named(told["side"], told["to"])[1], self._crm(told)
        if "label" not in told:
            crm.dissociate(*self._record(told), told["field"], other)
            return
        items = crm.value(crm.live(*self._record(told)), told["field"])
        kept = [i for i in items if (i["id"], i["label"]) != (other, told["label"])]
        crm.edit(*self._record(told), {told["field"]: kept})

    def _limit(self, told: Told) -> None:
        self._alter(told, length=told["length"])

    def _require(self, told: Told) -> None:
        self._alter(told, required_on_create=True)

    def _retire(self, told: Told) -> None:
        """A value of a picklist is no longer there."""
        known = self._crm(told).schema(told["object"]).fields[told["field"]]
        left = tuple(v for v in known.picklist if v.value != told["value"])
        self._alter(told, picklist=left)

    def _offer(self, told: Told) -> None:
        """A value of a picklist is there (again)."""
        known = self._crm(told).schema(told["object"]).fields[told["field"]]
        more = PicklistValue(told["value"], told["value"].capitalize())
        self._alter(told, picklist=(*known.picklist, more))

    def _alter(self, told: Told, **changes: Any) -> None:
        crm = self._crm(told)
        known: FieldSchema = crm.schema(told["object"]).fields[told["field"]]
        crm.add_field(told["object"], replace(known, **changes))
        self.world.clock.advance(25 * 3600)  # schemas are remembered for a day

    def _refuse(self, told: Told) -> None:
        def refusal(name: str, _write: Any) -> RejectedError | None:
            error = RejectedError(told["reason"], vendor_code="NO", retryable=True)
            return error if name == told["object"] else None

        self._crm(told).refuse(refusal)

    def _relent(self, told: Told) -> None:
        self._crm(told).clear_faults()

    def _lose(self, told: Told) -> None:
        self._crm(told).lose_next_answer()

    def _quirk(self, told: Told) -> None:
        upper: dict[str, Callable[[Any], Any]] = dict.fromkeys(told.get("normalise", []), str.upper)
        ignored = frozenset(told.get("ignored", []))
        crm = self._crm(told)
        crm.quirks = replace(crm.quirks, normalise=upper, ignored=ignored)

    # -- naming ----------------------------------------------------------------------------

    def _crm(self, told: Told) -> MemoryCrm:
        return self.world.crms[told["side"]]

    def _record(self, told: Told) -> tuple[str, str]:
        return self._named(told["side"], told["what"])

    def _named(self, side: str, name: str) -> tuple[str, str]:
        if (side, name) in self.records:
            return self.records[side, name]
        object_type, _, wanted = name.partition(" ")
        rows = self.world.crms[side].snapshot()[object_type]
        found = [i for i, fields in rows.items() if title(fields) == wanted]
        assert len(found) == 1, f"{len(found)} records are {name} on {side}"
        return object_type, found[0]

    def _fields(self, told: Told) -> dict[str, Any]:
        return {
            name: self._named(told["side"], value[1:])[1]
            if isinstance(value, str) and value.startswith("@")
            else value
            for name, value in told["fields"].items()
        }

    # -- outcomes --------------------------------------------------------------------------

    def _known(self) -> Known:
        """Entity and fields of every record there is or was."""
        with self.world.engine.store() as store:
            known: Known = {r.key: (r.entity, r.seen) for r in store.rows()}
        for side, crm in self.world.crms.items():
            for object_type, records in crm.snapshot().items():
                for record, shown in records.items():
                    known.setdefault((side, object_type, record), (None, shown))
        return known

    def _state(self, known: Known) -> dict[str, Any]:
        """What all sides hold, how records are linked, what is settled, what waits."""
        with self.world.engine.store() as store:
            rows = list(store.rows())
            questions = store.questions()
        content = {side: _content(crm) for side, crm in self.world.crms.items()}
        links = [_link(row) for row in rows if row.entity]
        waiting = [
            {"cause": q["cause"], "about": q["entity"], "side": q["side"], "field": q["field"]}
            for q in questions
        ]
        found = {"content": content, "links": links, "questions": waiting}
        return self._readable(found, known)

    def _readable(self, value: Any, known: Known) -> dict[str, Any]:
        """Ids in words: records by side, object type and title, entities by their titles."""
        words: dict[str, str] = {}
        entities: dict[str, list[str]] = {}
        for (_, _, record), (entity, fields) in sorted(known.items()):
            words[record] = f"<{title(fields)}>"
            if entity:
                entities.setdefault(entity, []).append(title(fields))
        words |= {entity: f"[{min(titles)}]" for entity, titles in entities.items()}
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
        for one in sorted(words, key=len, reverse=True):
            text = text.replace(one, words[one])
        found: dict[str, Any] = ordered(orjson.loads(text))
        return found


def title(fields: Mapping[str, Any]) -> str:
    """The words by which a person knows a record."""
    first = [fields.get(n) for n in ("name", "first_name", "last_name") if fields.get(n)]
    return " ".join(str(f) for f in first) or str(fields.get("email", "?"))


def _content(crm: MemoryCrm) -> dict[str, Any]:
    rows = ((o, i, f) for o, records in crm.snapshot().items() for i, f in records.items())
    return {f"{object_type} {record}": fields for object_type, record, fields in rows}


def _link(row: Row) -> dict[str, Any]:
    return {
        "entity": row.entity,
        "record": f"{row.side} {row.object_type} {row.id}",
        "state": str(row.state),
        "how": row.how,
        "unsettled": sorted(n for n in row.seen if row.base.get(n) != row.seen[n]),
    }


def _plan(plan: Plan) -> dict[str, Any]:
    """A plan as a person reads it."""
    questions = [
        {"cause": q.cause, "about": q.entity, "side": q.side, "field": q.field,
         "message": q.message, "shown": dict(q.detail)}
        for q in plan.questions
    ]  # fmt: skip
    return {
        "actions": [_action(a) for a in plan.actions],
        "questions": questions,
        "let go": [f"{entity} on {side}" for entity, side in plan.unlink],
        "guards": [v.guard for v in plan.violations],
    }


def _action(action: Any) -> dict[str, Any]:
    fields = [
        {"name": f.name, "old": f.old, "new": f.new, "from": f.source, "rule": f.rule, "why": f.why}
        for f in action.fields
    ]
    told = {"do": str(action.verb), "on": action.side, "object": action.object_type,
            "entity": action.entity, "why": action.why}  # fmt: skip
    if action.verb is not Verb.CREATE:
        told["record"] = action.record_id
    return {**told, "fields": fields} if fields else told
