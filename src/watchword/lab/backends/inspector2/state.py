"""What Inspector scans and has found in one account and region.

Moto keeps the states of accounts in the backend of whoever asks, so that an administrator and its members see
different things; here each account has its own. Members and administrators stay in moto's backend.
Reference: https://docs.aws.amazon.com/inspector/v2/APIReference/Welcome.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BackendDict, BaseBackend
from moto.inspector2.models import inspector2_backends

from watchword.lab.backends.call import conform

# Types of scans, and how states of accounts call them.
SCANS = {
    "EC2": "ec2",
    "ECR": "ecr",
    "LAMBDA": "lambda",
    "LAMBDA_CODE": "lambdaCode",
    "CODE_REPOSITORY": "codeRepository",
}


class InspectorState(BaseBackend):
    """The scans that are switched on, and the findings by ARN."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.scans: set[str] = set()
        self.findings: dict[str, dict[str, Any]] = {}

    def statuses(self) -> dict[str, str]:
        """ENABLED or DISABLED for each type of scan, under the names of account states."""
        return {name: "ENABLED" if scan in self.scans else "DISABLED" for scan, name in SCANS.items()}

    @property
    def status(self) -> str:
        """ENABLED if anything is scanned."""
        return "ENABLED" if self.scans else "DISABLED"

    def add_finding(self, finding: Mapping[str, Any], at: datetime | None = None) -> str:
        """Let Inspector find something; gives the ARN of the finding.

        `finding` is in the form of ListFindings and needs `type`, `severity`, `description`, `remediation` and
        `resources`; account, ARN, times (now, or `at` in UTC) and the status ACTIVE are filled in where absent.
        The administrator of this account sees it as well. Raises `AnswerError` for another form.
        """
        when = at or datetime.now(UTC)
        arn = f"arn:{self.partition}:inspector2:{self.region_name}:{self.account_id}:finding/{uuid4().hex}"
        whole = {
            "findingArn": arn,
            "awsAccountId": self.account_id,
            "status": "ACTIVE",
            "firstObservedAt": when,
            "lastObservedAt": when,
            "updatedAt": when,
            **finding,
        }
        conform("inspector2", "Finding", whole)
        self.findings[whole["findingArn"]] = whole
        return str(whole["findingArn"])


inspector2_states = BackendDict(InspectorState, "inspector2")


def watched_by(account: str, region: str) -> list[str]:
    """An account and the enabled members that it administers."""
    members = inspector2_backends[account][region].members
    return [account, *(name for name, member in members.items() if member.status == "ENABLED")]


def administers(account: str, region: str) -> bool:
    """Whether an account is the delegated administrator of an organisation in a region."""
    backends = (regions.get(region) for regions in inspector2_backends.values())
    return any(backend and backend.admin_accounts.get(account) == "ENABLED" for backend in backends)
