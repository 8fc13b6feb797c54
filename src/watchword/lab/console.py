"""What Company ABC adds to ``watchword serve --lab``: its people, and how they sign in, in a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchword.lab.people import Sample, settle

if TYPE_CHECKING:
    from watchword.web.control_plane import ControlPlane

FOLDER: Final = Path(".watchword/demo")
"""Where the file of the lab's people lies, where their state is on a server."""


def admitted(plane: ControlPlane) -> Iterator[str]:
    """Let the people be there, and tell how they sign in.

    Raises:
        WatchwordError: they cannot be.
    """
    file = plane.database.address.file
    cast = settle(plane, file.parent if file is not None else FOLDER)
    yield from told(cast, plane.clock())
    if not (plane.folder / "assessments").is_dir():
        yield f"{plane.folder} holds no assessment yet: run `make demo` once, and the console shows Company ABC."


def told(cast: Sequence[Sample], now: datetime) -> Iterable[str]:
    """The people, their passwords, and the codes that their apps show at ``now``."""
    yield "Sign in as one of these; the code changes every 30 seconds: `watchword lab people` shows the next."
    row = "  {:<8} {:<15} {:<30} {:<7}".format
    yield row("name", "role", "password", "code").rstrip()
    for one in cast:
        yield row(one.user_name, one.role, one.password, one.code(now)).rstrip()
