"""Who is an administrator: claims, what limits them, and what is left after boundaries and denies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.controls.builder import NOW, view
from tests.controls.iam import ACCOUNT, attached, deny, group, may, policy, user
from watchword.analysis.iam.admin import POWERS, Administration, Directory, counts_until
from watchword.analysis.iam.policy import parse
from watchword.model.evidence import EvidenceMissing

ANY = policy("any", may("*"))


def administration(subject: dict[str, Any], *groups: Any, policies: Any = (ANY,), now: datetime = NOW) -> Any:
    found = view({"iam.users": [subject], "iam.groups": groups, "iam.policies": policies})
    return Directory.of(found).administration(found.rows("iam.users")[0], now)


def test_an_administrator_for_good_is_told_by_which_policies() -> None:
    assert administration(user("a", may("iam:*"))) == Administration(None, ("inline policy p1",))


def test_only_the_policies_that_suffice_alone_are_named_where_there_are_any() -> None:
    found = administration(user("a", may("iam:PutUserPolicy"), AttachedManagedPolicies=attached(ANY)))
    assert found == Administration(None, ("policy any",))


def test_the_policies_of_a_group_are_the_members_too() -> None:
    admins = group("admins", AttachedManagedPolicies=attached(ANY))
    assert administration(user("a", GroupList=["admins"]), admins) == Administration(
        None, ("policy any of group admins",)
    )


@pytest.mark.parametrize("left_out", range(len(POWERS)))
def test_a_claim_needs_every_power(left_out: int) -> None:
    actions = [action for index, (action, _) in enumerate(POWERS) if index != left_out]
    assert administration(user("a", may(actions))) is None


@pytest.mark.parametrize("left", range(len(POWERS)))
def test_one_power_that_no_deny_takes_suffices_to_get_the_others(left: int) -> None:
    taken = [action for index, (action, _) in enumerate(POWERS) if index != left]
    assert administration(user("a", may("*"), deny(taken))) is not None


def test_a_deny_on_other_targets_takes_nothing() -> None:
    protected = deny("iam:*", f"arn:aws:iam::{ACCOUNT}:role/security-*")
    assert administration(user("a", may("*"), protected)) is not None


def test_a_boundary_must_allow_a_power_too() -> None:
    bound = policy("bound", may(["s3:*", "iam:PassRole"]))
    bounded = user("a", may("*"), PermissionsBoundary={"PermissionsBoundaryArn": bound["_arn"]})
    assert administration(bounded, policies=[bound]) is None
    with pytest.raises(EvidenceMissing, match="policy/bound"):
        administration(bounded, policies=[])


def test_rights_end_when_the_last_of_their_policies_ends() -> None:
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(hours=5)
    until = [may("*", DateLessThan={"aws:CurrentTime": end.isoformat()}) for end in (soon, later)]
    found = administration(user("a", *until))
    assert found.until == later
    assert administration(user("a", *until), now=soon).until == later
    assert administration(user("a", *until), now=later) is None


def test_a_boundary_that_ends_sooner_ends_the_rights() -> None:
    bound = policy("bound", may("*", DateLessThan={"aws:CurrentTime": "2026-06-01T02:00:00Z"}))
    bounded = user("a", may("*"), PermissionsBoundary={"PermissionsBoundaryArn": bound["_arn"]})
    assert administration(bounded, policies=[bound]).until == datetime(2026, 6, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conditions", "counts"),
    [
        ({}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "platform"}}, True),
        ({"StringEquals": {"aws:ResourceTag/team": "platform"}}, False),
        ({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}, "StringLike": {"iam:PolicyARN": "x"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateEquals": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, False),
        ({"NumericLessThan": {"aws:EpochTime": "1"}}, False),
    ],
)
def test_conditions_on_the_session_leave_an_allow_and_conditions_on_the_target_do_not(
    conditions: Any, counts: bool
) -> None:
    (statement,) = parse({"Statement": [may("*", **conditions)]}).statements
    assert (counts_until(statement, NOW) is not None) is counts


_PATTERNS = [action for action, _ in POWERS] + [
    "*",
    "iam:*",
    "iam:Put*",
    "iam:Attach*",
    "iam:*Policy",
    "IAM:*",
    "s3:*",
    "iam:Get*",
]
_ACTIONS = st.lists(st.sampled_from(_PATTERNS), min_size=1, max_size=4)


@given(
    allowed=st.lists(_ACTIONS, max_size=3), denied=st.lists(_ACTIONS, max_size=2), bound=st.none() | _ACTIONS
)
def test_without_conditions_it_is_plain_set_arithmetic(allowed: Any, denied: Any, bound: Any) -> None:
    """An oracle of its own: the powers as sets, patterns by ``fnmatch``."""

    def powers(patterns: list[str]) -> set[str]:
        return {a for a, _ in POWERS if any(fnmatchcase(a.lower(), p.lower()) for p in patterns)}

    claimed = set().union(*map(powers, allowed)) if allowed else set()
    left = claimed - (set().union(*map(powers, denied)) if denied else set())
    left &= powers(bound) if bound is not None else left
    fence = policy("fence", may(bound or ["*"]))
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": fence["_arn"]}} if bound is not None else {}
    found = administration(user("a", *map(may, allowed), *map(deny, denied), **bounded), policies=[fence])
    assert (found is not None) is (len(claimed) == len(POWERS) and bool(left))
