"""Control policies above an account: levels in order, holes that make them unknown, accounts that are exempt."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.iam.company import (
    EVERYWHERE,
    FULL,
    HERE,
    MANAGEMENT,
    ROOT_ID,
    UNIT,
    above,
    control,
    deny,
    seen,
)
from tests.controls.builder import ACCOUNT, view
from watchword.analysis.iam.compiled import Library, PolicyKind
from watchword.analysis.iam.control_policies import ControlPolicies
from watchword.model.snapshot import Account, AccountView


def of(up: AccountView | None = None, account: Account = HERE) -> ControlPolicies:
    return ControlPolicies.of(seen(account=account, up=up), Library())


def names(levels: Any) -> list[list[str]]:
    return [[one.name for one in level] for level in levels]


def test_levels_go_from_the_root_over_units_to_the_account() -> None:
    own = control("own", deny("s3:*"), targets=(ACCOUNT,))
    unit = control("unit", deny("ec2:*"), targets=(UNIT, "ou-else"))
    elsewhere = control("elsewhere", deny("*"), targets=("ou-else",))
    found = of(above([EVERYWHERE, own, unit, elsewhere]))
    full = "FullAWSAccess (p-FullAWSAccess)"
    assert names(found.scps) == [[full], [full, "unit (p-unit)"], [full, "own (p-own)"]]
    assert {one.kind for level in found.scps or () for one in level} == {PolicyKind.SERVICE_CONTROL}
    assert found.scps_missing == ()


def test_a_level_without_policies_stays_a_level() -> None:
    assert names(of(above([control("top", FULL)])).scps) == [["top (p-top)"], [], []]


def test_resource_control_policies_are_of_their_own_table() -> None:
    found = of(above(rcps=[control("keep", deny("s3:*") | {"Principal": "*"}, targets=(UNIT,))]))
    assert names(found.rcps) == [[], ["keep (p-keep)"], []]


def test_the_management_account_is_exempt_whatever_could_not_be_read() -> None:
    up = above(denied=["organizations.service_control_policies"])
    assert of(up, MANAGEMENT) == ControlPolicies()


@pytest.mark.parametrize(
    ("on", "scps", "rcps"),
    [
        ((), False, False),
        (("SERVICE_CONTROL_POLICY",), True, False),
        (("RESOURCE_CONTROL_POLICY",), False, True),
    ],
)
def test_a_kind_that_the_root_has_switched_off_has_no_effect(
    on: tuple[str, ...], scps: bool, rcps: bool
) -> None:
    found = of(above(on=on))
    assert (found.scps is not None, found.rcps is not None) == (scps, rcps)
    assert (found.scps_missing, found.rcps_missing) == ((), ())


BROKEN = control("broken", {"Effect": "Perhaps", "Action": "*", "Resource": "*"})


@pytest.mark.parametrize(
    ("up", "said"),
    [
        (above(denied=["organizations.service_control_policies"]), "organizations.service_control_policies"),
        (above(denied=["organizations.roots"]), "organizations.roots"),
        (above([EVERYWHERE, BROKEN]), "is not of the IAM language: policy at /Statement/0/Effect"),
        (above([{**EVERYWHERE, "Content": None, "_holes": {"Content": "denied"}}]), "Content of"),
        (above([{**EVERYWHERE, "_holes": {"Targets": "denied"}}]), "Targets of"),
    ],
)
def test_what_could_not_be_read_is_missing_and_named(up: AccountView, said: str) -> None:
    found = of(up)
    assert found.scps is None
    assert len(found.scps_missing) == 1
    assert said in found.scps_missing[0]


def test_a_hole_of_one_kind_is_none_of_the_other() -> None:
    found = of(above(denied=["organizations.service_control_policies"]))
    assert found.rcps == ((), (), ())
    assert found.rcps_missing == ()


def test_an_account_whose_units_are_not_known_may_have_policies() -> None:
    found = of(account=Account(ACCOUNT, "prod"))
    assert found.scps is None
    assert f"the organisational units above account {ACCOUNT} were not read" in found.scps_missing


def test_an_account_that_was_read_alone_may_be_a_member() -> None:
    found = ControlPolicies.of(view({"global:iam.users": []}), Library())
    assert (found.scps, found.rcps) == (None, None)
    assert found.scps_missing == found.rcps_missing != ()


def test_the_root_is_named_by_its_id() -> None:
    assert HERE.ou_ids[0] == ROOT_ID
