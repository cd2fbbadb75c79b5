"""What people do in the state machine's world, and what they see; the engine is not in here."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors.base import FieldSchema
from connectors.memory import Quirks
from tests.sync.machine_doubts import CONTACTS, doubts, made_by_converting, may_name
from tests.sync.machine_model import FRESH, Outcome, Thing, Value, outcomes, plain
from tests.sync.machine_rules import KEYS, LEAD_SIDE, OBJECTS, SPECS, Spec
from tests.sync.machine_world import Machines, configuration

QUIRKS: dict[str, Quirks] = {
    "plain": Quirks(),
    "late": Quirks(late_seconds=30, silent_associations=True),
    "coarse": Quirks(coarse_seconds=60, odd_ids=True, whole_refusal=True),
    "normalising": Quirks(normalise={"Contact.department": str.upper}),
    "ignoring": Quirks(ignored=frozenset({"Contact.department", "Account.industry"})),
    "new ids": Quirks(merge_new_id=True, silent_associations=True),
}
NORMALISED = "normalising"
OPTIONS = tuple(s for s in SPECS["account"] if s.name in ("industry", "account_type"))
"""Fields of accounts whose options people retire and bring back."""
_ACCOUNT = next(s for s in SPECS["person"] if s.name == "account")


class People:
    """The things that people made, and the records by which they are known on the sides."""

    def __init__(self, names: tuple[str, ...], quirks: Sequence[str]) -> None:
        self.names = names
        self.quirky = dict(zip(names, quirks, strict=True))
        self.world = Machines(
            names, {n: QUIRKS[q] for n, q in self.quirky.items()}, configuration(names, SPECS)
        )
        self.things: dict[str, Thing] = {}
        self.owners: dict[tuple[str, str, str], str] = {}
        """(side, object type, id) -> the key of the thing"""
        self.merged: dict[str, str] = {}
        """The loser of a merge -> what it lives on as, on every side"""
        self.retired: set[tuple[str, str, Value]] = set()
        """(side, field, value) for options that may not be chosen any more"""
        self.schemas_moved = False
        """Somebody changed what a side can hold since all was last right."""
        self.runs = 0
        self._count = 0

    # -- looking ---------------------------------------------------------------------------

    def all(self, *kinds: str, side: str = "") -> list[Thing]:
        """Living things of these kinds (with a record on a side)."""
        return [
            t
            for t in self.things.values()
            if t.alive and (not kinds or t.kind in kinds) and (not side or side in t.at)
        ]

    def specs(self, thing: Thing) -> tuple[Spec, ...]:
        return SPECS[thing.kind]

    def showing(self, thing: Thing, spec: Spec) -> list[str]:
        """The sides whose record of the thing has the field."""
        return [
            s
            for s in self.names
            if s in thing.at and not (spec.contact_only and thing.at[s][0] == "Lead")
        ]

    def seen(self, thing: Thing, side: str, spec: Spec) -> Value:
        """What people see in a field, in the model's form: references as keys of things."""
        value = self.world.value(side, thing.at[side], spec.name)
        if value is None or spec.shape == "scalar":
            return value
        if spec.shape == "set":
            return frozenset(value.split(";"))
        if spec.shape == "ref":
            return self.root(self.owners[side, OBJECTS[spec.to][0], value])
        return frozenset(self.root(self.owners[side, "Contact", i["id"]]) for i in value)

    def root(self, key: str) -> str:
        """What a thing lives on as after merges."""
        while key in self.merged:
            key = self.merged[key]
        return key

    def now(self, thing: Thing, spec: Spec) -> dict[str, Value]:
        """The field on all sides that show it."""
        return {s: self.seen(thing, s, spec) for s in self.showing(thing, spec)}

    def note(self, thing: Thing, side: str, object_type: str, record_id: str) -> None:
        """A thing has a record on a side."""
        thing.at[side] = (object_type, record_id)
        self.owners[side, object_type, record_id] = thing.key

    def unknown(self) -> Iterator[tuple[str, str, tuple[str, str]]]:
        """Living records that no thing is known to have: (side, kind, record)."""
        for side in self.names:
            for kind in OBJECTS:
                for record in self.world.live(side, kind):
                    if (side, *record) not in self.owners:
                        yield side, kind, record

    # -- making ----------------------------------------------------------------------------

    def add(
        self,
        kind: str,
        sides: Sequence[str],
        values: Sequence[int],
        *,
        lead: bool = False,
        account: Thing | None = None,
    ) -> Thing:
        """The same new thing, typed in on one side or on several."""
        self._count += 1
        word = _word(self._count)
        keys = {"person": f"{word}@{word}.org", "account": word}
        key = keys.get(kind, f"{kind} {self._count}")
        thing = self.things[key] = Thing(key, kind, self._count, since=self.runs)
        for place, side in enumerate(sides):
            object_type = OBJECTS[kind][int(lead and kind == "person" and side == LEAD_SIDE)]
            fields: dict[str, Any] = {KEYS[kind]: key}
            fields |= {"last_name": word} if kind == "person" else {}
            fields |= {"domain": f"{word}.com"} if kind == "account" else {}
            for n, choice in enumerate(values):
                spec = SPECS[kind][(choice + n) % len(SPECS[kind])]
                if not (spec.contact_only and object_type == "Lead"):
                    fields[spec.name] = self.raw(thing, spec, side, choice // (place + 2))
            if kind == "opportunity":
                fields["stage"] = fields.get("stage") or "prospecting"
                if account is not None:
                    fields["account"] = account.at[side][1]
            record_id = self.world.crms[side].insert(object_type, fields)
            self.note(thing, side, object_type, record_id)
            self.touch(thing, side)
        return thing

    def let_twins_show(self) -> None:
        """What was typed in on several sides can be read on all of them before the next run: no
        matching finds what no reading shows."""
        if any(len(t.at) > 1 and not t.linked for t in self.all()):
            self.world.clock.advance(self.world.lateness() + 1)

    def raw(self, thing: Thing, spec: Spec, side: str, choice: int) -> Any:
        """A value that a person may give to a field, in the vendor's form; None clears."""
        if spec.shape == "scalar":
            there = [v for v in spec.values if (side, spec.name, v) not in self.retired]
            offered = there if spec.required else [*there, None]
            value = offered[choice % len(offered)]
            return value.format(thing.number) if isinstance(value, str) else value
        if spec.shape == "set":
            return ";".join(v for n, v in enumerate(spec.values) if choice >> n & 1) or None
        wanted = OBJECTS[spec.to][0]
        there = [t for t in self.all(spec.to, side=side) if t.at[side][0] == wanted and t != thing]
        if spec.shape == "ref":
            picked = [*there, None][choice % (len(there) + 1)]
            return picked and picked.at[side][1]
        members = [t for n, t in enumerate(there) if choice >> n & 1 and self._everywhere(t)]
        members = [t for t in members if may_name(self, thing, side, t)]
        return [{"id": t.at[side][1], "label": None, "primary": False} for t in members]

    def _everywhere(self, person: Thing) -> bool:
        """Whether every side has, or is to get, a record that a deal can name."""
        return not person.gone and all(t == "Contact" for t, _ in person.at.values())

    def edit(self, thing: Thing, side: str, spec: Spec, choice: int) -> None:
        """A person sets or clears a field on a side."""
        if side not in self.showing(thing, spec):
            return
        unknown_yet = not thing.linked and len(thing.at) > 1
        if unknown_yet and (thing.kind, spec.name) == ("opportunity", "account"):
            return  # name and account are the key: with another account it is another deal
        before = self.seen(thing, side, spec)
        value = self.raw(thing, spec, side, choice)
        self.world.crms[side].edit(*thing.at[side], {spec.name: value})
        if spec.shape == "roles" and QUIRKS[self.quirky[side]].silent_associations:
            return
        after = self.seen(thing, side, spec)
        known = {before, *map(plain, thing.possible(spec.name, side))}
        self.touch(thing, side, certain=after not in known)

    def touch(self, thing: Thing, side: str, *, certain: bool = True) -> None:
        """A person has changed the record: note when, as the side tells it; what was put back,
        or never was another value, may be known to nobody."""
        moment = self.world.crms[side].live(*thing.at[side]).modified
        known = set() if certain else thing.touched.get(side, set())
        thing.touched[side] = known | {moment}

    def _referrers(self, thing: Thing, side: str) -> list[Thing]:
        """Things whose record changes with the end of this one."""
        silent = QUIRKS[self.quirky[side]].silent_associations
        return [
            other
            for other in self.all(side=side)
            for spec in self.specs(other)
            if spec.to == thing.kind
            and not (spec.shape == "roles" and silent)
            and thing.key in _listed(self.now(other, spec).get(side))
        ]

    # -- ending and moving -----------------------------------------------------------------

    def delete(self, thing: Thing, side: str) -> None:
        """A person deletes the record of a side."""
        if self.runs and not thing.linked:
            return  # whether the engine knows it is uncertain
        if any(len(self._heirs(thing, s)) > 1 for s in self.names):
            return  # which of them stands for it then is nobody's to say
        referring = self._referrers(thing, side)
        if thing.kind == "account" and any(
            t.kind == "opportunity" and not t.linked and len(t.at) > 1 for t in referring
        ):
            return  # name and account are the key: without its account it is another deal
        self.world.crms[side].delete(*thing.at.pop(side))
        for other in referring:
            if other is not thing:  # an account that was merged into its own parent names itself
                self.touch(other, side)
        if thing.key in self.merged:
            self._twin_ended(thing, side)
        if thing.linked:
            thing.gone.add(side)
            if not self._heirs(thing, side):
                thing.dying = not thing.maybe_dying
        self.hand_over(thing)

    def merge(self, survivor: Thing, loser: Thing, side: str) -> None:
        """A person merges two records of a side: of two things, or of one that was two."""
        one_already = self.root(survivor.key) == self.root(loser.key)
        if not one_already and not (self._settles(survivor) and self._everywhere_linked(loser)):
            return
        object_type, kept = survivor.at[side]
        if loser.at[side][0] != object_type:
            return
        referring = {t.key: t for one in (survivor, loser) for t in self._referrers(one, side)}
        goes_on = self.world.crms[side].merge(object_type, kept, [loser.at[side][1]])
        root = self.root(survivor.key)
        if not one_already:
            self.merged[loser.key] = survivor.key
        elif loser.key == root:
            survivor, loser = loser, survivor  # the thing lives on in the other's record
        del loser.at[side]
        loser.gone.add(side)
        self.note(survivor, side, object_type, goes_on)
        for thing in (survivor, *referring.values()):
            if side in thing.at:  # where nothing that is read has changed, nobody sees it
                self.touch(thing, side, certain=False)
        self.hand_over(self.things[self.root(survivor.key)])

    def _settles(self, thing: Thing) -> bool:
        """Whether each side has a record of it, or had one that was deleted."""
        known = thing.linked and set(self.names) == set(thing.at) | thing.gone
        return known and not (thing.dying or thing.maybe_dying)

    def _everywhere_linked(self, thing: Thing) -> bool:
        return thing.linked and set(self.names) == set(thing.at)

    def _heirs(self, thing: Thing, side: str) -> list[Thing]:
        """What was merged into the thing elsewhere, and still has a record of its own here."""
        return [t for t in self.things.values() if side in t.at and t.key in self._into(thing)]

    def _into(self, thing: Thing) -> set[str]:
        return {key for key in self.merged if self.root(key) == thing.key}

    def twins(self, side: str) -> list[tuple[Thing, Thing]]:
        """Things that a side still has two records of, which are one elsewhere."""
        roots = [t for t in self.all(side=side) if t.key not in self.merged]
        return [(root, heir) for root in roots for heir in self._heirs(root, side)]

    def hand_over(self, thing: Thing) -> None:
        """Where the thing has no record (any more), that of what was merged into it is its own."""
        for side in self.names:
            heirs = self._heirs(thing, side)
            if side not in thing.at and heirs:
                self._inherit(thing, heirs[0], side)

    def _inherit(self, thing: Thing, heir: Thing, side: str) -> None:
        record = heir.at.pop(side)
        heir.gone.add(side)
        thing.gone.discard(side)
        if len(thing.at) > 0:
            thing.joining.add(side)
        self.note(thing, side, *record)
        thing.touched[side] = set(heir.touched.get(side, set()))
        for spec in self.specs(thing):
            thing.bases.setdefault(spec.name, {})[side] = set(heir.possible(spec.name, side))
        for other in self.all(side=side):  # what named the record that was deleted names nothing
            for spec in self.specs(other):
                if spec.to == thing.kind:
                    self._may_have_ended(other.possible(spec.name, side), thing.key)

    def _twin_ended(self, twin: Thing, side: str) -> None:
        """Of two records that are one elsewhere, one was deleted: what named it names nothing
        there now, and nobody has said so of the other."""
        for other in self.all(side=side):
            for spec in self.specs(other):
                if spec.to != twin.kind:
                    continue
                possible = other.possible(spec.name, side)
                self._may_have_ended(possible, self.root(twin.key))
                possible.discard(twin.key)  # settled before they were one: that very record

    def _may_have_ended(self, possible: set[Value], key: str) -> None:
        for value in [plain(v) for v in possible]:
            if isinstance(value, frozenset):
                possible.add(frozenset(m for m in value if self.root(m) != key) or None)
            elif value not in (None, FRESH) and self.root(value) == key:
                possible.add(FRESH)

    def meet(self, thing: Thing, *, certain: bool) -> None:
        """The next run sees a record that was taken over: what nobody has changed on it meets
        what holds already as at a first link."""
        for side in thing.joining & set(thing.at):
            for spec in self.specs(thing):
                if side not in self.showing(thing, spec):
                    continue
                now, possible = self.seen(thing, side, spec), thing.possible(spec.name, side)
                same = {b for b in possible if self.settled_as(spec, side, plain(b)) == now}
                if same:
                    possible.add(FRESH)
                    if certain and not spec.to:  # a reference may be the same by another record
                        possible.difference_update(same)
        thing.joining.clear()

    def convert(self, lead: Thing, account: Thing | None, deal: bool) -> None:
        """A person converts a lead, into an account that is there or into a new one."""
        others = [s for s in lead.at if s != LEAD_SIDE]
        if any(
            lead.key in (self.seen(d, s, CONTACTS) or ())
            for s in others
            for d in self.all("opportunity", side=s)
        ):
            deal = False  # it might be a deal that is known
        if account is None and any(self.seen(lead, s, _ACCOUNT) for s in others):
            return  # it might be the company that is known
        name = made_by_converting(lead) if deal else None
        known = account.at[LEAD_SIDE][1] if account else None
        if account is None:
            self.world.crms[LEAD_SIDE].edit(*lead.at[LEAD_SIDE], {"company_name": f"of {lead.key}"})
        moved = self.world.crms[LEAD_SIDE].convert(
            lead.at[LEAD_SIDE][1], account_id=known, opportunity_name=name
        )
        self.note(lead, LEAD_SIDE, "Contact", moved.to.id)
        self.touch(lead, LEAD_SIDE)
        for ref in moved.also:
            kind = "account" if ref.object_type == "Account" else "opportunity"
            if (LEAD_SIDE, ref.object_type, ref.id) not in self.owners:
                key = f"of {lead.key}" if kind == "account" else made_by_converting(lead)
                self._count += 1
                thing = self.things[key] = Thing(key, kind, self._count, since=self.runs)
                self.note(thing, LEAD_SIDE, ref.object_type, ref.id)
                self.touch(thing, LEAD_SIDE)

    def sell(self, person: Thing, side: str) -> None:
        """Somebody types in a deal of a person on a side."""
        if side in person.at and self._everywhere(person):
            deal = self.add("opportunity", [side], ())
            if may_name(self, deal, side, person):
                role = {"id": person.at[side][1], "label": None, "primary": False}
                self.world.crms[side].edit(*deal.at[side], {"contacts": [role]})
                self.touch(deal, side)

    # -- changing what a side can hold --------------------------------------------------------

    def change_schema(self, side: str, which: int, value: int) -> None:
        """A field that nobody maps is added, or an option is retired or brought back."""
        crm = self.world.crms[side]
        if which % 4 == 0:
            crm.add_field("Account", FieldSchema(f"extra_{value}", "Extra", "string", 20))
            return
        spec = OPTIONS[which % len(OPTIONS)]
        option = (side, spec.name, spec.values[value % len(spec.values)])
        self.retired ^= {option}
        known = crm.schema("Account").fields[spec.name]
        gone = {v for s, n, v in self.retired if (s, n) == (side, spec.name)}
        picklist = tuple(replace(p, active=p.value not in gone) for p in known.picklist)
        crm.add_field("Account", replace(known, picklist=picklist))
        self.schemas_moved = True

    # -- expecting -------------------------------------------------------------------------

    def creatable(self, thing: Thing) -> list[str]:
        """The sides on which a run is to make the thing."""
        return [s for s in self.names if s not in thing.at and s not in thing.gone]

    def expected(self, thing: Thing, spec: Spec, runs: int) -> list[Outcome]:
        """All that may come of a field in so many runs that see every change and whose writes
        are all taken. Where people are asked for what a new record must not lack, or which deal is
        which, it is not made, and nothing of the thing is settled until they say."""
        made = self.creatable(thing)
        found = self._outcomes(thing, spec, runs, made)
        if made and (doubts(self, thing) or self._may_be_refused(thing, runs)):
            found += self._outcomes(thing, spec, runs, (), refused=True)
        return found

    def _may_be_refused(self, thing: Thing, runs: int) -> bool:
        return any(
            outcome.conflict
            for spec in self.specs(thing)
            if spec.required
            for outcome in self._outcomes(thing, spec, runs, self.creatable(thing))
        )

    def _outcomes(
        self, thing: Thing, spec: Spec, runs: int, made: Sequence[str], *, refused: bool = False
    ) -> list[Outcome]:
        made_as = (OBJECTS[thing.kind][0], "")
        marks = {s: f"{thing.at.get(s, made_as)[0]}.{spec.name}" for s in self.names}
        quirks = {s: QUIRKS[self.quirky[s]] for s in self.names}

        def normal(side: str, value: Value) -> Value:
            function = quirks[side].normalise.get(marks[side])
            return function(value) if function and value is not None else value

        def can(side: str, value: Value) -> bool:
            if spec.shape not in ("ref", "roles"):
                return (side, spec.name, value) not in self.retired
            target = self.things[value]
            if side in target.at:
                return target.at[side][0] == OBJECTS[spec.to][0]
            return side not in target.gone and target.alive

        return list(
            outcomes(
                thing,
                spec,
                self.now(thing, spec),
                made,
                lambda side, value: self.settled_as(spec, side, value),
                runs,
                refused=refused,
                can=can,
                normal=normal,
                ignores=frozenset(s for s in self.names if marks[s] in quirks[s].ignored),
            )
        )

    def settled_as(self, spec: Spec, side: str, value: Value) -> Value:
        """What a settled reference stands for now: survivors of merges; nothing once deleted."""
        if value in (None, FRESH) or spec.shape not in ("ref", "roles"):
            return value
        if spec.shape == "ref":
            return FRESH if self._lost(side, value) else self.root(value)
        return frozenset(self.root(m) for m in value if not self._lost(side, m)) or None

    def _lost(self, side: str, key: str) -> bool:
        """Whether a side's references to the thing ended with its record there."""
        return side in self.things[self.root(key)].gone


def _word(number: int) -> str:
    """A name that resembles no other, so that nobody is asked whether two are one."""
    digest = hashlib.sha256(str(number).encode()).digest()
    return "".join(chr(ord("a") + byte % 26) for byte in digest[:12])


def _listed(value: Value) -> Collection[Value]:
    return value if isinstance(value, frozenset) else [value]
