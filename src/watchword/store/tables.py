"""SQL over the rows of a snapshot, for users' own controls and questions; read-only and shut off from the world.

Each table of the snapshot is a table of the query: ``ec2.instances`` is ``ec2_instances``, with the columns ``account``,
``region``, ``arn``, ``name``, ``kind``, ``tags`` (JSON) and ``data`` (JSON: ``data->>'$.State.Name'``).  Tables that
were read and are empty are there, with no rows.  A query sees nothing else: no files, no network, no extensions, no
settings; what it may use of memory and time is bounded.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from watchword.errors import QueryFailed
from watchword.model.ids import AccountId
from watchword.store.lines import COLUMNS, line

if TYPE_CHECKING:
    import duckdb

    from watchword.store.snapshots import Snapshot

MEMORY: Final = "512MB"
"""What a query may use of memory."""
SECONDS: Final = 60.0
"""How long a query may take."""
ROWS: Final = 100_000
"""How many rows a query may give."""

_SHOWN: Final = ("account", "region", "arn", "name", "kind", "tags", "data")
_TYPES: Final = {column: "JSON" if column in {"tags", "data"} else "VARCHAR" for column in COLUMNS}
_NAME: Final = re.compile(r"[a-z0-9_]+")


class SnapshotTables:
    """The tables of a snapshot (of one account, or of all with ``account`` ``None``) as a closed database."""

    def __init__(self, snapshot: Snapshot, account: AccountId | None = None) -> None:
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="watchword-sql-")
        self.connection: duckdb.DuckDBPyConnection = duckdb.connect(
            str(Path(self._folder.name) / "rows.duckdb"),
            config={"threads": 1, "memory_limit": MEMORY, "autoinstall_known_extensions": False},
        )
        self._load(snapshot, account)
        self._shut()

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows of one SELECT, each as a mapping from column to value.

        Raises:
            QueryFailed: the query is wrong, takes too long or too much, or is not a single SELECT.
        """
        import duckdb

        watch = threading.Timer(SECONDS, self.connection.interrupt)
        watch.daemon = True
        watch.start()
        try:
            statements = self.connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryFailed("the query is not one SELECT", remedy="write one SELECT statement")
            found = self.connection.execute(statements[0])
            names = [column[0] for column in found.description or ()]
            rows = found.fetchmany(ROWS + 1)
        except duckdb.InterruptException as error:
            raise QueryFailed(f"the query took longer than {SECONDS:g} s", remedy="narrow it") from error
        except duckdb.Error as error:
            raise QueryFailed(" ".join(str(error).split())[:500], remedy="correct the query") from error
        finally:
            watch.cancel()
        if len(rows) > ROWS:
            raise QueryFailed(f"the query gives more than {ROWS} rows", remedy="narrow it or aggregate")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def close(self) -> None:
        """Forget the tables."""
        self.connection.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self, snapshot: Snapshot, account: AccountId | None) -> None:
        load_rows(self.connection, _lines(snapshot, account), Path(self._folder.name))
        for table in snapshot.manifest["tables"]:
            name = sql_name(table)
            self.connection.execute(
                f"CREATE VIEW {name} AS SELECT {', '.join(_SHOWN)} FROM rows WHERE \"table\" = '{table}'"  # noqa: S608
            )

    def _shut(self) -> None:
        """From here on nothing outside can be read or written, and no setting changed.

        Source: https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
        """
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")


def load_rows(connection: duckdb.DuckDBPyConnection, lines: Iterable[str], scratch: Path) -> None:
    """Make the table ``rows`` of packed lines (see ``store.lines``), by way of a file in ``scratch``."""
    path = scratch / "rows.ndjson"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{one}\n" for one in lines)
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in _TYPES.items())
    connection.execute(
        f"CREATE TABLE rows AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{types}}},"  # noqa: S608
        " maximum_object_size = 134217728)",
        [str(path)],
    )
    path.unlink()


def sql_name(table: str) -> str:
    """The name of a table in SQL: ``sso-admin.permission_sets`` is ``sso_admin_permission_sets``.

    Raises:
        ValueError: the table's name has other characters than letters, digits, dots, hyphens and underscores.
    """
    name = table.replace(".", "_").replace("-", "_").lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{table!r} is not the name of a table")
    return name


def _lines(snapshot: Snapshot, account: AccountId | None) -> Iterator[str]:
    for one in [account] if account else [planned.account.id for planned in snapshot.planned()]:
        for key, row in snapshot.rows(one):
            yield line(key, row)
