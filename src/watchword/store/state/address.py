"""Where the state lies: the address of a database, and how it is shown without its password.

Plain text only: nothing here opens a database or loads a driver, so that settings can be checked by every command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

DEFAULT: Final = "sqlite:///.watchword/state.sqlite"
"""The database where none is named: a file in this folder."""

ENVIRONMENT: Final = "WATCHWORD_DATABASE"
"""The variable that names a database before the settings do."""

EXPECTED: Final = "sqlite:///path/to/file or postgresql://user@host/database is expected"
_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


@dataclass(frozen=True, slots=True)
class Address:
    """A database: the file of a SQLite database, or the URL of a PostgreSQL one.

    ``url`` may hold a password and is never shown; ``str()`` is what may be.
    """

    url: str
    file: Path | None = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take the address of a database apart.

        Raises:
            ValueError: it is neither a file's nor a PostgreSQL server's; the text never repeats the address.
        """
        if url.startswith(_SQLITE):
            name = url.removeprefix(_SQLITE)
            if not name or name.startswith(":memory:") or "?" in name or "\0" in name:
                raise ValueError(f"the address of a SQLite database names no plain file; {EXPECTED}")
            return cls(url, Path(name))
        try:
            parts = urlsplit(url)
            known = parts.scheme in _POSTGRESQL and (parts.port is None or parts.port > 0)
        except ValueError:
            known = False
        if not known or "://" not in url:
            raise ValueError(f"this is not the address of a database; {EXPECTED}")
        return cls(f"postgresql+psycopg://{url.partition('://')[2]}")

    def below(self, folder: Path) -> Address:
        """The same database, a relative file being relative to ``folder``."""
        if self.file is None:
            return self
        file = (folder / self.file).absolute()
        return Address(f"{_SQLITE}{file}", file)

    def __str__(self) -> str:
        """The address without password and parameters, which may hold one."""
        if self.file is not None:
            return str(self.file)
        parts = urlsplit(self.url)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{user}{parts.hostname or ''}{port}{parts.path}"

    def __repr__(self) -> str:
        return f"Address({self})"
