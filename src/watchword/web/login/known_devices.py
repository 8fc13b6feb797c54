"""Browsers in which somebody has signed in before: they keep a signed cookie, and have throttles of their own.

So an attacker elsewhere, however busy, does not keep anybody out of their own browser.  The cookie proves no identity and
opens nothing; all that a stolen one is good for is a few more guesses, counted by themselves.

The value is up to ``MOST`` entries joined by ``~``, each ``principal.device.issued.tag``: base64url, hexadecimal, seconds since
1970, HMAC-SHA256 in base64url over the three before.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from watchword.model.people import PrincipalId
from watchword.store.state.vault import Vault
from watchword.web.login.tokens import Randomness, b64, draw_id, unb64

COOKIE: Final = "__Host-ww-known"

LASTS: Final = timedelta(days=180)
"""How long a browser stays known after a sign-in."""

MOST: Final = 4
"""People of one browser; the one who signed in first is forgotten first."""

PURPOSE: Final = "sign cookies of known devices"

_ENTRY: Final = re.compile(
    r"([A-Za-z0-9_-]{1,270})\.(d-[0-9a-f]{24})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII
)
_LONGEST: Final = MOST * 360


@dataclass(frozen=True, slots=True)
class _Entry:
    principal: PrincipalId
    device: str
    issued: datetime
    text: str


def device_of(vault: Vault, cookie: str, principal: PrincipalId, now: datetime) -> str:
    """The device by which a browser is known for somebody; ``""`` where it is not."""
    for one in _entries(vault, cookie, now):
        if one.principal == principal:
            return one.device
    return ""


def remember(
    vault: Vault, cookie: str, principal: PrincipalId, now: datetime, randomness: Randomness
) -> tuple[str, str]:
    """The device, and the cookie's new value, after somebody has signed in; a browser that is known keeps its device."""
    others = [one for one in _entries(vault, cookie, now) if one.principal != principal]
    device = device_of(vault, cookie, principal, now) or draw_id("d", randomness)
    signed = f"{b64(principal.encode())}.{device}.{int(now.timestamp())}"
    text = f"{signed}.{_tag(vault.derived(PURPOSE)[0], signed)}"
    return device, "~".join([text, *(one.text for one in others)][:MOST])


def _entries(vault: Vault, cookie: str, now: datetime) -> list[_Entry]:
    """What of a cookie is ours and not too old."""
    if len(cookie) > _LONGEST:
        return []
    found = [_entry(vault, text) for text in cookie.split("~")[:MOST]]
    return [one for one in found if one is not None and timedelta(0) <= now - one.issued + _SKEW < LASTS]


_SKEW: Final = timedelta(minutes=1)


def _entry(vault: Vault, text: str) -> _Entry | None:
    match = _ENTRY.fullmatch(text)
    if match is None:
        return None
    signed = text.rpartition(".")[0]
    ours = [hmac.compare_digest(_tag(key, signed), match[4]) for key in vault.derived(PURPOSE)]
    if not any(ours):
        return None
    issued = datetime.fromtimestamp(int(match[3]), UTC)
    return _Entry(PrincipalId(unb64(match[1]).decode()), match[2], issued, text)


def _tag(key: bytes, signed: str) -> str:
    return b64(hmac.digest(key, signed.encode(), "sha256"))
