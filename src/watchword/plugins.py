"""What users add: controls by Python entry points, controls in SQL files, and commands.

Entry-point group ``watchword.controls``: each names a ``Control`` or an iterable of them.  SQL controls are the ``*.sql``
files of the folder that ``watchword.toml`` names.  A plug-in that cannot be loaded never stops an assessment: it is
reported as a problem.  A file with bad front matter does stop it, since its author stands before the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, Protocol

from watchword.controls.registry import Control
from watchword.controls.sql import SqlControl, parse
from watchword.controls.text import TextError
from watchword.errors import UsageError

CONTROLS: Final = "watchword.controls"
COMMANDS: Final = "watchword.commands"
LABS: Final = "watchword.labs"
LAB_SETTINGS: Final = "watchword.lab_settings"
PEOPLE: Final = "watchword.people"
SQL_LIMIT: Final = 256 * 1024
"""Largest SQL control, in bytes."""


@dataclass(frozen=True, slots=True)
class UserControls:
    """Controls of the user, and what could not be loaded (sentences)."""

    python: tuple[Control, ...] = ()
    sql: tuple[SqlControl, ...] = ()
    problems: tuple[str, ...] = ()


def user_controls(folder: Path | None) -> UserControls:
    """All controls that plug-ins and the folder of SQL files give.

    Raises:
        TextError: a SQL file cannot be read or its front matter is wrong, or two controls have one id.
    """
    python: list[Control] = []
    problems: list[str] = []
    for entry in entry_points(group=CONTROLS):
        loaded = _load(entry)
        if isinstance(loaded, str):
            problems.append(loaded)
        else:
            python.extend(loaded)
    return UserControls(tuple(python), tuple(_sql(folder)) if folder else (), tuple(problems))


def refuse_duplicates(own: tuple[Control, ...], users: UserControls) -> None:
    """Raise ``TextError`` where a user's control takes the id of another."""
    seen = {control.id: control.origin for control in own}
    added = [(one.id, one.origin) for one in users.python] + [(one.text.id, one.origin) for one in users.sql]
    for name, origin in added:
        if name in seen:
            raise TextError(f"{origin}: the id {name} is taken by a control of {seen[name]}; choose another")
        seen[name] = origin


def commands() -> Iterator[tuple[str, Any | str]]:
    """Name and Typer application of each installed command group (the lab is one); a sentence where it has none."""
    for entry in entry_points(group=COMMANDS):
        try:
            yield entry.name, entry.load()
        # As for controls: somebody else's code must not take all commands away.
        except Exception as error:  # noqa: BLE001
            yield entry.name, _not_loaded(entry, error)


def _not_loaded(entry: EntryPoint, error: Exception) -> str:
    return f"plug-in {entry.name} ({entry.value}) could not be loaded: {type(error).__name__}: {error}"


def _load(entry: EntryPoint) -> list[Control] | str:
    try:
        loaded = entry.load()
        found = [loaded] if isinstance(loaded, Control) else list(loaded)
    # A plug-in is somebody else's code: whatever its import raises is its fault, not the assessment's end.
    except Exception as error:  # noqa: BLE001
        return _not_loaded(entry, error)
    strange = [one for one in found if not isinstance(one, Control)]
    if strange:
        return f"plug-in {entry.name} ({entry.value}) gave a {type(strange[0]).__name__}, not a Control"
    return found


def _sql(folder: Path) -> Iterator[SqlControl]:
    if not folder.is_dir():
        raise TextError(f"{folder}: the folder of controls named in watchword.toml does not exist")
    for file in sorted(folder.glob("*.sql")):
        if file.stat().st_size > SQL_LIMIT:
            raise TextError(f"{file}: larger than {SQL_LIMIT} bytes")
        try:
            yield parse(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise TextError(f"{file}: cannot be read: {error}") from error


class RunningLab(Protocol):
    """A lab that answers: where, and the settings that go with it."""

    @property
    def endpoint_url(self) -> str:
        """What AWS clients take as their endpoint URL; on the loopback interface."""

    @property
    def settings(self) -> Path:
        """The ``watchword.toml`` of the company that the lab plays."""


def lab_people(plane: object) -> Iterator[str]:
    """Put the lab's people into the state of a control plane, and say how they sign in; nothing where no lab has any.

    An entry of the group ``watchword.people`` takes the ``ControlPlane`` and gives sentences.
    """
    for entry in entry_points(group=PEOPLE):
        yield from entry.load()(plane)


def lab_settings() -> Path | None:
    """The ``watchword.toml`` of the company that the installed lab plays; ``None`` where there is no lab.

    An entry of the group ``watchword.lab_settings`` gives its path.
    """
    for entry in entry_points(group=LAB_SETTINGS):
        return Path(entry.load()())
    return None


@contextmanager
def lab(state: str) -> Iterator[RunningLab]:
    """The installed lab, running in ``state`` while the block runs.

    Raises:
        UsageError: no lab is installed.
    """
    found = list(entry_points(group=LABS))
    if not found:
        raise UsageError("no lab is installed", remedy="install watchword with its extra: watchword[lab]")
    with found[0].load()(state) as running:
        yield running
