"""What can be looked up afterwards: ``/audit``, ``/sign-ins``, ``/jobs``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from watchword.model.leases import Job, JobState
from watchword.model.login import Outcome, SignIn
from watchword.model.roles import Permission
from watchword.store.audit.records import Record
from watchword.store.state import pages
from watchword.web.api.acting import Filter, Resources, plane_of
from watchword.web.api.pages import Page, Pages
from watchword.web.control_plane import ControlPlane
from watchword.web.heads import proof, signed_head


class RecordOut(BaseModel):
    """A record of the audit log; ``entry`` as it was written, personal fields as commitments."""

    sequence: int
    entry: dict[str, Any]
    previous: str
    hash: str


class HeadOut(BaseModel):
    """A signed head: who has kept one can tell whether the log was cut or written anew since."""

    head: dict[str, Any]


class ProofOut(BaseModel):
    """The evidence for one record, for ``watchword audit verify-pack``; personal values stay closed."""

    proof: dict[str, Any]


class SignInOut(BaseModel):
    """An attempt to sign in."""

    id: str
    at: datetime
    outcome: Outcome
    reason: str
    principal: str | None
    directory: str
    methods: list[str]
    assurance: int
    address: str
    country: str
    asn: int
    agent: str
    request: str


class JobOut(BaseModel):
    """Work in the background."""

    id: str
    name: str
    key: str
    state: JobState
    due: datetime | None
    attempts: int
    last_error: str
    created: datetime
    finished: datetime | None


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = Resources("trust")
    made.get("/audit/records", record_list, Permission.AUDIT_READ, 422)
    made.get("/audit/head", head, Permission.AUDIT_READ, 409)
    made.get("/audit/proof/{sequence}", record_proof, Permission.AUDIT_READ, 404, 409, 422)
    made.get("/sign-ins", sign_in_list, Permission.SIGN_INS_READ, 422)
    made.get("/jobs", job_list, Permission.SETTINGS_READ, 422)
    return made.router


def record_list(
    request: Request, paging: Pages, kind: Filter = "", actor: Filter = "", subject: Filter = ""
) -> Page[RecordOut]:
    """Records, the newest first, as they stand: `watchword audit verify` verifies them."""
    with plane_of(request).database.reading() as connection:
        rows = pages.records(connection, paging.after, paging.most, kind=kind, actor=actor, subject=subject)
    return paging.page(rows, lambda one: (one.sequence,), _record)


def head(request: Request) -> HeadOut:
    """The signed head of the log as it is now; keep it where nobody here can reach it."""
    return HeadOut(head=signed_head(plane_of(request)).told())


def record_proof(request: Request, sequence: Annotated[int, Path(ge=1, le=2**53)]) -> ProofOut:
    """The proof that a record is part of the log."""
    return ProofOut(proof=proof(plane_of(request), sequence).told())


def sign_in_list(
    request: Request, paging: Pages, principal: Filter = "", outcome: Outcome | None = None
) -> Page[SignInOut]:
    """Attempts to sign in, the newest first."""
    with plane_of(request).database.reading() as connection:
        rows = pages.known_sign_ins(
            connection,
            paging.after,
            paging.most,
            principal=principal,
            outcome=outcome.value if outcome else "",
        )
    return paging.page(rows, lambda one: (one.at, str(one.id)), _sign_in)


def job_list(
    request: Request, paging: Pages, name: Filter = "", state: JobState | None = None
) -> Page[JobOut]:
    """Work in the background, by id."""
    with plane_of(request).database.reading() as connection:
        rows = pages.known_jobs(
            connection, paging.after, paging.most, name=name, state=state.value if state else ""
        )
    return paging.page(rows, lambda one: (str(one.id),), _job)


def _record(one: Record) -> RecordOut:
    return RecordOut(sequence=one.sequence, entry=one.content(), previous=one.previous, hash=one.hash)


def _sign_in(one: SignIn) -> SignInOut:
    return SignInOut(
        id=one.id,
        at=one.at,
        outcome=one.outcome,
        reason=one.reason,
        principal=one.principal,
        directory=one.directory,
        methods=list(one.methods),
        assurance=one.assurance,
        address=one.address,
        country=one.country,
        asn=one.asn,
        agent=one.agent,
        request=one.request,
    )


def _job(one: Job) -> JobOut:
    return JobOut(
        id=one.id,
        name=one.name,
        key=one.key,
        state=one.state,
        due=one.due,
        attempts=one.attempts,
        last_error=one.last_error,
        created=one.created,
        finished=one.finished,
    )
