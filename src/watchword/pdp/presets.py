"""How much a proof of identity is worth, and how long a sign-in lasts.  Pure: proofs in, strength out.

Levels are the authenticator assurance levels of NIST SP 800-63B-4 (https://pages.nist.gov/800-63-4/sp800-63b.html).  A
level is what our own records bear out: without attestation nobody can prove that a passkey's key cannot be exported, so
level 3 is given only where the company has decided to take a passkey that says it stays on its device for such a one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchword.model.sessions import Session
from watchword.pdp.console import resists_phishing

FRESH: Final = timedelta(minutes=15)
"""How long after a proof of identity something sensitive may be done; ours, as 800-63B-4 sets none for single acts."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Limits of a session, named.

    ``assurance``: the least level at which one signs in.  ``absolute``: from sign-in to the end, whatever happens.  ``idle``:
    from the last request to the end (``None``: none).  ``fresh``: the window for sensitive acts after a proof of identity.
    """

    name: str
    assurance: int
    absolute: timedelta
    idle: timedelta | None
    fresh: timedelta = FRESH


PRESETS: Final[Mapping[str, Preset]] = {
    one.name: one
    for one in (
        # SP 800-63B-4 §2.1.3: overall timeout should be no more than 30 days; inactivity: none required.
        Preset("aal1", 1, timedelta(days=30), None),
        # SP 800-63B-4 §2.2.3: overall should be no more than 24 hours, inactivity no more than 1 hour.
        Preset("aal2", 2, timedelta(hours=24), timedelta(hours=1)),
        # SP 800-63B-4 §2.3.3: overall shall be no more than 12 hours, inactivity should be no more than 15 minutes.
        Preset("aal3", 3, timedelta(hours=12), timedelta(minutes=15)),
    )
}
"""The presets by name."""


class ProofKind(StrEnum):
    """What somebody has proved."""

    PASSWORD = "password"  # noqa: S105
    LDAP = "ldap"
    FEDERATED = "federated"
    TOTP = "totp"
    PASSKEY = "passkey"


FIRST: Final = frozenset({ProofKind.PASSWORD, ProofKind.LDAP, ProofKind.FEDERATED})
"""Proofs that say who somebody is, and are too weak alone."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Something proved: ``assurance`` by itself (1 to 3), ``methods`` as values of ``amr`` (RFC 8176), by which own factor."""

    kind: ProofKind
    assurance: int
    methods: tuple[str, ...]
    factor: str = ""
    directory: str = ""


def password(factor: str, directory: str) -> Proof:
    """A password that we hold."""
    return Proof(ProofKind.PASSWORD, 1, ("pwd",), factor, directory)


def ldap(directory: str) -> Proof:
    """A password that a directory holds."""
    return Proof(ProofKind.LDAP, 1, ("pwd",), "", directory)


def totp(factor: str) -> Proof:
    """A one-time password of an app: something one has."""
    return Proof(ProofKind.TOTP, 1, ("otp",), factor)


def passkey(factor: str, *, backup_eligible: bool, device_bound_is_aal3: bool = False) -> Proof:
    """A passkey with user verification: two factors in one, bound to our site.

    One that may be copied to other devices reaches level 2 at most (SP 800-63B-4 §3.1.7 and appendix B).
    """
    level = 3 if device_bound_is_aal3 and not backup_eligible else 2
    return Proof(ProofKind.PASSKEY, level, ("swk" if backup_eligible else "hwk", "user", "mfa"), factor)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a directory's word on how it has proved an identity is worth: level by ``acr``, and ``amr`` that stand for level 2.

    Nothing is trusted that is not named.
    """

    acr: Mapping[str, int] = field(default_factory=dict)
    amr: frozenset[str] = frozenset()


def federated(directory: str, trust: Trust, acr: str, amr: Iterable[str]) -> Proof:
    """An identity provider's word.

    Its ``amr`` are not taken over: ``hwk`` there says nothing about our site, and must not count as resisting phishing here.
    The level is 2 at most, since only a key that proves itself to us can give 3.
    """
    level = min(2, max(trust.acr.get(acr, 1), 2 if trust.amr.intersection(amr) else 1, 1))
    return Proof(ProofKind.FEDERATED, level, ("fed", "mfa") if level > 1 else ("fed",), "", directory)


@dataclass(frozen=True, slots=True)
class Strength:
    """What several proofs are worth together; ``assurance`` 0: nothing was proved."""

    assurance: int
    methods: tuple[str, ...]

    @property
    def is_phishing_resistant(self) -> bool:
        """Whether one of the proofs is bound to our site."""
        return resists_phishing(self.methods)


def strength(proofs: Iterable[Proof]) -> Strength:
    """What proofs of one person are worth together.

    The highest of them; a one-time password beside a proof of another kind makes level 2 (SP 800-63B-4 §2.2.1: two distinct
    factors), two passwords do not.
    """
    given = tuple(proofs)
    level = max((one.assurance for one in given), default=0)
    kinds = {one.kind for one in given}
    if ProofKind.TOTP in kinds and kinds & FIRST:
        level = max(level, 2)
    methods = dict.fromkeys(method for one in given for method in one.methods)
    if level > 1:
        methods.setdefault("mfa")
    return Strength(level, tuple(methods))


def idle_end(session: Session, preset: Preset) -> datetime | None:
    """When a session ends unless it is seen again; ``None``: it does not end by being idle."""
    return None if preset.idle is None else session.last_seen + preset.idle


def is_over(session: Session, preset: Preset, now: datetime) -> bool:
    """Whether a session's time is up, by its own end, by idleness, or by a preset that has become stricter since it began."""
    ends = [session.absolute_end, session.created + preset.absolute]
    idle = idle_end(session, preset)
    if idle is not None:
        ends.append(idle)
    return now >= min(ends)


def is_fresh(session: Session, preset: Preset, now: datetime) -> bool:
    """Whether identity was proved recently enough, by something that resists phishing, for a sensitive act."""
    proved = session.authenticated or session.created
    # A proof from the future is a clock that runs wrong, and proves nothing.
    recently = timedelta(0) <= now - proved < preset.fresh
    return recently and resists_phishing(session.methods)
