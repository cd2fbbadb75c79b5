"""A HubSpot account to rehearse against: the CRM API with its quirks and limits, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from core.clock import ManualClock, OffsetClock
from sandbox.admin import SandboxApp, saving
from sandbox.hubspot.app import make_app
from sandbox.hubspot.auth import Auth, Credentials
from sandbox.hubspot.options import Options
from sandbox.hubspot.seeding import Administration
from sandbox.hubspot.snapshot import load, read
from sandbox.hubspot.store import Store
from sandbox.serve import Running, serve

__all__ = ["HubSpotSandbox", "Options", "make"]


@dataclass
class HubSpotSandbox:
    """One account. `store` and `administration` give access without HTTP."""

    app: SandboxApp
    credentials: dict[str, str]
    store: Store
    administration: Administration

    def start(self, port: int = 0, tls: bool = True, ca: trustme.CA | None = None) -> Running:
        """Answer on a loopback port (0: any free one); saves the snapshot on a clean stop."""
        running = serve(self.app, port=port, tls=tls, ca=ca, credentials=self.credentials)
        return saving(running, self.administration.save)


def make(
    *,
    clock: OffsetClock | ManualClock | None = None,
    snapshot: Path | None = None,
    **options: Any,
) -> HubSpotSandbox:
    """A new account, or the one of the snapshot where that file exists.

    `options` are the fields of `Options` and win over those of a snapshot; another `portal_id`
    gives other credentials, so that one process may hold several accounts. Raises ValueError
    for an unknown option.
    """
    saved = read(snapshot)
    settings = Options()
    settings.change({**(saved["options"] if saved else {}), **options})
    store = Store(clock or OffsetClock(), settings)
    if saved is not None:
        load(store, saved)
        store.fit_options()
    credentials = Credentials.of(settings.portal_id)
    auth = Auth(store, credentials)
    administration = Administration(store, auth, snapshot)
    app = make_app(store, auth, administration)
    return HubSpotSandbox(app, credentials.to_mapping(), store, administration)
