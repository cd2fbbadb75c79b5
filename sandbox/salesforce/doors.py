"""What stands between HTTP and the organisation: REST, SOAP, Bulk API 1.0, the token endpoint."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sandbox.admin import answer
from sandbox.salesforce import rest, soap_api
from sandbox.salesforce.auth import TokenError
from sandbox.salesforce.errors import SalesforceError
from sandbox.salesforce.service import INVALID_BULK_SESSION, Reply, Service
from sandbox.salesforce.wsdl import wsdl

_JSON = {"Content-Type": "application/json;charset=UTF-8"}
_XML = "text/xml;charset=UTF-8"


class Doors:
    """The endpoints of one organisation."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def data(self, request: Request) -> Response:
        """Everything below /services/data/vXX.0/."""
        service, write = self._service, request.method != "GET"
        raw = request.scope.get("raw_path") or request.url.path.encode()
        service.org.writing += write
        try:
            body = await request.body()
            path = raw.decode("latin-1").partition("?")[0]
            return _response(
                service.answer(request.method, path, request.url.query, body, request.headers)
            )
        finally:
            service.org.writing -= write

    async def soap(self, request: Request) -> Response:
        """SOAP calls, and the WSDL for a GET with ?wsdl."""
        path, url = request.url.path, request.app.state.url
        if request.method == "GET":
            return Response(wsdl(f"{url}{path}"), media_type=_XML)
        raw, version = await request.body(), request.path_params["version"]
        status, body = await run_in_threadpool(
            soap_api.handle, self._service, version, raw, url, path
        )
        return Response(body, status, media_type=_XML)

    async def bulk_one(self, request: Request) -> Response:
        """Bulk API 1.0, which only refuses: an expired session in its own way."""
        with self._service.org.lock:
            try:
                session = request.headers.get("x-sfdc-session", "")
                self._service.auth.user_of(f"Bearer {session}")
            except SalesforceError:
                return answer(INVALID_BULK_SESSION, 400)
        message = "Bulk API 1.0 is not enabled; use Bulk API 2.0"
        return answer({"exceptionCode": "FeatureNotEnabled", "exceptionMessage": message}, 400)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        given = {**dict(request.query_params), **form}
        basic = request.headers.get("authorization")
        with self._service.org.lock:
            try:
                return answer(self._service.auth.token(given, basic, request.app.state.url))
            except TokenError as error:
                return answer(error.body, 400)

    async def revoke(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        with self._service.org.lock:
            token = form.get("token", request.query_params.get("token", ""))
            self._service.auth.revoke(token)
        return Response(status_code=200)

    async def userinfo(self, request: Request) -> Response:
        with self._service.org.lock:
            try:
                self._service.auth.user_of(request.headers.get("authorization"))
            except SalesforceError as error:
                return answer([error.rest()], error.status)
            return answer(self._service.auth.userinfo(request.app.state.url))

    async def versions(self, request: Request) -> Response:
        return answer(rest.versions(), headers=self._service.allowance.header())


def _response(reply: Reply) -> Response:
    if reply.chunks is not None:
        return StreamingResponse(reply.chunks, reply.status, dict(reply.headers))
    if reply.body is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    return answer(reply.body, reply.status, {**reply.headers, **_JSON})
