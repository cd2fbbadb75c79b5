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
from sandbox.hubspot.seeding import Administration, configure
from sandbox.hubspot.snapshot import load, read, saved_quirks
from sandbox.hubspot.store import Store
from sandbox.hubspot.webhooks import Deliverer
from sandbox.quirks import Quirks
from sandbox.serve import Running, serve

__all__ = ["HubSpotSandbox", "Options", "make"]


@dataclass
class HubSpotSandbox:
    """One account. `store`, `administration` and `webhooks` give access without HTTP."""

    app: SandboxApp
    credentials: dict[str, str]
    store: Store
    administration: Administration
    webhooks: Deliverer

    def start(self, port: int = 0, tls: bool = True, ca: trustme.CA | None = None) -> Running:
        """Answer on a loopback port (0: any free one) and deliver webhooks; saves the snapshot
        on a clean stop."""
        running = serve(self.app, port=port, tls=tls, ca=ca, credentials=self.credentials)
        self.administration.on_webhooks = self.webhooks.start
        if self.store.options.webhook_url is not None:
            self.webhooks.start()
        return saving(running, self._stopped)

    def _stopped(self) -> None:
        self.webhooks.stop()
        self.administration.save()


def make(
    *,
    clock: OffsetClock | ManualClock | None = None,
    snapshot: Path | None = None,
    profile: str | None = None,
    seed: int | None = None,
    **options: Any,
) -> HubSpotSandbox:
    """A new account, or the one of the snapshot where that file exists.

    `profile` and `seed` decide which quirks show (`sandbox.quirks`; default strict, 0).
    `options` are the fields of `Options` and single quirks by their name; what is given here
    wins over a snapshot. Another `portal_id` gives other credentials, so that one process may
    hold several accounts. Raises ValueError for an unknown option or profile.
    """
    saved = read(snapshot)
    store = Store(clock or OffsetClock(), Options(), Quirks())
    if saved is not None:
        saved_quirks(store, saved)
        configure(store, saved["options"])
    if profile is not None or seed is not None:
        store.quirks.use(profile or store.quirks.profile, seed)
    configure(store, options)
    if saved is not None:
        load(store, saved)
        store.fit_options()
    credentials = Credentials.of(store.options.portal_id)
    auth = Auth(store, credentials)
    administration = Administration(store, auth, snapshot)
    deliverer = Deliverer(store, credentials.client_secret)
    app = make_app(store, auth, administration, deliverer)
    return HubSpotSandbox(app, credentials.to_mapping(), store, administration, deliverer)
