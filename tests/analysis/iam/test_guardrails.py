"""What control policies deny for certain: where they reach, and which conditions leave a Deny standing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controls.builder import ACCOUNT, organization, view
from watchword.analysis.iam.guardrails import (
    SERVICE_CONTROL,
    Guardrails,
    is_of_root,
    is_switched_on,
    keeps_to_regions,
    spares_named_roles,
)
from watchword.analysis.iam.policy import Condition, Qualifier, parse
from watchword.model.evidence import EvidenceMissing
from watchword.model.snapshot import Account, AccountView

PLACED = Account(ACCOUNT, "prod", ou_ids=("r-1", "ou-1"))
DENY: dict[str, Any] = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}


def rails(*policies: tuple[str, dict[str, Any]], account: Account = PLACED) -> Guardrails:
    rows = [
        {
            "_arn": f"arn:aws:organizations::1:policy/{index}",
            "Content": {"Statement": [statement]},
            "Targets": [{"TargetId": target}],
        }
        for index, (target, statement) in enumerate(policies)
    ]
    return Guardrails.of(placed(rows, account), SERVICE_CONTROL)


def placed(rows: list[dict[str, Any]], account: Account = PLACED) -> AccountView:
    return view({}, account=account, organization=organization({SERVICE_CONTROL: rows}))


def condition(**written: Any) -> Condition:
    """The only condition of a statement."""
    (operator, keys), *_ = written.items()
    statement = {**DENY, "Condition": {operator.replace("__", ":"): keys}}
    return parse({"Statement": [statement]}).statements[0].conditions[0]


@pytest.mark.parametrize(
    ("target", "reaches"), [("r-1", True), ("ou-1", True), (str(ACCOUNT), True), ("ou-2", False)]
)
def test_a_policy_reaches_the_accounts_below_what_it_is_attached_to(target: str, reaches: bool) -> None:
    assert bool(rails((target, DENY)).denial("s3:GetObject", "x", spares_named_roles).by) is reaches


def test_a_policy_attached_twice_above_an_account_counts_once() -> None:
    row = {
        "_arn": "arn:aws:organizations::1:policy/1",
        "Content": {"Statement": [DENY]},
        "Targets": [{"TargetId": "r-1"}, {"TargetId": "ou-1"}],
    }
    assert len(Guardrails.of(placed([row]), SERVICE_CONTROL).policies) == 1


def test_each_organisation_has_its_own_attachments() -> None:
    assert rails(("r-1", DENY)).policies
    assert not rails(("ou-2", DENY)).policies


def test_an_account_whose_units_are_unknown_has_no_answer() -> None:
    with pytest.raises(EvidenceMissing, match="units"):
        rails(("r-1", DENY), account=Account(ACCOUNT))


def test_what_stands_in_the_way_of_a_deny_is_told() -> None:
    tagged = {**DENY, "Condition": {"StringNotEquals": {"aws:PrincipalTag/a": "b"}}}
    found = rails(("r-1", tagged)).denial("s3:GetObject", "x", spares_named_roles)
    assert not found.by
    assert found.hindered == ("StringNotEquals aws:PrincipalTag/a b",)


def test_one_free_deny_outweighs_another_with_conditions() -> None:
    tagged = {**DENY, "Condition": {"StringNotEquals": {"aws:PrincipalTag/a": "b"}}}
    found = rails(("r-1", tagged), ("ou-1", DENY)).denial("s3:GetObject", "x", spares_named_roles)
    assert len(found.by) == 1
    assert not found.hindered


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("arn:aws:iam::*:role/Deployment", True),
        ("arn:aws:iam::*:role/Deployment*", True),
        ("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*", True),
        ("arn:aws:iam::*:role/*", False),
        ("arn:aws:iam::*:role/aws-reserved/*", False),
        ("arn:aws:iam::*:*", False),
        ("*", False),
        ("arn:aws:iam::*:role/*Deployment", False),
        ("arn:aws:iam::*:user/alice", False),
    ],
)
def test_only_roles_with_a_name_may_be_spared(pattern: str, named: bool) -> None:
    assert spares_named_roles(condition(ArnNotLike={"aws:PrincipalArn": pattern})) is named


def test_a_condition_that_denies_named_roles_alone_spares_the_rest() -> None:
    named = "arn:aws:iam::*:role/Deployment"
    assert not spares_named_roles(condition(ArnLike={"aws:PrincipalArn": named}))
    assert not spares_named_roles(condition(ForAnyValue__StringNotLike={"aws:PrincipalArn": named}))


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, True),
        ({"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}}, True),
        ({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, False),
        ({"Null": {"aws:AssumedRoot": "true"}}, True),
        ({"Null": {"aws:AssumedRoot": "false"}}, False),
        ({"BoolIfExists": {"aws:AssumedRoot": "false"}}, True),
        ({"Bool": {"aws:AssumedRoot": "false"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
    ],
)
def test_a_deny_of_root_is_known_by_its_conditions(written: dict[str, Any], holds: bool) -> None:
    assert is_of_root(condition(**written), ACCOUNT, "aws") is holds


@pytest.mark.parametrize(
    ("written", "approved", "holds"),
    [
        ({"StringNotEquals": {"aws:RequestedRegion": ["a", "b"]}}, ("a", "b", "c"), True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["a", "d"]}}, ("a", "b"), False),
        ({"StringNotEquals": {"aws:RequestedRegion": ["a", "d"]}}, (), True),
        ({"StringNotLike": {"aws:RequestedRegion": "*"}}, (), False),
        ({"StringNotLike": {"aws:RequestedRegion": "eu-*"}}, (), True),
        ({"StringNotLike": {"aws:RequestedRegion": "eu-*"}}, ("eu-west-1",), False),
        ({"StringEquals": {"aws:RequestedRegion": "a"}}, (), False),
    ],
)
def test_regions_are_kept_to_by_naming_those_that_are_left(
    written: dict[str, Any], approved: tuple[str, ...], holds: bool
) -> None:
    assert keeps_to_regions(condition(**written), approved) is holds


def test_qualified_conditions_on_regions_are_not_trusted() -> None:
    one = Condition("StringNotEquals", "aws:RequestedRegion", ("a",), Qualifier.FOR_ANY_VALUE)
    assert not keeps_to_regions(one, ())


def test_a_kind_of_policy_counts_only_when_it_is_enabled() -> None:
    def on(status: str) -> bool:
        kinds = [{"Type": "SERVICE_CONTROL_POLICY", "Status": status}]
        found = organization({"organizations.roots": [{"_arn": "r", "PolicyTypes": kinds}]})
        return is_switched_on(view({}, organization=found), "SERVICE_CONTROL_POLICY")

    assert on("ENABLED")
    assert not on("PENDING_DISABLE")
