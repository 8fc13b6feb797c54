"""Reading a directory into the tables: accounts, groups, whose they are, and who may no longer go on.

``synchronise`` is the one function that command line, API and worker call.  What each step does is told where it is done:
``store.state.directory_sync`` (accounts), ``store.state.linking`` (whose they are), ``store.state.membership`` (groups).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from watchword.errors import UsageError, WatchwordError
from watchword.model.directory import DirectoryFault, DirectoryKind, DirectoryReader
from watchword.model.people import Directory, DirectoryId
from watchword.store.state import directory_records, membership
from watchword.store.state.database import Database
from watchword.store.state.directory_spool import Spool
from watchword.store.state.directory_sync import BATCH, Sync, spool_of, write_accounts
from watchword.store.state.linking import Linked, Linker
from watchword.store.state.scim_values import new_id

if TYPE_CHECKING:
    from watchword.aws import AwsSettings
    from watchword.collect.directories.configured import Configured

CORRELATES: Final = ("employee_number", "mail", "user_name")
"""What ``authoritative`` may name: the first of them that it names is the key by which accounts are linked."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of reading a directory; ``believed`` is false where it has fewer than half of the accounts that it had."""

    directory: DirectoryId
    at: datetime
    believed: bool
    counts: Mapping[str, int]
    suspended: int
    resumed: int
    ended: int
    faults: tuple[DirectoryFault, ...] = field(default=())


def directory_of(name: str, table: Mapping[str, Any]) -> Directory:
    """The directory of a table ``[directories.NAME]``; of its settings those only that linking needs.

    ``authoritative`` names what the directory answers for: one key by which its accounts are the same as those of other
    directories that answer for it too, and ``mail`` where its addresses count as verified.

    Raises:
        UsageError: ``display`` or ``authoritative`` holds something else than it may.
    """
    named = table.get("authoritative", ())
    if isinstance(named, str) or not all(one in CORRELATES for one in named):
        raise _wrong(name, "authoritative", f"a list of {', '.join(CORRELATES)} is expected")
    keys = [one for one in CORRELATES if one in named]
    if "user_name" in keys and len(keys) > 1:
        raise _wrong(name, "authoritative", "only one key can link: user_name stands alone")
    display = table.get("display", name)
    if not isinstance(display, str) or not 0 < len(display) <= 200:
        raise _wrong(name, "display", "a text of 1 to 200 characters is expected")
    settings = {"correlate": keys[0] if keys else "", "vouches_for_mail": "mail" in keys}
    return Directory(DirectoryId(name), str(table["kind"]), display, settings)


def reader_of(configured: Configured, aws: AwsSettings) -> DirectoryReader:
    """What reads a directory of the settings.

    Raises:
        UsageError: its people come by signing in, are pushed to us, or are ours.
        ConfigError: its settings cannot be.
    """
    if configured.kind is DirectoryKind.LDAP:
        from watchword.collect.directories.ldap import LdapReader

        return LdapReader(configured.ldap())
    if configured.kind is DirectoryKind.COGNITO:
        from watchword.collect.directories.cognito import CognitoReader, CognitoSettings

        return CognitoReader(configured.made(CognitoSettings), aws)
    if configured.kind is DirectoryKind.IDENTITY_CENTER:
        from watchword.collect.directories.identity_center import CenterSettings, IdentityCenterReader

        return IdentityCenterReader(configured.made(CenterSettings), aws)
    raise UsageError(
        f"a directory of the kind {configured.kind} is not read: {_COMES.get(configured.kind, 'its people are ours')}",
        where=configured.directory,
        remedy="watchword directories list tells which are read",
    )


_COMES: Final = {
    DirectoryKind.OIDC: "its people come by signing in",
    DirectoryKind.SAML: "its people come by signing in",
    DirectoryKind.SCIM: "it pushes its people to us",
}

READ: Final = frozenset({DirectoryKind.LDAP, DirectoryKind.COGNITO, DirectoryKind.IDENTITY_CENTER})
"""Kinds of directories that are read."""


def _wrong(name: str, key: str, what: str) -> UsageError:
    return UsageError(
        f"setting directories.{name}.{key}: {what}", remedy=f"correct [directories.{name}] in watchword.toml"
    )


def synchronise(
    database: Database,
    reader: DirectoryReader,
    directory: Directory,
    now: datetime,
    *,
    force: bool = False,
    actor: str = "",
    ids: Callable[[datetime], str] = new_id,
) -> Synced:
    """Read a directory whole, and bring the tables in line; each batch is whole or not made.

    ``force`` believes a directory that has lost more than half of its accounts.  ``actor`` is who asked for it; the directory
    is who changes what follows.

    Raises:
        DirectoryError: it could not be read, or is disabled; nothing but the attempt was noted.
        DatabaseError: the database refused a batch; those before it are made, and the next reading goes on from there.
    """
    sync = Sync(database, directory.id, now, force, ids)
    with sync.writing() as (connection, append):
        act = sync.act if not actor else type(sync.act)(actor, now, why="a directory of the settings")
        row = directory_records.ensure(connection, directory, act, append)
    unfinished = directory_records.UNFINISHED in row.counts
    try:
        spool = spool_of(reader)
        try:
            with database.writing() as connection:
                directory_records.begun(connection, row, now)
            _bring(sync, spool, everything=unfinished)
        finally:
            spool.close()
    except WatchwordError as error:
        with database.writing() as connection:
            directory_records.failed(connection, directory.id, now, error.what)
        raise
    return _finish(sync)


def _bring(sync: Sync, spool: Spool, *, everything: bool) -> None:
    write_accounts(sync, spool)
    linked = _link(sync)
    changed = membership.write_groups(sync, spool)
    moved = linked or any(sync.counts.get(one) for one in ("gone", "returned"))
    membership.flatten_all(sync, None if everything or moved else changed)
    sync.faults[:0] = spool.faults


def _link(sync: Sync) -> bool:
    """Judge all accounts that are of nobody; whether any is of somebody now."""
    with sync.database.reading() as connection:
        linker = Linker.of(connection, sync.directory, sync.ids)
    moved = [_link_all(sync, linker, guests=guests) for guests in (False, True)]
    with sync.database.reading() as connection:
        sync.faults.extend(linker.contradictions(connection))
    return any(moved)


def _link_all(sync: Sync, linker: Linker, *, guests: bool) -> bool:
    after, moved = "", False
    while True:
        with sync.database.reading() as connection:
            after, subjects = linker.page(connection, after, BATCH, guests=guests)
        if not subjects:
            return moved
        told = sync.patiently(partial(_link_batch, sync, linker, subjects))
        moved = moved or bool(told.people)
        sync.faults.extend(told.faults)
        for what, count in told.counts.items():
            sync.add(what, count)


def _link_batch(sync: Sync, linker: Linker, subjects: Sequence[str]) -> Linked:
    with sync.writing() as (connection, append):
        return linker.link(connection, subjects, sync.act, append)


def _finish(sync: Sync) -> Synced:
    counts = {name: count for name, count in sync.counts.items() if count or name in {"accounts", "groups"}}
    with sync.database.writing() as connection:
        directory_records.finished(
            connection, sync.directory, sync.now, counts, sync.faults, whole=sync.believed
        )
    return Synced(
        sync.directory,
        sync.now,
        sync.believed,
        counts,
        len(sync.settled.suspended),
        len(sync.settled.resumed),
        sync.settled.ended,
        tuple(sync.faults),
    )
