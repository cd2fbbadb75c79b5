"""The recorded HubSpot exchanges, and the state of the account each was recorded in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from tests.sandbox.hubspot_support import Account
from tests.sandbox.recorded import RECORDED

FILE = RECORDED / "hubspot" / "exchanges.jsonl"
TYPES = {"deal": "deals", "contact": "contacts", "company": "companies", "meetings": "meetings"}
UNKNOWN_IDS = {1234, 996174569112}
ADDED_LATER = frozenset({"url"})  # of record answers, since 2025


def exchanges() -> dict[str, dict[str, Any]]:
    """The recorded pairs by a name of their own; none where the file is absent."""
    pairs = [orjson.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
    return {
        f"{place}-{pair['method']}-{urlsplit(pair['uri']).path}-{pair['status']}": pair
        for place, pair in enumerate(pairs)
    }


def records_of(pair: dict[str, Any]) -> dict[str, set[int]]:
    """The ids that an exchange takes for granted, by object type."""
    path = urlsplit(pair["uri"]).path.split("/")
    wanted: dict[str, set[int]] = {}
    body = orjson.loads(pair["request_body"] or "null")
    if path[3] == "associations":
        source, target = TYPES[path[4].lower()], TYPES[path[5].lower()]
        for each in body["inputs"]:
            to = each["to"] if isinstance(each["to"], list) else [each["to"]]
            wanted.setdefault(source, set()).add(each["from"]["id"])
            wanted.setdefault(target, set()).update(t["id"] for t in to)
    elif pair["method"] == "PUT":
        wanted[TYPES[path[4]]], wanted[TYPES[path[7].lower()]] = {int(path[5])}, {int(path[8])}
    elif "associations" in path:
        wanted[TYPES[path[4].lower()]] = {int(path[5])}
        found = {r["toObjectId"] for r in orjson.loads(pair["body"])["results"]}
        wanted[TYPES[path[7].lower()]] = found
    return {kind: ids - UNKNOWN_IDS for kind, ids in wanted.items()}


MINIMUM: dict[str, dict[str, str]] = {
    "contacts": {"firstname": "F"},
    "companies": {"name": "N"},
    "deals": {"dealname": "D", "dealstage": "closedwon"},
    "meetings": {"hs_timestamp": "2022-08-08T14:52:24.792Z"},
}


def prepare(hs: Account, pair: dict[str, Any]) -> None:
    """Bring the account into the state that the exchange was recorded in."""
    wanted = records_of(pair)
    hs.seed(**{k: [{"id": str(i), **MINIMUM[k]} for i in ids] for k, ids in wanted.items()})
    path, answer = urlsplit(pair["uri"]).path, pair["body"]
    if "/associations/" in path and pair["method"] == "GET":
        (one, [first]), (two, others) = wanted.items()
        for other in others:
            hs.edit("associate", one, str(first), to_type=two, to_id=str(other))
    elif path.startswith("/crm/v3/owners"):
        found = orjson.loads(answer)
        hs.seed(owners=found.get("results", [found]))
    elif path == "/crm/v3/objects/contacts":
        hs.seed(
            contacts=[{**r["properties"], "id": r["id"]} for r in orjson.loads(answer)["results"]]
        )
        hs.seed(contacts=[{"firstname": "one more"}])
    elif path.startswith("/crm/v3/objects/tickets/") and pair["status"] == 200:
        found = orjson.loads(answer)
        hs.seed(tickets=[{"id": found["id"], "subject": "S", "hs_pipeline_stage": "1"}])
    elif pair["method"] == "POST" and path == "/crm/v3/objects/tickets":
        hs.seed(
            contacts=[{"id": "75761595194", "firstname": "F"}],
            companies=[{"id": "25571271600", "name": "N"}],
            deals=[{"id": "28806796888", "dealname": "D", "dealstage": "closedwon"}],
        )


def send(hs: Account, pair: dict[str, Any]) -> httpx.Response:
    """Send the recorded request to the sandbox."""
    parts = urlsplit(pair["uri"])
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    body = orjson.loads(pair["request_body"]) if pair["request_body"] else None
    return hs.call(pair["method"], path, body)
