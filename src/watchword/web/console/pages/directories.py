"""Pages of directories: the list, one of them, and asking for one to be read now."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from watchword.access import orphans
from watchword.analysis.people.orphans import Orphan
from watchword.errors import RowMissing
from watchword.model.people import DirectoryId
from watchword.model.roles import Permission
from watchword.store.state import people_reader
from watchword.store.state.connection import Connection
from watchword.web.api.acting import plane_of, visit_of
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.pages.frame import back, may, page
from watchword.web.console.views import directories
from watchword.web.queue import ask_for_sync

LOOSE: Final = frozenset({Orphan.OF_NOBODY, Orphan.PERSON_ENDED})
"""What the rules say of accounts for which nobody answers; all else is of those that nobody uses."""

router = APIRouter(include_in_schema=False)

Reader = Annotated[Caller, Depends(Needs(Permission.DIRECTORIES_READ))]
Changer = Annotated[Caller, Depends(Needs(Permission.DIRECTORIES_CHANGE))]


@router.get("/directories")
def directory_list(request: Request, caller: Reader) -> Response:
    """All directories, and the proposals that wait."""
    plane = plane_of(request)
    with plane.database.reading() as connection:
        found = people_reader.all_directories(connection)
        waiting = _proposals(connection)
    lines = tuple(directories.directory_line(one, caller.now, plane.directories) for one in found)
    changes = may(caller, Permission.DIRECTORIES_CHANGE)
    decides = may(caller, Permission.PEOPLE_CHANGE)
    view = directories.DirectoriesView(lines, waiting, may_change=changes, may_link=decides)
    return page(request, caller, "Directories", "directories", view)


@router.get("/directories/{identifier}")
def directory(request: Request, caller: Reader, identifier: str) -> Response:
    """One directory with accounts that somebody should look at."""
    with plane_of(request).database.reading() as connection:
        several = people_reader.all_directories(connection)
        found = next((one for one in several if one.id == identifier), None)
        if found is None:
            raise RowMissing("there is no such directory")
        named = {str(one.id): one.display for one in several}
        judged = orphans.of_directory(connection, identifier, caller.now)
        waiting = _proposals(connection, identifier)
    view = directories.directory_view(
        found,
        caller.now,
        [directories.loose(one, found.because, named) for one, found in judged if found.what in LOOSE],
        [directories.loose(one, found.because, named) for one, found in judged if found.what not in LOOSE],
        waiting,
        readable=plane_of(request).directories,
    )
    view = replace(
        view,
        may_change=may(caller, Permission.DIRECTORIES_CHANGE),
        may_link=may(caller, Permission.PEOPLE_CHANGE),
    )
    title = view.directory.name
    return page(request, caller, title, "directories", view, crumbs=(("Directories", links.DIRECTORIES),))


@router.post("/directories/{identifier}/read")
def read_now(request: Request, caller: Changer, identifier: str) -> Response:
    """Ask for a directory to be read in the background."""
    plane = plane_of(request)
    if identifier not in plane.directories:
        raise RowMissing("there is no such directory in the settings")
    ask_for_sync(plane.database, DirectoryId(identifier), caller.actor, visit_of(request, caller))
    return back(links.at(links.DIRECTORIES, identifier), "queued")


def _proposals(connection: Connection, directory: str = "") -> tuple[directories.ProposalLine, ...]:
    waiting = people_reader.open_proposals(connection, directory)
    names = people_reader.names(connection, {one.principal for one, _ in waiting})
    named = {str(one.id): one.display for one in people_reader.all_directories(connection)}
    accounts = {(str(one.directory), one.subject): user for one, user in waiting if user}
    return tuple(directories.proposal_line(one, names, accounts, named) for one, _ in waiting)
