"""Pages of where the organisation stands: overview, findings, controls, attack paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from watchword.controls.catalogue import catalogue
from watchword.errors import RowMissing
from watchword.model.roles import Permission
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.look.words import cut
from watchword.web.console.pages.frame import may, page, query_of
from watchword.web.console.posture import Posture
from watchword.web.console.views import controls, findings

router = APIRouter(include_in_schema=False)

Reader = Annotated[Caller, Depends(Needs(Permission.POSTURE_READ))]
Anybody = Annotated[Caller, Depends(Needs(Permission.OWN_ACCOUNT))]


def posture_of(request: Request) -> Posture:
    """The assessments and snapshots of the process."""
    made: Posture = request.app.state.posture
    return made


@router.get("/")
def overview(request: Request, caller: Anybody) -> Response:
    """The overview; who may not see it is sent to their own account, which is all there is for them."""
    if not may(caller, Permission.POSTURE_READ):
        return RedirectResponse(links.ME, 303)
    return page(request, caller, "Overview", "overview", posture_of(request).overview())


@router.get("/findings")
def findings_list(request: Request, caller: Reader) -> Response:
    """The findings that the address asks for."""
    newest = posture_of(request).newest()
    if newest is None:
        return page(request, caller, "Findings", "findings", findings.no_findings())
    ask = findings.ask_of(query_of(request))
    found = newest.index.page(findings.query_of(ask, newest.controls))
    view = findings.findings_view(ask, found, newest.controls, newest.names, newest.folder.id)
    return page(request, caller, "Findings", "findings", view)


@router.get("/findings/{identifier}")
def finding(request: Request, caller: Reader, identifier: str) -> Response:
    """One finding of the newest assessment."""
    mine = posture_of(request)
    newest = mine.newest()
    found = newest.index.find(identifier) if newest else None
    if newest is None or found is None:
        raise RowMissing("there is no such finding in the newest assessment")
    control = next((one for one in catalogue() if one.id == found.control), None)
    snapshot = str(newest.summary.get("snapshot", {}).get("id", ""))
    view = findings.finding_view(found, control, newest.names, mine.verdicts(identifier), snapshot)
    crumbs = (("Findings", links.FINDINGS), (found.control, links.at(links.FINDINGS, control=found.control)))
    return page(request, caller, cut(found.because, 80), "findings", view, crumbs=crumbs)


@router.get("/controls")
def controls_list(request: Request, caller: Reader) -> Response:
    """The catalogue, with how each control stands."""
    newest = posture_of(request).newest()
    view = controls.controls_view(catalogue(), newest.standings if newest else {}, query_of(request))
    return page(request, caller, "Controls", "controls", view)


@router.get("/controls/{identifier}")
def control(request: Request, caller: Reader, identifier: str) -> Response:
    """One control."""
    found = next((one for one in catalogue() if one.id == identifier), None)
    if found is None:
        raise RowMissing("there is no such control")
    newest = posture_of(request).newest()
    standing = newest.standings.get(found.id) if newest else None
    view = controls.control_view(found, standing, newest.names if newest else {})
    title = f"{found.id} {found.text.title}"
    return page(request, caller, title, "controls", view, crumbs=(("Controls", links.CONTROLS),))


@router.get("/paths")
def attack_paths(request: Request, caller: Reader) -> Response:
    """Attack paths of the newest snapshot."""
    return page(request, caller, "Attack paths", "paths", posture_of(request).paths())
