"""A small loopback server that shows every sample page as the process would: with its files and its policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.web.console.samples import pages
from watchword.web.console.look.assets import by_url
from watchword.web.console.rendering import render
from watchword.web.guard.headers import policy


class Samples(BaseHTTPRequestHandler):
    """``/<name of a sample>`` and the static files."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        asset = by_url().get(path)
        if asset is not None:
            self._send(asset.body, asset.headers())
        elif path[1:] in pages():
            html = render(*pages()[path[1:]]).encode()
            self._send(
                html, {"content-type": "text/html; charset=utf-8", "content-security-policy": policy()}
            )
        else:
            self.send_error(404)

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of the running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Samples)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
