"""Makes the JSON Schemas that let an editor check configuration and mapping files on typing."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from config.model import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"
CONFIG_SCHEMA = Path(__file__).parent / "tieline.schema.json"


def json_schema(model: type[BaseModel], title: str) -> str:
    """The JSON Schema of a file described by a model, as text that is the same every time."""
    schema = {"$schema": DIALECT, **model.model_json_schema(by_alias=True), "title": title}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def config_schema() -> str:
    """The JSON Schema of the configuration file."""
    return json_schema(Config, "Tieline configuration")


def main() -> None:
    """Write the configuration's schema anew beside this file."""
    CONFIG_SCHEMA.write_text(config_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
