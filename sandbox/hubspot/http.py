"""Requests and answers as the handlers see them, and the table that finds the handler of a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.hubspot import errors

if TYPE_CHECKING:
    from sandbox.hubspot.records import Source, Table
    from sandbox.hubspot.search import Searcher
    from sandbox.hubspot.store import Store
    from sandbox.hubspot.writer import Writer

VERSIONS = frozenset({"v3", "v4", "2025-09", "2026-03", "2026-09"})
FAMILIES = frozenset({"objects", "properties", "pipelines", "owners", "associations"})
_VERSION = re.compile(r"v\d|\d{4}-\d{2}")


class Reply(NamedTuple):
    """An answer; a body of None is an empty one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}


@dataclass(slots=True)
class Call:
    """One request, with what its handler needs."""

    store: Store
    searcher: Searcher
    writer: Writer
    source: Source
    method: str
    path: str
    version: str
    params: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """A query parameter given once."""
        values = self.query.get(name)
        return values[-1] if values else default

    def many(self, name: str) -> list[str]:
        """A query parameter that may be repeated or hold a comma-separated list."""
        return [
            v.strip() for text in self.query.get(name, ()) for v in text.split(",") if v.strip()
        ]

    def flag(self, name: str) -> bool:
        return self.one(name).lower() == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`. Raises ApiError (400)."""
        text = self.one(name) or str(default)
        if not text.isdigit() or not 0 < int(text) <= most:
            raise errors.invalid(f"Invalid {name}: {text} is not between 1 and {most}")
        return int(text)

    def table(self, name: str = "object_type") -> Table:
        """The table of the object type that the path names. Raises ApiError (400)."""
        found = self.store.table(self.params[name])
        if found is None:
            raise errors.invalid(
                f"Unable to infer object type from: {self.params[name]}",
                context={"type": [self.params[name]]},
                subCategory="crm.unable_to_infer_object_type",
            )
        return found

    def mapping(self) -> Mapping[str, Any]:
        """The body, which must be a JSON object. Raises ApiError (400)."""
        if self.body is None:
            raise errors.no_body()
        if not isinstance(self.body, Mapping):
            raise errors.bad_json("An object was expected")
        return self.body


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A handler with its method, its canonical path (without version) and what it needs.

    `scope` is a template like `crm.objects.{object_type}.write`; `write` tells whether it can
    change CRM data; `v4` endpoints take the path only in the forms of associations v4.
    """

    method: str
    path: str
    handler: Handler
    scope: str | None = None
    write: bool = False
    search: bool = False
    public: bool = False
    dialects: frozenset[str] | None = None


class Match(NamedTuple):
    """The endpoint that answers a path, its parameters, and the path with ids left out."""

    endpoint: Endpoint
    version: str
    params: Mapping[str, str]
    route: str


class Router:
    """Finds the endpoint of a method and a path in all the forms that HubSpot accepts:
    `/crm/v3/objects/…`, `/crm/objects/v3/…` and the date-versioned `/crm/objects/2026-03/…`."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._by_size: dict[tuple[str, int], list[tuple[list[str], Endpoint]]] = {}
        for endpoint in endpoints:
            parts = endpoint.path.strip("/").split("/")
            self._by_size.setdefault((endpoint.method, len(parts)), []).append((parts, endpoint))

    def find(self, method: str, path: str) -> Match | None:
        """The endpoint; None where there is none."""
        given = path.strip("/").split("/")
        version, parts = _canonical(given)
        dialect = _dialect(version, parts)
        for template, endpoint in self._by_size.get((method, len(parts)), ()):
            params = _fit(template, parts)
            if params is not None and (endpoint.dialects is None or dialect in endpoint.dialects):
                return Match(endpoint, version, params, _route(given, parts, template))
        return None


def _canonical(given: list[str]) -> tuple[str, list[str]]:
    """(version, path parts without it)."""
    if given[0] != "crm" or len(given) < 3:
        return "", given
    for place in (1, 2):
        family = given[3 - place]
        if _VERSION.fullmatch(given[place]) and family in FAMILIES and given[place] in VERSIONS:
            return given[place], ["crm", family, *given[3:]]
    return "", ["unknown-version"]


def _dialect(version: str, parts: list[str]) -> str:
    return "v3" if version == "v3" else "v4" if "associations" in parts else "v3"


def _fit(template: list[str], parts: list[str]) -> dict[str, str] | None:
    params = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            params[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return params


TYPE_PARAMS = frozenset({"{object_type}", "{to_type}"})


def _route(given: list[str], parts: list[str], template: list[str]) -> str:
    """The path as it was asked for, with ids and names replaced by their parameter's name."""
    offset = len(given) - len(parts)
    shown = list(given)
    for place, wanted in enumerate(template):
        if wanted.startswith("{") and wanted not in TYPE_PARAMS:
            shown[place + offset] = wanted
    return "/" + "/".join(shown)
