"""Answers of AWS's directories, page by page, with the collection's limits and retries; failures as errors of directories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from watchword.aws import Aws, AwsSettings, Operation
from watchword.collect.live import LiveSource
from watchword.collect.source import Call, CallFailed
from watchword.errors import DirectoryDenied, DirectoryError, DirectoryLying, DirectoryUnreachable
from watchword.model.evidence import HoleReason
from watchword.model.ids import ORGANIZATION, AccountId, Region

_ERRORS: Final = {
    HoleReason.DENIED: DirectoryDenied,
    HoleReason.NOT_ASSUMED: DirectoryDenied,
    HoleReason.UNREACHABLE: DirectoryUnreachable,
    HoleReason.THROTTLED: DirectoryUnreachable,
    HoleReason.MALFORMED: DirectoryLying,
}


class Asking:
    """Asks one service of one account (empty: the caller's) and region; only operations that are named are sent."""

    def __init__(
        self, settings: AwsSettings, service: str, region: str, account: str, operations: str
    ) -> None:
        allowed: frozenset[Operation] = frozenset((service, one) for one in operations.split())
        self._live = LiveSource(Aws(settings, allowed))
        self._service = service
        self._region = Region(region)
        self._account = AccountId(account) if account else ORGANIZATION

    def pages(self, operation: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """All pages of an answer.

        Raises:
            DirectoryError: there is none.
        """
        try:
            yield from self._live.pages(Call(self._account, self._region, self._service, operation, params))
        except CallFailed as failed:
            kind = _ERRORS.get(failed.reason, DirectoryError)
            raise kind(
                f"{operation} failed: {failed.code} {failed.message}".strip()[:500],
                where=f"{self._service} in {self._region}",
                remedy="see that the region is right and the caller may read it",
            ) from failed

    def first(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The first page of an answer.

        Raises:
            DirectoryError: there is none.
        """
        return next(iter(self.pages(operation, params)))


def text(row: Mapping[str, Any], key: str) -> str:
    """A text of an answer; empty where there is none."""
    found = row.get(key)
    return found if isinstance(found, str) else ""


def moment(row: Mapping[str, Any], key: str) -> datetime | None:
    """A time of an answer, as AWS sends it: seconds since 1970 or ISO 8601; ``None`` where there is none that can be read."""
    found = row.get(key)
    try:
        if isinstance(found, int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(found, UTC)
        if isinstance(found, str):
            told = datetime.fromisoformat(found)
            return told.astimezone(UTC) if told.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None
    return found if isinstance(found, datetime) and found.tzinfo else None
