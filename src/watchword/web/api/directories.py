"""``/directories``: where people come from, how reading them went, and reading one anew."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from watchword.access.directories import READ
from watchword.errors import RowMissing, UsageError
from watchword.model.people import Directory, DirectoryId, DirectoryState
from watchword.model.roles import Permission
from watchword.store.state import pages
from watchword.web.api.acting import Id, Resources, Who, plane_of, visit_of
from watchword.web.api.pages import Page, Pages
from watchword.web.control_plane import ControlPlane
from watchword.web.queue import ask_for_sync


class DirectoryOut(BaseModel):
    """A directory; ``last_sync``: when it was last read whole; ``last_error``: why the last attempt failed, empty if it did not."""

    id: str
    kind: str
    display: str
    state: DirectoryState
    last_sync: datetime | None
    last_attempt: datetime | None
    last_error: str
    faults: list[dict[str, str]]
    counts: dict[str, int]


class Queued(BaseModel):
    """Work that will be done in the background; ``is_new`` is false where it was waiting already."""

    job: str
    is_new: bool


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = Resources("directories")
    made.get("/directories", directory_list, Permission.DIRECTORIES_READ, 422)
    made.post("/directories/{identifier}/sync", sync, Permission.DIRECTORIES_CHANGE, 404, success=202)
    return made.router


def directory_list(request: Request, paging: Pages) -> Page[DirectoryOut]:
    """The directories, by id."""
    with plane_of(request).database.reading() as connection:
        rows = pages.known_directories(connection, paging.after, paging.most)
    return paging.page(rows, lambda one: (str(one.id),), _directory)


def sync(request: Request, caller: Who, identifier: Id) -> Queued:
    """Ask for a directory to be read anew; it is read in the background, once however often it is asked for meanwhile."""
    plane = plane_of(request)
    if identifier not in plane.directories:
        raise RowMissing("there is no such directory in the settings")
    if plane.directories[identifier].get("kind") not in READ:
        raise UsageError("this directory is not one that we read: its people come by themselves")
    asked = ask_for_sync(plane.database, DirectoryId(identifier), caller.actor, visit_of(request, caller))
    return Queued(job=asked.job, is_new=asked.is_new)


def _directory(one: Directory) -> DirectoryOut:
    return DirectoryOut(
        id=one.id,
        kind=one.kind,
        display=one.display,
        state=one.state,
        last_sync=one.last_sync,
        last_attempt=one.last_attempt,
        last_error=one.last_error,
        faults=[dict(fault) for fault in one.faults],
        counts=dict(one.counts),
    )
