"""Real HubSpot traffic replayed against the sandbox: same status, same shape of the answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from tests.sandbox.hubspot_support import Account

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TIELINE_SHARED", ROOT.parent / "shared"))
FILE = SHARED / "recorded" / "hubspot" / "exchanges.jsonl"
TYPES = {"deal": "deals", "contact": "contacts", "company": "companies", "meetings": "meetings"}
UNKNOWN_IDS = {1234, 996174569112}
ADDED_LATER = {"url"}


def exchanges() -> list[Any]:
    """The recorded pairs of the object types that the sandbox has."""
    pairs = [orjson.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
    return [
        pytest.param(pair, id=f"{place}-{pair['method']}-{pair['status']}")
        for place, pair in enumerate(pairs)
    ]


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


def differences(recorded: Any, ours: Any, where: str = "") -> list[str]:
    """Where the shape differs: keys, types; None fits everything, values do not matter."""
    if recorded is None or ours is None:
        return []
    if type(recorded) is not type(ours):
        return [f"{where}: {type(recorded).__name__} was recorded, ours {type(ours).__name__}"]
    if isinstance(recorded, dict):
        extra = (
            set(ours) - set(recorded) - ADDED_LATER if not where.endswith("properties") else set()
        )
        found = [f"{where}: missing {k}" for k in set(recorded) - set(ours)]
        found += [f"{where}: extra {k}" for k in extra]
        shared = set(recorded) & set(ours)
        return found + [
            d for k in shared for d in differences(recorded[k], ours[k], f"{where}.{k}")
        ]
    if isinstance(recorded, list) and recorded and ours:
        return differences(recorded[0], ours[0], f"{where}[]")
    return (
        [f"{where}: empty list"]
        if isinstance(recorded, list) and len(recorded) != len(ours)
        else []
    )


@pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is not there")
@pytest.mark.parametrize("pair", exchanges())
def test_the_answer_has_the_recorded_shape(pair: dict[str, Any]) -> None:
    hs = Account(integer_association_ids="/v4/" in pair["uri"])
    prepare(hs, pair)
    parts = urlsplit(pair["uri"])
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    body = orjson.loads(pair["request_body"]) if pair["request_body"] else None
    answer = hs.call(pair["method"], path, body)
    assert answer.status_code == pair["status"], answer.text
    kind = pair["headers"]["Content-Type"]
    assert answer.headers["content-type"] == kind
    if pair["body"] and "json" in kind:
        assert differences(orjson.loads(pair["body"]), answer.json()) == []
    else:
        assert answer.text == pair["body"]
    limits = {h.lower() for h in pair["headers"] if "ratelimit" in h.lower()}
    assert limits <= set(answer.headers)
