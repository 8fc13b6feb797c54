"""The naive evaluator itself, checked by hand: each row is named by the step of docs/iam-evaluation.md that it is about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.iam.completions import completions
from tests.analysis.iam.oracle import Decider, decide, is_public
from tests.analysis.iam.oracle_conditions import Context, fulfils, moment, number, tokens, wildcard

HOME, OTHER = "111122223333", "444455556666"
ALICE, ROOT = f"arn:aws:iam::{HOME}:user/alice", f"arn:aws:iam::{HOME}:root"
ROLE, SESSION = f"arn:aws:iam::{HOME}:role/deploy", f"arn:aws:sts::{HOME}:assumed-role/deploy/run-1"
GUEST = f"arn:aws:sts::{OTHER}:assumed-role/partner/visit"
LINKED = f"arn:aws:sts::{HOME}:assumed-role/AWSServiceRoleForSupport/s"
DORA = f"arn:aws:sts::{HOME}:federated-user/dora"
BUCKET, OBJECT = "arn:aws:s3:::reports", "arn:aws:s3:::reports/alice/q1"
KEY, QUEUE = f"arn:aws:kms:eu-west-1:{HOME}:key/k1", f"arn:aws:sqs:eu-west-1:{HOME}:orders"
YES, NO, DENY = "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"


def doc(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def deny(action: Any = "*", resource: Any = "*", **rest: Any) -> dict[str, Any]:
    return {**allow(action, resource, **rest), "Effect": "Deny"}


def ask(
    principal: str = ALICE,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    owner: str = HOME,
    **context: Any,
) -> dict[str, Any]:
    return {
        "principal": principal,
        "action": action,
        "resource": resource,
        "resource_account": owner,
        "context": {key.replace("__", ":"): value for key, value in context.items()},
    }


def by_aws(value: Any, **rest: Any) -> dict[str, Any]:
    """A resource's policy that allows everything to a principal."""
    return doc(allow(Principal={"AWS": value}, **rest))


ALL = [doc(allow())]
NONE = [doc(allow("ec2:*"))]
ONLY_S3 = [[doc(allow("s3:*"))]]
PUBLIC_BLOCK = {"RestrictPublicBuckets": True}

TABLE: list[tuple[str, dict[str, Any], dict[str, Any], str, tuple[str, ...]]] = [
    ("1.2 the account told beats the one in the ARN", ask(resource=QUEUE, action="sqs:SendMessage", owner=OTHER), {"identity": ALL}, NO, ("resource",)),
    ("1.2 a bucket without a told account is the caller's own", ask(owner=""), {"identity": ALL}, YES, ()),
    ("1.3 the ARN of a session is its role's", ask(SESSION), {"identity": [doc(allow(Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}}))]}, YES, ()),
    ("1.3 a user's name is the last part of the ARN", ask(), {"identity": [doc(allow(Condition={"StringEquals": {"AWS:UserName": "alice"}}))]}, YES, ()),
    ("1.3 what the context gives is not replaced", ask(aws__PrincipalType="Odd"), {"identity": [doc(allow(Condition={"StringEquals": {"aws:PrincipalType": "User"}}))]}, NO, ("identity",)),
    ("1.3 a service is told by a key", ask("service:ec2.amazonaws.com"), {"resource": doc(allow(Principal="*", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}}))}, YES, ()),
    ("2.1 who am I is always allowed", ask(action="sts:GetCallerIdentity", resource="*"), {"identity": [doc(deny())]}, YES, ()),
    ("2.1 but not without a signature", ask("*", action="sts:GetCallerIdentity", resource="*"), {}, NO, ("resource",)),
    ("2.2 policies of AWS cannot be changed", ask(action="iam:CreatePolicyVersion", resource="arn:aws:iam::aws:policy/X"), {"identity": ALL}, NO, ("identity",)),
    ("2.2 but read", ask(action="iam:GetPolicy", resource="arn:aws:iam::aws:policy/X"), {"identity": ALL}, YES, ()),
    ("2.2 aliases of AWS cannot be changed", ask(action="kms:DeleteAlias", resource=f"arn:aws:kms:eu-west-1:{HOME}:alias/aws/s3"), {"identity": ALL}, NO, ("identity",)),
    ("3.1 the root user has no boundary", ask(ROOT), {"boundary": NONE}, YES, ()),
    ("3.2 the root user of a member is under SCPs", ask(ROOT), {"scps": [NONE]}, NO, ("scp",)),
    ("3.2 a service-linked role is not", ask(LINKED), {"identity": ALL, "scps": [NONE]}, YES, ()),
    ("3.3 an RCP hits a stranger", ask(GUEST), {"identity": ALL, "resource": by_aws(OTHER), "rcps": [[doc(deny(Principal="*"))]]}, DENY, ("rcp",)),
    ("3.3 an RCP does not know EC2", ask(action="ec2:StartInstances", resource="*"), {"identity": ALL, "rcps": [[doc(deny(Principal="*"))]]}, YES, ()),
    ("3.4 the endpoint's policy only where it was passed", ask(), {"identity": ALL, "endpoint": [doc(allow("ec2:*", Principal="*"))]}, YES, ()),
    ("3.4 and there it must allow", ask(aws__SourceVpce="vpce-1"), {"identity": ALL, "endpoint": [doc(allow("ec2:*", Principal="*"))]}, NO, ("endpoint",)),
    ("4.1 case of actions does not count", ask(), {"identity": [doc(allow("S3:getobjec?"))]}, YES, ()),
    ("4.1 a comma matches nothing", ask(), {"identity": [doc(allow("s3:*,"))]}, NO, ("identity",)),
    ("4.1 an empty NotAction covers nothing", ask(), {"identity": [doc({"Effect": "Allow", "NotAction": [], "Resource": "*"})]}, NO, ("identity",)),
    ("4.1 NotAction", ask(), {"identity": [doc({"Effect": "Allow", "NotAction": "ec2:*", "Resource": "*"})]}, YES, ()),
    ("4.2 no principal never matches", ask("*"), {"resource": doc(allow())}, NO, ("resource",)),
    ("4.3 case of resources counts", ask(), {"identity": [doc(allow(resource="arn:aws:s3:::Reports/*"))]}, NO, ("identity",)),
    ("4.3 wildcards run past colons", ask(resource=QUEUE, action="sqs:SendMessage"), {"identity": [doc(allow(resource="arn:aws:sqs:*orders"))]}, YES, ()),
    ("4.3 an incomplete ARN is completed", ask(resource=QUEUE, action="sqs:SendMessage"), {"identity": [doc(allow(resource="arn:aws:sqs"))]}, YES, ()),
    ("4.3 an incomplete ARN of a session policy is not", ask(SESSION, resource=QUEUE, action="sqs:SendMessage"), {"identity": ALL, "session": [doc(allow(resource="arn:aws:sqs"))]}, NO, ("session",)),
    ("4.3 a trust policy covers its role", ask(action="sts:AssumeRole", resource=ROLE), {"resource": doc({"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "sts:AssumeRole"})}, YES, ()),
    ("5.2 twelve digits are the account", ask(), {"identity": ALL, "resource": by_aws(HOME), "boundary": NONE}, NO, ("boundary",)),
    ("5.2 a role's path is not compared", ask(SESSION), {"resource": by_aws(f"arn:aws:iam::{HOME}:role/x/deploy")}, YES, ()),
    ("5.2 wildcards match nobody", ask(), {"resource": by_aws(f"arn:aws:iam::{HOME}:user/*")}, NO, ("identity",)),
    ("5.2 ids of deleted principals match nobody", ask(), {"resource": by_aws("AIDACKCEVSQ6C2EXAMPLE")}, NO, ("identity",)),
    ("5.3 a provider by its host", ask(f"arn:aws:iam::{HOME}:oidc-provider/token.example.com"), {"resource": doc(allow(Principal={"Federated": "token.example.com"}))}, YES, ()),
    ("5.3 a canonical user by the context", ask("*", principal__CanonicalUser="c0ffee"), {"resource": doc(allow(Principal={"CanonicalUser": "c0ffee"}))}, YES, ()),
    ("5.5 an account without its user is not listed", ask(), {"identity": ALL, "resource": doc({**deny(), "NotPrincipal": {"AWS": HOME}})}, DENY, ("resource",)),
    ("5.5 user and account are", ask(), {"identity": ALL, "resource": doc({**deny(), "NotPrincipal": {"AWS": [HOME, ALICE]}})}, YES, ()),
    ("5.5 a session needs account, role and session", ask(SESSION), {"identity": ALL, "resource": doc({**deny(), "NotPrincipal": {"AWS": [ROOT, ROLE]}})}, DENY, ("resource",)),
    ("5.5 the root user by its account", ask(ROOT), {"resource": doc({**deny(), "NotPrincipal": {"AWS": ROOT}})}, YES, ()),
    ("5.5 whoever has a boundary is hit", ask(), {"identity": ALL, "boundary": ALL, "resource": doc({**deny(), "NotPrincipal": {"AWS": [ROOT, ALICE]}})}, DENY, ("resource",)),
    ("7.1 a variable in a resource", ask(), {"identity": [doc(allow(resource=f"{BUCKET}/${{aws:username}}/*"))]}, YES, ()),
    ("7.1 not in an older version", ask(), {"identity": [doc(allow(resource=f"{BUCKET}/${{aws:username}}/*"), version="2008-10-17")]}, NO, ("identity",)),
    ("7.2 a wildcard from a value is plain", ask(aws__userid="*"), {"identity": [doc(allow(resource=f"{BUCKET}/${{aws:userid}}/*"))]}, NO, ("identity",)),
    ("7.3 no value and no default", ask(), {"identity": [doc(allow(resource=f"{BUCKET}/${{aws:userid}}/*"))]}, NO, ("identity",)),
    ("7.3 a default", ask(), {"identity": [doc(allow(resource=f"{BUCKET}/${{aws:userid, 'alice'}}/*"))]}, YES, ()),
    ("7.3 several values match nothing", ask(aws__TagKeys=["alice", "x"]), {"identity": [doc(allow(resource=f"{BUCKET}/${{aws:TagKeys, 'alice'}}/*"))]}, NO, ("identity",)),
    ("8 a denial wins", ask(), {"identity": [doc(allow(), deny("s3:Get*"))]}, DENY, ("identity",)),
    ("8 the owner's root user may undo a lock-out", ask(ROOT, action="s3:DeleteBucketPolicy", resource=BUCKET), {"resource": doc(deny(Principal="*"))}, YES, ()),
    ("8 another account's may not", ask(f"arn:aws:iam::{OTHER}:root", action="s3:DeleteBucketPolicy", resource=BUCKET), {"resource": doc(deny(Principal="*"))}, DENY, ("resource",)),
    ("9.1 each level must allow", ask(), {"identity": ALL, "scps": [ALL, []]}, NO, ("scp",)),
    ("9.1 silence is told beside a denial", ask(), {"identity": [doc(deny())], "scps": [ALL, []]}, DENY, ("identity", "scp")),
    ("9.2 an RCP that is silent lets pass", ask(), {"identity": ALL, "rcps": [[]]}, YES, ()),
    ("9.4 strangers are refused a public bucket", ask(GUEST), {"identity": ALL, "resource": by_aws("*"), "s3_public_access_block": PUBLIC_BLOCK}, NO, ("s3_public_access_block",)),
    ("9.4 the account itself is not", ask(), {"resource": by_aws("*"), "s3_public_access_block": PUBLIC_BLOCK}, YES, ()),
    ("9.5 nor strangers a bucket that is not public", ask(GUEST), {"identity": ALL, "resource": by_aws(OTHER), "s3_public_access_block": PUBLIC_BLOCK}, YES, ()),
    ("10.1 naming the user is not limited by a boundary", ask(), {"resource": by_aws(ALICE), "boundary": NONE, "session": NONE}, YES, ()),
    ("10.1 who grants nothing is told", ask(), {"boundary": NONE}, NO, ("identity", "boundary")),
    ("10.2 naming the role is limited by a boundary", ask(SESSION), {"resource": by_aws(ROLE), "boundary": NONE}, NO, ("boundary",)),
    ("10.2 but needs no identity policy", ask(SESSION), {"resource": by_aws(ROLE), "boundary": ALL}, YES, ()),
    ("10.2 naming the session is not limited", ask(SESSION), {"resource": by_aws(SESSION), "boundary": NONE}, YES, ()),
    ("10.3 a federated user", ask(DORA), {"identity": ALL, "session": NONE}, NO, ("session",)),
    ("10.4 the root user needs nothing", ask(ROOT), {}, YES, ()),
    ("10.5 but a key's policy", ask(ROOT, "kms:Decrypt", KEY), {}, NO, ("resource",)),
    ("10.5 naming the account asks for an identity policy", ask(ALICE, "kms:Decrypt", KEY), {"resource": by_aws(HOME)}, NO, ("identity",)),
    ("10.5 and both together grant", ask(ALICE, "kms:Decrypt", KEY), {"identity": ALL, "resource": by_aws(ROOT)}, YES, ()),
    ("10.5 an identity policy alone does not", ask(ALICE, "kms:Decrypt", KEY), {"identity": ALL}, NO, ("resource",)),
    ("10.5 the role needs no identity policy", ask(SESSION, "kms:Decrypt", KEY), {"resource": by_aws(ROLE), "session": NONE}, NO, ("session",)),
    ("10.5 an alias has no policy", ask(ALICE, "kms:ListAliases", f"arn:aws:kms:eu-west-1:{HOME}:alias/app"), {"identity": ALL}, YES, ()),
    ("10.6 both sides must grant", ask(GUEST), {"resource": by_aws(GUEST), "boundary": NONE}, NO, ("identity", "boundary")),
    ("10.6 and each side is told", ask(GUEST), {"identity": NONE}, NO, ("identity", "resource")),
    ("10.6 naming the account is enough", ask(GUEST), {"identity": ALL, "resource": by_aws(OTHER)}, YES, ()),
    ("10.7 a service must be named", ask("service:ec2.amazonaws.com"), {"resource": by_aws(HOME)}, NO, ("resource",)),
    ("10.7 anybody", ask("*"), {"resource": by_aws("*")}, YES, ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "policies", "decision", "blocked_by"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_a_request_is_decided_as_worked_out_by_hand(
    request_: dict[str, Any], policies: dict[str, Any], decision: str, blocked_by: tuple[str, ...]
) -> None:
    answer = decide(request_, policies)
    assert (answer.decision, answer.blocked_by) == (decision, blocked_by)


CONTEXT = Context(
    {
        "one": "red",
        "several": ["red", "blue"],
        "empty": [],
        "blank": "",
        "n": 5,
        "day": "2026-03-01",
        "ip": "192.0.2.7",
        "six": "2001:db8::1",
        "flag": True,
        "bytes": "QUI=",
        "arn": "arn:aws:sns:eu-west-1:111122223333:news:deep",
        "star": "*",
    }
)

TESTS = [
    ("6.1 values are joined by or", "StringEquals", "ONE", ["blue", "red"], True),
    ("6.1 of a negated operator by nor", "StringNotEquals", "one", ["blue", "red"], False),
    ("6.2 a missing key", "StringEquals", "gone", ["red"], False),
    ("6.2 an empty list is missing", "StringNotEquals", "empty", ["red"], True),
    ("6.2 IfExists", "StringEqualsIfExists", "gone", ["red"], True),
    ("6.2 IfExists of what is there", "StringEqualsIfExists", "one", ["blue"], False),
    ("6.3 all values", "ForAllValues:StringEquals", "several", ["red", "blue", "green"], True),
    ("6.3 not all values", "ForAllValues:StringEquals", "several", ["red"], False),
    ("6.3 none of all values", "ForAllValues:StringNotEquals", "several", ["red"], False),
    ("6.3 all of nothing", "ForAllValues:StringEquals", "gone", ["red"], True),
    ("6.3 all of an empty text", "ForAllValues:StringEquals", "blank", ["red"], True),
    ("6.3 any value", "ForAnyValue:StringEquals", "several", ["blue"], True),
    ("6.3 any value that differs", "ForAnyValue:StringNotEquals", "several", ["blue"], True),
    ("6.3 any of nothing, with IfExists too", "ForAnyValue:StringEqualsIfExists", "gone", ["red"], False),
    ("6.3 several values without a qualifier", "StringEquals", "several", ["blue"], True),
    ("6.3 several values, negated", "StringNotEquals", "several", ["blue"], False),
    ("6.4 wildcards of Equals are plain", "StringEquals", "one", ["r*"], False),
    ("6.4 Like", "StringLike", "one", ["r?d"], True),
    ("6.4 without case", "StringEqualsIgnoreCase", "one", ["RED"], True),
    ("6.5 numbers", "NumericLessThanEquals", "n", ["5.0"], True),
    ("6.5 no number", "NumericNotEquals", "one", ["5"], True),
    ("6.5 dates", "DateEquals", "day", ["2026-03-01T01:00:00+01:00"], True),
    ("6.5 seconds", "DateEquals", "day", ["1772323200"], True),
    ("6.5 truth without case", "Bool", "flag", ["TRUE"], True),
    ("6.5 bytes", "BinaryEquals", "bytes", ["QUJ="], True),
    ("6.5 host bits are ignored", "IpAddress", "ip", ["192.0.2.99/24"], True),
    ("6.5 the other family", "NotIpAddress", "six", ["0.0.0.0/0"], True),
    ("6.6 the sixth part has colons", "ArnEquals", "arn", ["arn:aws:sns:*:111122223333:news*"], True),
    ("6.6 a wildcard stays in its part", "ArnLike", "arn", ["arn:aws:sns:*"], False),
    ("6.6 a star alone", "ArnLike", "arn", ["*"], True),
    ("6.6 no ARN", "ArnLike", "one", ["*"], False),
    ("6.7 missing", "Null", "gone", ["true"], True),
    ("6.7 there", "Null", "one", ["true"], False),
    ("6.7 there, asked", "Null", "one", ["false"], True),
    ("6.7 an empty text is there", "Null", "blank", ["false"], True),
    ("7.1 a variable in a condition", "StringLike", "one", ["${one}"], True),
    ("7.1 not in a number", "NumericEquals", "n", ["${n}"], False),
    ("7.2 an escaped wildcard", "StringLike", "star", ["${*}"], True),
    ("7.2 is no wildcard", "StringLike", "one", ["${*}"], False),
    ("7.3 a negated operator finds it unequal", "StringNotEquals", "one", ["${gone}"], True),
    ("7.3 not well-formed is plain", "StringEquals", "one", ["${}"], False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "expected"), [row[1:] for row in TESTS], ids=[row[0] for row in TESTS]
)
def test_a_condition_holds_as_worked_out_by_hand(
    operator: str, key: str, wanted: list[str], expected: bool
) -> None:
    assert fulfils(operator, key, wanted, "2012-10-17", CONTEXT) is expected


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({}, True),
        ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, True),
        ({"StringEquals": {"AWS:SourceVpc": "vpc-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "red"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "10.0.0.0/8"]}}, False),
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/1"]}}, True),
        ({"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{HOME}:accesspoint/*"}}, True),
        ({"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:eu-west-1:{HOME}:accesspoint/*"}}, False),
    ],
)
def test_step_9_5_tells_a_public_policy_by_its_conditions(condition: dict[str, Any], public: bool) -> None:
    assert is_public(doc(allow("s3:*", Principal="*", Condition=condition)), at_access_point=False) is public


@pytest.mark.parametrize(
    ("principal", "public"),
    [
        ({"AWS": HOME}, False),
        ({"AWS": [HOME, "*"]}, True),
        ({"Service": "x.amazonaws.com"}, False),
        ({"Federated": "accounts.google.com"}, True),
    ],
)
def test_step_9_5_tells_a_public_policy_by_its_principal(principal: Any, public: bool) -> None:
    assert is_public(doc(allow("s3:*", Principal=principal)), at_access_point=False) is public


def test_step_11_names_the_deciding_statements() -> None:
    policies = {
        "identity": [doc(allow("ec2:*"), allow("s3:*", Sid="Read"))],
        "scps": [ALL, [doc(allow("ec2:*")), doc(allow("s3:*"))]],
    }
    assert decide(ask(), policies).deciding == (
        Decider("identity[0]", 1, "Read", "Allow"),
        Decider("scps[0][0]", 0, "", "Allow"),
        Decider("scps[1][1]", 0, "", "Allow"),
    )
    policies["session"] = [doc(allow()), doc(deny("s3:*"))]
    assert decide(ask(), policies).deciding == (Decider("session[1]", 0, "", "Deny"),)


def test_step_11_names_nothing_where_nobody_allows() -> None:
    assert decide(ask(), {"scps": ONLY_S3}).deciding == ()


def test_step_1_3_callers_without_a_signature_never_have_keys_of_principals() -> None:
    policies = {
        "resource": doc(
            allow(
                Principal="*", Condition={"StringLike": {"aws:PrincipalOrgID": "o-*", "aws:SourceVpc": "v"}}
            )
        )
    }
    keys = {key for one in completions({**ask("*"), "complete": False}, policies) for key in one}
    assert keys == {"aws:sourcevpc"}


def test_completions_take_values_of_the_policies_absence_and_lists() -> None:
    policies = {"identity": [doc(allow(Condition={"StringLike": {"aws:SourceVpc": "vpc-*"}}))]}
    values = [one["aws:sourcevpc"] for one in completions(ask(), policies, most=50)]
    assert [] in values
    assert "vpc-ab" in values
    assert any(isinstance(value, list) and len(value) == 2 for value in values)
    assert "something else" in values


def test_wildcards_match_as_worked_out_by_hand() -> None:
    assert wildcard(tokens("a*b?d*"), "axxbcd")
    assert not wildcard(tokens("a*b?d"), "axxbd")
    assert wildcard(tokens("*"), "")
    assert not wildcard(tokens("?"), "")


def test_numbers_and_dates_are_read_as_worked_out_by_hand() -> None:
    assert number("-12") == -12
    assert number("many") is None
    assert moment("2026-02-28T12:30:15.5Z") == moment("1772281815.5")
    assert moment("2026-13-01") is None
