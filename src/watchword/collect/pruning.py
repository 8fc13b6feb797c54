"""Which lists need not be asked for, because AWS Config has counted that there is nothing to list.

Off unless the user asks for it (``[collect] trust_config_counts``): Config's counts are minutes old, and it is Config,
not the service, that says "none".  Counts are believed only where all of this holds, for one region of an account:

1. A recorder records all supported types (``recordingGroup.allSupported``, no exclusions).
2. It is recording, its last delivery succeeded, and it was started at least a day ago.
3. Config has counted something at all; a region without any count may as well not be counted yet.
4. The type is one that Config records in every region (``RECORDED_EVERYWHERE``).

Lists of security services and of everything else are always asked for.  Where any of this cannot be known, nothing
is left out.  The manifest names the regions whose counts were believed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from watchword.aws import Operation
from watchword.collect.source import Call, CallFailed, Source
from watchword.model.ids import GLOBAL, AccountId, Region
from watchword.model.resource import instant

SETTLED: Final = timedelta(days=1)
"""How long a recorder must have been on before its counts are believed."""

RECORDED_EVERYWHERE: Final = frozenset(
    {
        "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::CustomerGateway", "AWS::EC2::EIP", "AWS::EC2::Instance",
        "AWS::EC2::InternetGateway", "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkInterface", "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::EC2::VPNConnection",
        "AWS::EC2::VPNGateway", "AWS::EC2::Volume", "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::Lambda::Function", "AWS::RDS::DBInstance", "AWS::RDS::DBSnapshot",
    }
)  # fmt: skip
"""Types that Config records in all regions; those of newer services it does not.
https://docs.aws.amazon.com/config/latest/developerguide/what-is-resource-config-coverage.html"""

OPERATIONS: Final[frozenset[Operation]] = frozenset(
    {
        ("config", "DescribeConfigurationRecorders"),
        ("config", "DescribeConfigurationRecorderStatus"),
        ("config", "GetDiscoveredResourceCounts"),
    }
)

Place = tuple[AccountId, Region]


@dataclass(slots=True)
class ConfigCounts:
    """What AWS Config counts as zero, asked once for each region of an account.  Safe for threads."""

    source: Source
    now: Callable[[], datetime]
    _known: dict[Place, frozenset[str]] = field(default_factory=dict)
    _locks: dict[Place, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def empty_kinds(self, account: AccountId, where: Region) -> frozenset[str]:
        """The resource types of which Config is to be believed that there are none in the region."""
        if where == GLOBAL:
            return frozenset()
        place = (account, where)
        with self._lock:
            lock = self._locks.setdefault(place, threading.Lock())
        with lock:
            if place not in self._known:
                self._known[place] = self._asked(place)
            return self._known[place]

    def believed(self) -> list[str]:
        """The regions whose counts were believed: ``account/region``, in order."""
        return sorted(f"{account}/{where}" for (account, where), kinds in self._known.items() if kinds)

    def _asked(self, place: Place) -> frozenset[str]:
        try:
            if not (self._records_all(place) and self._is_settled(place)):
                return frozenset()
            counts = {one["resourceType"]: int(one["count"]) for one in self._counts(place)}
        except (CallFailed, LookupError, TypeError, ValueError, AttributeError):
            return frozenset()
        if not sum(counts.values()):
            return frozenset()
        return frozenset(kind for kind in RECORDED_EVERYWHERE if not counts.get(kind))

    def _records_all(self, place: Place) -> bool:
        recorders = self._list(place, "DescribeConfigurationRecorders", "ConfigurationRecorders")
        groups = [one["recordingGroup"] for one in recorders]
        return any(_is_whole(group) for group in groups)

    def _is_settled(self, place: Place) -> bool:
        found = self._list(place, "DescribeConfigurationRecorderStatus", "ConfigurationRecordersStatus")
        return any(
            one["recording"] is True
            and str(one["lastStatus"]).upper() == "SUCCESS"
            and self.now() - instant(one["lastStartTime"]) >= SETTLED
            for one in found
        )

    def _counts(self, place: Place) -> Iterator[Mapping[str, Any]]:
        for page in self.source.pages(_call(place, "GetDiscoveredResourceCounts")):
            yield from page["resourceCounts"]

    def _list(self, place: Place, operation: str, key: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.source.first(_call(place, operation))[key]
        return found


def _call(place: Place, operation: str) -> Call:
    return Call(place[0], place[1], "config", operation)


def _is_whole(group: Mapping[str, Any]) -> bool:
    """Whether a recording group covers every type that Config supports."""
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes")
    strategy = group.get("recordingStrategy", {}).get("useOnly", "ALL_SUPPORTED_RESOURCE_TYPES")
    return group.get("allSupported") is True and not excluded and strategy == "ALL_SUPPORTED_RESOURCE_TYPES"
