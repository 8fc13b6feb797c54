"""The lab's server between socket and backend, made as quick as moto allows.

What it does: keeps connections open, which werkzeug's own handler does not, and remembers two answers that moto works
out again for every request (two thirds of the time of a small one). What it does not do: decide what any operation answers.
"""

import io
import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any, Protocol, runtime_checkable

from moto.backends import list_of_moto_modules
from moto.core import responses, utils
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from watchword.lab.gateway import Application, Environ, NotEmulated


class Dispatcher(DomainDispatcherApplication):
    """Moto's choice of backend by host name, found once for each host name instead of for each request."""

    def __init__(self) -> None:
        """Serve every service that moto knows by now, ours included."""
        super().__init__(create_backend_app)
        self._found: dict[str, str] = {}

    def get_backend_for_host(self, host: str | None) -> str | None:
        """The name of the backend for a host name, which may be that name itself; None for no host.

        Raises NotEmulated for a service that moto doesn't have.
        """
        if host is None:
            return None
        if host not in self._found:
            self._found[host] = self._find(host)
        return self._found[host]

    def _find(self, host: str) -> str:
        if host in list_of_moto_modules():
            return host
        for backend, pattern in self.backend_url_patterns:
            if pattern.match(f"http://{host}"):
                return str(backend)
        raise NotEmulated(f"no service answers at {host}")


def remember_operations() -> None:
    """Let moto list the operations of a service once, not at each request; call it when all are installed."""
    vars(responses)["method_names_from_class"] = cache(utils.method_names_from_class)


def bind(host: str, port: int, app: Application, debug: bool) -> ThreadedWSGIServer:
    """A server with its socket open, not yet answering; it logs each request only with `debug`."""
    return _Server(host, port, app, _Loud if debug else _Quiet)


class _Server(ThreadedWSGIServer):
    """Werkzeug's server; when it closes, so do the connections that clients keep open."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Loud(WSGIRequestHandler):
    """Werkzeug's reading of requests, but the connection stays open after the answer, which leaves in one piece."""

    # An answer shall not wait for the receipt of the one before.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request; the body is read first, so that the next request begins where this one ends."""
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self._body(environ))
        environ["wsgi.input_terminated"] = True
        status, headers, body = _run(self.server.app, environ)
        self.log_request(status.split(" ", 1)[0], len(body))
        self.wfile.write(self._head(status, headers, len(body)))
        if environ["REQUEST_METHOD"] != "HEAD":
            self.wfile.write(body)

    def _body(self, environ: Environ) -> bytes:
        """The whole body of the request, of the length that is told or in chunks."""
        told = environ.get("CONTENT_LENGTH")
        if environ.get("wsgi.input_terminated"):
            body: bytes = environ["wsgi.input"].read()
            return body
        return self.rfile.read(int(told)) if told else b""

    def _head(self, status: str, headers: Iterable[tuple[str, str]], length: int) -> bytes:
        known = {name.lower() for name, _ in headers}
        more = [] if "content-length" in known else [("Content-Length", str(length))]
        more.append(("Connection", "close" if self.close_connection else "keep-alive"))
        lines = [
            f"{self.protocol_version} {status}",
            *(f"{name}: {value}" for name, value in [*headers, *more]),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class _Quiet(_Loud):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _run(app: Application, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of an application's answer."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        started.append((status, headers))

    parts = app(environ, start)
    try:
        body = b"".join(parts)
    finally:
        if isinstance(parts, _Closable):
            parts.close()
    return (*started[-1], body)


@runtime_checkable
class _Closable(Protocol):
    def close(self) -> None:
        """Release what the answer holds."""
