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

from sandbox.admin import Classified, SandboxApp
from sandbox.hubspot import account, batches, errors, linking, objects, schemas
from sandbox.hubspot.auth import Auth
from sandbox.hubspot.effects import Effects
from sandbox.hubspot.http import Call, Match, Reply, Router
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.records import Source
from sandbox.hubspot.search import Searcher
from sandbox.hubspot.seeding import Administration
from sandbox.hubspot.store import Store
from sandbox.hubspot.writer import Writer

JSON = "application/json;charset=utf-8"
HTML = "text/html;charset=iso-8859-1"
LONGEST_URL = 16_300
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
SCOPE_OF: Mapping[str, str] = {"tickets": "tickets", "tasks": "crm.objects.contacts.{verb}"}


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
            search = found is not None and found.endpoint.search
            headers: dict[str, str] = {}
            try:
                if found is None or not found.endpoint.public:
                    self._auth.check(request.headers, self._scope(found))
                    headers = self._counted(search=search)
                return _response(self._handled(found, request, raw, headers), headers)
            except errors.ApiError as error:
                if error.status == 429:
                    headers = self._limits.headers(search=search)
                return self._refusal(error, headers)

    def _counted(self, *, search: bool) -> dict[str, str]:
        self._limits.count(search=search)
        return self._limits.headers(search=search)

    def _scope(self, found: Match | None) -> str | None:
        """The scope that a call needs, made from the endpoint's template."""
        scope = found.endpoint.scope if found is not None else None
        if found is None or scope is None or "{object_type}" not in scope:
            return scope
        table = self._store.table(found.params["object_type"])
        if table is None:
            return None
        special = SCOPE_OF.get(table.kind.name)
        if special is not None:
            return special.format(verb=scope.rpartition(".")[2])
        return scope.format(object_type=table.kind.name)

    def _handled(
        self, found: Match | None, request: Request, raw: bytes, headers: Mapping[str, str]
    ) -> Reply:
        if len(str(request.url)) > LONGEST_URL:
            raise errors.ApiError(414, "URI too long", html="<h1>Bad Message 414</h1>")
        if found is None:
            raise errors.not_found_page()
        options = self._store.options
        source = Source("INTEGRATION", str(options.app_id), "Tieline sandbox app")
        call = Call(
            store=self._store,
            searcher=self._searcher,
            writer=Writer(self._store, source),
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


def make_app(store: Store, auth: Auth, administration: Administration) -> SandboxApp:
    """The application: HubSpot's routes, the admin routes, faults and the request counter."""
    door = Door(store, auth)
    routes = [Route("/{path:path}", door.answer, methods=METHODS)]
    return SandboxApp(routes, store=administration, classify=door.classify)
