"""Whom a security group lets in, as far as the internet goes.

A source is the internet where it is so wide that no company has it: every IPv4 range larger than a /8, every IPv6 range
larger than a /16.  That catches 0.0.0.0/0 and ::/0, and the same cut into halves or quarters.  Prefix lists count by
their entries; those of AWS (CloudFront's, S3's) are not the internet.

ICMP is not counted: it reaches no service.  Source of the protocol numbers and of port semantics:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Document, Resource

WIDEST_IPV4: Final = 8
WIDEST_IPV6: Final = 16
_ICMP: Final = frozenset({"icmp", "icmpv6", "1", "58"})
_EVERYTHING: Final = "-1"


@dataclass(frozen=True, slots=True)
class Opening:
    """What one rule opens to the internet: a protocol (``-1`` is all), ports from and to, and the source as written."""

    protocol: str
    first: int
    last: int
    source: str

    def within(self, protocols: Iterable[str], ports: Iterable[int]) -> bool:
        """Whether the rule opens nothing but these ports of these protocols."""
        allowed = frozenset(ports)
        count = self.last - self.first + 1
        return (
            self.protocol in protocols
            and count <= len(allowed)
            and all(port in allowed for port in range(self.first, self.last + 1))
        )

    def __str__(self) -> str:
        """The opening in words: ``tcp 22 from 0.0.0.0/0``."""
        if self.protocol == _EVERYTHING:
            return f"everything from {self.source}"
        if (self.first, self.last) == (0, 65_535):
            return f"every {self.protocol} port from {self.source}"
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} {ports} from {self.source}"


def is_internet(cidr: str) -> bool:
    """Whether a range is so wide that it is the internet rather than somebody's network.

    Raises:
        ValueError: it is no range of addresses.
    """
    network = ip_network(cidr, strict=False)
    return network.prefixlen < (WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6)


def openings(group: Resource, lists: Mapping[str, Resource]) -> tuple[Opening, ...]:
    """What a row of ``ec2.security_groups`` opens to the internet; ``lists`` are ``ec2.prefix_lists`` by id.

    Raises:
        EvidenceMissing: a rule names a prefix list that was not seen, or has an unexpected form.
    """
    return tuple(
        found
        for permission in group.items("IpPermissions")
        if permission.text("IpProtocol") not in _ICMP
        for found in _openings(permission, lists)
    )


def _openings(permission: Document, lists: Mapping[str, Resource]) -> Iterator[Opening]:
    protocol = _protocol(permission.text("IpProtocol"))
    first, last = _ports(permission, protocol)
    for source in _sources(permission, lists):
        yield Opening(protocol, first, last, source)


def _protocol(written: str) -> str:
    return {"6": "tcp", "17": "udp"}.get(written, written)


def _ports(permission: Document, protocol: str) -> tuple[int, int]:
    if protocol not in {"tcp", "udp"}:
        return 0, 65_535
    first = int(permission.number("FromPort", absent=0))
    last = int(permission.number("ToPort", absent=65_535))
    return (0, 65_535) if first == -1 else (first, last)


def _sources(permission: Document, lists: Mapping[str, Resource]) -> Iterator[str]:
    ranges = [(one, one.text("CidrIp")) for one in permission.items("IpRanges")]
    ranges += [(one, one.text("CidrIpv6")) for one in permission.items("Ipv6Ranges")]
    for one, cidr in ranges:
        if _is_internet(cidr, one.where):
            yield cidr
    for one in permission.items("PrefixListIds"):
        name = one.text("PrefixListId")
        if _is_wide_list(name, lists):
            yield f"prefix list {name}"


def _is_wide_list(name: str, lists: Mapping[str, Resource]) -> bool:
    found = lists.get(name)
    if found is None:
        raise EvidenceMissing(f"the entries of prefix list {name} were not read")
    if found.text("OwnerId", absent="") == "AWS":
        return False
    return any(_is_internet(entry.text("Cidr"), found.where) for entry in found.items("Entries"))


def _is_internet(cidr: str, where: str) -> bool:
    try:
        return is_internet(cidr)
    except ValueError as error:
        raise EvidenceMissing(f"{where} names no range of addresses: {error}") from error
