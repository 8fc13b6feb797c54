"""Opaque values that prove themselves by being known: 256 random bits, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

Randomness = Callable[[int], bytes]
"""So many random bytes, unpredictable to others (``secrets.token_bytes``)."""

BYTES: Final = 32
"""256 bits: nobody guesses one, so looking it up needs no throttle."""

_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def draw(randomness: Randomness) -> str:
    """A new opaque value: 43 characters of base64url (RFC 4648 §5).

    Raises:
        ValueError: the source gave fewer bytes than asked for.
    """
    return b64(_drawn(randomness, BYTES))


def draw_id(prefix: str, randomness: Randomness) -> str:
    """A new id for a row: no secret, never given twice."""
    return f"{prefix}-{_drawn(randomness, 12).hex()}"


def digest(value: str) -> str:
    """SHA-256 (hex) of an opaque value, under which it is found.

    Since what is compared is a digest, how long comparing takes tells nothing of the value.
    """
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def is_formed(value: str) -> bool:
    """Whether it has the form of an opaque value; anything else need not be looked up."""
    return _FORM.fullmatch(value) is not None


def b64(value: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(value: str) -> bytes:
    """Bytes of base64url without padding.

    Raises:
        ValueError: it is not.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]*", value, re.ASCII):
        raise ValueError("this is not base64url")
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _drawn(randomness: Randomness, count: int) -> bytes:
    found = randomness(count)
    if len(found) != count:
        raise ValueError(f"the source of randomness gave {len(found)} bytes in the place of {count}")
    return found
