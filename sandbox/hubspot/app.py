"""The HubSpot sandbox as a web application: one door for every call, and its request classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.admin import Classified, SandboxApp, answer
from sandbox.hubspot import account, batches, errors, linking, objects, schemas
from sandbox.hubspot.auth import Auth
from sandbox.hubspot.effects import Effects
from sandbox.hubspot.http import Call, Match, Reply, Router
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.records import Source
from sandbox.hubspot.rules import enforced
from sandbox.hubspot.search import Searcher
from sandbox.hubspot.seeding import Administration
from sandbox.hubspot.spoils import HUBSPOT_SPOILS
from sandbox.hubspot.store import Store
from sandbox.hubspot.webhooks import Deliverer
from sandbox.hubspot.writer import Writer

JSON = "application/json;charset=utf-8"
HTML = "text/html;charset=iso-8859-1"
LONGEST_URL = 16_300
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
CONTACTS_SCOPE = "crm.objects.contacts.{verb}"
SCOPE_OF: Mapping[str, str] = {
    "tickets": "tickets",
    "tasks": CONTACTS_SCOPE,
    "meetings": CONTACTS_SCOPE,
}


class Door:
    """Every call comes in here: token, limits, body, handler, answer."""

    def __init__(self, store: Store, auth: Auth) -> None:
        self._store = store
        self._auth = auth
        self._limits = Limits(store)
        self._effects = Effects(store)
        self._searcher = Searcher(store)
        endpoints = (
            *objects.ENDPOINTS,
            *batches.ENDPOINTS,
            *linking.ENDPOINTS,
            *schemas.ENDPOINTS,
            *account.ENDPOINTS,
            *account.token_endpoints(auth),
        )
        self._router = Router(endpoints)

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        return await run_in_threadpool(self._answer, request, raw)

    def classify(self, method: str, path: str, _query: str) -> Classified:
        """What a request is, for the counter."""
        found = self._router.find(method, path)
        if found is None:
            return Classified(f"{method} {path}")
        table = self._store.table(found.params.get("object_type", ""))
        objects_of = (table.kind.name,) if table is not None else ()
        return Classified(f"{method} {found.route}", found.endpoint.write, objects_of)

    def _answer(self, request: Request, raw: bytes) -> Response:
        found = self._router.find(request.method, request.url.path)
        with self._store.lock:
            self._effects.run_due()
            headers: dict[str, str] = {}
            try:
                found = self._addressed(request, found)
                if not found.endpoint.public:
                    oauth = self._auth.check(request.headers, self._scopes(found))
                    search = found.endpoint.search
                    try:
                        self._limits.count(search=search, oauth=oauth)
                    finally:
                        headers = self._limits.headers(search=search, oauth=oauth)
                return _response(self._handled(found, request, raw, headers), headers)
            except errors.ApiError as error:
                return self._refusal(error, headers)

    def _addressed(self, request: Request, found: Match | None) -> Match:
        """Raises ApiError for what no endpoint sees: too long, unknown, or the wrong method."""
        if len(str(request.url)) > LONGEST_URL and self._store.quirks.on("long_addresses"):
            raise errors.ApiError(414, "URI too long", html="<h1>Bad Message 414</h1>")
        if found is not None:
            return found
        others = [m for m in METHODS if self._router.find(m, request.url.path) is not None]
        if others:
            allowed = {"Allow": ", ".join(others)}
            raise errors.ApiError(405, "HTTP 405 Method Not Allowed", headers=allowed)
        raise errors.ApiError(404, f"No route matches {request.url.path}")

    def _scopes(self, found: Match) -> list[str]:
        """The scopes that a call needs, made from the endpoint's template: for associations
        those of both object types."""
        scope = found.endpoint.scope
        if scope is None or "{object_type}" not in scope:
            return [] if scope is None else [scope]
        given = (found.params.get(name, "") for name in ("object_type", "to_type"))
        tables = [table for name in given if (table := self._store.table(name)) is not None]
        made = []
        for table in tables:
            template = SCOPE_OF.get(table.kind.name, scope)
            verb = scope.rpartition(".")[2]
            made.append(template.format(object_type=table.kind.name, verb=verb))
        return list(dict.fromkeys(made))

    def _handled(
        self, found: Match, request: Request, raw: bytes, headers: Mapping[str, str]
    ) -> Reply:
        options = self._store.options
        source = Source("INTEGRATION", str(options.app_id), "Tieline sandbox app")
        held = enforced(found.version)
        call = Call(
            store=self._store,
            searcher=self._searcher,
            writer=Writer(self._store, source, self._store.rules if held else ()),
            source=source,
            method=request.method,
            path=request.url.path,
            version=found.version,
            params=found.params,
            query=parse_qs(request.url.query, keep_blank_values=True),
            body=_read_body(request, raw),
            headers=headers,
        )
        return found.endpoint.handler(call)

    def _refusal(self, error: errors.ApiError, headers: Mapping[str, str]) -> Response:
        every = {**headers, **error.headers}
        if error.html is not None:
            return Response(error.html, error.status, every, media_type=HTML)
        body = orjson.dumps(error.body(self._store.correlation_id()))
        return Response(body, error.status, every, media_type=JSON)


def _read_body(request: Request, raw: bytes) -> Any:
    """The body as JSON, or as a form for tokens. Raises ApiError (400)."""
    if not raw:
        return None
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise errors.ApiError(
            400,
            f"Invalid input JSON on line {error.lineno}, column {error.colno}. {error.msg}",
            "VALIDATION_ERROR",
        ) from error


def _response(reply: Reply, headers: Mapping[str, str]) -> Response:
    body = b"" if reply.body is None else orjson.dumps(reply.body)
    return Response(body, reply.status, {**headers, **reply.headers}, media_type=JSON)


def make_app(
    store: Store, auth: Auth, administration: Administration, deliverer: Deliverer
) -> SandboxApp:
    """The application: HubSpot's routes, the admin routes, faults and the request counter.

    Besides the admin routes of every sandbox, `GET /_sandbox/webhooks` tells how many events
    wait and arrived, and POST delivers those that are due.
    """
    door = Door(store, auth)

    async def webhooks(request: Request) -> Response:
        act = deliverer.deliver if request.method == "POST" else deliverer.state
        return answer(await run_in_threadpool(act))

    routes = [
        Route("/_sandbox/webhooks", webhooks, methods=["GET", "POST"]),
        Route("/{path:path}", door.answer, methods=METHODS),
    ]
    return SandboxApp(
        routes,
        store=administration,
        classify=door.classify,
        quirks=store.quirks,
        spoils=HUBSPOT_SPOILS,
    )
