"""``/recoveries``: new factors for somebody who has lost theirs; two people approve (docs/sign-in.md, step 10)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from watchword.errors import Forbidden
from watchword.model.login import Recovery, RecoveryId, RecoveryState
from watchword.model.people import PrincipalId
from watchword.model.roles import Permission
from watchword.store.state import pages
from watchword.web.api.acting import Filter, Id, Name, Resources, Who, act_of, desk_of, plane_of, visit_of
from watchword.web.api.pages import Page, Pages
from watchword.web.caller import Caller
from watchword.web.control_plane import ControlPlane
from watchword.web.login import recovery


class RecoveryOut(BaseModel):
    """A recovery."""

    id: str
    principal: str
    reason: str
    requested_by: str
    state: RecoveryState
    first_approver: str | None
    second_approver: str | None
    created: datetime
    expires: datetime


class Approved(RecoveryOut):
    """A recovery after an approval; ``invitation`` is there once two have approved, and shown this once."""

    invitation: str | None


class NewRecovery(BaseModel):
    """For whom, and why."""

    model_config = ConfigDict(extra="forbid")

    principal: Name
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = Resources("recoveries")
    made.get("/recoveries", recovery_list, Permission.RECOVERY_APPROVE, 422)
    made.post("/recoveries", request_one, Permission.RECOVERY_REQUEST, 404, success=201)
    made.post("/recoveries/{identifier}/approve", approve, Permission.RECOVERY_APPROVE, 404)
    made.post("/recoveries/{identifier}/reject", reject, Permission.RECOVERY_APPROVE, 404)
    return made.router


def recovery_list(
    request: Request, paging: Pages, state: RecoveryState | None = None, principal: Filter = ""
) -> Page[RecoveryOut]:
    """Recoveries, the newest first."""
    with plane_of(request).database.reading() as connection:
        rows = pages.known_recoveries(
            connection,
            paging.after,
            paging.most,
            state=state.value if state else "",
            principal=principal,
        )
    return paging.page(rows, lambda one: (one.created, str(one.id)), lambda one: RecoveryOut(**_told(one)))


def request_one(request: Request, caller: Who, body: NewRecovery) -> RecoveryOut:
    """Ask for new factors for somebody."""
    person = _person(caller)
    made = recovery.request(
        desk_of(request), PrincipalId(body.principal), body.reason, person, visit_of(request, caller)
    )
    return RecoveryOut(**_told(made))


def approve(request: Request, caller: Who, identifier: Id) -> Approved:
    """Vouch for the person; the second to approve is shown the invitation, and hands it over."""
    made = recovery.approve(
        desk_of(request), RecoveryId(identifier), _person(caller), visit_of(request, caller)
    )
    return Approved(invitation=made.token or None, **_told(made.recovery))


def reject(request: Request, caller: Who, identifier: Id) -> RecoveryOut:
    """Stop a recovery."""
    recovery.reject(desk_of(request), RecoveryId(identifier), act_of(caller, "does not vouch for the person"))
    with plane_of(request).database.reading() as connection:
        found = pages.recovery(connection, identifier)
    return RecoveryOut(**_told(found))


def _person(caller: Caller) -> PrincipalId:
    """Who asks, if it is a person: a program vouches for nobody.

    Raises:
        Forbidden: a program asks.
    """
    if caller.session is None:
        raise Forbidden("only a person who has signed in may do this")
    return PrincipalId(caller.actor)


def _told(one: Recovery) -> dict[str, Any]:
    return {
        "id": one.id,
        "principal": one.principal,
        "reason": one.reason,
        "requested_by": one.requested_by,
        "state": one.state,
        "first_approver": one.first_approver,
        "second_approver": one.second_approver,
        "created": one.created,
        "expires": one.expires,
    }
