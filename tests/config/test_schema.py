"""The JSON Schema: up to date, and of one mind with the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import config
from config.load import load_yaml
from config.model import CustomField
from config.schema import CONFIG_SCHEMA, config_schema, json_schema

EXAMPLE = Path(config.__file__).parent / "example.yaml"


@pytest.fixture
def schema() -> Any:
    return json.loads(CONFIG_SCHEMA.read_text(encoding="utf-8"))


def test_the_schema_in_the_repository_is_the_one_the_models_make() -> None:
    assert CONFIG_SCHEMA.read_text(encoding="utf-8") == config_schema(), "run: make docs"


def test_the_example_names_the_schema_and_keeps_to_it(schema: Any) -> None:
    first_line = EXAMPLE.read_text(encoding="utf-8").splitlines()[0]
    assert first_line == f"# yaml-language-server: $schema=./{CONFIG_SCHEMA.name}"
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(load_yaml(EXAMPLE).data, schema)


@pytest.mark.parametrize(
    "change",
    [
        {"sides": {}},
        {"rulez": {}},
        {"schedule": {"every": "soon"}},
        {"rules": {"persons": {}}},
        {"guards": {"max_delete_share": 2}},
    ],
)
def test_the_schema_refuses_what_the_models_refuse(schema: Any, change: dict[str, Any]) -> None:
    data = {**load_yaml(EXAMPLE).data, **change}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)


def test_the_schema_of_another_file_is_made_the_same_way() -> None:
    made = json.loads(json_schema(CustomField, "A custom field"))
    assert made["title"] == "A custom field"
    assert made["required"] == ["type"]
    assert json_schema(CustomField, "x") == json_schema(CustomField, "x")
