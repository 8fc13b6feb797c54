"""All tables of the state in one place: importing this module makes ``METADATA`` complete, the audit log's tables included.

``MACHINES`` are the tables whose rows have a lifecycle, by the word that the audit has for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Column, Table

from watchword.store.audit.schema import TABLES as AUDIT_TABLES
from watchword.store.state.accounts import ACCOUNTS, LINK_PROPOSALS, accounts, link_proposals
from watchword.store.state.columns import METADATA, NAME, PROSE, Words
from watchword.store.state.factors import FACTORS, factors, secrets
from watchword.store.state.jobs import jobs
from watchword.store.state.login import (
    INVITATIONS,
    RECOVERIES,
    answers,
    flows,
    invitations,
    recoveries,
    seen_once,
    sign_ins,
    throttles,
)
from watchword.store.state.machine import Machine
from watchword.store.state.people import (
    DIRECTORIES,
    GROUPS,
    PRINCIPALS,
    directories,
    group_members,
    groups,
    identities,
    memberships,
    principals,
)
from watchword.store.state.roles import ASSIGNMENTS, assignments
from watchword.store.state.sessions import API_TOKENS, SESSIONS, api_tokens, sessions

meta: Final = Table(
    "meta",
    METADATA,
    Column("name", Words(NAME), primary_key=True),
    Column("value", Words(PROSE), nullable=False),
)
"""What holds for the database as a whole, such as the version of the program that set it up."""

for _table in AUDIT_TABLES:
    _table.to_metadata(METADATA)

MACHINES: Final[Mapping[str, Machine]] = {
    machine.kind: machine
    for machine in (
        PRINCIPALS,
        DIRECTORIES,
        GROUPS,
        ACCOUNTS,
        LINK_PROPOSALS,
        ASSIGNMENTS,
        FACTORS,
        INVITATIONS,
        RECOVERIES,
        SESSIONS,
        API_TOKENS,
    )
}

__all__ = [
    "MACHINES",
    "METADATA",
    "accounts",
    "answers",
    "api_tokens",
    "assignments",
    "directories",
    "factors",
    "flows",
    "group_members",
    "groups",
    "identities",
    "invitations",
    "jobs",
    "link_proposals",
    "memberships",
    "meta",
    "principals",
    "recoveries",
    "secrets",
    "seen_once",
    "sessions",
    "sign_ins",
    "throttles",
]
