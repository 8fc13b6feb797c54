"""What was computed of the organisation last, for the accounts that ask for the same again.

An assessment judges accounts one after another, each beside the same answers of the organisation, which may be large.
Only the last organisation is remembered; nothing depends on it but time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from watchword.model.snapshot import AccountView

T = TypeVar("T")


@dataclass(slots=True)
class Remembered(Generic[T]):
    """One computed value, and the organisation's view that it was computed of."""

    _last: tuple[AccountView, T] | None = None

    def of(self, organization: AccountView, compute: Callable[[AccountView], T]) -> T:
        """The value for ``organization``, computed if the last one asked for was another.

        Views that were narrowed to other tables hold the same answers and count as the same organisation.
        """
        last = self._last
        if last is not None and last[0].tables is organization.tables and last[0].holes is organization.holes:
            return last[1]
        value = compute(organization)
        self._last = (organization, value)
        return value
