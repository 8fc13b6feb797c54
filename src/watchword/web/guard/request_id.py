"""The id under which a request is found again in the log, in the audit, and on the page that tells of an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchword.web.guard.asgi import App, Message, Receive, Scope, Send, facts, is_http, only

HEADER: Final = "x-request-id"
_SANE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(frozen=True, slots=True)
class RequestIds:
    """Gives each request an id, or takes that of a proxy of ours; the answer carries it."""

    app: App
    randomness: Callable[[int], bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put ``request_id`` into the request's facts, and into the answer's headers."""
        if not is_http(scope):
            await self.app(scope, receive, send)
            return
        found = facts(scope)
        given = only(scope, HEADER.encode()) if found.get("trusted_peer") else None
        known = given if given is not None and _SANE.fullmatch(given) else self.randomness(12).hex()
        found["request_id"] = known

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER.encode(), known.encode())]
            await send(message)

        await self.app(scope, receive, answered)
