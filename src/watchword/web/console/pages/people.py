"""Pages of people: the list, and one of them part by part; ending sessions, and asking for a recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from watchword.errors import RowMissing
from watchword.model.people import DirectoryId, Principal, PrincipalId
from watchword.model.roles import Permission
from watchword.model.sessions import SessionId
from watchword.pdp.console import roles_of
from watchword.store.audit import journal
from watchword.store.state import factor_store, people_reader, people_store, session_store, sign_ins
from watchword.store.state.connection import Connection
from watchword.store.state.sign_ins import Wanted
from watchword.web.api.acting import act_of, desk_of, plane_of, visit_of
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.pages.frame import back, may, page, query_of, reason
from watchword.web.console.views import audit, holdings, people
from watchword.web.console.views.findings import page_of
from watchword.web.login import recovery, sessions

HISTORY = 50
SIGN_INS = 30

router = APIRouter(include_in_schema=False)

Reader = Annotated[Caller, Depends(Needs(Permission.PEOPLE_READ))]
Ender = Annotated[Caller, Depends(Needs(Permission.SESSIONS_REVOKE))]
Asker = Annotated[Caller, Depends(Needs(Permission.RECOVERY_REQUEST))]
Text = Annotated[str, Form()]


@router.get("/people")
def people_list(request: Request, caller: Reader) -> Response:
    """The people that the address asks for."""
    query = query_of(request)
    asked = people_reader.Asked(
        query.get("kind", ""), query.get("status", ""), tuple(query.get("q", "")[:200].split())
    )
    offset = (page_of(query) - 1) * people.SIZE
    with plane_of(request).database.reading() as connection:
        found, total = people_reader.people(connection, asked, offset, people.SIZE)
        beside = people_reader.beside(connection, [one.id for one in found])
    known = [
        people.Known(
            one,
            roles_of(one, beside.roles.get(one.id, ()), caller.now),
            holdings.by_kind(beside.factors.get(one.id, ())),
            beside.mails.get(one.id, ""),
            beside.sign_ins.get(one.id),
        )
        for one in found
    ]
    may_invite = may(caller, Permission.PEOPLE_CHANGE)
    view = people.people_view(known, total, query, caller.now, may_invite=may_invite)
    return page(request, caller, "People", "people", view)


@router.get("/people/{identifier}")
def person(request: Request, caller: Reader, identifier: str) -> Response:
    """One principal; the address' ``part`` says which part of the page."""
    part = query_of(request).get("part", "who")
    with plane_of(request).database.reading() as connection:
        found = _principal(connection, identifier)
        sponsor = people_store.get(connection, found.sponsor) if found.sponsor else None
        framed = people.person_view(found, part, {}, sponsor)
        view = replace(framed, **_PARTS[framed.part](connection, found, caller))
    if may(caller, Permission.RECOVERY_REQUEST) and framed.part == "factors":
        view = replace(view, deeds=(_recovery_deed(found),))
    elif may(caller, Permission.PEOPLE_CHANGE) and framed.part == "who":
        view = replace(view, deeds=tuple(people.deeds(found)))
    return page(request, caller, view.name, "people", view, crumbs=(("People", links.PEOPLE),))


@router.post("/people/{identifier}/sessions/end-all")
def end_sessions(request: Request, caller: Ender, identifier: str, why: Text = "") -> Response:
    """End all sessions of somebody."""
    act = act_of(caller, reason(why))
    sessions.revoke_all(plane_of(request).database, PrincipalId(identifier), act)
    return back(links.at(links.PEOPLE, identifier), "sessions-ended", part="sessions")


@router.post("/people/{identifier}/sessions/{session}/end")
def end_session(request: Request, caller: Ender, identifier: str, session: str) -> Response:
    """End one session of somebody."""
    whose = PrincipalId(identifier)
    if not sessions.revoke(plane_of(request).database, SessionId(session), act_of(caller), of=whose):
        raise RowMissing("there is no such active session")
    return back(links.at(links.PEOPLE, identifier), "session-ended", part="sessions")


@router.post("/people/{identifier}/recovery")
def ask_recovery(request: Request, caller: Asker, identifier: str, why: Text = "") -> Response:
    """Ask for new factors for somebody; two others decide."""
    recovery.request(
        desk_of(request),
        PrincipalId(identifier),
        reason(why),
        PrincipalId(caller.actor),
        visit_of(request, caller),
    )
    return back(links.RECOVERY, "asked")


def _principal(connection: Connection, identifier: str) -> Principal:
    found = people_store.get(connection, identifier)
    if found is None:
        raise RowMissing("there is nobody with this id")
    return found


def _recovery_deed(who: Principal) -> people.Deed:
    return people.Deed(
        links.at(links.PEOPLE, who.id, "recovery"),
        "Ask for new factors",
        "Two other people must approve before anything changes.",
        "Ask for them",
        tone="primary",
    )


def _directories(connection: Connection) -> Mapping[DirectoryId, str]:
    return {one.id: one.display for one in people_reader.all_directories(connection)}


def _roles(connection: Connection, who: Principal, caller: Caller) -> dict[str, Any]:
    given = people_reader.roles_of(connection, who.id)
    names = people_reader.names(connection, {one.granted_by for one in given})
    return {"roles": tuple(holdings.role_line(one, caller.now, names) for one in given)}


def _who(connection: Connection, who: Principal, caller: Caller) -> dict[str, Any]:
    told = _directories(connection)
    accounts = people_store.accounts_of(connection, who.id)
    return _roles(connection, who, caller) | {
        "accounts": tuple(holdings.account_of(one.read, told) for one in accounts)
    }


def _factors(connection: Connection, who: Principal, _: Caller) -> dict[str, Any]:
    return {"factors": tuple(map(holdings.factor_line, factor_store.of_principal(connection, who.id)))}


def _groups(connection: Connection, who: Principal, _: Caller) -> dict[str, Any]:
    return {"groups": tuple(people_reader.groups_of(connection, who.id))}


def _access(connection: Connection, who: Principal, caller: Caller) -> dict[str, Any]:
    tokens = session_store.tokens_of(connection, who.id)
    return _roles(connection, who, caller) | {
        "tokens": tuple(holdings.token_line(one, caller.now) for one in tokens),
        "may_give_roles": may(caller, Permission.ROLES_CHANGE),
    }


def _sessions(connection: Connection, who: Principal, caller: Caller) -> dict[str, Any]:
    held = session_store.of_principal(connection, who.id, active=False)
    tried = (
        sign_ins.read(connection, Wanted(principal=who.id), SIGN_INS)
        if may(caller, Permission.SIGN_INS_READ)
        else ()
    )
    this = caller.session.id if caller.session else ""
    return {
        "sessions": tuple(holdings.session_line(one, caller.now, this) for one in held),
        "sign_ins": tuple(map(holdings.sign_in_line, tried)),
        "may_end_sessions": may(caller, Permission.SESSIONS_REVOKE),
    }


def _history(connection: Connection, who: Principal, caller: Caller) -> dict[str, Any]:
    if not may(caller, Permission.AUDIT_READ):
        return {}
    found = journal.latest(connection, journal.Filter(subject=who.id), HISTORY)[::-1]
    return {"history": audit.history(found, people_reader.names(connection, audit.people_in(found)))}


_PARTS = {
    "who": _who,
    "factors": _factors,
    "groups": _groups,
    "access": _access,
    "sessions": _sessions,
    "history": _history,
}
