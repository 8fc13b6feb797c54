"""What an identity provider has said of somebody, and what follows from it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from watchword.collect.directories.configured import Configured
from watchword.errors import DirectoryError, SignInRefused, WatchwordError
from watchword.model.directory import DirectoryAccount
from watchword.web.console.views.sign_in import AwayView
from watchword.web.login import sign_in
from watchword.web.login.federation_admission import take_in
from watchword.web.login.pages_front import Front
from watchword.web.login.pages_sign_in import SILENT, identify
from watchword.web.login.progress import Refused, Word
from watchword.web.login.settling import refuse


@dataclass(frozen=True, slots=True)
class Said:
    """An identity provider's word, whose signature has been verified: the account, and how it was proved there."""

    account: DirectoryAccount
    acr: str = ""
    amr: tuple[str, ...] = ()


def came_back(
    front: Front, directory: Configured | None, target: str, listen: Callable[[], Said]
) -> Response:
    """Hear what an identity provider says, and go on from it: to a session, or to one's own factor where it is too weak.

    Whatever goes wrong is written down, and told to nobody.
    """
    name = directory.directory if directory else ""
    try:
        said = listen()
    except SignInRefused as error:
        return refused(front, target, refuse(front.parts.desk, Refused(error.what), front.visit, name))
    except DirectoryError as error:
        return silent(front, name, target, error)
    return _taken(front, directory, target, said) if directory else refused(front, target, SignInRefused(""))


def away(front: Front, directory: Configured, address: str) -> Response:
    """Send the browser to an identity provider."""
    return front.page(directory.display, AwayView(directory.display, address))


def refused(front: Front, target: str, error: SignInRefused) -> Response:
    """The first page again, with the sentence that everybody reads."""
    told, status = front.refused(error)
    return identify(front, target, told, status)


def silent(front: Front, directory: str, target: str, error: WatchwordError) -> Response:
    """The first page again, where the identity provider could not be asked."""
    tell(front, directory, error)
    return identify(front, target, SILENT, 503)


def tell(front: Front, directory: str, error: WatchwordError) -> None:
    """Why an identity provider could not be asked, for the log."""
    front.parts.plane.told(
        {
            "event": "directory",
            "directory": directory,
            "kind": type(error).__name__,
            "what": error.what,
            "request": front.visit.arrival.request_id,
        }
    )


def _taken(front: Front, directory: Configured, target: str, said: Said) -> Response:
    try:
        take_in(front, directory, said.account)
        word = Word(directory.directory, said.account.subject, said.acr, said.amr)
        result = sign_in.prove_federated(front.parts.desk, word, front.visit)
    except SignInRefused as error:
        return refused(front, target, error)
    except DirectoryError as error:
        return silent(front, directory.directory, target, error)
    return front.arrived(result, target)
