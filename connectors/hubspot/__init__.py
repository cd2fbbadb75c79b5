"""The HubSpot connector, on hubspot-api-client; `connect` makes one, nothing is sent yet.

Options of a side (all optional):

* `api`: "v3" (default) or a dated version such as "2026-03"
* `lookback_seconds` (60): how far back the search index may lag behind the records
* `archive_pages` (20): pages of archived records listed per reading when some are gone
* `page_records` (1000): records in one page of changes
* `resolve_limit` (200): missing ids per call that are asked for one by one (merged records)
* `lifecycle_backward` (as the rule of the lifecycle stage says): move lifecycle stages backward
  too, by clearing them first
* `stamp` ("tieline_id"): name of the stamp property
* `search_per_second` (4): searches a second, of all threads together; 0 for no limit
* `ten_seconds` (none): calls in ten seconds, of all threads together; without it, HubSpot's own
  limit is kept as soon as HubSpot has refused a call for it
* `time_zone` (the side's `timezone`, or as the account says, once it was asked): where the day of
  the daily limit ends
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.clock import Clock
from core.errors import SettingsError
from core.redact import redact

if TYPE_CHECKING:
    from connectors.registry import ConnectorSettings

    from .connector import HubSpotConnector
    from .limits import Limits
    from .reads import ReadOptions

URL = "https://api.hubapi.com"
DOMAIN = "hubapi.com"


def connect(name: str, settings: ConnectorSettings, clock: Clock) -> HubSpotConnector:
    """A connector for one account; raises SettingsError for what cannot work."""
    from .auth import tokens
    from .client import Api, open_client
    from .connector import HubSpotConnector
    from .routes import routes

    url = _checked(settings.url or URL, trusted=settings.trust_url)
    for key in ("token", "client_secret", "refresh_token"):
        redact.add(settings.credentials.get(key, ""))
    http = open_client(url, settings.credentials.get("token") or None, settings.ca_file)
    sign_in = tokens(http, settings.credentials, clock, settings.timeout)
    options = settings.options
    return HubSpotConnector(
        name,
        Api(http, sign_in, clock, settings.timeout, _limits(options, clock, settings.timezone)),
        routes(str(options.get("api", "v3"))),
        clock,
        _reading(options),
        stamp=str(options.get("stamp", "tieline_id")),
        backward=bool(options.get("lifecycle_backward", False)),
        currency=settings.currency,
        timezone=settings.timezone,
    )


def _reading(options: Mapping[str, Any]) -> ReadOptions:
    from .reads import ReadOptions

    usual = ReadOptions()
    seconds = float(options.get("lookback_seconds", usual.lookback.total_seconds()))
    return ReadOptions(
        lookback=timedelta(seconds=seconds),
        archive_pages=int(options.get("archive_pages", usual.archive_pages)),
        page_records=max(1, int(options.get("page_records", usual.page_records))),
        resolve_limit=int(options.get("resolve_limit", usual.resolve_limit)),
    )


def _limits(options: Mapping[str, Any], clock: Clock, timezone: str | None) -> Limits:
    from .limits import SEARCHES_PER_SECOND, Limits

    ten_seconds, zone = options.get("ten_seconds"), options.get("time_zone", timezone)
    return Limits(
        clock,
        searches=int(options.get("search_per_second", SEARCHES_PER_SECOND)),
        ten_seconds=int(ten_seconds) if ten_seconds else None,
        time_zone=str(zone) if zone else None,
    )


def _checked(url: str, *, trusted: bool) -> str:
    """The address without a slash at its end. A token is sent only over HTTPS to HubSpot,
    unless the configuration says `trust_url`."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    ours = host == DOMAIN or host.endswith(f".{DOMAIN}")
    if not trusted and not (parts.scheme == "https" and ours):
        raise SettingsError(
            f"{url} is not an HTTPS address of HubSpot",
            remedy=f"Use {URL}, or set `trust_url: true` if you mean it.",
        )
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"{url} is not an address", remedy=f"Use {URL}.")
    return url.rstrip("/")
