"""The lab's clock: real time, or real time moved by as much as somebody asked.

What it does: tells when sessions are issued, expire and are used, and lets a test or a user of the lab move on without
waiting. What it does not do: move the times that the emulator itself writes.
"""

from datetime import datetime, timedelta

from moto.core.base_backend import BackendDict, BaseBackend

from watchword.clock import now


class LabClock(BaseBackend):
    """How far the lab's time is ahead of real time; back to real time with moto's reset."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The lab's instant, in UTC."""
        return now() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Move on by so much; a negative span moves back."""
        self._ahead += by


# One clock for all accounts; kept as the emulator keeps its state, so that its reset finds it.
_CLOCKS = BackendDict(LabClock, "sts", use_boto3_regions=False, additional_regions=["aws"])


def lab_clock() -> LabClock:
    """The clock of the lab in this process."""
    return _CLOCKS["000000000000"]["aws"]
