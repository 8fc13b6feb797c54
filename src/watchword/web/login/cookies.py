"""Cookies of the sign-in, where one goes after it, and the token that its forms carry.

All are ``__Host-`` cookies: Secure, of this host alone, for all its paths (RFC 6265bis §4.1.3.2), and HttpOnly, so no script
reads them.  ``SameSite=Lax``, not ``Strict``: an identity provider sends the browser back by a redirect from its own site,
and with Strict neither the flow's nor the session's cookie would come along, so nobody could ever sign in with one.  What
Lax gives away is that links from elsewhere open pages of whoever is signed in; nothing is changed by them, since changes need
POST, our own origin, and a form's token.

Lax cookies do not come with a POST from another site, as SAML has it; ``federation_saml`` says what is done there.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from watchword.web.login import known_devices, sessions, under_way
from watchword.web.login.tokens import digest

SESSION: Final = sessions.COOKIE
FLOW: Final = under_way.COOKIE
KNOWN: Final = known_devices.COOKIE

FLOW_LASTS: Final = timedelta(hours=1)
"""How long a browser keeps the flow cookie; what is under way ends sooner."""

LONGEST_NEXT: Final = 1_500
"""Characters of an address to come back to."""

HOME: Final = "/"

NEVER_NEXT: Final = (
    "/sign-in",
    "/sign-out",
    "/prove-again",
    "/enrol",
    "/bootstrap",
    "/recover",
    "/api/",
    "/static/",
)
"""Where nobody is sent after signing in: pages of the sign-in itself, and what is for programs."""

_PATH: Final = re.compile(
    r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@%/?\[\]]*)?", re.ASCII
)
"""A path and a query as RFC 3986 writes them, and the brackets that browsers leave in queries; no second slash at the beginning."""


def set_cookie(name: str, value: str, *, lasts: timedelta | None = None) -> str:
    """The value of ``Set-Cookie``; without ``lasts`` the browser forgets the cookie when it is closed.

    Raises:
        ValueError: the value could end the cookie.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.~-]+", value, re.ASCII):
        raise ValueError("this is no value of a cookie of ours")
    age = "" if lasts is None else f"; Max-Age={int(lasts.total_seconds())}"
    return f"{name}={value}{age}; Path=/; Secure; HttpOnly; SameSite=Lax"


def forget_cookie(name: str) -> str:
    """The value of ``Set-Cookie`` with which the browser forgets a cookie."""
    return f"{name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"


def form_token(key: bytes, flow_cookie: str) -> str:
    """What forms carry while there is no session: bound to the browser by its flow cookie, and worthless in another.

    So nobody signs somebody else in under their own name (login CSRF).
    """
    return hmac.new(key, b"form of the sign-in\0" + digest(flow_cookie).encode(), hashlib.sha256).hexdigest()


def is_form_token(given: str, keys: tuple[bytes, ...], flow_cookie: str) -> bool:
    """Whether a form's token belongs to a flow cookie; in constant time."""
    told = given.encode("utf-8", "surrogatepass")
    fits = [hmac.compare_digest(form_token(key, flow_cookie).encode(), told) for key in keys]
    return any(fits)


def next_path(asked: str) -> str:
    """Where to go after signing in: the path that was asked for if it is one of ours, else the first page.

    Never another site, however it is written: no scheme, no host, no ``//``, no backslash (which browsers read as a slash), no
    control character (which they leave out), no dots that climb, and none of these percent-encoded in the path.
    """
    if len(asked) > LONGEST_NEXT or not _PATH.fullmatch(asked):
        return HOME
    parts = urlsplit(asked)
    path = _decoded(parts.path)
    if path is None or parts.scheme or parts.netloc or "//" in path or "\\" in path or not path.isprintable():
        return HOME
    if any(segment in {".", ".."} for segment in path.split("/")):
        return HOME
    if any(path == one.rstrip("/") or path.startswith(f"{one.rstrip('/')}/") for one in NEVER_NEXT):
        return HOME
    return asked


def with_next(path: str, target: str) -> str:
    """A page of the sign-in that knows where one wants to go."""
    return path if target == HOME else f"{path}?next={quote(target, safe='')}"


def _decoded(path: str) -> str | None:
    """A path without percent-encodings; ``None`` where there are encodings within encodings, or what is no UTF-8."""
    try:
        decoded = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return None
    return None if re.search(r"%[0-9A-Fa-f]{2}", decoded) else decoded
