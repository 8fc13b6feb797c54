"""Samples of pages about controls, the estate, attack paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.report.attack_fakes import sample_page
from tests.web.console.samples import NAMES, NOW, row, tally
from watchword.controls.catalogue import catalogue
from watchword.controls.standing import Counts, standing
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import GLOBAL, AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import Account
from watchword.report.attack_model import AttackGraph
from watchword.report.attack_page import AttackPage
from watchword.web.console.views import controls, estate, paths

PROD = Account(
    AccountId("111122223333"),
    "prod",
    "aws+prod@abc.example",
    path=("Root", "Workloads"),
    ou_ids=("r-1", "ou-1"),
    is_management=True,
    tags={"owner": "platform"},
)
CLOSED = Account(AccountId("444455556666"), status="SUSPENDED")
COUNTS = {PROD.id: Counts(40, 3, 1, 2)}
HOLE = Hole(PROD.id, Region("eu-west-1"), "s3", "s3.buckets", HoleReason.DENIED, "AccessDenied")


def resource(number: int = 1, table: str = "iam.users", **more: Any) -> Resource:
    """A row of a table."""
    arn = f"arn:aws:iam::111122223333:user/user-{number}"
    data = {
        "UserName": f"user-{number}",
        "CreateDate": "2025-01-01T00:00:00Z",
        "UserPolicyList": [{}],
        **more,
    }
    return Resource(
        where=f"{table} {arn}",
        data=data,
        account=PROD.id,
        region=GLOBAL,
        table=table,
        kind="AWS::IAM::User",
        arn=arn,
        name=f"user-{number}",
        tags={"team": "a", "empty": ""},
    )


def views() -> Iterator[tuple[str, str, Any]]:
    """Name, place in the navigation, view."""
    standings = {one.control.id: one for one in standing(catalogue(), tally()).controls}
    yield "controls", "controls", controls.controls_view(catalogue(), standings, {})
    asked = {"requirement": "R1", "verdict": "gap", "q": "mfa"}
    yield "controls-filtered", "controls", controls.controls_view(catalogue(), standings, asked)
    yield "controls-none", "controls", controls.controls_view(catalogue(), {}, {"q": "nothing is called so"})
    gap = next(one for one in standings.values() if one.accounts_with_gaps)
    yield "control", "controls", controls.control_view(gap.control, gap, NAMES)
    yield "control-unjudged", "controls", controls.control_view(catalogue()[0], None, {})
    line = estate.account_line(PROD, COUNTS, {PROD.id: 1_204}, {PROD.id: 3})
    yield (
        "estate",
        "estate",
        estate.estate_view(
            (PROD, CLOSED),
            COUNTS,
            {PROD.id: 1_204},
            {PROD.id: 3},
            snapshot="20261126",
            read=NOW,
            is_finished=False,
        ),
    )
    yield "estate-empty", "estate", estate.EstateView(exists=False)
    yield "estate-no-account", "estate", estate.estate_view((), {}, {}, {})
    units = [("iam", "global", 12), ("s3", "eu-west-1", 0), ("ec2", "eu-west-1", 3), ("ec2", "eu-west-3", 4)]
    yield "account", "estate", estate.account_view(PROD, line, units, [HOLE] * 103)
    yield "account-bare", "estate", estate.account_view(CLOSED, line, (), ())
    rows = [resource(number) for number in range(120)]
    asked = {"table": "iam.users", "q": "user", "page": "2"}
    yield "service", "estate", estate.service_view(PROD, "iam", rows, (HOLE,), asked)
    yield "service-none", "estate", estate.service_view(PROD, "iam", rows, (), {"q": "nobody"})
    yield "service-empty", "estate", estate.service_view(PROD, "iam", (), (), {})
    odd = resource(1, "iam.login_profiles", _holes={"Policy": "denied: AccessDenied"}, long="x" * 70_000)
    yield "resource", "estate", estate.resource_view(PROD, (resource(), odd), (row(), row(2)), 9)
    yield "resource-bare", "estate", estate.resource_view(CLOSED, (resource(),), (), 0)
    roles = [
        resource(1, "iam.roles", RoleLastUsed={"LastUsedDate": "2026-11-20T00:00:00Z"}, UserPolicyList=None),
        resource(2, "iam.roles", CreateDate={"not": "a time"}, AttachedManagedPolicies=[]),
    ]
    yield "identities", "identities", estate.identities_view((PROD, CLOSED), PROD, rows + roles, {})
    asked = {"kind": "iam.roles", "q": "zz"}
    yield (
        "identities-none",
        "identities",
        estate.identities_view((PROD,), PROD, rows, asked, ("iam.roles not read",)),
    )
    yield "identities-empty", "identities", estate.no_identities()
    yield "paths", "paths", paths.paths_view(sample_page())
    yield "paths-waiting", "paths", paths.waiting()
    yield "paths-nothing", "paths", paths.nothing_read("the snapshot is damaged")
    none = AttackPage(AttackGraph((), (), "No path leads to a crown jewel"), (), not_seen=("roles of dev",))
    yield "paths-none", "paths", paths.paths_view(none)
