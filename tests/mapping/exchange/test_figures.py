"""At size: the clear-text result, the pace, and what another implementation finds."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest

from mapping.accounts.exchange import protocol
from mapping.accounts.exchange.keys import keyed
from mapping.accounts.exchange.message import KeyKind, Mode, read, write
from mapping.matching.model import Company
from tests.mapping.exchange.run import TERMS

SIZE = 10_000
SECONDS = 15.0


def companies(numbers: range, seed: int) -> list[Company]:
    """Companies with the domain of their number, each spelt in a way of its own."""
    rng = random.Random(seed)
    ways = [
        "{}", "www.{}", "http://{}/", "https://www.{}/about?x=1", "HTTPS://{}:443", " {} ",
        "shop.{}", "someone@{}",
    ]  # fmt: skip
    found = [
        Company(str(n), domains=(rng.choice(ways).format(_cased(rng, f"company{n}.co.uk")),))
        for n in numbers
    ]
    rng.shuffle(found)
    return found


def _cased(rng: random.Random, text: str) -> str:
    return rng.choice([text, text.upper(), text.title()])


@pytest.fixture(scope="module")
def lists() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    ours, theirs = companies(range(SIZE), 1), companies(range(7_500, 7_500 + SIZE), 2)
    return keyed(ours, KeyKind.DOMAIN), keyed(theirs, KeyKind.DOMAIN)


@pytest.mark.parametrize("mode", [Mode.REVEAL, Mode.COUNTS])
def test_ten_thousand_against_ten_thousand_is_exact_and_quick(
    lists: tuple[dict[str, list[str]], dict[str, list[str]]], mode: Mode
) -> None:
    ours, theirs = lists
    clear = sorted(set(ours) & set(theirs))
    assert len(clear) == 2_500
    terms = replace(TERMS, mode=mode)
    start = time.process_time()
    message, offered = protocol.offer(ours, terms)
    offer = write(message)
    offerer = time.process_time() - start
    start = time.process_time()
    message, answered = protocol.answer(read(offer), theirs, terms)
    answer = write(message)
    answerer = time.process_time() - start
    start = time.process_time()
    message, result = protocol.finish(read(answer), offered)
    offerer += time.process_time() - start
    concluded = protocol.conclude(read(write(message)), answered)
    assert result.size == concluded.size == len(clear)
    if mode is Mode.REVEAL:
        assert list(result.mutual) == list(concluded.mutual) == clear
    assert max(offerer, answerer) < SECONDS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_implementation_finds_the_same(
    lists: tuple[dict[str, list[str]], dict[str, list[str]]],
) -> None:
    """OpenMined's private set intersection, which shares no code with ours."""
    psi = pytest.importorskip(
        "private_set_intersection.python", reason="openmined-psi is not installed here",
        exc_type=ImportError,
    )  # fmt: skip
    ours, theirs = (list(found)[:3_000] for found in (lists[0], reversed(lists[0])))
    theirs = [*theirs, *list(ours)[:1_000]]
    server, client = psi.server.CreateWithNewKey(True), psi.client.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(1e-9, len(ours), theirs, psi.DataStructure.RAW)
    request = client.CreateRequest(ours)
    found = client.GetIntersection(setup, server.ProcessRequest(request))
    message, offered = protocol.offer(ours, TERMS)
    answer, _ = protocol.answer(message, theirs, TERMS)
    _, result = protocol.finish(answer, offered)
    assert sorted(ours[place] for place in found) == list(result.mutual)
    assert result.size >= 1_000
