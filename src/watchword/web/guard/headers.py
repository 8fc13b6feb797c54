"""Step 7: the headers of every answer, so that no page can forget one.

Content Security Policy Level 3 (https://www.w3.org/TR/CSP3/), Referrer Policy, Permissions Policy with WebAuthn's two features
(https://www.w3.org/TR/webauthn-3/#sctn-permissions-policy), HSTS (RFC 6797).  What an application sets itself of ``Cache-Control``
stays; everything else is set here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from watchword.web.guard.asgi import App, Message, Receive, Scope, Send, facts, is_http, path
from watchword.web.guard.rate import RATE

FIXED: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), "
        "geolocation=(), payment=(), usb=(), browsing-topics=()"
    ),
}
"""What is said of every answer."""

HSTS: Final = "max-age=63072000; includeSubDomains"
"""Two years; told over TLS only."""

ONE_TIME: Final = ("/enrol", "/bootstrap", "/recover")
"""Beginnings of the paths whose address may hold a one-time token: nothing is told of where one comes from."""

NO_STORE: Final = "no-store"


def policy() -> str:
    """The content security policy; forms lead to ourselves only, and to identity providers lead pages (``AwayView``)."""
    parts = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
    return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Headers:
    """Puts the headers on every answer."""

    app: App
    secure: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and put the headers on what comes back."""
        if not is_http(scope):
            await self.app(scope, receive, send)
            return

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._with(message.get("headers", ()), scope)
            await send(message)

        await self.app(scope, receive, answered)

    def _with(self, given: Iterable[tuple[bytes, bytes]], scope: Scope) -> list[tuple[bytes, bytes]]:
        mine = {**FIXED, **facts(scope).get(RATE, {})}
        mine["content-security-policy"] = policy()
        mine["referrer-policy"] = "no-referrer" if path(scope).startswith(ONE_TIME) else "same-origin"
        if self.secure:
            mine["strict-transport-security"] = HSTS
        kept = [(key, value) for key, value in given if key.decode("latin-1").lower() not in mine]
        if not any(key.lower() == b"cache-control" for key, _ in kept):
            mine["cache-control"] = NO_STORE
        return [*kept, *((key.encode(), value.encode()) for key, value in mine.items())]
