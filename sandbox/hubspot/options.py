"""What can be set about a HubSpot sandbox, at its making or while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.hubspot.events import subscriptions
from sandbox.hubspot.rules import parse_rules
from sandbox.hubspot.workflows import parse_workflows

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "tickets",
)


@dataclass
class Options:
    """Settings of one sandbox account; how difficult it is, is a matter of `sandbox.quirks`.

    The limits count calls per ten seconds (of the private app, of OAuth apps), searches per
    second and calls per day. `auto_associate_delay`: seconds until a company comes of an e-mail
    domain. `association_limits`: {"contacts:companies": 5} for records of the first type.
    `workflows`: see `workflows.Workflow`. `property_rules`: see `rules.Rule`; in force from the
    API version 2026-09 on. `webhook_subscriptions`: "contact.creation",
    "contact.propertyChange:email", …; events go to `webhook_url`, a loopback address, signed in
    the `webhook_signatures` (v1, v2, v3).
    """

    portal_id: int = 39000001
    app_id: int = 1024738
    user_id: int = 2506672
    time_zone: str = "Europe/Berlin"
    company_currency: str = "EUR"
    additional_currencies: tuple[str, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    ten_second_limit: int = 190
    oauth_ten_second_limit: int = 110
    search_limit: int = 5
    daily_limit: int = 1_000_000
    max_page: int = 100
    search_max_page: int = 200
    association_page: int = 500
    association_limits: dict[str, int] = field(default_factory=dict)
    auto_associate_delay: float = 5.0
    default_lifecycle_stage: str | None = None
    workflows: tuple[dict[str, Any], ...] = ()
    property_rules: tuple[dict[str, Any], ...] = ()
    webhook_url: str | None = None
    webhook_subscriptions: tuple[str, ...] = ()
    webhook_signatures: tuple[str, ...] = ("v3",)
    webhook_batch: int = 100

    def change(self, options: Mapping[str, Any]) -> None:
        """Set some options. Raises ValueError for an unknown name or a value of the wrong type;
        nothing is set then."""
        hints = get_type_hints(type(self))
        names = {f.name for f in fields(self)}
        unknown = sorted(set(options) - names)
        if unknown:
            raise ValueError(f"unknown options {unknown}; known are {sorted(names)}")
        made = {name: _fit(name, hints[name], value) for name, value in options.items()}
        for name in set(made) & set(_CHECKS):
            _CHECKS[name](made[name])
        for name, value in made.items():
            setattr(self, name, value)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _fit(name: str, hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple and isinstance(value, (list, tuple)):
        kind = dict if get_origin(get_args(hint)[0]) is dict else str
        if all(isinstance(each, kind) for each in value):
            return tuple(value)
    if get_origin(hint) is dict and isinstance(value, dict):
        return dict(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint == (str | None) and (value is None or isinstance(value, str)):
        return value
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise ValueError(f"option {name} does not take {value!r}")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"no time zone {name!r}") from error


def _check_url(url: str | None) -> None:
    """Events of an invented account must not leave this machine."""
    parts = urlsplit(url or "http://127.0.0.1")
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise ValueError(f"webhook_url must be http on {sorted(LOOPBACK)}, not {url!r}")


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "time_zone": _check_zone,
    "webhook_url": _check_url,
    "webhook_subscriptions": subscriptions,
    "workflows": parse_workflows,
    "property_rules": parse_rules,
}
