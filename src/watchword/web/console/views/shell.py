"""What surrounds every page: where one is, where one may go, who one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchword.web.console.look import links


class Theme(StrEnum):
    """How the console is coloured; ``auto`` follows the system."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What kind of notice it is."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    BAD = "gap"


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place of the console: its name in code, where it lies, its words, its icon."""

    id: str
    href: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Places that belong together."""

    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True)
class Crumb:
    """A page above this one."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence at the top of the page: what was done, or what is to be known; ``remedy`` says what next."""

    text: str
    tone: Tone = Tone.INFO
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is signed in; ``assurance`` is the level of the session, 1 to 3 (NIST SP 800-63B-4)."""

    name: str
    roles: tuple[str, ...] = ()
    assurance: int = 1


@dataclass(frozen=True, slots=True)
class Shell:
    """What surrounds a page.

    ``title`` is the page's name, ``active`` the place it belongs to, ``csrf`` the token that forms send back, ``path`` the
    address of the page itself, ``banner`` a sentence that stands on all pages (the lab's), ``request`` the id to quote.
    """

    title: str
    now: datetime
    active: str = ""
    caller: Caller | None = None
    nav: tuple[NavGroup, ...] = ()
    crumbs: tuple[Crumb, ...] = ()
    notices: tuple[Notice, ...] = ()
    theme: Theme = Theme.AUTO
    csrf: str = field(default="", repr=False)
    path: str = "/"
    banner: str = ""
    request: str = ""


PLACES: Final = (
    NavGroup(
        "Posture",
        (
            NavItem("overview", links.OVERVIEW, "Overview", "overview"),
            NavItem("findings", links.FINDINGS, "Findings", "findings"),
            NavItem("controls", links.CONTROLS, "Controls", "controls"),
            NavItem("paths", links.PATHS, "Attack paths", "paths"),
        ),
    ),
    NavGroup(
        "Estate",
        (
            NavItem("estate", links.ESTATE, "Accounts", "estate"),
            NavItem("identities", links.IDENTITIES, "AWS identities", "role"),
        ),
    ),
    NavGroup(
        "People",
        (
            NavItem("people", links.PEOPLE, "People", "people"),
            NavItem("directories", links.DIRECTORIES, "Directories", "directories"),
            NavItem("recovery", links.RECOVERY, "Recovery", "recovery"),
        ),
    ),
    NavGroup(
        "Trust",
        (
            NavItem("audit", links.AUDIT, "Audit log", "audit"),
            NavItem("settings", links.SETTINGS, "Settings", "settings"),
        ),
    ),
)
"""All places, in their order; ``navigation`` leaves those that somebody may see."""


def navigation(may: Callable[[str], bool]) -> tuple[NavGroup, ...]:
    """The places for which ``may`` says yes, groups without any left out; ``may`` is asked with the place's ``id``."""
    kept = ((group.label, tuple(one for one in group.items if may(one.id))) for group in PLACES)
    return tuple(NavGroup(label, items) for label, items in kept if items)
