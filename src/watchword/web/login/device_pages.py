"""Addresses at which a browser proves its device's key (docs/sign-in.md, step 12); people never see them.

The browser itself asks them, apart from any page, so they carry no form's token and may carry no ``Origin``.  What they take
instead: the session's cookie, and a signature over a challenge that this session was given, in a header that no form of another
site can set.  Challenges are flows bound to the session's cookie.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from watchword.errors import RowChanged, SignInRefused
from watchword.model.sessions import Session
from watchword.web.authorise import public
from watchword.web.control_plane import ControlPlane
from watchword.web.login import cookies, device_binding, sessions
from watchword.web.login.arrival import Visit
from watchword.web.login.pages_front import AtFront, Front, parts_of

_PUBLIC_ID: Final = re.compile(r'"?([A-Za-z0-9_-]{22})"?', re.ASCII)


def router(plane: ControlPlane) -> APIRouter:
    """The routes."""
    parts = parts_of(plane)

    async def at_front(request: Request) -> None:
        request.state.sign_in = parts

    made = APIRouter(include_in_schema=False, dependencies=[Depends(at_front)])

    @made.post("/device/register")
    @public("takes a proof of a device's key for the session of the request's own cookie")
    def register(front: AtFront) -> Response:
        """A browser has made a key: the session is bound to it."""
        session = session_of(front)
        proof = given(front)
        if session is None or session.device_key or not proof:
            return Response(status_code=403)
        try:
            device_binding.bind(front.parts.desk, session.id, proof, by_session(front))
        except (SignInRefused, RowChanged) as error:
            return _refused(front, error)
        return _renewed(front, session)

    @made.post("/device/refresh")
    @public("takes a proof of a device's key for the session of the request's own cookie")
    def refresh(front: AtFront) -> Response:
        """The short-lived cookie has run out: the browser proves its key again."""
        session = session_of(front)
        if session is None or not session.device_key:
            return Response(status_code=403)
        proof = given(front)
        if not proof:
            return _challenged(front, session)
        try:
            device_binding.refresh(front.parts.desk, session, proof, by_session(front))
        except SignInRefused as error:
            return _refused(front, error)
        return _renewed(front, session)

    return made


def session_of(front: Front) -> Session | None:
    """The session of the request's cookie, whether or not the device's key has been proved lately."""
    plane = front.parts.plane
    held = sessions.resolve(
        plane.database, front.cookie(cookies.SESSION), plane.preset, front.visit.now, lambda _: True
    )
    return held.session if held else None


def given(front: Front) -> str:
    """The proof that a request brings (a string of RFC 9651), empty where there is none."""
    found = front.request.headers.getlist(device_binding.RESPONSE)
    return found[0].strip().strip('"') if len(found) == 1 else ""


def by_session(front: Front) -> Visit:
    """The visit, its flows bound to the session's cookie: the one of flows is forgotten at the sign-in."""
    return replace(front.visit, browser=front.cookie(cookies.SESSION))


def _challenged(front: Front, session: Session) -> Response:
    challenge = device_binding.challenge(front.parts.desk, session.id, by_session(front))
    told = device_binding.challenge_header(challenge, session.id)
    asked = _PUBLIC_ID.fullmatch(front.request.headers.get(device_binding.SESSION_ID, ""))
    if asked:
        # After a rotation the browser still calls the session by its first name.
        told = f'"{challenge}";id="{asked[1]}"'
    return Response(status_code=403, headers={device_binding.CHALLENGE: told})


def _renewed(front: Front, session: Session) -> Response:
    told = device_binding.instructions(session.id, front.parts.desk.site.origin)
    answer = JSONResponse(dict(told))
    value = device_binding.bound_cookie(front.parts.desk.vault, session.id, front.visit.now)
    cookie = cookies.set_cookie(device_binding.COOKIE, value, lasts=device_binding.LASTS)
    answer.headers.append("set-cookie", cookie)
    return answer


def _refused(front: Front, error: SignInRefused | RowChanged) -> Response:
    front.parts.plane.told({"event": "device refused", "what": error.what})
    return Response(status_code=403)
