"""Linking rules over the tables: accounts without a principal get one, or a proposal, or are told.

What is judged is in ``watchword.analysis.people.linking``; here are found the accounts that an account must be compared with, and
written what was judged.  Compared are accounts that are there; of those of one directory that share a value, three are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, cast, func, insert, select
from sqlalchemy.types import LargeBinary

from watchword.analysis.people.likeness import disguise, key
from watchword.analysis.people.linking import (
    Index,
    Judgement,
    Key,
    Known,
    Rule,
    Standing,
    contradictions,
    judge,
)
from watchword.model.accounts import LinkProposal, ProposalId
from watchword.model.directory import AccountKind, DirectoryFault
from watchword.model.people import (
    DirectoryId,
    PresenceState,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.store.audit.records import Entry
from watchword.store.state.accounts import LINK_PROPOSALS, accounts, link_proposals, proposal_row
from watchword.store.state.people import PRINCIPALS, directories, identities, principal_row, principals
from watchword.store.state.scim_values import new_id
from watchword.store.state.standing import Settled, settle
from watchword.store.state.transition import Act, Journal, create_many

LONGEST_STAY: Final = timedelta(days=366)
"""How long a guest may stay at most before somebody answers for them again."""

MOST_EXOTIC: Final = 10_000
"""Accounts with names or addresses beyond ASCII that are compared one by one."""

LINKING: Final = 0x77_77_6C_69_6E_6B
"""The number of PostgreSQL's advisory lock of those who link."""

MOST_SUSPECTS: Final = 50
"""Accounts whose link is contradicted that are told of a reading, of either kind."""

ALIKE: Final = 3
"""Accounts of one directory with the same value that are looked at."""

_COMPARED: Final = "directory subject kind user_name display_name mail mail_verified employee_number".split()
_PRESENT: Final = PresenceState.PRESENT.value
_SAME = and_(accounts.c.directory == identities.c.directory, accounts.c.subject == identities.c.subject)


@dataclass(slots=True)
class Linked:
    """What came of a batch: principals that are new or have another account, and what was told."""

    counts: dict[str, int] = field(default_factory=dict)
    faults: list[DirectoryFault] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    subjects: list[str] = field(default_factory=list)

    def add(self, what: str) -> None:
        """Count something."""
        self.counts[what] = self.counts.get(what, 0) + 1


@dataclass(frozen=True, slots=True)
class Linker:
    """Judges accounts of one directory in a transaction, and writes what follows.

    ``exotic`` are accounts whose names or addresses are not ASCII: the index of the table cannot find what they look like.
    """

    directory: DirectoryId
    standings: Mapping[DirectoryId, Standing]
    exotic: tuple[Known, ...] = ()
    ids: Callable[[datetime], str] = new_id

    @classmethod
    def of(
        cls, connection: Connection, directory: DirectoryId, ids: Callable[[datetime], str] = new_id
    ) -> Linker:
        """The linker for a directory, with what the settings of all directories say at this moment."""
        return cls(directory, standings(connection), tuple(_exotic(connection)), ids)

    def page(self, connection: Connection, after: str, most: int, *, guests: bool) -> tuple[str, list[str]]:
        """Accounts of the directory that are of nobody yet, by our id, from after one: the last id, and their subjects.

        Guests come apart from all others, whom they may have as sponsors.
        """
        is_guest = accounts.c.kind == AccountKind.GUEST.value
        wanted = select(accounts.c.id, accounts.c.subject).outerjoin(identities, _SAME)
        ours = (accounts.c.directory == self.directory) & (accounts.c.state == _PRESENT)
        page = wanted.where(
            ours,
            accounts.c.id > after,
            identities.c.principal.is_(None),
            is_guest if guests else ~is_guest,
        )
        rows = connection.execute(page.order_by(accounts.c.id).limit(most)).all()
        return (rows[-1].id if rows else after), [row.subject for row in rows]

    def link(self, connection: Connection, subjects: Sequence[str], act: Act, append: Journal) -> Linked:
        """Judge accounts that are of nobody yet, and write what follows."""
        _one_at_a_time(connection)
        told, index = Linked(), Index()
        rows = {row["subject"]: row for row in _rows(connection, self.directory, subjects)}
        asking = [_known(row) for row in rows.values()]
        for one in (*self.exotic, *beside(connection, asking, list(self.standings)), *asking):
            index.add(one)
        sponsors = _sponsors(connection, rows.values(), act.at)
        writing = _Writing(self, act, sponsors, told)
        for one in asking:
            if one.principal is None:
                asked = replace(one, sponsored=True) if one.subject in sponsors else one
                writing.take(rows[one.subject], judge(asked, index.beside(one), self.standings))
        writing.write(connection, append)
        return told

    def contradictions(self, connection: Connection) -> Iterator[DirectoryFault]:
        """What contradicts that accounts of the directory are of the principals that they have, a hundred at most."""
        subjects = _suspects(connection, self.directory, self.standings)
        asking, index = [_known(row) for row in _rows(connection, self.directory, subjects)], Index()
        mine: dict[str, list[Known]] = {}
        for one in _owned(connection, {one.principal for one in asking}):
            mine.setdefault(one.principal or "", []).append(one)
        for one in beside(connection, asking, list(self.standings)):
            index.add(one)
        for one in asking:
            others = {(each.directory, each.subject): each for each in mine.get(one.principal or "", ())}
            others |= {(each.directory, each.subject): each for each in index.beside(one)}
            yield from contradictions(one, others.values(), self.standings)


_COLUMN_OF: Final = {
    Key.EMPLOYEE_NUMBER: accounts.c.employee_number,
    Key.MAIL: accounts.c.mail_key,
    Key.USER_NAME: accounts.c.user_name_key,
}


def _suspects(
    connection: Connection, directory: DirectoryId, known: Mapping[DirectoryId, Standing]
) -> list[str]:
    """Accounts whose key is that of another principal's account, or not that of their own principal's other account."""
    mine = known.get(directory, Standing()).correlate
    family = [one for one, standing in known.items() if standing.correlate is mine and one != directory]
    if mine is None or not family:
        return []
    column, other, theirs = _COLUMN_OF[mine], accounts.alias(), identities.alias()
    value = other.c[column.name]
    pairs = (
        select(accounts.c.subject)
        .join(identities, _SAME)
        .join(theirs, theirs.c.directory.in_(family))
        .join(other, and_(other.c.directory == theirs.c.directory, other.c.subject == theirs.c.subject))
        .where(accounts.c.directory == directory, accounts.c.state == _PRESENT, other.c.state == _PRESENT)
        .where(column != "", value != "")
    )
    differs = pairs.where(theirs.c.principal == identities.c.principal, column != value)
    shares = pairs.where(theirs.c.principal != identities.c.principal, column == value)
    found: set[str] = set()
    for one in (differs, shares):
        found |= set(connection.scalars(one.distinct().limit(MOST_SUSPECTS)))
    return sorted(found)


def _one_at_a_time(connection: Connection) -> None:
    """Wait until nobody else links.

    Two directories that are read at once must see each other's people, else somebody who is new in both would be two.  A write
    transaction of SQLite is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LINKING)))


def standings(connection: Connection) -> dict[DirectoryId, Standing]:
    """For what each directory vouches, as its settings in the table say."""
    found = {}
    for id_, settings in connection.execute(select(directories.c.id, directories.c.settings)):
        correlate = settings.get("correlate") or None
        found[DirectoryId(id_)] = Standing(
            None if correlate is None else Key(correlate), settings.get("vouches_for_mail") is True
        )
    return found


def beside(connection: Connection, asking: Iterable[Known], within: Sequence[str]) -> Iterator[Known]:
    """Accounts, of whatever directory, with which some accounts must be compared."""
    asked = list(asking)
    columns = (
        (accounts.c.employee_number, {form for one in asked for form in _forms(one.employee_number)}),
        (accounts.c.mail_key, {form for one in asked for form in _forms(one.mail)}),
        (accounts.c.user_name_key, {form for one in asked for form in _forms(one.user_name)}),
        (accounts.c.display_name, {one.display_name for one in asked if one.display_name}),
    )
    for column, values in columns:
        for some in _chunks(sorted(values)):
            yield from map(_known, connection.execute(_alike(column, some, within)).mappings())


def _forms(text: str) -> set[str]:
    """How a value may stand in the table that is the same as this one, or looks like it."""
    if not text:
        return set()
    return {text, text.casefold(), key(text), key(text).upper(), disguise(text)} - {""}


def _alike(column: Any, values: Sequence[str], within: Sequence[str]) -> Select[Any]:  # noqa: ANN401
    """Accounts that are there with one of some values; of each directory and value the first few."""
    place = func.row_number().over(partition_by=(accounts.c.directory, column), order_by=accounts.c.id)
    first = (
        select(*(accounts.c[name] for name in _COMPARED), place.label("place"))
        .where(column.in_(values), accounts.c.directory.in_(within), accounts.c.state == _PRESENT)
        .subquery()
    )
    same = and_(first.c.directory == identities.c.directory, first.c.subject == identities.c.subject)
    return (
        select(first, identities.c.principal, principals.c.status)
        .outerjoin(identities, same)
        .outerjoin(principals, principals.c.id == identities.c.principal)
        .where(first.c.place <= ALIKE)
    )


def _exotic(connection: Connection) -> Iterator[Known]:
    """Accounts that are there whose user name or address is not ASCII, the first ten thousand."""
    odd = [_is_wide(connection, column) for column in (accounts.c.user_name_key, accounts.c.mail_key)]
    wanted = _with_owner().where(odd[0] | odd[1], accounts.c.state == _PRESENT)
    rows = connection.execute(wanted.order_by(accounts.c.id).limit(MOST_EXOTIC)).mappings()
    return map(_known, rows.all())


def _is_wide(connection: Connection, column: Any) -> Any:  # noqa: ANN401
    """Whether a text takes more bytes than it has characters."""
    if connection.dialect.name == "postgresql":
        return func.octet_length(column) != func.length(column)
    return func.length(cast(column, LargeBinary)) != func.length(column)


def _with_owner() -> Select[Any]:
    extra = (accounts.c.id, accounts.c.manager, accounts.c.account_expires, accounts.c.enabled)
    return (
        select(*(accounts.c[name] for name in _COMPARED), *extra, identities.c.principal, principals.c.status)
        .outerjoin(identities, _SAME)
        .outerjoin(principals, principals.c.id == identities.c.principal)
    )


def _rows(connection: Connection, directory: str, subjects: Sequence[str]) -> Sequence[Mapping[Any, Any]]:
    wanted = _with_owner().where(accounts.c.directory == directory, accounts.c.subject.in_(subjects))
    return connection.execute(wanted.order_by(accounts.c.id)).mappings().all()


def _owned(connection: Connection, owners: Collection[str | None]) -> Iterator[Known]:
    wanted = _with_owner().where(identities.c.principal.in_(sorted(filter(None, owners))))
    return map(_known, connection.execute(wanted.where(accounts.c.state == _PRESENT)).mappings())


def _known(row: Mapping[Any, Any]) -> Known:
    return Known(
        **{name: row[name] for name in _COMPARED} | {"kind": AccountKind(row["kind"])},
        principal=row["principal"],
        ended=row["status"] == PrincipalStatus.ENDED.value,
    )


def _sponsors(
    connection: Connection, rows: Iterable[Mapping[Any, Any]], now: datetime
) -> dict[str, PrincipalId]:
    """Who answers for guests: the active user whose account is their manager, where they have an end date within a year."""
    guests = [
        row
        for row in rows
        if row["kind"] == AccountKind.GUEST.value
        and row["manager"]
        and row["account_expires"] is not None
        and now < row["account_expires"] <= now + LONGEST_STAY
    ]
    if not guests:
        return {}
    wanted = (
        select(identities.c.directory, identities.c.subject, identities.c.principal)
        .join(principals, principals.c.id == identities.c.principal)
        .where(
            identities.c.directory == guests[0]["directory"],
            identities.c.subject.in_({row["manager"] for row in guests}),
            principals.c.kind == PrincipalKind.USER.value,
            principals.c.status == PrincipalStatus.ACTIVE.value,
        )
    )
    whose = {row.subject: PrincipalId(row.principal) for row in connection.execute(wanted)}
    return {row["subject"]: whose[row["manager"]] for row in guests if row["manager"] in whose}


@dataclass(slots=True)
class _Writing:
    """What was judged of a batch, gathered, and written by few statements."""

    linker: Linker
    act: Act
    sponsors: Mapping[str, PrincipalId]
    told: Linked
    people: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)

    def take(self, row: Mapping[Any, Any], found: Judgement) -> None:
        """Take one judgement in."""
        self.told.faults.extend(found.faults)
        if found.link is not None:
            self._link(row, found.link, Rule.CORRELATED)
            self.told.add("linked")
        elif found.new:
            self._link(row, self._person(row, held=found.held), Rule.NEW)
            self.told.add("held" if found.held else "new")
        else:
            self.told.add("without principal")
        for principal, rule in found.proposals if found.new else ():
            one = LinkProposal(
                ProposalId(self.linker.ids(self.act.at)),
                self.linker.directory,
                row["subject"],
                principal,
                rule,
                self.act.at,
            )
            self.proposals.append(proposal_row(one))
            self.told.add("proposed")

    def _person(self, row: Mapping[Any, Any], *, held: bool) -> PrincipalId:
        kind = PrincipalKind(row["kind"])
        is_guest = kind is PrincipalKind.GUEST
        made = Principal(
            PrincipalId(f"p-{self.linker.ids(self.act.at)}"),
            kind,
            row["display_name"] or row["user_name"],
            PrincipalStatus.INVITED if held else PrincipalStatus.ACTIVE,
            self.act.at,
            self.sponsors[row["subject"]] if is_guest else None,
            row["account_expires"] if is_guest else None,
        )
        self.people.append(principal_row(made))
        return made.id

    def _link(self, row: Mapping[Any, Any], principal: PrincipalId, rule: Rule) -> None:
        self.links.append(
            {
                "directory": self.linker.directory,
                "subject": row["subject"],
                "principal": principal,
                "linked": self.act.at,
            }
        )
        self.entries.append(link_entry(row["id"], principal, rule, self.act))
        self.told.people.add(principal)
        self.told.subjects.append(row["subject"])

    def write(self, connection: Connection, append: Journal) -> None:
        """Write all of it, and see whether its people may go on."""
        create_many(connection, PRINCIPALS, self.people, self.act, append)
        if self.links:
            connection.execute(insert(identities), self.links)
        for entry in self.entries:
            append(connection, entry)
        there = _proposed(connection, self.linker.directory, [one["subject"] for one in self.proposals])
        fresh = [one for one in self.proposals if (one["subject"], one["principal"]) not in there]
        create_many(connection, LINK_PROPOSALS, fresh, self.act, append)
        settle(connection, self.told.people, self.act, append, Settled())


def link_entry(account: str, principal: str, rule: str, act: Act, what: str = "linked") -> Entry:
    """The record that an account is of a principal from now on, or no longer."""
    return Entry(
        f"account.{what}",
        act.actor,
        account,
        act.at,
        after={"principal": principal, "rule": str(rule)},
        why=act.why,
        request=act.request,
        session=act.session,
    )


def _proposed(connection: Connection, directory: str, subjects: Sequence[str]) -> set[tuple[str, str]]:
    mine = link_proposals.c.directory == directory
    wanted = select(link_proposals.c.subject, link_proposals.c.principal).where(
        mine, link_proposals.c.subject.in_(subjects)
    )
    return {(row.subject, row.principal) for row in connection.execute(wanted)} if subjects else set()


def _chunks(values: Sequence[str], size: int = 5_000) -> Iterator[Sequence[str]]:
    for number in range(0, len(values), size):
        yield values[number : number + size]
