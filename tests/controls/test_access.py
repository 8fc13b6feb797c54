"""The account's access is built once for all controls; the quick test before the evaluator never hides an allowed action."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.controls.accounts import above, account
from tests.controls.builder import ACCOUNT, resource
from tests.controls.iam import ADMIN, EMERGENCY, OWN, allow, attached, deny, group, may, role, trust, user
from watchword.analysis.iam.ask import ask, who_is
from watchword.controls.access import READS, access_of, is_emergency, listed, region_of, unseen
from watchword.controls.judge import narrowed
from watchword.model.ids import Region

BUCKET = {
    "_name": "b",
    "_arn": "arn:aws:s3:::b",
    "Policy": trust(
        allow({"AWS": f"arn:aws:iam::{ACCOUNT}:user/named"}, "s3:GetObject")
        | {"Resource": "arn:aws:s3:::b/*"}
    ),
}
PEOPLE = [
    user("named"),
    user("reader", may("s3:Get*", "arn:aws:s3:::b/*")),
    user("own", may("s3:*", "arn:aws:s3:::b/${aws:username}/*")),
    user("except", {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::c/*"}),
    user("member", GroupList=["team"]),
    user("nobody"),
]
ASKED = ("s3:GetObject", "s3:PutObject", "iam:CreateRole")
RESOURCES = ("arn:aws:s3:::b/*", "arn:aws:s3:::b/own/x", "arn:aws:s3:::c/x", f"arn:aws:iam::{ACCOUNT}:role/x")


def people(**more):
    groups = [group("team", may(["s3:PutObject", "iam:*"]))]
    return account(iam__users=PEOPLE, iam__groups=groups, s3__buckets=[BUCKET], **more)


def test_controls_narrowed_to_other_tables_get_the_same_access() -> None:
    view = people()
    first = access_of(narrowed(view, READS))
    assert access_of(narrowed(view, (*READS, "cloudtrail.trails"))) is first


def test_another_account_or_organisation_is_built_anew() -> None:
    view = people()
    first = access_of(view)
    assert access_of(people()) is not first
    assert access_of(replace(view, organization=above(deny("*")))) is not first


@pytest.mark.parametrize(("action", "resource"), list(product(ASKED, RESOURCES)))
def test_the_quick_test_hides_nothing_that_the_evaluator_allows(action: str, resource: str) -> None:
    view = people()
    asking = access_of(view)
    allowed = {
        one.name
        for one in asking.principals()
        if ask(asking.access, who_is(asking.access, one.arn), action, resource).is_possible
    }
    assert {able.identity.name for able in asking.able(action, resource, view)} == allowed


def test_what_lets_somebody_is_named_with_its_statement_and_condition() -> None:
    view = account(iam__users=[user("ann", may("s3:*", Bool={"aws:MultiFactorAuthPresent": "true"}))])
    (able,) = access_of(view).able("s3:GetObject", "arn:aws:s3:::b/*", view)
    assert (
        able.sentence == "user ann (inline policy p1, statement 1; if aws:MultiFactorAuthPresent Bool true)"
    )
    assert [one.path for one in able.evidence] == ["UserPolicyList"]


def test_a_resource_that_lets_somebody_is_named_as_such() -> None:
    view = people()
    asking = access_of(view)
    found = {one.identity.name: one for one in asking.able("s3:GetObject", "arn:aws:s3:::b/*", view)}
    assert found["named"].sentence == "user named (policy of arn:aws:s3:::b, statement 1)"


def test_what_ended_before_the_snapshot_lets_nobody_any_more() -> None:
    ended = {"DateLessThan": {"aws:CurrentTime": "2026-05-31T23:59:59Z"}}
    view = account(iam__users=[user("ann", may("s3:*", **ended))])
    assert list(access_of(view).able("s3:GetObject", "arn:aws:s3:::b/*", view)) == []


def test_unread_guardrails_leave_a_no_of_the_own_policies_a_no() -> None:
    view = people(organization=above(denied=("organizations.service_control_policies",)))
    found = {one.identity.name: one for one in access_of(view).able("s3:GetObject", "arn:aws:s3:::b/*", view)}
    assert "nobody" not in found
    assert not found["reader"].is_known


def test_an_unread_policy_makes_a_no_unknown_and_a_deny_stay() -> None:
    unread = user("ann", AttachedManagedPolicies=attached(ADMIN))
    view = account(iam__users=[unread])
    (able,) = access_of(view).able("s3:GetObject", "arn:aws:s3:::b/*", view)
    assert not able.is_known
    guarded = account(iam__users=[unread], organization=above(deny("s3:*")))
    assert list(access_of(guarded).able("s3:GetObject", "arn:aws:s3:::b/*", guarded)) == []


def test_service_linked_roles_are_nobody() -> None:
    linked = role("aws-service-role/x.amazonaws.com/AWSServiceRoleForX", trust(allow(OWN)), may("*"))
    view = account(iam__roles=[linked, role("ops", trust(allow(OWN)), may("*"))])
    assert [one.name for one in access_of(view).principals()] == ["ops"]


def test_the_role_of_a_permission_set_for_emergencies_is_one() -> None:
    name = "AWSReservedSSO_Rescue_0123456789abcdef"
    sets = [{"_arn": "arn:aws:sso:::permissionSet/i/ps", "_name": "Rescue", "_tags": {"break-glass": "true"}}]
    home = {"OwnerAccountId": "999999999999", "_arn": "arn:aws:sso:::instance/i"}
    organization = above()
    sso = {
        ("sso-admin.instances", "eu-west-1"): [home],
        ("sso-admin.permission_sets", "eu-west-1"): sets,
        ("sso-admin.users", "eu-west-1"): [],
    }
    rows = {
        (table, Region(where)): tuple(resource(table, one, organization.account.id) for one in found)
        for (table, where), found in sso.items()
    }
    organization = replace(organization, tables={**organization.tables, **rows})
    view = account(
        iam__roles=[role(name, trust(allow(OWN))), role("AWSReservedSSO_Other_01", trust(allow(OWN)))],
        organization=organization,
    )
    assert {one.name: is_emergency(one, view) for one in access_of(view).principals()} == {
        name: True,
        "AWSReservedSSO_Other_01": False,
    }


def test_emergency_users_are_told_by_their_tag() -> None:
    view = account(iam__users=[user("rescue", **EMERGENCY), user("ann")])
    assert [is_emergency(one, view) for one in access_of(view).principals()] == [True, False]


def test_who_was_not_read_is_told() -> None:
    assert unseen(account()) == ()
    assert "iam.roles" in unseen(account(denied=("iam.roles",)))[0]
    assert "sso-admin.instances" in unseen(account(organization=above(denied=("sso-admin.instances",))))[0]


def test_the_region_of_a_request_is_the_arns_the_buckets_or_that_of_global_services() -> None:
    access = access_of(people()).access
    assert region_of("arn:aws:sqs:eu-central-1:111122223333:q", access) == "eu-central-1"
    assert region_of("arn:aws:s3:::b/x", access) == "eu-west-1"
    assert region_of(f"arn:aws:iam::{ACCOUNT}:role/x", access) == "us-east-1"


def test_long_lists_are_cut_and_say_so() -> None:
    assert listed(["a", "b", "a"]) == "a; b"
    assert listed("abcdefg", 5) == "a; b; c; d; e and 2 more"
