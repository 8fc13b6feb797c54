"""The networks of Company ABC on paper: VPCs, subnets and security groups in each state.  Builds nothing.

Address plan: network 10.0/15, prod 10.10 (Ireland) and 10.20 (Frankfurt), prod's vault 10.11, data 10.30, dev 10.40,
sandbox 10.50, identity 10.60.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from watchword.lab.estate.company import DATA, DEV, HOME, IDENTITY, NETWORK, PROD, SANDBOX, LabAccount

FRANKFURT: Final = "eu-central-1"
WORLD: Final = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Rule:
    """One ingress rule: from a CIDR, or from another group of the VPC (``@web-lb``); port -1 is everything."""

    port: int
    source: str
    protocol: str = "tcp"

    def permission(self, groups: dict[str, str]) -> dict[str, Any]:
        """The rule as EC2's ``IpPermissions`` have it; ``groups`` are the ids of groups by name."""
        base: dict[str, Any] = {"IpProtocol": "-1"}
        if self.port != -1:
            base = {"IpProtocol": self.protocol, "FromPort": self.port, "ToPort": self.port}
        if self.source.startswith("@"):
            return {**base, "UserIdGroupPairs": [{"GroupId": groups[self.source[1:]]}]}
        if ":" in self.source:
            return {**base, "Ipv6Ranges": [{"CidrIpv6": self.source}]}
        return {**base, "IpRanges": [{"CidrIp": self.source}]}


Groups = dict[str, tuple[Rule, ...]]
"""The ingress rules of security groups by name; a rule may name a group that stands before its own."""


@dataclass(frozen=True, slots=True)
class Vpc:
    """One VPC: ``tiers`` get a subnet in zones a and b each; those in ``public`` route to the internet gateway."""

    account: LabAccount
    name: str
    cidr: str
    tiers: tuple[str, ...]
    region: str = HOME
    public: tuple[str, ...] = ()
    nat: bool = False
    label: str = ""
    groups: Groups = field(default_factory=dict)


def _prod_groups(after: bool) -> Groups:
    bastion = () if after else (Rule(22, WORLD),)
    return {
        "web-lb": (Rule(443, WORLD), Rule(80, WORLD)),
        "web": (Rule(8080, "@web-lb"),),
        "app": (Rule(8443, "@web"),),
        "database": (Rule(5432, "@app"),),
        "functions": (),
        "endpoints": (Rule(443, "10.10.0.0/16"),),
        "bastion": bastion,
    }


def _data_groups(after: bool) -> Groups:
    warehouse = (Rule(5439, "10.30.0.0/16"),) if after else (Rule(5439, WORLD),)
    return {
        "database": (Rule(5432, "10.10.32.0/19"), Rule(3306, "10.10.16.0/20")),
        "warehouse": warehouse,
        "search": (Rule(443, "10.30.0.0/16"),),
        "endpoints": (Rule(443, "10.30.0.0/16"),),
    }


def _dev_groups(after: bool) -> Groups:
    source = "10.40.0.0/16" if after else WORLD
    return {
        "web-lb": (Rule(443, WORLD),),
        "web": (Rule(8080, "@web-lb"),),
        "database": (Rule(5432, "@web"),),
        "open-for-tests": (Rule(-1, source),),
        "build-agents": (Rule(22, "10.40.0.0/16" if after else "::/0"),),
    }


def plan(after: bool) -> tuple[Vpc, ...]:
    """All VPCs of the company, default ones aside."""
    return (*_network(), *_prod(after), _data(after), *_small(after))


def _network() -> tuple[Vpc, ...]:
    vpn: Groups = {"vpn": (Rule(443, "10.0.0.0/8", "udp"),)}
    shared: Groups = {"shared-app": (Rule(443, "10.0.0.0/8"),)}
    tiers = ("public", "inspection", "tgw")
    return (
        Vpc(NETWORK, "egress", "10.0.0.0/20", tiers, public=("public",), nat=True, groups=vpn),
        Vpc(NETWORK, "shared", "10.1.0.0/16", ("private",), groups=shared),
    )


def _prod(after: bool) -> tuple[Vpc, ...]:
    app = _prod_groups(after)
    vault: Groups = {"vault-database": (Rule(5432, "10.10.32.0/19"),)}
    standby: Groups = {"standby-lb": (Rule(443, WORLD),), "standby-app": (Rule(8080, "@standby-lb"),)}
    return (
        Vpc(PROD, "app", "10.10.0.0/16", ("public", "app", "data"), public=("public",), nat=True, groups=app),
        Vpc(PROD, "vault", "10.11.0.0/16", ("private",), label="restricted", groups=vault),
        Vpc(PROD, "standby", "10.20.0.0/16", ("public", "app"), FRANKFURT, ("public",), groups=standby),
    )


def _data(after: bool) -> Vpc:
    public = () if after else ("public",)
    groups = _data_groups(after)
    tiers = (*public, "private")
    return Vpc(DATA, "data", "10.30.0.0/16", tiers, public=public, label="restricted", groups=groups)


def _small(after: bool) -> tuple[Vpc, ...]:
    tiers = ("public", "private")
    experiments = (Rule(443, WORLD),) if after else (Rule(443, WORLD), Rule(3389, WORLD))
    directory = (Rule(636, "10.0.0.0/8"), Rule(389, "10.0.0.0/8"))
    return (
        Vpc(DEV, "dev", "10.40.0.0/16", tiers, public=("public",), groups=_dev_groups(after)),
        Vpc(
            SANDBOX, "sandbox", "10.50.0.0/16", tiers, public=("public",), groups={"experiments": experiments}
        ),
        Vpc(IDENTITY, "directory", "10.60.0.0/16", ("private",), groups={"directory": directory}),
    )
