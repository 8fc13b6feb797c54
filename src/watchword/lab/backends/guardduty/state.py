"""Findings, members and organisation settings of GuardDuty in one account and region.

What it does: keeps what moto's own backend doesn't; detectors stay in moto's. What it does not do: answer requests.
Reference: https://docs.aws.amazon.com/guardduty/latest/APIReference/Welcome.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BackendDict, BaseBackend
from moto.guardduty.models import Detector, guardduty_backends

from watchword.lab.backends.call import Call, Refusal, conform


def stamp(when: datetime) -> str:
    """A time (UTC) as GuardDuty writes it, with milliseconds."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Member:
    """An account that an administrator watches. `relationship` is "Enabled" or "Created" (not yet invited)."""

    account: str
    email: str
    relationship: str
    since: datetime


class GuardDutyState(BaseBackend):
    """What belongs to the one detector that an account can have in a region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.findings: dict[str, dict[str, Any]] = {}
        self.members: dict[str, Member] = {}
        self.auto_enable_members = "NONE"
        self.auto_enable_features: dict[str, dict[str, Any]] = {}

    def detector(self) -> Detector | None:
        """Moto's detector of this account and region, if there is one."""
        detectors: dict[str, Detector] = guardduty_backends[self.account_id][self.region_name].detectors
        return next(iter(detectors.values()), None)

    def add_finding(self, finding: Mapping[str, Any], at: datetime | None = None) -> str:
        """Let GuardDuty see something; gives the id of the finding.

        `finding` is in the form of GetFindings and needs `Type`, `Severity` (1 to 10), `Title`, `Description`
        and `Resource`; account, region, ids, times and `Service` are filled in where absent. `at` (UTC) is now
        unless given. The administrator of this account sees the finding as well. Raises `AnswerError` for
        another form, and BadRequestException where the account has no detector in the region.
        """
        detector = self.detector()
        if detector is None:
            raise no_detector()
        whole = {**self._frame(stamp(at or datetime.now(UTC))), **finding}
        whole["Service"] = {**self._service(detector.id, whole), **finding.get("Service", {})}
        whole["Arn"] = (
            f"arn:{self.partition}:guardduty:{self.region_name}:{self.account_id}"
            f":detector/{detector.id}/finding/{whole['Id']}"
        )
        conform("guardduty", "Finding", whole)
        self.findings[whole["Id"]] = whole
        return str(whole["Id"])

    def _frame(self, when: str) -> dict[str, Any]:
        return {
            "AccountId": self.account_id,
            "Region": self.region_name,
            "Partition": self.partition,
            "Id": uuid4().hex,
            "SchemaVersion": "2.0",
            "CreatedAt": when,
            "UpdatedAt": when,
        }

    @staticmethod
    def _service(detector: str, whole: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "ServiceName": "guardduty",
            "DetectorId": detector,
            "Archived": False,
            "Count": 1,
            "EventFirstSeen": whole["CreatedAt"],
            "EventLastSeen": whole["UpdatedAt"],
        }


guardduty_states = BackendDict(GuardDutyState, "guardduty")


def no_detector() -> Refusal:
    """The error for a detector that the caller doesn't have."""
    return Refusal(
        "BadRequestException",
        "The request is rejected because the input detectorId is not owned by the current account.",
    )


def state_of(call: Call) -> GuardDutyState:
    """The state that belongs to the detector in a call; BadRequestException if the caller doesn't own it."""
    state = guardduty_states[call.account][call.region]
    detector = state.detector()
    if detector is None or detector.id != call.params["DetectorId"]:
        raise no_detector()
    return state
