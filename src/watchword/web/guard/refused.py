"""A request that a guard does not let through."""

from __future__ import annotations

from collections.abc import Mapping

from watchword.errors import WatchwordError


class Refused(WatchwordError):
    """A request was refused before anything looked at what it asks for; ``what`` is for whoever asked."""

    def __init__(self, status: int, what: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(what)
        self.status = status
        self.headers = dict(headers or {})


CLOSE = {"connection": "close"}
"""For requests whose body is not read: the connection cannot be used for another."""
