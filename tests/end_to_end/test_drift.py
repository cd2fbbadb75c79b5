"""A property that is archived in HubSpot while the sync is at work, over HTTP and the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.commands import Call, Office, add, call, change, living, office

__all__ = ["call"]

PROPERTIES = "/crm/v3/properties/companies"
FAX = {"name": "fax_line", "label": "Fax", "type": "string", "fieldType": "text",
       "groupName": "companyinformation"}  # fmt: skip
FIELDS = {"salesforce": ("Account", "Fax"), "hubspot": ("companies", "fax_line")}
SETTINGS: dict[str, Any] = {"custom": {"account": {"fax": {"type": "text"}}}}


def hubspot(place: Office, method: str, path: str, body: Any = None) -> None:
    """A call of HubSpot's own API, as its settings pages make it."""
    side = place.world.running["hubspot"]
    headers = {"Authorization": f"Bearer {side.credentials['token']}"}
    answer = side.admin.request(method, f"{side.url}{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text


def map_fax(place: Office, side: str, field: str | None) -> None:
    """Lay a mapping file of one's own over the shipped one: with the fax in this field."""
    object_type, _ = FIELDS[side]
    fields = (
        f"\nobjects:\n  {object_type}:\n    fields:\n      custom.fax: {field}" if field else ""
    )
    path = place.world.folder / f"{side}-own.yaml"
    path.write_text(f"extends: {side}{fields}\n", encoding="utf-8")
    config = place.world.config.read_text(encoding="utf-8")
    if path.name not in config:
        line = f"    type: {side}\n"
        config = config.replace(line, f"{line}    mapping: {path.name}\n")
        place.world.config.write_text(config, encoding="utf-8")


def faxes(place: Office, side: str) -> dict[str, Any]:
    """Company -> its fax."""
    object_type, field = FIELDS[side]
    name = "Name" if side == "salesforce" else "name"
    return {r[name]: r.get(field) for r in living(place, side, object_type)}


def failed(place: Office) -> Any:
    """A run that ends in drift."""
    place.world.pass_time(600)
    return place.tieline("run", "--json", "--allow", "rules")


@pytest.mark.parametrize("mended", ["in the mapping", "optional in the mapping", "in HubSpot"])
def test_the_property_is_named_and_once_it_is_mended_the_next_run_works(
    mended: str, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path, call, monkeypatch, **SETTINGS) as place:
        hubspot(place, "POST", PROPERTIES, FAX)
        for side, (_, field) in FIELDS.items():
            map_fax(place, side, field)
        acme = add(place, "salesforce", "Account", Name="Acme", Website="https://acme-corp.com",
                   Fax="+49 1")  # fmt: skip
        place.run()
        place.run()
        assert faxes(place, "hubspot") == {"Acme": "+49 1"}

        hubspot(place, "DELETE", f"{PROPERTIES}/fax_line")
        change(place, "salesforce", "Account", acme, Fax="+49 2", Phone="+49 30 901820")
        for _ in range(2):
            told = failed(place)
            assert told.code == 11, told.err
            assert "companies.fax_line is gone" in told.err
            assert "hubspot-own.yaml:5" in told.err
            assert "take it out of the mapping" in told.err
        assert {c.get("phone") for c in living(place, "hubspot", "companies")} == {None}

        if mended == "in HubSpot":
            hubspot(place, "POST", PROPERTIES, FAX)
        else:
            map_fax(place, "hubspot", "fax_line?" if mended.startswith("optional") else None)
        place.run()
        assert [c["phone"] for c in living(place, "hubspot", "companies")] == ["+4930901820"]
        assert faxes(place, "salesforce") == {"Acme": "+49 2"}
        if mended == "in HubSpot":
            place.run("--backfill", "all")
            assert faxes(place, "hubspot") == {"Acme": "+49 2"}
        assert place.run()["writes"] == 0
