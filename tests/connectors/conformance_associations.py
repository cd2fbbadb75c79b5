"""Conformance of association fields: read, written by the whole wished set, silent or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Done, Refused, RemoteId, Update
from tests.connectors.harness import Association, Harness
from tests.connectors.support import apply_one, create, done, new_op, read_all, update, value_of


def item(id: RemoteId, label: str | None = None, *, primary: bool = False) -> dict[str, Any]:
    """One association as the contract writes it."""
    return {"id": id, "label": label, "primary": primary}


def linked(harness: Harness, association: Association, id: RemoteId) -> list[dict[str, Any]]:
    """The associations as they are now, held against the contract's form."""
    items = value_of(harness, association.role, id, association.field)
    assert isinstance(items, list)
    for one in items:
        assert set(one) == {"id", "label", "primary"}
        assert isinstance(one["id"], str)
        assert isinstance(one["primary"], bool)
        assert one["label"] is None or isinstance(one["label"], str)
    assert items == sorted(items, key=lambda one: (one["id"], one["label"] or ""))
    return items


def linked_ids(harness: Harness, association: Association, id: RemoteId) -> set[RemoteId]:
    """The ids of the associated records as they are now."""
    return {one["id"] for one in linked(harness, association, id)}


def cast(harness: Harness, association: Association, n: int) -> tuple[RemoteId, list[RemoteId]]:
    """A record to associate from and n records to associate to, all fresh."""
    here = harness.insert(association.role, harness.names[association.role].row("From"))
    names = harness.names[association.to]
    return here, harness.insert_many(association.to, [names.row(f"To {i}") for i in range(n)])


def each(harness: Harness) -> Iterator[Association]:
    """Every association of the harness; the connector must declare each of them."""
    declared = harness.connector.capabilities.association_fields
    if not harness.associations:
        pytest.skip("the connector declares no association fields")
    for association in harness.associations:
        object_type = harness.names[association.role].object_type
        to = harness.names[association.to].object_type
        assert declared[object_type][association.field] == to
        yield association


class AssociationConformance:
    """An association field is a field like any other, only that its value is a set."""

    def test_no_associations_are_an_empty_list(self, harness: Harness) -> None:
        for association in each(harness):
            here, _ = cast(harness, association, 0)
            assert linked(harness, association, here) == []

    def test_associations_can_be_set_on_create(self, harness: Harness) -> None:
        for association in each(harness):
            _, (a, b) = cast(harness, association, 2)
            wished = {association.field: [item(a), item(b)]}
            id = create(harness, association.role, "With", **wished)
            assert linked_ids(harness, association, id) == {a, b}

    def test_add_remove_replace_and_clear(self, harness: Harness) -> None:
        for association in each(harness):
            here, (a, b, c) = cast(harness, association, 3)
            for wished in ({a}, {a, b}, {b}, {c}, {a, b, c}, set()):
                value = [item(id) for id in sorted(wished)]
                outcome = done(
                    update(harness, association.role, here, **{association.field: value})
                )
                assert linked_ids(harness, association, here) == wished
                if outcome.record is not None and association.field in outcome.record.fields:
                    shown = outcome.record.fields[association.field]
                    assert {one["id"] for one in shown} == wished

    def test_none_clears_associations(self, harness: Harness) -> None:
        for association in each(harness):
            here, (a,) = cast(harness, association, 1)
            harness.associate(association, here, a)
            done(update(harness, association.role, here, **{association.field: None}))
            assert linked_ids(harness, association, here) == set()

    def test_the_wished_set_holds_over_what_was_expected(self, harness: Harness) -> None:
        for association in each(harness):
            here, (a, b) = cast(harness, association, 2)
            harness.associate(association, here, a)
            write = Update(
                new_op(), here, {association.field: [item(b)]}, expect={association.field: []}
            )
            done(apply_one(harness, association.role, write))
            assert b in linked_ids(harness, association, here)

    def test_writing_what_is_there_changes_nothing(self, harness: Harness) -> None:
        for association in each(harness):
            here, (a, b) = cast(harness, association, 2)
            value = [item(a), item(b)]
            done(update(harness, association.role, here, **{association.field: value}))
            before = linked(harness, association, here)
            done(update(harness, association.role, here, **{association.field: before}))
            assert linked(harness, association, here) == before

    def test_labels(self, harness: Harness) -> None:
        for association in each(harness):
            if association.labels:
                label = association.labels[0]
                here, (a, b) = cast(harness, association, 2)
                value = [item(a, label), item(b)]
                done(update(harness, association.role, here, **{association.field: value}))
                shown = {one["id"]: one["label"] for one in linked(harness, association, here)}
                assert shown[a] == label
                assert shown[b] != label

    def test_a_changed_label(self, harness: Harness) -> None:
        for association in each(harness):
            if len(association.labels) >= 2:
                here, (a,) = cast(harness, association, 1)
                for label in association.labels[:2]:
                    value = [item(a, label)]
                    done(update(harness, association.role, here, **{association.field: value}))
                    labels = [one["label"] for one in linked(harness, association, here)]
                    assert labels == [label]

    def test_the_primary_one_moves(self, harness: Harness) -> None:
        for association in each(harness):
            if association.primary:
                here, (a, b) = cast(harness, association, 2)
                for first, second in ((a, b), (b, a)):
                    value = [item(first, primary=True), item(second)]
                    done(update(harness, association.role, here, **{association.field: value}))
                    items = linked(harness, association, here)
                    assert {one["id"] for one in items} == {a, b}
                    assert {one["id"] for one in items if one["primary"]} == {first}

    def test_an_association_to_nothing_is_refused_and_said(self, harness: Harness) -> None:
        for association in each(harness):
            text = harness.names[association.role].text
            here, (gone,) = cast(harness, association, 1)
            harness.delete(association.to, gone)
            fields = {text: "After", association.field: [item(gone)]}
            outcome = update(harness, association.role, here, **fields)
            assert linked_ids(harness, association, here) == set()
            if isinstance(outcome, Done):
                assert association.field in outcome.refused
                assert value_of(harness, association.role, here, text) == "After"
            else:
                assert isinstance(outcome, Refused)
                assert value_of(harness, association.role, here, text) == "From"

    def test_a_good_association_is_settled_beside_a_bad_one(self, harness: Harness) -> None:
        for association in each(harness):
            here, (good, gone) = cast(harness, association, 2)
            harness.delete(association.to, gone)
            value = [item(good), item(gone)]
            outcome = update(harness, association.role, here, **{association.field: value})
            if isinstance(outcome, Done):
                assert association.field in outcome.refused
            else:
                assert isinstance(outcome, Refused)
                assert linked_ids(harness, association, here) == set()
            assert linked_ids(harness, association, here) <= {good}

    def test_a_full_read_shows_them(self, harness: Harness) -> None:
        for association in each(harness):
            here, (a, b) = cast(harness, association, 2)
            harness.associate(association, here, a)
            harness.associate(association, here, b)
            records, _ = read_all(harness, association.role, [association.field])
            shown = records[here].fields[association.field]
            assert {one["id"] for one in shown} == {a, b}
            assert shown == linked(harness, association, here)

    def test_a_change_of_associations_alone_is_seen(self, harness: Harness) -> None:
        """In the feed, unless the field is declared silent: then by re-reading with `fetch`."""
        for association in each(harness):
            names = harness.names[association.role]
            here, (a,) = cast(harness, association, 1)
            _, cursor = read_all(harness, association.role, [association.field])
            harness.advance(120)
            harness.associate(association, here, a)
            silent = harness.connector.capabilities.silent_fields.get(names.object_type, ())
            if association.field in silent:
                assert linked_ids(harness, association, here) == {a}
            else:
                records, _ = read_all(harness, association.role, [association.field], cursor)
                assert {one["id"] for one in records[here].fields[association.field]} == {a}

    def test_a_removed_association_is_seen(self, harness: Harness) -> None:
        for association in each(harness):
            names = harness.names[association.role]
            here, (a,) = cast(harness, association, 1)
            harness.associate(association, here, a)
            _, cursor = read_all(harness, association.role, [association.field])
            harness.advance(120)
            done(update(harness, association.role, here, **{association.field: []}))
            silent = harness.connector.capabilities.silent_fields.get(names.object_type, ())
            if association.field in silent:
                assert linked_ids(harness, association, here) == set()
            else:
                records, _ = read_all(harness, association.role, [association.field], cursor)
                assert records[here].fields[association.field] == []

    def test_reading_silent_fields_alone_is_cheap(self, harness: Harness) -> None:
        silent = harness.connector.capabilities.silent_fields
        for association in each(harness):
            names = harness.names[association.role]
            if association.field in silent.get(names.object_type, ()):
                rows = [names.row(f"From {n}") for n in range(150)]
                ids = harness.insert_many(association.role, rows)
                _, (a,) = cast(harness, association, 1)
                harness.associate(association, ids[70], a)
                before = harness.connector.usage().calls
                found = harness.connector.fetch(names.object_type, [association.field], ids)
                assert harness.connector.usage().calls - before <= 2 * harness.tries
                shown = {r.id: [one["id"] for one in r.fields[association.field]] for r in found}
                assert shown[ids[70]] == [a]
                assert all(value == [] for id, value in shown.items() if id != ids[70])

    def test_a_deleted_record_is_associated_no_more(self, harness: Harness) -> None:
        for association in each(harness):
            here, (a, b) = cast(harness, association, 2)
            value = [item(a), item(b)]
            done(update(harness, association.role, here, **{association.field: value}))
            harness.delete(association.to, a)
            assert linked_ids(harness, association, here) == {b}
