"""`tieline undo` of the demo's big run, over HTTP: all is as before, but what people changed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_sync_commands import mapping_of
from tests.end_to_end.commands import (
    ALLOWED,
    LINK,
    SMALL,
    WHOLE,
    Call,
    Cell,
    Office,
    differences,
    everything,
    office,
)

Key = tuple[str, str, str]

TEXTS = {
    "account": ("description", "phone", "name"),
    "person": ("title", "first_name", "last_name", "company_name", "description"),
    "opportunity": ("name", "next_step", "description"),
}
"""Fields that any text (or number to call) fits, by kind."""


@dataclass
class People:
    """What people changed after the run, cell by cell."""

    cells: dict[Cell, Any] = field(default_factory=dict)
    written: set[tuple[Key, str]] = field(default_factory=set)
    """Record and canonical field, where the run had written the field."""
    made: set[tuple[Key, str]] = field(default_factory=set)
    """The same, where the run had made the record."""


def _edit(world: Any, key: Key, name: str, number: int) -> Iterator[tuple[Cell, Any]]:
    """Change one field of a record as a person does."""
    side, object_type, own = key
    mapping = mapping_of(side)
    vendor = next(iter(mapping.vendor_fields(object_type, name)))
    value = f"+49 30 {9_000_000 + number}" if name == "phone" else f"By hand {number}"
    fields = {vendor: value}
    world.edit(side, object_type=object_type, id=own, verb="update", fields=fields)
    yield (side, object_type, own, vendor), value


def _chosen(plan: Any, verb: str, side: str, number: int, chance: random.Random) -> list[Any]:
    """Some (record, kind, fields) of a plan's actions."""
    found = [a for a in plan["actions"] if a["verb"] == verb and a["side"] == side]
    return chance.sample(found, min(number, len(found)))


def people_edit(place: Office, plan: Any, number: int) -> People:
    """People change, on both sides, fields that the run wrote, other fields of such records, fields
    of records that it made, and fields of records that it left alone."""
    chance = random.Random(20261121)
    people, count = People(), 0
    for side in ("salesforce", "hubspot"):
        for action in _chosen(plan, "update", side, 3 * number, chance):
            key = (side, action["object_type"], action["record_id"])
            sent = [f["name"] for f in action["fields"]]
            names = [n for n in TEXTS[action["kind"]] if _writable(key, n)]
            ours = [n for n in names if n in sent][:1]
            theirs = [n for n in names if n not in sent][:1]
            for name in (*ours, *theirs):
                count += 1
                people.cells.update(_edit(place.world, key, name, count))
            people.written.update((key, name) for name in ours)
        for action in _chosen(plan, "archive", side, number, chance):
            key = (side, action["object_type"], action["record_id"])
            name = TEXTS[action["kind"]][0]
            if _writable(key, name):
                count += 1
                people.cells.update(_edit(place.world, key, name, count))
                people.made.add((key, name))
    assert people.written
    assert people.made
    return people


def _writable(key: Key, name: str) -> bool:
    return mapping_of(key[0]).writable(key[1], name, creating=False)


def _records(cells: Mapping[Cell, Any]) -> set[Key]:
    return {cell[:3] for cell in cells if not cell[3] and cell[1] != LINK}


def _refers(cell: Cell, value: Any, records: set[Key]) -> bool:
    """Whether a cell is an association by which one of the records refers to another."""
    return cell[1] == LINK and any((cell[0], value[0]) == (side, own) for side, _, own in records)


def _left(plan: Any, place: Office) -> set[tuple[Key, str]]:
    """What the plan says that it leaves: record and field."""
    found = set()
    for question in plan["questions"]:
        assert question["cause"] == "undo"
        object_type, own = question["message"].split(":")[0].split(" ")
        found.add(((question["side"], object_type, own), question["field"]))
    return found


def undo_of_the_big_run(place: Office, number: int) -> None:
    before = everything(place.world)
    assert place.run()["writes"] > 0
    untouched = place.tieline("undo", "r000001", "--json").json
    people = people_edit(place, untouched, number)
    edited = everything(place.world)
    place.world.reset_requests()
    shown = place.tieline("undo", "r000001", "--json")
    assert shown.code in (0, 5)
    assert [place.world.requests(side)["writes"] for side in place.world.vendors] == [0, 0]
    plan, left = shown.json, _left(shown.json, place)

    # what people changed is listed field by field, with what it shows and what it showed
    assert people.written | people.made <= left
    for question in plan["questions"]:
        assert question["side"] in question["detail"] or not question["field"]
    # a record that stays although nobody edited it stays because another one refers to it
    for key, name in left - people.written - people.made:
        assert not name, (key, name)
    assert all("refers to it" in q["message"] for q in plan["questions"] if not q["field"])

    done = place.tieline("undo", "r000001", "--apply", "--json", *ALLOWED)
    assert done.json["failures"] == []
    place.world.pass_time(1800)
    after = everything(place.world)
    stays = {key for key, _ in left if key not in _records(before)}
    wanted = {**before, **{c: v for c, v in people.cells.items() if c[:3] not in stays}}
    wanted.update({c: v for c, v in edited.items() if c[:3] in stays or _refers(c, v, stays)})
    assert _records(after) == _records(before) | stays
    assert differences(wanted, after) == {}
    _nothing_is_left(place, after, people)


def _nothing_is_left(place: Office, after: Mapping[Cell, Any], people: People) -> None:
    again = place.tieline("undo", "r000001", "--json")
    assert again.json["actions"] == []
    first = place.run()
    now = everything(place.world)
    touched = {c[:3] for c in differences(after, now) if c[1] != LINK}
    assert first["writes"] > 0  # what people changed travels
    assert len(touched) <= 3 * len(people.cells)
    place.run()  # what the first one could only see afterwards
    now = everything(place.world)
    assert place.run()["writes"] == 0
    assert place.run("--full")["writes"] == 0
    assert everything(place.world) == now


def test_undo_of_the_big_run_leaves_exactly_what_people_changed(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, SMALL) as place:
        undo_of_the_big_run(place, 4)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_undo_of_the_whole_demo_s_big_run(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, WHOLE) as place:
        undo_of_the_big_run(place, 40)
