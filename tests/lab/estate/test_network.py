"""The plan of Company ABC's networks and what is stated of them agree, before anything is built or collected."""

from __future__ import annotations

import tomllib
from importlib import resources
from ipaddress import ip_network
from itertools import combinations

import pytest

from watchword.lab.estate.company import State
from watchword.lab.estate.vpc_plan import plan
from watchword.lab.truth import Truth, read_truth
from watchword.model.verdict import Verdict

DOCUMENT = tomllib.loads((resources.files("watchword.lab") / "truth.d" / "network.toml").read_text())


def truth(state: State) -> Truth:
    """What is stated of one state."""
    return read_truth(DOCUMENT, state)


@pytest.mark.parametrize("control", DOCUMENT)
def test_before_has_good_practice_beside_flaws_and_after_has_no_flaws(control: str) -> None:
    before, after = ({v for (name, _), v in truth(state).items() if name == control} for state in State)
    assert {Verdict.MET, Verdict.GAP} <= before
    assert after <= {Verdict.MET, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("state", State)
def test_every_planned_group_and_vpc_is_judged(state: State) -> None:
    vpcs = plan(state is State.AFTER)
    groups = {f"{vpc.account.alias}/{vpc.region}/{name}" for vpc in vpcs for name in vpc.groups}
    names = {f"{vpc.account.alias}/{vpc.region}/{vpc.name}" for vpc in vpcs}
    stated = {control: {subject for name, subject in truth(state) if name == control} for control in DOCUMENT}
    assert groups <= stated["NW-10"]
    assert names <= stated["NW-19"]
    others = stated["NW-19"] - names
    assert all(subject.endswith("/default") or "/global/" in subject for subject in others)


@pytest.mark.parametrize("after", [False, True])
def test_no_two_vpcs_have_the_same_addresses_or_name_in_a_region(after: bool) -> None:
    for one, other in combinations(plan(after), 2):
        assert not ip_network(one.cidr).overlaps(ip_network(other.cidr))
        assert (one.account, one.region, one.name) != (other.account, other.region, other.name)
