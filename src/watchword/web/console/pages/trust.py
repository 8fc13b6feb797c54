"""Pages of the audit log, of recoveries, and of the settings in force."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from watchword import __version__
from watchword.errors import Forbidden, RowMissing
from watchword.model.login import RecoveryId
from watchword.model.people import PrincipalId
from watchword.model.roles import Permission
from watchword.store.audit import journal
from watchword.store.audit.verify import verify
from watchword.store.state import people_reader
from watchword.web.api.acting import act_of, desk_of, plane_of, visit_of
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.pages.frame import back, day, may, page, query_of
from watchword.web.console.views import account, audit, recovery
from watchword.web.control_plane import WebSettings
from watchword.web.login import recovery as recovering

router = APIRouter(include_in_schema=False)

Auditor = Annotated[Caller, Depends(Needs(Permission.AUDIT_READ))]
Approver = Annotated[Caller, Depends(Needs(Permission.RECOVERY_APPROVE))]
Reader = Annotated[Caller, Depends(Needs(Permission.SETTINGS_READ))]
Text = Annotated[str, Form()]


@router.get("/audit")
def audit_log(request: Request, caller: Auditor) -> Response:
    """Records, the newest first."""
    query = query_of(request)
    which = journal.Filter(
        query.get("kind", ""),
        query.get("actor", ""),
        query.get("subject", ""),
        day(query.get("since", "")),
        day(query.get("until", "")),
    )
    before = query.get("before", "")
    with plane_of(request).database.reading() as connection:
        chain = journal.chain_of(connection)
        last = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
        records = journal.newest(connection, which, audit.SIZE, last)
        names = people_reader.names(connection, audit.people_in(records))
    verified, at = getattr(request.app.state, "audit_verified", (None, None))
    state = audit.LogState(chain.size if chain else 0, chain.last if chain else "", verified, at)
    view = audit.audit_view(state, records, query, names)
    return page(request, caller, "Audit log", "audit", view)


@router.post("/audit/verify")
def verify_log(request: Request, caller: Auditor) -> Response:
    """Verify the whole log in the database, and remember in this process what came of it."""
    with plane_of(request).database.reading() as connection:
        found = verify(connection)
    request.app.state.audit_verified = (found, caller.now)
    return back(links.AUDIT)


@router.get("/audit/{sequence}")
def audit_record(request: Request, caller: Auditor, sequence: int) -> Response:
    """One record."""
    with plane_of(request).database.reading() as connection:
        chain = journal.chain_of(connection)
        size = chain.size if chain else 0
        if not 1 <= sequence <= size:
            raise RowMissing("the audit log has no such record")
        record = journal.record(connection, sequence)
        hidden = journal.personal(connection, sequence)
        names = people_reader.names(connection, audit.people_in([record]))
    view = audit.record_view(record, hidden, names, size)
    return page(request, caller, f"Record {sequence}", "audit", view, crumbs=(("Audit log", links.AUDIT),))


@router.get("/recovery")
def recoveries(request: Request, caller: Approver) -> Response:
    """Recoveries that wait, and earlier ones."""
    with plane_of(request).database.reading() as connection:
        found = people_reader.last_recoveries(connection)
        involved = {
            str(who)
            for one in found
            for who in (one.principal, one.requested_by, one.first_approver, one.second_approver)
            if who
        }
        names = people_reader.names(connection, involved)
    me = caller.principal.id if caller.principal else None
    lines = [recovery.recovery_line(one, names, caller.now, me) for one in found]
    view = recovery.recoveries_view(lines, may_decide=may(caller, Permission.RECOVERY_APPROVE))
    return page(request, caller, "Recovery", "recovery", view)


@router.post("/recovery/{identifier}/approve")
def approve(request: Request, caller: Approver, identifier: str) -> Response:
    """Vouch for somebody; whoever is the second to approve is shown the one-time address, and hands it over."""
    made = recovering.approve(
        desk_of(request), RecoveryId(identifier), _person(caller), visit_of(request, caller)
    )
    if not made.token:
        return back(links.RECOVERY, "approved")
    with plane_of(request).database.reading() as connection:
        named = people_reader.names(connection, {made.recovery.principal})
    name = named.get(made.recovery.principal, str(made.recovery.principal))
    address = f"{plane_of(request).settings.public_url}/recover?token={made.token}"
    view = account.InvitedView(
        name, address, made.recovery.expires, links.at(links.PEOPLE, made.recovery.principal)
    )
    return page(request, caller, "New factors", "recovery", view)


@router.post("/recovery/{identifier}/reject")
def reject(request: Request, caller: Approver, identifier: str, why: Text = "") -> Response:
    """Stop a recovery."""
    _person(caller)
    told = " ".join(why.split())[:400] or "does not vouch for the person"
    recovering.reject(desk_of(request), RecoveryId(identifier), act_of(caller, told))
    return back(links.RECOVERY, "rejected")


@router.get("/settings")
def settings(request: Request, caller: Reader) -> Response:
    """The settings in force."""
    plane = plane_of(request)
    web = tuple((f"web.{name}", value, "") for name, value in _web(plane.settings))
    rows = tuple(
        (name, str(one.get("kind", "")) if hasattr(one, "get") else "", "")
        for name, one in sorted(plane.directories.items())
    )
    groups = [account.SettingsGroup("Web and sign-in", web)]
    if rows:
        groups.append(account.SettingsGroup("Directories", rows))
    view = account.SettingsView("", __version__, tuple(groups))
    return page(request, caller, "Settings", "settings", view)


HIDDEN: Final = frozenset({"heads_webhook", "secret_key_file"})
"""Settings whose value may let somebody in, or say where what does lies."""


def _web(settings: WebSettings) -> list[tuple[str, str]]:
    """Settings with their values; what is no plain value is told by its words, secrets not at all."""
    told: list[tuple[str, str]] = []
    for one in fields(settings):
        value: Any = getattr(settings, one.name)
        if one.name in HIDDEN or not one.repr:
            told.append((one.name, "set" if value else ""))
        elif isinstance(value, tuple):
            told.append((one.name, ", ".join(map(str, value))))
        else:
            told.append((one.name, "" if value is None else str(value)))
    return told


def _person(caller: Caller) -> PrincipalId:
    if caller.session is None or caller.principal is None:
        raise Forbidden("only a person who has signed in may do this")
    return caller.principal.id
