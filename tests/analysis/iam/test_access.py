"""Who there is in an organisation: policies of groups, boundaries and permission sets, and what is missing of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.iam.company import (
    ANN,
    BUCKET,
    DEPLOY,
    FULL,
    HERE,
    LIMIT,
    MANAGEMENT,
    OTHER,
    OUTSIDE,
    QUEUE,
    READ,
    THERE,
    above,
    access,
    allow,
    attached,
    bucket,
    control,
    deny,
    group,
    may,
    queue,
    role,
    seen,
    trust,
    user,
)
from tests.controls.builder import ACCOUNT, organization
from watchword.analysis.iam.access import Identity, IdentityKind
from watchword.analysis.iam.compiled import Library

OWN = trust(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))


def ann(*inline: Any, **more: Any) -> dict[str, Any]:
    return user("ann", *inline, **more)


def only(*users: Any, **more: Any) -> Identity:
    found = access(seen(*users, **more))
    return found.identities[ANN]


def origins(identity: Identity) -> list[str]:
    return [one.name for one in identity.policies.identity]


def test_a_user_has_inline_and_attached_policies_and_those_of_its_groups() -> None:
    admins = group("admins", deny("s3:*"), AttachedManagedPolicies=attached(LIMIT))
    one = only(
        ann(may("ec2:*"), AttachedManagedPolicies=attached(READ), GroupList=["admins"]),
        groups=[admins, group("others", FULL)],
        policies=[READ, LIMIT],
    )
    assert origins(one) == [
        "inline policy p1",
        "policy read",
        "inline policy p1 of group admins",
        "policy limit of group admins",
    ]
    assert (one.kind, one.name, one.account, one.missing) == (IdentityKind.USER, "ann", ACCOUNT, ())
    assert one.policies.boundary is None
    assert one.trust is None


def test_a_boundary_is_of_its_own_kind() -> None:
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": LIMIT["_arn"]}
    one = only(ann(FULL, PermissionsBoundary=boundary), policies=[LIMIT])
    assert one.policies.boundary is not None
    assert [policy.name for policy in one.policies.boundary] == ["permissions boundary limit"]
    assert one.missing == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            ann(AttachedManagedPolicies=attached(READ)),
            f"policy {READ['_arn']} is in use and not among the policies",
        ),
        (
            ann(PermissionsBoundary={"PermissionsBoundaryArn": READ["_arn"]}),
            f"policy {READ['_arn']} is in use",
        ),
        (ann(GroupList=["ghosts"]), "group ghosts of"),
        (ann(_holes={"GroupList": "denied"}), "GroupList"),
        (ann(_holes={"UserPolicyList": "denied"}), "UserPolicyList"),
        (ann(_holes={"AttachedManagedPolicies": "denied"}), "AttachedManagedPolicies"),
        (ann(_holes={"PermissionsBoundary": "denied"}), "PermissionsBoundary"),
        (ann({"Effect": "Allow"}), "inline policy p1 of"),
    ],
    ids=["attached", "boundary", "group", "groups", "inline", "list", "no boundary", "not of the language"],
)
def test_what_could_not_be_read_is_missing_and_named(row: dict[str, Any], said: str) -> None:
    one = only(row)
    assert len(one.missing) == 1
    assert said in one.missing[0]


def test_a_boundary_that_was_not_read_allows_nothing() -> None:
    one = only(ann(FULL, PermissionsBoundary={"PermissionsBoundaryArn": READ["_arn"]}))
    assert one.policies.boundary == ()


def test_a_hole_of_one_identity_is_none_of_another() -> None:
    found = access(seen(ann(GroupList=["ghosts"]), user("bob", FULL)))
    assert found.identities[ANN.replace("ann", "bob")].missing == ()


def test_roles_have_a_trust_and_groups_are_no_principals() -> None:
    found = access(seen(ann(), groups=[group("admins")], roles=[role("deploy", OWN, FULL)]))
    assert found.identities[DEPLOY].trust is not None
    assert {one.name for one in found.principals()} == {"ann", "deploy"}
    assert {one.name for one in found.identities.values()} == {"ann", "deploy", "admins"}


def test_control_policies_of_the_account_are_among_an_identitys_layers() -> None:
    one = only(ann(FULL), up=above([control("top", FULL)]))
    assert one.policies.scps is not None
    assert [[policy.name for policy in level] for level in one.policies.scps] == [["top (p-top)"], [], []]
    unread = only(ann(FULL), up=above(denied=["organizations.service_control_policies"]))
    assert unread.policies.scps is None
    assert "organizations.service_control_policies" in unread.missing[0]
    assert only(ann(FULL), up=above(on=())).missing == ()


SET = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"


def center(**changes: Any) -> Any:
    return above(
        **{
            "eu-west-1:sso-admin.instances": [{"_arn": "arn:aws:sso:::instance/ssoins-1", "OwnerAccountId": str(MANAGEMENT.id)}],
            "eu-west-1:sso-admin.permission_sets": [{"_arn": SET, "_name": "Readers"} | changes],
            "eu-west-1:sso-admin.managed_policies": [{"_arn": f"{SET}/{READ['_arn']}", "_name": "read", "Arn": READ["_arn"], "Document": READ["Document"]}],
            "eu-west-1:sso-admin.account_assignments": [{"_arn": "a", "AccountId": str(ACCOUNT), "PermissionSetArn": SET, "PrincipalId": "p", "PrincipalType": "USER"}],
            "eu-west-1:sso-admin.users": [],
            "eu-west-1:sso-admin.groups": [],
        }
    )  # fmt: skip


def test_an_assigned_permission_set_is_a_role_where_iam_shows_none() -> None:
    found = access(seen(up=center(InlinePolicy=trust(may("ec2:*")))))
    (one,) = found.principals()
    assert (one.kind, one.name) == (IdentityKind.PERMISSION_SET, "Readers")
    assert one.arn == f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/Readers"
    assert origins(one) == ["inline policy of the permission set", "policy read"]
    shown = access(seen(up=center(), roles=[role("AWSReservedSSO_Readers_0123456789abcdef", OWN)]))
    assert [one.kind for one in shown.principals()] == [IdentityKind.ROLE]
    elsewhere = access(seen(account=THERE, up=center()))
    assert list(elsewhere.principals()) == []


def test_a_permission_set_that_could_not_be_read_is_missing_and_ends_nothing() -> None:
    found = access(seen(ann(), up=center(_holes={"InlinePolicy": "denied"})))
    assert {one.name for one in found.principals()} == {"ann"}
    assert any("InlinePolicy" in one for one in found.missing[ACCOUNT]["sso-admin.permission_sets"])


def test_identities_are_found_by_arn_by_account_and_by_name() -> None:
    other = {**user("ann"), "_arn": f"arn:aws:iam::{OTHER}:user/ann"}
    found = access(seen(ann()), seen(other, account=THERE))
    assert [one.arn for one in found.find(ANN)] == [ANN]
    assert {one.account for one in found.find("ann")} == {ACCOUNT, OTHER}
    for name in ("prod/ann", f"{ACCOUNT}/ann"):
        assert [one.account for one in found.find(name)] == [ACCOUNT]
    assert found.find("test/ann") == found.find("bob") == ()


OPEN = FULL | {"Principal": "*"}


@pytest.mark.parametrize(
    ("arn", "carrier", "owner"),
    [
        (BUCKET, BUCKET, ACCOUNT),
        (f"{BUCKET}/a/b", BUCKET, ACCOUNT),
        ("arn:aws:s3:::papers-2/a", None, ""),
        (QUEUE, QUEUE, ACCOUNT),
        (f"{QUEUE}2", None, ACCOUNT),
        ("arn:aws:s3:eu-west-1:222233334444:accesspoint/p/object/a/b", "arn:aws:s3:eu-west-1:222233334444:accesspoint/p", ACCOUNT),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i", "arn:aws:dynamodb:eu-west-1:111122223333:table/t", ACCOUNT),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/s", None, ACCOUNT),
        ("arn:aws:es:eu-west-1:111122223333:domain/d/index/_search", "arn:aws:es:eu-west-1:111122223333:domain/d", ACCOUNT),
        ("arn:aws:lambda:eu-west-1:111122223333:function:f:live", "arn:aws:lambda:eu-west-1:111122223333:function:f", ACCOUNT),
        ("arn:aws:execute-api:eu-west-1:111122223333:a1b2/prod/GET/x", "arn:aws:apigateway:eu-west-1::/restapis/a1b2", ACCOUNT),
        ("arn:aws:glue:eu-west-1:111122223333:table/d/t", "arn:aws:glue:eu-west-1:111122223333:catalog", ACCOUNT),
        ("*", None, ""),
        ("arn:aws:iam::aws:policy/x", None, ""),
        (f"arn:aws:sqs:eu-west-1:{OUTSIDE}:q", None, OUTSIDE),
    ],
)  # fmt: skip
def test_the_policy_of_a_resource_or_of_what_it_is_a_part_of_counts(
    arn: str, carrier: str | None, owner: str
) -> None:
    found = access(
        seen(
            s3_buckets=[bucket("papers", OPEN)],
            s3_access_points=[{"_arn": "arn:aws:s3:eu-west-1:222233334444:accesspoint/p"}],
            sqs_queues=[queue(OPEN)],
            dynamodb_tables=[{"_arn": "arn:aws:dynamodb:eu-west-1:111122223333:table/t"}],
            opensearch_domains=[{"_arn": "arn:aws:es:eu-west-1:111122223333:domain/d"}],
            lambda_functions=[{"_arn": "arn:aws:lambda:eu-west-1:111122223333:function:f"}],
            apigateway_rest_apis=[{"_arn": "arn:aws:apigateway:eu-west-1::/restapis/a1b2"}],
            glue_resource_policy=[{"_arn": "arn:aws:glue:eu-west-1:111122223333:catalog"}],
        )
    )
    one = found.carrier(arn)
    assert (one.arn if one else None) == carrier
    assert found.owner(arn) == owner


def test_a_resource_brings_its_policy_block_and_the_control_policies_of_its_account() -> None:
    keep = control("keep", deny("s3:*") | {"Principal": "*"})
    found = access(
        seen(ann(FULL), up=above(rcps=[keep])),
        seen(account=THERE, s3_buckets=[bucket("theirs", OPEN, PublicAccessBlock={"RestrictPublicBuckets": True})], up=above()),
    )  # fmt: skip
    one = found.identities[ANN]
    theirs = found.policies(one, "arn:aws:s3:::theirs/k")
    assert theirs.identity == one.policies.identity
    assert theirs.resource is not None
    assert theirs.public_access_block is not None
    assert theirs.public_access_block.restrict_public_buckets
    assert theirs.rcps == ((), ())
    nowhere = found.policies(one, "arn:aws:s3:::nowhere", ACCOUNT)
    assert nowhere.resource is None
    assert nowhere.rcps is not None
    assert nowhere.rcps[0][0].name == "keep (p-keep)"
    assert found.policies(None, QUEUE).identity == ()


@pytest.mark.parametrize(
    ("arn", "denied", "said"),
    [
        (f"{BUCKET}/k", ["s3.buckets"], "s3.buckets"),
        (QUEUE, ["sqs.queues"], "sqs.queues"),
        (QUEUE, ["s3.buckets"], ""),
        ("arn:aws:es:eu-west-1:111122223333:domain/d", ["opensearch.domains"], "opensearch.domains"),
        ("arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/f", ["efs.file_systems"], "efs.file_systems"),
        ("arn:aws:execute-api:eu-west-1:111122223333:a/b", ["apigateway.rest_apis"], "apigateway.rest_apis"),
        (f"{QUEUE.replace(str(ACCOUNT), OUTSIDE)}", [], f"account {OUTSIDE} is not in the snapshot"),
        ("*", ["s3.buckets"], ""),
        ("", ["s3.buckets"], ""),
    ],
)  # fmt: skip
def test_a_resource_that_may_stand_in_a_hole_is_not_known(arn: str, denied: list[str], said: str) -> None:
    missing = access(seen(denied=denied)).missing_of(None, arn)
    assert bool(missing) is bool(said)
    assert said in "".join(missing)


def test_what_a_resource_lacks_and_what_its_accounts_rcps_lack_is_missing() -> None:
    spoiled = {"_arn": QUEUE, "Attributes": {"_holes": {"Policy": "denied"}}}
    found = access(seen(sqs_queues=[spoiled], up=above(denied=["organizations.resource_control_policies"])))
    (policy, rcps) = found.missing_of(None, QUEUE)
    assert "Policy" in policy
    assert "organizations.resource_control_policies" in rcps
    assert "organizations.resource_control_policies" in "".join(
        found.missing_of(None, "arn:aws:s3:::x", ACCOUNT)
    )


def test_the_snapshot_tells_some_keys_of_an_identitys_requests() -> None:
    found = access(seen(ann(_tags={"team": "red"})))
    one = found.identities[ANN]
    assert found.context(one) == {
        "aws:PrincipalTag/team": "red",
        "aws:PrincipalArn": ANN,
        "aws:PrincipalOrgID": "o-abc",
        "aws:PrincipalOrgPaths": "o-abc/r-abcd/ou-abcd-work/",
    }
    assert one.tags == {"team": "red"}


def test_identities_that_were_not_read_are_told() -> None:
    found = access(seen(ann(), denied=["global:iam.roles"]), seen(account=THERE))
    assert [one.name for one in found.principals()] == ["ann"]
    assert "iam.roles" in found.unread_identities()[0]
    assert found.unread_identities(ACCOUNT) == found.unread_identities()
    assert found.unread_identities(OTHER) == ()


def test_views_of_the_organisation_itself_are_passed_over_and_equal_policies_compiled_once() -> None:
    library = Library()
    from watchword.analysis.iam.access import Access

    views = [organization({}), seen(ann(FULL), user("bob", FULL), up=above(on=()))]
    found = Access.of(views, library)
    assert set(found.accounts) == {ACCOUNT}
    assert found.accounts[ACCOUNT] == HERE
    assert len(library) == 1
