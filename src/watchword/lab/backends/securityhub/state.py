"""What moto's backend of Security Hub doesn't keep: settings of the hub, standards, aggregator, imports.

Whether the hub is enabled, its findings and its members stay in moto's own backend.
Reference: https://docs.aws.amazon.com/securityhub/1.0/APIReference/Welcome.html
"""

from dataclasses import dataclass

from moto.core.base_backend import BackendDict, BaseBackend
from moto.securityhub.models import SecurityHubBackend, securityhub_backends

from watchword.lab.backends.call import Call, Refusal


@dataclass(frozen=True, slots=True)
class Aggregator:
    """Which regions send their findings to the region that keeps this."""

    arn: str
    home: str
    mode: str
    regions: tuple[str, ...]

    def describe(self) -> dict[str, object]:
        """The aggregator as GetFindingAggregator tells it; regions only where the mode names some."""
        described: dict[str, object] = {
            "FindingAggregatorArn": self.arn,
            "FindingAggregationRegion": self.home,
            "RegionLinkingMode": self.mode,
        }
        return described | ({"Regions": list(self.regions)} if self.regions else {})

    def links(self, region: str) -> bool:
        """Whether findings of a region come to the home region."""
        if self.mode == "SPECIFIED_REGIONS":
            return region in self.regions
        return self.mode != "NO_REGIONS" and region not in self.regions


class SecurityHubState(BaseBackend):
    """Settings of one account's hub in one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.auto_enable_controls = True
        self.generator = "SECURITY_CONTROL"
        self.standards: dict[str, dict[str, str]] = {}
        self.products: set[str] = set()
        self.aggregator: Aggregator | None = None

    @property
    def arn(self) -> str:
        """The ARN of the hub."""
        return f"arn:{self.partition}:securityhub:{self.region_name}:{self.account_id}:hub/default"


securityhub_states = BackendDict(SecurityHubState, "securityhub")


def hub_of(account: str, region: str) -> SecurityHubBackend:
    """Moto's backend for an account and region."""
    return securityhub_backends[account][region]


def state_of(call: Call) -> SecurityHubState:
    """The state of the caller's hub; InvalidAccessException, as AWS answers, where Security Hub isn't enabled."""
    if not hub_of(call.account, call.region).enabled:
        raise Refusal(
            "InvalidAccessException", f"Account {call.account} is not subscribed to AWS Security Hub"
        )
    return securityhub_states[call.account][call.region]


def administrator_of(account: str, region: str) -> str | None:
    """The account that has this one as an enabled member of its hub, if any."""
    for candidate, regions in securityhub_backends.items():
        backend = regions.get(region)
        member = backend.members.get(account) if backend else None
        if member and member["MemberStatus"] == "Enabled":
            return str(candidate)
    return None
