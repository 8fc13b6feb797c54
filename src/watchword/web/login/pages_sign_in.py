"""Pages of signing in: who are you, prove it, and once more where that is too weak.

Every page is a plain form.  What somebody is told when it does not work is the same sentence, with the same status and the same
headers, whether there is such a person or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from watchword.collect.directories.configured import Configured
from watchword.errors import DirectoryError, SignInRefused
from watchword.model.directory import DirectoryAccount, DirectoryKind
from watchword.pdp.presets import ProofKind
from watchword.web.authorise import public
from watchword.web.console.look import links
from watchword.web.console.views import sign_in as views
from watchword.web.login import cookies, sign_in
from watchword.web.login.desk import LOCAL
from watchword.web.login.federation_admission import take_in
from watchword.web.login.pages_front import SECOND, STEP, AtFront, Front, step_of
from watchword.web.login.progress import Asked

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]

TITLE: Final = "Sign in"
CREDENTIAL: Final = "/sign-in/passkey"
PASSWORD: Final = "/sign-in/password"  # noqa: S105 - an address
TOTP: Final = "/sign-in/totp"

SILENT: Final = "The directory does not answer at present. Try again in a moment, or use a passkey."

LONGEST_NAME: Final = 320


@router.get("/sign-in")
@public("where everybody begins")
def begin(front: AtFront, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Who are you?"""
    target = cookies.next_path(next)
    if front.caller.session is not None:
        return RedirectResponse(target, 303)
    answer = identify(front, target)
    if front.cookie(STEP):
        # What was under way is given up, so that nothing of it is asked for later.
        answer.headers.append("set-cookie", cookies.forget_cookie(STEP))
    return answer


@router.post("/sign-in")
@public("where everybody begins")
def named(
    front: AtFront,
    csrf: Text = "",
    user_name: Text = "",
    directory: Text = "",
    next: Text = "/",  # noqa: A002
) -> Response:
    """A name was given: its password is asked for, whether there is such a name or not."""
    front.check(csrf)
    target, typed = cookies.next_path(next), user_name.strip()[:LONGEST_NAME]
    chosen = _password_directory(front, directory)
    if not typed or not typed.isprintable() or chosen is None:
        return identify(front, target, sign_in.SAME, 401)
    return front.page(TITLE, _password_view(front, typed, chosen, target))


@router.post("/sign-in/password")
@public("takes a first proof of identity")
def password(
    front: AtFront,
    *,
    csrf: Text = "",
    user_name: Text = "",
    password: Text = "",
    directory: Text = "",
    next: Text = "/",  # noqa: A002
) -> Response:
    """A name and its password."""
    front.check(csrf)
    target, typed = cookies.next_path(next), user_name.strip()[:LONGEST_NAME]
    chosen = _password_directory(front, directory)
    if not typed or chosen is None:
        return identify(front, target, sign_in.SAME, 401)
    try:
        result = _proved(front, chosen, typed, password)
    except SignInRefused as error:
        told, status = front.refused(error)
        return front.page(TITLE, _password_view(front, typed, chosen, target, told), status)
    except DirectoryError as error:
        _tell(front, error)
        return front.page(TITLE, _password_view(front, typed, chosen, target, SILENT), 503)
    return front.arrived(result, target)


@router.post("/sign-in/passkey")
@public("takes a proof of identity")
def passkey(
    front: AtFront,
    csrf: Text = "",
    credential: Text = "",
    flow: Text = "",
    next: Text = "/",  # noqa: A002
) -> Response:
    """A passkey: of whoever comes, or as the second proof."""
    front.check(csrf)
    target = cookies.next_path(next)
    try:
        result = sign_in.prove_passkey(front.parts.desk, flow, credential, front.visit)
    except SignInRefused as error:
        told, status = front.refused(error)
        asked = step_of(front.cookie(STEP))
        return (
            second_page(front, asked, target, told, status)
            if asked
            else identify(front, target, told, status)
        )
    return front.arrived(result, target)


@router.get(SECOND)
@public("asks for the next proof in a flow of this browser")
def second(front: AtFront, next: str = "/") -> Response:  # noqa: A002
    """Something was proved, and more is asked for."""
    target = cookies.next_path(next)
    asked = step_of(front.cookie(STEP))
    if asked is None:
        return RedirectResponse(cookies.with_next(links.SIGN_IN, target), 303)
    return second_page(front, asked, target)


@router.post("/sign-in/totp")
@public("takes a proof of identity in a flow of this browser")
def totp(front: AtFront, csrf: Text = "", code: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """A code of an app."""
    front.check(csrf)
    target = cookies.next_path(next)
    asked = step_of(front.cookie(STEP))
    if asked is None:
        return identify(front, target, sign_in.SAME, 401)
    try:
        result = sign_in.prove_totp(front.parts.desk, asked.flow, code, front.visit)
    except SignInRefused as error:
        told, status = front.refused(error)
        return second_page(front, asked, target, told, status)
    return front.arrived(result, target)


@router.get(PASSWORD)
@router.get(CREDENTIAL)
@router.get(TOTP)
@public("leads to where everybody begins")
def again() -> Response:
    """A page that is the answer to a form was loaded again: from the beginning."""
    return RedirectResponse(links.SIGN_IN, 303)


def identify(front: Front, target: str, error: str = "", status: int = 200) -> Response:
    """The first page, with a passkey's ceremony ready."""
    offer = sign_in.offer_passkey(front.parts.desk, front.visit) if front.visit.browser else None
    island = views.PasskeyIsland(offer.options, "get", CREDENTIAL, conditional=not error) if offer else None
    with_passwords = _password_directories(front)
    view = views.IdentifyView(
        action=links.SIGN_IN,
        error=error,
        company=front.parts.plane.settings.company,
        passkey=island,
        federated=tuple(_federated(front)),
        with_name=bool(with_passwords),
        fields=(("flow", offer.flow if offer else ""), ("next", target)),
        choices=tuple((one, label) for one, label in with_passwords.items())
        if len(with_passwords) > 1
        else (),
    )
    return front.page(TITLE, view, status)


def second_page(front: Front, asked: Asked, target: str, error: str = "", status: int = 200) -> Response:
    """The page that asks for one of one's own factors, or leads to enrolling one."""
    if asked.enrols:
        return RedirectResponse(cookies.with_next("/enrol/first", target), 303)
    try:
        offer = (
            sign_in.offer_passkey(front.parts.desk, front.visit, asked.flow)
            if ProofKind.PASSKEY in asked.kinds
            else None
        )
    except SignInRefused:
        # The flow is over, or of another browser: from the beginning.
        return identify(front, target, error or sign_in.SAME, status if error else 401)
    island = views.PasskeyIsland(offer.options, "get", CREDENTIAL) if offer else None
    fields = (("flow", offer.flow if offer else ""), ("next", target))
    if ProofKind.TOTP in asked.kinds:
        return front.page("Your code", views.CodeView(TOTP, error, island, fields, WHY_CODE), status)
    if island is None:
        return identify(front, target, error, status)
    return front.page(
        "Your passkey", views.PasskeyView(island, why=WHY_PASSKEY, error=error, fields=fields), status
    )


WHY_CODE: Final = "The six digits that your authenticator app shows now."
WHY_PASSKEY: Final = "What you have proved says who you are. Your passkey makes sure of it."


def _federated(front: Front) -> list[views.Federated]:
    return [
        views.Federated(one.directory, one.display, f"/sign-in/{one.kind.value}/{one.directory}")
        for one in front.parts.with_kind(DirectoryKind.OIDC, DirectoryKind.SAML)
    ]


def _password_directories(front: Front) -> dict[str, str]:
    """Where passwords are: our own directory, if it has any, and those of LDAP; id and name of each."""
    found = {one.directory: one.display for one in front.parts.with_kind(DirectoryKind.LDAP)}
    own = {LOCAL: front.parts.plane.settings.company} if front.parts.desk.policy.passwords else {}
    return {str(key): label for key, label in (own | found).items()}


def _password_directory(front: Front, asked: str) -> str | None:
    """The directory that was chosen, or the only one there is."""
    found = _password_directories(front)
    if not asked and len(found) == 1:
        return next(iter(found))
    return asked if asked in found else None


def _password_view(
    front: Front, typed: str, directory: str, target: str, error: str = ""
) -> views.PasswordView:
    fields = (("directory", directory), ("next", target))
    return views.PasswordView(PASSWORD, typed, _password_directories(front).get(directory, ""), error, fields)


def _proved(front: Front, directory: str, typed: str, password: str) -> sign_in.Result:
    if directory == LOCAL:
        return sign_in.prove_password(front.parts.desk, typed, password, front.visit)
    found = front.parts.directory(directory, DirectoryKind.LDAP)
    check = _ldap(front, found, typed, password)
    return sign_in.check_ldap(front.parts.desk, found.directory, typed, check, front.visit)


def _ldap(front: Front, found: Configured, typed: str, password: str) -> Callable[[], DirectoryAccount]:
    """Asks an LDAP directory, one of a few at a time; this runs in the server's pool of threads."""

    def check() -> DirectoryAccount:
        from watchword.collect.directories.ldap_sign_in import LdapSignIn

        with front.parts.turn(found.directory):
            account = LdapSignIn(found.ldap(), now=front.parts.plane.clock).check(typed, password)
        take_in(front, found, account)
        return account

    return check


def _tell(front: Front, error: DirectoryError) -> None:
    """Why a directory could not be asked, for the log."""
    front.parts.plane.told(
        {
            "event": "directory",
            "kind": type(error).__name__,
            "what": error.what,
            "request": front.visit.arrival.request_id,
        }
    )
