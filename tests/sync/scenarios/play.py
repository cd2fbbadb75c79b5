"""Plays a scenario: what people do and runs in between, told in YAML; gives plans and end state.

A file says `says` (one sentence), `covers` (points of `POINTS`), optional `sides`, `leads`,
`settings` (of the configuration), `only_as_told` (why it is not played with sides swapped), and
`steps`. A step is `run` or one of::

    run: {after: 60}                seconds after the last (600); `full: true` compares everything,
                                    `allow: [deletes]` lets these guards pass only (all)
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
    quirk: {side: right, normalise: [Contact.title], ignored: [...], merge_new_id: true, ...}
    workflow: {side: right, field: Account.description, mark: ">"}   the side appends the mark
    configure: {rules: ...}         the configuration changes
    unmap: {side: right, object: Account, field: phone} / remap: {side: right}
    backfill: [account.phone]       a run that decides what waits since a mapping changed
    wait: 600                       seconds
    save / apply                    make a plan and keep it; carry it out
    answer: {cause: conflict, field: phone, words: take left}        or `group: conflict`;
                                    `of: left, what: ann` says about whom, @SIDE/NAME is a record
    answers: [{cause: conflict, field: phone, answer: take, value: left}]   in a CSV file
    undo: r000001 / fix: left       plan it, and carry the plan out
    verify / why: {side: left, what: acme, field: phone}    what is told goes among the plans
    forget: {side: left, what: zoe}
    lose_state                      the folder of the state is emptied
    drift: {side: right, what: acme, fields: {phone: ...}}   both value and base move unseen

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

from app import questions
from config.model import Config
from connectors.base import FieldSchema, Move, PicklistValue
from connectors.memory import MemoryCrm
from core.errors import GuardError, RejectedError
from mapping.canonical import FIELDS
from mapping.tables.write import write_csv
from sync.journal import Journal
from sync.model import Plan, Row, Verb
from sync.resolve import Resolver, parse
from sync.waiting import LOOKS_LIKE, Open
from tests.sync.situations import EVERY_GUARD
from tests.sync.worlds import World, compiled, generic_mapping, make_world

HERE = Path(__file__).parent
POINTS = {
    1: "lead conversion",
    2: "merges",
    3: "deletes",
    4: "associations and hierarchies",
    5: "lifecycle, pipelines, stages, amounts",
    6: "questions",
    7: "why",
    8: "undo",
    9: "verify and drift",
    10: "brakes",
    11: "mapping changes",
    12: "privacy",
}
"""What reconciling has to do; each is covered by scenarios."""
Told = Mapping[str, Any]
PROSE = ("why", "message", "from", "said")
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
        return {k: bare(v) for k, v in value.items() if k not in PROSE}
    return [bare(v) for v in value] if isinstance(value, list) else value


@dataclass
class Play:
    """One performance of a scenario."""

    folder: Path
    scenario: Told
    records: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(side, name) -> (object type, id)"""
    plans: list[Plan | dict[str, Any]] = field(default_factory=list)
    """The plans of its runs, and what was told in between."""
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
        plans = [_plan(plan) if isinstance(plan, Plan) else plan for plan in self.plans]
        return [self._readable(plan, known) for plan in plans], self._state(known)

    # -- steps -----------------------------------------------------------------------------

    def _run(self, told: Told) -> None:
        self.world.clock.advance(told.get("after", 600))
        full, backfill = told.get("full", False), told.get("backfill")
        self.plans.append(self.world.engine.plan(full=full, backfill=backfill))
        allowed = frozenset(told.get("allow", EVERY_GUARD))
        before = self.world.snapshot()
        try:
            report = self.world.engine.run(allowed=allowed, full=full, backfill=backfill)
        except GuardError as error:
            assert self.world.snapshot() == before
            told_so = {"said": str(error), "flags": re.findall(r"--allow \w+", error.remedy)}
            self.plans.append({"stopped before any write by": error.guard, **told_so})
        else:
            self.reports.append(report)

    def _backfill(self, fields: Any) -> None:
        self._run({"backfill": fields})

    def _undo(self, run: Any) -> None:
        self.world.clock.advance(600)
        self.saved = self.world.engine.plan_undo(run)
        self._apply({})

    def _fix(self, prefer: Any) -> None:
        self.world.clock.advance(600)
        self.saved = self.world.engine.plan_fix(prefer)
        self._apply({})

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

    def _unmap(self, told: Told) -> None:
        data = generic_mapping(lead=told["side"] in self.scenario.get("leads", []))
        del data["objects"][told["object"]]["fields"][told["field"]]
        self.world.mappings[told["side"]] = compiled(data)

    def _remap(self, told: Told) -> None:
        lead = told["side"] in self.scenario.get("leads", [])
        self.world.mappings[told["side"]] = compiled(generic_mapping(lead=lead))

    def _drift(self, told: Told) -> None:
        object_type, record = self._record(told)
        self._edit(told)
        with self.world.engine.store() as store:
            row = store.row(told["side"], object_type, record)
            assert row is not None
            row.seen.update(told["fields"])
            row.base.update(told["fields"])
            store.put([row])

    def _forget(self, told: Told) -> None:
        object_type, record = self._record(told)
        self.world.engine.forget(told["side"], record, object_type=object_type)

    def _lose_state(self, _: Told) -> None:
        for path in self.folder.iterdir():
            path.unlink()

    # -- asking and answering --------------------------------------------------------------

    def _answer(self, told: Told) -> None:
        with self.world.engine.store() as store:
            made = Resolver(store, FIELDS, {}, "anna", self.world.clock.now())
            found = made.group(told["group"]) if "group" in told else [self._open(made, told)]
            words = [self._in_place(word) for word in told["words"].split()]
            made.remember([made.check(thing, parse(words)) for thing in found])

    def _in_place(self, word: str) -> str:
        """A word of an answer; @SIDE/NAME stands for a record."""
        if not word.startswith("@"):
            return word
        side, _, name = word[1:].partition("/")
        return "/".join((side, *self._named(side, name)))

    def _answers(self, lines: Any) -> None:
        path = self.folder / "answers.csv"
        with self.world.engine.store() as store:
            made = Resolver(store, FIELDS, {}, "anna", self.world.clock.now())
            rows = [[self._open(made, w).id, w["answer"], w.get("value", "")] for w in lines]
            write_csv(path, ("id", "answer", "value"), rows)
            made.remember(questions.from_file(made, path))

    def _open(self, made: Resolver, wanted: Told) -> Open:
        """The one thing that waits of a cause (and side, field and record, where named)."""
        rows = {r.key: r.entity for r in made.store.rows()}
        about = ""
        if "what" in wanted:
            object_type, record = self._named(wanted["of"], wanted["what"])
            about = rows[wanted["of"], object_type, record] or f"{object_type}:{record}"
        found = [
            t
            for t in made.things
            if t.cause == wanted["cause"]
            and wanted.get("side") in (None, t.side)
            and wanted.get("field") in (None, t.field)
            and about in ("", t.entity)
        ]
        assert len(found) == 1, made.things
        return found[0]

    def _verify(self, _: Told) -> None:
        self.world.clock.advance(600)
        found = self.world.engine.verify()
        differences = [
            {"about": d.entity, "field": d.field, "cause": d.cause, "explained": d.explained,
             "shown": dict(d.values), "said": d.message}
            for d in found.differences
        ]  # fmt: skip
        self.plans.append({"verified": found.entities, "differences": differences})

    def _why(self, told: Told) -> None:
        object_type, record = self._record(told)
        name = told.get("field")
        story = self.world.engine.why(told["side"], record, object_type=object_type, name=name)
        origins = [
            {"on": o.side, "field": o.field, "value": o.value, "run": o.run, "spoke": o.source,
             "rule": o.rule, "settled": o.settled, "said": o.how}
            for o in story.origins
        ]  # fmt: skip
        entries = [
            {"run": e.run, "what": e.what, "on": e.side, "before": e.before, "after": e.after,
             "said": e.text}
            for e in story.entries
        ]  # fmt: skip
        about = f"{told['side']} {object_type} {record} {name or ''}".strip()
        self.plans.append({"story of": about, "origins": origins, "entries": entries})

    # -- vendors ---------------------------------------------------------------------------

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
        crm = self._crm(told)
        changes = {name: value for name, value in told.items() if name != "side"}
        if "normalise" in told:
            changes["normalise"] = dict.fromkeys(told["normalise"], str.upper)
        if "ignored" in told:
            changes["ignored"] = frozenset(told["ignored"])
        crm.quirks = replace(crm.quirks, **changes)

    def _workflow(self, told: Told) -> None:
        """A workflow of the side appends its mark to every value that is stored."""
        crm, mark = self._crm(told), told["mark"]
        rewrite: Callable[[Any], Any] = lambda value: f"{value}{mark}" if value else value  # noqa: E731
        crm.quirks = replace(crm.quirks, normalise={told["field"]: rewrite})

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
                    entity, _ = known.get((side, object_type, record), (None, {}))
                    known[side, object_type, record] = (entity, shown)
        return known

    def _state(self, known: Known) -> dict[str, Any]:
        """What all sides hold, how records are linked, what is settled, what waits."""
        with self.world.engine.store() as store:
            rows = list(store.rows())
            questions = store.questions()
            refused = Journal(store).retries()
        content = {side: _content(crm) for side, crm in self.world.crms.items()}
        links = [_link(row) for row in rows if row.entity]
        waiting = [
            {"cause": q["cause"], "about": q["entity"], "side": q["side"], "field": q["field"]}
            for q in questions
        ]
        found: dict[str, Any] = {"content": content, "links": links, "questions": waiting}
        if refused:
            told = [{"about": r.entity, "side": r.side, "field": r.field} for r in refused]
            found["refused"] = told
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


def _told(message: str) -> str:
    """A message without the evidence of the matching engine, which its own tests are about."""
    return message.partition("” (")[0] if LOOKS_LIKE in message else message


def _plan(plan: Plan) -> dict[str, Any]:
    """A plan as a person reads it."""
    questions = [
        {"cause": q.cause, "about": q.entity, "side": q.side, "field": q.field,
         "message": _told(q.message), "shown": dict(q.detail)}
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
