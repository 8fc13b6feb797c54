"""Types of columns that mean the same on SQLite and on PostgreSQL, and the metadata that all tables share.

- ``Instant``: a time zone-aware time; UTC with microseconds.  ``timestamptz`` on PostgreSQL, ISO 8601 text of one
  width on SQLite, so that the order of texts is the order of times.
- ``Json``: canonical JSON (sorted keys, no spaces) as text, so that equal values have equal text.
- ``Words``: text of a greatest length; SQLite would take any length, PostgreSQL no NUL.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from watchword.clock import stamp

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of the state; constraints have names, without which a migration could not drop them."""

LONGEST_JSON: Final = 1024 * 1024
"""Characters of a JSON value; a larger one is refused rather than kept."""


class Instant(TypeDecorator[datetime]):
    """A time zone-aware instant, given back in UTC."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """``timestamptz`` on PostgreSQL, 27 characters elsewhere."""
        zoned = DateTime(timezone=True) if dialect.name == "postgresql" else String(27)
        return dialect.type_descriptor(zoned)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """To the database.

        Raises:
            ValueError: the time has no time zone, and so could mean any instant of a day.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be kept")
        return value.astimezone(UTC) if dialect.name == "postgresql" else stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """From the database, in UTC."""
        if value is None:
            return None
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return found.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002
        """To the database.

        Raises:
            ValueError: the value is not JSON (NaN, a lone surrogate) or too long.
            TypeError: it holds what JSON has not.
        """
        if value is None:
            return None
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        if len(text) > LONGEST_JSON:
            raise ValueError(f"a JSON value of {len(text)} characters is longer than {LONGEST_JSON}")
        return _sound(text)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """From the database."""
        return None if value is None else json.loads(value)


class Words(TypeDecorator[str]):
    """Text of at most ``length`` characters, without NUL."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database.

        Raises:
            ValueError: the text is longer, or holds what PostgreSQL cannot keep.
        """
        if value is None:
            return None
        length = getattr(self.impl, "length", None)
        if length is not None and len(value) > length:
            raise ValueError(f"a text of {len(value)} characters is longer than {length}")
        return _sound(value)


def _sound(text: str) -> str:
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise ValueError("a text with a NUL or half a surrogate pair cannot be kept")
    return str(text)


NAME: Final = 200
"""Characters of ids, kinds and names of machines."""

PROSE: Final = 2_000
"""Characters of what people read."""
