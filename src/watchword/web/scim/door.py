"""The door of a process: SCIM for the directories that its settings name, on its database."""

from __future__ import annotations

from typing import Final

from starlette.routing import Router

from watchword.access.directories import directory_of
from watchword.errors import DirectoryError, RowExists
from watchword.store.state import directory_records
from watchword.store.state.batch import Batch
from watchword.store.state.scim_store import SqlScimStore
from watchword.store.state.transition import Act
from watchword.web.control_plane import ControlPlane
from watchword.web.scim import routes
from watchword.web.scim.service import ScimService
from watchword.web.scim.settings import tables_of, tokens_of

PATH: Final = "/scim/v2"
"""Where the door stands, below the public address."""

ACTOR: Final = "settings"
"""Who makes a directory that the settings name."""


def router(plane: ControlPlane) -> Router:
    """The routes of the door, to be mounted at ``PATH``; directories that are not in the database yet are made.

    Raises:
        ConfigError, UsageError: the settings of a directory are wrong.
        DatabaseError: the database cannot take them.
    """
    made = door(plane)
    _ensure(plane)
    return routes.router(made)


def door(plane: ControlPlane) -> routes.Door:
    """What the routes need of a process.

    Raises:
        ConfigError: the settings of a directory are wrong.
    """
    return routes.Door(
        service=ScimService(SqlScimStore(Batch(plane.database))),
        authenticate=tokens_of(plane.directories),
        clock=plane.clock,
        base=plane.settings.public_url.rstrip("/") + PATH,
        patience=plane.settings.body_seconds,
    )


def _ensure(plane: ControlPlane) -> None:
    """See that the directories are in the database; one that is disabled stays so, and takes no change."""
    for name, table in tables_of(plane.directories).items():
        act = Act(ACTOR, plane.clock(), why="a directory of the settings")
        try:
            with plane.database.writing() as connection:
                directory_records.ensure(connection, directory_of(name, table), act)
        except (DirectoryError, RowExists):
            # Disabled, or another process was quicker.
            continue
