"""What routes of the API need of a request: the process, the caller's act for the audit, whose a thing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from watchword.model.people import Principal
from watchword.model.roles import Permission
from watchword.store.state.transition import Act
from watchword.web.api.idempotency import randomness_of
from watchword.web.api.problem import problems
from watchword.web.authorise import Needs
from watchword.web.caller import Caller, arrival
from watchword.web.control_plane import ControlPlane
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk, Policy
from watchword.web.login.passkeys import Site

Id = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:@-]+$")]
"""An id in a path."""

Filter = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A filter of a list; empty: not asked for."""


def caller_of(request: Request) -> Caller:
    """Who asks; whether they may, the route's own permission says."""
    found: Caller = request.app.state.caller_of(request)
    return found


Who = Annotated[Caller, Depends(caller_of)]
"""The parameter of a route that asks who its caller is."""


Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:@-]+$")]
"""An id in a body."""


class Resources:
    """Routes of one kind, each with its permission and the errors that it may answer with beside the usual ones."""

    def __init__(self, tag: str) -> None:
        self.router = APIRouter(tags=[tag])

    def get(self, path: str, does: Callable[..., Any], permission: Permission, *statuses: int) -> None:
        """A route that only reads."""
        self._add("GET", path, does, permission, success=200, statuses=statuses)

    def post(
        self, path: str, does: Callable[..., Any], permission: Permission, *statuses: int, success: int = 200
    ) -> None:
        """A route that does something; it takes an ``Idempotency-Key``."""
        self._add("POST", path, does, permission, success=success, statuses=(*statuses, 409, 422))

    def delete(self, path: str, does: Callable[..., Any], permission: Permission, *statuses: int) -> None:
        """A route that ends something; it answers without a body."""
        self._add("DELETE", path, does, permission, success=204, statuses=(*statuses, 409, 422))

    def _add(
        self,
        method: str,
        path: str,
        does: Callable[..., Any],
        permission: Permission,
        *,
        success: int,
        statuses: tuple[int, ...],
    ) -> None:
        self.router.add_api_route(
            path,
            does,
            methods=[method],
            status_code=success,
            dependencies=[Depends(Needs(permission))],
            responses=problems(*statuses),
        )


def plane_of(request: Request) -> ControlPlane:
    """The process's parts."""
    plane: ControlPlane = request.app.state.plane
    return plane


def who(caller: Caller) -> Principal:
    """The principal of a caller whom ``Needs`` has let in."""
    if caller.principal is None:
        raise AssertionError("a route without permission asked who its caller is")
    return caller.principal


def act_of(caller: Caller, why: str = "") -> Act:
    """What a caller does in this request, for the audit."""
    session = caller.session.id if caller.session else caller.token.id if caller.token else ""
    return Act(caller.actor, caller.now, why, caller.request_id, session)


def visit_of(request: Request, caller: Caller) -> Visit:
    """The request as the sign-in's functions take it; what they draw is drawn from its ``Idempotency-Key`` where it has one."""
    return Visit(arrival(request.scope), caller.now, randomness_of(request))


def desk_of(request: Request) -> Desk:
    """Where people sign in, for what the API does of it: recoveries and invitations."""
    plane = plane_of(request)
    web = plane.settings
    site = Site.of(web.public_url, web.company)
    return Desk(plane.database, plane.vault, site, Policy(preset=plane.preset, passwords=web.passwords))
