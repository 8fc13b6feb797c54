"""Signing in with OpenID providers, and their word that somebody has signed out there.

Nothing secret is kept in the flow: ``nonce`` and ``verifier`` are derived from the browser's flow cookie and the flow's value, so
they are known where both are, which is neither in the database nor in an address.
"""

from __future__ import annotations

import hmac
import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.responses import JSONResponse, Response

from watchword.collect.directories.configured import Configured
from watchword.errors import DirectoryError, RowExists, SignInRefused
from watchword.model.directory import DirectoryKind
from watchword.model.login import Flow, FlowId, FlowKind
from watchword.model.people import DirectoryId, PrincipalId
from watchword.store.state import factor_store, flows, session_store
from watchword.store.state.connection import Connection
from watchword.store.state.standing import DIRECTORY_ACTOR
from watchword.store.state.transition import Act
from watchword.web.authorise import public
from watchword.web.login import cookies, sessions, under_way
from watchword.web.login.federation_word import Said, away, came_back, refused, silent
from watchword.web.login.pages_front import AtFront, Front, Parts
from watchword.web.login.tokens import b64, digest

if TYPE_CHECKING:
    from watchword.collect.directories.oidc import OidcLogout, OidcProvider, OidcSignIn

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]

CALLBACK: Final = "/sign-in/oidc/callback"
"""Where all providers send people back to; which one it was, the flow knows, and the provider's ``iss`` must agree (RFC 9207)."""

LONGEST_TOKEN: Final = 64 * 1024

_THERE: Final = "session at an OpenID provider"


class Providers:
    """The OpenID providers of a process; each is asked about itself when it is first needed."""

    def __init__(self, parts: Parts) -> None:
        """Check the settings of all.

        Raises:
            ConfigError: those of one are wrong.
        """
        self._parts = parts
        self._lock = threading.Lock()
        self._made: dict[DirectoryId, OidcProvider] = {}
        back = parts.plane.settings.public_url + CALLBACK
        self._settings = {one.directory: one.oidc(back) for one in parts.with_kind(DirectoryKind.OIDC)}

    def of(self, directory: DirectoryId) -> OidcProvider:
        """The provider of a directory."""
        from watchword.collect.directories.oidc import OidcProvider

        with self._lock:
            if directory not in self._made:
                self._made[directory] = OidcProvider(self._settings[directory])
            return self._made[directory]

    def with_issuer(self, issuer: object) -> DirectoryId | None:
        """The directories' one of an issuer; what says so is not believed yet."""
        found = [name for name, one in self._settings.items() if one.issuer == issuer]
        return found[0] if len(found) == 1 else None


@router.post("/sign-in/oidc/back-channel")
@public("takes the word of an OpenID provider, signed by it, that somebody has signed out there")
def back_channel(front: AtFront, logout_token: Text = "") -> Response:
    """OpenID Connect Back-Channel Logout 1.0 section 2.5: end the sessions of whoever has signed out at the provider."""
    providers = providers_of(front)
    now = front.visit.now
    try:
        name = providers.with_issuer(_claims(logout_token).get("iss"))
        if name is None:
            raise SignInRefused("no provider of ours")
        with front.parts.turn(name):
            told = providers.of(name).logout(now, logout_token)
        ended = _signed_out(front, name, told)
    except SignInRefused as error:
        front.parts.plane.told({"event": "back-channel logout refused", "what": error.what})
        return JSONResponse({"error": "invalid_request"}, 400)
    except DirectoryError as error:
        front.parts.plane.told({"event": "back-channel logout failed", "what": error.what})
        return JSONResponse({"error": "temporarily_unavailable"}, 503)
    front.parts.plane.told({"event": "back-channel logout", "directory": name, "sessions": ended})
    return Response(status_code=200)


@router.get(CALLBACK)
@public("takes the answer of an OpenID provider, in the browser that was sent there")
def callback(front: AtFront) -> Response:
    """The browser comes back from a provider."""
    parameters = front.request.query_params.multi_items()
    states = [value for key, value in parameters if key == "state"]
    state = states[0] if len(states) == 1 else ""
    try:
        with front.parts.desk.database.writing() as connection:
            flow = under_way.spend(connection, FlowKind.OIDC, state, front.visit)
    except SignInRefused as error:
        return refused(front, cookies.HOME, error)
    target = cookies.next_path(str(flow.data.get("next", "")))
    directory = front.parts.directory(str(flow.data["directory"]), DirectoryKind.OIDC)

    def listen() -> Said:
        with front.parts.turn(directory.directory):
            told = (
                providers_of(front)
                .of(directory.directory)
                .finish(
                    front.visit.now,
                    parameters,
                    state=state,
                    nonce=derived(front.visit.browser, state, "nonce"),
                    verifier=derived(front.visit.browser, state, "verifier"),
                )
            )
        _remember(front, directory, told)
        return Said(told.account, told.acr, told.amr)

    return came_back(front, directory, target, listen)


@router.post("/sign-in/oidc/{directory}")
@public("sends somebody to an OpenID provider to sign in there")
def begin(front: AtFront, directory: str, csrf: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Send the browser to the provider."""
    front.check(csrf)
    found, target = front.parts.directory(directory, DirectoryKind.OIDC), cookies.next_path(next)
    data = {"directory": found.directory, "next": target}
    try:
        with front.parts.desk.database.writing() as connection:
            begun = under_way.begin(connection, FlowKind.OIDC, front.visit, data)
        with front.parts.turn(found.directory):
            address = (
                providers_of(front)
                .of(found.directory)
                .begin(
                    front.visit.now,
                    state=begun.token,
                    nonce=derived(front.visit.browser, begun.token, "nonce"),
                    verifier=derived(front.visit.browser, begun.token, "verifier"),
                )
            )
    except DirectoryError as error:
        return silent(front, found.directory, target, error)
    return away(front, found, address)


def derived(browser: str, flow: str, purpose: str) -> str:
    """A value of 256 bits that only the browser and we can know, for one flow and one purpose."""
    return b64(hmac.digest(browser.encode(), f"{purpose}\0{flow}".encode(), "sha256"))


def providers_of(front: Front) -> Providers:
    """The providers of the process."""
    found: Providers = front.request.state.oidc
    return found


def _remember(front: Front, directory: Configured, told: OidcSignIn) -> None:
    """Keep whose session at the provider it is, for its word that it is over (``sid``)."""
    if not told.session:
        return
    with front.parts.desk.database.reading() as connection:
        who = factor_store.by_identity(connection, directory.directory, told.account.subject)
    if who is None:
        return
    now, lasts = front.visit.now, front.parts.desk.policy.preset.absolute
    id_ = _session_there(directory.directory, told.session)
    try:
        with front.parts.desk.database.writing() as connection:
            data = {flows.BROWSER: digest(_THERE)}
            flows.start(connection, Flow(id_, FlowKind.OIDC, now, now + lasts, who.id, data))
    except RowExists:
        # It is known already.
        return


def _session_there(directory: str, session: str) -> FlowId:
    return FlowId(digest(f"{_THERE}\0{directory}\0{session}"))


def _signed_out(front: Front, directory: DirectoryId, told: OidcLogout) -> int:
    """End the sessions that rest on what the provider has said; how many there were.

    Raises:
        SignInRefused: the token was seen before.
    """
    now = front.visit.now
    act = Act(f"{DIRECTORY_ACTOR}{directory}", now, why="signed out at the identity provider")
    with front.parts.desk.database.writing() as connection:
        if not flows.first_time(connection, digest(f"logout\0{directory}\0{told.token_id}"), told.expires):
            raise SignInRefused("a logout token that was seen before")
        whose = _whose(connection, directory, told, now)
        theirs = session_store.of_principal(connection, whose, most=1_000) if whose else ()
        found = [one.id for one in theirs if one.directory == directory]
    return sum(sessions.revoke(front.parts.desk.database, one, act) for one in found)


def _whose(connection: Connection, directory: str, told: OidcLogout, now: datetime) -> PrincipalId | None:
    if told.session:
        id_ = _session_there(directory, told.session)
        flow = flows.look(connection, id_, FlowKind.OIDC, digest(_THERE), now)
        if flow is not None:
            return flow.principal
    who = factor_store.by_identity(connection, directory, told.sub) if told.sub else None
    return None if who is None else who.id


def _claims(token: str) -> Mapping[str, Any]:
    """What a token claims, before anything of it is believed: only to know whose keys to ask."""
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3:
        return {}
    try:
        found = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
