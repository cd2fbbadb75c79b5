"""Every recorded exchange is sent to a sandbox: same status, same shape, same headers.

What is left out shows in the summary of the run with its reason (`replay_salesforce.LEFT_OUT`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest

from tests.sandbox import replay_hubspot, replay_salesforce
from tests.sandbox.hubspot_support import Account
from tests.sandbox.recorded import RECORDED, differences
from tests.sandbox.replay_salesforce import FIXTURES, LEFT_OUT
from tests.sandbox.salesforce_kit import Kit, running_kit

here = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recordings in {RECORDED}")
HUBSPOT = replay_hubspot.exchanges()
BODIES = replay_salesforce.fixtures()
CASSETTES = replay_salesforce.cassettes()


def same_answer(
    answer: httpx.Response, status: int, body: Any, added_later: frozenset[str] = frozenset()
) -> None:
    """Status and shape are the recorded ones; a body that was empty is empty."""
    assert answer.status_code == status, answer.text
    if body is None:
        assert answer.content == b""
    else:
        assert differences(body, answer.json(), added_later) == []


@here
@pytest.mark.parametrize("name", HUBSPOT)
def test_hubspot(name: str) -> None:
    pair = HUBSPOT[name]
    hs = Account(integer_association_ids="/v4/" in pair["uri"])
    replay_hubspot.prepare(hs, pair)
    answer = replay_hubspot.send(hs, pair)
    kind = pair["headers"]["Content-Type"]
    json_body = bool(pair["body"]) and "json" in kind
    body = orjson.loads(pair["body"]) if json_body else None
    assert {name.lower() for name in pair["headers"]} <= set(answer.headers)
    assert answer.headers["content-type"] == kind
    if json_body:
        same_answer(answer, pair["status"], body, replay_hubspot.ADDED_LATER)
    else:
        assert (answer.status_code, answer.text) == (pair["status"], pair["body"])


@contextmanager
def organisation() -> Iterator[Kit]:
    with running_kit(record_types=[{"object": "Account", "name": "Household"}]) as kit:
        kit.external_id("Contact", unique=False)
        yield kit


def _named(name: str) -> Any:
    left_out = pytest.mark.skipif(name in LEFT_OUT, reason=f"{name}: {LEFT_OUT.get(name)}")
    return pytest.param(name, marks=left_out)


@here
@pytest.mark.parametrize("name", [_named(name) for name in BODIES])
def test_salesforce_fixture(name: str) -> None:
    with organisation() as kit:
        call = FIXTURES[name]
        answer = replay_salesforce.ask(kit, call)
        assert answer.status_code == call.status, answer.text
        if BODIES[name] is None:
            assert answer.content == b""
            return
        pair = [replay_salesforce.envelope(body) for body in (BODIES[name], answer.json())]
        assert differences(*pair, call.added_later) == []
        assert answer.headers["content-type"].startswith("application/json")


@here
@pytest.mark.parametrize("name", CASSETTES)
def test_salesforce_cassette(name: str) -> None:
    with organisation() as kit:
        kit.seed(**replay_salesforce.STATES.get(name, {}))
        ids: dict[str, str] = {}
        for recorded in CASSETTES[name]:
            if recorded.file:  # compared by test_salesforce_describe
                continue
            exchange = replay_salesforce.known_to_us(recorded)
            with replay_salesforce.counted(kit, exchange):
                answer = replay_salesforce.ask_again(kit, exchange, ids)
            same_answer(answer, exchange.status, exchange.answer)
            assert answer.headers["content-type"] == exchange.content_type


FILES = {exchange.file for cassette in CASSETTES.values() for exchange in cassette if exchange.file}
# shown by some organisations and versions, not by those recorded
LATER = frozenset({"associateEntityType", "associateParentEntity", "sobjectDescribeOption"})
DESCRIBES = set(replay_salesforce.describes())


@here
@pytest.mark.parametrize("name", [_named(name) for name in sorted(FILES | DESCRIBES)])
def test_salesforce_describe(name: str) -> None:
    resource, recorded = replay_salesforce.described(name)
    with running_kit(record_types=[{"object": "Account", "name": "Household"}]) as kit:
        answer = kit.call("GET", resource)
    ours = answer.json()
    assert answer.status_code == 200
    pair = (
        replay_salesforce.comparable(recorded, ours),
        replay_salesforce.comparable(ours, recorded),
    )
    assert differences(*pair, LATER) == []


@here
def test_nothing_recorded_is_forgotten() -> None:
    assert set(BODIES) == set(FIXTURES) | {name for name in LEFT_OUT if name in BODIES}
    assert not set(FIXTURES) & set(LEFT_OUT)
    assert len(HUBSPOT) == 32
