"""What AWS would accept and nobody means is told, each with a pointer that leads to it."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam.compiled import compile_policy
from watchword.analysis.iam.review import review
from watchword.analysis.iam.universe import default


def problems(kind: str = "resource", **more: Any) -> dict[str, str]:
    written: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | more
    if kind == "resource" and "NotPrincipal" not in written:
        written |= {"Principal": written.get("Principal", {"AWS": "111122223333"})}
    written = {name: value for name, value in written.items() if value is not None}
    policy = compile_policy({"Version": "2012-10-17", "Statement": [written]}, kind)
    return {one.pointer: one.what for one in review(policy, default())}


def test_a_policy_that_says_what_it_means_has_no_problem() -> None:
    conditions = {
        "StringEquals": {
            "aws:SourceVpc": "vpc-1",
            "aws:PrincipalTag/a/b": "x",
            "accounts.google.com:aud": "y",
        },
        "ForAnyValue:StringEquals": {"aws:CalledVia": "x"},
        "Null": {"aws:CalledVia": "false"},
        "ForAllValues:StringEquals": {"aws:TagKeys": "x"},
        "StringLike": {"token.actions.githubusercontent.com:sub": "repo:x"},
    }
    assert problems(Condition=conditions, Effect="Deny") == {}
    assert problems("identity", Action=["s3:Get*", "*"]) == {}


S = "/Statement/0"


@pytest.mark.parametrize(
    ("more", "pointer", "what"),
    [
        ({"Action": ["s3:GetObject", "s3:GetObjekt"]}, f"{S}/Action/1", "s3:GetObjekt"),
        ({"Action": "s4:*"}, f"{S}/Action/0", "s4:*"),
        ({"Action": None, "NotAction": ["s3:Nothing*"], "Effect": "Deny"}, f"{S}/NotAction/0", "s3:Nothing*"),
        ({"Action": []}, f"{S}/Action", "no effect"),
        ({"Resource": []}, f"{S}/Resource", "no effect"),
        ({"NotPrincipal": {"AWS": "111122223333"}}, f"{S}/NotPrincipal", "everybody else"),
        ({"Action": None, "NotAction": "s3:GetObject"}, f"{S}/NotAction", "every other action"),
        ({"Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:user/*"]}}, f"{S}/Principal/AWS", "names nobody"),
        ({"Principal": {"AWS": "AIDAEXAMPLE"}}, f"{S}/Principal/AWS", "deleted"),
        ({"Principal": {"AWS": "AROAEXAMPLE"}}, f"{S}/Principal/AWS", "deleted"),
        ({"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/*"}}, f"{S}/NotPrincipal/AWS", "names nobody"),
        ({"Condition": {"StringEquals": {"aws:SourceVpx": "x"}}}, f"{S}/Condition/StringEquals/aws:SourceVpx", "no service"),
        ({"Condition": {"StringEqualsIfExists": {"aws:Source/~": "x"}}}, f"{S}/Condition/StringEqualsIfExists/aws:Source~1~0", "no service"),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": []}}}, f"{S}/Condition/StringEquals/aws:SourceVpc", "empty"),
        ({"Condition": {"StringEquals": {"aws:CalledVia": "x"}}}, f"{S}/Condition/StringEquals/aws:CalledVia", "several values"),
        ({"Condition": {"ForAnyValue:StringEquals": {"aws:SourceVpc": "x"}}}, f"{S}/Condition/ForAnyValue:StringEquals/aws:SourceVpc", "has one value"),
        ({"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}}, f"{S}/Condition/ForAllValues:StringEquals/aws:TagKeys", "let through"),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_told_with_its_place(more: dict[str, Any], pointer: str, what: str) -> None:
    found = problems(**more)
    assert list(found) == [pointer]
    assert what in found[pointer]


def test_for_all_values_beside_null_is_sound() -> None:
    conditions = {"ForAllValues:StringEquals": {"aws:TagKeys": "x"}, "Null": {"aws:TagKeys": "false"}}
    assert problems(Condition=conditions) == {}
    conditions["Null"] = {"aws:TagKeys": "true"}
    assert len(problems(Condition=conditions)) == 1


def test_problems_come_in_the_order_of_the_statements() -> None:
    wrong = {"Effect": "Allow", "Action": "s4:x", "Resource": "*"}
    policy = compile_policy({"Statement": [wrong, wrong]}, "identity")
    assert [one.pointer for one in review(policy, default())] == [
        "/Statement/0/Action/0",
        "/Statement/1/Action/0",
    ]
