"""Tests of the room run on both databases, as those of the state do."""

from tests.store.state.conftest import database, new, postgresql, servers, url

__all__ = ["database", "new", "postgresql", "servers", "url"]
