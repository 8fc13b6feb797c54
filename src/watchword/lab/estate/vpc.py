"""Company ABC: its VPCs, with subnets, routes and security groups, and what joins them.

Kept for later areas, each under ``kind/account/region/name`` (region eu-west-1 unless said):

* ``vpc/…/<vpc>``: network ``egress``, ``shared``; prod ``app``, ``vault``, and in eu-central-1 ``standby``; data
  ``data``; dev ``dev``; sandbox ``sandbox``; identity ``directory``.
* ``subnet/…/<vpc>-<tier>-<a|b>``: tiers ``public``, ``inspection``, ``tgw`` of egress; ``private`` of shared, vault,
  data, dev, sandbox, directory; ``public``, ``app``, ``data`` of app; ``public``, ``app`` of standby; ``public`` of dev
  and sandbox; ``data-public-a`` and ``-b`` exist in ``before`` only.
* ``sg/…/<vpc>-<group>``, e.g. ``app-web-lb``, ``app-web``, ``app-app``, ``app-database``, ``app-functions``,
  ``app-endpoints``, ``app-bastion``, ``vault-vault-database``, ``standby-standby-lb``, ``data-database``,
  ``data-warehouse``, ``data-search``, ``dev-web-lb``, ``dev-web``, ``dev-database``, ``dev-open-for-tests``,
  ``dev-build-agents``, ``sandbox-experiments``, ``directory-directory``: every group of ``vpc_plan``.
* ``route-table/…/<vpc>-<public|private>``, ``igw/…/<vpc>``, ``nat/…/<vpc>``.

Where sensitive things go: in ``before``, prod's sensitive databases sit among the workloads in ``app-data-a`` and
``-b`` (a flaw), and the data account's VPC has an internet gateway and a peering; good practice next to it is prod's
``vault``.  In ``after`` sensitive things are in ``vault`` and in data's ``data-private-a`` and ``-b`` only, and nothing
that is not sensitive is there.  There is no VPC in management, security and log-archive.

Default VPCs: see ``default_vpcs``.  Peering, transit gateway, endpoints and flow logs: see ``vpc_joins``.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from watchword.lab.estate import default_vpcs, vpc_joins
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.vpc_plan import Vpc, plan


def build(lab: Builder) -> None:
    """Build this area of the company."""
    default_vpcs.build(lab)
    for vpc in plan(lab.after):
        _Vpc(lab, vpc).build()
    vpc_joins.build(lab)


class _Vpc:
    """One VPC under construction."""

    def __init__(self, lab: Builder, plan: Vpc) -> None:
        self.lab, self.plan = lab, plan
        self.client = lab.client("ec2", plan.account, plan.region)
        self.id = ""
        self.subnets: dict[str, str] = {}

    def build(self) -> None:
        tags = {"Name": self.plan.name} | (
            {"data-classification": self.plan.label, "owner": "data-platform"} if self.plan.label else {}
        )
        made = self.client.create_vpc(CidrBlock=self.plan.cidr, TagSpecifications=_tags("vpc", **tags))
        self.id = self._keep("vpc", self.plan.name, made["Vpc"]["VpcId"])
        self._subnets()
        self._routes()
        self._groups()

    def _keep(self, kind: str, name: str, value: str) -> str:
        return self.lab.remember(kind, self.plan.account, self.plan.region, name, value)

    def _subnets(self) -> None:
        blocks = IPv4Network(self.plan.cidr).subnets(
            new_prefix=max(20, IPv4Network(self.plan.cidr).prefixlen + 4)
        )
        for tier in self.plan.tiers:
            for zone in "ab":
                name = f"{self.plan.name}-{tier}-{zone}"
                made = self.client.create_subnet(
                    VpcId=self.id,
                    CidrBlock=str(next(blocks)),
                    AvailabilityZone=self.plan.region + zone,
                    TagSpecifications=_tags("subnet", Name=name),
                )
                self.subnets[name] = self._keep("subnet", name, made["Subnet"]["SubnetId"])

    def _routes(self) -> None:
        public = self._table("public") if self.plan.public else ""
        private = self._table("private")
        for name, subnet in self.subnets.items():
            tier = name.removeprefix(f"{self.plan.name}-")[:-2]
            table = public if tier in self.plan.public else private
            self.client.associate_route_table(RouteTableId=table, SubnetId=subnet)
        if public:
            self._gateway(public)
        if self.plan.nat:
            self._nat(private)

    def _table(self, name: str) -> str:
        name = f"{self.plan.name}-{name}"
        made = self.client.create_route_table(
            VpcId=self.id, TagSpecifications=_tags("route-table", Name=name)
        )
        return self._keep("route-table", name, made["RouteTable"]["RouteTableId"])

    def _gateway(self, table: str) -> None:
        named = _tags("internet-gateway", Name=self.plan.name)
        made = self.client.create_internet_gateway(TagSpecifications=named)["InternetGateway"]
        gateway = self._keep("igw", self.plan.name, made["InternetGatewayId"])
        self.client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.id)
        self.client.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    def _nat(self, table: str) -> None:
        name = self.plan.name
        address = self.client.allocate_address(
            Domain="vpc", TagSpecifications=_tags("elastic-ip", Name=f"{name}-nat")
        )
        made = self.client.create_nat_gateway(
            SubnetId=self.subnets[f"{name}-public-a"],
            AllocationId=address["AllocationId"],
            TagSpecifications=_tags("natgateway", Name=name),
        )
        nat = self._keep("nat", name, made["NatGateway"]["NatGatewayId"])
        self.client.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)

    def _groups(self) -> None:
        made: dict[str, str] = {}
        for name, rules in self.plan.groups.items():
            answer = self.client.create_security_group(
                GroupName=name,
                Description=f"{name} of {self.plan.name}",
                VpcId=self.id,
                TagSpecifications=_tags("security-group", Name=name),
            )
            made[name] = self._keep("sg", f"{self.plan.name}-{name}", answer["GroupId"])
            if rules:
                self.client.authorize_security_group_ingress(
                    GroupId=made[name], IpPermissions=[rule.permission(made) for rule in rules]
                )


def _tags(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
