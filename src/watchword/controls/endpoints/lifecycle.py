"""When support of a runtime, an operating system, an engine ends: the table ``support.toml``, read and looked up.

The table is data of the package, like the texts of controls.  What it does not list is not known, and is never guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources


class TableError(ValueError):
    """The table of ends of support is not as it must be; the message names product and key."""


@dataclass(frozen=True, slots=True)
class Line:
    """A product with its versions: ``ends`` the last day of security updates, ``extended`` that of a paid extension.

    ``platforms`` are the names by which Systems Manager knows an operating system; ``version_in_name`` is true where
    the version stands in that name and not in the version field (Windows).  ``source`` is where the dates come from.
    """

    key: str
    what: str
    source: str
    ends: Mapping[str, date]
    extended: Mapping[str, date] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    version_in_name: bool = False

    def release(self, version: str) -> str | None:
        """The listed version that ``version`` belongs to: ``8`` for ``8.6``, the longest that fits; ``None`` if none."""
        fitting = [one for one in self.ends if version == one or version.startswith((f"{one}.", f"{one} "))]
        return max(fitting, key=len, default=None)


@cache
def lines() -> Mapping[str, Line]:
    """All products of the table, by key.

    Raises:
        TableError: an entry lacks a key or has a value of another type.
    """
    text = (resources.files("watchword.controls.endpoints") / "support.toml").read_text(encoding="utf-8")
    return {key: _line(key, found) for key, found in tomllib.loads(text).items()}


def line_of_platform(platform: str) -> Line | None:
    """The operating system with the platform name that Systems Manager gives (``Ubuntu``); ``None`` where unlisted."""
    fitting = [
        (name, line) for line in lines().values() for name in line.platforms if platform.startswith(name)
    ]
    return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else None


def version_of_platform(line: Line, platform: str, version: str) -> str:
    """The version to look up: from the version field, or for Windows from what follows the name."""
    if not line.version_in_name:
        return version
    name = max((one for one in line.platforms if platform.startswith(one)), key=len)
    return platform.removeprefix(name).strip()


def _line(key: str, found: Mapping[str, object]) -> Line:
    what, source = found.get("what"), found.get("source")
    if not isinstance(what, str) or not isinstance(source, str):
        raise TableError(f"{key}: the keys 'what' and 'source' must be texts")
    platforms = found.get("platforms", [])
    if not isinstance(platforms, list):
        raise TableError(f"{key}: 'platforms' must be a list")
    return Line(
        key=key,
        what=what,
        source=source,
        ends=_dates(key, found.get("ends")),
        extended=_dates(key, found.get("extended", {})),
        platforms=tuple(platforms),
        version_in_name=bool(found.get("version_in_name", False)),
    )


def _dates(key: str, found: object) -> dict[str, date]:
    if not isinstance(found, Mapping) or not all(isinstance(one, date) for one in found.values()):
        raise TableError(f"{key}: 'ends' and 'extended' must map versions to dates")
    return dict(found)
