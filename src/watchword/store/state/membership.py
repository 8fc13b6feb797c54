"""Who is in a group: direct members as a directory says them, and principals, through groups within groups too.

``memberships`` follow from direct members, groups within groups and whose accounts are; each change of them leaves records
``group.members_changed`` with at most five hundred principals each.  Circles of groups are walked once, and told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, delete, insert, literal, select

from watchword.analysis.people.groups import around, circles, within
from watchword.model.directory import DirectoryFault
from watchword.model.people import Group, GroupId, PresenceState
from watchword.store.audit.records import Entry
from watchword.store.state.accounts import accounts
from watchword.store.state.directory_spool import Spool
from watchword.store.state.directory_sync import Sync
from watchword.store.state.people import GROUPS, group_members, group_row, groups, identities, memberships
from watchword.store.state.scim_members import change, chunks, member_kinds
from watchword.store.state.transition import Act, Journal, Move, create, touch, transition

BATCH: Final = 200
"""Groups of one transaction."""

MOST_WITHIN: Final = 10_000
"""Groups within one group that are followed."""

_PRESENT: Final = PresenceState.PRESENT.value


def write_groups(sync: Sync, spool: Spool) -> set[str]:
    """Groups of a reading, with their direct members, into the tables; our ids of those that changed.

    Groups that did not come are marked gone where no fault was left away; all stay as they are where the reading of the
    accounts was not believed.

    Raises:
        DatabaseError: a transaction failed; those before it are made.
    """
    sync.counts["groups"] = spool.count("group")
    if not sync.believed:
        return set()
    changed: set[str] = set()
    for batch in spool.groups(BATCH):
        changed |= sync.patiently(partial(_write_batch, sync, batch))
    if not spool.is_full_of_faults:
        changed |= _mark_gone(sync, spool)
    return changed


def _write_batch(sync: Sync, batch: Sequence[tuple[str, Mapping[str, Any]]]) -> set[str]:
    changed: set[str] = set()
    with sync.writing() as (connection, append):
        rows = _groups(connection, sync.directory, [subject for subject, _ in batch])
        for subject, told in batch:
            changed |= _write_group(sync, connection, append, rows.get(subject), (subject, told))
    return changed


def _groups(connection: Connection, directory: str, subjects: Sequence[str]) -> dict[str, Mapping[Any, Any]]:
    ours = (groups.c.directory == directory) & groups.c.subject.in_(subjects)
    return {row["subject"]: row for row in connection.execute(select(groups).where(ours)).mappings()}


def _write_group(
    sync: Sync,
    connection: Connection,
    append: Journal,
    row: Mapping[Any, Any] | None,
    told: tuple[str, Mapping[str, Any]],
) -> set[str]:
    """One group; its id if anything of it changed."""
    subject, body = told
    id_ = sync.ids(sync.now) if row is None else row["id"]
    if row is None:
        made = Group(
            GroupId(id_), sync.directory, subject, body["display"], first_seen=sync.now, changed=sync.now
        )
        create(connection, GROUPS, group_row(made), sync.act, append)
        sync.add("groups created")
    elif row["display"] != body["display"] or row["state"] != _PRESENT:
        to = PresenceState.PRESENT if row["state"] != _PRESENT else None
        values = {"display": body["display"], "changed": sync.now}
        transition(connection, Move(GROUPS, id_, row["version"], to, values), sync.act, append)
    before = {} if row is None else member_kinds(connection, id_)
    after = dict.fromkeys(body["accounts"], False) | dict.fromkeys(body["groups"], True)
    gone = [one for one, is_group in before.items() if after.get(one) is not is_group]
    fresh = {one: is_group for one, is_group in after.items() if before.get(one) is not is_group}
    change(connection, id_, gone, fresh, act=sync.act, append=append)
    if not gone and not fresh:
        return {id_} if row is None or row["state"] != _PRESENT else set()
    touch(connection, GROUPS, id_, changed=sync.now)
    sync.add("groups changed", int(row is not None))
    return {id_}


def _mark_gone(sync: Sync, spool: Spool) -> set[str]:
    ours = (groups.c.directory == sync.directory) & (groups.c.state == _PRESENT)
    wanted = select(groups.c.id, groups.c.subject, groups.c.version).where(ours).order_by(groups.c.id)
    with sync.database.reading() as connection:
        rows = connection.execute(wanted).all()
    named, going = {fault.where for fault in spool.faults}, []
    for number in range(0, len(rows), BATCH):
        some = rows[number : number + BATCH]
        missing = spool.missing("group", [row.subject for row in some])
        going += [
            row for row in some if row.subject in missing and f"group {row.subject[:80]!r}" not in named
        ]
    for row in going:
        with sync.writing() as (connection, append):
            over = Move(GROUPS, row.id, row.version, PresenceState.GONE, {"changed": sync.now})
            transition(connection, over, sync.act, append)
            change(
                connection, row.id, list(member_kinds(connection, row.id)), {}, act=sync.act, append=append
            )
            flatten(connection, {row.id: ()}, [row.id], sync.act, append)
        sync.add("groups gone")
    return {row.id for row in going}


def flatten_all(sync: Sync, only: Collection[str] | None = None) -> None:
    """Work out who is in the directory's groups, in all or in those that the change of some may concern; circles are told."""
    with sync.database.reading() as connection:
        edges = edges_of(connection, sync.directory)
    for ring in circles(edges):
        where = f"group {min(ring)}"
        what = f"{len(ring)} groups are within each other" if len(ring) > 1 else "the group is within itself"
        sync.faults.append(DirectoryFault(where, what, "take one out of the other in the directory"))
    wanted = sorted(edges if only is None else around(edges, only) & set(edges))
    for number in range(0, len(wanted), BATCH):
        some = wanted[number : number + BATCH]
        sync.add("memberships changed", sync.patiently(partial(_flatten_batch, sync, edges, some)))


def _flatten_batch(sync: Sync, edges: Mapping[str, Collection[str]], some: Sequence[str]) -> int:
    with sync.writing() as (connection, append):
        return flatten(connection, edges, some, sync.act, append)


def edges_of(connection: Connection, directory: str) -> dict[str, list[str]]:
    """The groups of a directory that are there, each with the groups that are directly in it, by our ids."""
    ours = (groups.c.directory == directory) & (groups.c.state == _PRESENT)
    ids = {
        row.subject: row.id for row in connection.execute(select(groups.c.subject, groups.c.id).where(ours))
    }
    found: dict[str, list[str]] = {id_: [] for id_ in ids.values()}
    inner = select(group_members.c.group_id, group_members.c.subject).join(
        groups, groups.c.id == group_members.c.group_id
    )
    for group, subject in connection.execute(inner.where(ours, group_members.c.is_group.is_(True))):
        if subject in ids:
            found[group].append(ids[subject])
    return found


def flatten(
    connection: Connection,
    edges: Mapping[str, Collection[str]],
    wanted: Sequence[str],
    act: Act,
    append: Journal,
) -> int:
    """Bring the memberships of some groups in line with direct members and links; how many came or went."""
    count = 0
    for group in wanted:
        inner = sorted(within(edges, group))[:MOST_WITHIN]
        should = _members(inner)
        added, removed = _bring(connection, group, should)
        for some in chunks(added):
            append(connection, _entry(group, {"added": some, "removed": []}, act))
        for some in chunks(removed):
            append(connection, _entry(group, {"added": [], "removed": some}, act))
        count += len(added) + len(removed)
    return count


def _members(inner: Sequence[str]) -> Select[Any]:
    """The principals whose accounts are directly in one of some groups."""
    linked = and_(
        identities.c.subject == group_members.c.subject, identities.c.directory == groups.c.directory
    )
    there = and_(accounts.c.directory == identities.c.directory, accounts.c.subject == identities.c.subject)
    return (
        select(identities.c.principal)
        .select_from(group_members)
        .join(groups, groups.c.id == group_members.c.group_id)
        .join(identities, linked)
        .join(accounts, there)
        .where(
            group_members.c.group_id.in_(inner),
            group_members.c.is_group.is_(False),
            groups.c.state == _PRESENT,
            accounts.c.state == _PRESENT,
        )
        .distinct()
    )


def _bring(connection: Connection, group: str, should: Select[Any]) -> tuple[list[str], list[str]]:
    """Bring the memberships of a group in line with what they should be, within the database: who came, who went."""
    have = select(memberships.c.principal).where(memberships.c.group_id == group)
    fresh = should.with_only_columns(literal(group), identities.c.principal).where(
        identities.c.principal.not_in(have)
    )
    adding = insert(memberships).from_select(["group_id", "principal"], fresh)
    ours = memberships.c.group_id == group
    removing = delete(memberships).where(ours, memberships.c.principal.not_in(should))
    removed = sorted(connection.scalars(removing.returning(memberships.c.principal)))
    added = sorted(connection.scalars(adding.returning(memberships.c.principal)))
    return added, removed


def _entry(group: str, members: Mapping[str, object], act: Act) -> Entry:
    return Entry(
        "group.members_changed",
        act.actor,
        group,
        act.at,
        after=members,
        why=act.why,
        request=act.request,
        session=act.session,
    )


def flatten_around(
    connection: Connection, directory: str, changed: Collection[str], act: Act, append: Journal
) -> int:
    """Work out anew who is in some groups of a directory, and in those that they are within."""
    edges = edges_of(connection, directory)
    # A group that is gone has no edges, and its members go.
    return flatten(connection, edges, sorted(around(edges, changed)), act, append)


def groups_with(connection: Connection, directory: str, subjects: Sequence[str]) -> set[str]:
    """The groups of a directory that accounts are directly in, by our ids."""
    found: set[str] = set()
    for some in chunks(sorted(subjects)):
        wanted = select(group_members.c.group_id).join(groups, groups.c.id == group_members.c.group_id)
        ours = (groups.c.directory == directory) & group_members.c.is_group.is_(False)
        found |= set(connection.scalars(wanted.where(ours, group_members.c.subject.in_(some)).distinct()))
    return found
