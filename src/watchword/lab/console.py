"""What Company ABC adds to ``watchword serve --lab``: its settings, its state, its people; and how they sign in, in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from watchword.lab.people import Sample, settle

if TYPE_CHECKING:
    from watchword.web.control_plane import ControlPlane

FOLDER: Final = Path(".watchword/lab")
ASSESSMENTS: Final = Path(".watchword/demo")


@dataclass(frozen=True, slots=True)
class LabConsole:
    """The lab's part of the console; see ``watchword.plugins.LabConsole``."""

    folder: Path = FOLDER
    store: Path = ASSESSMENTS

    @property
    def web(self) -> Mapping[str, Any]:
        """Passwords are switched on, which a company that has passkeys would not do."""
        return {"company": "Company ABC", "passwords": True}

    @property
    def database(self) -> str:
        """A state of its own: the lab's people never come into another."""
        return f"sqlite:///{(self.folder / 'console.sqlite').resolve()}"

    def settle(self, plane: ControlPlane) -> Iterable[str]:
        """Let the people be there, and tell how they sign in."""
        cast = settle(plane, self.folder)
        yield from told(cast, plane.clock())
        if not (plane.folder / "assessments").is_dir():
            yield f"{plane.folder} holds no assessment yet: run `make demo` once, and the console shows Company ABC."


def told(cast: Sequence[Sample], now: datetime) -> Iterable[str]:
    """The people, their passwords, and the codes that their apps show at ``now``."""
    yield "Sign in as one of these; the code changes every 30 seconds: `watchword lab people` shows the next."
    row = "  {:<8} {:<15} {:<30} {:<7}".format
    yield row("name", "role", "password", "code")
    for one in cast:
        yield row(one.user_name, one.role, one.password, one.code(now))
