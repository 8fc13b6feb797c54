"""A snapshot in memory, and a small assessment of it, for the tests of reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from watchword.controls.catalogue import find
from watchword.errors import QueryFailed
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import GLOBAL, AccountId
from watchword.model.snapshot import Account, AccountView
from watchword.report.assessment import Assessment, ControlSet, assess

MANIFEST: dict[str, Any] = {
    "id": "20260601T000000Z-abcd",
    "started": "2026-06-01T00:00:00.000000Z",
    "finished": "2026-06-01T00:03:00.000000Z",
    "caller": "arn:aws:sts::111122223333:assumed-role/audit/me",
    "source": "live",
    "version": "0.1.0",
    "scope": {"accounts": [], "regions": [], "services": []},
    "accounts": {ACCOUNT: "prod", "444455556666": "dev"},
    "regions": ["eu-west-1"],
    "services": ["guardduty", "cloudtrail"],
    "warnings": [],
}
OTHER = AccountId("444455556666")
NASTY = '<script>alert("x")</script>'


@dataclass
class FakeSnapshot:
    """Views of two accounts and the organisation; queries answer from a table."""

    views: dict[AccountId, AccountView]
    answers: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=lambda: dict(MANIFEST))
    id: str = "20260601T000000Z-abcd"

    def accounts(self) -> list[Account]:
        return [one.account for one in self.views.values()]

    def view(self, account: AccountId) -> AccountView:
        return self.views[account]

    def organization_view(self) -> AccountView | None:
        return organization({"organizations.delegated_administrators": [], "organizations.accounts": []})

    def query(self, account: AccountId, sql: str) -> list[dict[str, Any]]:
        if sql not in self.answers:
            raise QueryFailed("no such column: colour")
        return self.answers[sql]


def snapshot(**more: Any) -> FakeSnapshot:
    """One account with a gap, one with GuardDuty on, both with holes."""
    finding = {
        "_name": NASTY,
        "AccountId": ACCOUNT,
        "Severity": 8.0,
        "Type": NASTY,
        "CreatedAt": "2026-05-01T00:00:00Z",
    }
    on = {"_name": "guardduty", "Status": "ENABLED", "Organization": None}
    bad = view(
        {"guardduty.detectors": [on], "guardduty.findings": [finding], "cloudtrail.trails": []},
        account=Account(AccountId(ACCOUNT), "prod", is_management=True),
        denied=["global:s3.buckets"],
    )
    good = view(
        {"guardduty.detectors": [on], "guardduty.findings": []},
        account=Account(OTHER, "dev"),
        denied=["cloudtrail.trails"],
    )
    hole = Hole(OTHER, GLOBAL, "iam", "*", HoleReason.THROTTLED, "slow down")
    return FakeSnapshot({ACCOUNT: bad, OTHER: replace(good, holes=(*good.holes, hole))}, **more)


def assessment(store: Path, *names: str, **more: Any) -> Assessment:
    """The assessment of that snapshot by a few controls."""
    controls = tuple(find(name) for name in (names or ("LG-01", "LG-04", "LG-05")))
    return assess(snapshot(**more), ControlSet(controls), store)
