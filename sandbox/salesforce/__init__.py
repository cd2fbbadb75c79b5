"""A Salesforce organisation to rehearse against: metadata, SOQL, records, limits, quirks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from starlette.applications import Starlette

from core.clock import ManualClock, OffsetClock
from sandbox.admin import saving
from sandbox.quirks import Quirks
from sandbox.salesforce.administer import Administration, read_snapshot
from sandbox.salesforce.app import ROUTES, make_app
from sandbox.salesforce.auth import Auth, ConnectedApp
from sandbox.salesforce.options import Options
from sandbox.salesforce.org import Org
from sandbox.salesforce.service import Service
from sandbox.serve import Running, serve

__all__ = ["SalesforceSandbox", "make"]


@dataclass
class SalesforceSandbox:
    """One organisation; `store` is what the admin routes call, in this process."""

    app: Starlette
    credentials: dict[str, str]
    store: Administration

    def start(self, port: int = 0, tls: bool = True, ca: trustme.CA | None = None) -> Running:
        """Answer on a loopback port until stopped; then a snapshot is saved."""
        running = serve(self.app, port=port, tls=tls, ca=ca, credentials=self.credentials)
        return saving(running, self.store.save)


def make(
    *,
    clock: OffsetClock | ManualClock | None = None,
    snapshot: Path | None = None,
    credentials: Mapping[str, str] | None = None,
    profile: str = "strict",
    seed: int = 0,
    **options: Any,
) -> SalesforceSandbox:
    """A new organisation, or the one of the snapshot file if it exists.

    `credentials` as another sandbox has them are used; else they are made, or the snapshot's.
    `profile` and `seed` decide which quirks show (`sandbox.quirks`); `options` are the fields of
    `options.Options`. Raises ValueError for an unknown one.
    """
    chosen = Options()
    chosen.change(options)
    org = Org(clock or OffsetClock(), chosen, Quirks(profile, seed))
    saved = read_snapshot(snapshot)
    known = credentials or (saved or {}).get("credentials") or {}
    app = ConnectedApp(**known)
    service = Service(org, Auth(org, app), ROUTES)
    store = Administration(service, snapshot)
    if saved:
        store.load(saved, options)
    return SalesforceSandbox(make_app(service, store), app.as_credentials(), store)
