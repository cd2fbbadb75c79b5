"""What follows for a connector from the configuration as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.wiring import settings_of
from config.load import load_config


def loaded(folder: Path, rule: dict[str, Any], **side: Any) -> Any:
    token = folder / "token"
    token.write_text("secret\n", "utf-8")
    given = {"type": "hubspot", "credentials": {"flow": "private_app", "token": {"file": "token"}}}
    data = {
        "sides": {"one": {**given, **side}, "two": {"type": "memory"}},
        "rules": {"person": {"fields": {"lifecycle_stage": rule}}},
    }
    path = folder / "tieline.yaml"
    path.write_text(yaml.safe_dump(data), "utf-8")
    return load_config(path)


@pytest.mark.parametrize(
    ("rule", "options", "expected"),
    [
        ({}, {}, False),
        ({"backward": True}, {}, True),
        ({"backward": True}, {"lifecycle_backward": False}, False),
    ],
)
def test_hubspot_moves_a_lifecycle_stage_back_as_its_rule_says(
    tmp_path: Path, rule: dict[str, Any], options: dict[str, Any], expected: bool
) -> None:
    settings = settings_of(loaded(tmp_path, rule, options=options), "one")
    assert settings.options["lifecycle_backward"] is expected


def test_the_zone_is_told_where_it_is_said(tmp_path: Path) -> None:
    assert settings_of(loaded(tmp_path, {}), "one").timezone is None
    said = loaded(tmp_path, {}, timezone="Europe/Berlin")
    assert settings_of(said, "one").timezone == "Europe/Berlin"
    assert settings_of(said, "two").options == {}
