"""Session, findings and jobs of Macie in one account and region.

Moto's own backend has Macie enabled from the start; in AWS it is off, and every call but the one that enables it is
refused. Therefore the session is kept here. Members and administrators stay in moto's backend.
Reference: https://docs.aws.amazon.com/macie/latest/APIReference/welcome.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BackendDict, BaseBackend

from watchword.lab.backends.call import AnswerError, Call, Refusal, conform

# What a finding must say, although the model demands nothing.
NEEDED = ("type", "severity", "title", "description", "resourcesAffected")


@dataclass(frozen=True, slots=True)
class Session:
    """Macie as it was switched on; `status` is ENABLED or PAUSED."""

    frequency: str
    status: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Discovery:
    """Automated sensitive data discovery; the times are None until it happened."""

    status: str = "DISABLED"
    members: str = "NONE"
    first_enabled: datetime | None = None
    disabled: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A classification job: `request` is what CreateClassificationJob was given."""

    id: str
    arn: str
    status: str
    created: datetime
    request: Mapping[str, Any]
    runs: int = 0
    last_run: datetime | None = None


class MacieState(BaseBackend):
    """What Macie knows in one account and region; nothing of it exists until Macie is enabled."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.session: Session | None = None
        self.discovery = Discovery()
        self.findings: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, Job] = {}
        self.auto_enable = False
        self.emails: dict[str, str] = {}
        self.scope_id = uuid4().hex
        self.template_id = uuid4().hex

    def enable(self, frequency: str = "FIFTEEN_MINUTES", status: str = "ENABLED") -> None:
        """Switch Macie on; ConflictException where it is on already."""
        if self.session:
            raise Refusal("ConflictException", "Macie has already been enabled.")
        now = datetime.now(UTC)
        self.session = Session(frequency, status, now, now)

    def add_finding(self, finding: Mapping[str, Any], at: datetime | None = None) -> str:
        """Let Macie find something; gives the id of the finding.

        `finding` is in the form of GetFindings and needs `type`, `severity`, `title`, `description` and
        `resourcesAffected`; account, region, ids, times (now, or `at` in UTC) and the category are filled in where
        absent. The administrator of this account sees it as well. Raises `AnswerError` for another form and
        AccessDeniedException where Macie isn't enabled.
        """
        if self.session is None:
            raise not_enabled()
        missing = [name for name in NEEDED if name not in finding]
        if missing:
            raise AnswerError(f"macie2 Finding: missing {', '.join(missing)}")
        whole = {**self._frame(str(finding["type"]), at or datetime.now(UTC)), **finding}
        conform("macie2", "Finding", whole)
        self.findings[whole["id"]] = whole
        return str(whole["id"])

    def _frame(self, kind: str, when: datetime) -> dict[str, Any]:
        return {
            "accountId": self.account_id,
            "region": self.region_name,
            "partition": self.partition,
            "id": uuid4().hex,
            "schemaVersion": "1.0",
            "createdAt": when,
            "updatedAt": when,
            "count": 1,
            "archived": False,
            "sample": False,
            "category": "POLICY" if kind.startswith("Policy:") else "CLASSIFICATION",
        }

    def finish_job(self, job_id: str, at: datetime | None = None) -> None:
        """Let a job finish a run: a one-time job is COMPLETE then, a scheduled one waits. KeyError if unknown."""
        job = self.jobs[job_id]
        status = "COMPLETE" if job.request["jobType"] == "ONE_TIME" else "IDLE"
        when = at or datetime.now(UTC)
        self.jobs[job_id] = replace(job, status=status, runs=job.runs + 1, last_run=when)


macie2_states = BackendDict(MacieState, "macie2")


def not_enabled() -> Refusal:
    """What Macie answers to everything while it is off."""
    return Refusal("AccessDeniedException", "Macie is not enabled.")


def session_of(call: Call) -> Session:
    """The caller's session; AccessDeniedException where Macie isn't enabled, as AWS answers."""
    session = macie2_states[call.account][call.region].session
    if session is None:
        raise not_enabled()
    return session


def state_of(call: Call) -> MacieState:
    """The caller's state; AccessDeniedException where Macie isn't enabled."""
    session_of(call)
    return macie2_states[call.account][call.region]
