"""What a person proves with who they are: passkeys, one-time passwords, recovery codes.

A factor's secret is never part of the value: it lies encrypted in the store, under ``secret``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

from watchword.model.lifecycle import Lifecycle
from watchword.model.people import PrincipalId

FactorId = NewType("FactorId", str)
SecretId = NewType("SecretId", str)
"""Under which an encrypted secret is kept."""


class FactorKind(StrEnum):
    """What the proof is."""

    PASSKEY = "passkey"
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSWORD = "password"  # noqa: S105
    FEDERATED = "federated"


class FactorStatus(StrEnum):
    """Where a factor stands."""

    PENDING = "pending"
    """Offered, not yet proved once."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


FACTOR_LIFE: Final = Lifecycle(
    of="factor",
    first=frozenset({FactorStatus.PENDING, FactorStatus.ACTIVE}),
    moves={
        FactorStatus.PENDING: frozenset({FactorStatus.ACTIVE, FactorStatus.REMOVED}),
        FactorStatus.ACTIVE: frozenset({FactorStatus.SUSPENDED, FactorStatus.REMOVED}),
        FactorStatus.SUSPENDED: frozenset({FactorStatus.ACTIVE, FactorStatus.REMOVED}),
    },
)
"""pending → active ⇄ suspended → removed."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a principal; ``public`` is what may be shown: a name, a public key.

    ``handle`` is by what it is found: a passkey's credential id (base64url), else empty.  ``counter`` only rises: a passkey's
    count of signatures, the last time step for which a one-time password was taken.
    """

    id: FactorId
    principal: PrincipalId
    kind: FactorKind
    status: FactorStatus
    created: datetime
    public: Mapping[str, Any] = field(default_factory=dict)
    secret: SecretId | None = None
    last_used: datetime | None = None
    handle: str = ""
    counter: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True)
class Secret:
    """An encrypted secret; ``key`` names the key it was encrypted with, ``ciphertext`` carries its own nonce."""

    id: SecretId
    key: str
    ciphertext: bytes = field(repr=False)
    created: datetime
