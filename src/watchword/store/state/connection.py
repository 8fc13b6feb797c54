"""The connection of a transaction, for rooms that hand one on from ``Database.writing`` and speak no SQL themselves."""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["Connection"]
