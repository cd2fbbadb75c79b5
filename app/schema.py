"""Writes the JSON Schema of mapping files, which lets an editor check them on typing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from config.schema import CONFIG_SCHEMA, json_schema
from mapping.spec import MappingSpec

MAPPING_SCHEMA: Path = CONFIG_SCHEMA.with_name("mapping.schema.json")

_WORD = {"type": ["string", "integer"]}
_SHORT_FORMS: dict[str, list[dict[str, Any]]] = {
    "FieldSpec": [{"type": "string", "minLength": 1}],
    "ValueEntry": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}],
}
"""What may stand in place of a block; the models take it before they validate."""


def mapping_schema() -> str:
    """The JSON Schema of mapping files: the models', with their short forms, and without what a
    file need not say that `extends` another (there null takes an entry out)."""
    schema: dict[str, Any] = json.loads(json_schema(MappingSpec, "Tieline mapping"))
    blocks = schema["$defs"]
    words = blocks["ValueEntry"]["properties"]
    words["read"]["items"] = _WORD
    words["write"]["anyOf"] = [_WORD, {"type": "null"}]
    blocks["FieldSpec"]["properties"]["scale"]["anyOf"].append({"type": "integer"})
    for name, forms in _SHORT_FORMS.items():
        blocks[name] = {"anyOf": [*forms, blocks[name], {"type": "null"}]}
    for name in ("ObjectSpec", "OwnerSpec"):
        del blocks[name]["required"]
    whole = schema.pop("required")
    schema["anyOf"] = [{"required": ["extends"]}, {"required": whole}]
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema anew, beside that of the configuration."""
    MAPPING_SCHEMA.write_text(mapping_schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
