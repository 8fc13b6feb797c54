"""Whom security groups let in from the internet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controls.builder import resource
from watchword.analysis.network.sources import Opening, is_internet, openings
from watchword.model.evidence import EvidenceMissing


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/2", "::/0", "2000::/3"])
def test_a_range_that_nobody_owns_alone_is_the_internet(cidr: str) -> None:
    assert is_internet(cidr)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "18.0.0.0/8", "203.0.113.7/32", "fd00::/16", "2001:db8::/32"])
def test_a_range_that_somebody_has_is_not_the_internet(cidr: str) -> None:
    assert not is_internet(cidr)


def opened(permission: dict[str, Any], *lists: dict[str, Any]) -> list[str]:
    """What a group with one permission opens, in words."""
    group = resource("ec2.security_groups", {"IpPermissions": [permission]})
    known = {one["PrefixListId"]: resource("ec2.prefix_lists", one) for one in lists}
    return [str(one) for one in openings(group, known)]


WORLD = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}, "tcp 22 from 0.0.0.0/0"),
        ({"IpProtocol": "6", "FromPort": 22, "ToPort": 23}, "tcp 22-23 from 0.0.0.0/0"),
        ({"IpProtocol": "-1"}, "everything from 0.0.0.0/0"),
        ({"IpProtocol": "udp", "FromPort": -1, "ToPort": -1}, "every udp port from 0.0.0.0/0"),
        ({"IpProtocol": "47"}, "every 47 port from 0.0.0.0/0"),
    ],
)
def test_an_opening_is_told_in_words(permission: dict[str, Any], words: str) -> None:
    assert opened({**permission, **WORLD}) == [words]


def test_icmp_opens_no_service() -> None:
    assert opened({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, **WORLD}) == []


def test_a_prefix_list_counts_by_its_entries_and_unseen_ones_are_missing_evidence() -> None:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }
    wide = {"PrefixListId": "pl-1", "OwnerId": "1", "Entries": [{"Cidr": "10.0.0.0/8"}, {"Cidr": "::/0"}]}
    narrow = {"PrefixListId": "pl-1", "OwnerId": "1", "Entries": [{"Cidr": "10.0.0.0/8"}]}
    of_aws = {"PrefixListId": "pl-1", "OwnerId": "AWS"}
    assert opened(permission, wide) == ["tcp 22 from prefix list pl-1"]
    assert opened(permission, narrow) == []
    assert opened(permission, of_aws) == []
    with pytest.raises(EvidenceMissing, match="pl-1"):
        opened(permission)


def test_nonsense_for_a_range_is_missing_evidence_and_no_crash() -> None:
    with pytest.raises(EvidenceMissing, match="no range"):
        opened({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "everywhere"}]})


@pytest.mark.parametrize(
    ("opening", "within"),
    [
        (Opening("tcp", 443, 443, "x"), True),
        (Opening("udp", 443, 443, "x"), True),
        (Opening("tcp", 80, 443, "x"), False),
        (Opening("tcp", 0, 65_535, "x"), False),
        (Opening("-1", 0, 65_535, "x"), False),
    ],
)
def test_an_opening_is_within_ports_if_it_opens_no_other(opening: Opening, within: bool) -> None:
    assert opening.within(("tcp", "udp"), (80, 443)) is within
