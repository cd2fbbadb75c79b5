"""Small worlds of CRMs in memory, with an engine over them, for the engine's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.model import Config
from connectors.base import Connector
from connectors.memory import MemoryConnector, MemoryCrm, Quirks, generic_crm
from core.clock import ManualClock
from mapping.canonical import FIELDS
from mapping.spec import MappingSpec
from mapping.translate import SideMapping, compile_mapping
from sync.engine import Engine
from sync.sides import Side

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_ADDRESS = {
    "transform": "address",
    "fields": {p: p for p in ("street", "city", "region", "postal_code", "country")},
}
_OWNER = {"field": "owner", "transform": "owner"}
_PLAIN_PERSON = (
    "first_name", "last_name", "email", "phone", "mobile", "title", "department", "company_name",
    "description", "email_opt_out", "do_not_call", "tags",
)  # fmt: skip


def _enum(name: str) -> dict[str, Any]:
    return {"field": name, "values": name}


def generic_mapping(*, lead: bool = True) -> dict[str, Any]:
    """A mapping file for the generic CRM, as data."""
    person: dict[str, Any] = {
        **{n: n for n in _PLAIN_PERSON},
        "lifecycle_stage": _enum("lifecycle_stage"),
        "lead_status": _enum("lead_status"),
        "lead_source": _enum("lead_source"),
        "address": _ADDRESS,
        "owner": _OWNER,
    }
    account_ref = {"field": "account", "transform": "ref", "object": "Account"}
    objects: dict[str, Any] = {
        "Account": {
            "kind": "account",
            "stamp": "tieline_id",
            "fields": {
                **{
                    n: n
                    for n in (
                        "name", "domain", "website", "phone", "employees", "description", "tags",
                    )
                },
                "industry": _enum("industry"),
                "account_type": _enum("account_type"),
                "annual_revenue": {
                    "transform": "money",
                    "fields": {"amount": "annual_revenue", "currency": "currency"},
                },
                "billing_address": _ADDRESS,
                "parent": {"field": "parent", "transform": "ref", "object": "Account"},
                "owner": _OWNER,
            },
        },
        "Contact": {
            "kind": "person",
            "stamp": "tieline_id",
            "fields": {**person, "account": account_ref},
        },
        "Lead": {"kind": "person", "stamp": "tieline_id", "fields": person},
        "Opportunity": {
            "kind": "opportunity",
            "stamp": "tieline_id",
            "fields": {
                **{n: n for n in ("name", "close_date", "probability", "next_step", "description")},
                "stage": _enum("stage"),
                "amount": {
                    "transform": "money",
                    "fields": {"amount": "amount", "currency": "currency"},
                },
                "lead_source": _enum("lead_source"),
                "account": account_ref,
                "contacts": {"field": "contacts", "transform": "roles", "object": "Contact"},
                "owner": _OWNER,
            },
        },
    }  # fmt: skip
    if not lead:
        del objects["Lead"]
    return {
        "vendor": "memory",
        "owners": {"object": "User", "id": "id", "email": "email", "active": "active"},
        "values": _value_maps(),
        "objects": objects,
    }


def compiled(data: Mapping[str, Any]) -> SideMapping:
    """A mapping out of its data, for a side in dollars, the US and UTC."""
    spec = MappingSpec.model_validate(data)
    return compile_mapping(spec, currency="USD", country="US", timezone="UTC", custom={})


def _value_maps() -> dict[str, dict[str, str]]:
    crm = generic_crm(ManualClock(START))
    schemas = {name: crm.schema(name) for name in ("Account", "Contact", "Opportunity")}
    wanted = {
        "Account": ("industry", "account_type"),
        "Contact": ("lifecycle_stage", "lead_status", "lead_source"),
        "Opportunity": ("stage",),
    }
    return {
        name: {v.value: v.value for v in schemas[object_type].fields[name].picklist}
        for object_type, names in wanted.items()
        for name in names
    }


@dataclass
class World:
    """CRMs by side name, and the engine that keeps them in step."""

    folder: Path
    crms: dict[str, MemoryCrm]
    clock: ManualClock
    config: Config
    mappings: dict[str, SideMapping]
    connectors: dict[str, Connector] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        """An engine as a new process would make it: nothing is carried over but the folder."""
        return Engine(self.config, self.sides(), FIELDS, self.folder, self.clock)

    def sides(self) -> list[Side]:
        """The sides in the order of the configuration."""
        return [
            Side(name, self.connector(name), self.mappings[name], self.config.sides[name])
            for name in self.config.sides
        ]

    def connector(self, name: str) -> Connector:
        """A fresh connector to a CRM, or the one that a test put in its place."""
        return self.connectors.get(name) or MemoryConnector(self.crms[name], name=name)

    def snapshot(self) -> dict[str, Any]:
        """Everything that people see on all sides."""
        return {name: crm.snapshot() for name, crm in self.crms.items()}


def make_world(
    folder: Path,
    names: Sequence[str] = ("left", "right"),
    *,
    leads: Sequence[str] = (),
    quirks: Mapping[str, Quirks] | None = None,
    **settings: Any,
) -> World:
    """CRMs with those names; `leads` names the ones that have leads; `settings` go into the
    configuration (`rules`, `guards`, …; `side` holds settings by side name)."""
    clock = ManualClock(START)
    per_side = settings.pop("side", {})
    data = {
        "sides": {name: {"type": "memory", **per_side.get(name, {})} for name in names},
        **settings,
    }
    crms = {
        name: generic_crm(
            clock, lead=name in leads, prefix=f"{name}-", quirks=(quirks or {}).get(name)
        )
        for name in names
    }
    mappings = {name: compiled(generic_mapping(lead=name in leads)) for name in names}
    return World(folder, crms, clock, Config.model_validate(data), mappings)
