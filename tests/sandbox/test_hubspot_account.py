"""The HubSpot sandbox's tokens, scopes, limits, properties, pipelines and owners."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.hubspot_support import CONTACTS, Account, where

PROPERTIES = "/crm/v3/properties"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def hs() -> Account:
    return Account()


def definition(name: str, **more: Any) -> dict[str, Any]:
    made = {"name": name, "label": name, "type": "string", "fieldType": "text"}
    return {**made, "groupName": "contactinformation", **more}


def grant(hs: Account, **form: str) -> Any:
    own = hs.sandbox.credentials
    given = {
        "grant_type": "refresh_token",
        **{name: own[name] for name in ("client_id", "client_secret", "refresh_token", "code")},
        **form,
    }
    text = "&".join(f"{name}={value}" for name, value in given.items())
    return hs.call("POST", "/oauth/v1/token", headers=FORM, content=text)


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer pat-eu1-wrong"}, {"Authorization": "Basic x"}]
)
def test_no_valid_token(hs: Account, header: dict[str, str]) -> None:
    hs.token = ""
    answer = hs.call("GET", CONTACTS, headers=header)
    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", CONTACTS, "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/batch/upsert", "crm.objects.contacts.write"),
        ("POST", "/crm/v3/properties/deals", "crm.schemas.deals.write"),
        ("GET", "/crm/v3/owners", "crm.objects.owners.read"),
        (
            "PUT",
            "/crm/v4/objects/deals/1/associations/contacts/2",
            "crm.objects.deals.write crm.objects.contacts.write",
        ),
    ],
)
def test_missing_scopes_are_named(hs: Account, method: str, path: str, scope: str) -> None:
    hs.admin("POST", "config", {"scopes": ["oauth"]})
    answer = hs.call(method, path)
    assert answer.status_code == 403
    body = answer.json()
    assert body["category"] == "MISSING_SCOPES"
    assert body["errors"][0]["context"]["requiredGranularScopes"] == scope.split()


@pytest.mark.parametrize("kind", ["refresh_token", "authorization_code"])
def test_oauth_tokens_last_half_an_hour(hs: Account, kind: str) -> None:
    answer = grant(hs, grant_type=kind)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 1800)
    hs.token = answer.json()["access_token"]
    assert hs.get(CONTACTS)["results"] == []
    assert hs.get(f"/oauth/v1/access-tokens/{hs.token}")["hub_id"] == 39000001
    hs.clock.advance(1801)
    late = hs.call("GET", CONTACTS)
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    hs.token = grant(hs).json()["access_token"]
    hs.sandbox.administration.expire_sessions()
    assert hs.call("GET", CONTACTS).status_code == 401


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("client_id", "BAD_CLIENT_ID"),
        ("client_secret", "BAD_CLIENT_SECRET"),
        ("refresh_token", "BAD_REFRESH_TOKEN"),
        ("grant_type", "BAD_GRANT_TYPE"),
    ],
)
def test_wrong_oauth_credentials(hs: Account, name: str, code: str) -> None:
    answer = grant(hs, **{name: "wrong"})
    assert (answer.status_code, answer.json()["category"]) == (400, code)


def test_the_token_tells_about_its_app(hs: Account) -> None:
    path = "/oauth/v2/private-apps/get/access-token-info"
    found = hs.post(path, {"tokenKey": hs.token}, 200)
    assert (found["hubId"], found["appId"]) == (39000001, 1024738)
    assert "crm.objects.contacts.read" in found["scopes"]
    assert hs.call("POST", path, {"tokenKey": "x"}).status_code == 404


def test_account_details(hs: Account) -> None:
    found = hs.get("/account-info/v3/details")
    assert (found["portalId"], found["timeZone"]) == (39000001, "Europe/Berlin")
    assert found["companyCurrency"] == "EUR"


def test_rate_limit_headers_are_absent_on_search_but_for_the_day(hs: Account) -> None:
    plain = hs.call("GET", CONTACTS).headers
    assert plain["x-hubspot-ratelimit-max"] == "190"
    assert plain["x-hubspot-ratelimit-remaining"] == "189"
    assert plain["x-hubspot-ratelimit-daily-remaining"] == "999999"
    found = hs.call("POST", f"{CONTACTS}/search", {}).headers
    assert found["x-hubspot-ratelimit-daily-remaining"] == "999998"
    assert not {h for h in found if "ratelimit" in h and "daily" not in h}


@pytest.mark.parametrize(("retry_after", "shown"), [(0, None), (1, "10")])
def test_the_ten_second_limit(retry_after: float, shown: str | None) -> None:
    hs = Account(rate_limits=True, ten_second_limit=3, retry_after=retry_after)
    assert [hs.call("GET", CONTACTS).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = hs.call("GET", CONTACTS)
    assert answer.headers.get("retry-after") == shown
    assert answer.json()["errorType"] == "RATE_LIMIT"
    assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    hs.clock.advance(10)
    assert hs.call("GET", CONTACTS).status_code == 200


def test_search_and_daily_limits() -> None:
    hs = Account(rate_limits=True, daily_limit=8)
    codes = [hs.call("POST", f"{CONTACTS}/search", {}).status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert hs.call("POST", f"{CONTACTS}/search", {}).json()["policyName"] == "SECONDLY"
    hs.clock.advance(1)
    assert hs.call("POST", f"{CONTACTS}/search", {}).status_code == 200
    assert hs.call("POST", f"{CONTACTS}/search", {}).json()["policyName"] == "DAILY"
    hs.clock.advance(86_400)
    assert hs.call("POST", f"{CONTACTS}/search", {}).status_code == 200


def test_nothing_is_limited_by_default(hs: Account) -> None:
    assert {hs.call("GET", CONTACTS).status_code for _ in range(200)} == {200}


@pytest.mark.parametrize(
    ("object_type", "name", "expected"),
    [
        ("contacts", "email", {"type": "string", "fieldType": "text", "hasUniqueValue": True}),
        ("contacts", "lifecyclestage", {"type": "enumeration", "fieldType": "radio"}),
        ("contacts", "hubspot_owner_id", {"externalOptions": True}),
        ("contacts", "lastmodifieddate", {"type": "datetime"}),
        ("companies", "annualrevenue", {"type": "number", "groupName": "companyinformation"}),
        ("deals", "hs_is_closed", {"type": "bool", "calculated": True}),
        ("deals", "dealstage", {"fieldType": "radio", "label": "Deal Stage"}),
    ],
)
def test_standard_properties(
    hs: Account, object_type: str, name: str, expected: dict[str, Any]
) -> None:
    found = hs.get(f"{PROPERTIES}/{object_type}/{name}")
    assert {key: found[key] for key in expected} == expected


def test_options_of_standard_properties(hs: Account) -> None:
    def values(object_type: str, name: str) -> list[str]:
        found = hs.get(f"{PROPERTIES}/{object_type}/{name}")["options"]
        return [option["value"] for option in found]

    assert values("contacts", "lifecyclestage")[:2] == ["subscriber", "lead"]
    assert {"NEW", "OPEN_DEAL", "BAD_TIMING"} <= set(values("contacts", "hs_lead_status"))
    industries = values("companies", "industry")
    assert len(industries) == len(set(industries)) > 140
    assert {"BANKING", "COMPUTER_SOFTWARE", "HEALTH_WELLNESS_AND_FITNESS"} <= set(industries)
    assert values("deals", "dealtype") == ["newbusiness", "existingbusiness"]
    assert values("deals", "deal_currency_code") == ["EUR"]


@pytest.mark.parametrize("object_type", ["contacts", "companies", "deals"])
def test_every_standard_property_is_well_formed(hs: Account, object_type: str) -> None:
    listed = hs.get(f"{PROPERTIES}/{object_type}")["results"]
    groups = {g["name"] for g in hs.get(f"{PROPERTIES}/{object_type}/groups")["results"]}
    for each in listed:
        assert each["groupName"] in groups
        assert each["label"]
        if each["type"] == "enumeration" and each["fieldType"] != "calculation_equation":
            assert each["options"] or each["externalOptions"] or each["name"] == "hs_persona"
        if each["calculated"]:
            assert each["modificationMetadata"]["readOnlyValue"]


def test_a_property_is_made_used_and_archived(hs: Account) -> None:
    made = hs.post(f"{PROPERTIES}/contacts", definition("tieline_id", hasUniqueValue=True), 201)
    assert made["modificationMetadata"] == {
        "archivable": True,
        "readOnlyDefinition": False,
        "readOnlyValue": False,
    }
    contact = hs.contact(email="a@example.com", tieline_id="T1")
    assert hs.get(f"{CONTACTS}/T1", idProperty="tieline_id")["id"] == contact
    answer = hs.call("PATCH", f"{PROPERTIES}/contacts/tieline_id", {"label": "Tieline"})
    assert answer.json()["label"] == "Tieline"
    assert hs.call("DELETE", f"{PROPERTIES}/contacts/tieline_id").status_code == 204
    assert hs.call("GET", f"{PROPERTIES}/contacts/tieline_id").status_code == 404
    assert "tieline_id" not in hs.read("contacts", contact, "tieline_id")
    hs.post(f"{CONTACTS}/search", {"filters": [where("tieline_id", "EQ", "T1")]}, 400)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "email"}, 409),
        ({"name": "Upper"}, 400),
        ({"groupName": "nowhere"}, 400),
        ({"fieldType": "date"}, 400),
        ({"type": "enumeration", "fieldType": "select"}, 400),
        ({"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": True}, 400),
        ({"label": ""}, 400),
    ],
)
def test_properties_that_cannot_be_made(hs: Account, change: dict[str, Any], status: int) -> None:
    hs.post(f"{PROPERTIES}/contacts", {**definition("fresh"), **change}, status)


def test_at_most_ten_unique_properties(hs: Account) -> None:
    for number in range(10):
        made = definition(f"key_{number}", hasUniqueValue=True)
        hs.post(f"{PROPERTIES}/contacts", made, 201)
    body = hs.post(f"{PROPERTIES}/contacts", definition("key_10", hasUniqueValue=True), 400)
    assert "limit of 10" in body["message"]


def test_standard_properties_stay(hs: Account) -> None:
    assert hs.call("DELETE", f"{PROPERTIES}/contacts/phone").status_code == 400


def test_a_lifecycle_stage_of_ones_own(hs: Account) -> None:
    known = hs.get(f"{PROPERTIES}/contacts/lifecyclestage")["options"]
    own = {"value": "51439524", "label": "Trial", "displayOrder": 3}
    options = [*known[:3], own, *({**o, "displayOrder": o["displayOrder"] + 1} for o in known[3:])]
    hs.call("PATCH", f"{PROPERTIES}/contacts/lifecyclestage", {"options": options})
    contact = hs.contact(email="a@example.com", lifecyclestage="51439524")
    hs.update("contacts", contact, lifecyclestage="lead")
    assert hs.read("contacts", contact, "lifecyclestage")["lifecyclestage"] == "51439524"


def test_the_default_pipeline(hs: Account) -> None:
    found = hs.get("/crm/v3/pipelines/deals")["results"]
    assert [p["id"] for p in found] == ["default"]
    stages = {s["id"]: s["metadata"] for s in found[0]["stages"]}
    assert stages["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert stages["qualifiedtobuy"] == {"isClosed": "false", "probability": "0.4"}
    assert len(hs.get("/crm/v3/pipelines/deals/default/stages")["results"]) == 7


def test_stages_belong_to_their_pipeline(hs: Account) -> None:
    stages = [
        {"label": "Try", "displayOrder": 0, "metadata": {"probability": "0.1"}},
        {"label": "Sold", "displayOrder": 1, "metadata": {"probability": "1.0"}},
    ]
    made = hs.post("/crm/v3/pipelines/deals", {"label": "Second", "stages": stages}, 201)
    first, last = (s["id"] for s in made["stages"])
    body = {"properties": {"dealname": "D", "dealstage": first}}
    assert "INVALID_PIPELINE_STAGE_ID" in hs.post("/crm/v3/objects/deals", body, 400)["message"]
    deal = hs.deal(dealstage=first, pipeline=made["id"])
    hs.update("deals", deal, dealstage=last)
    assert hs.read("deals", deal, "hs_is_closed_won")["hs_is_closed_won"] == "true"
    answer = hs.call(
        "PATCH", f"/crm/v3/objects/deals/{deal}", {"properties": {"pipeline": "default"}}
    )
    assert answer.status_code == 400


def test_owners(hs: Account) -> None:
    ids = hs.seed(
        owners=[
            {"email": f"o{i}@example.com", "firstName": "O", "lastName": str(i)} for i in range(5)
        ]
        + [{"email": "gone@example.com", "archived": True}]
    )["owners"]
    page = hs.get("/crm/v3/owners", limit=3)
    assert [o["id"] for o in page["results"]] == ids[:3]
    rest = hs.get("/crm/v3/owners", limit=3, after=page["paging"]["next"]["after"])
    assert [o["id"] for o in rest["results"]] == ids[3:5]
    assert hs.get("/crm/v3/owners", email="O1@example.com")["results"][0]["id"] == ids[1]
    assert hs.get("/crm/v3/owners", email="nobody@example.com") == {"results": []}
    archived = hs.get("/crm/v3/owners", archived="true")["results"]
    assert [(o["id"], o["archived"]) for o in archived] == [(ids[5], True)]
    assert hs.get(f"/crm/v3/owners/{ids[0]}")["email"] == "o0@example.com"
    contact = hs.contact(email="a@example.com", hubspot_owner_id=int(ids[0]))
    assert hs.read("contacts", contact, "hubspot_owner_id")["hubspot_owner_id"] == ids[0]
    answer = hs.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"hubspot_owner_id": ids[5]}})
    assert "INVALID_OWNER_ID" in answer.json()["message"]
