"""A reading of a directory, put aside until it is whole: on disk, in a file without a name, whatever its size.

Nothing is changed by half a reading, and an id that comes twice is known before anything is made of it.  The file is SQLite's
own temporary database, which its process alone can open and which ends with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from watchword.clock import stamp
from watchword.errors import DatabaseFull, WatchwordError
from watchword.model.directory import DirectoryAccount, DirectoryFault, DirectoryGroup
from watchword.store.audit.canonical import canonical
from watchword.store.state.accounts import read_columns
from watchword.store.state.columns import NAME, PROSE

LONGEST_SUBJECT: Final = 500
"""Characters of a directory's id of something; a longer one is no id."""

MOST_FAULTS: Final = 1_000
"""Faults of a reading that are kept."""

_TIMES: Final = ("account_created", "account_expires", "last_sign_in", "password_changed")
_WIDTH: Final = {"employee_number": NAME}

Columns = dict[str, Any]
"""What a directory says of an account, by the columns of ``accounts``."""


class Spool:
    """Accounts and groups of one reading, by the directory's ids; ``faults`` are what could not be believed of it."""

    def __init__(self) -> None:
        self.faults: list[DirectoryFault] = []
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("CREATE TABLE entries (kind TEXT, subject TEXT, body TEXT, often INTEGER,"
                           " PRIMARY KEY (kind, subject)) WITHOUT ROWID")  # fmt: skip
        self._file.execute("BEGIN")

    def close(self) -> None:
        """Forget the reading."""
        self._file.close()

    def add_account(self, one: DirectoryAccount) -> None:
        """Put an account aside; a fault where it cannot be kept."""
        columns = read_columns(one)
        try:
            times = {name: None if columns[name] is None else _stamp(columns[name]) for name in _TIMES}
            wrong, body = _unfit(one.subject, columns), canonical(columns | times)
        except (WatchwordError, ValueError, TypeError) as error:
            wrong, body = f"what it says cannot be kept: {error}", ""
        self._add("account", one.subject, body, wrong)

    def add_group(self, one: DirectoryGroup) -> None:
        """Put a group aside, with its direct members."""
        members = {"accounts": sorted(set(one.accounts)), "groups": sorted(set(one.groups))}
        wrong = _unfit(one.subject, {"display": one.display_name})
        if not wrong and any(_unfit(each, {}) for some in members.values() for each in some):
            wrong = "the id of a member is none"
        body = "" if wrong else json.dumps({"display": one.display_name} | members)
        self._add("group", one.subject, body, wrong)

    def _add(self, kind: str, subject: str, body: str, wrong: str) -> None:
        if wrong:
            self.fault(
                DirectoryFault(f"{kind} {subject[:80]!r}", wrong, "see what the directory holds there")
            )
            return
        put = "INSERT INTO entries VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET often = often + 1"
        try:
            self._file.execute(put, (kind, subject, body))
        except sqlite3.Error as error:
            raise DatabaseFull(
                f"the reading cannot be put aside: {error}", remedy="make room where temporary files are"
            ) from None

    def fault(self, one: DirectoryFault) -> None:
        """Note a fault; the thousandth tells that there are more."""
        if len(self.faults) < MOST_FAULTS - 1:
            self.faults.append(one)
        elif len(self.faults) == MOST_FAULTS - 1:
            self.faults.append(
                DirectoryFault("", f"there are {MOST_FAULTS} faults or more; the rest is not told")
            )

    @property
    def is_full_of_faults(self) -> bool:
        """Whether faults were left away, so that it is not known what could not be read."""
        return len(self.faults) >= MOST_FAULTS

    def count(self, kind: str) -> int:
        """How many different accounts or groups there are, doubtful ones too."""
        return int(self._file.execute("SELECT count(*) FROM entries WHERE kind = ?", (kind,)).fetchone()[0])

    def doubles(self, kind: str) -> Iterator[str]:
        """Ids that came more than once, of which none is believed."""
        rows = self._file.execute("SELECT subject FROM entries WHERE kind = ? AND often > 1", (kind,))
        return (row[0] for row in rows)

    def accounts(self, size: int) -> Iterator[list[tuple[str, Columns]]]:
        """Believed accounts by id, in lists of ``size``."""
        return (
            [(subject, _columns(body)) for subject, body in some] for some in self._pages("account", size)
        )

    def groups(self, size: int) -> Iterator[list[tuple[str, Mapping[str, Any]]]]:
        """Believed groups by id: ``display``, ``accounts``, ``groups``."""
        return (
            [(subject, json.loads(body)) for subject, body in some] for some in self._pages("group", size)
        )

    def _pages(self, kind: str, size: int) -> Iterator[list[tuple[str, str]]]:
        page = (
            "SELECT subject, body FROM entries WHERE kind = ? AND subject > ? AND often = 1"
            " ORDER BY subject LIMIT ?"
        )
        last = ""
        while rows := self._file.execute(page, (kind, last, size)).fetchall():
            yield rows
            last = rows[-1][0]

    def missing(self, kind: str, subjects: Sequence[str]) -> set[str]:
        """Those of some ids that did not come at all."""
        marks = ",".join("?" * len(subjects))
        found = self._file.execute(
            f"SELECT subject FROM entries WHERE kind = ? AND subject IN ({marks})",  # noqa: S608 - marks only
            (kind, *subjects),
        )
        return set(subjects) - {row[0] for row in found}


def _unfit(subject: str, texts: Mapping[str, Any]) -> str:
    """Why an entry cannot be kept; empty where it can."""
    if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        return f"its id is not one of 1 to {LONGEST_SUBJECT} printable characters"
    for name, value in texts.items():
        if isinstance(value, str) and (len(value) > _WIDTH.get(name, PROSE) or "\0" in value):
            return f"its {name} is too long, or holds NUL"
    return ""


def _stamp(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a time has no time zone")
    return stamp(at)


def _columns(body: str) -> Columns:
    found: Columns = json.loads(body)
    for name in _TIMES:
        if found[name] is not None:
            found[name] = datetime.fromisoformat(found[name])
    return found
