"""Single records of the HubSpot sandbox: values, refusals, lifecycle, history, merge, GDPR."""

from __future__ import annotations

import orjson
import pytest

from tests.sandbox.hubspot_support import COMPANIES, CONTACTS, DEALS, Account, where


@pytest.fixture
def hs() -> Account:
    return Account()


def problems(body: dict[str, str]) -> list[dict[str, str]]:
    """The property problems that the message of a 400 holds as JSON."""
    assert body["category"] == "VALIDATION_ERROR"
    lead = "Property values were not valid: "
    assert body["message"].startswith(lead)
    found: list[dict[str, str]] = orjson.loads(body["message"].removeprefix(lead))
    return found


def test_values_are_text_or_null(hs: Account) -> None:
    made = hs.contact(email="Ann@Example.com", firstname="Ann")
    found = hs.get(f"{CONTACTS}/{made}")
    assert found["properties"] == {
        "createdate": "2026-03-02T09:30:15.250Z",
        "email": "ann@example.com",
        "firstname": "Ann",
        "hs_object_id": made,
        "lastmodifieddate": "2026-03-02T09:30:15.250Z",
        "lastname": None,
    }
    assert found["createdAt"] == found["updatedAt"] == "2026-03-02T09:30:15.250Z"
    assert found["archived"] is False
    assert found["url"].endswith(f"/record/0-1/{made}")


def test_unknown_requested_properties_are_ignored(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    assert "nonsense" not in hs.read("contacts", made, "email", "nonsense", "phone")
    assert hs.read("contacts", made, "phone")["phone"] is None


@pytest.mark.parametrize(
    ("object_type", "name", "value", "code"),
    [
        ("contacts", "nonsense", "x", "PROPERTY_DOESNT_EXIST"),
        ("contacts", "email", "no address", "INVALID_EMAIL"),
        ("contacts", "hs_lead_status", "new", "INVALID_OPTION"),
        ("contacts", "hs_buying_role", "CHAMPION;JESTER", "INVALID_OPTION"),
        ("contacts", "hubspot_owner_id", "1", "INVALID_OWNER_ID"),
        ("contacts", "createdate", "2020-01-01", "READ_ONLY_VALUE"),
        ("contacts", "phone", ["1"], "INVALID_TYPE"),
        ("companies", "numberofemployees", "many", "INVALID_DOUBLE"),
        ("companies", "annualrevenue", "nan", "INVALID_DOUBLE"),
        ("companies", "industry", "Banking", "INVALID_OPTION"),
        ("deals", "closedate", "next week", "INVALID_LONG"),
        ("deals", "dealstage", "nowhere", "INVALID_PIPELINE_STAGE_ID"),
        ("deals", "pipeline", "nowhere", "INVALID_PIPELINE_ID"),
        ("deals", "hs_is_closed", "true", "READ_ONLY_VALUE"),
    ],
)
def test_refused_values(hs: Account, object_type: str, name: str, value: object, code: str) -> None:
    makers = {"contacts": hs.contact, "companies": hs.company, "deals": hs.deal}
    first = {"contacts": {"email": "a@example.com"}, "companies": {"name": "A"}}
    made = makers[object_type](**first.get(object_type, {}))
    path = f"/crm/v3/objects/{object_type}/{made}"
    answer = hs.call("PATCH", path, {"properties": {name: value, "description": ""}})
    assert answer.status_code == 400
    found = {p["name"]: p["error"] for p in problems(answer.json())}
    assert found[name] == code


@pytest.mark.parametrize(
    ("object_type", "name", "given", "stored"),
    [
        ("companies", "numberofemployees", 12, "12"),
        ("companies", "annualrevenue", 1000.5, "1000.5"),
        ("companies", "annualrevenue", "1500.00", "1500.00"),
        ("companies", "is_public", True, "true"),
        ("companies", "domain", "https://www.Acme.example/about?x=1", "acme.example"),
        ("deals", "closedate", "2026-05-31", "2026-05-31T00:00:00Z"),
        ("deals", "closedate", "1780185600000", "2026-05-31T00:00:00Z"),
        ("deals", "closedate", "2026-05-31T10:00:00.125+02:00", "2026-05-31T08:00:00.125Z"),
        ("deals", "dealname", "北京 🚀 'x' \"y\"", "北京 🚀 'x' \"y\""),
    ],
)
def test_how_values_are_stored(
    hs: Account, object_type: str, name: str, given: object, stored: str
) -> None:
    made = hs.company(name="A") if object_type == "companies" else hs.deal()
    hs.update(object_type, made, **{name: given})
    assert hs.read(object_type, made, name)[name] == stored


def test_dates_are_days_or_midnight(hs: Account) -> None:
    definition = {"name": "renewal", "label": "Renewal", "type": "date", "fieldType": "date"}
    hs.post("/crm/v3/properties/deals", {**definition, "groupName": "dealinformation"}, 201)
    made = hs.deal(renewal="1772409600000")
    assert hs.read("deals", made, "renewal")["renewal"] == "2026-03-02"
    body = {"properties": {"renewal": "1772443815250"}}
    answer = hs.call("PATCH", f"{DEALS}/{made}", body)
    assert "not midnight" in problems(answer.json())[0]["message"]


def test_several_choices_replace_or_append(hs: Account) -> None:
    made = hs.contact(email="a@example.com", hs_buying_role="CHAMPION")
    hs.update("contacts", made, hs_buying_role=";INFLUENCER")
    assert hs.read("contacts", made, "hs_buying_role")["hs_buying_role"] == "CHAMPION;INFLUENCER"
    hs.update("contacts", made, hs_buying_role="END_USER")
    assert hs.read("contacts", made, "hs_buying_role")["hs_buying_role"] == "END_USER"


@pytest.mark.parametrize(("as_null", "shown"), [(False, ""), (True, None)])
def test_clearing(as_null: bool, shown: str | None) -> None:
    hs = Account(cleared_as_null=as_null)
    made = hs.contact(email="a@example.com", phone="1")
    hs.update("contacts", made, phone="")
    assert hs.read("contacts", made, "phone")["phone"] == shown
    assert hs.search("contacts", where("phone", "HAS_PROPERTY"))["total"] == 0


@pytest.mark.parametrize(
    ("path", "given", "missing"),
    [
        (CONTACTS, {"phone": "1"}, ["email", "firstname", "lastname"]),
        (COMPANIES, {"phone": "1"}, ["name", "domain"]),
        (DEALS, {"dealname": "x"}, ["dealstage"]),
    ],
)
def test_create_minimums(hs: Account, path: str, given: dict[str, str], missing: list[str]) -> None:
    body = hs.post(path, {"properties": given}, 400)
    assert body["context"] == {"properties": missing}


def test_a_second_contact_with_the_address_is_a_conflict(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    body = hs.post(CONTACTS, {"properties": {"email": "A@EXAMPLE.com"}}, 409)
    assert body["message"] == f"Contact already exists. Existing ID: {made}"
    assert body["category"] == "CONFLICT"


def test_an_address_taken_on_update_is_a_validation_error(hs: Account) -> None:
    first, second = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    body = {"properties": {"email": "a@example.com"}}
    answer = hs.call("PATCH", f"{CONTACTS}/{second}", body)
    assert answer.status_code == 400
    assert answer.json()["message"].endswith(f"on {second}. {first} already has that value.")


def test_an_address_is_free_again_after_archiving(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    assert hs.call("DELETE", f"{CONTACTS}/{made}").status_code == 204
    assert hs.contact(email="a@example.com") != made


def test_reading_by_another_key(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    assert hs.get(f"{CONTACTS}/A@example.com", idProperty="email")["id"] == made
    answer = hs.call("GET", f"{CONTACTS}/Ann", params={"idProperty": "firstname"})
    assert answer.status_code == 400


def test_unknown_ids_are_a_page_on_get(hs: Account) -> None:
    answer = hs.call("GET", f"{CONTACTS}/123456")
    assert (answer.status_code, answer.headers["content-type"]) == (
        404,
        "text/html;charset=iso-8859-1",
    )
    assert hs.call("PATCH", f"{CONTACTS}/1", {"properties": {}}).json()["category"] == (
        "OBJECT_NOT_FOUND"
    )
    hs.admin("POST", "config", {"html_404": False})
    assert hs.call("GET", f"{CONTACTS}/123456").json()["category"] == "OBJECT_NOT_FOUND"


def test_bad_json_and_missing_properties(hs: Account) -> None:
    answer = hs.call("POST", CONTACTS, headers={"content-type": "application/json"}, content="{x")
    assert answer.status_code == 400
    assert "Invalid input JSON on line 1" in answer.json()["message"]
    assert "[properties]" in hs.post(CONTACTS, {}, 400)["message"]


def test_writing_an_equal_value_moves_no_stamp(hs: Account) -> None:
    made = hs.contact(email="a@example.com", phone="1")
    before = hs.read("contacts", made, "lastmodifieddate")
    hs.clock.advance(60)
    hs.update("contacts", made, phone="1")
    assert hs.read("contacts", made, "lastmodifieddate") == before
    hs.update("contacts", made, phone="2")
    assert hs.read("contacts", made, "lastmodifieddate") != before


def test_lifecycle_moves_back_only_after_clearing(hs: Account) -> None:
    made = hs.contact(email="a@example.com", lifecyclestage="customer")
    hs.update("contacts", made, lifecyclestage="lead", phone="1")
    assert hs.read("contacts", made, "lifecyclestage", "phone")["lifecyclestage"] == "customer"
    assert hs.read("contacts", made, "phone")["phone"] == "1"
    hs.update("contacts", made, lifecyclestage="")
    hs.update("contacts", made, lifecyclestage="lead")
    assert hs.read("contacts", made, "lifecyclestage")["lifecyclestage"] == "lead"


def test_a_person_may_move_the_lifecycle_back(hs: Account) -> None:
    made = hs.contact(email="a@example.com", lifecyclestage="customer")
    hs.edit("update", "contacts", made, fields={"lifecyclestage": "lead"})
    assert hs.read("contacts", made, "lifecyclestage")["lifecyclestage"] == "lead"


def test_deal_stages_compute_the_rest(hs: Account) -> None:
    made = hs.deal(amount="1000", dealstage="contractsent")
    names = ("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability", "closedate",
             "hs_projected_amount", "amount_in_home_currency")  # fmt: skip
    assert hs.read("deals", made, *names)["hs_projected_amount"] == "900"
    assert hs.read("deals", made, *names)["hs_is_closed"] == "false"
    hs.update("deals", made, dealstage="closedwon")
    found = hs.read("deals", made, *names)
    assert (found["hs_is_closed"], found["hs_is_closed_won"]) == ("true", "true")
    assert found["hs_deal_stage_probability"] == "1.0"
    assert found["closedate"] == "2026-03-02T09:30:15.250Z"
    assert found["amount_in_home_currency"] == "1000"


def test_history_tells_who_and_when(hs: Account) -> None:
    hs.seed(owners=[{"email": "owner@example.com", "userId": 77}])
    made = hs.contact(email="a@example.com", phone="1")
    hs.clock.advance(60)
    hs.edit("update", "contacts", made, fields={"phone": "2"}, **{"as": "owner@example.com"})
    found = hs.get(f"{CONTACTS}/{made}", propertiesWithHistory="phone,email")
    newest, oldest = found["propertiesWithHistory"]["phone"]
    assert (newest["value"], newest["sourceType"], newest["updatedByUserId"]) == ("2", "CRM_UI", 77)
    assert (oldest["value"], oldest["sourceType"], oldest["sourceId"]) == (
        "1",
        "INTEGRATION",
        "1024738",
    )
    assert newest["timestamp"] > oldest["timestamp"]
    assert len(found["propertiesWithHistory"]["email"]) == 1


def test_archived_records_leave_the_list_and_search(hs: Account) -> None:
    kept, gone = hs.contact(email="a@example.com"), hs.contact(email="b@example.com")
    hs.call("DELETE", f"{CONTACTS}/{gone}")
    assert [r["id"] for r in hs.get(CONTACTS)["results"]] == [kept]
    archived = hs.get(CONTACTS, archived="true")["results"]
    assert [(r["id"], r["archived"]) for r in archived] == [(gone, True)]
    assert archived[0]["archivedAt"] == "2026-03-02T09:30:15.250Z"
    assert hs.call("GET", f"{CONTACTS}/{gone}").status_code == 404
    assert hs.get(f"{CONTACTS}/{gone}", archived="true")["id"] == gone
    assert hs.search("contacts")["total"] == 1
    assert hs.call("DELETE", f"{CONTACTS}/{gone}").status_code == 204
    hs.edit("restore", "contacts", gone)
    assert hs.search("contacts")["total"] == 2


def test_lists_are_paged_by_id(hs: Account) -> None:
    hs.seed(contacts=[{"email": f"p{i}@example.com"} for i in range(25)])
    seen, after = [], "0"
    while after:
        page = hs.get(CONTACTS, limit=10, after=after)
        seen += [r["id"] for r in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert len(set(seen)) == len(seen) == 25
    assert hs.call("GET", CONTACTS, params={"limit": 101}).status_code == 400


def test_a_merge_of_contacts_makes_a_new_id(hs: Account) -> None:
    one = hs.contact(email="a@example.com", firstname="Ann", lifecyclestage="lead")
    two = hs.contact(email="b@example.com", phone="1", lifecyclestage="customer")
    merged = hs.post(f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": two}, 200)
    assert merged["id"] not in (one, two)
    for old in (one, two):
        assert hs.get(f"{CONTACTS}/{old}")["id"] == merged["id"]
    names = ("email", "phone", "lifecyclestage", "hs_merged_object_ids", "hs_additional_emails")
    assert hs.read("contacts", merged["id"], *names) == {
        "createdate": "2026-03-02T09:30:15.250Z",
        "email": "a@example.com",
        "hs_additional_emails": "b@example.com",
        "hs_merged_object_ids": f"{one};{two}",
        "hs_object_id": merged["id"],
        "lastmodifieddate": "2026-03-02T09:30:15.250Z",
        "lifecyclestage": "customer",
        "phone": "1",
    }
    assert hs.get(f"{CONTACTS}/b@example.com", idProperty="email")["id"] == merged["id"]
    assert hs.get(CONTACTS, archived="true")["results"] == []
    assert hs.search("contacts")["total"] == 1


def test_merges_chain_and_carry_associations(hs: Account) -> None:
    ids = [hs.company(name=f"C{i}", domain=f"c{i}.example") for i in range(3)]
    contact = hs.contact(email="a@example.com")
    hs.edit("associate", "contacts", contact, to_type="companies", to_id=ids[0], primary=True)
    path = f"{COMPANIES}/merge"
    first = hs.post(path, {"primaryObjectId": ids[1], "objectIdToMerge": ids[0]}, 200)["id"]
    last = hs.post(path, {"primaryObjectId": ids[2], "objectIdToMerge": first}, 200)["id"]
    assert hs.get(f"{COMPANIES}/{ids[0]}")["id"] == last
    assert hs.read("contacts", contact, "associatedcompanyid")["associatedcompanyid"] == last
    found = hs.read("companies", last, "hs_merged_object_ids", "hs_additional_domains")
    assert set(found["hs_merged_object_ids"].split(";")) == {*ids, first}
    assert set(found["hs_additional_domains"].split(";")) == {"c0.example", "c1.example"}


@pytest.mark.parametrize("other", ["same", "999"])
def test_merges_that_cannot_be(hs: Account, other: str) -> None:
    made = hs.contact(email="a@example.com")
    body = {"primaryObjectId": made, "objectIdToMerge": made if other == "same" else other}
    assert hs.post(f"{CONTACTS}/merge", body, 400)["category"] == "VALIDATION_ERROR"


def test_gdpr_deletion_forgets_and_blocks() -> None:
    hs = Account(search_lag=60.0)
    made = hs.contact(email="a@example.com")
    body = {"objectId": "a@example.com", "idProperty": "email"}
    assert hs.call("POST", f"{CONTACTS}/gdpr-delete", body).status_code == 204
    assert hs.call("GET", f"{CONTACTS}/{made}", params={"archived": "true"}).status_code == 404
    assert hs.post(CONTACTS, {"properties": {"email": "a@example.com"}}, 400)["status"] == "error"
    assert hs.search("contacts")["results"] == []


@pytest.mark.parametrize("prefix", ["/crm/v3/objects", "/crm/objects/v3", "/crm/objects/2026-03"])
@pytest.mark.parametrize("name", ["contacts", "contact", "0-1", "Contact"])
def test_every_form_of_a_path(hs: Account, prefix: str, name: str) -> None:
    made = hs.contact(email="a@example.com")
    assert hs.get(f"{prefix}/{name}/{made}")["id"] == made


@pytest.mark.parametrize(
    "path", ["/crm/objects/contacts", "/crm/v9/objects/contacts", "/crm/objects/2031-01/contacts"]
)
def test_unknown_versions(hs: Account, path: str) -> None:
    assert hs.call("GET", path).status_code == 404


def test_a_list_position_past_the_end_starts_anew(hs: Account) -> None:
    made = hs.contact(email="a@example.com")
    assert [r["id"] for r in hs.get(CONTACTS, after="216669749577")["results"]] == [made]


def test_addresses_that_are_too_long(hs: Account) -> None:
    names = ",".join(["firstname"] * 1700)
    assert hs.call("GET", f"{CONTACTS}?properties={names}").status_code == 414


def test_an_unknown_object_type(hs: Account) -> None:
    answer = hs.call("GET", "/crm/v3/objects/unicorns")
    assert answer.status_code == 400
    assert answer.json()["subCategory"] == "crm.unable_to_infer_object_type"


def test_tickets_and_tasks_answer_alike(hs: Account) -> None:
    body = {"properties": {"subject": "S", "hs_pipeline": "0", "hs_pipeline_stage": "1"}}
    made = hs.post("/crm/v3/objects/tickets", body, 201)
    assert made["properties"]["hs_ticket_id"] == made["id"]
    body = {"properties": {"hs_timestamp": "2026-05-01T00:00:00Z", "hs_task_subject": "T"}}
    assert hs.post("/crm/v3/objects/tasks", body, 201)["properties"]["hs_task_subject"] == "T"
