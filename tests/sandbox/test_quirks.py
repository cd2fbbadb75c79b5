"""Quirks: named, documented, decided by a seed, and never more than a caller can outlast."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox import salesforce
from sandbox.quirks import MAX_STRIKES, PROFILES, REGISTRY, Quirks, profile
from sandbox.serve import Running

SPOILING = ("server_errors", "lost_requests", "lost_answers", "html_answers", "cut_answers")


def test_every_quirk_says_what_it_is_and_fits_its_own_unit() -> None:
    for quirk in REGISTRY.values():
        assert quirk.what.endswith(".")
        assert quirk.source
        for name in PROFILES:
            assert quirk.fit(quirk.value(name)) == quirk.value(name)


def test_a_seed_decides_everything() -> None:
    one, same, other = (profile("hostile", seed) for seed in (7, 7, 8))
    keys = [f"record {number}" for number in range(400)]
    fates = [[quirks.rate("late_rows", key) for key in keys] for quirks in (one, same, other)]
    assert fates[0] == fates[1] != fates[2]
    assert fates[0] == [one.rate("late_rows", key) for key in keys]
    assert 5 <= sum(fates[0]) <= 40


def test_a_rate_is_met_about_as_often_as_it_says() -> None:
    quirks = Quirks("strict", 3)
    quirks.change({"lock_rows": 0.25})
    assert 150 < sum(quirks.strikes("lock_rows", f"r{n}") for n in range(1000)) < 350


def test_whatever_the_rates_the_third_attempt_succeeds() -> None:
    quirks = Quirks("hostile", 1)
    quirks.change(dict.fromkeys(SPOILING, 1.0))
    fates = [quirks.first(SPOILING, "POST /x") is None for _ in range(9)]
    assert fates == [*[False] * MAX_STRIKES, True] * 3


def test_a_profile_or_quirk_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="lenient"):
        profile("lenient")
    quirks = Quirks()
    with pytest.raises(ValueError, match="no_such"):
        quirks.change({"no_such": 1})
    with pytest.raises(ValueError, match="rate_limits is a switch"):
        quirks.change({"rate_limits": 0.5})
    with pytest.raises(ValueError, match="between 0 and 1"):
        quirks.change({"lock_rows": 2})


def test_shuffling_loses_nothing_and_is_repeatable() -> None:
    quirks = Quirks("strict", 5)
    rows = list(range(50))
    mixed = quirks.shuffled("shuffled_results", rows, "job")
    assert mixed != rows
    assert sorted(mixed) == rows
    assert mixed == Quirks("strict", 5).shuffled("shuffled_results", rows, "job")


@pytest.fixture
def running() -> Iterator[Running]:
    with salesforce.make(profile="open", seed=4).start(tls=False) as running:
        yield running


def test_the_admin_routes_list_and_change_quirks(running: Running) -> None:
    listed = running.admin.get("/quirks").json()
    assert listed["profile"] == "open"
    assert {one["name"]: one["value"] for one in listed["quirks"]}["rate_limits"] is False
    body = {"profile": "hostile", "seed": 9, "quirks": {"lock_rows": 0.5}}
    assert running.admin.post("/config", json=body).json()["profile"] == "hostile"
    listed = running.admin.get("/quirks").json()
    values = {one["name"]: one["value"] for one in listed["quirks"]}
    assert (listed["seed"], values["lock_rows"], values["rate_limits"]) == (9, 0.5, True)
    assert running.admin.post("/config", json={"quirks": {"nonsense": 1}}).status_code == 400


def test_a_hostile_sandbox_spoils_requests_but_lets_the_third_attempt_through(
    running: Running,
) -> None:
    running.admin.post("/config", json={"quirks": dict.fromkeys(SPOILING, 1.0)})
    seen = []
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        for _ in range(6):
            try:
                answer = client.get("/services/data")
                seen.append(answer.status_code == 200 and answer.text.startswith("[{"))
            except httpx.TransportError:
                seen.append(False)
    assert seen == [False, False, True] * 2
