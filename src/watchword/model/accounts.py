"""Accounts of directories as they are kept, and whose they may be.

What a directory says is a ``DirectoryAccount``; whose it is, a person or a linking rule decides, and an ``Identity`` keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from watchword.model.directory import DirectoryAccount
from watchword.model.lifecycle import Lifecycle
from watchword.model.people import DirectoryId, PresenceState, PrincipalId

AccountKey = NewType("AccountKey", str)
"""Our own id of a directory's account."""

ProposalId = NewType("ProposalId", str)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a directory as it was last seen; ``read`` is what the directory said.

    ``external_id`` is the id that an identity provider gave it by SCIM.  Whose it is, an ``Identity`` says.
    """

    id: AccountKey
    read: DirectoryAccount
    first_seen: datetime
    last_seen: datetime
    external_id: str = ""
    gone: datetime | None = None
    state: PresenceState = PresenceState.PRESENT
    version: int = 1


class ProposalState(StrEnum):
    """Where a proposal to link an account to a principal stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


PROPOSAL_LIFE: Final = Lifecycle(
    of="proposal to link",
    first=frozenset({ProposalState.OPEN}),
    moves={ProposalState.OPEN: frozenset({ProposalState.ACCEPTED, ProposalState.REJECTED})},
)
"""open → accepted or rejected."""


@dataclass(frozen=True, slots=True)
class LinkProposal:
    """That an account may be of a principal whom another directory knows; ``rule`` says why, a person decides."""

    id: ProposalId
    directory: DirectoryId
    subject: str
    principal: PrincipalId
    rule: str
    created: datetime
    decided_by: str = ""
    state: ProposalState = ProposalState.OPEN
    version: int = 1
