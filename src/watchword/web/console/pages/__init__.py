"""Routes of the console: each asks the rooms, makes a view of what they say, and renders it.  Nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import APIRouter

    from watchword.web.control_plane import ControlPlane


def router(_: ControlPlane) -> APIRouter:
    """All routes of the console; the parts of the process are found in ``app.state.plane``."""
    from fastapi import APIRouter

    from watchword.web.console.pages import deeds, directories, estate, files, people, posture, trust

    made = APIRouter(include_in_schema=False)
    for part in (files, posture, estate, deeds, people, directories, trust):
        made.include_router(part.router)
    return made
