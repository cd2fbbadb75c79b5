"""Contacts to multiple accounts in the Salesforce sandbox: strict about the direct relation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.salesforce_kit import Kit, running_kit

RELATION = "AccountContactRelation"


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit(contacts_to_multiple_accounts=True) as made:
        yield made


def shown(kit: Kit, contact: str) -> dict[str, tuple[bool, str | None]]:
    rows = kit.rows(
        f"SELECT AccountId, IsDirect, Roles FROM {RELATION} WHERE ContactId = '{contact}'"
    )
    return {row["AccountId"]: (row["IsDirect"], row["Roles"]) for row in rows}


@pytest.fixture
def world(kit: Kit) -> dict[str, str]:
    one, two = (kit.create("Account", Name=name) for name in ("One", "Two"))
    ann = kit.create("Contact", LastName="Ann", AccountId=one)
    indirect = kit.create(RELATION, AccountId=two, ContactId=ann, Roles="Evaluator;Other")
    return {"one": one, "two": two, "ann": ann, "indirect": indirect}


def test_the_contact_s_own_account_is_its_direct_relation(kit: Kit, world: dict[str, str]) -> None:
    assert shown(kit, world["ann"]) == {
        world["one"]: (True, None),
        world["two"]: (False, "Evaluator;Other"),
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"AccountId": "two", "ContactId": "ann"}, "DUPLICATE_VALUE"),
        ({"AccountId": "two", "ContactId": "private"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"AccountId": "one", "ContactId": "ann", "IsDirect": True}, "INVALID_FIELD_FOR_INSERT"),
    ],
)
def test_what_cannot_be_related(
    kit: Kit, world: dict[str, str], fields: dict[str, Any], code: str
) -> None:
    known = {**world, "private": kit.create("Contact", LastName="Private")}
    given = {name: known.get(value, value) for name, value in fields.items()}
    assert kit.error("POST", f"sobjects/{RELATION}", given)[1].startswith(code)


def test_a_direct_relation_is_not_deleted(kit: Kit, world: dict[str, str]) -> None:
    (direct,) = kit.rows(f"SELECT Id FROM {RELATION} WHERE IsDirect = true")
    assert kit.error("DELETE", f"sobjects/{RELATION}/{direct['Id']}")[1] == "DELETE_FAILED"
    kit.edit(RELATION, "delete", world["indirect"])
    assert list(shown(kit, world["ann"])) == [world["one"]]


@pytest.mark.parametrize("kept", [True, False])
def test_a_contact_that_moves_keeps_its_former_account_by_the_setting(kit: Kit, kept: bool) -> None:
    kit.config(keep_former_account=kept)
    one, two = (kit.create("Account", Name=name) for name in ("One", "Two"))
    ann = kit.create("Contact", LastName="Ann", AccountId=one)
    kit.edit("Contact", "update", ann, AccountId=two)
    former = {one: (False, None)} if kept else {}
    assert shown(kit, ann) == {**former, two: (True, None)}


def test_an_account_stays_while_its_contacts_have_others(kit: Kit, world: dict[str, str]) -> None:
    assert kit.error("DELETE", f"sobjects/Account/{world['one']}")[1] == "DELETE_FAILED"
    kit.edit("Account", "delete", world["two"])
    assert list(shown(kit, world["ann"])) == [world["one"]]


def test_merged_contacts_have_each_account_once(kit: Kit, world: dict[str, str]) -> None:
    twin = kit.create("Contact", LastName="Ann", AccountId=world["two"])
    kit.edit("Contact", "merge", world["ann"], losers=[twin])
    assert shown(kit, world["ann"]) == {
        world["one"]: (True, None),
        world["two"]: (False, "Evaluator;Other"),
    }


def test_merged_accounts_leave_one_relation_a_contact(kit: Kit, world: dict[str, str]) -> None:
    kit.edit("Account", "merge", world["two"], losers=[world["one"]])
    assert shown(kit, world["ann"]) == {world["two"]: (True, "Evaluator;Other")}


def test_the_switch_makes_and_removes_the_object(kit: Kit, world: dict[str, str]) -> None:
    kit.config(contacts_to_multiple_accounts=False)
    assert kit.error("GET", f"sobjects/{RELATION}/describe")[1] == "NOT_FOUND"
    described = kit.call("GET", "sobjects/Contact/describe").json()
    names = [child["relationshipName"] for child in described["childRelationships"]]
    assert "AccountContactRelations" not in names
    kit.edit("Contact", "update", world["ann"], Title="CTO")
    kit.config(contacts_to_multiple_accounts=True)
    assert shown(kit, world["ann"]) == {world["one"]: (True, None)}
