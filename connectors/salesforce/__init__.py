"""Salesforce over its REST API; simple-salesforce signs in and quotes, calls are our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.base import Connector
from core.clock import Clock

if TYPE_CHECKING:
    from connectors.registry import ConnectorSettings


def connect(name: str, settings: ConnectorSettings, clock: Clock) -> Connector:
    """The connector of the side called `name`; nothing is sent yet. Raises SettingsError."""
    from connectors.salesforce.connector import SalesforceConnector

    return SalesforceConnector(name, settings, clock)
