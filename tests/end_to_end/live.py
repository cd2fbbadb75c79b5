"""Real connectors over HTTPS against sandboxes in this process, with a configuration on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import yaml

from app.wiring import workshop
from config.load import load_config
from connectors.base import StampField
from core.clock import OffsetClock
from sandbox.serve import Running, certificate_authority
from sync.engine import Engine
from sync.model import Report
from sync.verify import Verification

SIGN_IN = {
    "salesforce": ("client_credentials", ("client_id", "client_secret")),
    "hubspot": ("private_app", ("token",)),
}
CREATE_AS = [
    {"object": "Contact", "when": [{"field": "account", "present": True}]},
    {"object": "Lead"},
]
EVERY_GUARD = frozenset({"deletes", "changes", "empty", "ambiguous", "rules", "production"})


@dataclass
class Live:
    """Running sandboxes by side name, their vendors, and one clock for all of them."""

    folder: Path
    running: dict[str, Running]
    vendors: Mapping[str, str]
    clock: OffsetClock
    ids: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "tieline.yaml"

    def seed(self, side: str, body: Mapping[str, Any]) -> None:
        """Put records into a side, uncounted."""
        answer = self.running[side].admin.post("/seed", content=orjson.dumps(body))
        answer.raise_for_status()
        self.ids[side] = answer.json()["ids"]

    def edit(self, side: str, **body: Any) -> str:
        """An edit as a person; returns the record's id."""
        answer = self.running[side].admin.post("/edit", json={"as": "pat@person.example", **body})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def dump(self, side: str, object_type: str) -> list[dict[str, Any]]:
        """All records of an object type, deleted ones too."""
        found = self.running[side].admin.get("/dump", params={"object_type": object_type})
        return list(found.json()["records"])

    def requests(self, side: str) -> dict[str, Any]:
        """What the sandbox counted since the last reset."""
        return dict(self.running[side].admin.get("/requests").json())

    def reset_requests(self) -> None:
        """Count from zero."""
        for running in self.running.values():
            running.admin.delete("/requests").raise_for_status()

    def pass_time(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.clock.advance(seconds)

    @contextmanager
    def engine(self, *, writing: bool = True) -> Iterator[Engine]:
        """The engine as the commands make it."""
        with workshop(load_config(self.config), self.clock, writing=writing) as shop:
            yield shop.engine()

    def setup(self) -> None:
        """Make the stamp fields."""
        with workshop(load_config(self.config), self.clock, writing=True) as shop:
            for side in shop.sides:
                mapping = side.mapping
                names = [o for kind in mapping.kinds() for o in mapping.object_types(kind)]
                stamps = [StampField(o, str(mapping.stamp_field(o))) for o in names]
                side.connector.prepare(stamps)

    def run(self, *, full: bool = False) -> Report:
        """One run with every guard let pass."""
        with self.engine() as engine:
            return engine.run(allowed=EVERY_GUARD, full=full)

    def verify(self) -> Verification:
        """A full comparison."""
        with self.engine(writing=False) as engine:
            return engine.verify()


@contextmanager
def live(
    folder: Path, vendors: Mapping[str, str], *, tls: bool = True, **settings: Any
) -> Iterator[Live]:
    """Sandboxes for the sides named (side name -> vendor), and a configuration for them."""
    clock = OffsetClock()
    authority = certificate_authority()
    running: dict[str, Running] = {}
    with ExitStack() as stack:
        for number, (name, vendor) in enumerate(vendors.items()):
            options = {"portal_id": 4_000_000 + number} if vendor == "hubspot" else {}
            made = import_module(f"sandbox.{vendor}").make(clock=clock, **options)
            running[name] = made.start(tls=tls, ca=authority)
            stack.callback(running[name].stop)
        world = Live(folder, running, vendors, clock)
        write_config(world, settings)
        yield world


def write_config(world: Live, settings: Mapping[str, Any]) -> None:
    """The configuration file, with secrets in files beside it."""
    sides: dict[str, Any] = {}
    for name, running in world.running.items():
        vendor = world.vendors[name]
        flow, keys = SIGN_IN[vendor]
        credentials: dict[str, Any] = {"flow": flow}
        for key in keys:
            secret = world.folder / f"{name}-{key}"
            secret.write_text(running.credentials[key] + "\n", encoding="utf-8")
            credentials[key] = {"file": secret.name}
        sides[name] = {
            "type": vendor,
            "url": running.url,
            "credentials": credentials,
            "trust_url": True,
            "currency": "EUR",
            "country": "DE",
            "timezone": "Europe/Berlin",
            "budget": {"per_second": 500},
            **({"create_as": {"person": CREATE_AS}} if vendor == "salesforce" else {}),
        }
        if running.ca_file is not None:
            authority = world.folder / f"{name}-ca.pem"
            authority.write_bytes(running.ca_file.read_bytes())
            sides[name]["ca_file"] = authority.name
    rules = {"account": {"first_link": f"prefer {next(iter(sides))}"}}
    data = {"version": 1, "sides": sides, "rules": rules, **settings}
    world.config.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
