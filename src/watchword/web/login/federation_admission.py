"""Accounts that nobody has, at their first sign-in: taken in where the directory's settings say so."""

from __future__ import annotations

from watchword.collect.directories.configured import Configured
from watchword.errors import RowExists
from watchword.model.directory import DirectoryAccount
from watchword.store.state.standing import DIRECTORY_ACTOR
from watchword.web.login.pages_front import Front


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
