"""Tables of what is under way before and around a sign-in; and the way from rows to values.

Flows, throttles, ids seen once and answers to repeated requests are machinery and leave no audit record; invitations and
recoveries have a lifecycle and do.  Sign-ins are events: written once, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from watchword.model.login import (
    INVITATION_LIFE,
    RECOVERY_LIFE,
    Flow,
    FlowId,
    FlowKind,
    Invitation,
    InvitationId,
    InvitationState,
    Outcome,
    Purpose,
    Recovery,
    RecoveryId,
    RecoveryState,
    SignIn,
    SignInId,
)
from watchword.model.people import PrincipalId
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Json, Words
from watchword.store.state.machine import Machine

flows: Final = Table(
    "flows",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("kind", Words(NAME), nullable=False),
    Column("principal", Words(NAME)),
    Column("data", Json, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False, index=True),
    Column("spent", Instant),
)

invitations: Final = Table(
    "invitations",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("purpose", Words(NAME), nullable=False),
    Column("digest", Words(NAME), nullable=False, unique=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), index=True),
    Column("created_by", Words(NAME), nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("state", Words(NAME), nullable=False),
    Column("version", Integer, nullable=False),
)

recoveries: Final = Table(
    "recoveries",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("reason", Words(PROSE), nullable=False),
    Column("requested_by", Words(NAME), nullable=False),
    Column("first_approver", Words(NAME), ForeignKey("principals.id")),
    Column("second_approver", Words(NAME), ForeignKey("principals.id")),
    Column("invitation", Words(NAME), ForeignKey("invitations.id")),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("state", Words(NAME), nullable=False),
    Column("version", Integer, nullable=False),
)

sign_ins: Final = Table(
    "sign_ins",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("outcome", Words(NAME), nullable=False),
    Column("reason", Words(NAME), nullable=False),
    Column("principal", Words(NAME)),
    Column("directory", Words(NAME), nullable=False),
    Column("methods", Json, nullable=False),
    Column("assurance", Integer, nullable=False),
    Column("address", Words(NAME), nullable=False),
    Column("country", Words(NAME), nullable=False),
    Column("asn", BigInteger, nullable=False),
    Column("agent", Words(PROSE), nullable=False),
    Column("device", Words(NAME), nullable=False),
    Column("session", Words(NAME), nullable=False),
    Column("request", Words(NAME), nullable=False),
    Index("ix_sign_ins_principal_at", "principal", "at"),
)

throttles: Final = Table(
    "throttles",
    METADATA,
    Column("key", Words(NAME), primary_key=True),
    Column("arrival", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("expires", Instant, nullable=False, index=True),
)
"""``arrival`` is the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371)."""

seen_once: Final = Table(
    "seen_once",
    METADATA,
    Column("key", Words(NAME), primary_key=True),
    Column("expires", Instant, nullable=False, index=True),
)
"""Digests of what may be shown once only: assertions, one-time ids of tokens."""

answers: Final = Table(
    "idempotent_answers",
    METADATA,
    Column("key", Words(NAME), primary_key=True),
    Column("request", Words(NAME), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False, index=True),
)
"""Answers to requests with an idempotency key; ``key`` is a digest of key, caller and route, ``request`` one of the body.

``status`` 0: the request is still being answered.
"""

INVITATIONS: Final = Machine(invitations, "invitation", "state", INVITATION_LIFE, InvitationState)
"""Invitations change through ``transition`` only."""

RECOVERIES: Final = Machine(recoveries, "recovery", "state", RECOVERY_LIFE, RecoveryState)
"""Recoveries change through ``transition`` only."""


def flow_row(one: Flow) -> dict[str, Any]:
    """A flow as a row."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "principal": one.principal,
        "data": dict(one.data),
        "created": one.created,
        "expires": one.expires,
        "spent": one.spent,
    }


def flow_of(row: Mapping[Any, Any]) -> Flow:
    """The flow of a row."""
    return Flow(
        id=FlowId(row["id"]),
        kind=FlowKind(row["kind"]),
        created=row["created"],
        expires=row["expires"],
        principal=_principal(row["principal"]),
        data=row["data"],
        spent=row["spent"],
    )


def invitation_row(one: Invitation) -> dict[str, Any]:
    """An invitation as a row."""
    return {
        "id": one.id,
        "purpose": one.purpose.value,
        "digest": one.digest,
        "principal": one.principal,
        "created_by": one.created_by,
        "created": one.created,
        "expires": one.expires,
        "state": one.state.value,
        "version": one.version,
    }


def invitation_of(row: Mapping[Any, Any]) -> Invitation:
    """The invitation of a row."""
    return Invitation(
        id=InvitationId(row["id"]),
        purpose=Purpose(row["purpose"]),
        digest=row["digest"],
        created_by=row["created_by"],
        created=row["created"],
        expires=row["expires"],
        principal=_principal(row["principal"]),
        state=InvitationState(row["state"]),
        version=row["version"],
    )


def recovery_row(one: Recovery) -> dict[str, Any]:
    """A recovery as a row."""
    return {
        "id": one.id,
        "principal": one.principal,
        "reason": one.reason,
        "requested_by": one.requested_by,
        "first_approver": one.first_approver,
        "second_approver": one.second_approver,
        "invitation": one.invitation,
        "created": one.created,
        "expires": one.expires,
        "state": one.state.value,
        "version": one.version,
    }


def recovery_of(row: Mapping[Any, Any]) -> Recovery:
    """The recovery of a row."""
    return Recovery(
        id=RecoveryId(row["id"]),
        principal=PrincipalId(row["principal"]),
        reason=row["reason"],
        requested_by=row["requested_by"],
        created=row["created"],
        expires=row["expires"],
        first_approver=_principal(row["first_approver"]),
        second_approver=_principal(row["second_approver"]),
        invitation=None if row["invitation"] is None else InvitationId(row["invitation"]),
        state=RecoveryState(row["state"]),
        version=row["version"],
    )


def sign_in_row(one: SignIn) -> dict[str, Any]:
    """A sign-in as a row."""
    return {
        "id": one.id,
        "at": one.at,
        "outcome": one.outcome.value,
        "reason": one.reason,
        "principal": one.principal,
        "directory": one.directory,
        "methods": list(one.methods),
        "assurance": one.assurance,
        "address": one.address,
        "country": one.country,
        "asn": one.asn,
        "agent": one.agent,
        "device": one.device,
        "session": one.session,
        "request": one.request,
    }


def sign_in_of(row: Mapping[Any, Any]) -> SignIn:
    """The sign-in of a row."""
    return SignIn(
        id=SignInId(row["id"]),
        at=row["at"],
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        principal=_principal(row["principal"]),
        directory=row["directory"],
        methods=tuple(row["methods"]),
        assurance=row["assurance"],
        address=row["address"],
        country=row["country"],
        asn=row["asn"],
        agent=row["agent"],
        device=row["device"],
        session=row["session"],
        request=row["request"],
    )


def _principal(found: Any) -> PrincipalId | None:  # noqa: ANN401
    return None if found is None else PrincipalId(found)
