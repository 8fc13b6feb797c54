"""``/me`` and ``/sessions``: who one is, and where one has signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from watchword.model.people import PrincipalKind
from watchword.model.roles import PERMISSIONS, Permission, Role
from watchword.pdp.console import Facts, decide
from watchword.web.api.problem import problems
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.control_plane import ControlPlane

Own = Annotated[Caller, Depends(Needs(Permission.OWN_ACCOUNT))]


class Me(BaseModel):
    """Who asks."""

    id: str
    kind: PrincipalKind
    display_name: str
    roles: list[Role]
    permissions: list[Permission]
    assurance: int | None
    scopes: list[str] | None
    end_date: datetime | None


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = APIRouter(tags=["own account"])

    @made.get("/me", responses=problems())
    def me(caller: Own) -> Me:
        """Who one is, and what one may do; what is sensitive may ask for a fresh proof of identity."""
        return _me(caller)

    return made


def _me(caller: Caller) -> Me:
    principal = caller.principal
    assert principal is not None  # noqa: S101 - Needs lets nobody else in
    held = {one for role in caller.roles for one in PERMISSIONS[role]}
    facts = Facts(principal, caller.roles, caller.now, ("hwk",), caller.facts.scopes)
    return Me(
        id=principal.id,
        kind=principal.kind,
        display_name=principal.display_name,
        roles=sorted(caller.roles),
        permissions=sorted(one for one in held if decide(facts, one, caller.now).is_allowed),
        assurance=None if caller.session is None else caller.session.assurance,
        scopes=None if caller.token is None else list(caller.token.scopes),
        end_date=principal.end_date,
    )
