"""The HTTP application of the Salesforce sandbox: token endpoint, REST resources, admin routes."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as WebRoute

from sandbox.admin import Classified, SandboxApp, answer
from sandbox.salesforce import collections_api, composite, rest, soap_api, tooling
from sandbox.salesforce.administer import Administration
from sandbox.salesforce.auth import TokenError
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.ids import to18
from sandbox.salesforce.service import Reply, Service
from sandbox.salesforce.wsdl import wsdl

# composite and tooling come first: their paths are more particular than the generic ones
ROUTES = (*composite.ROUTES, *collections_api.ROUTES, *tooling.ROUTES, *rest.ROUTES)
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]

_FROM = re.compile(r"\bfrom\s+(\w+)", re.I)
_SUBQUERY = re.compile(r"\([^()]*\)")
_WRITES = ("POST", "PATCH", "PUT", "DELETE")
_RESOURCES = ("describe", "updated", "deleted")


def make_app(service: Service, store: Administration) -> SandboxApp:
    """The application; `app.state.url` is the address that clients use."""

    async def data(request: Request) -> Response:
        raw = request.scope.get("raw_path") or request.url.path.encode()
        reply = service.answer(
            request.method,
            raw.decode("latin-1").partition("?")[0],
            request.url.query,
            await request.body(),
            request.headers,
        )
        return _response(reply)

    async def soap(request: Request) -> Response:
        path = request.url.path
        if request.method == "GET":
            text = wsdl(f"{request.app.state.url}{path}")
            return Response(text, media_type="text/xml;charset=UTF-8")
        raw, url = await request.body(), request.app.state.url
        status, body = await run_in_threadpool(
            soap_api.handle, service, request.path_params["version"], raw, url, path
        )
        return Response(body, status, media_type="text/xml;charset=UTF-8")

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        given = {**dict(request.query_params), **form}
        basic = request.headers.get("authorization")
        with service.org.lock:
            try:
                return answer(service.auth.token(given, basic, request.app.state.url))
            except TokenError as error:
                return answer(error.body, 400)

    async def revoke(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        with service.org.lock:
            service.auth.revoke(form.get("token", request.query_params.get("token", "")))
        return Response(status_code=200)

    async def userinfo(request: Request) -> Response:
        with service.org.lock:
            try:
                service.auth.user_of(request.headers.get("authorization"))
            except SalesforceError as error:
                return answer([error.rest()], error.status)
            return answer(service.auth.userinfo(request.app.state.url))

    async def versions(request: Request) -> Response:
        return answer(rest.versions(), headers=service.allowance.header())

    routes = [
        WebRoute("/services/oauth2/token", token, methods=["POST"]),
        WebRoute("/services/oauth2/revoke", revoke, methods=["POST"]),
        WebRoute("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
        WebRoute("/services/Soap/{kind}/{version}", soap, methods=["GET", "POST"]),
        WebRoute("/services/Soap/{kind}/{version}/{rest:path}", soap, methods=["GET", "POST"]),
        WebRoute("/services/data", versions, methods=["GET"]),
        WebRoute("/services/data/", versions, methods=["GET"]),
        WebRoute("/services/data/{rest:path}", data, methods=METHODS),
    ]
    app = SandboxApp(routes, store=store, classify=classify, quirks=service.org.quirks)
    service.counter = app.counter
    return app


def _response(reply: Reply) -> Response:
    if reply.chunks is not None:
        return StreamingResponse(reply.chunks, reply.status, dict(reply.headers))
    if reply.body is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    headers = {**reply.headers, "Content-Type": "application/json;charset=UTF-8"}
    return answer(reply.body, reply.status, headers)


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
