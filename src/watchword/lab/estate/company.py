"""Company ABC on paper: its accounts, organisational units and regions.

Everything else of the estate is built by the modules beside this one, area by area, in ``before`` and ``after``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """``before``: realistic flaws next to good practice.  ``after``: the same company once the programme is done."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class LabAccount:
    """An account of Company ABC: its alias (used as account name), id and organisational unit (``""``: the root)."""

    alias: str
    id: str
    ou: str


MANAGEMENT: Final = LabAccount("management", "111111111111", "")
SECURITY: Final = LabAccount("security", "222222222222", "Security")
LOG_ARCHIVE: Final = LabAccount("log-archive", "333333333333", "Security")
IDENTITY: Final = LabAccount("identity", "444444444444", "Infrastructure")
NETWORK: Final = LabAccount("network", "555555555555", "Infrastructure")
PROD: Final = LabAccount("prod", "666666666666", "Workloads")
DATA: Final = LabAccount("data", "777777777777", "Workloads")
DEV: Final = LabAccount("dev", "888888888888", "Workloads")
SANDBOX: Final = LabAccount("sandbox", "999999999999", "Sandbox")

ACCOUNTS: Final = (MANAGEMENT, SECURITY, LOG_ARCHIVE, IDENTITY, NETWORK, PROD, DATA, DEV, SANDBOX)
UNITS: Final = ("Security", "Infrastructure", "Workloads", "Sandbox")

HOME: Final = "eu-west-1"
"""Where the company's Identity Center, aggregators and most workloads live."""
REGIONS: Final = (HOME, "eu-central-1", "us-east-1")

PARTNER_AUDITOR: Final = "121212121212"
"""A declared partner outside the organisation: the auditing firm."""
PARTNER_LOGISTICS: Final = "131313131313"
"""A declared partner outside the organisation: the logistics firm."""
STRANGER: Final = "141414141414"
"""An account outside the organisation that nobody declared."""
