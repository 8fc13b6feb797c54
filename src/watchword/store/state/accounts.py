"""Tables of directories' accounts and of proposals whose they are; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from watchword.model.accounts import (
    PROPOSAL_LIFE,
    Account,
    AccountKey,
    LinkProposal,
    ProposalId,
    ProposalState,
)
from watchword.model.directory import AccountKind, DirectoryAccount
from watchword.model.people import PRESENCE_LIFE, DirectoryId, PresenceState, PrincipalId
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Json, Words
from watchword.store.state.machine import Machine

accounts: Final = Table(
    "accounts",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("directory", Words(NAME), ForeignKey("directories.id"), nullable=False),
    Column("subject", Words(PROSE), nullable=False),
    Column("user_name", Words(PROSE), nullable=False),
    Column("user_name_key", Words(PROSE), nullable=False),
    Column("kind", Words(NAME), nullable=False),
    Column("display_name", Words(PROSE), nullable=False),
    Column("mail", Words(PROSE), nullable=False),
    Column("mail_key", Words(PROSE), nullable=False, index=True),
    Column("mail_verified", Boolean),
    Column("employee_number", Words(NAME), nullable=False, index=True),
    Column("enabled", Boolean),
    Column("locked", Boolean),
    Column("account_created", Instant),
    Column("account_expires", Instant),
    Column("last_sign_in", Instant),
    Column("password_changed", Instant),
    Column("factors", Json),
    Column("manager", Words(PROSE), nullable=False),
    Column("external_id", Words(NAME), nullable=False),
    Column("attributes", Json, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("gone", Instant),
    Column("state", Words(NAME), nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("directory", "subject"),
    Index("ix_accounts_directory_user_name_key", "directory", "user_name_key"),
    Index("ix_accounts_directory_external_id", "directory", "external_id"),
)
"""``user_name_key`` and ``mail_key`` are what is compared: case folded (``str.casefold``)."""

link_proposals: Final = Table(
    "link_proposals",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("directory", Words(NAME), ForeignKey("directories.id"), nullable=False),
    Column("subject", Words(PROSE), nullable=False),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("rule", Words(NAME), nullable=False),
    Column("created", Instant, nullable=False),
    Column("decided_by", Words(NAME), nullable=False),
    Column("state", Words(NAME), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    UniqueConstraint("directory", "subject", "principal"),
)

ACCOUNTS: Final = Machine(
    accounts,
    "account",
    "state",
    PRESENCE_LIFE,
    PresenceState,
    person="id",
    unaudited=frozenset({"last_seen", "last_sign_in"}),
)
"""Accounts change through ``transition`` only; that one was seen or used again is no change of state."""

LINK_PROPOSALS: Final = Machine(link_proposals, "link_proposal", "state", PROPOSAL_LIFE, ProposalState)
"""Proposals change through ``transition`` only."""


def account_row(one: Account) -> dict[str, Any]:
    """An account as a row."""
    return read_columns(one.read) | {
        "id": one.id,
        "directory": one.read.directory,
        "subject": one.read.subject,
        "external_id": one.external_id,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "gone": one.gone,
        "state": one.state.value,
        "version": one.version,
    }


def read_columns(read: DirectoryAccount) -> dict[str, Any]:
    """The columns that a directory fills, its own id apart: what a reading may change."""
    return {
        "user_name": read.user_name,
        "user_name_key": read.user_name.casefold(),
        "kind": read.kind.value,
        "display_name": read.display_name,
        "mail": read.mail,
        "mail_key": read.mail.casefold(),
        "mail_verified": read.mail_verified,
        "employee_number": read.employee_number,
        "enabled": read.enabled,
        "locked": read.locked,
        "account_created": read.created,
        "account_expires": read.expires,
        "last_sign_in": read.last_sign_in,
        "password_changed": read.password_changed,
        "factors": None if read.factors is None else list(read.factors),
        "manager": read.manager,
        "attributes": dict(read.attributes),
    }


def account_of(row: Mapping[Any, Any]) -> Account:
    """The account of a row."""
    return Account(
        id=AccountKey(row["id"]),
        read=_read_of(row),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        external_id=row["external_id"],
        gone=row["gone"],
        state=PresenceState(row["state"]),
        version=row["version"],
    )


def _read_of(row: Mapping[Any, Any]) -> DirectoryAccount:
    return DirectoryAccount(
        directory=DirectoryId(row["directory"]),
        subject=row["subject"],
        user_name=row["user_name"],
        kind=AccountKind(row["kind"]),
        display_name=row["display_name"],
        mail=row["mail"],
        mail_verified=row["mail_verified"],
        employee_number=row["employee_number"],
        enabled=row["enabled"],
        locked=row["locked"],
        created=row["account_created"],
        expires=row["account_expires"],
        last_sign_in=row["last_sign_in"],
        password_changed=row["password_changed"],
        factors=None if row["factors"] is None else tuple(row["factors"]),
        manager=row["manager"],
        attributes=row["attributes"],
    )


def proposal_row(one: LinkProposal) -> dict[str, Any]:
    """A proposal as a row."""
    return {
        "id": one.id,
        "directory": one.directory,
        "subject": one.subject,
        "principal": one.principal,
        "rule": one.rule,
        "created": one.created,
        "decided_by": one.decided_by,
        "state": one.state.value,
        "version": one.version,
    }


def proposal_of(row: Mapping[Any, Any]) -> LinkProposal:
    """The proposal of a row."""
    return LinkProposal(
        id=ProposalId(row["id"]),
        directory=DirectoryId(row["directory"]),
        subject=row["subject"],
        principal=PrincipalId(row["principal"]),
        rule=row["rule"],
        created=row["created"],
        decided_by=row["decided_by"],
        state=ProposalState(row["state"]),
        version=row["version"],
    )
