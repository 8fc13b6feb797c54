"""Who asks: a bearer token (RFC 6750 §2.1), of which only the digest is kept and compared."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from watchword.model.people import DirectoryId

Authenticate = Callable[[str], DirectoryId | None]
"""Says for which directory a token speaks; ``None`` for a token that is not ours, or no longer."""

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]{16,512}=*)", re.IGNORECASE)


def token_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token of a request's headers; ``None`` where there is none, or more than one is said."""
    found = [value for name, value in headers if name.lower() == b"authorization"]
    match = _BEARER.fullmatch(found[0].decode("latin-1")) if len(found) == 1 else None
    return None if match is None else match[1]


def digest(token: str) -> str:
    """What is kept of a token: SHA-256 in hexadecimal.  Tokens are long and random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Digests:
    """Tokens by their digests: the simplest ``Authenticate``.  All are compared, each in constant time."""

    directories: Mapping[str, DirectoryId]

    def __call__(self, token: str) -> DirectoryId | None:
        """For which directory a token speaks."""
        asked = digest(token)
        found: DirectoryId | None = None
        for known, directory in self.directories.items():
            if hmac.compare_digest(known, asked):
                found = directory
        return found
