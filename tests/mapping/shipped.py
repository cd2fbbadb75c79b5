"""The shipped mappings, compiled, for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mapping.spec import MappingSpec
from mapping.translate import SideMapping, compile_mapping

FOLDER = Path(__file__).parents[2] / "config" / "mappings"


def document(name: str) -> dict[str, Any]:
    """A shipped mapping file as YAML reads it."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def shipped(name: str, **context: Any) -> SideMapping:
    """A shipped mapping, compiled for a side with that context."""
    return compile_mapping(MappingSpec.model_validate(document(name)), **context)


SALESFORCE = shipped("salesforce")
HUBSPOT = shipped("hubspot")
SIDES = (SALESFORCE, HUBSPOT)


def small(fields: dict[str, Any], **more: Any) -> SideMapping:
    """A mapping of one object type `Thing` (an account) with the given fields."""
    context = {k: more.pop(k) for k in ("currency", "country", "timezone", "custom") if k in more}
    kind = more.pop("kind", "account")
    document = {"vendor": "test", "objects": {"Thing": {"kind": kind, "fields": fields}}, **more}
    return compile_mapping(MappingSpec.model_validate(document), **context)
