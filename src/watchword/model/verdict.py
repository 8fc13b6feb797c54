"""How a judgement is worded: verdicts, severities, and the frames that controls are mapped to.

The frames are the eleven requirements, the six pillars, the functions and stages of CISA's Zero Trust Maturity
Model 2.0 (https://www.cisa.gov/zero-trust-maturity-model) and the seven tenets of NIST SP 800-207 §2.1
(https://doi.org/10.6028/NIST.SP.800-207).  No judging happens here.
"""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum
from typing import Final


class Verdict(StrEnum):
    """What a control says of a resource.  ``UNKNOWN`` names missing evidence and never counts as met."""

    MET = "met"
    GAP = "gap"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class Severity(IntEnum):
    """How much a gap matters; the numbers order and weigh (see ``controls.maturity``)."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The severity in lower case, as it stands in reports and TOML."""
        return self.name.lower()


class Confidence(StrEnum):
    """How sure a finding is: ``HIGH`` where AWS states the fact, lower where it is inferred."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(IntEnum):
    """Three steps for user impact and for effort."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """The level in lower case."""
        return self.name.lower()


class Pillar(StrEnum):
    """The six pillars; the values are the words of the reports."""

    IDENTITY = "identity"
    INFRASTRUCTURE = "infrastructure"
    NETWORK = "network"
    APPLICATIONS = "applications"
    ENDPOINTS = "endpoints"
    DATA = "data"


class Requirement(Enum):
    """The eleven requirements.  ``value`` is the short id, ``title`` what is required."""

    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"
    R6 = "R6"
    R7 = "R7"
    R8 = "R8"
    R9 = "R9"
    R10 = "R10"
    R11 = "R11"

    @property
    def title(self) -> str:
        """The requirement in one sentence."""
        return _REQUIREMENT_TITLES[self.value]

    @property
    def beyond(self) -> str:
        """What of the requirement the configuration of AWS cannot show, so that no control of it is a full proof."""
        return _BEYOND[self.value]


_REQUIREMENT_TITLES: Final = {
    "R1": "Strong modern authentication for all users, cloud-native and from the on-premises directory",
    "R2": "Guests reach only what is assigned to them, and are reviewed regularly",
    "R3": "Administrators get just-in-time access: justified, approved, time-bound, audited",
    "R4": "Applications with sensitive information make users verify their identity again",
    "R5": "All identities are protected from common attacks",
    "R6": "Users in dangerous locations must re-authenticate",
    "R7": "Devices are verified and patched before they reach company resources",
    "R8": "Users are analysed for anomalous behaviour and threats",
    "R9": "Network resources with sensitive information are not reachable by public connections",
    "R10": "All activity and events are logged and can be reviewed in one place",
    "R11": "Reports for executives and for incident handling",
}


_BEYOND: Final = {
    "R1": "how people sign in at other identity providers and in the on-premises directory",
    "R2": "whether guests' access is reviewed, and what guests hold outside AWS",
    "R3": "justification, approval and expiry of each grant, and privilege escalation in several steps",
    "R4": "whether an application asked again at the moment of access",
    "R5": "attacks in progress: brute force, spraying, stolen sessions",
    "R6": "what was decided at a sign-in from a dangerous place",
    "R7": "people's devices: management, patches, encryption",
    "R8": "the behaviour of single users",
    "R9": "reachability over several hops",
    "R10": "whether every source delivers without gaps, and reviews of what it delivers",
    "R11": "delivery of reports, and how incidents were handled",
}


class Stage(IntEnum):
    """The four stages of the maturity model, lowest first."""

    TRADITIONAL = 0
    INITIAL = 1
    ADVANCED = 2
    OPTIMAL = 3

    @property
    def word(self) -> str:
        """The stage in lower case."""
        return self.name.lower()


class ZtmmFunction(StrEnum):
    """The functions of the maturity model: ``<pillar>.<function>``; three of each pillar are cross-cutting."""

    ID_AUTHENTICATION = "Identity.Authentication"
    ID_STORES = "Identity.Identity Stores"
    ID_RISK = "Identity.Risk Assessments"
    ID_ACCESS = "Identity.Access Management"
    ID_VISIBILITY = "Identity.Visibility and Analytics"
    ID_AUTOMATION = "Identity.Automation and Orchestration"
    ID_GOVERNANCE = "Identity.Governance"
    DEV_POLICY = "Devices.Policy Enforcement and Compliance Monitoring"
    DEV_SUPPLY_CHAIN = "Devices.Asset and Supply Chain Risk Management"
    DEV_ACCESS = "Devices.Resource Access"
    DEV_THREAT = "Devices.Device Threat Protection"
    DEV_VISIBILITY = "Devices.Visibility and Analytics"
    DEV_AUTOMATION = "Devices.Automation and Orchestration"
    DEV_GOVERNANCE = "Devices.Governance"
    NET_SEGMENTATION = "Networks.Network Segmentation"
    NET_TRAFFIC = "Networks.Network Traffic Management"
    NET_ENCRYPTION = "Networks.Traffic Encryption"
    NET_RESILIENCE = "Networks.Network Resilience"
    NET_VISIBILITY = "Networks.Visibility and Analytics"
    NET_AUTOMATION = "Networks.Automation and Orchestration"
    NET_GOVERNANCE = "Networks.Governance"
    APP_ACCESS = "Applications.Application Access"
    APP_THREAT = "Applications.Application Threat Protections"
    APP_ACCESSIBLE = "Applications.Accessible Applications"
    APP_DEVELOPMENT = "Applications.Secure Application Development and Deployment Workflow"
    APP_TESTING = "Applications.Application Security Testing"
    APP_VISIBILITY = "Applications.Visibility and Analytics"
    APP_AUTOMATION = "Applications.Automation and Orchestration"
    APP_GOVERNANCE = "Applications.Governance"
    DATA_INVENTORY = "Data.Data Inventory Management"
    DATA_CATEGORIZATION = "Data.Data Categorization"
    DATA_AVAILABILITY = "Data.Data Availability"
    DATA_ACCESS = "Data.Data Access"
    DATA_ENCRYPTION = "Data.Data Encryption"
    DATA_VISIBILITY = "Data.Visibility and Analytics"
    DATA_AUTOMATION = "Data.Automation and Orchestration"
    DATA_GOVERNANCE = "Data.Governance"


TENETS: Final = {
    1: "All data sources and computing services are considered resources",
    2: "All communication is secured regardless of network location",
    3: "Access to individual enterprise resources is granted on a per-session basis",
    4: "Access to resources is determined by dynamic policy",
    5: "The enterprise monitors and measures the integrity and security posture of all assets",
    6: "All resource authentication and authorization are dynamic and strictly enforced before access",
    7: "The enterprise collects as much information as possible and uses it to improve its security posture",
}
"""The seven tenets of NIST SP 800-207 §2.1, shortened."""
