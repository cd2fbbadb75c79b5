"""What both sides learn of an exchange, and that the messages hold nothing else."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
import rbcl
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ExchangeError
from mapping.accounts.exchange import protocol
from mapping.accounts.exchange.group import hashed
from mapping.accounts.exchange.message import KeyKind, Message, Mode, Terms, read, write
from tests.mapping.exchange.run import COUNTS, TERMS, Run, play

OURS = [f"ours{n}.example" for n in range(40)] + [f"both{n}.example" for n in range(12)]
THEIRS = [f"theirs{n}.example" for n in range(25)] + [f"both{n}.example" for n in range(12)]
BOTH = sorted(set(OURS) & set(THEIRS))


def points_of(run: Run) -> list[bytes]:
    offer, answer = read(run.offer), read(run.answer)
    return [*offer.points, *answer.points, *answer.doubled]


def test_reveal_tells_both_which_are_mutual() -> None:
    run = play(OURS, THEIRS)
    assert run.offerer.mutual == run.answerer.mutual == tuple(BOTH)
    assert run.offerer.size == run.answerer.size == len(BOTH)


def test_counts_tells_both_how_many_and_no_more() -> None:
    run = play(OURS, THEIRS, COUNTS)
    assert run.offerer.size == run.answerer.size == len(BOTH)
    assert run.offerer.mutual == run.answerer.mutual == ()
    assert "mutual" not in json.loads(run.finish)


@settings(max_examples=30, deadline=None)
@given(
    st.sets(st.integers(0, 30), min_size=1, max_size=20),
    st.sets(st.integers(0, 30), min_size=1, max_size=20),
    st.sampled_from([TERMS, COUNTS]),
    st.integers(0, 25),
)
def test_the_result_is_that_of_the_clear_texts(
    ours: set[int], theirs: set[int], terms: Terms, pad_to: int
) -> None:
    run = play([str(n) for n in ours], [str(n) for n in theirs], terms, pad_to=pad_to)
    both = sorted(str(n) for n in ours & theirs)
    assert run.offerer.size == run.answerer.size == len(both)
    assert run.offerer.told is run.answerer.told is bool(both)
    if terms.mode is Mode.REVEAL:
        assert list(run.offerer.mutual) == list(run.answerer.mutual) == both


def test_a_result_below_the_minimum_is_told_to_nobody() -> None:
    terms = replace(TERMS, minimum=len(BOTH) + 1)
    run = play(OURS, THEIRS, terms)
    assert not run.offerer.told
    assert not run.answerer.told
    assert run.offerer.size == run.answerer.size == 0
    third = json.loads(run.finish)
    assert not {"size", "mutual", "n", "points"} & set(third)


def test_nothing_in_common_looks_like_a_result_below_the_minimum() -> None:
    none = json.loads(play(["a"], ["b"]).finish)
    few = json.loads(play(["a", "c"], ["b", "c"], replace(TERMS, minimum=2)).finish)
    assert set(none) == set(few)
    assert none["told"] is few["told"] is False


def test_messages_of_two_runs_share_no_point() -> None:
    first, second = play(OURS, THEIRS), play(OURS, THEIRS)
    assert not set(points_of(first)) & set(points_of(second))
    assert first.offered.secret != second.offered.secret
    assert read(first.offer).commitment != read(second.offer).commitment


def test_no_list_stands_in_a_message_and_no_hash_of_one() -> None:
    run = play(OURS, THEIRS)
    sent = set(points_of(run))
    offer = read(run.offer)
    context = (offer.terms.normaliser, str(offer.terms.key), offer.run)
    assert not sent & {hashed(key, *context) for key in {*OURS, *THEIRS}}
    for text in run.messages:
        assert ".example" not in text


def test_counts_returns_the_points_in_an_order_that_tells_nothing() -> None:
    answer = read(play(OURS, THEIRS, COUNTS).answer)
    assert list(answer.doubled) == sorted(answer.doubled)
    assert list(answer.points) == sorted(answer.points)


def test_points_stand_in_an_order_that_has_nothing_to_do_with_the_list() -> None:
    run = play(OURS, THEIRS)
    assert list(run.offered.keys) != sorted(OURS)
    assert list(read(run.offer).points) == sorted(read(run.offer).points)


def test_the_order_and_repetition_of_a_list_change_nothing() -> None:
    mixed = [*OURS, *OURS[:9]]
    random.Random(3).shuffle(mixed)
    run = play(mixed, THEIRS)
    assert run.offerer.mutual == tuple(BOTH)
    assert len(read(run.offer).points) == len(OURS)


def test_padding_hides_the_size() -> None:
    run = play(OURS, THEIRS, pad_to=100)
    assert len(read(run.offer).points) == len(read(run.answer).points) == 100
    assert run.offerer.mutual == run.answerer.mutual == tuple(BOTH)


def test_another_normaliser_kind_or_run_makes_another_point_of_the_same_key() -> None:
    contexts = [
        ("v1", "domain", "r"),
        ("v2", "domain", "r"),
        ("v1", "name", "r"),
        ("v1", "domain", "s"),
    ]
    assert len({hashed("acme.com", *c) for c in contexts}) == 4
    assert hashed("bc", "a") != hashed("c", "ab"), "parts must not run into each other"


def test_the_answerer_keeps_no_scalar() -> None:
    assert play(OURS, THEIRS).answered.secret == ""


def test_a_commitment_opens_to_its_list_only() -> None:
    bound = protocol.commitment(OURS)
    assert protocol.same_list(bound.value, bound.salt, list(reversed(OURS)))
    assert not protocol.same_list(bound.value, bound.salt, OURS[1:])
    assert protocol.commitment(OURS).value != bound.value


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "agreed", "said"),
    [
        (replace(TERMS, normaliser="test-2"), TERMS, "keys are made by"),
        (TERMS, COUNTS, "mode is reveal, not counts"),
        (replace(TERMS, key=KeyKind.NAME), TERMS, "compares by name-country"),
        (TERMS, replace(TERMS, minimum=5), "below 5"),
        (replace(TERMS, limit=30_000), TERMS, "above 20,000"),
    ],
)
def test_an_offer_beyond_what_was_agreed_is_refused(
    offered: Terms, agreed: Terms, said: str
) -> None:
    message, _ = protocol.offer(OURS, offered)
    with pytest.raises(ExchangeError, match=said):
        protocol.answer(read(write(message)), THEIRS, agreed)


def test_a_list_larger_than_agreed_is_not_offered() -> None:
    with pytest.raises(ExchangeError, match="10 were agreed"):
        protocol.offer(OURS, replace(TERMS, limit=10))
    with pytest.raises(ExchangeError, match="10 were agreed"):
        protocol.offer(OURS[:5], replace(TERMS, limit=10), pad_to=11)


def test_a_list_without_keys_is_not_offered() -> None:
    with pytest.raises(ExchangeError, match="nothing to compare"):
        protocol.offer([""], TERMS)


def test_an_answer_of_another_run_is_refused() -> None:
    one, two = play(OURS, THEIRS), play(OURS, THEIRS)
    with pytest.raises(ExchangeError, match="another run"):
        protocol.finish(read(two.answer), one.offered)
    with pytest.raises(ExchangeError, match="another run"):
        protocol.conclude(read(two.finish), one.answered)


def test_an_answer_to_a_changed_offer_is_refused() -> None:
    message, kept = protocol.offer(OURS, TERMS)
    changed = replace(message, points=message.points[1:])
    answer, _ = protocol.answer(changed, THEIRS, TERMS)
    with pytest.raises(ExchangeError, match="does not answer the message that was sent"):
        protocol.finish(answer, kept)


def test_a_finish_to_a_changed_answer_is_refused() -> None:
    message, offered = protocol.offer(OURS, TERMS)
    answer, answered = protocol.answer(message, THEIRS, TERMS)
    finish, _ = protocol.finish(replace(answer, points=answer.points[1:]), offered)
    with pytest.raises(ExchangeError, match="does not answer the message that was sent"):
        protocol.conclude(finish, answered)


@pytest.mark.parametrize("step", ["offer", "answer", "finish"])
def test_a_message_out_of_turn_is_refused(step: str) -> None:
    run = play(OURS, THEIRS)
    message = read(getattr(run, step))
    if step != "offer":
        with pytest.raises(ExchangeError, match="not `offer`"):
            protocol.answer(message, THEIRS, TERMS)
    if step != "answer":
        with pytest.raises(ExchangeError, match="not `answer`"):
            protocol.finish(message, run.offered)
    if step != "finish":
        with pytest.raises(ExchangeError, match="not `finish`"):
            protocol.conclude(message, run.answered)


def _outside() -> bytes:
    """Thirty-two bytes that are no element of the group."""
    return next(
        bytes([n]) * 32 for n in range(1, 256)
        if not rbcl.crypto_core_ristretto255_is_valid_point(bytes([n]) * 32)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([bytes(32)], "identity"),
        ([_outside()], "no element"),
        ([b"\xff" * 32], "no element"),
        ([], "no point"),
    ],
)
def test_unsound_points_of_a_partner_are_refused(bad: list[bytes], said: str) -> None:
    offer, offered = protocol.offer(OURS, TERMS)
    sound = list(offer.points[: -len(bad)]) if bad else []
    with pytest.raises(ExchangeError, match=said):
        protocol.answer(replace(offer, points=(*sound, *bad)), THEIRS, TERMS)
    answer, _ = protocol.answer(offer, THEIRS, TERMS)
    with pytest.raises(ExchangeError, match=said):
        protocol.finish(replace(answer, doubled=(*sound, *bad)), offered)


def test_a_point_that_is_there_twice_is_refused() -> None:
    offer, offered = protocol.offer(OURS, TERMS)
    with pytest.raises(ExchangeError, match="twice"):
        protocol.answer(replace(offer, points=offer.points + offer.points[:1]), THEIRS, TERMS)
    answer, _ = protocol.answer(offer, THEIRS, TERMS)
    with pytest.raises(ExchangeError, match="twice"):
        protocol.finish(replace(answer, points=answer.points[:1] * 2), offered)


def test_an_answer_with_fewer_points_than_were_offered_is_refused() -> None:
    offer, offered = protocol.offer(OURS, TERMS)
    answer, _ = protocol.answer(offer, THEIRS, TERMS)
    with pytest.raises(ExchangeError, match="as many points"):
        protocol.finish(replace(answer, doubled=answer.doubled[1:]), offered)


def test_a_partner_who_returns_our_points_as_its_own_is_refused() -> None:
    offer, offered = protocol.offer(OURS, TERMS)
    answer, _ = protocol.answer(offer, THEIRS, TERMS)
    for mirrored in (replace(answer, points=offer.points), replace(answer, doubled=offer.points)):
        with pytest.raises(ExchangeError, match="as its own"):
            protocol.finish(mirrored, offered)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 10_000}, "larger than it can be"),
        ({"size": 0}, "smaller than was agreed"),
        ({"mutual": (0,) * len(BOTH)}, "another number"),
        ({"mutual": tuple(range(1000, 1000 + len(BOTH)))}, "was not sent"),
        ({"commitment": "0" * 64}, "commitment"),
    ],
)
def test_a_finish_that_cannot_be_is_refused(change: dict[str, object], said: str) -> None:
    run = play(OURS, THEIRS)
    message: Message = replace(read(run.finish), **change)  # type: ignore[arg-type]
    with pytest.raises(ExchangeError, match=said):
        protocol.conclude(message, run.answered)
