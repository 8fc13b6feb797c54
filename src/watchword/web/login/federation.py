"""Signing in with identity providers: sent there, and come back, in one browser (docs/sign-in.md, steps 1 and 5).

What is under way is a flow: its value travels as ``state`` (OpenID Connect) or ``RelayState`` (SAML), and is found together with
the browser's flow cookie or not at all.  So an answer that belongs to another browser leads nowhere: nobody is signed in
under a name that somebody else has chosen for them.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from watchword.web.control_plane import ControlPlane
from watchword.web.login import federation_oidc, federation_saml
from watchword.web.login.pages_front import parts_of


def router(plane: ControlPlane) -> APIRouter:
    """The routes of the directories with which one signs in elsewhere.

    Raises:
        ConfigError: the settings of a directory are wrong.
    """
    parts = parts_of(plane)
    oidc, saml = federation_oidc.Providers(parts), federation_saml.Providers(parts)

    async def at_front(request: Request) -> None:
        request.state.sign_in = parts
        request.state.oidc = oidc
        request.state.saml = saml

    made = APIRouter(dependencies=[Depends(at_front)])
    for each in (federation_oidc, federation_saml):
        made.include_router(each.router)
    return made
