"""Runs a sandbox application on a loopback port, over TLS or plain HTTP, in a thread of its own."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import trustme
import uvicorn
from starlette.applications import Starlette

HOST = "127.0.0.1"


def certificate_authority() -> trustme.CA:
    """A certificate authority made for this process; both sandboxes may share one."""
    return trustme.CA()


@dataclass
class Running:
    """A sandbox that answers at `url` until `stop` (or the end of a with block)."""

    url: str
    ca_file: Path | None
    credentials: Mapping[str, str]
    _server: uvicorn.Server
    _thread: threading.Thread
    _folder: tempfile.TemporaryDirectory[str]
    _admin: httpx.Client | None = field(default=None)

    @property
    def admin(self) -> httpx.Client:
        """A client for the admin routes below `/_sandbox/`."""
        if self._admin is None:
            import ssl

            verify: ssl.SSLContext | bool = (
                ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else True
            )
            self._admin = httpx.Client(
                base_url=f"{self.url}/_sandbox", verify=verify, timeout=60, trust_env=False
            )
        return self._admin

    def stop(self) -> None:
        """Stop answering and remove the certificate files; repeating it does nothing."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Stops at once: connections that clients still hold open are cut, none is left unclosed."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await super().shutdown(sockets)


def serve(
    app: Starlette,
    *,
    port: int = 0,
    tls: bool = True,
    ca: trustme.CA | None = None,
    credentials: Mapping[str, str] | None = None,
) -> Running:
    """Start the application on a loopback port (0: any free one) and wait until it answers.

    The application learns its own address as `app.state.url`. Raises OSError when the port is
    taken.
    """
    # with the protocol named, asyncio turns Nagle's delay (40 ms an answer) off
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    bound = listener.getsockname()[1]
    folder = tempfile.TemporaryDirectory(prefix="tieline-sandbox-")
    ca_file = _certificate(Path(folder.name), ca or certificate_authority()) if tls else None
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        lifespan="off",
        date_header=False,  # the application tells the time of its own clock
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
        ssl_certfile=str(Path(folder.name) / "server.pem") if tls else None,
        ssl_keyfile=str(Path(folder.name) / "server.pem") if tls else None,
    )
    server = _Server(config)
    app.state.url = f"{'https' if tls else 'http'}://{HOST}:{bound}"
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, daemon=True, name=f"sandbox-{bound}"
    )
    thread.start()
    _wait_until_started(server, thread)
    return Running(app.state.url, ca_file, dict(credentials or {}), server, thread, folder)


def _certificate(folder: Path, ca: trustme.CA) -> Path:
    issued = ca.issue_cert(HOST, "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    ca_file = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    return ca_file


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    while not server.started:
        if not thread.is_alive():
            raise OSError("the sandbox server did not start")
        pause.wait(0.01)
