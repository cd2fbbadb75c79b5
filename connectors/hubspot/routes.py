"""Where things are in HubSpot's API, in both styles of versioning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Routes:
    """Path prefixes without a trailing slash; a type or an id follows after a slash."""

    objects: str
    associations: str
    properties: str
    pipelines: str
    owners: str
    token_info: str = "/oauth/v2/private-apps/get/access-token-info"
    oauth_info: str = "/oauth/v1/access-tokens/{token}"
    account: str = "/account-info/v3/details"


_STYLES: Mapping[str, Routes] = {
    "v3": Routes(
        objects="/crm/v3/objects",
        associations="/crm/v4/associations",
        properties="/crm/v3/properties",
        pipelines="/crm/v3/pipelines",
        owners="/crm/v3/owners",
    ),
}


def routes(style: str) -> Routes:
    """The paths for `v3` (the legacy style) or for a date such as `2026-03`.

    Raises SettingsError for anything else. Source: HubSpot's specifications, which since
    2026-03 put the date behind the family's name.
    """
    if style in _STYLES:
        return _STYLES[style]
    year, _, month = style.partition("-")
    if not (len(year) == 4 and year.isdigit() and month.isdigit() and len(month) == 2):
        raise SettingsError(
            f"options.api is {style!r}", remedy='Use "v3" or a dated version such as "2026-03".'
        )
    families = ("objects", "associations", "properties", "pipelines", "owners")
    return Routes(**{family: f"/crm/{family}/{style}" for family in families})
