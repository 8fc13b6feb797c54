"""What a directory says, brought into the tables: accounts that are new, changed or gone, one batch a transaction.

1. The reading is put aside whole (``Spool``).  Where it breaks off, nothing is changed.
2. Ids that came twice are not believed: their accounts stay as they are.  A directory that has fewer than half of the accounts it
   had is not believed either: nothing is marked gone, and groups stay as they are, unless it is forced.
3. New and changed accounts are written, with their records, a thousand a transaction.
4. Accounts that did not come are marked gone; not those of which a fault tells that they could not be read, nor any where
   faults were left away.
5. In the same transaction people who have no usable account left are suspended and their sessions revoked.

A kill between two batches leaves whole batches; the next reading finds them done.  The same reading twice changes nothing
and leaves no record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, func, select

from watchword.errors import DatabaseLocked, DirectoryError, RowChanged
from watchword.model.directory import DirectoryFault, DirectoryReader
from watchword.model.people import DirectoryId, PresenceState, PrincipalStatus
from watchword.store.audit import journal
from watchword.store.audit.records import Entry
from watchword.store.state.accounts import ACCOUNTS, accounts
from watchword.store.state.database import Database
from watchword.store.state.directory_spool import Columns, Spool
from watchword.store.state.people import PRINCIPALS, identities, principals
from watchword.store.state.scim_values import new_id
from watchword.store.state.standing import DIRECTORY_ACTOR, Settled, end_access, is_usable, settle
from watchword.store.state.transition import (
    Act,
    Journal,
    Move,
    create_many,
    touch,
    touch_many,
    transition,
)

T = TypeVar("T")

BATCH: Final = 1_000
"""Accounts of one transaction."""

TRIES: Final = 5
"""How often a transaction is tried where others are in the way; each waits for them as long as the database allows."""

ENOUGH: Final = 10
"""Accounts from which on it is strange that half of them are missing."""

_PRESENT: Final = PresenceState.PRESENT.value


@dataclass(slots=True)
class Sync:
    """One reading of one directory on its way into the tables, and what came of it."""

    database: Database
    directory: DirectoryId
    now: datetime
    forced: bool = False
    ids: Callable[[datetime], str] = new_id
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[DirectoryFault] = field(default_factory=list)
    settled: Settled = field(default_factory=Settled)
    believed: bool = True

    @property
    def act(self) -> Act:
        """Who does it: the directory."""
        return Act(f"{DIRECTORY_ACTOR}{self.directory}", self.now, why="read from the directory")

    def add(self, what: str, count: int = 1) -> None:
        """Count something."""
        self.counts[what] = self.counts.get(what, 0) + count

    def patiently(self, work: Callable[[], T]) -> T:
        """Do one transaction, again if others were in the way: it was undone whole, and what was counted is forgotten.

        Raises:
            DatabaseLocked, RowChanged: they still were, after some tries.
        """
        for left in reversed(range(TRIES)):
            counts, settled = dict(self.counts), self.settled.copy()
            try:
                return work()
            except (DatabaseLocked, RowChanged):
                self.counts, self.settled = counts, settled
                if not left:
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def writing(self) -> Iterator[tuple[Connection, Journal]]:
        """A transaction whose records are written together at its end."""
        entries: list[Entry] = []

        def note(_: Connection, entry: Entry) -> None:
            entries.append(entry)

        with self.database.writing() as connection:
            yield connection, note
            journal.append_many(connection, entries)


def spool_of(reader: DirectoryReader) -> Spool:
    """1.: a reading, put aside whole.

    Raises:
        DirectoryError: it broke off.
        DatabaseFull: there is no room for it.
    """
    spool = Spool()
    try:
        for account in reader.accounts():
            spool.add_account(account)
        for group in reader.groups():
            spool.add_group(group)
    except BaseException:
        spool.close()
        raise
    for fault in reader.faults:
        spool.fault(fault)
    for kind in ("account", "group"):
        for subject in spool.doubles(kind):
            spool.fault(
                DirectoryFault(
                    f"{kind} {subject}",
                    "its id came more than once; none of them is believed",
                    "see which is right",
                )
            )
    return spool


def write_accounts(sync: Sync, spool: Spool) -> None:
    """2. to 5.: accounts of a reading into the table.

    Raises:
        DirectoryError: the directory shows no account at all, where it had some.
        DatabaseError: a transaction failed; those before it are made.
    """
    there, came = _present(sync), spool.count("account")
    sync.counts["accounts"] = came
    if there and not came and not sync.forced:
        raise DirectoryError(
            "the directory shows no account at all",
            where=sync.directory,
            remedy="see whether it lets us read; if it is truly empty: watchword directories sync --force",
        )
    if there >= ENOUGH and came * 2 < there and not sync.forced:
        sync.believed = False
        what = f"it has {came} accounts and had {there}; nothing is marked gone"
        spool.fault(
            DirectoryFault(
                f"directory {sync.directory}", what, "if that is so: watchword directories sync --force"
            )
        )
    for batch in spool.accounts(BATCH):
        sync.patiently(partial(_write_batch, sync, dict(batch)))
    if sync.believed and not spool.is_full_of_faults:
        _mark_gone(sync, spool)
    sync.patiently(partial(_end_expired, sync))


def _end_expired(sync: Sync) -> None:
    """5., for accounts that have come to their end by themselves, of which the directory says nothing new."""
    over = (
        (accounts.c.directory == sync.directory)
        & (accounts.c.state == _PRESENT)
        & (accounts.c.account_expires <= sync.now)
    )
    same = (accounts.c.directory == identities.c.directory) & (accounts.c.subject == identities.c.subject)
    owners = (
        select(identities.c.principal)
        .join(accounts, same)
        .join(principals, principals.c.id == identities.c.principal)
        .where(over, principals.c.status == PrincipalStatus.ACTIVE.value)
        .distinct()
    )
    with sync.writing() as (connection, append):
        settle(connection, set(connection.scalars(owners)), sync.act, append, sync.settled)


def _present(sync: Sync) -> int:
    ours = (accounts.c.directory == sync.directory) & (accounts.c.state == _PRESENT)
    with sync.database.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(accounts).where(ours)) or 0)


def _write_batch(sync: Sync, batch: Mapping[str, Columns]) -> None:
    with sync.writing() as (connection, append):
        ours = (accounts.c.directory == sync.directory) & accounts.c.subject.in_(list(batch))
        rows = {row["subject"]: row for row in connection.execute(select(accounts).where(ours)).mappings()}
        fresh = [_new_row(sync, subject, told) for subject, told in batch.items() if subject not in rows]
        create_many(connection, ACCOUNTS, fresh, sync.act, append)
        sync.add("created", len(fresh))
        moved = [
            row for subject, row in rows.items() if _amend(sync, connection, append, row, batch[subject])
        ]
        touch_many(connection, ACCOUNTS, [row["id"] for row in rows.values()], last_seen=sync.now)
        _follow(sync, connection, append, [(row, batch[row["subject"]]) for row in moved])


def _new_row(sync: Sync, subject: str, told: Columns) -> dict[str, Any]:
    return told | {
        "id": sync.ids(sync.now),
        "directory": sync.directory,
        "subject": subject,
        "external_id": "",
        "first_seen": sync.now,
        "last_seen": sync.now,
        "gone": None,
        "state": _PRESENT,
        "version": 1,
    }


def _amend(
    sync: Sync, connection: Connection, append: Journal, row: Mapping[Any, Any], told: Columns
) -> bool:
    """Write what differs; whether anything did that leaves a record."""
    values = {name: value for name, value in told.items() if row[name] != value}
    to = PresenceState.PRESENT if row["state"] != _PRESENT else None
    if to is not None:
        values["gone"] = None
        sync.add("returned")
    elif set(values) <= {"last_sign_in"}:
        if values:
            touch(connection, ACCOUNTS, row["id"], **values)
        return False
    else:
        sync.add("changed")
    transition(connection, Move(ACCOUNTS, row["id"], row["version"], to, values), sync.act, append)
    return True


def _follow(
    sync: Sync, connection: Connection, append: Journal, moved: Sequence[tuple[Mapping[Any, Any], Columns]]
) -> None:
    """5.: what follows for people from changes of their accounts."""
    whose = _owners(connection, sync.directory, [before["subject"] for before, _ in moved])
    renamed = set()
    for before, told in moved:
        owner = whose.get(before["subject"])
        if owner is None:
            continue
        after = {**before, **told, "state": _PRESENT}
        if is_usable(before, sync.now) and not is_usable(after, sync.now):
            sync.settled.ended += end_access(connection, owner.principal, sync.act, append)
        if before["display_name"] == owner.display_name and owner.principal not in renamed:
            renamed.add(owner.principal)
            _rename(sync, connection, append, owner, told["display_name"])
    settle(connection, {one.principal for one in whose.values()}, sync.act, append, sync.settled)


def _rename(sync: Sync, connection: Connection, append: Journal, owner: Any, name: str) -> None:  # noqa: ANN401
    """A person who was called as the account was is called as it is now."""
    if name and name != owner.display_name:
        called = Move(PRINCIPALS, owner.principal, owner.version, None, {"display_name": name})
        transition(connection, called, sync.act, append)


def _owners(connection: Connection, directory: str, subjects: Sequence[str]) -> dict[str, Any]:
    wanted = (
        select(identities.c.subject, identities.c.principal, principals.c.display_name, principals.c.version)
        .join(principals, principals.c.id == identities.c.principal)
        .where(identities.c.directory == directory, identities.c.subject.in_(subjects))
    )
    return {row.subject: row for row in connection.execute(wanted)} if subjects else {}


def _mark_gone(sync: Sync, spool: Spool) -> None:
    """4."""
    named = {fault.where for fault in spool.faults}
    last = ""
    while rows := _page(sync, last):
        last = rows[-1]["id"]
        missing = spool.missing("account", [row["subject"] for row in rows])
        going = [row for row in rows if row["subject"] in missing and not _is_named(row, named)]
        if going:
            sync.patiently(partial(_end_batch, sync, going))


def _page(sync: Sync, after: str) -> Sequence[Mapping[Any, Any]]:
    wanted = ("id", "subject", "user_name", "attributes", "version", "state", "enabled", "account_expires")
    ours = (accounts.c.directory == sync.directory) & (accounts.c.state == _PRESENT) & (accounts.c.id > after)
    page = select(*(accounts.c[name] for name in wanted)).where(ours).order_by(accounts.c.id).limit(BATCH)
    with sync.database.reading() as connection:
        return connection.execute(page).mappings().all()


def _is_named(row: Mapping[Any, Any], named: set[str]) -> bool:
    """Whether a fault tells of an account, which then could not be read rather than be gone."""
    subject, dn = row["subject"], str(row["attributes"].get("dn", ""))[:300]
    return not named.isdisjoint({subject, f"account {subject}", f"account {subject[:80]!r}", dn} - {""})


def _end_batch(sync: Sync, going: Sequence[Mapping[Any, Any]]) -> None:
    with sync.writing() as (connection, append):
        for row in going:
            over = Move(ACCOUNTS, row["id"], row["version"], PresenceState.GONE, {"gone": sync.now})
            transition(connection, over, sync.act, append)
        whose = {
            one.principal
            for one in _owners(connection, sync.directory, [row["subject"] for row in going]).values()
        }
        for principal in sorted(whose):
            sync.settled.ended += end_access(connection, principal, sync.act, append)
        settle(connection, whose, sync.act, append, sync.settled)
        sync.add("gone", len(going))
