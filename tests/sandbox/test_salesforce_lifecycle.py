"""Deleting, restoring, merging and converting: everything that follows from one act."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.salesforce_kit import Kit, running_kit


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


@pytest.fixture
def company(kit: Kit) -> dict[str, str]:
    """An account with a child account, two people, an open deal and a role."""
    top = kit.create("Account", Name="top")
    child = kit.create("Account", Name="child", ParentId=top)
    boss = kit.create("Contact", LastName="boss", AccountId=top)
    clerk = kit.create("Contact", LastName="clerk", AccountId=top, ReportsToId=boss)
    deal = kit.create("Opportunity", Name="d", StageName="Prospecting", CloseDate="2024-08-01",
                      AccountId=top)  # fmt: skip
    role = kit.create("OpportunityContactRole", OpportunityId=deal, ContactId=boss)
    return {"top": top, "child": child, "boss": boss, "clerk": clerk, "deal": deal, "role": role}


def row_of(kit: Kit, object_type: str, id_: str, fields: str) -> dict[str, Any]:
    return kit.rows(f"SELECT {fields} FROM {object_type} WHERE Id = '{id_}'", every=True)[0]


def live(kit: Kit, object_type: str) -> int:
    total: int = kit.query(f"SELECT COUNT() FROM {object_type}")["totalSize"]
    return total


def test_deleting_an_account_takes_its_people_and_deals_along(
    kit: Kit, company: dict[str, str]
) -> None:
    kit.advance(60)
    kit.call("DELETE", f"sobjects/Account/{company['top']}")
    assert [live(kit, name) for name in ("Contact", "Opportunity", "OpportunityContactRole")] == [
        0, 0, 0,
    ]  # fmt: skip
    child = kit.get("Account", company["child"], "ParentId,SystemModstamp,LastModifiedDate")
    assert child["ParentId"] is None
    assert child["SystemModstamp"] > child["LastModifiedDate"]
    for name, object_type in (("clerk", "Contact"), ("role", "OpportunityContactRole")):
        row = row_of(kit, object_type, company[name], "IsDeleted, SystemModstamp")
        assert (row["IsDeleted"], row["SystemModstamp"]) == (True, "2024-05-06T07:09:09.000+0000")


def test_restoring_brings_back_what_went_along(kit: Kit, company: dict[str, str]) -> None:
    kit.call("DELETE", f"sobjects/Contact/{company['clerk']}")
    kit.call("DELETE", f"sobjects/Account/{company['top']}")
    kit.edit("Account", "restore", company["top"])
    assert live(kit, "Contact") == 1, "the clerk was deleted before and stays so"
    assert kit.get("Account", company["child"], "ParentId")["ParentId"] == company["top"]
    assert live(kit, "Opportunity") == live(kit, "OpportunityContactRole") == 1
    again = {"object_type": "Account", "verb": "restore", "id": company["top"]}
    assert kit.admin.post("/edit", json=again).json()[0]["errorCode"] == "UNDELETE_FAILED"


def test_what_went_along_does_not_come_back_by_itself(kit: Kit, company: dict[str, str]) -> None:
    kit.call("DELETE", f"sobjects/Account/{company['top']}")
    alone = {"object_type": "Contact", "verb": "restore", "id": company["clerk"]}
    assert kit.admin.post("/edit", json=alone).json()[0]["errorCode"] == "UNDELETE_FAILED"
    assert live(kit, "Contact") == 0
    kit.edit("Account", "restore", company["top"])
    assert live(kit, "Contact") == 2


def test_an_account_with_won_deals_is_not_deleted(kit: Kit, company: dict[str, str]) -> None:
    kit.call("PATCH", f"sobjects/Opportunity/{company['deal']}", {"StageName": "Closed Won"})
    refused = kit.error("DELETE", f"sobjects/Account/{company['top']}")
    assert refused[:2] == (400, "DELETE_FAILED")
    assert live(kit, "Contact") == 2


def test_a_merge_moves_the_children_and_points_to_the_survivor(
    kit: Kit, company: dict[str, str]
) -> None:
    winner = kit.create("Account", Name="winner")
    kit.advance(60)
    done = kit.edit("Account", "merge", winner, losers=[company["top"]], Phone="9")
    assert done["mergedRecordIds"] == [company["top"]]
    assert set(done["updatedRelatedIds"]) == {
        company["child"], company["boss"], company["clerk"], company["deal"],
    }  # fmt: skip
    loser = row_of(kit, "Account", company["top"], "IsDeleted, MasterRecordId, SystemModstamp")
    assert (loser["IsDeleted"], loser["MasterRecordId"]) == (True, winner)
    boss = kit.get("Contact", company["boss"], "AccountId,SystemModstamp,LastModifiedDate")
    assert boss["AccountId"] == winner
    assert boss["SystemModstamp"] == loser["SystemModstamp"] > boss["LastModifiedDate"]
    assert kit.get("Account", winner, "Phone")["Phone"] == "9"
    assert kit.error("GET", f"sobjects/Account/{company['top']}")[0] == 404
    restore = {"object_type": "Account", "verb": "restore", "id": company["top"]}
    assert kit.admin.post("/edit", json=restore).status_code == 400


def test_merged_people_keep_one_role_per_deal(kit: Kit, company: dict[str, str]) -> None:
    kit.create("OpportunityContactRole", OpportunityId=company["deal"], ContactId=company["clerk"])
    kit.edit("Contact", "merge", company["boss"], losers=[company["clerk"]])
    roles = kit.rows("SELECT ContactId FROM OpportunityContactRole")
    assert [role["ContactId"] for role in roles] == [company["boss"]]
    assert kit.get("Contact", company["boss"], "ReportsToId")["ReportsToId"] is None


@pytest.mark.parametrize("losers", [[], ["self"], ["a", "b", "c"]])
def test_merges_that_make_no_sense(kit: Kit, losers: list[str]) -> None:
    winner = kit.create("Account", Name="w")
    ids = [winner if name == "self" else kit.create("Account", Name=name) for name in losers]
    body = {"object_type": "Account", "verb": "merge", "id": winner, "fields": {"losers": ids}}
    assert kit.admin.post("/edit", json=body).json()[0]["errorCode"] == "INVALID_OPERATION"
    assert live(kit, "Account") == len({winner, *ids})


def a_lead(kit: Kit, **fields: Any) -> str:
    known = {"FirstName": "Ada", "LastName": "Lee", "Company": "Acme", "Email": "ada@acme.com"}
    return kit.create("Lead", **{**known, "Phone": "1", "LeadSource": "Web", **fields})


def test_converting_a_lead_makes_contact_account_and_opportunity(kit: Kit) -> None:
    lead = a_lead(kit, City="Berlin", Industry="Energy")
    kit.advance(60)
    done = kit.edit("Lead", "convert", lead)
    account = kit.get("Account", done["accountId"])
    assert (account["Name"], account["BillingCity"], account["Industry"]) == (
        "Acme", "Berlin", "Energy",
    )  # fmt: skip
    contact = kit.get("Contact", done["contactId"])
    assert (contact["Name"], contact["Email"], contact["AccountId"], contact["MailingCity"]) == (
        "Ada Lee", "ada@acme.com", done["accountId"], "Berlin",
    )  # fmt: skip
    deal = kit.get("Opportunity", done["opportunityId"])
    assert (deal["Name"], deal["StageName"], deal["CloseDate"]) == (
        "Acme-", "Prospecting", "2024-06-30",
    )  # fmt: skip
    roles = kit.rows("SELECT OpportunityId, ContactId, IsPrimary FROM OpportunityContactRole")
    assert [(role["OpportunityId"], role["ContactId"], role["IsPrimary"]) for role in roles] == [
        (done["opportunityId"], done["contactId"], True)
    ]
    row = kit.get("Lead", lead)
    assert (row["IsConverted"], row["Status"], row["ConvertedDate"]) == (
        True, "Closed - Converted", "2024-05-06",
    )  # fmt: skip
    assert (row["ConvertedAccountId"], row["ConvertedContactId"]) == (
        done["accountId"], done["contactId"],
    )  # fmt: skip
    assert row["SystemModstamp"] == "2024-05-06T07:09:09.000+0000"


def test_a_converted_lead_is_read_only(kit: Kit) -> None:
    lead = a_lead(kit)
    kit.edit("Lead", "convert", lead, doNotCreateOpportunity=True)
    assert kit.error("PATCH", f"sobjects/Lead/{lead}", {"Phone": "2"}) == (
        400,
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "cannot reference converted lead",
    )
    again = {"object_type": "Lead", "verb": "convert", "id": lead}
    assert kit.admin.post("/edit", json=again).status_code == 400
    assert live(kit, "Opportunity") == 0


def test_converting_into_existing_records_fills_only_blanks(kit: Kit) -> None:
    account = kit.create("Account", Name="Real name")
    contact = kit.create("Contact", LastName="Old", Phone="999", AccountId=account)
    lead = a_lead(kit)
    done = kit.edit(
        "Lead", "convert", lead, accountId=account, contactId=contact, opportunityName="Big"
    )
    assert (done["accountId"], done["contactId"]) == (account, contact)
    assert kit.get("Account", account, "Name,Phone")["Name"] == "Real name"
    assert kit.get("Account", account, "Phone")["Phone"] == "1"
    person = kit.get("Contact", contact, "LastName,FirstName,Phone,Email")
    assert (person["LastName"], person["FirstName"], person["Phone"]) == ("Old", "Ada", "999")
    assert kit.get("Opportunity", done["opportunityId"], "Name")["Name"] == "Big"
    assert live(kit, "Account") == live(kit, "Contact") == 1


def test_conversions_that_are_refused_leave_nothing_behind(kit: Kit) -> None:
    queue = kit.seed(Group=[{"Name": "In", "Type": "Queue"}])["Group"][0]
    lead = kit.seed(Lead=[{"LastName": "x", "Company": "c", "OwnerId": queue}])["Lead"][0]
    other = kit.create("Account", Name="o")
    person = kit.create("Contact", LastName="p", AccountId=kit.create("Account", Name="q"))
    for fields in (
        {},
        {"ownerId": queue},
        {"ownerId": user(kit), "convertedStatus": "Working - Contacted"},
        {"ownerId": user(kit), "accountId": other, "contactId": person},
    ):
        body = {"object_type": "Lead", "verb": "convert", "id": lead, "fields": fields}
        assert kit.admin.post("/edit", json=body).status_code == 400
    assert (live(kit, "Account"), live(kit, "Contact"), live(kit, "Opportunity")) == (2, 1, 0)
    kit.edit("Lead", "convert", lead, ownerId=user(kit))
    assert kit.get("Lead", lead, "OwnerId")["OwnerId"] == user(kit)


def user(kit: Kit) -> str:
    found: str = kit.rows("SELECT Id FROM User LIMIT 1")[0]["Id"]
    return found
