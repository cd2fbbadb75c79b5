"""Conformance of `describe`, `changes` and `usage`."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors.base import FieldSchema
from core.errors import ConnectorError, SchemaDriftError
from tests.connectors.harness import ROLES, Harness, Role
from tests.connectors.support import collect, fetch_one, read_all


class ReadingConformance:
    """A reading may repeat a record and never skips one."""

    @pytest.mark.parametrize("role", ROLES)
    def test_describe_shows_the_fields(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        schema = harness.connector.describe(names.object_type)
        assert schema.object_type == names.object_type
        assert schema.createable
        assert schema.updateable
        for name in (names.text, names.other, names.email, names.date, names.number, names.stamp):
            if name is not None:
                assert isinstance(schema.fields[name], FieldSchema)
                assert schema.fields[name].name == name
                assert schema.fields[name].updateable

    def test_describe_tells_what_a_field_takes(self, harness: Harness) -> None:
        for role in ROLES:
            names = harness.names[role]
            fields = harness.connector.describe(names.object_type).fields
            if names.picklist is not None:
                values = {value.value for value in fields[names.picklist].picklist}
                assert set(names.picklist_values) <= values
                assert names.bad_picklist not in values
            if names.stamp is not None:
                assert fields[names.stamp].unique
            if names.reference is not None and names.reference_to is not None:
                target = harness.names[names.reference_to].object_type
                assert target in fields[names.reference].references
        for association in harness.associations:
            fields = harness.connector.describe(harness.names[association.role].object_type).fields
            assert fields[association.field].type == "association"

    def test_describe_of_an_unknown_object_type_is_drift(self, harness: Harness) -> None:
        with pytest.raises(SchemaDriftError):
            harness.connector.describe("No_Such_Thing")

    def test_an_empty_read_gives_a_cursor(self, harness: Harness) -> None:
        for role in ROLES:
            records, cursor = read_all(harness, role)
            assert records == {}
            again, _ = read_all(harness, role, since=cursor)
            assert again == {}

    @pytest.mark.parametrize("role", ROLES)
    def test_a_full_read_of_several_pages(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        size = harness.small_pages(3)
        rows = [names.row(f"Row {n}") for n in range(2 * size + 1)]
        made = harness.insert_many(role, rows)
        harness.settle()
        pages = list(harness.connector.changes(names.object_type, [names.text], None))
        assert len(pages) >= 3
        records = {record.id: record for page in pages for record in page.records}
        assert set(records) == set(made)
        assert {r.fields[names.text] for r in records.values()} == {r[names.text] for r in rows}

    def test_a_record_has_the_fields_asked_for_and_its_stamps(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = harness.insert("person", names.row("Ada"))
        record = read_all(harness, "person", [names.text, names.other])[0][id]
        assert dict(record.fields) == {names.text: "Ada", names.other: None}
        assert record.object_type == names.object_type
        assert not record.archived
        assert record.moved is None
        assert record.modified is not None
        assert record.modified.utcoffset() == timedelta(0)

    def test_an_edit_by_a_person_is_found(self, harness: Harness) -> None:
        names = harness.names["account"]
        ids = harness.insert_many("account", [names.row(f"Acme {n}") for n in range(3)])
        _, cursor = read_all(harness, "account")
        harness.advance(5)
        harness.edit("account", ids[1], {names.text: "Acme renamed"})
        records, _ = read_all(harness, "account", since=cursor)
        assert records[ids[1]].fields[names.text] == "Acme renamed"

    def test_a_cleared_value_is_found(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = harness.insert("person", names.row("Ada", **{names.other: "Countess"}))
        _, cursor = read_all(harness, "person")
        harness.edit("person", id, {names.other: None})
        records, _ = read_all(harness, "person", [names.other], cursor)
        assert records[id].fields == {names.other: None}

    @pytest.mark.parametrize("role", ROLES)
    def test_a_creation_by_a_person_is_found(self, harness: Harness, role: Role) -> None:
        _, cursor = read_all(harness, role)
        harness.advance(5)
        id = harness.insert(role, harness.names[role].row("New"))
        records, _ = read_all(harness, role, since=cursor)
        assert id in records

    @pytest.mark.parametrize("role", ROLES)
    def test_a_deletion_by_a_person_is_found(self, harness: Harness, role: Role) -> None:
        names = harness.names[role]
        kept, gone = harness.insert_many(role, [names.row("Kept"), names.row("Gone")])
        _, cursor = read_all(harness, role)
        harness.advance(120)
        harness.delete(role, gone)
        records, _ = read_all(harness, role, since=cursor)
        assert records[gone].archived
        assert records[gone].moved is None
        assert kept not in records or not records[kept].archived

    def test_deletion_and_creation_of_as_many_are_both_found(self, harness: Harness) -> None:
        names = harness.names["person"]
        gone = harness.insert_many("person", [names.row("One"), names.row("Two")])
        _, cursor = read_all(harness, "person")
        harness.advance(120)
        for id in gone:
            harness.delete("person", id)
        new = harness.insert_many("person", [names.row("Three"), names.row("Four")])
        records, _ = read_all(harness, "person", since=cursor)
        assert all(records[id].archived for id in gone)
        assert all(not records[id].archived for id in new)

    def test_created_and_deleted_between_two_readings(self, harness: Harness) -> None:
        names = harness.names["person"]
        harness.insert("person", names.row("Stays"))
        _, cursor = read_all(harness, "person")
        harness.advance(120)
        brief = harness.insert("person", names.row("Brief"))
        harness.delete("person", brief)
        records, _ = read_all(harness, "person", since=cursor)
        assert brief not in records or records[brief].archived

    def test_equal_stamps_over_page_borders(self, harness: Harness) -> None:
        names = harness.names["person"]
        size = harness.small_pages(2)
        _, cursor = read_all(harness, "person")
        harness.advance(120)
        made = harness.insert_many("person", [names.row(f"Twin {n}") for n in range(3 * size)])
        records, _ = read_all(harness, "person", since=cursor)
        assert set(records) >= set(made)

    def test_an_edit_during_paging_is_not_lost(self, harness: Harness) -> None:
        names = harness.names["person"]
        size = harness.small_pages(2)
        made = harness.insert_many("person", [names.row(f"Row {n}") for n in range(2 * size + 1)])
        harness.settle()
        latest: dict[str, object] = {}
        edited: list[str] = []
        cursor = ""
        for page in harness.connector.changes(names.object_type, [names.text], None):
            latest |= {r.id: r.fields[names.text] for r in page.records}
            cursor = page.cursor
            if not edited:
                seen, unseen = page.records[0].id, next(i for i in made if i not in latest)
                edited = [seen, unseen, made[0], made[-1]]
                harness.advance(1)
                for id in edited:
                    harness.edit("person", id, {names.text: f"Edited {id}"})
        later, _ = read_all(harness, "person", since=cursor)
        latest |= {r.id: r.fields[names.text] for r in later.values()}
        assert set(latest) == set(made)
        assert {id: latest[id] for id in edited} == {id: f"Edited {id}" for id in edited}

    def test_a_deletion_during_paging_skips_nobody(self, harness: Harness) -> None:
        names = harness.names["person"]
        size = harness.small_pages(2)
        made = harness.insert_many("person", [names.row(f"Row {n}") for n in range(3 * size)])
        harness.settle()
        seen: set[str] = set()
        for page in harness.connector.changes(names.object_type, [names.text], None):
            if not seen:
                harness.delete("person", page.records[0].id)
            seen |= {record.id for record in page.records}
        assert seen == set(made)

    def test_an_interrupted_reading_resumes_from_its_page(self, harness: Harness) -> None:
        names = harness.names["person"]
        size = harness.small_pages(2)
        made = set(harness.insert_many("person", [names.row(f"R {n}") for n in range(4 * size)]))
        harness.settle()
        seen: set[str] = set()
        cursor = None
        for _ in range(20 * size):
            page = next(iter(harness.connector.changes(names.object_type, [names.text], cursor)))
            seen |= {record.id for record in page.records}
            cursor = page.cursor
            if seen == made:
                break
        assert seen == made

    def test_a_reading_resumed_in_a_new_process(self, harness: Harness) -> None:
        names = harness.names["account"]
        size = harness.small_pages(2)
        made = harness.insert_many("account", [names.row(f"Co {n}") for n in range(2 * size)])
        harness.settle()
        first = next(iter(harness.connector.changes(names.object_type, [names.text], None)))
        cursor = json.loads(json.dumps({"cursor": first.cursor}))["cursor"]
        assert isinstance(json.loads(cursor), dict | list)
        other = harness.reconnect()
        rest, _ = collect(other, names.object_type, [names.text], cursor)
        other.close()
        assert {record.id for record in first.records} | set(rest) >= set(made)

    def test_a_cursor_can_be_used_again(self, harness: Harness) -> None:
        names = harness.names["account"]
        _, cursor = read_all(harness, "account")
        harness.advance(5)
        id = harness.insert("account", names.row("Late"))
        assert id in read_all(harness, "account", since=cursor)[0]
        assert id in read_all(harness, "account", since=cursor)[0]

    def test_an_incremental_reading_is_not_a_full_one(self, harness: Harness) -> None:
        names = harness.names["account"]
        old = set(harness.insert_many("account", [names.row(f"Old {n}") for n in range(30)]))
        harness.advance(86_400)
        harness.insert("account", names.row("Young"))
        _, cursor = read_all(harness, "account")
        harness.advance(86_400)
        edited = old.pop()
        harness.edit("account", edited, {names.text: "Edited"})
        records, _ = read_all(harness, "account", since=cursor)
        assert edited in records
        assert not old & set(records)

    def test_an_unknown_field_is_drift_not_silence(self, harness: Harness) -> None:
        names = harness.names["account"]
        harness.insert("account", names.row("Acme"))
        with pytest.raises(SchemaDriftError):
            list(harness.connector.changes(names.object_type, [names.text, "no_such_field"], None))

    def test_an_unknown_object_type_is_drift(self, harness: Harness) -> None:
        with pytest.raises(SchemaDriftError):
            list(harness.connector.changes("No_Such_Thing", ["name"], None))

    def test_reading_writes_nothing(self, harness: Harness) -> None:
        names = harness.names["person"]
        id = harness.insert("person", names.row("Ada"))
        before = harness.write_requests()
        connector = harness.connector
        connector.describe(names.object_type)
        read_all(harness, "person")
        fetch_one(harness, "person", id, names.text)
        connector.find(names.object_type, [names.text], names.text, ["Ada"])
        connector.diagnose([names.object_type])
        connector.usage()
        assert harness.write_requests() == before

    def test_usage_counts_reads(self, harness: Harness) -> None:
        start = harness.connector.usage()
        read_all(harness, "account")
        read = harness.connector.usage()
        assert read.calls > start.calls
        assert read.reads > start.reads
        assert read.writes == start.writes
        assert read.calls >= read.reads + read.writes
        assert sum(read.by_route.values()) == read.calls

    def test_fetching_nothing_costs_nothing(self, harness: Harness) -> None:
        names = harness.names["account"]
        before = harness.connector.usage().calls
        assert harness.connector.fetch(names.object_type, [names.text], []) == []
        assert harness.connector.find(names.object_type, [names.text], names.text, []) == []
        assert harness.connector.apply(names.object_type, []) == []
        assert harness.connector.usage().calls == before

    def test_diagnose_of_a_sound_account_finds_no_problem(self, harness: Harness) -> None:
        object_types = [harness.names[role].object_type for role in ROLES]
        findings = harness.connector.diagnose(object_types)
        assert findings
        assert [f for f in findings if f.level == "problem"] == []

    def test_diagnose_names_a_missing_object_type(self, harness: Harness) -> None:
        findings = harness.connector.diagnose(["No_Such_Thing"])
        problems = [f for f in findings if f.level == "problem"]
        assert any("No_Such_Thing" in f.subject + f.message for f in problems)
        assert all(f.remedy for f in problems)

    def test_every_field_described_can_be_read(self, harness: Harness) -> None:
        for role in ROLES:
            names = harness.names[role]
            id = harness.insert(role, names.row("Whole"))
            fields = list(harness.connector.describe(names.object_type).fields)
            record = read_all(harness, role, fields)[0][id]
            assert set(record.fields) == set(fields)
            assert dict(fetch_one(harness, role, id, *fields).fields) == dict(record.fields)

    def test_a_field_asked_for_twice_is_read_once(self, harness: Harness) -> None:
        names = harness.names["account"]
        id = harness.insert("account", names.row("Acme"))
        records, _ = read_all(harness, "account", [names.text, names.other, names.text])
        assert dict(records[id].fields) == {names.text: "Acme", names.other: None}

    def test_a_cursor_that_is_none_of_ours_is_told(self, harness: Harness) -> None:
        names = harness.names["account"]
        for cursor in ("", "garbage", "[]", "{}", '{"t": "yesterday"}', "null"):
            with pytest.raises(ConnectorError):
                list(harness.connector.changes(names.object_type, [names.text], cursor))

    def test_repr_shows_no_secret(self, harness: Harness) -> None:
        assert harness.secrets
        assert all(secret not in repr(harness.connector) for secret in harness.secrets)
