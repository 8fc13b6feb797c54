"""My account: what one signs in with, where one is signed in, one's tokens for programs.

Factors and tokens are changed only soon after a proof of identity: ``enrolment.require_recent`` leads there, and back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from watchword.errors import RowExists, SignInRefused, SignInThrottled, UsageError
from watchword.model.factors import FactorId, FactorStatus
from watchword.model.people import Principal
from watchword.model.roles import Permission
from watchword.model.sessions import Session, SessionId, TokenId
from watchword.pdp.console import READ, WRITE
from watchword.store.state import (
    directory_records,
    factor_store,
    people_reader,
    people_store,
    role_reader,
    session_store,
    sign_ins,
)
from watchword.web.authorise import Needs
from watchword.web.caller import Caller
from watchword.web.console.look import links
from watchword.web.console.pages.frame import back
from watchword.web.console.views import account as views
from watchword.web.console.views import holdings
from watchword.web.console.views.sign_in import EnrolPasskeyView, PasskeyIsland
from watchword.web.guard.refused import Refused
from watchword.web.login import api_tokens, cookies, enrolment, own_password, passwords, sessions
from watchword.web.login.desk import LOCAL
from watchword.web.login.enrolment import Answer, Grounds, ProveAgain, Purpose
from watchword.web.login.pages_again import own_session
from watchword.web.login.pages_enrol import WRONG_ANSWER, again_app_page, app_page
from watchword.web.login.pages_front import AtFront, Front, waiting
from watchword.web.login.passwords import PasswordRefused

router = APIRouter(include_in_schema=False)

Owner = Annotated[Caller, Depends(Needs(Permission.OWN_ACCOUNT))]
Text = Annotated[str, Form()]

PASSKEY: Final = "/me/passkey"
APP: Final = "/me/totp"
PASSWORD: Final = "/me/password"  # noqa: S105 - an address
NEW: Final = "Set up a factor"

DAYS: Final = (7, 30, 90)
"""How long a token may be asked for on the page."""

SIGN_INS: Final = 20


@router.get("/me")
def me(front: AtFront, caller: Owner) -> Response:
    """What is mine."""
    return front.inside("My account", _view(front, caller))


@router.get(PASSKEY)
def passkey(front: AtFront, caller: Owner) -> Response:
    """Set up another passkey."""
    return _proved_lately(front, caller, PASSKEY, lambda session: _passkey_page(front, caller, session))


@router.post(PASSKEY)
def take_passkey(
    front: AtFront, caller: Owner, credential: Text = "", flow: Text = "", name: Text = ""
) -> Response:
    """The passkey is there."""

    def taken(session: Session) -> Response:
        try:
            enrolment.take_passkey(
                front.parts.desk,
                Answer(flow, credential, name),
                Purpose.SESSION,
                front.visit,
                lambda *_: None,
                first=lambda _connection, begun: _of_owner(begun.principal, session),
            )
        except (SignInRefused, RowExists):
            return _passkey_page(front, caller, session, WRONG_ANSWER, 401)
        return back(links.ME, "factor-added")

    return _proved_lately(front, caller, PASSKEY, taken)


@router.get(APP)
def app(front: AtFront, caller: Owner) -> Response:
    """Set up an authenticator app."""

    def offered(_session: Session) -> Response:
        who = _principal(caller)
        enrolment.forget_pending(front.parts.desk, front.visit, who.id)
        grounds = Grounds(Purpose.SESSION)
        offer = enrolment.offer_totp(front.parts.desk, who, who.display_name, grounds, front.visit)
        return app_page(front, APP, offer)

    return _proved_lately(front, caller, APP, offered)


@router.post(APP)
def take_app(front: AtFront, caller: Owner, code: Text = "", flow: Text = "", seed: Text = "") -> Response:
    """The app shows the right code."""

    def taken(session: Session) -> Response:
        try:
            enrolment.take_totp(
                front.parts.desk,
                Answer(flow, code),
                Purpose.SESSION,
                front.visit,
                lambda _connection, begun, _factor: _of_owner(begun.principal, session),
            )
        except SignInRefused:
            return again_app_page(front, APP, flow, seed)
        return back(links.ME, "factor-added")

    return _proved_lately(front, caller, APP, taken)


@router.get(PASSWORD)
def password(front: AtFront, caller: Owner) -> Response:
    """Choose a password, where our own directory has any."""
    _see_that_there_are_passwords(front)
    return _proved_lately(front, caller, PASSWORD, lambda _: _password_page(front, caller))


@router.post(PASSWORD)
def choose_password(
    front: AtFront,
    caller: Owner,
    chosen: Annotated[str, Form(alias="password")] = "",
) -> Response:
    """The password is kept, if nobody would guess it."""

    def kept(session: Session) -> Response:
        name = _user_name(front, caller)
        try:
            own_password.choose(front.parts.desk, session, chosen, name, front.visit)
        except PasswordRefused as error:
            return _password_page(front, caller, f"{error.what[:1].upper()}{error.what[1:]}.", 422)
        except SignInThrottled as error:
            return _password_page(front, caller, f"Too many at once. Wait {waiting(error.seconds)}.", 429)
        return back(links.ME, "password-kept")

    _see_that_there_are_passwords(front)
    return _proved_lately(front, caller, PASSWORD, kept)


@router.post("/me/factors/{factor}/rename")
def rename(front: AtFront, caller: Owner, factor: str, name: Text = "") -> Response:
    """Give a factor another name."""
    enrolment.rename(front.parts.desk, own_session(caller), FactorId(factor), name, front.visit)
    return back(links.ME, "changed")


@router.post("/me/factors/{factor}/remove")
def remove(front: AtFront, caller: Owner, factor: str) -> Response:
    """Take a factor away; never the last one."""

    def removed(session: Session) -> Response:
        enrolment.remove(front.parts.desk, session, FactorId(factor), front.visit)
        return back(links.ME, "factor-removed")

    return _proved_lately(front, caller, links.ME, removed)


@router.post("/me/sessions/end-others")
def end_others(front: AtFront, caller: Owner) -> Response:
    """End all of one's sessions but this one."""
    session = own_session(caller)
    act = front.visit.act(session.principal, "ended all other sessions", session.id)
    sessions.revoke_all(front.parts.plane.database, session.principal, act, but=session.id)
    return back(links.ME, "sessions-ended")


@router.post("/me/sessions/{wanted}/end")
def end_session(front: AtFront, caller: Owner, wanted: str) -> Response:
    """End one of one's sessions; this one as well."""
    session = own_session(caller)
    act = front.visit.act(session.principal, "ended a session", session.id)
    sessions.revoke(front.parts.plane.database, SessionId(wanted), act, of=session.principal)
    return back(links.ME, "session-ended")


@router.post("/me/tokens")
def issue_token(
    front: AtFront,
    caller: Owner,
    display: Text = "",
    scope: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    days: Annotated[int, Form()] = 0,
) -> Response:
    """Make a token, and show it once."""

    def issued(session: Session) -> Response:
        if days not in DAYS or not set(scope) <= {READ, WRITE}:
            raise UsageError("choose scopes and an end that the page offers")
        wish = api_tokens.Wish(display, tuple(scope), timedelta(days=days))
        made = api_tokens.issue(front.parts.plane.database, session.principal, wish, front.visit)
        scopes = ", ".join(made.token.scopes)
        view = views.NewTokenView(made.token.display, made.secret, scopes, made.token.expires)
        return front.inside("Your new token", view)

    return _proved_lately(front, caller, links.ME, issued)


@router.post("/me/tokens/{token}/revoke")
def revoke_token(front: AtFront, caller: Owner, token: str) -> Response:
    """Revoke one of one's tokens."""
    session = own_session(caller)
    act = front.visit.act(session.principal, "revoked a token", session.id)
    api_tokens.revoke(front.parts.plane.database, TokenId(token), act, of=session.principal)
    return back(links.ME, "token-revoked")


def _proved_lately(
    front: Front, caller: Caller, target: str, then: Callable[[Session], Response]
) -> Response:
    """Do something that asks for a fresh proof of identity; lead to the proof, and to ``target``, where there is none."""
    session = own_session(caller)
    desk = front.parts.desk
    with desk.database.reading() as connection:
        factors = factor_store.of_principal(connection, session.principal)
    try:
        enrolment.require_recent(session, factors, desk.policy.preset, front.visit)
        return then(session)
    except ProveAgain:
        return RedirectResponse(cookies.with_next("/prove-again", target), 303)


def _passkey_page(
    front: Front, caller: Caller, _session: Session, error: str = "", status: int = 200
) -> Response:
    who = _principal(caller)
    offer = enrolment.offer_passkey(
        front.parts.desk, who, who.display_name, Grounds(Purpose.SESSION), front.visit
    )
    view = EnrolPasskeyView(
        PasskeyIsland(offer.options, "create", PASSKEY), error=error, fields=(("flow", offer.flow),)
    )
    return front.inside(NEW, view, status)


def _password_page(front: Front, caller: Caller, error: str = "", status: int = 200) -> Response:
    alone = front.parts.desk.policy.preset.assurance < 2
    shortest = passwords.SHORTEST if alone else passwords.SHORTEST_WITH_SECOND
    view = views.ChoosePasswordView(PASSWORD, _user_name(front, caller), shortest, error)
    return front.inside("Choose a password", view, status)


def _user_name(front: Front, caller: Caller) -> str:
    """The name by which somebody signs in with a password of ours; empty where our directory does not know them."""
    with front.parts.desk.database.reading() as connection:
        owned = people_store.accounts_of(connection, _principal(caller).id)
    return next((one.read.user_name for one in owned if one.read.directory == LOCAL), "")


def _see_that_there_are_passwords(front: Front) -> None:
    if not front.parts.desk.policy.passwords:
        raise Refused(404, "there are no passwords here")


def _view(front: Front, caller: Caller) -> views.MeView:
    who, now, plane = _principal(caller), caller.now, front.parts.plane
    this = caller.session.id if caller.session else ""
    with plane.database.reading() as connection:
        factors = factor_store.of_principal(connection, who.id)
        tokens = session_store.tokens_of(connection, who.id)
        roles = role_reader.of_principal(connection, who.id)
        tried = sign_ins.read(connection, sign_ins.Wanted(who.id), SIGN_INS)
        owned = people_store.accounts_of(connection, who.id)
        givers = people_reader.names(connection, {one.granted_by for one in roles})
        named = {one.id: one.display for one in directory_records.every(connection)}
    return views.MeView(
        name=who.display_name,
        factors=tuple(
            holdings.factor_line(one)
            for one in factors
            if one.status not in {FactorStatus.REMOVED, FactorStatus.PENDING}
        ),
        sessions=tuple(
            holdings.session_line(one, now, this)
            for one in sessions.own(plane.database, who.id, plane.preset, now)
        ),
        tokens=tuple(holdings.token_line(one, now) for one in tokens),
        roles=tuple(holdings.role_line(one, now, givers) for one in roles),
        accounts=tuple(holdings.account_of(one.read, named) for one in owned),
        sign_ins=tuple(holdings.sign_in_line(one) for one in tried),
        scopes=(READ, WRITE),
        may_have_password=front.parts.desk.policy.passwords,
    )


def _principal(caller: Caller) -> Principal:
    if caller.principal is None:
        raise Refused(403, "nobody has signed in")
    return caller.principal


def _of_owner(begun: Any, session: Session) -> None:  # noqa: ANN401
    """See that what was begun was begun by whose session this is.

    Raises:
        SignInRefused: it was somebody else.
    """
    if begun != session.principal:
        raise SignInRefused("begun by somebody else in the same browser", where=session.principal)
