"""Tables of principals, directories, groups, and who is in them; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from watchword.model.people import (
    DIRECTORY_LIFE,
    PRESENCE_LIFE,
    PRINCIPAL_LIFE,
    Directory,
    DirectoryId,
    DirectoryState,
    Group,
    GroupId,
    Identity,
    Membership,
    PresenceState,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Json, Words
from watchword.store.state.machine import Machine

principals: Final = Table(
    "principals",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("kind", Words(NAME), nullable=False),
    Column("display_name", Words(PROSE), nullable=False),
    Column("status", Words(NAME), nullable=False),
    Column("sponsor", Words(NAME), ForeignKey("principals.id"), index=True),
    Column("end_date", Instant),
    Column("created", Instant, nullable=False),
    Column("version", Integer, nullable=False),
)

directories: Final = Table(
    "directories",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("kind", Words(NAME), nullable=False),
    Column("display", Words(PROSE), nullable=False),
    Column("settings", Json, nullable=False),
    Column("last_sync", Instant),
    Column("last_attempt", Instant),
    Column("last_error", Words(PROSE), nullable=False, server_default=""),
    Column("faults", Json, nullable=False, server_default="[]"),
    Column("counts", Json, nullable=False, server_default="{}"),
    Column("state", Words(NAME), nullable=False, server_default=DirectoryState.ENABLED.value),
    Column("version", Integer, nullable=False, server_default="1"),
)

identities: Final = Table(
    "identities",
    METADATA,
    Column("directory", Words(NAME), ForeignKey("directories.id"), primary_key=True),
    Column("subject", Words(PROSE), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("linked", Instant, nullable=False),
)

groups: Final = Table(
    "groups",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("directory", Words(NAME), ForeignKey("directories.id"), nullable=False),
    Column("subject", Words(PROSE), nullable=False),
    Column("display", Words(PROSE), nullable=False),
    Column("external_id", Words(NAME), nullable=False, server_default=""),
    Column("attributes", Json, nullable=False, server_default="{}"),
    Column("first_seen", Instant),
    Column("changed", Instant),
    Column("state", Words(NAME), nullable=False, server_default=PresenceState.PRESENT.value),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("directory", "subject"),
    Index("ix_groups_directory_external_id", "directory", "external_id"),
)

group_members: Final = Table(
    "group_members",
    METADATA,
    Column("group_id", Words(NAME), ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("is_group", Boolean, primary_key=True),
    Column("subject", Words(PROSE), primary_key=True, index=True),
)
"""Who is directly in a group, as its directory says: subjects of accounts and of groups of the same directory."""

memberships: Final = Table(
    "memberships",
    METADATA,
    Column("group_id", Words(NAME), ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), primary_key=True, index=True),
)

PRINCIPALS: Final = Machine(principals, "principal", "status", PRINCIPAL_LIFE, PrincipalStatus, person="id")
"""Principals change through ``transition`` only."""

DIRECTORIES: Final = Machine(
    directories,
    "directory",
    "state",
    DIRECTORY_LIFE,
    DirectoryState,
    person="",
    unaudited=frozenset({"last_sync", "last_attempt", "last_error", "faults", "counts"}),
)
"""Directories change through ``transition`` only; how reading them went is no change of state."""

GROUPS: Final = Machine(
    groups, "group", "state", PRESENCE_LIFE, PresenceState, person="", unaudited=frozenset({"changed"})
)
"""Groups change through ``transition`` only; their members by ``watchword.store.state.membership``."""


def principal_row(one: Principal) -> dict[str, Any]:
    """A principal as a row."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "display_name": one.display_name,
        "status": one.status.value,
        "sponsor": one.sponsor,
        "end_date": one.end_date,
        "created": one.created,
        "version": one.version,
    }


def principal_of(row: Mapping[Any, Any]) -> Principal:
    """The principal of a row."""
    return Principal(
        id=PrincipalId(row["id"]),
        kind=PrincipalKind(row["kind"]),
        display_name=row["display_name"],
        status=PrincipalStatus(row["status"]),
        created=row["created"],
        sponsor=None if row["sponsor"] is None else PrincipalId(row["sponsor"]),
        end_date=row["end_date"],
        version=row["version"],
    )


def directory_row(one: Directory) -> dict[str, Any]:
    """A directory as a row."""
    return {
        "id": one.id,
        "kind": one.kind,
        "display": one.display,
        "settings": dict(one.settings),
        "last_sync": one.last_sync,
        "last_attempt": one.last_attempt,
        "last_error": one.last_error,
        "faults": [dict(fault) for fault in one.faults],
        "counts": dict(one.counts),
        "state": one.state.value,
        "version": one.version,
    }


def directory_of(row: Mapping[Any, Any]) -> Directory:
    """The directory of a row."""
    return Directory(
        id=DirectoryId(row["id"]),
        kind=row["kind"],
        display=row["display"],
        settings=row["settings"],
        last_sync=row["last_sync"],
        last_attempt=row["last_attempt"],
        last_error=row["last_error"],
        faults=tuple(row["faults"]),
        counts=row["counts"],
        state=DirectoryState(row["state"]),
        version=row["version"],
    )


def identity_row(one: Identity) -> dict[str, Any]:
    """An identity as a row."""
    return {
        "directory": one.directory,
        "subject": one.subject,
        "principal": one.principal,
        "linked": one.linked,
    }


def identity_of(row: Mapping[Any, Any]) -> Identity:
    """The identity of a row."""
    return Identity(
        DirectoryId(row["directory"]), row["subject"], PrincipalId(row["principal"]), row["linked"]
    )


def group_row(one: Group) -> dict[str, Any]:
    """A group as a row."""
    return {
        "id": one.id,
        "directory": one.directory,
        "subject": one.subject,
        "display": one.display,
        "external_id": one.external_id,
        "attributes": dict(one.attributes),
        "first_seen": one.first_seen,
        "changed": one.changed,
        "state": one.state.value,
        "version": one.version,
    }


def group_of(row: Mapping[Any, Any]) -> Group:
    """The group of a row."""
    return Group(
        id=GroupId(row["id"]),
        directory=DirectoryId(row["directory"]),
        subject=row["subject"],
        display=row["display"],
        external_id=row["external_id"],
        attributes=row["attributes"],
        first_seen=row["first_seen"],
        changed=row["changed"],
        state=PresenceState(row["state"]),
        version=row["version"],
    )


def membership_row(one: Membership) -> dict[str, Any]:
    """A membership as a row."""
    return {"group_id": one.group, "principal": one.principal}


def membership_of(row: Mapping[Any, Any]) -> Membership:
    """The membership of a row."""
    return Membership(GroupId(row["group_id"]), PrincipalId(row["principal"]))
