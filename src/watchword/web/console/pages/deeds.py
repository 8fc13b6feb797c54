"""What is done to people from their pages: invite, suspend, resume, end, give and take roles, decide whose an account is.

Each is one function of the room ``access``, in one transaction with its audit records; afterwards the browser is sent on.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from watchword.access import accounts, guests, people, roles
from watchword.errors import UsageError
from watchword.model.roles import Permission, Role
from watchword.web.api.acting import act_of, plane_of, visit_of
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.pages.frame import back, day, page, reason
from watchword.web.console.views.account import InvitedView

router = APIRouter(include_in_schema=False)

Changer = Annotated[Caller, Depends(Needs(Permission.PEOPLE_CHANGE))]
Giver = Annotated[Caller, Depends(Needs(Permission.ROLES_CHANGE))]
Text = Annotated[str, Form()]


@router.post("/people/invite")
def invite(
    request: Request,
    caller: Changer,
    *,
    display_name: Text = "",
    user_name: Text = "",
    mail: Text = "",
    kind: Text = "user",
    sponsor: Text = "",
    end_date: Text = "",
) -> Response:
    """Invite a person or a guest; the one-time address is shown once."""
    plane, randomness = plane_of(request), visit_of(request, caller).randomness
    who = people.Newcomer(" ".join(display_name.split()), user_name.strip(), mail.strip())
    if kind == "guest":
        until = day(end_date)
        if until is None:
            raise UsageError("a guest needs an end", remedy="go back and give the day")
        stay = guests.Stay(sponsor.strip(), until)
        made = guests.invite(plane.database, who, stay, act_of(caller), randomness)
    else:
        made = people.invite(plane.database, who, act_of(caller), randomness)
    address = f"{plane.settings.public_url}/enrol?token={made.token}"
    view = InvitedView(who.name, address, made.until, links.at(links.PEOPLE, made.principal.id))
    return page(request, caller, "The invitation", "people", view, crumbs=(("People", links.PEOPLE),))


@router.post("/people/{identifier}/suspend")
def suspend(request: Request, caller: Changer, identifier: str, why: Text = "") -> Response:
    """Suspend somebody; what they have open ends."""
    people.suspend(plane_of(request).database, identifier, act_of(caller, reason(why)))
    return back(links.at(links.PEOPLE, identifier), "suspended")


@router.post("/people/{identifier}/activate")
def activate(request: Request, caller: Changer, identifier: str, why: Text = "") -> Response:
    """Let somebody go on who was suspended."""
    people.resume(plane_of(request).database, identifier, act_of(caller, reason(why)))
    return back(links.at(links.PEOPLE, identifier), "activated")


@router.post("/people/{identifier}/end")
def end(request: Request, caller: Changer, identifier: str, why: Text = "") -> Response:
    """End somebody for good."""
    people.end(plane_of(request).database, identifier, act_of(caller, reason(why)))
    return back(links.at(links.PEOPLE, identifier), "ended")


@router.post("/people/{identifier}/roles")
def give_role(
    request: Request, caller: Giver, identifier: str, *, role: Text = "", until: Text = "", why: Text = ""
) -> Response:
    """Give somebody a role."""
    wanted = next((one for one in Role if one.value == role), None)
    if wanted is None:
        raise UsageError("there is no such role")
    roles.assign(plane_of(request).database, identifier, wanted, act_of(caller, reason(why)), day(until))
    return back(links.at(links.PEOPLE, identifier), "given", part="access")


@router.post("/people/{identifier}/roles/{assignment}/end")
def take_role(request: Request, caller: Giver, identifier: str, assignment: str, why: Text = "") -> Response:
    """Take a role away."""
    roles.end(plane_of(request).database, assignment, act_of(caller, reason(why)))
    return back(links.at(links.PEOPLE, identifier), "role-ended", part="access")


@router.post("/directories/proposals/{identifier}")
def decide(request: Request, caller: Changer, identifier: str, decision: Text = "") -> Response:
    """Decide whether an account is of the proposed person."""
    database = plane_of(request).database
    if decision == "accept":
        accounts.accept(database, identifier, act_of(caller, "the same person"))
        return back(links.DIRECTORIES, "linked")
    if decision == "reject":
        accounts.reject(database, identifier, act_of(caller, "not the same person"))
        return back(links.DIRECTORIES, "not-linked")
    raise UsageError("a decision is to accept or to reject")
