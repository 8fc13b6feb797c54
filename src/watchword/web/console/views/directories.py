"""Directories: what each is and how its last reading went, accounts that nobody owns or uses, and whose they may be."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from watchword.model.accounts import LinkProposal
from watchword.model.directory import DirectoryAccount, DirectoryFault, DirectoryKind
from watchword.model.people import Directory, DirectoryState
from watchword.web.console.look import links
from watchword.web.console.look.words import many
from watchword.web.console.views.holdings import account_state

LATE: Final = timedelta(hours=26)
"""After so long without a whole reading a directory is said to be out of date."""

FAULTS: Final = 100
ACCOUNTS: Final = 200


@dataclass(frozen=True, slots=True)
class DirectoryLine:
    """A directory in the list; ``state`` with its tone says whether what is known of it can be relied on.

    ``is_readable``: it can be read now, since the settings say how.  ``came``: what came of the last reading, by what it is.
    """

    id: str
    href: str
    name: str
    kind: str
    state: str
    tone: str
    counts: str
    read: datetime | None
    tried: datetime | None
    error: str
    faults: int
    is_readable: bool = False
    came: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """That an account may be somebody's: which, whose, by what rule."""

    id: str
    account: str
    directory: str
    person: str
    person_href: str
    rule: str
    created: datetime
    version: int


@dataclass(frozen=True, slots=True)
class LooseAccount:
    """An account that somebody should look at, and why: nobody's, or not used for long."""

    user_name: str
    name: str
    directory: str
    state: str
    tone: str
    last_sign_in: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class DirectoriesView:
    """All directories, and the proposals that wait for a decision."""

    template: ClassVar[str] = "directories.html.j2"
    directories: tuple[DirectoryLine, ...]
    proposals: tuple[ProposalLine, ...] = ()
    may_change: bool = False
    may_link: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """One directory; orphans are accounts of nobody, stale ones have not been used for long."""

    template: ClassVar[str] = "directory.html.j2"
    directory: DirectoryLine
    settings: tuple[tuple[str, str], ...]
    faults: tuple[DirectoryFault, ...] = ()
    more_faults: int = 0
    orphans: tuple[LooseAccount, ...] = ()
    stale: tuple[LooseAccount, ...] = ()
    more_orphans: int = 0
    more_stale: int = 0
    proposals: tuple[ProposalLine, ...] = ()
    may_change: bool = False
    may_link: bool = False


CAME: Final = {
    "created": "New accounts",
    "changed": "Changed accounts",
    "gone": "Accounts gone",
    "returned": "Accounts back",
    "groups created": "New groups",
    "groups changed": "Changed groups",
    "groups gone": "Groups gone",
    "memberships changed": "Changed memberships",
    "new": "New people",
    "linked": "Linked to people",
    "proposed": "Proposed as somebody's",
    "held": "Wait for a decision",
    "without principal": "Nobody's",
}
"""What a reading counts, in words for people; what lies there is counted apart, as accounts and groups."""

RULES: Final = {
    "P1-verified-mail": "the same verified mail address",
    "P2-user-name": "the same user name",
    "P3-display-name": "the same name",
    "P4-ambiguous-key": "a key that leads to several people",
}
"""Why an account may be somebody's, by the rule (docs/people.md)."""

OURS: Final = frozenset({DirectoryKind.LOCAL.value, DirectoryKind.SCIM.value})
"""Kinds that are never read: what they hold is written to us."""


def directory_line(one: Directory, now: datetime, readable: Container[str] = ()) -> DirectoryLine:
    """A directory in the list; ``readable`` are those that the settings say how to read."""
    state, tone = _state(one, now)
    has = [
        many(one.counts[word], word.removesuffix("s"))
        for word in ("accounts", "groups")
        if word in one.counts
    ]
    return DirectoryLine(
        one.id,
        links.at(links.DIRECTORIES, one.id),
        one.display or one.id,
        one.kind,
        state,
        tone,
        ", ".join(has),
        one.last_sync,
        one.last_attempt,
        one.last_error,
        len(one.faults),
        one.kind not in OURS and one.id in readable,
        tuple((words, f"{one.counts[name]:,}") for name, words in CAME.items() if one.counts.get(name)),
    )


def _state(one: Directory, now: datetime) -> tuple[str, str]:
    if one.state is DirectoryState.DISABLED:
        return "disabled", "off"
    if one.last_error:
        return "failing", "bad"
    if one.last_sync is None:
        return ("written to us", "ok") if one.kind in OURS else ("not read yet", "warning")
    if now - one.last_sync > LATE:
        return "out of date", "warning"
    return ("read, with faults", "warning") if one.faults else ("read", "ok")


def proposal_line(
    one: LinkProposal,
    people: Mapping[str, str],
    accounts: Mapping[tuple[str, str], str],
    directories: Mapping[str, str],
) -> ProposalLine:
    """A proposal in a list; the mappings are names by id (of accounts: by directory and subject)."""
    return ProposalLine(
        one.id,
        accounts.get((one.directory, one.subject), one.subject),
        directories.get(one.directory, one.directory),
        people.get(one.principal, one.principal),
        links.at(links.PEOPLE, one.principal),
        RULES.get(one.rule, one.rule),
        one.created,
        one.version,
    )


def loose(one: DirectoryAccount, why: str, directories: Mapping[str, str]) -> LooseAccount:
    """An account that somebody should look at."""
    word, tone = account_state(one)
    return LooseAccount(
        one.user_name,
        one.display_name,
        directories.get(one.directory, one.directory),
        word,
        tone,
        one.last_sign_in,
        why,
    )


def directory_view(
    one: Directory,
    now: datetime,
    orphans: Sequence[LooseAccount] = (),
    stale: Sequence[LooseAccount] = (),
    proposals: Iterable[ProposalLine] = (),
    *,
    readable: Container[str] = (),
) -> DirectoryView:
    """One directory; its settings hold no secret."""
    faults = tuple(
        DirectoryFault(str(fault.get("where", "")), str(fault.get("what", "")), str(fault.get("remedy", "")))
        for fault in one.faults[:FAULTS]
    )
    return DirectoryView(
        directory_line(one, now, readable),
        tuple((str(name), str(value)) for name, value in sorted(one.settings.items())),
        faults,
        max(len(one.faults) - FAULTS, 0),
        tuple(orphans[:ACCOUNTS]),
        tuple(stale[:ACCOUNTS]),
        max(len(orphans) - ACCOUNTS, 0),
        max(len(stale) - ACCOUNTS, 0),
        tuple(proposals),
    )
