"""What somebody holds: factors, sessions, tokens, groups, roles; shown to themselves and to those who look after people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.model.directory import DirectoryAccount
from watchword.model.factors import Factor, FactorKind, FactorStatus
from watchword.model.login import Outcome, SignIn
from watchword.model.people import DirectoryId
from watchword.model.roles import Assignment, AssignmentStatus
from watchword.model.sessions import ApiToken, Session, SessionState, TokenState
from watchword.web.console.look.words import plain

KINDS = {
    FactorKind.PASSKEY: "passkey",
    FactorKind.TOTP: "authenticator app",
    FactorKind.RECOVERY: "recovery codes",
    FactorKind.PASSWORD: "password",
    FactorKind.FEDERATED: "another directory",
}
"""Factors in words."""

SOON = timedelta(days=14)
"""How long before its end something is said to end soon."""


@dataclass(frozen=True, slots=True)
class FactorLine:
    """A factor: what it is, what its owner calls it, whether nobody can be tricked out of it."""

    id: str
    kind: str
    name: str
    state: str
    tone: str
    created: datetime
    used: datetime | None
    resists_phishing: bool
    version: int


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session: from where, since when, how strong; ``is_this`` is the one of the request."""

    id: str
    state: str
    tone: str
    place: str
    agent: str
    created: datetime
    seen: datetime
    ends: datetime
    assurance: int
    methods: str
    is_bound: bool
    is_this: bool
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class TokenLine:
    """An API token, without what programs send."""

    id: str
    name: str
    scopes: str
    state: str
    tone: str
    created: datetime
    expires: datetime
    used: datetime | None
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role that somebody has: since when, until when, given by whom and why."""

    id: str
    role: str
    reason: str
    by: str
    since: datetime
    until: datetime | None
    state: str
    tone: str
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class AccountOf:
    """An account of a directory that is somebody's."""

    directory: str
    user_name: str
    mail: str
    state: str
    tone: str
    last_sign_in: datetime | None
    factors: str


@dataclass(frozen=True, slots=True)
class SignInLine:
    """An attempt to sign in."""

    at: datetime
    outcome: str
    tone: str
    reason: str
    place: str
    methods: str
    agent: str


def factor_line(one: Factor) -> FactorLine:
    """A factor in a list."""
    named = one.public.get("name")
    tones = {FactorStatus.ACTIVE: "ok", FactorStatus.PENDING: "warning", FactorStatus.SUSPENDED: "bad"}
    return FactorLine(
        one.id,
        KINDS[one.kind],
        named if isinstance(named, str) else "",
        one.status.value,
        tones.get(one.status, "off"),
        one.created,
        one.last_used,
        one.kind is FactorKind.PASSKEY,
        one.version,
    )


def session_line(one: Session, now: datetime, this: str = "") -> SessionLine:
    """A session in a list."""
    active = one.state is SessionState.ACTIVE and now < one.absolute_end
    state = "this session" if one.id == this else ("active" if active else plain(one.state))
    if one.state is SessionState.ACTIVE and not active:
        state = "expired"
    return SessionLine(
        one.id,
        state,
        "ok" if active else "off",
        place_of(one.address, one.country, one.asn),
        one.agent,
        one.created,
        one.last_seen,
        one.absolute_end,
        one.assurance,
        ", ".join(one.methods),
        bool(one.device_key),
        one.id == this,
        active,
        one.version,
    )


def token_line(one: ApiToken, now: datetime) -> TokenLine:
    """A token in a list."""
    active = one.state is TokenState.ACTIVE and now < one.expires
    state = "active" if active else ("revoked" if one.state is TokenState.REVOKED else "expired")
    tone = ("warning" if one.expires - now < SOON else "ok") if active else "off"
    return TokenLine(
        one.id,
        one.display,
        ", ".join(one.scopes),
        "ends soon" if tone == "warning" else state,
        tone,
        one.created,
        one.expires,
        one.last_used,
        active,
        one.version,
    )


def role_line(one: Assignment, now: datetime, names: Mapping[str, str]) -> RoleLine:
    """A role in a list; ``names`` are those of people by id."""
    active = one.status is AssignmentStatus.ACTIVE and (one.until is None or now < one.until)
    return RoleLine(
        one.id,
        one.role.value,
        one.reason,
        names.get(one.granted_by, one.granted_by),
        one.created,
        one.until,
        "active" if active else "ended",
        "ok" if active else "off",
        active,
        one.version,
    )


def account_of(one: DirectoryAccount, directories: Mapping[DirectoryId, str]) -> AccountOf:
    """An account of a directory in a list; ``directories`` are their names by id."""
    word, tone = account_state(one)
    return AccountOf(
        directories.get(one.directory, one.directory),
        one.user_name,
        one.mail,
        word,
        tone,
        one.last_sign_in,
        "not told" if one.factors is None else (", ".join(one.factors) or "none"),
    )


def account_state(one: DirectoryAccount) -> tuple[str, str]:
    """What a directory says of an account, and its tone; what it did not tell is unknown, never fine."""
    if one.enabled is False:
        return "disabled", "off"
    if one.locked:
        return "locked", "bad"
    return ("enabled", "ok") if one.enabled else ("not told", "warning")


def sign_in_line(one: SignIn) -> SignInLine:
    """An attempt to sign in, in a list."""
    tones = {Outcome.SUCCESS: "ok", Outcome.FAILURE: "bad", Outcome.THROTTLED: "warning"}
    return SignInLine(
        one.at,
        plain(one.outcome),
        tones.get(one.outcome, "off"),
        plain(one.reason),
        place_of(one.address, one.country, one.asn),
        ", ".join(one.methods),
        one.agent,
    )


def place_of(address: str, country: str = "", asn: int = 0) -> str:
    """From where: address, country, autonomous system, as far as they are known."""
    parts = [address or "unknown address", country, f"AS{asn}" if asn else ""]
    return ", ".join(part for part in parts if part)


def by_kind(factors: Iterable[Factor]) -> str:
    """The kinds of active factors in words, strongest first: ``passkey, authenticator app``."""
    held = {one.kind for one in factors if one.status is FactorStatus.ACTIVE}
    return ", ".join(word for kind, word in KINDS.items() if kind in held)
