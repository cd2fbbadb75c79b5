"""Connector types by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.memory import generic_crm
from connectors.registry import ConnectorSettings, create, known_types
from core.clock import ManualClock
from core.errors import AuthError, SettingsError
from tests.connectors.memory_harness import START

ROOT = Path(__file__).resolve().parents[2]


def test_the_known_types() -> None:
    assert known_types() == ("hubspot", "memory", "salesforce")


def test_an_unknown_type_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'acme'.*'pipedrive'") as caught:
        create("pipedrive", name="acme", settings=ConnectorSettings(), clock=ManualClock(START))
    assert "hubspot, memory, salesforce" in caught.value.remedy


def test_a_memory_side_of_its_own() -> None:
    clock = ManualClock(START)
    connector = create("memory", name="acme", settings=ConnectorSettings(), clock=clock)
    assert connector.name == "acme"
    assert connector.describe("Account").object_type == "Account"


def test_a_memory_side_over_a_given_crm_and_token() -> None:
    clock = ManualClock(START)
    crm = generic_crm(clock)
    id = crm.insert("Account", {"name": "Acme"})
    settings = ConnectorSettings(options={"crm": crm}, credentials={"token": crm.token})
    connector = create("memory", name="acme", settings=settings, clock=clock)
    assert [record.id for record in connector.fetch("Account", ["name"], [id])] == [id]
    wrong = ConnectorSettings(options={"crm": crm}, credentials={"token": "wrong"})
    with pytest.raises(AuthError):
        create("memory", name="acme", settings=wrong, clock=clock).describe("Account")


def test_a_memory_side_over_something_else_is_a_settings_error() -> None:
    settings = ConnectorSettings(options={"crm": "a string"})
    with pytest.raises(SettingsError, match="acme"):
        create("memory", name="acme", settings=settings, clock=ManualClock(START))


def test_settings_show_no_credentials() -> None:
    settings = ConnectorSettings(credentials={"token": "pat-very-secret"})
    assert "pat-very-secret" not in repr(settings)


def test_no_vendor_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, connectors.registry; print(*sorted(sys.modules), sep='\\n')"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(ran.stdout.split())
    assert {"connectors.base", "connectors.registry"} <= loaded
    assert not loaded & {"connectors.memory", "simple_salesforce", "hubspot", "connectors.hubspot"}
