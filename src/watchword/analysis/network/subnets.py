"""Which subnets are public: those whose route table leads to an internet gateway.

A subnet uses the route table that is associated with it, or else the main one of its VPC.  A route counts if it is
active and its target is an internet gateway (``igw-…``); NAT and egress-only gateways let nobody in.  Security groups,
network ACLs, public addresses and VPC block public access are not looked at here.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html#subnet-types
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from watchword.model.evidence import EvidenceMissing
from watchword.model.ids import Region
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

TABLES = ("ec2.subnets", "ec2.route_tables")
"""What must be read to use ``routing_of`` and ``public_subnets``."""


@dataclass(frozen=True, slots=True)
class Routing:
    """The route tables of a region: by the subnets associated with them, and the main ones by VPC."""

    explicit: Mapping[str, Resource]
    main: Mapping[str, Resource]

    @classmethod
    def of(cls, tables: Iterable[Resource]) -> Routing:
        """The routing that rows of ``ec2.route_tables`` tell."""
        explicit: dict[str, Resource] = {}
        main: dict[str, Resource] = {}
        for table in tables:
            for association in table.items("Associations"):
                if association.flag("Main", absent=False):
                    main[table.text("VpcId")] = table
                elif subnet := association.text("SubnetId", absent=""):
                    explicit[subnet] = table
        return cls(explicit, main)

    def table_of(self, subnet: str, vpc: str) -> Resource:
        """The route table that a subnet (by id) of a VPC (by id) uses.

        Raises:
            EvidenceMissing: none was seen, as in a VPC that another account shares.
        """
        found = self.explicit.get(subnet) or self.main.get(vpc)
        if found is None:
            raise EvidenceMissing(f"the route table of {subnet} in {vpc} was not seen")
        return found

    def is_public(self, subnet: str, vpc: str) -> bool:
        """Whether the subnet is public.

        Raises:
            EvidenceMissing: as for ``table_of``.
        """
        return any(True for _ in internet_routes(self.table_of(subnet, vpc)))


def internet_routes(table: Resource) -> Iterator[Document]:
    """The active routes of a route table to an internet gateway."""
    for route in table.items("Routes"):
        is_active = route.text("State", absent="active") == "active"
        if is_active and route.text("GatewayId", absent="").startswith("igw-"):
            yield route


def destination(route: Document) -> str:
    """Where a route leads to: a CIDR or the id of a prefix list."""
    fields = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return next((found for field in fields if (found := route.text(field, absent=""))), "?")


def routing_of(view: AccountView, region: Region) -> Routing:
    """The routing of a region.

    Raises:
        EvidenceMissing: route tables were not read.
    """
    return Routing.of(view.rows("ec2.route_tables", region))


def public_subnets(view: AccountView, region: Region) -> frozenset[str]:
    """The ids of the public subnets of a region.

    Raises:
        EvidenceMissing: subnets or route tables were not read, or the table of a subnet was not seen.
    """
    routing = routing_of(view, region)
    return frozenset(
        subnet.text("SubnetId")
        for subnet in view.rows("ec2.subnets", region)
        if routing.is_public(subnet.text("SubnetId"), subnet.text("VpcId"))
    )
