"""Sign-ins that last: sessions of people and tokens of programs.

Neither value holds what the browser or the program sends: only the SHA-256 of it is kept.  Times are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from watchword.model.factors import FactorId
from watchword.model.lifecycle import Lifecycle
from watchword.model.people import PrincipalId

SessionId = NewType("SessionId", str)
"""SHA-256 (hex) of the opaque value in the cookie."""

TokenId = NewType("TokenId", str)


class SessionState(StrEnum):
    """Where a session stands."""

    ACTIVE = "active"
    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ROTATED = "rotated"
    """Gone over into another session, after an elevation."""


SESSION_LIFE: Final = Lifecycle(
    of="session",
    first=frozenset({SessionState.ACTIVE}),
    moves={
        SessionState.ACTIVE: frozenset(
            {SessionState.SIGNED_OUT, SessionState.REVOKED, SessionState.EXPIRED, SessionState.ROTATED}
        )
    },
)
"""A session that is over stays over."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person who has signed in.

    ``assurance`` is the authenticator assurance level 1 to 3 (NIST SP 800-63B-4), ``device`` the id of the bound device
    or ``""``, ``address`` the IP address of the sign-in.  ``authenticated`` is when identity was last proved (``None``: when
    the session began), ``methods`` how (values of ``amr``, RFC 8176),
    ``preset`` the name of the time limits, ``device_key`` the public key (JWK as JSON) to which the session is bound or ``""``,
    ``rotated_to`` the session that took its place.
    """

    id: SessionId
    principal: PrincipalId
    assurance: int
    factors: tuple[FactorId, ...]
    created: datetime
    last_seen: datetime
    absolute_end: datetime
    device: str = ""
    address: str = ""
    state: SessionState = SessionState.ACTIVE
    ended: datetime | None = None
    authenticated: datetime | None = None
    methods: tuple[str, ...] = ()
    preset: str = ""
    directory: str = ""
    agent: str = ""
    country: str = ""
    asn: int = 0
    device_key: str = ""
    rotated_to: SessionId | None = None
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: the assurance level is not 1, 2 or 3, or the session ends before it begins.
        """
        if self.assurance not in {1, 2, 3}:
            raise ValueError(f"{self.assurance} is not an authenticator assurance level: 1 to 3 are")
        if self.absolute_end <= self.created:
            raise ValueError("a session cannot end before it begins")


class TokenState(StrEnum):
    """Where an API token stands."""

    ACTIVE = "active"
    REVOKED = "revoked"


TOKEN_LIFE: Final = Lifecycle(
    of="API token",
    first=frozenset({TokenState.ACTIVE}),
    moves={TokenState.ACTIVE: frozenset({TokenState.REVOKED})},
)
"""active → revoked; an expired one is known by its time."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program's way in; ``digest`` is the SHA-256 (hex) of the token, which is shown once and not kept."""

    id: TokenId
    principal: PrincipalId
    digest: str
    display: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    last_used: datetime | None = None
    state: TokenState = TokenState.ACTIVE
    version: int = 1
