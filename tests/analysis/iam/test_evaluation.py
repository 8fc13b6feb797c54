"""Steps 2, 3 and 8 to 12: answers, what stands in the way, the deciding statements, the trace."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam import Decision, PolicySet, Request, compile_policy, evaluate, evaluate_all
from watchword.analysis.iam.evaluation import ALWAYS, BLOCKERS, NEVER

A, B = "111122223333", "444455556666"
ANN = f"arn:aws:iam::{A}:user/ann"
SESSION, ROLE = f"arn:aws:sts::{A}:assumed-role/R/s", f"arn:aws:iam::{A}:role/R"
LINKED = f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/s"
ROOT = f"arn:aws:iam::{A}:root"
OBJECT = "arn:aws:s3:::b/k"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/k"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = ALLOW | {"Effect": "Deny"}


def one(kind: str, *statements: Any) -> Any:
    return compile_policy({"Version": "2012-10-17", "Statement": list(statements)}, kind, f"the {kind}")


def to(principal: Any, statement: dict[str, Any] = ALLOW) -> dict[str, Any]:
    return statement | {"Principal": principal}


FULL = one("identity", ALLOW)
PUBLIC = one("resource", to("*"))


def ask(
    policies: PolicySet, who: str = ANN, action: str = "s3:GetObject", resource: str = OBJECT, **more: Any
) -> tuple[str, tuple[str, ...]]:
    found = evaluate(Request.of(who, action, resource, **more), policies)
    return found.decision.value, found.blocked_by


ALLOWED = ("Allowed", ())


def silent(*blockers: str) -> tuple[str, tuple[str, ...]]:
    return "ImplicitlyDenied", blockers


@pytest.mark.parametrize("who", [ANN, SESSION, ROOT, "service:sns.amazonaws.com"])
def test_step_2_1_whoever_signs_may_ask_who_he_is(who: str) -> None:
    denied = PolicySet(identity=(one("identity", DENY),), scps=((),))
    assert evaluate(Request.of(who, "STS:GetCallerIdentity"), denied) is ALWAYS
    assert ask(PolicySet(), "*", "sts:GetCallerIdentity", "*")[0] == "ImplicitlyDenied"


@pytest.mark.parametrize(
    ("action", "resource", "never"),
    [
        ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess", True),
        ("iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", False),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{A}:role/aws-reserved/sso.amazonaws.com/x", True),
        ("iam:PassRole", f"arn:aws:iam::{A}:role/aws-reserved/sso.amazonaws.com/x", False),
        ("iam:AttachRolePolicy", f"arn:aws:iam::{A}:role/x", False),
        ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3", True),
        ("kms:UpdateAlias", f"arn:aws:kms:eu-west-1:{A}:alias/mine", False),
        ("kms:ListAliases", f"arn:aws:kms:eu-west-1:{A}:alias/aws/s3", False),
    ],
)
def test_step_2_2_some_things_are_never_allowed(action: str, resource: str, never: bool) -> None:
    found = evaluate(Request.of(ANN, action, resource), PolicySet(identity=(FULL,)))
    assert (found is NEVER) is never
    assert found.is_allowed is not never


@pytest.mark.parametrize(
    ("policies", "who", "expected"),
    [
        (PolicySet(identity=(FULL,), scps=((),)), LINKED, ALLOWED),
        (PolicySet(identity=(FULL,), scps=((),)), SESSION, silent("scp")),
        (PolicySet(scps=((),)), ROOT, silent("scp")),
        (PolicySet(resource=PUBLIC, scps=((),)), "*", ALLOWED),
        (PolicySet(identity=(FULL,), rcps=((one("rcp", to("*", DENY)),),)), LINKED, ALLOWED),
        (PolicySet(identity=(FULL,), rcps=((one("rcp", to("*", DENY)),),)), SESSION, ("ExplicitlyDenied", ("rcp",))),
        (PolicySet(identity=(FULL,), endpoint=()), ANN, ALLOWED),
    ],
)  # fmt: skip
def test_step_3_layers_apply_to_whom_they_are_for(policies: PolicySet, who: str, expected: Any) -> None:
    assert ask(policies, who) == expected


def test_step_3_3_resource_control_policies_are_of_some_services() -> None:
    policies = PolicySet(identity=(FULL,), rcps=((one("rcp", to("*", DENY)),),))
    asked = Request.of(ANN, "s3:GetObject", OBJECT)
    assert evaluate(asked, policies, frozenset({"s3"})).decision is Decision.EXPLICITLY_DENIED
    assert evaluate(asked, policies, frozenset({"sqs"})).decision is Decision.ALLOWED


DENIES = {
    "identity": PolicySet(identity=(FULL, one("identity", DENY))),
    "scp": PolicySet(identity=(FULL,), scps=((one("scp", ALLOW, DENY),),)),
    "rcp": PolicySet(identity=(FULL,), rcps=((one("rcp", to("*", DENY)),),)),
    "boundary": PolicySet(identity=(FULL,), boundary=(one("boundary", ALLOW, DENY),)),
    "session": PolicySet(identity=(FULL,), session=(one("session", ALLOW, DENY),)),
    "resource": PolicySet(identity=(FULL,), resource=one("resource", to("*", DENY))),
    "endpoint": PolicySet(identity=(FULL,), endpoint=(one("endpoint", to("*"), to("*", DENY)),)),
}


@pytest.mark.parametrize("layer", DENIES)
def test_step_8_a_deny_of_any_layer_decides(layer: str) -> None:
    told = {"context": {"aws:SourceVpce": "vpce-1"}}
    found = evaluate(Request.of(ANN, "s3:GetObject", OBJECT, **told), DENIES[layer])
    assert (found.decision, found.blocked_by, found.allowed_if) == (
        Decision.EXPLICITLY_DENIED,
        (layer,),
        False,
    )
    assert [placed.statement.allows for placed in found.deciding] == [False]
    assert found.deciding[0].policy.startswith(layer)
    assert found.deciding[0].origin == f"the {layer}"


@pytest.mark.parametrize(
    ("policies", "who", "owner", "expected"),
    [
        # 10.1 and 10.3
        (PolicySet(), ANN, A, silent("identity")),
        (PolicySet(identity=(FULL,), boundary=()), ANN, A, silent("boundary")),
        (PolicySet(identity=(FULL,), session=()), ANN, A, silent("session")),
        (PolicySet(resource=one("resource", to({"AWS": ANN})), boundary=(), session=()), ANN, A, ALLOWED),
        (PolicySet(resource=one("resource", to({"AWS": A}))), ANN, A, silent("identity")),
        # 10.2
        (PolicySet(resource=one("resource", to({"AWS": SESSION})), boundary=(), session=()), SESSION, A, ALLOWED),
        (PolicySet(resource=one("resource", to({"AWS": ROLE}))), SESSION, A, ALLOWED),
        (PolicySet(resource=one("resource", to({"AWS": ROLE})), boundary=()), SESSION, A, silent("boundary")),
        (PolicySet(resource=one("resource", to({"AWS": ROLE})), session=()), SESSION, A, silent("session")),
        # 10.4
        (PolicySet(), ROOT, A, ALLOWED),
        # 10.6
        (PolicySet(identity=(FULL,)), ANN, B, silent("resource")),
        (PolicySet(resource=PUBLIC), ANN, B, silent("identity")),
        (PolicySet(identity=(FULL,), resource=one("resource", to({"AWS": A}))), ANN, B, ALLOWED),
        (PolicySet(identity=(FULL,), resource=PUBLIC, boundary=()), ANN, B, silent("boundary")),
        (PolicySet(), ROOT, B, silent("resource")),
        (PolicySet(resource=one("resource", to({"AWS": A}))), ROOT, B, ALLOWED),
        # 10.7
        (PolicySet(resource=one("resource", to({"Service": "sns.amazonaws.com"}))), "service:sns.amazonaws.com", A, ALLOWED),
        (PolicySet(), "service:sns.amazonaws.com", A, silent("resource")),
        (PolicySet(identity=(FULL,)), "*", A, silent("resource")),
        (PolicySet(resource=PUBLIC), "*", A, ALLOWED),
    ],
)  # fmt: skip
def test_step_10_who_grants(policies: PolicySet, who: str, owner: str, expected: Any) -> None:
    assert ask(policies, who, account=owner) == expected


@pytest.mark.parametrize(
    ("policies", "who", "expected"),
    [
        (PolicySet(identity=(FULL,)), ANN, silent("resource")),
        (PolicySet(identity=(FULL,), resource=one("resource", to({"AWS": A}))), ANN, ALLOWED),
        (PolicySet(resource=one("resource", to({"AWS": A}))), ANN, silent("identity")),
        (PolicySet(resource=one("resource", to({"AWS": ANN}))), ANN, ALLOWED),
        (PolicySet(resource=one("resource", to({"AWS": ROLE}))), SESSION, ALLOWED),
        (PolicySet(resource=one("resource", to({"AWS": ROLE})), boundary=()), SESSION, silent("boundary")),
        (PolicySet(), ROOT, silent("resource")),
        (PolicySet(resource=one("resource", to({"AWS": A}))), ROOT, ALLOWED),
    ],
)
@pytest.mark.parametrize(
    ("action", "resource"), [("kms:Decrypt", KEY), ("sts:AssumeRole", f"arn:aws:iam::{A}:role/other")]
)
def test_step_10_5_keys_and_roles_ask_for_their_own_policy(
    policies: PolicySet, who: str, expected: Any, action: str, resource: str
) -> None:
    assert ask(policies, who, action, resource) == expected


def test_step_9_3_an_endpoint_counts_where_the_request_came_through_it() -> None:
    policies = PolicySet(identity=(FULL,), endpoint=())
    assert ask(policies) == ALLOWED
    assert ask(policies, context={"aws:SourceVpce": "vpce-1"}) == silent("endpoint")
    found = evaluate(Request.of(ANN, "s3:GetObject", OBJECT, complete=False), policies)
    assert (found.decision, found.blocked_by) == (Decision.CONDITIONAL, ("endpoint",))


def test_step_11_blockers_are_told_in_their_order() -> None:
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    policies = PolicySet(
        identity=(), scps=((),), boundary=(), session=(), resource=one("resource", to("*") | mfa), endpoint=()
    )
    context = {"aws:SourceVpce": "vpce-1"}
    decision, blockers = ask(policies, account=B, context=context)
    assert (decision, blockers) == silent(
        *(one for one in BLOCKERS if one not in {"rcp", "s3_public_access_block"})
    )


def test_step_11_what_decides_is_told_by_the_decision() -> None:
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    policies = PolicySet(identity=(one("identity", ALLOW, ALLOW | mfa, DENY | mfa | {"Action": "ec2:*"}),))

    def deciding(action: str, **more: Any) -> list[int]:
        found = evaluate(Request.of(ANN, action, OBJECT, **more), policies)
        return [placed.index for placed in found.deciding]

    assert deciding("s3:GetObject") == [0]
    assert deciding("s3:GetObject", complete=False) == [0, 1]
    assert deciding("ec2:X", complete=False) == [0, 1, 2]
    assert deciding("ec2:X", context={"aws:MultiFactorAuthPresent": True}) == [2]
    nothing = evaluate(Request.of(ANN, "s3:GetObject", OBJECT), PolicySet())
    assert nothing.deciding == ()


@pytest.mark.parametrize(
    ("action", "who", "owner", "expected"),
    [
        ("s3:PutBucketPolicy", ROOT, A, ALLOWED),
        ("s3:PutBucketPolicy", ROOT, B, ("ExplicitlyDenied", ("resource",))),
        ("s3:PutBucketPolicy", ANN, A, ("ExplicitlyDenied", ("resource",))),
        ("s3:PutObject", ROOT, A, ("ExplicitlyDenied", ("resource",))),
    ],
)
def test_step_8_the_owners_root_user_may_undo_a_bucket_policy(
    action: str, who: str, owner: str, expected: Any
) -> None:
    policies = PolicySet(identity=(FULL,), resource=one("resource", to("*"), to("*", DENY)))
    assert ask(policies, who, action, "arn:aws:s3:::b", account=owner) == expected
    found = evaluate(Request.of(who, action, "arn:aws:s3:::b", owner), policies)
    assert {placed.statement.allows for placed in found.deciding} == {found.is_allowed}


def test_the_trace_has_every_statement_with_the_part_that_failed() -> None:
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    policies = PolicySet(
        identity=(one("identity", ALLOW | {"Sid": "All"}, ALLOW | {"Action": "ec2:*"}, DENY | mfa),)
    )
    told = [traced.json() for traced in evaluate(Request.of(ANN, "s3:GetObject", OBJECT), policies).trace]
    assert told == [
        {"policy": "identity[0]", "statement": 0, "sid": "All", "effect": "Allow", "outcome": "matched"},
        {"policy": "identity[0]", "statement": 1, "sid": "", "effect": "Allow", "outcome": "action"},
        {"policy": "identity[0]", "statement": 2, "sid": "", "effect": "Deny", "outcome": "condition", "detail": "Bool aws:MultiFactorAuthPresent true"},
    ]  # fmt: skip
    (*_, last) = evaluate(Request.of(ANN, "s3:GetObject", OBJECT, complete=False), policies).trace
    assert last.json()["outcome"] == "conditional"
    assert last.json()["if"]["key"] == "aws:MultiFactorAuthPresent"


def test_step_12_1_every_resource_of_a_call_is_asked_for() -> None:
    policies = PolicySet(identity=(one("identity", ALLOW | {"Resource": "arn:aws:ec2:*:*:subnet/*"}),))
    resources = [f"arn:aws:ec2:eu-west-1:{A}:{one}" for one in ("subnet/s", "instance/*")]
    found = evaluate_all((Request.of(ANN, "ec2:RunInstances", one), policies) for one in resources)
    assert [one.is_allowed for one in found] == [True, False]
    assert evaluate_all(()) == ()
