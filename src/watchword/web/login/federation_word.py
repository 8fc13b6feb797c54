"""What an identity provider has said of somebody, and what follows from it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from watchword.collect.directories.configured import Configured
from watchword.errors import DirectoryError, RowExists, SignInRefused, WatchwordError
from watchword.model.directory import DirectoryAccount
from watchword.store.state.standing import DIRECTORY_ACTOR
from watchword.web.login import sign_in
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


def refused(front: Front, target: str, error: SignInRefused) -> Response:
    """The first page again, with the sentence that everybody reads."""
    told, status = front.refused(error)
    return identify(front, target, told, status)


def silent(front: Front, directory: str, target: str, error: WatchwordError) -> Response:
    """The first page again, where the identity provider could not be asked."""
    tell(front, directory, error)
    return identify(front, target, SILENT, 503)


def take_in(front: Front, directory: Configured, account: DirectoryAccount) -> None:
    """Take in an account that nobody has, where the directory's settings say so.

    Raises:
        DirectoryError: the directory is disabled.
    """
    if not directory.admit:
        return
    from watchword.access.admission import admit
    from watchword.access.directories import directory_of

    act = front.visit.act(f"{DIRECTORY_ACTOR}{directory.directory}", "signed in for the first time")
    table = front.parts.plane.directories[directory.directory]
    try:
        admit(front.parts.desk.database, directory_of(directory.directory, table), account, act)
    except RowExists:
        # The same account signs in twice at once: the other has taken it in.
        return


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
