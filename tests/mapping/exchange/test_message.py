"""Messages that were changed, cut, swollen or made up are refused before anything is computed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import ExchangeError
from mapping.accounts.exchange.message import fingerprint, read, write
from tests.mapping.exchange.run import play

RUN = play(["a.example", "b.example", "c.example"], ["b.example", "c.example"])
SEALED = play(["a.example", "b.example"], ["b.example"], secret="between us")


def sealed_again(content: dict[str, Any]) -> str:
    """What somebody writes who knows the format, but no secret."""
    plain = {k: v for k, v in content.items() if k not in ("digest", "seal")}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    content["digest"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(content)


@pytest.mark.parametrize("text", RUN.messages)
def test_what_was_written_is_read_back(text: str) -> None:
    assert write(read(text)) == text


@pytest.mark.parametrize("text", RUN.messages)
def test_a_change_to_any_part_is_seen(text: str) -> None:
    content = json.loads(text)
    for name, value in content.items():
        for changed in _other(value):
            with pytest.raises(ExchangeError):
                read(json.dumps({**content, name: changed}))
        without = {k: v for k, v in content.items() if k != name}
        with pytest.raises(ExchangeError):
            read(json.dumps(without))


def _other(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value, None]
    if isinstance(value, int):
        return [value + 1, str(value), -1, None]
    if isinstance(value, str):
        return [value + "A", value[::-1] + "B", None, 3]
    if isinstance(value, list):
        return [[*value, 0], [], None]
    return [{**value, "minimum": 0, "extra": 1}, None, []]


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", "3", '"x"', "not json", "{", "\x00", "[" * 100_000,
        '{"format": "tieline/private-exchange"}',
        '{"format": "tieline/private-exchange", "v": 1}',
        '{"format": "tieline/private-exchange", "v": 2, "digest": "x"}',
        RUN.offer[: len(RUN.offer) // 2],
        RUN.offer + RUN.offer,
        RUN.offer.replace('"v": 1', '"v": 1, "v": 1'),
        '{"v": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ExchangeError):
        read(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deeply"),
        (RUN.offer.replace('"n": ', '"n": ' + "9" * 5000), "too many digits"),
        (RUN.offer.replace('"v": 1', f'"v": "{"x" * 5000}"'), "its version is 'x{20}', not 1"),
    ],
)
def test_why_it_is_refused_is_said_in_a_line(text: str, said: str) -> None:
    with pytest.raises(ExchangeError, match=said) as refused:
        read(text)
    assert len(str(refused.value)) < 300


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(n=99), "number of its points"),
        (lambda c: c.update(points="@@@@"), "not base64"),
        (lambda c: c.update(points="AAAA"), "whole points"),
        (lambda c: c.update(points=7), "no text"),
        (lambda c: c.update(run="../../etc/passwd"), "`run`"),
        (lambda c: c.update(commitment="x"), "`commitment`"),
        (lambda c: c.update(previous="0" * 64), "answers no message"),
        (lambda c: c.update(step="present"), "present"),
        (lambda c: c.update(more="x"), "unknown: more"),
        (lambda c: c["terms"].update(limit=10**12), "`limit`"),
        (lambda c: c["terms"].update(limit=True), "`limit`"),
        (lambda c: c["terms"].update(suite="p256"), "suite"),
        (lambda c: c["terms"].update(mode="everything"), "everything"),
        (lambda c: c["terms"].pop("minimum"), "terms"),
        (lambda c: c.update(terms=3), "terms are not those of this version"),
        (lambda c: c.update(terms=None), "terms are not those of this version"),
        (lambda c: c.update(doubled=""), "unknown: doubled"),
    ],
)
def test_a_message_that_somebody_made_up_is_refused(change: Change, said: str) -> None:
    content = json.loads(RUN.offer)
    change(content)
    with pytest.raises(ExchangeError, match=said):
        read(sealed_again(content))


def test_more_points_than_the_terms_allow_are_not_even_decoded() -> None:
    content = json.loads(RUN.offer)
    content["terms"]["limit"] = 3
    points = [n.to_bytes(32, "big") for n in range(1, 6)]
    content.update(n=5, points=base64.b64encode(b"".join(points)).decode())
    with pytest.raises(ExchangeError, match="more than the 3 points agreed"):
        read(sealed_again(content))


def test_with_a_secret_only_the_partner_can_have_written_it() -> None:
    for text in SEALED.messages:
        assert read(text, "between us")
        with pytest.raises(ExchangeError, match="not that of the agreed secret"):
            read(text, "another")
        with pytest.raises(ExchangeError, match="sealed with a secret"):
            read(text)
        content = json.loads(text)
        content["terms"]["minimum"] = 0
        with pytest.raises(ExchangeError, match="not that of the agreed secret"):
            read(sealed_again(content), "between us")
    with pytest.raises(ExchangeError, match="not sealed"):
        read(RUN.offer, "between us")


def test_a_fingerprint_can_be_read_out_and_differs_between_messages() -> None:
    told = {fingerprint(read(text)) for text in RUN.messages}
    assert len(told) == 3
    assert all(len(each) == 24 and each.replace(" ", "").isdigit() for each in told)
