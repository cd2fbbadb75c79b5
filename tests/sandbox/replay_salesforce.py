"""The recorded Salesforce cassettes and fixtures, and how each comes about in the sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import yaml

from tests.sandbox.recorded import RECORDED, Anything
from tests.sandbox.salesforce_kit import DATA, Kit

FOLDER = RECORDED / "salesforce"
VERSION = DATA.rpartition("/")[2]
DAY = {"start": "2024-05-06T00:00:00Z", "end": "2024-05-07T00:00:00Z"}
ACCOUNT = {"Account": [{"Name": "Acme", "Site": "a", "AccountNumber": "1"}]}

LEFT_OUT = {
    "GET_sobjects_Organization.yaml": "the cassettes name this file, the recordings lack it",
    "list_view_results_success_response": "list views belong to the screens, no sync reads them",
    "recent_success_response": "recently viewed records belong to the screens",
    "search_success_response": "SOSL text search is no part of the API a sync needs",
    "search_error_response": "SOSL text search is no part of the API a sync needs",
    "refresh_success_response": "the refresh-token grant needs a person in a browser",
    "refresh_error_response": "the refresh-token grant needs a person in a browser",
}
"""Recordings that are not replayed, each with its reason."""


@dataclass(frozen=True)
class Call:
    """The request whose answer a fixture is: `{id}` in the path is the first seeded record's.

    A fixture holds the body alone: `status` is what the vendor's reference gives for that call.
    `follow`: the answer meant is that of the next page.
    """

    method: str
    path: str
    status: int = 200
    body: Any = None
    params: dict[str, str] = field(default_factory=dict)
    seed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    added_later: Container[str] = frozenset()
    follow: bool = False


def _query(soql: str, status: int = 200, **more: Any) -> Call:
    return Call("GET", "query", status, params={"q": soql}, **more)


def _sign_in(status: int = 200, password: str = "{password}{security_token}") -> Call:
    form = {
        "grant_type": "password", "client_id": "{client_id}", "client_secret": "{client_secret}",
        "username": "{username}", "password": password,
    }  # fmt: skip
    return Call(
        "FORM",
        "/services/oauth2/token",
        status,
        form,
        added_later=frozenset({"scope", "token_type"}),
    )


_TWO = {
    "Contact": [{"LastName": "a", "Tieline_Id__c": "k"}, {"LastName": "b", "Tieline_Id__c": "k"}]
}
_GONE = {"Account": [{"Name": "gone", "IsDeleted": True}]}
_DEAL = {"Name": "o", "StageName": "Prospecting", "CloseDate": "2024-06-01", "Amount": 300}
_CONTACT = {
    "Account": [{"Name": "a"}],
    "Contact": [{"LastName": "c", "AccountId": "@Account:0"}],
}
# what the made-up object of the fixtures calls its relations and columns, and what ours are called
_NAMES = {
    "ParentWhizbang__r": "Account",
    "Whizbangs__r": "Opportunities",
    "CampaignId": "AccountId",
}
_PAGED = {"Account": [{"Name": "a"}, {"Name": "b"}]}

FIXTURES: dict[str, Call] = {
    "auth_success_response": _sign_in(),
    "auth_error_response": _sign_in(400, "wrong"),
    "reauth_success_response": _sign_in(),
    "expired_session_response": Call(
        "GET", "sobjects", 401, headers={"Authorization": "Bearer none"}
    ),
    "services_data_success_response": Call("GET", "/services/data"),
    "org_query_response": _query("SELECT Id FROM Organization"),
    "describe_sobjects_success_response": Call("GET", "sobjects", added_later=Anything()),
    "list_sobjects_success_response": Call("GET", "sobjects", added_later=Anything()),
    "sobject_describe_error_response": Call("GET", "sobjects/Whizbang/describe", 404),
    "create_success_response": Call("POST", "sobjects/Account", 201, {"Name": "x"}),
    "write_error_response": Call("POST", "sobjects/Account", 400, {"Name": "x", "foo": "y"}),
    "delete_error_response": Call("DELETE", "sobjects/Account/rid/1", 404),
    "upsert_created_success_response": Call(
        "PATCH", "sobjects/Contact/Tieline_Id__c/n", 201, {"LastName": "x"},
        added_later=frozenset({"created"}),
    ),
    "upsert_updated_success_response": Call(
        "PATCH", "/services/data/v45.0/sobjects/Contact/Tieline_Id__c/k", 204, {"LastName": "x"},
        seed={"Contact": _TWO["Contact"][:1]},
    ),
    "upsert_multiple_error_response": Call(
        "PATCH", "sobjects/Contact/Tieline_Id__c/k", 300, {"LastName": "x"}, seed=_TWO
    ),
    "upsert_error_response": Call("PATCH", "sobjects/Account/Namez/x", 404, {"Site": "y"}),
    "sobject_find_error_response": Call("GET", "sobjects/Account/23foo", 404),
    "sobject_find_success_response": Call("GET", "sobjects/Account/{id}", seed=ACCOUNT),
    "sobject_select_success_response": Call(
        "GET", "sobjects/Account/{id}", params={"fields": "AccountNumber"}, seed=ACCOUNT
    ),
    "get_updated_success_response": Call(
        "GET", "sobjects/Account/updated", params=DAY, seed=ACCOUNT
    ),
    "get_deleted_success_response": Call(
        "GET", "sobjects/Account/deleted", params=DAY, seed=_GONE
    ),
    "query_empty_response": _query("SELECT Id FROM Lead"),
    "query_error_response": _query("SELECT Nothing FROM Account", 400),
    "query_success_response": _query(
        "SELECT Id, Account.Name, (SELECT Name FROM Opportunities) FROM Contact",
        seed={**_CONTACT, "Opportunity": [{**_DEAL, "ContactId": "@Contact:0"}]},
    ),
    "query_paginated_first_page_response": _query(
        "SELECT Name FROM Account", seed=_PAGED, config={"page_size": 1}
    ),
    "query_paginated_last_page_response": _query(
        "SELECT Name FROM Account", seed=_PAGED, config={"page_size": 1}, follow=True
    ),
    "query_aggregate_success_response": _query(
        "SELECT AccountId, SUM(Amount) FROM Opportunity GROUP BY AccountId",
        seed={"Opportunity": [_DEAL]},
    ),
    # of 2011, version 23: later versions added many keys
    "sobject_describe_success_response": Call(
        "GET", "sobjects/Account/describe", added_later=Anything()
    ),
}  # fmt: skip


def fixtures() -> dict[str, Any]:
    """The recorded bodies by name; None is an empty body."""
    paths = sorted((FOLDER / "fixtures").glob("*.json"))
    return {path.stem: json.loads(path.read_text() or "null") for path in paths if path.stat()}


def ask(kit: Kit, call: Call) -> httpx.Response:
    """Bring the organisation into the call's state and send it."""
    ids = [i for made in kit.seed(**call.seed).values() for i in made] if call.seed else []
    if call.config:
        kit.config(**call.config)
    known = {**kit.sandbox.credentials, "id": ids[0] if ids else ""}
    if call.method == "FORM":
        form = {key: value.format(**known) for key, value in call.body.items()}
        return kit.http.post(call.path, data=form)
    path = call.path.replace("{id}", known["id"])
    whole = path if path.startswith("/") else f"{DATA}/{path}"
    sent = {"json": call.body, "params": call.params or None, "headers": call.headers}
    answer = kit.http.request(call.method, whole, **sent)
    return kit.http.get(answer.json()["nextRecordsUrl"]) if call.follow else answer


def envelope(value: Any) -> Any:
    """An answer without the fields of its records: the fixtures' are of a made-up object."""
    if isinstance(value, list):
        return [envelope(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {_NAMES.get(key, key): one for key, one in value.items()}
    if "attributes" in kept:
        kept = {key: one for key, one in kept.items() if isinstance(one, dict)}
    elif {"name", "soapType"} <= set(kept):
        kept = {key: one for key, one in kept.items() if not isinstance(one, list)}
    elif "urls" in kept:
        kept = _without_screens(kept)
    return {key: envelope(one) for key, one in kept.items()}


@dataclass(frozen=True)
class Exchange:
    """One recorded request of a cassette and its answer; `file` instead names another recording."""

    place: int
    file: str = ""
    method: str = "GET"
    resource: str = ""
    body: Any = None
    status: int = 200
    answer: Any = None
    content_type: str = "application/json;charset=UTF-8"


def cassettes() -> dict[str, list[Exchange]]:
    """The exchanges of every cassette, in their order."""
    paths = sorted((FOLDER / "cassettes").glob("*.yaml"))
    return {path.stem: list(_exchanges(yaml.safe_load(path.read_text()))) for path in paths}


def _exchanges(cassette: Any) -> Iterator[Exchange]:
    for place, one in enumerate(cassette["interactions"]):
        if "include_file" in one:
            yield Exchange(place, one["include_file"])
            continue
        request, response = one["request"], one["response"]
        headers = response["headers"].get("Response-Headers", response["headers"])
        yield Exchange(
            place,
            method=request["method"],
            resource=request["uri"].split("/vxx.0/")[1],
            body=request["body"],
            status=response["status"]["code"],
            answer=json.loads(response["body"]["string"]),
            content_type=headers["Content-Type"][0],
        )


def describes() -> list[str]:
    """What the cassettes would call the recorded describes."""
    names = sorted(path.stem for path in (FOLDER / "describe").glob("*.json"))
    return [f"GET_sobjects_{name}_describe.yaml" for name in names]


def described(file: str) -> tuple[str, Any]:
    """The resource and the recorded answer that `GET_sobjects_X_describe.yaml` stands for."""
    name = file.removeprefix("GET_sobjects_").removesuffix("_describe.yaml")
    resource = "sobjects" if name == "Global" else f"sobjects/{name}/describe"
    return resource, json.loads((FOLDER / "describe" / f"{name}.json").read_text())


SCREENS = frozenset({
    "approvalLayouts", "caseArticleSuggestions", "caseRowArticleSuggestions", "compactLayouts",
    "defaultValues", "eventSchema", "layouts", "listviews", "namedLayouts", "passwordUtilities",
    "quickActions", "uiDetailTemplate", "uiEditTemplate", "uiNewRecord",
})  # fmt: skip
"""Addresses of what the vendor's screens need; no sync asks for them."""
OTHER_FEATURES = frozenset({
    "CampaignId", "ChannelProgramLevelName", "ChannelProgramName", "CleanStatus",
    "CompanyDunsNumber", "DandbCompanyId", "DunsNumber", "IndividualId", "IsCustomerPortal",
    "IsPartner", "Jigsaw", "JigsawCompanyId", "JigsawContactId", "LastAmountChangedHistoryId",
    "LastCloseDateChangedHistoryId", "NaicsCode", "NaicsDesc", "OperatingHoursId", "Pricebook2Id",
    "Tradestyle",
})  # fmt: skip
"""Fields of features (Data.com, portals, campaigns, price books …) that the sandbox has not."""
NOT_IN_EVERY_PROFILE = frozenset({"DoNotCall", "HasOptedOutOfEmail", "HasOptedOutOfFax"})


LISTS = ("childRelationships", "recordTypeInfos")
"""Their length is the organisation's; the shape of an item is the vendor's."""


def comparable(answer: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A describe, its lists of named things cut to what both answers have, in one order."""
    cut = dict(answer)
    for key in {"fields", "sobjects"} & set(answer):
        names = {one["name"] for one in other[key]}
        own = sorted(answer[key], key=lambda one: str(one["name"]))
        cut[key] = [_without_screens(one) for one in own if one["name"] in names]
    for key in set(LISTS) & set(answer):
        cut[key] = answer[key][:1] if other[key] else []
    return _without_screens(cut)


def _without_screens(described: dict[str, Any]) -> dict[str, Any]:
    urls = described.get("urls")
    if urls is None:
        return described
    return {**described, "urls": {k: v for k, v in urls.items() if k not in SCREENS}}


STATES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "TestCountSObjects.test_count_sobjects__errors": {"Account": [{"Name": "a"}] * 17},
    "TestCountSObjects.test_count_sobjects_simple": {"Account": [{"Name": "a"}] * 17},
    "TestDatasetsE2E.test_datasets_extract_standard_objects": {"Account": [{"Name": "a"}] * 6},
}
"""The records that a cassette takes for granted."""


@contextmanager
def counted(kit: Kit, exchange: Exchange) -> Iterator[None]:
    """For as long, there is a record of what recordCount counts, if it counted one.

    The vendor counts now and then: it still counted records that were deleted by then.
    """
    name = exchange.resource.partition("recordCount?sObjects=")[2]
    if not name or not exchange.answer["sObjects"] or kit.rows(f"SELECT Id FROM {name} LIMIT 1"):
        yield
        return
    (made,) = kit.seed(**{name: [{"Name": "a"} if name == "Account" else {"LastName": "a"}]})[name]
    yield
    kit.edit(name, "delete", made)


def known_to_us(exchange: Exchange) -> Exchange:
    """The exchange without the columns of other features, in the query and in the answer."""
    columns = "|".join(sorted(OTHER_FEATURES))
    resource = re.sub(rf"%2C\+({columns})(?=%2C|\+)", "", exchange.resource)
    rows = exchange.answer.get("records", []) if isinstance(exchange.answer, dict) else []
    kept = [{k: v for k, v in row.items() if k not in OTHER_FEATURES} for row in rows]
    answer = {**exchange.answer, "records": kept} if rows else exchange.answer
    return replace(exchange, resource=resource, answer=answer)


def ask_again(kit: Kit, exchange: Exchange, ids: dict[str, str]) -> httpx.Response:
    """Send a cassette's request, its recorded ids replaced by ours; learns new ids."""
    body = exchange.body
    for theirs, ours in ids.items():
        body = body.replace(theirs, ours) if body else body
    parts = urlsplit(exchange.resource)
    sent = json.loads(body.replace("vxx.0", VERSION)) if body else None
    params = dict(parse_qsl(parts.query)) or None
    answer = kit.call(exchange.method, parts.path, sent, params=params)
    if exchange.method != "GET" and answer.is_success:
        rows = exchange.answer if isinstance(exchange.answer, list) else []
        made = answer.json() if rows else []
        ids.update({one["id"]: two["id"] for one, two in zip(rows, made, strict=True)})
    return answer
