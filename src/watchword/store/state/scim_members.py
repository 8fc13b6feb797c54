"""Who is directly in which group of a SCIM directory: reading, and changing with a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from watchword.model.people import DirectoryId, PresenceState
from watchword.model.scim import ScimRefused
from watchword.store.audit.records import Entry
from watchword.store.state.accounts import accounts
from watchword.store.state.people import group_members, groups
from watchword.store.state.transition import Act, Journal

CHUNK: Final = 500
"""Ids of one statement, and of one record."""
MOST_GROUPS: Final = 10_000
"""Groups within groups that are followed."""

_PRESENT: Final = PresenceState.PRESENT.value


def members(connection: Connection, group: str) -> list[dict[str, str]]:
    """The members of a group as its document has them: first users, then groups, by id."""
    users = (
        select(accounts.c.id, accounts.c.display_name)
        .join(group_members, group_members.c.subject == accounts.c.id)
        .where(group_members.c.group_id == group, group_members.c.is_group.is_(False))
        .order_by(accounts.c.id)
    )
    inner = (
        select(groups.c.id, groups.c.display)
        .join(group_members, group_members.c.subject == groups.c.id)
        .where(group_members.c.group_id == group, group_members.c.is_group.is_(True))
        .order_by(groups.c.id)
    )
    return [
        {"value": id_, "type": kind, "display": display}
        for kind, statement in (("User", users), ("Group", inner))
        for id_, display in connection.execute(statement)
    ]


def groups_of(connection: Connection, users: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """The groups that users are directly in, as their documents have them."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for some in chunks(sorted(users)):
        statement = (
            select(group_members.c.subject, groups.c.id, groups.c.display)
            .join(groups, groups.c.id == group_members.c.group_id)
            .where(group_members.c.subject.in_(some), group_members.c.is_group.is_(False))
            .order_by(groups.c.id)
        )
        for user, id_, display in connection.execute(statement):
            found[user].append({"value": id_, "display": display, "type": "direct"})
    return found


def member_kinds(connection: Connection, group: str) -> dict[str, bool]:
    """The ids of a group's members, and whether each is a group."""
    statement = select(group_members.c.subject, group_members.c.is_group).where(
        group_members.c.group_id == group
    )
    return {row.subject: row.is_group for row in connection.execute(statement)}


def known(
    connection: Connection, directory: DirectoryId, ids: Collection[str], group: str
) -> dict[str, bool]:
    """Ids that are to be members of a group, and whether each is a group.

    Raises:
        ScimRefused: 400 ``invalidValue``: one of them is not there, or the group would be within itself.
    """
    found: dict[str, bool] = {}
    for some in chunks(sorted(ids)):
        for table in (accounts, groups):
            statement = select(table.c.id).where(
                table.c.id.in_(some), table.c.directory == directory, table.c.state == _PRESENT
            )
            found |= dict.fromkeys(connection.scalars(statement), table is groups)
    missing = sorted(set(ids) - set(found))
    if missing:
        raise _refused(f"there is no member {missing[0]}")
    _see_no_circle(connection, group, [one for one, is_group in found.items() if is_group])
    return found


def change(
    connection: Connection,
    group: str,
    gone: Collection[str],
    fresh: dict[str, bool],
    *,
    act: Act,
    append: Journal,
) -> None:
    """Take members out of a group and put others in, with a record of each five hundred."""
    for some in chunks(sorted(gone)):
        ours = group_members.c.group_id == group
        connection.execute(delete(group_members).where(ours, group_members.c.subject.in_(some)))
    rows = [
        {"group_id": group, "is_group": is_group, "subject": one} for one, is_group in sorted(fresh.items())
    ]
    for number in range(0, len(rows), CHUNK):
        connection.execute(insert(group_members), rows[number : number + CHUNK])
    for what, ids in (("members_removed", gone), ("members_added", fresh)):
        for some in chunks(sorted(ids)):
            append(
                connection,
                Entry(f"group.{what}", act.actor, group, act.at, after={"members": some}, **_under(act)),
            )


def containing(connection: Connection, member: str, *, is_group: bool) -> list[str]:
    """The groups that somebody or a group is directly in."""
    statement = select(group_members.c.group_id).where(
        group_members.c.subject == member, group_members.c.is_group.is_(is_group)
    )
    return sorted(connection.scalars(statement))


def chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    """Ids in lists of at most five hundred."""
    for number in range(0, len(ids), CHUNK):
        yield list(ids[number : number + CHUNK])


def _under(act: Act) -> dict[str, Any]:
    return {"why": act.why, "request": act.request, "session": act.session}


def _see_no_circle(connection: Connection, group: str, inner: list[str]) -> None:
    """See that a group is not among groups that are to be in it, nor within them."""
    seen, level = set(inner), list(inner)
    while level:
        if group in seen:
            raise _refused("a group cannot be within itself")
        if len(seen) > MOST_GROUPS:
            raise _refused(f"more than {MOST_GROUPS} groups are within this one")
        below: set[str] = set()
        for some in chunks(level):
            statement = select(group_members.c.subject).where(
                group_members.c.group_id.in_(some), group_members.c.is_group.is_(True)
            )
            below |= set(connection.scalars(statement))
        level = sorted(below - seen)
        seen |= below


def _refused(what: str) -> ScimRefused:
    return ScimRefused(400, what, scim_type="invalidValue")
