"""Signing in with SAML identity providers.

A provider sends the browser back by a form that it posts from its own site.  Cookies with ``SameSite=Lax`` do not come along
with that, and without the flow cookie we would not know whether this is the browser that was sent away.  ``SameSite=None`` would
mend it, and would give away what keeps other sites from using our cookies.  So what comes to ``/sign-in/saml/acs`` is not
looked at, but put into a page of ours, which posts it on to ``/sign-in/saml/finish``: that request comes from our own
site, with our cookies, and passes the guard like any other form.  Nothing is kept in between.

Whoever plants an answer of their own in somebody's browser (login CSRF) gets that far, and no further: the flow that the answer
names is bound to another browser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import Response

from watchword.errors import DirectoryError, SignInRefused
from watchword.model.directory import DirectoryKind
from watchword.model.login import FlowKind
from watchword.model.people import DirectoryId
from watchword.store.state import flows
from watchword.web.authorise import public
from watchword.web.console.views.sign_in import OnwardView
from watchword.web.login import cookies, under_way
from watchword.web.login.federation_oidc import derived
from watchword.web.login.federation_word import Said, away, came_back, refused, silent
from watchword.web.login.pages_front import AtFront, Front, Parts
from watchword.web.login.tokens import digest, is_formed, unb64

if TYPE_CHECKING:
    from watchword.collect.directories.saml import SamlProvider

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]

ACS: Final = "/sign-in/saml/acs"
FINISH: Final = "/sign-in/saml/finish"
METADATA: Final = "application/samlmetadata+xml"
"""https://www.iana.org/assignments/media-types/application/samlmetadata+xml"""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]{1,1500000}", re.ASCII)


class Providers:
    """The SAML providers of a process."""

    def __init__(self, parts: Parts) -> None:
        """Check the settings of all.

        Raises:
            ConfigError: those of one are wrong.
            UsageError: the extra is not installed.
        """
        url = parts.plane.settings.public_url
        self._made: dict[DirectoryId, SamlProvider] = {}
        for one in parts.with_kind(DirectoryKind.SAML):
            from watchword.collect.directories.saml import SamlProvider

            name = f"{url}/sign-in/saml/{one.directory}/metadata"
            self._made[one.directory] = SamlProvider(one.saml(name, url + ACS))

    def of(self, directory: DirectoryId) -> SamlProvider:
        """The provider of a directory."""
        return self._made[directory]


@router.post(ACS)
@public(
    "puts what a SAML provider sends into a page of ours, which sends it on with our cookies; looks at nothing"
)
def acs(front: AtFront, SAMLResponse: Text = "", RelayState: Text = "") -> Response:  # noqa: N803 - names of the profile
    """A provider has sent the browser back."""
    if not _BASE64.fullmatch(SAMLResponse) or not is_formed(RelayState):
        return refused(front, cookies.HOME, SignInRefused("no answer of a SAML provider"))
    fields = (("SAMLResponse", SAMLResponse), ("RelayState", RelayState))
    return front.page("Signing you in", OnwardView(FINISH, fields))


@router.post(FINISH)
@public("takes the answer of a SAML provider, in the browser that was sent there")
def finish(front: AtFront, SAMLResponse: Text = "", RelayState: Text = "") -> Response:  # noqa: N803
    """What the provider has sent, in the browser that was sent there."""
    try:
        with front.parts.desk.database.writing() as connection:
            flow = under_way.spend(connection, FlowKind.SAML, RelayState, front.visit)
    except SignInRefused as error:
        return refused(front, cookies.HOME, error)
    target = cookies.next_path(str(flow.data.get("next", "")))
    directory = front.parts.directory(str(flow.data["directory"]), DirectoryKind.SAML)

    def listen() -> Said:
        now = front.visit.now
        asked = request_id(front.visit.browser, RelayState)
        told = providers_of(front).of(directory.directory).finish(now, SAMLResponse, request_id=asked)
        key = digest(f"assertion\0{directory.directory}\0{told.assertion_id}")
        with front.parts.desk.database.writing() as connection:
            if not flows.first_time(connection, key, told.expires):
                raise SignInRefused("an assertion that was seen before")
        return Said(told.account, told.acr)

    return came_back(front, directory, target, listen)


@router.post("/sign-in/saml/{directory}")
@public("sends somebody to a SAML provider to sign in there")
def begin(front: AtFront, directory: str, csrf: Text = "", next: Text = "/") -> Response:  # noqa: A002
    """Send the browser to the provider."""
    front.check(csrf)
    found, target = front.parts.directory(directory, DirectoryKind.SAML), cookies.next_path(next)
    data = {"directory": found.directory, "next": target}
    try:
        with front.parts.desk.database.writing() as connection:
            begun = under_way.begin(connection, FlowKind.SAML, front.visit, data)
        address = (
            providers_of(front)
            .of(found.directory)
            .begin(
                front.visit.now,
                request_id=request_id(front.visit.browser, begun.token),
                relay_state=begun.token,
            )
        )
    except DirectoryError as error:
        return silent(front, found.directory, target, error)
    return away(front, found, address)


@router.get("/sign-in/saml/{directory}/metadata")
@public("tells a SAML provider who we are; holds our name, our address and our certificate")
def metadata(front: AtFront, directory: str) -> Response:
    """Our metadata for a provider."""
    found = front.parts.directory(directory, DirectoryKind.SAML)
    return Response(providers_of(front).of(found.directory).metadata(), media_type=METADATA)


def request_id(browser: str, flow: str) -> str:
    """The id of a request: known where the browser's cookie and the flow's value are, and kept nowhere."""
    return f"_{unb64(derived(browser, flow, 'request')).hex()}"


def providers_of(front: Front) -> Providers:
    """The providers of the process."""
    found: Providers = front.request.state.saml
    return found
