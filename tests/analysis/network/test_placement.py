"""What lies in which VPC, and which VPCs are sensitive."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controls.builder import view
from watchword.analysis.network.placement import WORKLOADS, Content, content_of, sensitive_vpcs
from watchword.model.evidence import EvidenceMissing
from watchword.model.snapshot import AccountView

RESTRICTED = {"data-classification": "Restricted"}
VPC = {"_name": "app", "VpcId": "vpc-1"}


def seen(vpc: dict[str, Any] | None = None, *, denied: tuple[str, ...] = (), **tables: Any) -> AccountView:
    """An account with one VPC and these workloads; every other table of workloads is empty."""
    read = {name: tables.get(name.replace(".", "_"), []) for name in WORKLOADS if name not in denied}
    return view({"ec2.vpcs": [vpc or VPC], **read}, denied=denied)


def content(*args: Any, **more: Any) -> Content:
    """What the one VPC holds."""
    found = seen(*args, **more)
    (vpc,) = found.rows("ec2.vpcs")
    return content_of(vpc, found)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("ec2_instances", {"VpcId": "vpc-1", "State": {"Name": "stopped"}}),
        ("rds_instances", {"DBSubnetGroup": {"VpcId": "vpc-1"}}),
        ("redshift_clusters", {"VpcId": "vpc-1"}),
        ("opensearch_domains", {"VPCOptions": {"VPCId": "vpc-1"}}),
        ("lambda_functions", {"VpcConfig": {"VpcId": "vpc-1"}}),
        ("elbv2_load_balancers", {"VpcId": "vpc-1"}),
    ],
)
def test_each_kind_of_workload_is_found_in_its_vpc_and_makes_it_sensitive(
    table: str, row: dict[str, Any]
) -> None:
    ordinary = content(**{table: [row]})
    labelled = content(**{table: [{**row, "_tags": RESTRICTED}]})
    assert (len(ordinary.ordinary), ordinary.is_sensitive()) == (1, False)
    assert (len(labelled.sensitive), labelled.is_sensitive()) == (1, True)


def test_what_lies_outside_or_elsewhere_does_not_count() -> None:
    rows = [
        {"VpcId": "vpc-2", "State": {"Name": "running"}},
        {"State": {"Name": "running"}, "_arn": "classic"},
    ]
    assert content(ec2_instances=rows).workloads == ()


def test_nothing_sensitive_among_what_was_read_says_nothing_of_the_rest() -> None:
    with pytest.raises(EvidenceMissing, match=r"VPC app was not read in full.*redshift"):
        content(denied=("redshift.clusters",)).is_sensitive()


def test_a_label_says_enough_whatever_was_not_read() -> None:
    found = content({**VPC, "_tags": RESTRICTED}, denied=("redshift.clusters",))
    assert found.is_sensitive()
    assert found.why_sensitive() == "is labelled sensitive"


def test_sensitive_vpcs_are_told_with_why() -> None:
    database = {"_name": "payroll", "_tags": RESTRICTED, "DBSubnetGroup": {"VpcId": "vpc-1"}}
    (found,) = sensitive_vpcs(seen(rds_instances=[database]))
    assert found.why_sensitive() == "holds database payroll"
    assert list(sensitive_vpcs(seen())) == []
