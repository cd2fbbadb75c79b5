"""SOAP: a zeep client of our WSDL, simple-salesforce's login, and the faults."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from tests.sandbox.salesforce_kit import NOW, Kit, running_kit

zeep = pytest.importorskip("zeep")


@pytest.fixture
def kit() -> Iterator[Kit]:
    with running_kit() as made:
        yield made


class Soap:
    """A zeep client of the sandbox, signed in with SOAP login."""

    def __init__(self, kit: Kit, version: str = "59.0") -> None:
        session = requests.Session()
        session.verify = str(kit.running.ca_file)
        session.trust_env = False
        self.session = session
        url = f"{kit.running.url}/services/Soap/u/{version}"
        transport = zeep.Transport(session=session)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.client = zeep.Client(f"{url}?wsdl", transport=transport)
        self.kit = kit
        self.headers: dict[str, Any] = {}

    def login(self, **other: str) -> Any:
        known = {**self.kit.sandbox.credentials, **other}
        result = self.client.service.login(
            username=known["username"], password=known["password"] + known["security_token"]
        )
        result = getattr(result, "result", result)
        self.headers = {"SessionHeader": {"sessionId": result.sessionId}}
        return result

    def call(self, name: str, *args: Any, **fields: Any) -> Any:
        answer = self.client.service[name](*args, _soapheaders=self.headers, **fields)
        return answer.body.result if hasattr(answer, "body") else answer


@pytest.fixture
def soap(kit: Kit) -> Iterator[Soap]:
    made = Soap(kit)
    made.login()
    yield made
    made.session.close()


def lead(kit: Kit, **fields: Any) -> str:
    return kit.create("Lead", **{"LastName": "Doe", "Company": "Acme", **fields})


def wish(lead_id: str, **more: Any) -> dict[str, Any]:
    return {
        "leadId": lead_id, "convertedStatus": "Closed - Converted", "overwriteLeadSource": False,
        "doNotCreateOpportunity": True, "sendNotificationEmail": False, **more,
    }  # fmt: skip


def test_login_opens_a_session_that_rest_accepts_too(kit: Kit, soap: Soap) -> None:
    result = soap.login()
    assert result.serverUrl.startswith(f"{kit.running.url}/services/Soap/u/59.0/00D")
    assert result.userInfo.userName == kit.sandbox.credentials["username"]
    headers = {"Authorization": f"Bearer {result.sessionId}"}
    assert kit.http.get("/services/data/v60.0/limits", headers=headers).status_code == 200


def test_simple_salesforce_signs_in_over_soap(kit: Kit) -> None:
    known = kit.sandbox.credentials
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(kit.running.ca_file)
        given = {"username": known["username"], "password": known["password"],
                 "scratch_url": kit.running.url, "session": session}  # fmt: skip
        token, instance = SalesforceLogin(security_token=known["security_token"], **given)
        assert instance == kit.running.url.removeprefix("https://")
        assert kit.http.get(
            "/services/data/v60.0/limits", headers={"Authorization": f"Bearer {token}"}
        ).is_success
        with pytest.raises(SalesforceAuthenticationFailed) as wrong:
            SalesforceLogin(security_token="no", **given)
        assert wrong.value.code == "INVALID_LOGIN"
        with pytest.raises(SalesforceAuthenticationFailed) as retired:
            SalesforceLogin(security_token=known["security_token"], sf_version="65.0", **given)
        assert retired.value.code == "UNSUPPORTED_API_VERSION"


def test_a_wrong_password_or_session_is_a_typed_fault(soap: Soap) -> None:
    with pytest.raises(zeep.exceptions.Fault, match="INVALID_LOGIN") as wrong:
        soap.login(password="no")
    assert wrong.value.code.endswith("INVALID_LOGIN")
    soap.headers = {"SessionHeader": {"sessionId": "gone"}}
    with pytest.raises(zeep.exceptions.Fault, match="INVALID_SESSION_ID") as expired:
        soap.call("getServerTimestamp")
    assert expired.value.code == "sf:INVALID_SESSION_ID"


def test_a_lead_is_converted_into_new_records(kit: Kit, soap: Soap) -> None:
    id_ = lead(kit, Email="d@acme.example", Industry="Energy")
    given = wish(id_, doNotCreateOpportunity=False, opportunityName="Deal")
    (result,) = soap.call("convertLead", leadConverts=[given])
    assert (result.success, result.leadId, result.errors) == (True, id_, [])
    made = kit.get("Lead", id_)
    assert made["IsConverted"] is True
    assert made["ConvertedDate"] == "2024-05-06"
    assert made["ConvertedContactId"] == result.contactId
    assert kit.get("Account", result.accountId)["Industry"] == "Energy"
    assert kit.get("Opportunity", result.opportunityId)["Name"] == "Deal"
    refused = kit.error("PATCH", f"sobjects/Lead/{id_}", {"Company": "x"})
    assert refused[1] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_each_lead_is_converted_for_itself(kit: Kit, soap: Soap) -> None:
    queue = kit.seed(Group=[{"Name": "q", "Type": "Queue"}])["Group"][0]
    owned = kit.seed(Lead=[{"LastName": "q", "Company": "c", "OwnerId": queue}])["Lead"][0]
    good, again = lead(kit), lead(kit)
    soap.call("convertLead", leadConverts=[wish(again)])
    results = soap.call("convertLead", leadConverts=[
        wish(good, convertedStatus="Working - Contacted"), wish(again), wish(owned),
        wish("00QHx0000000999"), wish(good),
    ])  # fmt: skip
    codes = [one.errors[0].statusCode if one.errors else None for one in results]
    assert codes == [
        "INVALID_STATUS", "CANNOT_UPDATE_CONVERTED_LEAD", "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_CROSS_REFERENCE_KEY", None,
    ]  # fmt: skip
    assert [one.success for one in results] == [False, False, False, False, True]
    user = kit.rows("SELECT Id FROM User")[0]["Id"]
    (owner,) = soap.call("convertLead", leadConverts=[wish(owned, ownerId=user)])
    assert owner.success


def test_only_empty_fields_of_an_existing_contact_are_filled(kit: Kit, soap: Soap) -> None:
    account = kit.create("Account", Name="Acme")
    contact = kit.create("Contact", LastName="Doe", AccountId=account, LeadSource="Web")
    id_ = lead(kit, Title="CEO", LeadSource="Other", FirstName="Jo")
    soap.call("convertLead", leadConverts=[wish(id_, accountId=account, contactId=contact)])
    row = kit.get("Contact", contact)
    assert (row["Title"], row["LeadSource"], row["FirstName"]) == ("CEO", "Web", "Jo")
    other = lead(kit, LeadSource="Other", Title="CTO")
    given = wish(other, accountId=account, contactId=contact, overwriteLeadSource=True)
    soap.call("convertLead", leadConverts=[given])
    row = kit.get("Contact", contact)
    assert (row["Title"], row["LeadSource"]) == ("CEO", "Other")


def test_too_many_leads_are_a_fault(soap: Soap) -> None:
    many = [wish("00QHx0000000999")] * 101
    with pytest.raises(zeep.exceptions.Fault, match="EXCEEDED_LEAD_CONVERT_LIMIT"):
        soap.call("convertLead", leadConverts=many)


def merging(soap: Soap, type_: str, master: str, losers: list[str], **fields: str) -> Any:
    from lxml import etree

    namespace = "urn:sobject.partner.soap.sforce.com"
    nodes = []
    for name, value in fields.items():
        node = etree.Element(f"{{{namespace}}}{name}")
        node.text = value
        nodes.append(node)
    record = soap.client.get_type(f"{{{namespace}}}sObject")(type=type_, Id=master,
                                                             _value_1=nodes)  # fmt: skip
    request = {"masterRecord": record, "recordToMergeIds": losers}
    (result,) = soap.call("merge", request=[request])
    return result


def test_a_merge_moves_children_and_marks_the_losers(kit: Kit, soap: Soap) -> None:
    master, one, two = (kit.create("Account", Name=name) for name in "abc")
    child = kit.create("Contact", LastName="x", AccountId=one)
    kit.advance(10)
    result = merging(soap, "Account", master, [one, two], Name="all")
    assert (result.success, result.id) == (True, master)
    assert sorted(result.mergedRecordIds) == sorted([one, two])
    assert list(result.updatedRelatedIds) == [child]
    assert kit.get("Account", master)["Name"] == "all"
    rows = kit.rows("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", every=True)
    assert {row["Id"]: row["MasterRecordId"] for row in rows} == {one: master, two: master}


@pytest.mark.parametrize(
    ("type_", "losers", "code"),
    [
        ("Account", ["001Hx0000000999"], "INVALID_CROSS_REFERENCE_KEY"),
        ("Account", ["@self"], "INVALID_OPERATION"),
        ("Opportunity", ["001Hx0000000999"], "INVALID_OPERATION"),
        ("Account", [], "INVALID_OPERATION"),
    ],
)
def test_a_merge_that_cannot_be_is_a_result_with_its_error(
    kit: Kit, soap: Soap, type_: str, losers: list[str], code: str
) -> None:
    master = kit.create("Account", Name="a")
    result = merging(soap, type_, master, [master if one == "@self" else one for one in losers])
    assert (result.success, result.errors[0].statusCode) == (False, code)


def test_replication_calls_know_what_changed_and_what_went(kit: Kit, soap: Soap) -> None:
    kept, gone = kit.create("Contact", LastName="a"), kit.create("Contact", LastName="b")
    kit.call("DELETE", f"sobjects/Contact/{gone}")
    kit.advance(120)
    window = {"sObjectType": "Contact", "startDate": NOW - timedelta(hours=1),
              "endDate": NOW + timedelta(minutes=1)}  # fmt: skip
    deleted = soap.call("getDeleted", **window)
    assert [one.id for one in deleted.deletedRecords] == [gone]
    assert deleted.deletedRecords[0].deletedDate == NOW
    updated = soap.call("getUpdated", **window)
    assert list(updated.ids) == [kept]
    with pytest.raises(zeep.exceptions.Fault, match="INVALID_REPLICATION_DATE"):
        soap.call("getDeleted", **{**window, "endDate": window["startDate"]})
    (back, unknown) = soap.call("undelete", ids=[gone, kept])
    assert (back.success, unknown.success) == (True, False)
    assert unknown.errors[0].statusCode == "UNDELETE_FAILED"
    assert soap.call("getServerTimestamp").timestamp == NOW + timedelta(minutes=2)


def test_soap_calls_count_and_end_with_the_allowance(kit: Kit, soap: Soap) -> None:
    kit.admin.delete("/requests")
    soap.call("convertLead", leadConverts=[])
    soap.call("getUserInfo")
    counted = kit.admin.get("/requests").json()
    assert (counted["reads"], counted["writes"]) == (1, 1)
    kit.config(daily_limit=1)
    with pytest.raises(zeep.exceptions.Fault, match="REQUEST_LIMIT_EXCEEDED"):
        soap.call("getServerTimestamp")


@pytest.mark.parametrize(
    ("version", "body", "code"),
    [
        ("59.0", b"<not", "INVALID_SOAP"),
        ("59.0", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "INVALID_SOAP"),
        ("20.0", b"<a/>", "UNSUPPORTED_API_VERSION"),
    ],
)
def test_what_is_no_call_is_refused(kit: Kit, version: str, body: bytes, code: str) -> None:
    answer: httpx.Response = kit.http.post(f"/services/Soap/u/{version}", content=body)
    assert answer.status_code == 500
    assert f"<faultcode>sf:{code}</faultcode>" in answer.text
