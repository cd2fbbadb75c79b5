"""The reference connector: a CRM held in memory, with the quirks of real ones on request."""

from __future__ import annotations

from connectors.memory.connector import MemoryConnector
from connectors.memory.faults import Faults
from connectors.memory.generic import generic_crm, generic_schemas
from connectors.memory.model import Quirks
from connectors.memory.store import MemoryCrm
from connectors.registry import ConnectorSettings
from core.clock import Clock
from core.errors import SettingsError

__all__ = [
    "Faults",
    "MemoryConnector",
    "MemoryCrm",
    "Quirks",
    "connect",
    "generic_crm",
    "generic_schemas",
]


def connect(name: str, settings: ConnectorSettings, clock: Clock) -> MemoryConnector:
    """A connector to `options["crm"]` (a MemoryCrm), or to a fresh generic CRM without it.

    `credentials["token"]`, where given, must be the CRM's token.
    """
    crm = settings.options.get("crm") or generic_crm(clock, prefix=f"{name}-")
    if not isinstance(crm, MemoryCrm):
        raise SettingsError(f"side {name!r}: options.crm is not a MemoryCrm")
    return MemoryConnector(crm, name=name, token=settings.credentials.get("token"))
