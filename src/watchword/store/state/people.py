"""Tables of principals, directories, groups, and who is in them; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Integer, Table, UniqueConstraint

from watchword.model.people import (
    PRINCIPAL_LIFE,
    Directory,
    DirectoryId,
    Group,
    GroupId,
    Identity,
    Membership,
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
    UniqueConstraint("directory", "subject"),
)

memberships: Final = Table(
    "memberships",
    METADATA,
    Column("group_id", Words(NAME), ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), primary_key=True, index=True),
)

PRINCIPALS: Final = Machine(principals, "principal", "status", PRINCIPAL_LIFE, PrincipalStatus, person="id")
"""Principals change through ``transition`` only."""


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
    }


def directory_of(row: Mapping[Any, Any]) -> Directory:
    """The directory of a row."""
    return Directory(DirectoryId(row["id"]), row["kind"], row["display"], row["settings"], row["last_sync"])


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
    return {"id": one.id, "directory": one.directory, "subject": one.subject, "display": one.display}


def group_of(row: Mapping[Any, Any]) -> Group:
    """The group of a row."""
    return Group(GroupId(row["id"]), DirectoryId(row["directory"]), row["subject"], row["display"])


def membership_row(one: Membership) -> dict[str, Any]:
    """A membership as a row."""
    return {"group_id": one.group, "principal": one.principal}


def membership_of(row: Mapping[Any, Any]) -> Membership:
    """The membership of a row."""
    return Membership(GroupId(row["group_id"]), PrincipalId(row["principal"]))
