"""Records for account mapping out of a side, the state of a sync, and a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sources import read_book
from config.load import load_config
from core.clock import SystemClock
from core.errors import SettingsError
from mapping.accounts.records import accounts_of, around, companies, individuals
from tests.app.office import Office


def book(office: Office, source: str):  # type: ignore[no-untyped-def]
    return read_book(load_config(office.config), SystemClock(), source)


@pytest.mark.parametrize("side", ["salesforce", "hubspot"])
def test_a_side_gives_its_records_with_plain_references(office: Office, side: str) -> None:
    found = book(office, side)
    object_type = {"salesforce": "Account", "hubspot": "companies"}[side]
    assert {r.id for r in found.accounts} == set(office.dump(side, object_type))
    ids = {record.id for record in found.accounts}
    assert found.opportunities
    assert all(set(accounts_of(o)) <= ids for o in found.opportunities)
    assert all(record.created is not None for record in found.opportunities)
    owners = {str(r.values.get("owner")) for r in found.accounts if r.values.get("owner")}
    assert owners
    assert all("@" in owner for owner in owners)
    assert any(company.domains for company in companies(found))
    assert any(individual.emails for individual in individuals(found))
    assert office.writes()[side] == 0


def test_the_state_gives_each_thing_once(office: Office) -> None:
    with pytest.raises(SettingsError, match="nothing has run"):
        book(office, "state")
    office.tieline("setup")
    office.tieline("run")
    state = book(office, "state")
    assert len({r.id for r in state.accounts}) == len(state.accounts)
    both = [r for r in state.accounts if "salesforce" in r.where and "hubspot" in r.where]
    assert both
    ids = {record.id for record in state.accounts}
    linked = around(state)
    assert linked.opportunities
    assert set(linked.opportunities) <= ids


def test_a_spreadsheet_is_found_from_the_configuration(office: Office) -> None:
    (office.folder / "list.csv").write_text("Company,Website\nAcme,acme.com\n", encoding="utf-8")
    (record,) = book(office, "list.csv").accounts
    assert (record.name, record.id) == ("Acme", "line 2")
    with pytest.raises(SettingsError, match="no side and no file"):
        book(office, "nothing")


def test_a_missing_file_is_told_as_one(office: Office, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.csv"):
        book(office, str(tmp_path / "absent.csv"))
