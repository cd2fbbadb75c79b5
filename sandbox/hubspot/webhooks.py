"""Delivers webhook events to a loopback address: signed, in batches, repeated when they fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson

from sandbox.hubspot.events import RETRIES, Pending, signed_uri
from sandbox.hubspot.store import Store

PATIENCE = 5.0
"""Seconds within which a receiver has to answer."""
FIRST_PAUSE = 60_000
"""Milliseconds before the first repetition; doubled each time, ten of them take 17 hours."""
_TICK = 0.05


def signature_headers(
    secret: str, url: str, body: bytes, at: int, versions: Sequence[str]
) -> dict[str, str]:
    """The headers that prove who sends; `at` in milliseconds."""
    made: dict[str, str] = {}
    if "v3" in versions:
        text = b"POST" + signed_uri(url).encode() + body + str(at).encode()
        digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
        made["X-HubSpot-Signature-v3"] = base64.b64encode(digest).decode()
        made["X-HubSpot-Request-Timestamp"] = str(at)
    plain = {"v1": body, "v2": b"POST" + url.encode() + body}
    for version in [v for v in versions if v in plain][-1:]:
        digest_of = hashlib.sha256(secret.encode() + plain[version])
        made["X-HubSpot-Signature"] = digest_of.hexdigest()
        made["X-HubSpot-Signature-Version"] = version
    return made


class Deliverer:
    """Sends what is due by the sandbox's clock, when told or from a thread of its own."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret
        self._one_at_a_time = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.delivered = self.failed = self.given_up = 0

    def start(self) -> None:
        """Deliver from now on without being told; repeating it does nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, daemon=True, name="webhooks")
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE + 1)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(_TICK):
            self.deliver()

    def deliver(self) -> dict[str, Any]:
        """Send every event whose time has come; answers like `state`."""
        with self._one_at_a_time:
            for batch in self._due():
                self._settle(batch, self._post(batch))
        return self.state()

    def state(self) -> dict[str, Any]:
        """How many events are on their way, arrived, failed (and wait), were given up or lost."""
        with self._store.lock:
            events = self._store.events
            return {
                "pending": len(events.pending),
                "delivered": self.delivered,
                "failed": self.failed,
                "given_up": self.given_up,
                "lost": events.lost,
            }

    def _due(self) -> list[list[Pending]]:
        """What is to be sent now, in batches; it is off the list of pending events."""
        with self._store.lock:
            store, now = self._store, self._store.now()
            if store.options.webhook_url is None or not store.events.pending:
                return []
            due = sorted((p for p in store.events.pending if p.due <= now), key=lambda p: p.due)
            store.events.pending = [p for p in store.events.pending if p.due > now]
            due = store.quirks.shuffled("webhook_disorder", due, f"{now} {len(due)}")
            size = max(1, min(100, store.options.webhook_batch))
            return [due[at : at + size] for at in range(0, len(due), size)]

    def _post(self, batch: Sequence[Pending]) -> bool:
        with self._store.lock:
            url, at = self._store.options.webhook_url or "", self._store.now()
            versions = self._store.options.webhook_signatures
        body = orjson.dumps([{**p.body, "attemptNumber": p.attempt} for p in batch])
        headers: Mapping[str, str] = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) - WebHooks",
            **signature_headers(self._secret, url, body, at, versions),
        }
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            with httpx.Client(trust_env=False, timeout=PATIENCE, verify=trust) as client:
                return client.post(url, content=body, headers=headers).is_success
        except httpx.TransportError:
            return False

    def _settle(self, batch: Sequence[Pending], arrived: bool) -> None:
        with self._store.lock:
            if arrived:
                self.delivered += len(batch)
                return
            self.failed += len(batch)
            for each in batch:
                each.attempt += 1
                if each.attempt > RETRIES:
                    self.given_up += 1
                else:
                    each.due = self._store.now() + FIRST_PAUSE * 2 ** (each.attempt - 1)
                    self._store.events.pending.append(each)
