"""What directories say, whose accounts those are, roles, and what is under way around a sign-in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from watchword.store.state.columns import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the new tables and widen the old ones."""
    _widened()
    _accounts()
    _proposals()
    _roles()
    _invitations()
    _sign_ins()
    _machinery()


def _widened() -> None:
    """New columns; rows that are there get what means "not known" or "as it was"."""
    added: dict[str, tuple[Column[Any], ...]] = {
        "directories": (
            Column("last_attempt", Instant, nullable=True),
            Column("last_error", sa.String(2000), nullable=False, server_default=""),
            Column("faults", sa.Text, nullable=False, server_default="[]"),
            Column("counts", sa.Text, nullable=False, server_default="{}"),
            Column("state", sa.String(200), nullable=False, server_default="enabled"),
            Column("version", sa.Integer, nullable=False, server_default="1"),
        ),
        "groups": (
            Column("external_id", sa.String(200), nullable=False, server_default=""),
            Column("attributes", sa.Text, nullable=False, server_default="{}"),
            Column("first_seen", Instant, nullable=True),
            Column("changed", Instant, nullable=True),
            Column("state", sa.String(200), nullable=False, server_default="present"),
            Column("version", sa.Integer, nullable=False, server_default="1"),
        ),
        "factors": (
            Column("handle", sa.String(2000), nullable=False, server_default=""),
            Column("counter", sa.BigInteger, nullable=False, server_default="0"),
        ),
        "sessions": (
            Column("authenticated", Instant, nullable=True),
            Column("methods", sa.Text, nullable=False, server_default="[]"),
            Column("preset", sa.String(200), nullable=False, server_default=""),
            Column("directory", sa.String(200), nullable=False, server_default=""),
            Column("agent", sa.String(2000), nullable=False, server_default=""),
            Column("country", sa.String(200), nullable=False, server_default=""),
            Column("asn", sa.BigInteger, nullable=False, server_default="0"),
            Column("device_key", sa.String(2000), nullable=False, server_default=""),
            Column("rotated_to", sa.String(200), nullable=True),
        ),
    }
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_groups_directory_external_id", "groups", ["directory", "external_id"])
    op.create_index("ix_factors_handle", "factors", ["handle"])


def _accounts() -> None:
    """Accounts of directories."""
    op.create_table(
        "accounts",
        Column("id", sa.String(200), nullable=False),
        Column("directory", sa.String(200), nullable=False),
        Column("subject", sa.String(2000), nullable=False),
        Column("user_name", sa.String(2000), nullable=False),
        Column("user_name_key", sa.String(2000), nullable=False),
        Column("kind", sa.String(200), nullable=False),
        Column("display_name", sa.String(2000), nullable=False),
        Column("mail", sa.String(2000), nullable=False),
        Column("mail_key", sa.String(2000), nullable=False),
        Column("mail_verified", sa.Boolean, nullable=True),
        Column("employee_number", sa.String(200), nullable=False),
        Column("enabled", sa.Boolean, nullable=True),
        Column("locked", sa.Boolean, nullable=True),
        Column("account_created", Instant, nullable=True),
        Column("account_expires", Instant, nullable=True),
        Column("last_sign_in", Instant, nullable=True),
        Column("password_changed", Instant, nullable=True),
        Column("factors", sa.Text, nullable=True),
        Column("manager", sa.String(2000), nullable=False),
        Column("external_id", sa.String(200), nullable=False),
        Column("attributes", sa.Text, nullable=False),
        Column("first_seen", Instant, nullable=False),
        Column("last_seen", Instant, nullable=False),
        Column("gone", Instant, nullable=True),
        Column("state", sa.String(200), nullable=False),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_accounts"),
        ForeignKeyConstraint(["directory"], ["directories.id"], name="fk_accounts_directory"),
        UniqueConstraint("directory", "subject", name="uq_accounts_directory_subject"),
    )
    op.create_index("ix_accounts_directory_external_id", "accounts", ["directory", "external_id"])
    op.create_index("ix_accounts_directory_user_name_key", "accounts", ["directory", "user_name_key"])
    op.create_index("ix_accounts_employee_number", "accounts", ["employee_number"])
    op.create_index("ix_accounts_mail_key", "accounts", ["mail_key"])


def _proposals() -> None:
    """Proposals whose an account is; who is in a group."""
    op.create_table(
        "link_proposals",
        Column("id", sa.String(200), nullable=False),
        Column("directory", sa.String(200), nullable=False),
        Column("subject", sa.String(2000), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("rule", sa.String(200), nullable=False),
        Column("created", Instant, nullable=False),
        Column("decided_by", sa.String(200), nullable=False),
        Column("state", sa.String(200), nullable=False),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_link_proposals"),
        ForeignKeyConstraint(["directory"], ["directories.id"], name="fk_link_proposals_directory"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_link_proposals_principal"),
        UniqueConstraint(
            "directory", "subject", "principal", name="uq_link_proposals_directory_subject_principal"
        ),
    )
    op.create_index("ix_link_proposals_principal", "link_proposals", ["principal"])
    op.create_index("ix_link_proposals_state", "link_proposals", ["state"])
    op.create_table(
        "group_members",
        Column("group_id", sa.String(200), nullable=False),
        Column("is_group", sa.Boolean, nullable=False),
        Column("subject", sa.String(2000), nullable=False),
        PrimaryKeyConstraint("group_id", "is_group", "subject", name="pk_group_members"),
        ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name="fk_group_members_group_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_group_members_subject", "group_members", ["subject"])


def _roles() -> None:
    """Who has which role."""
    op.create_table(
        "role_assignments",
        Column("id", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("role", sa.String(200), nullable=False),
        Column("granted_by", sa.String(200), nullable=False),
        Column("reason", sa.String(2000), nullable=False),
        Column("created", Instant, nullable=False),
        Column("until", Instant, nullable=True),
        Column("status", sa.String(200), nullable=False),
        Column("ended", Instant, nullable=True),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_role_assignments"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_role_assignments_principal"),
    )
    op.create_index("ix_role_assignments_principal", "role_assignments", ["principal"])


def _invitations() -> None:
    """One-time invitations and recoveries."""
    op.create_table(
        "invitations",
        Column("id", sa.String(200), nullable=False),
        Column("purpose", sa.String(200), nullable=False),
        Column("digest", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=True),
        Column("created_by", sa.String(200), nullable=False),
        Column("created", Instant, nullable=False),
        Column("expires", Instant, nullable=False),
        Column("state", sa.String(200), nullable=False),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_invitations"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_invitations_principal"),
        UniqueConstraint("digest", name="uq_invitations_digest"),
    )
    op.create_index("ix_invitations_principal", "invitations", ["principal"])
    op.create_table(
        "recoveries",
        Column("id", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("reason", sa.String(2000), nullable=False),
        Column("requested_by", sa.String(200), nullable=False),
        Column("first_approver", sa.String(200), nullable=True),
        Column("second_approver", sa.String(200), nullable=True),
        Column("invitation", sa.String(200), nullable=True),
        Column("created", Instant, nullable=False),
        Column("expires", Instant, nullable=False),
        Column("state", sa.String(200), nullable=False),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_recoveries"),
        ForeignKeyConstraint(["first_approver"], ["principals.id"], name="fk_recoveries_first_approver"),
        ForeignKeyConstraint(["invitation"], ["invitations.id"], name="fk_recoveries_invitation"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_recoveries_principal"),
        ForeignKeyConstraint(["second_approver"], ["principals.id"], name="fk_recoveries_second_approver"),
    )
    op.create_index("ix_recoveries_principal", "recoveries", ["principal"])


def _sign_ins() -> None:
    """Attempts to sign in."""
    op.create_table(
        "sign_ins",
        Column("id", sa.String(200), nullable=False),
        Column("at", Instant, nullable=False),
        Column("outcome", sa.String(200), nullable=False),
        Column("reason", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=True),
        Column("directory", sa.String(200), nullable=False),
        Column("methods", sa.Text, nullable=False),
        Column("assurance", sa.Integer, nullable=False),
        Column("address", sa.String(200), nullable=False),
        Column("country", sa.String(200), nullable=False),
        Column("asn", sa.BigInteger, nullable=False),
        Column("agent", sa.String(2000), nullable=False),
        Column("device", sa.String(200), nullable=False),
        Column("session", sa.String(200), nullable=False),
        Column("request", sa.String(200), nullable=False),
        PrimaryKeyConstraint("id", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_at", "sign_ins", ["at"])
    op.create_index("ix_sign_ins_principal_at", "sign_ins", ["principal", "at"])


def _machinery() -> None:
    """What is under way, throttled, seen once, or answered already."""
    op.create_table(
        "flows",
        Column("id", sa.String(200), nullable=False),
        Column("kind", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=True),
        Column("data", sa.Text, nullable=False),
        Column("created", Instant, nullable=False),
        Column("expires", Instant, nullable=False),
        Column("spent", Instant, nullable=True),
        PrimaryKeyConstraint("id", name="pk_flows"),
    )
    op.create_index("ix_flows_expires", "flows", ["expires"])
    op.create_table(
        "throttles",
        Column("key", sa.String(200), nullable=False),
        Column("arrival", Instant, nullable=False),
        Column("failures", sa.Integer, nullable=False),
        Column("expires", Instant, nullable=False),
        PrimaryKeyConstraint("key", name="pk_throttles"),
    )
    op.create_index("ix_throttles_expires", "throttles", ["expires"])
    op.create_table(
        "seen_once",
        Column("key", sa.String(200), nullable=False),
        Column("expires", Instant, nullable=False),
        PrimaryKeyConstraint("key", name="pk_seen_once"),
    )
    op.create_index("ix_seen_once_expires", "seen_once", ["expires"])
    op.create_table(
        "idempotent_answers",
        Column("key", sa.String(200), nullable=False),
        Column("request", sa.String(200), nullable=False),
        Column("status", sa.Integer, nullable=False),
        Column("headers", sa.Text, nullable=False),
        Column("body", sa.Text, nullable=False),
        Column("created", Instant, nullable=False),
        Column("expires", Instant, nullable=False),
        PrimaryKeyConstraint("key", name="pk_idempotent_answers"),
    )
    op.create_index("ix_idempotent_answers_expires", "idempotent_answers", ["expires"])
