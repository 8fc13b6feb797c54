"""Which schema a database has, and whether it is this program's.

Revisions are numbers of four digits in one line, so that older and newer can be told without knowing the newer ones.
Nothing here loads Alembic.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, text

from watchword.errors import DatabaseDamaged, DatabaseMissing, DatabaseNewer, DatabaseOlder

REVISION: Final = "0002"
"""The schema of this program: the newest migration in ``migrations/versions``."""

TABLE: Final = "alembic_version"


def found_revision(connection: Connection) -> str | None:
    """The revision of the database's schema; ``None`` where nothing has been set up.

    Raises:
        DatabaseDamaged: it says several, or none that a version of this program could have written.
    """
    if not inspect(connection).has_table(TABLE):
        return None
    found = [str(one) for one in connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalars()]  # noqa: S608
    if not found:
        return None
    if len(found) > 1 or not (len(found[0]) == 4 and found[0].isdecimal()):
        raise DatabaseDamaged(
            f"the database says that its schema is {', '.join(found)[:100]}, which no version of watchword writes",
            remedy="see that the address is that of watchword's own database",
        )
    return found[0]


def require_current(connection: Connection, where: str) -> None:
    """See that the schema is this program's.

    Raises:
        DatabaseMissing: nothing has been set up.
        DatabaseOlder, DatabaseNewer: it is another version's.
    """
    found = found_revision(connection)
    if found is None:
        raise DatabaseMissing(
            "the database is empty: nothing has been set up in it",
            where=where,
            remedy="set it up: watchword db upgrade",
        )
    if found < REVISION:
        raise DatabaseOlder(
            f"the database has schema {found}, this program needs {REVISION}",
            where=where,
            remedy="back it up, then bring it up to date: watchword db upgrade",
        )
    if found > REVISION:
        refuse_newer(found, where)


def refuse_newer(found: str, where: str) -> None:
    """Say that a newer version of watchword has changed the database.

    Raises:
        DatabaseNewer: always.
    """
    raise DatabaseNewer(
        f"the database has schema {found}, which is newer than this program's {REVISION}",
        where=where,
        remedy="use the version of watchword that wrote it, or a later one; or restore a backup from before",
    )
