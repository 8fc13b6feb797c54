"""Users and groups that identity providers push, on the tables of accounts and groups.

A change is one transaction: the directory's row is locked, so that changes of one directory follow one another; the resource is
compared and set; members are changed; what follows at once is done; each has its audit record.  Nothing of it is there unless
all is.  A deleted resource stays as *gone*, for those who ask whose it was; for clients it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from watchword.errors import RowExists, RowMissing
from watchword.model.people import DirectoryId, DirectoryState, PresenceState
from watchword.model.scim import Caller, Document, Found, Query, ScimKind, ScimRefused, Stored, fold
from watchword.store.state.accounts import ACCOUNTS, account_of, account_row, accounts
from watchword.store.state.batch import Batch
from watchword.store.state.people import GROUPS, directories, group_row, groups
from watchword.store.state.scim_effects import OnChange, ScimChange, end_sign_ins
from watchword.store.state.scim_find import find, read_one
from watchword.store.state.scim_members import change, containing, known, member_kinds
from watchword.store.state.scim_people import follow
from watchword.store.state.scim_values import account, account_changed, group, member_ids, new_id
from watchword.store.state.transition import Act, Journal, Move, create, transition


@dataclass(frozen=True, slots=True)
class SqlScimStore:
    """A ``ScimStore`` (``watchword.web.scim.service``) in the state's database, for SQLite and PostgreSQL.

    ``on_change`` is what follows from a change for people; ``ids`` gives a new id at a time.
    """

    batch: Batch
    on_change: OnChange = follow
    ids: Callable[[datetime], str] = new_id

    def create(self, caller: Caller, kind: ScimKind, document: Document) -> Stored:
        """Keep a new resource.

        Raises:
            RowExists: another user of the directory has its user name.
            ScimRefused: 400 ``invalidValue``: a member is not there; 403: the directory is disabled or not there.
        """
        make = _create_user if kind is ScimKind.USER else _create_group
        id_ = self.ids(caller.at)
        return self.batch.run(
            lambda connection, append: make(_Work(self, connection, append, caller), id_, document)
        )

    def read(self, caller: Caller, kind: ScimKind, id_: str, *, members: bool = True) -> Stored | None:
        """A resource, with or without a group's members or a user's groups; ``None`` where it is not there."""
        with self.batch.database.reading() as connection:
            return read_one(connection, caller.directory, kind, id_, with_members=members)

    def replace(self, caller: Caller, kind: ScimKind, before: Stored, document: Document) -> Stored:
        """Keep another document of a resource, where its version is still that of ``before``.

        Raises:
            RowMissing, RowChanged: it is gone, or another was quicker.
            RowExists: another user of the directory has its user name.
            ScimRefused: 400 ``invalidValue``: a member is not there; 403: the directory is disabled.
        """
        write = _replace_user if kind is ScimKind.USER else _replace_group
        return self.batch.run(
            lambda connection, append: write(_Work(self, connection, append, caller), before, document)
        )

    def delete(self, caller: Caller, kind: ScimKind, before: Stored) -> None:
        """Delete a resource where its version is still that of ``before``; it leaves all groups.

        Raises:
            RowMissing, RowChanged: it is gone, or another was quicker.
            ScimRefused: 403: the directory is disabled.
        """
        self.batch.run(
            lambda connection, append: _delete(_Work(self, connection, append, caller), kind, before)
        )

    def find(self, caller: Caller, query: Query) -> Found:
        """Resources that answer a question, as they are at one moment."""
        with self.batch.database.reading() as connection:
            return find(connection, caller.directory, query)


@dataclass(frozen=True, slots=True)
class _Work:
    """A change that is being made."""

    store: SqlScimStore
    connection: Connection
    append: Journal
    caller: Caller

    @property
    def act(self) -> Act:
        return Act(f"directory:{self.caller.directory}", self.caller.at, request=self.caller.request)

    @property
    def directory(self) -> DirectoryId:
        return self.caller.directory

    def begin(self) -> None:
        """Wait for other changes of the directory, which must be enabled."""
        mine = select(directories.c.state).where(directories.c.id == self.directory).with_for_update()
        if self.connection.scalar(mine) != DirectoryState.ENABLED.value:
            raise ScimRefused(403, "the directory is disabled")

    def follow(self, what: ScimChange) -> None:
        """Do what follows from the change."""
        if what.ends_access:
            end_sign_ins(self.connection, what, self.act, self.append)
        self.store.on_change(self.connection, what, self.act, self.append)

    def made(self, kind: ScimKind, id_: str) -> Stored:
        """The resource as it is now."""
        found = read_one(self.connection, self.directory, kind, id_)
        if found is None:
            raise _missing(id_)
        return found


def _missing(id_: str) -> RowMissing:
    return RowMissing("there is no such resource", where=id_, remedy="read anew what there is")


def _create_user(work: _Work, id_: str, document: Document) -> Stored:
    work.begin()
    _see_free(work, document, id_)
    made = account(id_, work.directory, document, work.caller.at)
    create(work.connection, ACCOUNTS, account_row(made), work.act, work.append)
    work.follow(ScimChange(work.directory, ScimKind.USER, id_, enabled=made.read.enabled))
    return work.made(ScimKind.USER, id_)


def _replace_user(work: _Work, before: Stored, document: Document) -> Stored:
    work.begin()
    _see_free(work, document, before.id)
    row = _row(work, ScimKind.USER, before.id)
    new = account_row(account_changed(account_of(row), document, work.caller.at))
    values = {name: value for name, value in new.items() if row[name] != value}
    transition(
        work.connection, Move(ACCOUNTS, before.id, before.version, None, values), work.act, work.append
    )
    work.follow(ScimChange(work.directory, ScimKind.USER, before.id, enabled=new["enabled"]))
    return work.made(ScimKind.USER, before.id)


def _see_free(work: _Work, document: Document, id_: str) -> None:
    """See that no other user of the directory has the user name."""
    taken = select(accounts.c.id).where(
        accounts.c.directory == work.directory,
        accounts.c.user_name_key == fold(document["userName"]),
        accounts.c.state == PresenceState.PRESENT.value,
        accounts.c.id != id_,
    )
    if work.connection.scalar(taken.limit(1)) is not None:
        raise RowExists("another account of the directory has this user name", where=id_)


def _create_group(work: _Work, id_: str, document: Document) -> Stored:
    work.begin()
    fresh = known(work.connection, work.directory, member_ids(document), id_)
    made = group(id_, work.directory, document, work.caller.at)
    create(work.connection, GROUPS, group_row(made), work.act, work.append)
    change(work.connection, id_, (), fresh, act=work.act, append=work.append)
    work.follow(ScimChange(work.directory, ScimKind.GROUP, id_, added=frozenset(fresh)))
    return work.made(ScimKind.GROUP, id_)


def _replace_group(work: _Work, before: Stored, document: Document) -> Stored:
    work.begin()
    row = _row(work, ScimKind.GROUP, before.id)
    new = group_row(group(before.id, work.directory, document, work.caller.at))
    amended = {name: new[name] for name in ("display", "external_id", "attributes") if row[name] != new[name]}
    values = {**amended, "changed": work.caller.at}
    transition(work.connection, Move(GROUPS, before.id, before.version, None, values), work.act, work.append)
    there, wanted = set(member_kinds(work.connection, before.id)), member_ids(document)
    gone, fresh = there - wanted, known(work.connection, work.directory, wanted - there, before.id)
    change(work.connection, before.id, gone, fresh, act=work.act, append=work.append)
    work.follow(
        ScimChange(work.directory, ScimKind.GROUP, before.id, added=frozenset(fresh), removed=frozenset(gone))
    )
    return work.made(ScimKind.GROUP, before.id)


def _delete(work: _Work, kind: ScimKind, before: Stored) -> None:
    work.begin()
    is_group = kind is ScimKind.GROUP
    row = _row(work, kind, before.id)
    machine, values = (
        (GROUPS, {"changed": work.caller.at}) if is_group else (ACCOUNTS, {"gone": work.caller.at})
    )
    over = Move(machine, row["id"], before.version, PresenceState.GONE, values)
    transition(work.connection, over, work.act, work.append)
    removed = frozenset(member_kinds(work.connection, before.id)) if is_group else frozenset[str]()
    change(work.connection, before.id, removed, {}, act=work.act, append=work.append)
    for outer in containing(work.connection, before.id, is_group=is_group):
        _leave(work, outer, before.id)
    work.follow(ScimChange(work.directory, kind, before.id, gone=True, removed=removed))


def _leave(work: _Work, outer: str, member: str) -> None:
    """Take a deleted resource out of a group that it was in."""
    row = _row(work, ScimKind.GROUP, outer)
    moved = Move(GROUPS, outer, row["version"], None, {"changed": work.caller.at})
    transition(work.connection, moved, work.act, work.append)
    change(work.connection, outer, (member,), {}, act=work.act, append=work.append)
    work.follow(ScimChange(work.directory, ScimKind.GROUP, outer, removed=frozenset((member,))))


def _row(work: _Work, kind: ScimKind, id_: str) -> Mapping[Any, Any]:
    """A row that is there, in the caller's directory."""
    table = accounts if kind is ScimKind.USER else groups
    ours = (
        table.c.id == id_,
        table.c.directory == work.directory,
        table.c.state == PresenceState.PRESENT.value,
    )
    row = work.connection.execute(select(table).where(*ours)).mappings().first()
    if row is None:
        raise _missing(id_)
    return row
