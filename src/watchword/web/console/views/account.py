"""My account: what one signs in with, where one is signed in, one's tokens; and the settings of the installation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from watchword.web.console.views.holdings import (
    AccountOf,
    FactorLine,
    RoleLine,
    SessionLine,
    SignInLine,
    TokenLine,
)


@dataclass(frozen=True, slots=True)
class MeView:
    """What somebody sees of themselves; ``scopes`` are those that a new token may have."""

    template: ClassVar[str] = "me.html.j2"
    name: str
    factors: tuple[FactorLine, ...]
    sessions: tuple[SessionLine, ...]
    tokens: tuple[TokenLine, ...] = ()
    roles: tuple[RoleLine, ...] = ()
    accounts: tuple[AccountOf, ...] = ()
    sign_ins: tuple[SignInLine, ...] = ()
    scopes: tuple[str, ...] = ()
    may_have_tokens: bool = True
    may_have_password: bool = False

    @property
    def active_factors(self) -> int:
        """How many factors work: the last one is not taken away."""
        return sum(one.tone == "ok" for one in self.factors)

    @property
    def has_passkey(self) -> bool:
        """Whether there is one that nobody can be tricked out of."""
        return any(one.resists_phishing and one.tone == "ok" for one in self.factors)


@dataclass(frozen=True, slots=True)
class ChoosePasswordView:
    """A password of our own directory is chosen; ``shortest`` in characters."""

    template: ClassVar[str] = "choose_password.html.j2"
    action: str
    user_name: str
    shortest: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class NewTokenView:
    """A token, shown once."""

    template: ClassVar[str] = "new_token.html.j2"
    name: str
    token: str = field(repr=False)
    scopes: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class InvitedView:
    """Somebody was invited: the one-time address, shown once."""

    template: ClassVar[str] = "invited.html.j2"
    name: str
    address: str = field(repr=False)
    expires: datetime
    href: str


@dataclass(frozen=True, slots=True)
class SettingsGroup:
    """Settings that belong together, with what each means."""

    title: str
    rows: tuple[tuple[str, str, str], ...]
    """Name, value, what it means."""


@dataclass(frozen=True, slots=True)
class SettingsView:
    """The settings that are in force; none is a secret, and none is changed here."""

    template: ClassVar[str] = "settings.html.j2"
    file: str
    version: str
    groups: tuple[SettingsGroup, ...]
