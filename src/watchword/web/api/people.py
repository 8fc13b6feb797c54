"""``/people``, ``/roles``, ``/link-proposals``: who is known, who may do what, and whose an account is.

Each change is one function of ``watchword.access``, which refuses what nobody may do, whoever asks: to give oneself a role, to
decide about one's own accounts, to leave no administrator.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from watchword.access import accounts, guests, people, roles
from watchword.access.orphans import orphans
from watchword.analysis.people.orphans import Orphan, OrphanFinding
from watchword.errors import UsageError
from watchword.model.accounts import Account, LinkProposal, ProposalState
from watchword.model.factors import Factor
from watchword.model.people import Principal, PrincipalKind, PrincipalStatus
from watchword.model.roles import Assignment, AssignmentStatus, Permission, Role
from watchword.store.state import pages
from watchword.web.api.acting import Filter, Id, Name, Resources, Who, act_of, plane_of, visit_of
from watchword.web.api.pages import Page, Pages
from watchword.web.control_plane import ControlPlane

Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Text = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]


class Strict(BaseModel):
    """A body that has no fields but those that are known."""

    model_config = ConfigDict(extra="forbid")


class Why(Strict):
    """Why something is done; it goes into the audit log."""

    reason: Reason


class PersonOut(BaseModel):
    """A principal."""

    id: str
    kind: PrincipalKind
    display_name: str
    status: PrincipalStatus
    sponsor: str | None
    end_date: datetime | None
    created: datetime


class AccountOut(BaseModel):
    """An account of a directory, as it was last read."""

    id: str
    directory: str
    user_name: str
    display_name: str
    mail: str
    enabled: bool | None
    locked: bool | None
    state: str
    last_sign_in: datetime | None
    last_seen: datetime


class FactorOut(BaseModel):
    """A factor, without what is secret of it."""

    id: str
    kind: str
    name: str
    status: str
    created: datetime
    last_used: datetime | None


class GroupOut(BaseModel):
    """A group that somebody is in."""

    id: str
    directory: str
    display: str


class RoleOut(BaseModel):
    """That somebody has a role."""

    id: str
    principal: str
    role: Role
    granted_by: str
    reason: str
    created: datetime
    until: datetime | None
    status: AssignmentStatus
    ended: datetime | None


class PersonWhole(PersonOut):
    """Everything about somebody."""

    accounts: list[AccountOut]
    factors: list[FactorOut]
    groups: list[GroupOut]
    roles: list[RoleOut]


class Newcomer(Strict):
    """Who is to be invited: a person of the company, or a guest where there are ``sponsor`` and ``end_date``."""

    name: Text
    user_name: Text
    mail: Annotated[str, Field(max_length=320, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    sponsor: Name | None = None
    end_date: AwareDatetime | None = None


class InvitedOut(BaseModel):
    """Somebody new; ``invitation`` is the one-time token with which they register, shown this once."""

    person: PersonOut
    invitation: str
    until: datetime


class NewRole(Strict):
    """To whom which role is given, why, and until when."""

    principal: Name
    role: Role
    reason: Reason
    until: AwareDatetime | None = None


class ProposalOut(BaseModel):
    """That an account may be somebody's; ``rule`` says why."""

    id: str
    directory: str
    subject: str
    principal: str
    rule: str
    created: datetime
    state: ProposalState
    decided_by: str


class OrphanOut(BaseModel):
    """An account or a person that somebody should look at; docs/people.md says what each code means."""

    what: Orphan
    of: str
    name: str
    principal: str
    directory: str
    because: str


READ, CHANGE = Permission.PEOPLE_READ, Permission.PEOPLE_CHANGE


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = Resources("people")
    made.get("/people", person_list, READ, 422)
    made.post("/people", invite, CHANGE, success=201)
    made.get("/people/{identifier}", person, READ, 404, 422)
    made.post("/people/{identifier}/suspend", suspend, CHANGE, 404)
    made.post("/people/{identifier}/resume", resume, CHANGE, 404)
    made.post("/people/{identifier}/end", end, CHANGE, 404)
    made.get("/roles", role_list, READ, 422)
    made.post("/roles", assign, Permission.ROLES_CHANGE, 404, success=201)
    made.post("/roles/{identifier}/end", end_role, Permission.ROLES_CHANGE, 404, success=204)
    made.get("/link-proposals", proposal_list, READ, 422)
    made.post("/link-proposals/{identifier}/accept", accept, CHANGE, 404, success=204)
    made.post("/link-proposals/{identifier}/reject", reject, CHANGE, 404, success=204)
    made.get("/orphans", orphan_list, READ, 422)
    return made.router


def person_list(
    request: Request,
    paging: Pages,
    kind: PrincipalKind | None = None,
    status: PrincipalStatus | None = None,
    q: Filter = "",
) -> Page[PersonOut]:
    """People, guests and programs, by id; ``q`` is a part of the name."""
    with plane_of(request).database.reading() as connection:
        rows = pages.people(
            connection,
            paging.after,
            paging.most,
            kind=kind.value if kind else "",
            status=status.value if status else "",
            words=q,
        )
    return paging.page(rows, lambda one: (str(one.id),), lambda one: PersonOut(**_person(one)))


def person(request: Request, identifier: Id) -> PersonWhole:
    """Everything about somebody."""
    found = people.identity(plane_of(request).database, identifier)
    return PersonWhole(
        **_person(found.principal),
        accounts=[_account(one) for one in found.accounts],
        factors=[_factor(one) for one in found.factors],
        groups=[GroupOut(id=one.id, directory=one.directory, display=one.display) for one in found.groups],
        roles=[_role(one) for one in found.roles],
    )


def invite(request: Request, caller: Who, body: Newcomer) -> InvitedOut:
    """Invite a person, or a guest with a sponsor and an end date within a year."""
    plane, act, drawn = plane_of(request), act_of(caller, "invited"), visit_of(request, caller).randomness
    who = people.Newcomer(body.name, body.user_name, body.mail)
    if body.sponsor is not None and body.end_date is not None:
        made = guests.invite(plane.database, who, guests.Stay(body.sponsor, body.end_date), act, drawn)
    elif body.sponsor is None and body.end_date is None:
        made = people.invite(plane.database, who, act, drawn)
    else:
        raise UsageError("a guest needs both a sponsor and an end date")
    return InvitedOut(person=PersonOut(**_person(made.principal)), invitation=made.token, until=made.until)


def suspend(request: Request, caller: Who, identifier: Id, body: Why) -> PersonOut:
    """Suspend somebody: their sessions and tokens end at once."""
    people.suspend(plane_of(request).database, identifier, act_of(caller, body.reason))
    return _now(request, identifier)


def resume(request: Request, caller: Who, identifier: Id, body: Why) -> PersonOut:
    """Let somebody go on who was suspended."""
    people.resume(plane_of(request).database, identifier, act_of(caller, body.reason))
    return _now(request, identifier)


def end(request: Request, caller: Who, identifier: Id, body: Why) -> PersonOut:
    """End somebody for good: sessions, tokens, factors and roles."""
    people.end(plane_of(request).database, identifier, act_of(caller, body.reason))
    return _now(request, identifier)


def role_list(
    request: Request,
    paging: Pages,
    principal: Filter = "",
    role: Role | None = None,
    status: AssignmentStatus | None = None,
) -> Page[RoleOut]:
    """Roles that were given, by id."""
    with plane_of(request).database.reading() as connection:
        rows = pages.roles(
            connection,
            paging.after,
            paging.most,
            principal=principal,
            role=role.value if role else "",
            status=status.value if status else "",
        )
    return paging.page(rows, lambda one: (str(one.id),), _role)


def assign(request: Request, caller: Who, body: NewRole) -> RoleOut:
    """Give somebody else a role."""
    act = act_of(caller, body.reason)
    return _role(roles.assign(plane_of(request).database, body.principal, body.role, act, body.until))


def end_role(request: Request, caller: Who, identifier: Id, body: Why) -> Response:
    """Take a role away."""
    roles.end(plane_of(request).database, identifier, act_of(caller, body.reason))
    return Response(status_code=204)


def proposal_list(
    request: Request,
    paging: Pages,
    state: ProposalState | None = None,
    directory: Filter = "",
    principal: Filter = "",
) -> Page[ProposalOut]:
    """Accounts that may be of somebody whom another directory knows, by id."""
    with plane_of(request).database.reading() as connection:
        rows = pages.proposals(
            connection,
            paging.after,
            paging.most,
            state=state.value if state else "",
            directory=directory,
            principal=principal,
        )
    return paging.page(rows, lambda one: (str(one.id),), _proposal)


def accept(request: Request, caller: Who, identifier: Id) -> Response:
    """Decide that the account is theirs."""
    accounts.accept(plane_of(request).database, identifier, act_of(caller, "the account is theirs"))
    return Response(status_code=204)


def reject(request: Request, caller: Who, identifier: Id) -> Response:
    """Decide that the account is not theirs."""
    accounts.reject(plane_of(request).database, identifier, act_of(caller, "the account is not theirs"))
    return Response(status_code=204)


def orphan_list(request: Request, caller: Who, paging: Pages, what: Orphan | None = None) -> Page[OrphanOut]:
    """Accounts and people for whom nobody answers, or whom nobody uses."""
    first = int(str(paging.after[0])) if paging.after else 0
    found = (
        one for one in orphans(plane_of(request).database, caller.now) if what is None or one.what is what
    )
    rows = list(islice(found, first, first + paging.most))
    following = first + paging.limit
    return paging.page(rows, lambda _: (following,), _orphan)


def _orphan(one: OrphanFinding) -> OrphanOut:
    return OrphanOut(
        what=one.what,
        of=one.of,
        name=one.name,
        principal=one.principal,
        directory=one.directory,
        because=one.because,
    )


def _now(request: Request, identifier: str) -> PersonOut:
    return PersonOut(**_person(people.identity(plane_of(request).database, identifier).principal))


def _person(one: Principal) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "display_name": one.display_name,
        "status": one.status,
        "sponsor": one.sponsor,
        "end_date": one.end_date,
        "created": one.created,
    }


def _account(one: Account) -> AccountOut:
    read = one.read
    return AccountOut(
        id=one.id,
        directory=read.directory,
        user_name=read.user_name,
        display_name=read.display_name,
        mail=read.mail,
        enabled=read.enabled,
        locked=read.locked,
        state=one.state.value,
        last_sign_in=read.last_sign_in,
        last_seen=one.last_seen,
    )


def _factor(one: Factor) -> FactorOut:
    return FactorOut(
        id=one.id,
        kind=one.kind.value,
        name=str(one.public.get("name", "")),
        status=one.status.value,
        created=one.created,
        last_used=one.last_used,
    )


def _role(one: Assignment) -> RoleOut:
    return RoleOut(
        id=one.id,
        principal=one.principal,
        role=one.role,
        granted_by=one.granted_by,
        reason=one.reason,
        created=one.created,
        until=one.until,
        status=one.status,
        ended=one.ended,
    )


def _proposal(one: LinkProposal) -> ProposalOut:
    return ProposalOut(
        id=one.id,
        directory=one.directory,
        subject=one.subject,
        principal=one.principal,
        rule=one.rule,
        created=one.created,
        state=one.state,
        decided_by=one.decided_by,
    )
