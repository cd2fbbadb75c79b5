"""Who has a counterpart of its own is nobody's likeness, in whatever order records are seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.worlds import make_world


@pytest.mark.parametrize("counterpart", ["one@example.com", "two@example.com"])
def test_namesakes_at_one_company_are_told_apart_by_their_addresses(
    tmp_path: Path, counterpart: str
) -> None:
    world = make_world(tmp_path, leads=("left", "right"))
    person = {"first_name": "Linnea", "last_name": "Berg", "company_name": "Acme"}
    for email in ("one@example.com", "two@example.com"):
        world.crms["left"].insert("Lead", {**person, "email": email})
    world.crms["right"].insert("Lead", {**person, "email": counterpart})
    assert world.engine.run().questions == 0
    assert world.engine.run().writes == 0
    emails = {r["email"] for r in _people(world.snapshot()["right"])}
    assert emails == {"one@example.com", "two@example.com"}


def _people(snapshot: object) -> list[dict[str, str]]:
    """The leads and contacts of a snapshot."""
    assert isinstance(snapshot, dict)
    return [r for name in ("Lead", "Contact") for r in snapshot.get(name, {}).values()]
