"""The shapes of ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html), and the few things that every guard asks of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def is_http(scope: Scope) -> bool:
    """Whether it is a request; the other kinds are the server's start and end."""
    return bool(scope["type"] == "http")


def values(scope: Scope, name: bytes) -> list[bytes]:
    """All values of a header, in their order; ``name`` in small letters."""
    return [value for key, value in scope["headers"] if key.lower() == name]


def only(scope: Scope, name: bytes) -> str | None:
    """The value of a header that stands once; ``None`` where it is missing, stands twice, or is not ASCII."""
    found = values(scope, name)
    if len(found) != 1:
        return None
    try:
        return found[0].decode("ascii").strip()
    except UnicodeDecodeError:
        return None


def cookies(scope: Scope, name: str) -> list[str]:
    """All values that the browser sent for a cookie (RFC 6265 §4.2); more than one is a sign of something wrong."""
    return [value for key, value in _pairs(scope) if key == name]


def has_cookies(scope: Scope) -> bool:
    """Whether the browser sent any cookie."""
    return any(value.strip() for value in values(scope, b"cookie"))


def _pairs(scope: Scope) -> Iterator[tuple[str, str]]:
    for line in values(scope, b"cookie"):
        for pair in line.decode("latin-1").split(";"):
            key, _, value = pair.partition("=")
            yield key.strip(), value.strip()


def facts(scope: Scope) -> dict[str, Any]:
    """What guards have found out about a request, for those within; also ``request.state`` of Starlette."""
    found: dict[str, Any] = scope.setdefault("state", {})
    return found


def path(scope: Scope) -> str:
    """The path that was asked for."""
    return str(scope.get("path", ""))
