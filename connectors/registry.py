"""Connector types by name: each a factory, imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from connectors.base import Connector
from core.clock import Clock
from core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """What a connector needs to reach one account.

    `credentials` are resolved secrets under the key names of the configuration's `credentials`
    (client_id, client_secret, username, password, security_token, private_key, token,
    refresh_token) plus "flow". `url` None: the vendor's own address; `trust_url` allows a host
    outside the vendor's domains; `ca_file` is trusted besides the usual authorities. `timeout`
    is in seconds for one call, `currency` the ISO code of amounts that carry none, `timezone` the
    zone of its dates (None: not said). `options` are the connector's own settings, documented
    with the connector.
    """

    url: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    trust_url: bool = False
    timeout: float = 60.0
    currency: str = "USD"
    timezone: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


Factory = Callable[[str, ConnectorSettings, Clock], Connector]

_FACTORIES: Mapping[str, str] = {
    "hubspot": "connectors.hubspot:connect",
    "memory": "connectors.memory:connect",
    "salesforce": "connectors.salesforce:connect",
}


def known_types() -> tuple[str, ...]:
    """The types that a side may have, in alphabetical order."""
    return tuple(sorted(_FACTORIES))


def create(type: str, *, name: str, settings: ConnectorSettings, clock: Clock) -> Connector:
    """A connector of that type for the side called `name`; nothing is sent yet.

    Raises SettingsError for an unknown type, or what the type's factory says of its settings.
    """
    if type not in _FACTORIES:
        raise SettingsError(
            f"side {name!r} has the unknown type {type!r}",
            remedy=f"Use one of: {', '.join(known_types())}.",
        )
    module, _, attribute = _FACTORIES[type].partition(":")
    factory = cast(Factory, getattr(import_module(module), attribute))
    return factory(name, settings, clock)
