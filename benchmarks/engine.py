"""A first run and a run that finds nothing to do, both sandboxes in this process."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import yaml

from app.wiring import workshop
from config.load import load_config
from core.clock import OffsetClock
from sandbox.demo_data import build
from sandbox.hubspot import make as make_hubspot
from sandbox.salesforce import make as make_salesforce
from sandbox.serve import Running

GUARDS = frozenset({"deletes", "changes", "empty", "ambiguous", "rules", "production"})
SIGN_IN = {
    "salesforce": ("client_credentials", ("client_id", "client_secret")),
    "hubspot": ("private_app", ("token",)),
}


def measure(accounts: int, people: int) -> list[dict[str, Any]]:
    """The seconds, writes and records of a first run, and of one with nothing to do."""
    clock = OffsetClock()
    world = build(accounts=accounts, people=people, opportunities=accounts // 2)
    with (
        tempfile.TemporaryDirectory() as folder,
        make_salesforce(clock=clock, profile="open").start() as salesforce,
        make_hubspot(clock=clock, profile="open").start(tls=False) as hubspot,
    ):
        running = {"salesforce": salesforce, "hubspot": hubspot}
        records = 0
        for name, side in running.items():
            body = getattr(world, name)
            records += sum(len(rows) for rows in body["records"].values())
            side.admin.post("/seed", content=orjson.dumps(body)).raise_for_status()
        config = _config(Path(folder), running)
        rows = []
        for what in ("first run", "second run", "run with nothing to do"):
            rows.append({"run": what, "records": records, **_run(config, clock)})
            clock.advance(1_800)
        return rows


def _run(config: Path, clock: OffsetClock) -> dict[str, Any]:
    began = time.perf_counter()
    with workshop(load_config(config), clock, writing=True) as shop:
        report = shop.engine().run(allowed=GUARDS)
    return {"seconds": time.perf_counter() - began, "writes": report.writes}


def _config(folder: Path, running: dict[str, Running]) -> Path:
    sides = {}
    for name, side in running.items():
        flow, keys = SIGN_IN[name]
        credentials: dict[str, Any] = {"flow": flow}
        for key in keys:
            (folder / f"{name}-{key}").write_text(side.credentials[key], encoding="utf-8")
            credentials[key] = {"file": f"{name}-{key}"}
        sides[name] = {"type": name, "url": side.url, "credentials": credentials,
                       "trust_url": True, "currency": "EUR", "country": "DE",
                       "timezone": "Europe/Berlin", "budget": {"per_second": 5_000}}  # fmt: skip
        if side.ca_file is not None:
            sides[name]["ca_file"] = str(side.ca_file)
    rules = {"account": {"first_link": "prefer salesforce"}}
    path = folder / "tieline.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "sides": sides, "rules": rules}), "utf-8")
    return path
