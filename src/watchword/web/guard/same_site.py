"""Step 4: what changes something must come from our own pages.

1. Methods that only read pass.
2. A request with a bearer token passes: a browser never adds one by itself.  Its cookies are ignored by whoever asks who is there.
   So does one to the API without any cookie: it has nobody's authority that could be abused, and is told to sign in.
3. ``Sec-Fetch-Site`` must be ``same-origin``; where a browser does not send it, ``Origin`` must be our own.  Neither: refused.
   This holds without a cookie, too, since signing somebody in under another's name is also a change.
4. Where there is a session's cookie, the form's field ``csrf`` or the header ``X-CSRF-Token`` must be the token of that session:
   HMAC-SHA256 over the cookie's value, under a key of the vault.  Constant time.

Addresses to which identity providers post (``exempt``) are bound otherwise, and say so where they are.  Forms of the sign-in
(``unbound``) have no session yet and carry a token of their flow, which their pages check.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from watchword.web.guard.asgi import (
    App,
    Receive,
    Scope,
    Send,
    cookies,
    facts,
    has_cookies,
    is_http,
    only,
    path,
    values,
)
from watchword.web.guard.refused import Refused

COOKIE: Final = "__Host-ww"
"""The cookie of a session."""

FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that read only (RFC 9110 §9.2.1)."""

MOST_FIELDS: Final = 1_000

EXEMPT: Final = ("/sign-in/saml/acs", "/sign-in/oidc/back-channel", "/scim/", "/device/")
"""Addresses whose callers are not our pages: identity providers, and browsers themselves, which prove themselves by what they send."""

UNBOUND: Final = ("/sign-in", "/enrol", "/bootstrap", "/recover")
"""Pages of people who have no session yet, or no more."""


def token(key: bytes, cookie: str) -> str:
    """What forms of a session must carry; ``cookie`` is the value of the session's cookie."""
    return hmac.new(key, b"csrf\0" + cookie.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class SameSite:
    """Refuses changes that do not come from our own pages."""

    app: App
    origin: str
    keys: tuple[bytes, ...] = field(repr=False)
    exempt: tuple[str, ...] = EXEMPT
    unbound: tuple[str, ...] = UNBOUND

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or refuse it."""
        if is_http(scope):
            self._check(scope)
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        # 1. and 2.
        if scope["method"] in SAFE or bearer(scope) or _starts(path(scope), self.exempt):
            return
        if path(scope).startswith("/api/") and not has_cookies(scope):
            return
        # 3.
        if not is_same_origin(only(scope, b"sec-fetch-site"), only(scope, b"origin"), self.origin):
            raise Refused(403, "this change did not come from one of our own pages")
        # 4.
        sessions = cookies(scope, COOKIE)
        if not sessions or _starts(path(scope), self.unbound):
            return
        if len(sessions) > 1 or not _is_token(carried(scope), sessions[0], self.keys):
            raise Refused(403, "the form is not of this session, or too old: load the page again")

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed.

        Raises:
            ValueError: it is too short.
        """
        if not self.keys or min(map(len, self.keys)) < 32:
            raise ValueError("a key of the forms' tokens has less than 32 bytes")


def is_same_origin(fetch_site: str | None, origin: str | None, ours: str) -> bool:
    """Whether a browser says that a request comes from our own origin (https://www.w3.org/TR/fetch-metadata/)."""
    if origin is not None and origin != ours:
        return False
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin == ours


def _is_token(carried: str, cookie: str, keys: Iterable[bytes]) -> bool:
    given = carried.encode("utf-8", "surrogatepass")
    fits = [hmac.compare_digest(token(key, cookie).encode(), given) for key in keys]
    return any(fits)


def bearer(scope: Scope) -> bool:
    """Whether the request carries a bearer token; then it is judged by that alone."""
    return any(value[:7].lower() == b"bearer " for value in values(scope, b"authorization"))


def carried(scope: Scope) -> str:
    """The token that a request carries, in its header or in the field of a form; empty where there is none."""
    header = only(scope, HEADER.encode())
    if header:
        return header
    media = (only(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        return ""
    found = _fields(facts(scope).get("body", b""))
    return found[0] if len(found) == 1 else ""


def _fields(body: bytes) -> list[str]:
    try:
        pairs: Iterable[tuple[str, str]] = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return []
    return [value for name, value in pairs if name == FIELD]


def _starts(where: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a path is one of some, or below one; those that end in ``/`` mean all below."""
    return any(
        where == one.rstrip("/") or where.startswith(one if one.endswith("/") else f"{one}/")
        for one in beginnings
    )
