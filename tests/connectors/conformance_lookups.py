"""Conformance of `fetch` and `find`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import SchemaDriftError
from tests.connectors import hostile
from tests.connectors.harness import ROLES, Harness, Role
from tests.connectors.support import fetch_one, ids_of


class LookupConformance:
    """Lookups answer what there is now, each record once, nothing made up."""

    @pytest.mark.parametrize("role", ROLES)
    def test_fetch_gives_the_record_as_it_is_now(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        id = harness.insert(role, names.row("Before"))
        harness.edit(role, id, {names.text: "After"})
        record = fetch_one(harness, role, id, names.text, names.other)
        assert record.id == id
        assert dict(record.fields) == {names.text: "After", names.other: None}
        assert record.requested_id in (None, id)
        assert not record.archived

    def test_fetch_drops_duplicates_and_unknown_ids(self, harness: Harness) -> None:
        names = harness.names["person"]
        a, b = harness.insert_many("person", [names.row("A"), names.row("B")])
        gone = harness.insert("account", harness.names["account"].row("Other type"))
        found = harness.connector.fetch(names.object_type, [names.text], [a, b, a, gone, b])
        assert ids_of(found) <= {a, b, gone}
        assert {a, b} <= ids_of(found)
        if gone not in (a, b):
            assert gone not in ids_of(found)

    @pytest.mark.parametrize("case", sorted(hostile.UNKNOWN_IDS))
    def test_an_id_that_cannot_be_is_dropped(self, harness: Harness, case: str) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Acme"))
        asked = [hostile.UNKNOWN_IDS[case], id]
        found = harness.connector.fetch(names.object_type, [names.text], asked)
        assert ids_of(found) == {id}

    def test_fetch_of_more_ids_than_a_batch(self, harness: Harness) -> None:
        names = harness.names["account"]
        many = harness.connector.capabilities.fetch_batch * 2 + 1
        ids = harness.insert_many("account", [names.row(f"Co {n}") for n in range(min(many, 900))])
        before = harness.connector.usage().calls
        found = harness.connector.fetch(names.object_type, [names.text], ids)
        assert ids_of(found) == set(ids)
        batches = -(-len(ids) // harness.connector.capabilities.fetch_batch)
        spent = harness.connector.usage().calls - before
        assert spent <= (batches + 1) * harness.tries, "ids go in batches"

    def test_a_deleted_record_is_never_shown_as_living(self, harness: Harness) -> None:
        names = harness.names["person"]
        id, kept = harness.insert_many("person", [names.row("Gone"), names.row("Kept")])
        harness.delete("person", id)
        found = harness.connector.fetch(names.object_type, [names.text], [id, kept])
        assert {r.id: r.archived for r in found}.get(id, True)
        assert {r.id: r.archived for r in found}[kept] is False

    def test_reads_in_four_threads_do_not_mix(self, harness: Harness) -> None:
        names = harness.names["account"]
        ids = harness.insert_many("account", [names.row(f"Co {n}") for n in range(12)])

        def text_of(n: int) -> object:
            return fetch_one(harness, "account", ids[n], names.text).fields[names.text]

        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(text_of, [n % 12 for n in range(24)]))
        assert texts == [f"Co {n % 12}" for n in range(24)]

    def test_find_gives_all_that_match_and_only_those(self, harness: Harness) -> None:
        names = harness.names["account"]
        ids = harness.insert_many(
            "account", [names.row("Acme"), names.row("Acme"), names.row("Acme 2"), names.row("A")]
        )
        harness.settle()
        found = harness.connector.find(names.object_type, [names.text], names.text, ["Acme"])
        assert ids_of(found) == set(ids[:2])
        assert all(dict(record.fields) == {names.text: "Acme"} for record in found)

    def test_find_without_match(self, harness: Harness) -> None:
        names = harness.names["account"]
        harness.insert("account", names.row("Acme"))
        harness.settle()
        for value in ("Acm", "Acme Ltd", "%", "*", ""):
            found = harness.connector.find(names.object_type, [names.text], names.text, [value])
            assert found == [], value

    def test_find_by_email_compares_case_as_the_vendor(self, harness: Harness) -> None:
        names = harness.names["person"]
        assert names.email is not None
        id = harness.insert("person", names.row("Ada", **{names.email: "ada@example.org"}))
        harness.insert("person", names.row("Bob", **{names.email: "bob@example.org"}))
        harness.settle()
        for value, expected in (("ada@example.org", True), ("ADA@Example.org", None)):
            found = harness.connector.find(names.object_type, [names.email], names.email, [value])
            hit = harness.find_ignores_case if expected is None else expected
            assert ids_of(found) == ({id} if hit else set()), value

    def test_find_drops_repeated_values(self, harness: Harness) -> None:
        names = harness.names["person"]
        assert names.email is not None
        id = harness.insert("person", names.row("Ada", **{names.email: "ada@example.org"}))
        harness.settle()
        asked = ["ada@example.org"] * 3 + ["nobody@example.org"]
        found = harness.connector.find(names.object_type, [names.text], names.email, asked)
        assert ids_of(found) == {id}

    def test_find_of_more_values_than_a_batch(self, harness: Harness) -> None:
        names = harness.names["person"]
        assert names.email is not None
        rows = [names.row(f"P {n}", **{names.email: f"p{n}@example.org"}) for n in range(240)]
        ids = harness.insert_many("person", rows)
        harness.settle()
        asked = [f"p{n}@example.org" for n in range(0, 480, 2)]
        found = harness.connector.find(names.object_type, [names.email], names.email, asked)
        assert ids_of(found) == set(ids[0::2])

    @pytest.mark.parametrize("case", hostile.SEARCHED)
    def test_find_takes_special_characters_as_they_are(self, harness: Harness, case: str) -> None:
        names = harness.names["account"]
        text = hostile.ONE_LINE[case]
        id = harness.insert("account", names.row(text))
        harness.insert("account", names.row("Innocent"))
        harness.settle()
        found = harness.connector.find(names.object_type, [names.text], names.text, [text])
        assert ids_of(found) == {id}
        assert found[0].fields[names.text] == text

    def test_find_leaves_out_the_deleted(self, harness: Harness) -> None:
        names = harness.names["person"]
        assert names.email is not None
        id = harness.insert("person", names.row("Ada", **{names.email: "ada@example.org"}))
        harness.delete("person", id)
        harness.settle()
        asked = ["ada@example.org"]
        found = harness.connector.find(names.object_type, [names.text], names.email, asked)
        assert [record for record in found if not record.archived] == []

    def test_without_fields_a_lookup_says_who_is_there(self, harness: Harness) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Acme"))
        record = fetch_one(harness, "account", id)
        assert (record.id, dict(record.fields)) == (id, {})

    def test_find_by_an_unknown_field_is_no_empty_answer(self, harness: Harness) -> None:
        names = harness.names["account"]
        harness.insert("account", names.row("Acme"))
        with pytest.raises(SchemaDriftError):
            harness.connector.find(names.object_type, [names.text], "no_such_field", ["Acme"])
