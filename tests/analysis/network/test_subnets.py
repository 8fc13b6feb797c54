"""Which subnets are public."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controls.builder import HOME, view
from watchword.analysis.network.subnets import public_subnets
from watchword.model.evidence import EvidenceMissing

OUT = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}


def table(
    name: str, *routes: dict[str, Any], main: bool = False, subnets: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A route table of vpc-1."""
    associations: list[dict[str, Any]] = [{"SubnetId": one, "Main": False} for one in subnets]
    if main:
        associations.append({"Main": True})
    return {"_name": name, "VpcId": "vpc-1", "Associations": associations, "Routes": list(routes)}


def public(*tables: dict[str, Any], vpc: str = "vpc-1") -> frozenset[str]:
    """The public ones of subnets a and b."""
    subnets = [{"SubnetId": one, "VpcId": vpc} for one in ("a", "b")]
    return public_subnets(view({"ec2.subnets": subnets, "ec2.route_tables": tables}), HOME)


def test_a_subnet_follows_the_table_associated_with_it_and_others_the_main_one() -> None:
    assert public(table("main", main=True), table("out", OUT, subnets=("a",))) == {"a"}
    assert public(table("main", OUT, main=True), table("in", subnets=("a",))) == {"b"}


def test_the_association_counts_whatever_the_order_of_the_tables() -> None:
    assert public(table("out", OUT, subnets=("a",)), table("main", main=True)) == {"a"}


@pytest.mark.parametrize(
    "route",
    [
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"},
        {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1", "State": "active"},
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "State": "active"},
        {**OUT, "State": "blackhole"},
    ],
)
def test_what_is_no_way_in_makes_no_subnet_public(route: dict[str, Any]) -> None:
    assert public(table("main", route, main=True)) == frozenset()


@pytest.mark.parametrize(
    "route",
    [
        OUT,
        {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/1", "GatewayId": "igw-1"},
    ],
)
def test_any_active_route_to_an_internet_gateway_makes_a_subnet_public(route: dict[str, Any]) -> None:
    assert public(table("main", route, main=True)) == {"a", "b"}


def test_a_subnet_whose_table_was_not_seen_is_not_taken_for_private() -> None:
    with pytest.raises(EvidenceMissing, match="route table of a in vpc-shared"):
        public(table("main", OUT, main=True), vpc="vpc-shared")
