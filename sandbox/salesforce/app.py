"""The HTTP application of the Salesforce sandbox: its routes, and what each request counts as."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from starlette.routing import Route as WebRoute

from sandbox.admin import Classified, SandboxApp
from sandbox.salesforce import bulk_api, collections_api, composite, rest, tooling
from sandbox.salesforce.administer import Administration
from sandbox.salesforce.doors import Doors
from sandbox.salesforce.ids import to18
from sandbox.salesforce.service import Service

# composite and tooling come first: their paths are more particular than the generic ones
ROUTES = (
    *composite.ROUTES, *collections_api.ROUTES, *tooling.ROUTES, *bulk_api.ROUTES, *rest.ROUTES,
)  # fmt: skip
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]

_FROM = re.compile(r"\bfrom\s+(\w+)", re.I)
_SUBQUERY = re.compile(r"\([^()]*\)")
_WRITES = ("POST", "PATCH", "PUT", "DELETE")
_RESOURCES = ("describe", "updated", "deleted")


def make_app(service: Service, store: Administration) -> SandboxApp:
    """The application; `app.state.url` is the address that clients use."""
    doors = Doors(service)
    routes = [
        WebRoute("/services/oauth2/token", doors.token, methods=["POST"]),
        WebRoute("/services/oauth2/revoke", doors.revoke, methods=["POST"]),
        WebRoute("/services/oauth2/userinfo", doors.userinfo, methods=["GET", "POST"]),
        WebRoute("/services/Soap/{kind}/{version}", doors.soap, methods=["GET", "POST"]),
        WebRoute("/services/Soap/{kind}/{version}/{rest:path}", doors.soap, methods=["POST"]),
        WebRoute("/services/async/{rest:path}", doors.bulk_one, methods=METHODS),
        WebRoute("/services/data", doors.versions, methods=["GET"]),
        WebRoute("/services/data/", doors.versions, methods=["GET"]),
        WebRoute("/services/data/{rest:path}", doors.data, methods=METHODS),
    ]
    app = SandboxApp(routes, store=store, classify=classify, quirks=service.org.quirks)
    service.counter = app.counter
    return app


def classify(method: str, path: str, query: str) -> Classified:
    """A request's templated route, whether it can change data, and the object it names."""
    parts = [part for part in path.split("/") if part]
    if parts[:2] != ["services", "data"]:
        return Classified(f"{method} {path}")
    rest_parts = parts[3:]
    resource = rest_parts[0].lower() if rest_parts else ""
    if resource in ("query", "queryall"):
        return _classify_query(method, parts, query)
    if resource == "sobjects":
        return _classify_record(method, parts)
    if resource == "composite" and rest_parts[1:2] == ["sobjects"]:
        return _classify_collection(method, parts)
    if resource == "jobs":
        shown = [*parts[:5], *("{job}" for _ in parts[5:6]), *parts[6:]]
        write = method in _WRITES and rest_parts[1:2] == ["ingest"]
        return Classified(f"{method} /{'/'.join(shown)}", write)
    write = resource == "composite" and method in _WRITES
    return Classified(f"{method} /{'/'.join(parts)}", write)


def _classify_query(method: str, parts: list[str], query: str) -> Classified:
    shown = [*parts[:4], *("{locator}" for _ in parts[4:])]
    text = parse_qs(query).get("q", [""])[0]
    while _SUBQUERY.search(text):
        text = _SUBQUERY.sub("", text)
    names = tuple(_FROM.findall(text)[:1])
    return Classified(f"{method} /{'/'.join(shown)}", False, names)


def _classify_record(method: str, parts: list[str]) -> Classified:
    shown, name = list(parts), parts[4:5]
    last = parts[5] if len(parts) > 5 else ""
    if len(parts) > 6:
        shown[6:] = ["{value}"]
    elif last and last not in _RESOURCES:
        shown[5] = "{id}" if to18(last) else last
    return Classified(f"{method} /{'/'.join(shown)}", method in _WRITES, tuple(name))


def _classify_collection(method: str, parts: list[str]) -> Classified:
    retrieves = method in ("GET", "POST") and len(parts) > 5
    write = method in _WRITES and not retrieves
    names = tuple(parts[5:6]) if retrieves else ()
    return Classified(f"{method} /{'/'.join(parts)}", write, names)
