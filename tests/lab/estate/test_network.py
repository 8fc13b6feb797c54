"""The plan of Company ABC's networks and what is stated of them agree, before anything is built or collected."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import combinations

import pytest

from watchword.lab.estate.company import State
from watchword.lab.estate.vpc_plan import plan
from watchword.lab.truth import truth_of


@pytest.mark.parametrize("state", State)
def test_every_planned_group_and_vpc_is_judged(state: State) -> None:
    vpcs = plan(state is State.AFTER)
    groups = {f"{vpc.account.alias}/{vpc.region}/{name}" for vpc in vpcs for name in vpc.groups}
    names = {f"{vpc.account.alias}/{vpc.region}/{vpc.name}" for vpc in vpcs}
    truth = truth_of(state)
    stated = {
        control: {subject for name, subject in truth if name == control} for control in ("NW-10", "NW-19")
    }
    assert groups <= stated["NW-10"]
    assert names <= stated["NW-19"]
    others = stated["NW-19"] - names
    assert all(subject.endswith("/default") or "/global/" in subject for subject in others)


@pytest.mark.parametrize("after", [False, True])
def test_no_two_vpcs_have_the_same_addresses_or_name_in_a_region(after: bool) -> None:
    for one, other in combinations(plan(after), 2):
        assert not ip_network(one.cidr).overlaps(ip_network(other.cidr))
        assert (one.account, one.region, one.name) != (other.account, other.region, other.name)
