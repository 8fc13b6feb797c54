"""Step 2: how large a request may be, and how long it may take to arrive.

The body is read whole before anybody within sees the request, so that a slow client holds one small buffer here and no thread,
and nobody within meets half a body.  Lines and headers are bounded by the server itself (``watchword.web.serve``).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from watchword.web.guard.asgi import App, Message, Receive, Scope, Send, facts, is_http, path, values
from watchword.web.guard.refused import CLOSE, Refused

LONGEST_TARGET: Final = 8 * 1024
"""Bytes of path and query; RFC 9110 §4.1 asks for at least 8,000."""

LONGEST_PART: Final = 200
"""Characters between two slashes of a path: no id is longer, so what is longer is nowhere."""

MOST_HEADERS: Final = 100
LARGEST_HEADERS: Final = 32 * 1024
"""Bytes of all headers; the server's own bound holds only for those that do not come at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Refuses what is too large or too slow: ``largest`` bytes of a body, ``seconds`` for all of it."""

    app: App
    largest: int
    seconds: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body within its limits and hand the request on; the body is in the facts, too."""
        if not is_http(scope):
            await self.app(scope, receive, send)
            return
        _check(scope, self.largest)
        try:
            async with asyncio.timeout(self.seconds):
                body = await _read(receive, self.largest)
        except TimeoutError:
            raise Refused(408, "the request did not come in time", CLOSE) from None
        if body is None:
            # The client has gone; there is nobody to answer.
            return
        facts(scope)["body"] = body
        await self.app(scope, _Again(body, receive), send)


class _Again:
    """Gives the body once more, then what the server says (that the client has gone)."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()


def _check(scope: Scope, largest: int) -> None:
    if len(scope.get("raw_path", b"")) + len(scope.get("query_string", b"")) > LONGEST_TARGET:
        raise Refused(414, "the address is too long", CLOSE)
    if not _is_possible(path(scope)):
        raise Refused(404, "there is nothing at this address", CLOSE)
    size = sum(len(key) + len(value) for key, value in scope["headers"])
    if len(scope["headers"]) > MOST_HEADERS or size > LARGEST_HEADERS:
        raise Refused(431, "there are too many headers, or too large ones", CLOSE)
    lengths = set(values(scope, b"content-length"))
    if len(lengths) > 1 or (lengths and values(scope, b"transfer-encoding")):
        raise Refused(400, "the length of the request is told in two ways", CLOSE)
    for one in lengths:
        if not one.isdigit() or len(one) > 15:
            raise Refused(400, "the length of the request is no number", CLOSE)
        if int(one) > largest:
            raise _too_large(largest)


def _is_possible(where: str) -> bool:
    """Whether something could be at a path: nothing that we keep has control characters in its id, or a longer one."""
    return not any(letter < " " or letter == "\x7f" for letter in where) and all(
        len(part) <= LONGEST_PART for part in where.split("/")
    )


async def _read(receive: Receive, largest: int) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > largest:
            raise _too_large(largest)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(largest: int) -> Refused:
    return Refused(413, f"the request is larger than {largest} bytes", CLOSE)
