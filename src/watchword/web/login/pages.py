"""The routes of the sign-in: who are you, prove it, prove it again, enrol, sign out."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from watchword.web.console.pages import account
from watchword.web.control_plane import ControlPlane
from watchword.web.login import pages_again, pages_enrol, pages_sign_in
from watchword.web.login.pages_front import parts_of


def router(plane: ControlPlane) -> APIRouter:
    """The routes.

    Raises:
        ConfigError: the settings of a directory are wrong.
    """
    parts = parts_of(plane)

    async def at_front(request: Request) -> None:
        request.state.sign_in = parts

    made = APIRouter(dependencies=[Depends(at_front)])
    for each in (pages_sign_in, pages_again, pages_enrol, account):
        made.include_router(each.router)
    return made
