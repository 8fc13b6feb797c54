"""People, factors, sessions, tokens, jobs and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from watchword.store.state.columns import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _people()
    _factors()
    _sessions()
    _machinery()
    _audit()


def _people() -> None:
    """Principals, directories, identities, groups, memberships."""
    op.create_table(
        "principals",
        Column("id", sa.String(200), nullable=False),
        Column("kind", sa.String(200), nullable=False),
        Column("display_name", sa.String(2000), nullable=False),
        Column("status", sa.String(200), nullable=False),
        Column("sponsor", sa.String(200), nullable=True),
        Column("end_date", Instant, nullable=True),
        Column("created", Instant, nullable=False),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_principals"),
        ForeignKeyConstraint(["sponsor"], ["principals.id"], name="fk_principals_sponsor"),
    )
    op.create_index("ix_principals_sponsor", "principals", ["sponsor"])
    op.create_table(
        "directories",
        Column("id", sa.String(200), nullable=False),
        Column("kind", sa.String(200), nullable=False),
        Column("display", sa.String(2000), nullable=False),
        Column("settings", sa.Text, nullable=False),
        Column("last_sync", Instant, nullable=True),
        PrimaryKeyConstraint("id", name="pk_directories"),
    )
    op.create_table(
        "identities",
        Column("directory", sa.String(200), nullable=False),
        Column("subject", sa.String(2000), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("linked", Instant, nullable=False),
        PrimaryKeyConstraint("directory", "subject", name="pk_identities"),
        ForeignKeyConstraint(["directory"], ["directories.id"], name="fk_identities_directory"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_identities_principal"),
    )
    op.create_index("ix_identities_principal", "identities", ["principal"])
    op.create_table(
        "groups",
        Column("id", sa.String(200), nullable=False),
        Column("directory", sa.String(200), nullable=False),
        Column("subject", sa.String(2000), nullable=False),
        Column("display", sa.String(2000), nullable=False),
        PrimaryKeyConstraint("id", name="pk_groups"),
        ForeignKeyConstraint(["directory"], ["directories.id"], name="fk_groups_directory"),
        UniqueConstraint("directory", "subject", name="uq_groups_directory_subject"),
    )
    op.create_table(
        "memberships",
        Column("group_id", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        PrimaryKeyConstraint("group_id", "principal", name="pk_memberships"),
        ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_memberships_group_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_memberships_principal"),
    )
    op.create_index("ix_memberships_principal", "memberships", ["principal"])


def _factors() -> None:
    """Factors and their encrypted secrets."""
    op.create_table(
        "secrets",
        Column("id", sa.String(200), nullable=False),
        Column("key", sa.String(200), nullable=False),
        Column("ciphertext", sa.LargeBinary, nullable=False),
        Column("created", Instant, nullable=False),
        PrimaryKeyConstraint("id", name="pk_secrets"),
    )
    op.create_table(
        "factors",
        Column("id", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("kind", sa.String(200), nullable=False),
        Column("status", sa.String(200), nullable=False),
        Column("public", sa.Text, nullable=False),
        Column("secret", sa.String(200), nullable=True),
        Column("created", Instant, nullable=False),
        Column("last_used", Instant, nullable=True),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_factors"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_factors_principal"),
        ForeignKeyConstraint(["secret"], ["secrets.id"], name="fk_factors_secret"),
    )
    op.create_index("ix_factors_principal", "factors", ["principal"])


def _sessions() -> None:
    """Sessions and API tokens."""
    op.create_table(
        "sessions",
        Column("id", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("assurance", sa.Integer, nullable=False),
        Column("factors", sa.Text, nullable=False),
        Column("created", Instant, nullable=False),
        Column("last_seen", Instant, nullable=False),
        Column("absolute_end", Instant, nullable=False),
        Column("device", sa.String(200), nullable=False),
        Column("address", sa.String(200), nullable=False),
        Column("state", sa.String(200), nullable=False),
        Column("ended", Instant, nullable=True),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_sessions"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_sessions_principal"),
    )
    op.create_index("ix_sessions_absolute_end", "sessions", ["absolute_end"])
    op.create_index("ix_sessions_principal", "sessions", ["principal"])
    op.create_table(
        "api_tokens",
        Column("id", sa.String(200), nullable=False),
        Column("principal", sa.String(200), nullable=False),
        Column("digest", sa.String(200), nullable=False),
        Column("display", sa.String(2000), nullable=False),
        Column("scopes", sa.Text, nullable=False),
        Column("created", Instant, nullable=False),
        Column("expires", Instant, nullable=False),
        Column("last_used", Instant, nullable=True),
        Column("state", sa.String(200), nullable=False),
        Column("version", sa.Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_api_tokens"),
        ForeignKeyConstraint(["principal"], ["principals.id"], name="fk_api_tokens_principal"),
        UniqueConstraint("digest", name="uq_api_tokens_digest"),
    )
    op.create_index("ix_api_tokens_principal", "api_tokens", ["principal"])


def _machinery() -> None:
    """Jobs, and what holds for the whole."""
    op.create_table(
        "jobs",
        Column("id", sa.String(200), nullable=False),
        Column("name", sa.String(200), nullable=False),
        Column("key", sa.String(200), nullable=False),
        Column("payload", sa.Text, nullable=False),
        Column("state", sa.String(200), nullable=False),
        Column("due", Instant, nullable=True),
        Column("claimed_by", sa.String(200), nullable=False),
        Column("fencing", sa.BigInteger, nullable=False),
        Column("attempts", sa.Integer, nullable=False),
        Column("last_error", sa.String(2000), nullable=False),
        Column("created", Instant, nullable=False),
        Column("finished", Instant, nullable=True),
        PrimaryKeyConstraint("id", name="pk_jobs"),
        UniqueConstraint("name", "key", name="uq_jobs_name_key"),
    )
    op.create_index("ix_jobs_due", "jobs", ["due"])
    op.create_table(
        "meta",
        Column("name", sa.String(200), nullable=False),
        Column("value", sa.String(2000), nullable=False),
        PrimaryKeyConstraint("name", name="pk_meta"),
    )


def _audit() -> None:
    """The audit log."""
    op.create_table(
        "audit_records",
        Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        Column("entry", sa.Text, nullable=False),
        Column("previous", sa.String(64), nullable=False),
        Column("hash", sa.String(64), nullable=False),
        Column("kind", sa.String(200), nullable=False),
        Column("actor", sa.String(512), nullable=False),
        Column("subject", sa.String(512), nullable=False),
        Column("at", sa.String(32), nullable=False),
        PrimaryKeyConstraint("sequence", name="pk_audit_records"),
    )
    op.create_index("audit_records_actor", "audit_records", ["actor", "sequence"])
    op.create_index("audit_records_at", "audit_records", ["at", "sequence"])
    op.create_index("audit_records_kind", "audit_records", ["kind", "sequence"])
    op.create_index("audit_records_subject", "audit_records", ["subject", "sequence"])
    op.create_table(
        "audit_personal",
        Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        Column("field", sa.String(512), nullable=False),
        Column("person", sa.String(512), nullable=False),
        Column("salt", sa.String(64), nullable=False),
        Column("value", sa.Text, nullable=False),
        PrimaryKeyConstraint("sequence", "field", name="pk_audit_personal"),
        ForeignKeyConstraint(["sequence"], ["audit_records.sequence"], name="fk_audit_personal_sequence"),
    )
    op.create_index("audit_personal_person", "audit_personal", ["person"])
    op.create_table(
        "audit_tiles",
        Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        Column("hash", sa.String(64), nullable=False),
        PrimaryKeyConstraint("number", name="pk_audit_tiles"),
    )
    op.create_table(
        "audit_chain",
        Column("id", sa.Integer, nullable=False, autoincrement=False),
        Column("log", sa.String(64), nullable=False),
        Column("size", sa.BigInteger, nullable=False),
        Column("last", sa.String(64), nullable=False),
        Column("frontier", sa.Text, nullable=False),
        PrimaryKeyConstraint("id", name="pk_audit_chain"),
    )
