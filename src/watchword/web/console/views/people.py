"""People, guests and workloads: the list, and everything about one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from watchword.model.people import Principal, PrincipalKind, PrincipalStatus
from watchword.model.roles import ASSIGNABLE, Role
from watchword.web.console.look import links
from watchword.web.console.views.findings import page_of
from watchword.web.console.views.holdings import (
    AccountOf,
    FactorLine,
    RoleLine,
    SessionLine,
    SignInLine,
    TokenLine,
)
from watchword.web.console.views.lists import FilterBar, Pager, chips, pager, select

SIZE: Final = 50
FIELDS: Final = ("kind", "status", "q")
_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of a page that has several; each is an address of its own."""

    label: str
    href: str
    current: bool
    number: int | None = None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody in the list; ``factors`` in words, ``warning`` what somebody should look at."""

    href: str
    name: str
    kind: str
    status: str
    tone: str
    roles: str
    factors: str
    mail: str
    last_sign_in: datetime | None
    end: datetime | None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class PeopleView:
    """The list; ``may_invite`` shows the form that invites."""

    template: ClassVar[str] = "people.html.j2"
    filters: FilterBar
    people: tuple[PersonLine, ...]
    pager: Pager
    may_invite: bool = False


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to somebody: from the audit log."""

    at: datetime
    title: str
    text: str = ""
    tone: str = ""
    href: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done: where it is asked, what the button says, what is asked first, whether a reason is."""

    action: str
    button: str
    question: str
    sure: str
    why: bool = True
    tone: str = "danger"
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PersonView:
    """One principal.  ``part`` is the tab that is shown; ``deeds`` are what the caller may do."""

    template: ClassVar[str] = "person.html.j2"
    id: str
    name: str
    kind: str
    status: str
    tone: str
    created: datetime
    sponsor: tuple[str, str] | None
    end: datetime | None
    version: int
    part: str = "who"
    tabs: tuple[Tab, ...] = ()
    accounts: tuple[AccountOf, ...] = ()
    factors: tuple[FactorLine, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()
    roles: tuple[RoleLine, ...] = ()
    sessions: tuple[SessionLine, ...] = ()
    tokens: tuple[TokenLine, ...] = ()
    sign_ins: tuple[SignInLine, ...] = ()
    history: tuple[TimelineEntry, ...] = ()
    deeds: tuple[Deed, ...] = ()
    may_give_roles: bool = False
    may_end_sessions: bool = False
    assignable: tuple[str, ...] = field(
        default_factory=lambda: tuple(sorted(one.value for one in ASSIGNABLE))
    )


TONES: Final = {
    PrincipalStatus.ACTIVE: "ok",
    PrincipalStatus.INVITED: "warning",
    PrincipalStatus.SUSPENDED: "bad",
    PrincipalStatus.ENDED: "off",
}
PARTS: Final = (
    ("who", "Who"),
    ("factors", "Factors"),
    ("groups", "Groups"),
    ("access", "Access"),
    ("sessions", "Sessions"),
    ("history", "History"),
)
"""The tabs of a person's page: name in the address, word."""


@dataclass(frozen=True, slots=True)
class Known:
    """A principal with what the list shows beside it."""

    principal: Principal
    roles: frozenset[Role] = frozenset()
    factors: str = ""
    mail: str = ""
    last_sign_in: datetime | None = None


def people_view(
    known: Iterable[Known], total: int, query: Mapping[str, str], now: datetime, *, may_invite: bool = False
) -> PeopleView:
    """One page of people, as the store found them; ``total`` is how many there are in all."""
    text = " ".join(query.get("q", "")[:200].split())
    told = {"kind": query.get("kind", ""), "status": query.get("status", ""), "q": text}
    selects = (
        select("kind", "Kind", ((one.value, one.value) for one in PrincipalKind), told["kind"]),
        select("status", "Status", ((one.value, one.value) for one in PrincipalStatus), told["status"]),
    )
    bar = FilterBar(
        links.PEOPLE, selects, text, "Search people", chips=chips(links.PEOPLE, told, selects, text)
    )
    return PeopleView(
        bar,
        tuple(_person_line(one, now) for one in known),
        pager(links.PEOPLE, told, total, page_of(query), SIZE),
        may_invite,
    )


def _person_line(one: Known, now: datetime) -> PersonLine:
    who = one.principal
    over = who.end_date is not None and who.end_date <= now
    return PersonLine(
        links.at(links.PEOPLE, who.id),
        who.display_name or who.id,
        who.kind.value,
        "over" if over and who.status is PrincipalStatus.ACTIVE else who.status.value,
        "off" if over else TONES[who.status],
        ", ".join(sorted(role.value for role in one.roles)),
        one.factors,
        one.mail,
        one.last_sign_in,
        who.end_date,
        _warning(one, now),
    )


def _warning(one: Known, now: datetime) -> str:
    who = one.principal
    if who.status is not PrincipalStatus.ACTIVE or who.kind not in {PrincipalKind.USER, PrincipalKind.GUEST}:
        return ""
    if not one.factors:
        return "has no factor of ours"
    if one.roles & ASSIGNABLE and "passkey" not in one.factors:
        return "has a role and no passkey"
    if who.end_date is not None and now < who.end_date < now + _SOON:
        return "ends soon"
    return ""


def tabs(identifier: str, part: str, numbers: Mapping[str, int]) -> tuple[Tab, ...]:
    """The tabs of a person's page; ``numbers`` of things where they are counted."""
    return tuple(
        Tab(
            word,
            links.at(links.PEOPLE, identifier, part="" if name == "who" else name),
            name == part,
            numbers.get(name),
        )
        for name, word in PARTS
    )


def person_view(
    who: Principal, part: str, numbers: Mapping[str, int], sponsor: Principal | None = None
) -> PersonView:
    """The frame of a person's page; the parts are put into it by ``dataclasses.replace``."""
    shown = part if part in dict(PARTS) else "who"
    return PersonView(
        who.id,
        who.display_name or who.id,
        who.kind.value,
        who.status.value,
        TONES[who.status],
        who.created,
        (sponsor.display_name, links.at(links.PEOPLE, sponsor.id)) if sponsor else None,
        who.end_date,
        who.version,
        shown,
        tabs(who.id, shown, numbers),
    )


def deeds(who: Principal) -> Sequence[Deed]:
    """What the status of a principal lets be done to it; whether the caller may, is asked elsewhere."""
    at = links.at(links.PEOPLE, who.id)
    suspend = Deed(
        f"{at}/suspend",
        "Suspend",
        "All sessions and tokens end now. It can be undone.",
        "Suspend now",
    )
    activate = Deed(f"{at}/activate", "Activate", "They may sign in again.", "Activate", tone="primary")
    end = Deed(
        f"{at}/end",
        "End for good",
        "Everything ends now, and this cannot be undone.",
        "End for good",
    )
    return {
        PrincipalStatus.ACTIVE: (suspend, end),
        PrincipalStatus.SUSPENDED: (activate, end),
        PrincipalStatus.INVITED: (end,),
        PrincipalStatus.ENDED: (),
    }[who.status]
