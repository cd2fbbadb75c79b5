"""Conformance of merges and conversions: a record that lives on under another identity."""

from __future__ import annotations

import pytest

from connectors.base import Convert, Merge, Move, Refused
from tests.connectors.harness import Harness, Role
from tests.connectors.support import (
    apply_one,
    done,
    fetch_one,
    ids_of,
    named,
    new_op,
    read_all,
    value_of,
)


class MoveConformance:
    """A merge is not a deletion, and a conversion is neither a deletion nor a creation."""

    def test_a_merge_by_a_person_is_told(self, harness: Harness) -> None:
        for role in _merged_roles(harness):
            names = harness.names[role]
            keep, lose = harness.insert_many(role, [names.row("Keep"), names.row("Lose")])
            _, cursor = read_all(harness, role)
            harness.advance(120)
            survivor = harness.merge(role, keep, lose)
            records, _ = read_all(harness, role, since=cursor)
            assert records[lose].archived
            moved = records[lose].moved
            assert moved is not None
            assert moved.how is Move.MERGED
            assert moved.to.id == survivor
            assert moved.to.object_type == names.object_type
            assert not records[survivor].archived
            if survivor != keep:
                assert records[keep].archived

    def test_a_merged_id_fetches_the_survivor(self, harness: Harness) -> None:
        for role in _merged_roles(harness):
            names = harness.names[role]
            keep, lose = harness.insert_many(role, [names.row("Keep"), names.row("Lose")])
            survivor = harness.merge(role, keep, lose)
            record = fetch_one(harness, role, lose, names.text)
            assert record.id == survivor
            assert record.requested_id == lose
            assert record.fields == {names.text: "Keep"}
            assert not record.archived

    def test_a_chain_of_merges_is_followed(self, harness: Harness) -> None:
        for role in _merged_roles(harness):
            names = harness.names[role]
            a, b, c = harness.insert_many(role, [names.row(x) for x in ("A", "B", "C")])
            middle = harness.merge(role, b, a)
            last = harness.merge(role, c, middle)
            record = fetch_one(harness, role, a, names.text)
            assert record.id == last
            assert record.requested_id == a
            assert record.fields == {names.text: "C"}

    def test_survivor_and_loser_asked_for_at_once(self, harness: Harness) -> None:
        for role in _merged_roles(harness):
            names = harness.names[role]
            keep, lose = harness.insert_many(role, [names.row("Keep"), names.row("Lose")])
            survivor = harness.merge(role, keep, lose)
            found = harness.connector.fetch(names.object_type, [names.text], [survivor, lose])
            assert {record.id for record in found} == {survivor}
            assert {record.requested_id or record.id for record in found} == {survivor, lose}

    def test_a_merge_through_the_connector(self, harness: Harness) -> None:
        for role in _mergeable(harness):
            names = harness.names[role]
            keep, one, two = harness.insert_many(role, [names.row(x) for x in ("K", "1", "2")])
            requests = harness.write_requests()
            outcome = done(apply_one(harness, role, Merge(new_op(), keep, (one, two))))
            assert harness.write_requests() > requests
            assert named(harness, role, "K") == [outcome.id]
            for lost in (one, two):
                record = fetch_one(harness, role, lost, names.text)
                assert (record.id, record.requested_id) == (outcome.id, lost)

    def test_a_merge_with_nothing_is_refused(self, harness: Harness) -> None:
        for role in _mergeable(harness):
            names = harness.names[role]
            keep = harness.insert(role, names.row("Keep"))
            for losers in ((keep,), ("no-such-id",)):
                outcome = apply_one(harness, role, Merge(new_op(), keep, losers))
                assert isinstance(outcome, Refused)
            assert named(harness, role, "Keep") == [keep]

    def test_a_conversion_by_a_person_is_told(self, harness: Harness) -> None:
        lead = _lead(harness)
        names = harness.names["lead"]
        _, cursor = read_all(harness, "lead")
        harness.advance(120)
        contact = harness.convert(lead)
        records, _ = read_all(harness, "lead", since=cursor)
        moved = records[lead].moved
        assert moved is not None
        assert moved.how is Move.CONVERTED
        assert moved.to == contact
        assert harness.names["account"].object_type in {ref.object_type for ref in moved.also}
        again = fetch_one(harness, "lead", lead, names.text)
        assert again.moved == moved

    def test_a_first_reading_shows_converted_leads_as_moved(self, harness: Harness) -> None:
        lead = _lead(harness)
        contact = harness.convert(lead)
        records, _ = read_all(harness, "lead")
        moved = records[lead].moved
        assert moved is not None
        assert moved.to == contact

    def test_a_conversion_through_the_connector(self, harness: Harness) -> None:
        if harness.names.get("lead") is None or not harness.connector.capabilities.convert:
            pytest.skip("the connector declares no conversion")
        assert harness.names["lead"].object_type in harness.connector.capabilities.convert
        lead = _lead(harness)
        account = harness.insert("account", harness.names["account"].row("Known Co"))
        done(apply_one(harness, "lead", Convert(new_op(), lead, account_id=account)))
        moved = fetch_one(harness, "lead", lead, harness.names["lead"].text).moved
        assert moved is not None
        assert moved.to.object_type == harness.names["person"].object_type
        assert account in {ref.id for ref in moved.also}
        assert named(harness, "account", "Known Co") == [account]
        person = harness.names["person"]
        if person.reference is not None and person.reference_to == "account":
            assert value_of(harness, "person", moved.to.id, person.reference) == account
        again = apply_one(harness, "lead", Convert(new_op(), lead, account_id=account))
        assert isinstance(again, Refused)
        assert len(ids_of(read_all(harness, "person")[0].values())) == 1


def _merged_roles(harness: Harness) -> list[Role]:
    if not harness.merges_by_person:
        pytest.skip("the harness knows no merge by a person")
    return list(harness.merges_by_person)


def _mergeable(harness: Harness) -> list[Role]:
    merge = harness.connector.capabilities.merge
    roles = [role for role, names in harness.names.items() if names.object_type in merge]
    if not roles:
        pytest.skip("the connector declares no merge")
    return roles


def _lead(harness: Harness) -> str:
    if harness.names.get("lead") is None:
        pytest.skip("the vendor knows no leads to convert")
    return harness.insert("lead", harness.names["lead"].row("Ada Lead"))
