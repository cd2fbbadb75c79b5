"""Real import files of two public Salesforce projects, through the shipped mappings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.mapping.shipped import HUBSPOT, SALESFORCE

SHARED = Path(os.environ.get("TIELINE_SHARED") or Path(__file__).parents[3] / "shared")
FILES = [
    (recipes, name, object_type)
    for recipes in ("salesforce-apex-recipes", "salesforce-lwc-recipes")
    for name, object_type in (
        ("Accounts", "Account"), ("Contacts", "Contact"), ("Opportunities", "Opportunity"),
    )
]  # fmt: skip


def rows(recipes: str, name: str, object_type: str) -> list[dict[str, Any]]:
    """The records with their field names in Salesforce's own case (imports ignore case)."""
    path = SHARED / "data" / recipes / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no real data: {path} is absent")
    proper = {f.lower(): f for f in SALESFORCE.read_fields(object_type)}
    records = json.loads(path.read_text(encoding="utf-8"))["records"]
    return [{proper.get(k.lower(), k): v for k, v in record.items()} for record in records]


@pytest.mark.parametrize(("recipes", "name", "object_type"), FILES)
def test_real_records_read_and_travel(recipes: str, name: str, object_type: str) -> None:
    target = {"Account": "companies", "Contact": "contacts", "Opportunity": "deals"}[object_type]
    records = rows(recipes, name, object_type)
    assert records
    for record in records:
        shown = SALESFORCE.to_canonical(object_type, record)
        assert set(shown.errors) <= {"industry", "account_type", "stage", "opportunity_type"}
        again = SALESFORCE.from_canonical(object_type, shown.values, record)
        assert {**record, **again.values} == record
        wished = {
            n: v for n, v in shown.values.items()
            if HUBSPOT.writable(target, n, creating=True) and n not in ("account", "owner")
        }  # fmt: skip
        sent = HUBSPOT.from_canonical(target, wished)
        assert set(sent.errors) <= {"industry"}
        back = HUBSPOT.to_canonical(target, sent.values).values
        coarser = {"stage", "account_type"}
        assert {n: v for n, v in back.items() if n in wished and n not in coarser} == {
            n: v for n, v in wished.items() if n not in coarser and n in back
        }
