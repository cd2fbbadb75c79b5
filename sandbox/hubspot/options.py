"""What can be set about a HubSpot sandbox, at its making or while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

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
    """Settings of one sandbox account.

    `rate_limits`: "open" shows the headers and enforces nothing, "pro" enforces
    `ten_second_limit`, `search_limit` per second and `daily_limit`. `search_lag`: seconds until
    a write shows in search. `auto_associate`: companies come of e-mail domains after
    `auto_associate_delay` seconds. `merged_listed`: a merge's old ids appear in the archived
    list. `cleared_as_null`: a cleared value reads null instead of "".
    """

    portal_id: int = 39000001
    app_id: int = 1024738
    user_id: int = 2506672
    time_zone: str = "Europe/Berlin"
    company_currency: str = "EUR"
    additional_currencies: tuple[str, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    rate_limits: str = "open"
    ten_second_limit: int = 190
    search_limit: int = 5
    daily_limit: int = 1_000_000
    retry_after: bool = False
    search_lag: float = 0.0
    max_page: int = 100
    search_max_page: int = 200
    association_page: int = 500
    html_404: bool = True
    integer_association_ids: bool = False
    auto_associate: bool = False
    auto_associate_delay: float = 5.0
    default_lifecycle_stage: str | None = None
    lifecycle_automation: bool = False
    merged_listed: bool = False
    cleared_as_null: bool = False

    def change(self, options: Mapping[str, Any]) -> None:
        """Set some options. Raises ValueError for an unknown name or a value of the wrong type;
        nothing is set then."""
        hints = get_type_hints(type(self))
        names = {f.name for f in fields(self)}
        unknown = sorted(set(options) - names)
        if unknown:
            raise ValueError(f"unknown options {unknown}; known are {sorted(names)}")
        made = {name: _fit(name, hints[name], value) for name, value in options.items()}
        for name, value in made.items():
            setattr(self, name, value)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _fit(name: str, hint: Any, value: Any) -> Any:
    if hint == tuple[str, ...] and isinstance(value, (list, tuple)):
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint == (str | None) and (value is None or isinstance(value, str)):
        return value
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise ValueError(f"option {name} does not take {value!r}")
