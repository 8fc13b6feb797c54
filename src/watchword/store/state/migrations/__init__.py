"""Migrations of the state's schema, oldest first in ``versions``; run by ``watchword.store.state.migrate``."""
