"""Pages of a one-time invitation: the first administrator, the first factor, new factors after a recovery.

A link is opened by mail scanners and previews, too, so opening it spends nothing: it only says what it is for.  Who goes on sends
a form; from then on the token is in a cookie of that browser and no longer in an address.  It is spent with the factor that is
kept (``invitations``).  The guard sees to ``Referrer-Policy: no-referrer`` on all these addresses.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from watchword.errors import Forbidden, RowChanged, SignInRefused
from watchword.model.lifecycle import IllegalMove
from watchword.web.authorise import public
from watchword.web.console.views import sign_in as views
from watchword.web.console.views.errors import ErrorView
from watchword.web.login import cookies, first_factor, invitations, totp
from watchword.web.login.enrolment import Answer, AppOffer
from watchword.web.login.pages_front import STEP, AtFront, Front, step_of
from watchword.web.login.tokens import b64, is_formed, unb64

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]

ENROL: Final = "/enrol"
BY_PASSKEY: Final = "/enrol/passkey"
BY_APP: Final = "/enrol/app"
FIRST: Final = "/enrol/first"
FIRST_PASSKEY: Final = "/enrol/first/passkey"
FIRST_APP: Final = "/enrol/first/app"

COOKIE: Final = "__Host-ww-enrol"
"""Holds an invitation's token while its holder sets up a factor."""

LASTS: Final = timedelta(minutes=30)

TITLE: Final = "Set up how you sign in"
VOID: Final = "The link is not valid (any more), or of another installation. Ask for another one."
WRONG_ANSWER: Final = "What came back does not fit. Try again."
WRONG_CODE: Final = (
    "The code does not fit. Wait for the next one, and see that the clock of your device is right."
)

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{0,700}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Held:
    """What the browser keeps of an invitation: its token, and the name that was typed."""

    token: str = field(repr=False)
    name: str = ""

    def value(self) -> str:
        """As a cookie's value."""
        return f"{self.token}.{b64(self.name.encode('utf-8', 'replace'))}"

    @classmethod
    def of(cls, value: str) -> Held | None:
        """From a cookie's value; ``None`` where it is none of ours."""
        token, _, name = value.partition(".")
        if not is_formed(token) or not _NAME.fullmatch(name):
            return None
        try:
            return cls(token, unb64(name).decode())
        except ValueError:
            return None


@router.get("/enrol")
@router.get("/bootstrap")
@router.get("/recover")
@public("says what a one-time link is for, to whoever holds it")
def welcome(front: AtFront, token: str = "") -> Response:
    """What the link is for."""
    return _welcome(front, token)


@router.post(ENROL)
@public("goes on with a one-time link, for whoever holds it")
def go_on(front: AtFront, csrf: Text = "", token: Text = "", display_name: Text = "") -> Response:
    """Go on: the token moves from the address to a cookie."""
    front.check(csrf)
    name = " ".join(display_name.split())[: invitations.LONGEST_NAME]
    try:
        found = invitations.look(front.parts.desk, token, front.visit)
    except (SignInRefused, Forbidden):
        return void(front)
    if found.principal is None and not (name and name.isprintable()):
        return _welcome(front, token, "Enter your name.")
    answer = RedirectResponse(BY_PASSKEY, 303)
    _keep(answer, Held(token, name))
    return answer


@router.get(BY_PASSKEY)
@public("begins to set up a passkey, for whoever holds a one-time link")
def passkey(front: AtFront) -> Response:
    """Set up a passkey."""
    return _passkey_page(front)


@router.post(BY_PASSKEY)
@public("takes a new passkey from whoever holds a one-time link, and spends it")
def take_passkey(
    front: AtFront, csrf: Text = "", credential: Text = "", flow: Text = "", name: Text = ""
) -> Response:
    """The passkey is there: the link is spent, and a session begins."""
    front.check(csrf)
    try:
        result = invitations.take_passkey(front.parts.desk, Answer(flow, credential, name), front.visit)
    except (SignInRefused, Forbidden, RowChanged, IllegalMove):
        return _passkey_page(front, WRONG_ANSWER, 401)
    front.leave("set up a factor in the same browser")
    answer = front.signed_in(result, cookies.HOME)
    answer.headers.append("set-cookie", cookies.forget_cookie(COOKIE))
    return answer


@router.get(BY_APP)
@public("begins to enrol an app, for whoever holds a one-time link")
def app(front: AtFront) -> Response:
    """Set up an app in the place of a passkey."""
    held = Held.of(front.cookie(COOKIE))
    if held is None:
        return void(front)
    try:
        offer = invitations.offer_totp(front.parts.desk, held.token, _user_name(front, held), front.visit)
    except (SignInRefused, Forbidden):
        return void(front)
    return app_page(front, BY_APP, offer)


@router.post(BY_APP)
@public("takes a new app from whoever holds a one-time link, and spends it")
def take_app(front: AtFront, csrf: Text = "", code: Text = "", flow: Text = "", seed: Text = "") -> Response:
    """The app shows the right code: the link is spent; one signs in afterwards."""
    front.check(csrf)
    try:
        invitations.take_totp(front.parts.desk, Answer(flow, code), front.visit)
    except (SignInRefused, Forbidden, RowChanged, IllegalMove):
        return again_app_page(front, BY_APP, flow, seed)
    answer = RedirectResponse("/sign-in", 303)
    answer.headers.append("set-cookie", cookies.forget_cookie(COOKIE))
    return answer


@router.get(FIRST)
@public("begins to set up a first factor after a first proof in this browser")
def first(front: AtFront, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """A first proof was enough to set up a first factor, since there never was one."""
    return _first_page(front, cookies.next_path(next))


@router.post(FIRST_PASSKEY)
@public("takes a first factor after a first proof in this browser")
def take_first(
    front: AtFront,
    *,
    csrf: Text = "",
    credential: Text = "",
    flow: Text = "",
    name: Text = "",
    next: Text = "/",  # noqa: A002
) -> Response:
    """The passkey is there, and signs in."""
    front.check(csrf)
    target = cookies.next_path(next)
    try:
        result = first_factor.take_passkey(front.parts.desk, Answer(flow, credential, name), front.visit)
    except (SignInRefused, Forbidden):
        return _first_page(front, target, WRONG_ANSWER, 401)
    return front.arrived(result, target)


@router.get(FIRST_APP)
@public("begins to enrol an app after a first proof in this browser")
def first_app(front: AtFront) -> Response:
    """Set up an app as the first factor."""
    asked = step_of(front.cookie(STEP))
    try:
        offer = first_factor.offer_totp(front.parts.desk, asked.flow if asked else "", front.visit)
    except (SignInRefused, Forbidden):
        return RedirectResponse("/sign-in", 303)
    return app_page(front, FIRST_APP, offer)


@router.post(FIRST_APP)
@public("takes a first factor after a first proof in this browser")
def take_first_app(
    front: AtFront, csrf: Text = "", code: Text = "", flow: Text = "", seed: Text = ""
) -> Response:
    """The app shows the right code, and the sign-in goes on."""
    front.check(csrf)
    try:
        result = first_factor.take_totp(front.parts.desk, Answer(flow, code), front.visit)
    except (SignInRefused, Forbidden):
        return again_app_page(front, FIRST_APP, flow, seed)
    return front.arrived(result, cookies.HOME)


def app_page(front: Front, action: str, offer: AppOffer, error: str = "", status: int = 200) -> Response:
    """The page with an app's seed; the seed goes along in the form, so that it can be shown again after a typing error."""
    fields = (("flow", offer.flow), ("seed", offer.seed))
    view = views.EnrolTotpView(action, offer.seed.replace(" ", ""), offer.link, error, fields)
    return (
        front.page(TITLE, view, status) if front.caller.session is None else front.inside(TITLE, view, status)
    )


def again_app_page(front: Front, action: str, flow: str, seed: str) -> Response:
    """The page once more, after a wrong code: what is shown is what the form has brought back, and proves nothing."""
    bare = seed.replace(" ", "")
    if not is_formed(flow) or not re.fullmatch(r"[A-Z2-7]{32}", bare):
        return void(front)
    link = totp.link(base64.b32decode(bare), "", front.parts.desk.site.name)
    return app_page(front, action, AppOffer(flow, seed, link), WRONG_CODE, 401)


def void(front: Front) -> Response:
    """A link that is not, or no longer, valid: the same answer whatever the reason."""
    view = ErrorView(
        403, "This link does not work", VOID, front.visit.arrival.request_id, "/sign-in", "To the sign-in"
    )
    answer = front.page(view.title, view, 403)
    answer.headers.append("set-cookie", cookies.forget_cookie(COOKIE))
    return answer


def _welcome(front: Front, token: str, error: str = "") -> Response:
    try:
        found = invitations.look(front.parts.desk, token, front.visit)
    except (SignInRefused, Forbidden):
        return void(front)
    view = views.WelcomeView(
        action=ENROL,
        purpose=found.purpose.value,
        name=found.principal.display_name if found.principal else "",
        fields=(("token", token),),
        asks_name=found.principal is None,
        error=error,
    )
    return front.page("Welcome", view, 401 if error else 200)


def _passkey_page(front: Front, error: str = "", status: int = 200) -> Response:
    held = Held.of(front.cookie(COOKIE))
    if held is None:
        return void(front)
    desk = front.parts.desk
    try:
        found = invitations.look(desk, held.token, front.visit)
        offer = invitations.offer_passkey(desk, held.token, held.name, front.visit)
    except (SignInRefused, Forbidden):
        return void(front)
    view = views.EnrolPasskeyView(
        views.PasskeyIsland(offer.options, "create", BY_PASSKEY),
        first=True,
        totp_href=BY_APP if found.may_be_app else "",
        error=error,
        fields=(("flow", offer.flow),),
    )
    return front.page(TITLE, view, status)


def _first_page(front: Front, target: str, error: str = "", status: int = 200) -> Response:
    asked = step_of(front.cookie(STEP))
    try:
        offer = first_factor.offer_passkey(front.parts.desk, asked.flow if asked else "", front.visit)
    except (SignInRefused, Forbidden):
        return RedirectResponse(cookies.with_next("/sign-in", target), 303)
    view = views.EnrolPasskeyView(
        views.PasskeyIsland(offer.options, "create", FIRST_PASSKEY),
        first=True,
        totp_href=FIRST_APP,
        error=error,
        fields=(("flow", offer.flow), ("next", target)),
    )
    return front.page(TITLE, view, status)


def _user_name(front: Front, held: Held) -> str:
    found = invitations.look(front.parts.desk, held.token, front.visit)
    return held.name or (found.principal.display_name if found.principal else "")


def _keep(answer: Response, held: Held) -> None:
    answer.headers.append("set-cookie", cookies.set_cookie(COOKIE, held.value(), lasts=LASTS))
