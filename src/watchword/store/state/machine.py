"""What ties a table to its state machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Table

from watchword.model.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """A table whose rows have a lifecycle: columns ``id`` and ``version``, and ``column`` with the state.

    ``kind`` is how the audit calls a row, ``person`` the column that says whose personal data it holds (empty: nobody's);
    columns in ``unaudited`` may be touched without a record.
    """

    table: Table
    kind: str
    column: str
    life: Lifecycle[Any]
    states: type[StrEnum]
    person: str = "principal"
    unaudited: frozenset[str] = frozenset()
