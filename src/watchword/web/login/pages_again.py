"""Pages of those who have signed in: prove again who you are, and sign out."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from watchword.errors import SignInRefused
from watchword.model.factors import FactorKind
from watchword.model.roles import Permission
from watchword.model.sessions import Session
from watchword.store.state import factor_store
from watchword.web.authorise import Needs, public
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.views import sign_in as views
from watchword.web.guard.refused import Refused
from watchword.web.login import cookies, sessions, sign_in
from watchword.web.login.pages_front import STEP, AtFront, Front

router = APIRouter(include_in_schema=False)

Owner = Annotated[Caller, Depends(Needs(Permission.OWN_ACCOUNT))]
Text = Annotated[str, Form()]

PROVE: Final = "/prove-again"
BY_PASSKEY: Final = "/prove-again/passkey"
BY_TOTP: Final = "/prove-again/totp"

TITLE: Final = "Prove again who you are"
WHY: Final = "What you want to do asks for a fresh proof of identity. You are led back afterwards."
WHY_CODE: Final = (
    "The six digits that your authenticator app shows now. What asks for a passkey stays closed without one."
)


@router.get(PROVE)
def prove(front: AtFront, caller: Owner, next: str = "/", by: str = "") -> Response:  # noqa: A002
    """Ask for a fresh proof: by a passkey where there is one, else by a code."""
    return _page(front, own_session(caller), cookies.next_path(next), by=by)


@router.post(BY_PASSKEY)
def by_passkey(
    front: AtFront,
    caller: Owner,
    credential: Text = "",
    flow: Text = "",
    next: Text = "/",  # noqa: A002
) -> Response:
    """A passkey: the session is rotated, and fresh."""
    session, target = own_session(caller), cookies.next_path(next)
    try:
        result = sign_in.again_passkey(front.parts.desk, session, flow, credential, front.visit)
    except SignInRefused as error:
        told, status = front.refused(error)
        return _page(front, session, target, told, status)
    return front.signed_in(result, target)


@router.post(BY_TOTP)
def by_totp(front: AtFront, caller: Owner, code: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """A code: the session is rotated, and fresh for what a code is enough for."""
    session, target = own_session(caller), cookies.next_path(next)
    try:
        result = sign_in.again_totp(front.parts.desk, session, code, front.visit)
    except SignInRefused as error:
        told, status = front.refused(error)
        return _page(front, session, target, told, status, by="code")
    return front.signed_in(result, target)


@router.get(BY_PASSKEY)
@router.get(BY_TOTP)
def again(caller: Owner) -> Response:
    """A page that is the answer to a form was loaded again: from the beginning."""
    own_session(caller)
    return RedirectResponse(PROVE, 303)


@router.get("/sign-out")
@public("leads to where everybody begins; signing out asks for a form")
def signed_out() -> Response:
    """The page after signing out was loaded again."""
    return RedirectResponse(links.SIGN_IN, 303)


@router.post("/sign-out")
@public("ends the session of the request's own cookie, and nothing else")
def sign_out(front: AtFront) -> Response:
    """End this session; a cookie whose session is over already is forgotten all the same."""
    caller = front.caller
    front.leave("signed out")
    others = 0
    if caller.principal is not None:
        plane = front.parts.plane
        others = len(sessions.own(plane.database, caller.principal.id, plane.preset, caller.now))
    answer = front.page("Signed out", views.SignedOutView(others))
    for name in (cookies.SESSION, STEP):
        answer.headers.append("set-cookie", cookies.forget_cookie(name))
    # Pages that a browser keeps for its back button are let go of, too.
    answer.headers["clear-site-data"] = '"cache"'
    return answer


def own_session(caller: Caller) -> Session:
    """The session of whoever asks.

    Raises:
        Refused: 403: a program asks, which has a token and no session.
    """
    if caller.session is None:
        raise Refused(403, "this is for people who have signed in, not for programs")
    return caller.session


def _page(
    front: Front, session: Session, target: str, error: str = "", status: int = 200, *, by: str = ""
) -> Response:
    desk = front.parts.desk
    with desk.database.reading() as connection:
        has = {
            kind: bool(factor_store.active(connection, session.principal, kind))
            for kind in (FactorKind.PASSKEY, FactorKind.TOTP)
        }
    if has[FactorKind.PASSKEY] and by != "code" and front.visit.browser:
        offer = sign_in.offer_again(desk, session, front.visit)
        island = views.PasskeyIsland(offer.options, "get", BY_PASSKEY)
        other = cookies.with_next(PROVE, target) if has[FactorKind.TOTP] else ""
        other = f"{other}{'&' if '?' in other else '?'}by=code" if other else ""
        view = views.PasskeyView(
            island, TITLE, WHY, error, other, fields=(("flow", offer.flow), ("next", target))
        )
        return front.inside(TITLE, view, status)
    code = views.CodeView(BY_TOTP, error, None, (("next", target),), WHY_CODE, "Go on")
    return front.inside(TITLE, code, status)
