"""A statement matches if each part does; else it says which failed first (step 4)."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam.compiled import compile_policy
from watchword.analysis.iam.expression import Atom, decide, to_json
from watchword.analysis.iam.principals import Named, Principal
from watchword.analysis.iam.statements import NO_ACTION, Asked, CompiledStatement, Outcome, Part

USER = "arn:aws:iam::111122223333:user/ann"
OBJECT = "arn:aws:s3:::b/ann/k"


def statement(kind: str = "identity", **elements: Any) -> CompiledStatement:
    written = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"} | elements
    written = {name: value for name, value in written.items() if value is not None}
    return compile_policy({"Version": "2012-10-17", "Statement": written}, kind).statements[0]


def outcome(
    one: CompiledStatement,
    known: dict[str, tuple[str, ...]] | None = None,
    *,
    action: str = "s3:getobject",
    resource: str = OBJECT,
    missing: tuple[str, ...] | None = (),
    who: str = USER,
) -> Outcome:
    """The outcome as a layer takes it: the action first, then the rest."""
    if not one.covers(action):
        return NO_ACTION
    return one.ask(Asked(Principal.parse(who), action, resource, known or {}, missing))


@pytest.mark.parametrize(
    ("elements", "covered"),
    [
        ({"Action": "s3:GetObject"}, True),
        ({"Action": "S3:getOBJECT"}, True),
        ({"Action": "s3:Get?bject"}, True),
        ({"Action": ["ec2:*", "s3:*Object"]}, True),
        ({"Action": "*"}, True),
        ({"Action": "s3:GetObject,s3:PutObject"}, False),
        ({"Action": "s3:Get Object"}, False),
        ({"Action": "s3:*\n"}, False),
        ({"Action": "s3.GetObject"}, False),
        ({"Action": []}, False),
        ({"Action": None, "NotAction": "s3:GetObject"}, False),
        ({"Action": None, "NotAction": "ec2:*"}, True),
        ({"Action": None, "NotAction": ["ec2:*", "S3:GET*"]}, False),
        ({"Action": None, "NotAction": "s3:Get Object"}, True),
        ({"Action": None, "NotAction": []}, False),
    ],
)
def test_step_4_1_actions_match_without_case(elements: dict[str, Any], covered: bool) -> None:
    assert statement(**elements).covers("s3:getobject") is covered
    assert outcome(statement(**elements)).part is (Part.MATCHED if covered else Part.ACTION)


@pytest.mark.parametrize("kind", ["resource", "endpoint", "rcp"])
def test_step_4_2_without_principals_a_statement_of_such_a_policy_never_matches(kind: str) -> None:
    effect = "Deny" if kind == "rcp" else "Allow"
    assert outcome(statement(kind, Effect=effect)).part is Part.PRINCIPAL
    assert outcome(statement(kind, Effect=effect, Principal="*")).part is Part.MATCHED
    assert outcome(statement(kind, Effect=effect, Principal={"AWS": []})).part is Part.PRINCIPAL


def test_step_4_2_the_way_in_which_the_principal_is_named_is_told() -> None:
    by_account = statement("resource", Principal={"AWS": "111122223333"})
    assert outcome(by_account).named is Named.ACCOUNT
    assert outcome(statement()).named is Named.DIRECT


@pytest.mark.parametrize(
    ("elements", "matches"),
    [
        ({"Resource": OBJECT}, True),
        ({"Resource": "arn:aws:s3:::B/ann/k"}, False),
        ({"Resource": "arn:aws:s3:::b/*"}, True),
        ({"Resource": "arn:*"}, True),
        ({"Resource": "arn:aws:s3"}, True),
        ({"Resource": "arn:aws:sqs"}, False),
        ({"Resource": ["x", "arn:aws:s3:::b/ann/?"]}, True),
        ({"Resource": []}, False),
        ({"Resource": None, "NotResource": "arn:aws:s3:::b/*"}, False),
        ({"Resource": None, "NotResource": "arn:aws:s3:::c/*"}, True),
        ({"Resource": None, "NotResource": ["x", OBJECT]}, False),
        ({"Resource": None, "NotResource": []}, False),
        ({"Resource": "arn:aws:s3:::b/${aws:username}/*"}, True),
        ({"Resource": "arn:aws:s3:::b/${aws:nobody}/*"}, False),
        ({"Resource": ["arn:aws:s3:::b/${aws:nobody}/*", "arn:aws:s3:::b/*"]}, True),
        ({"Resource": "arn:aws:s3:::b/${aws:nobody, 'ann'}/*"}, True),
        ({"Resource": None, "NotResource": "arn:aws:s3:::b/${aws:username}/*"}, False),
        ({"Resource": None, "NotResource": "arn:aws:s3:::b/${aws:nobody}/*"}, True),
    ],
)
@pytest.mark.parametrize("conditions", [None, {"Bool": {"aws:x": "true"}}])
def test_step_4_3_resources_match_with_case(elements: dict[str, Any], matches: bool, conditions: Any) -> None:
    one = statement(**elements, Condition=conditions)
    found = outcome(one, {"aws:username": ("ann",), "aws:x": ("true",)})
    assert found.part is (Part.MATCHED if matches else Part.RESOURCE)
    assert found.value is matches


@pytest.mark.parametrize(
    ("kind", "completed"),
    [
        *(("identity", True), ("boundary", True), ("session", False), ("scp", False)),
        *(("rcp", False), ("resource", False), ("endpoint", False)),
    ],
)
def test_step_4_3_an_incomplete_arn_is_completed_in_identity_policies_and_boundaries(
    kind: str, completed: bool
) -> None:
    named = {"Principal": "*"} if kind in {"rcp", "resource", "endpoint"} else {}
    one = statement(kind, Effect="Deny", Resource="arn:aws:s3", **named)
    assert outcome(one).value is completed


def test_step_4_3_a_statement_of_a_resources_policy_needs_no_resource() -> None:
    assert outcome(statement("resource", Resource=None, Principal="*")).part is Part.MATCHED


def test_step_4_3_a_resource_is_in_question_where_a_variable_is() -> None:
    one = statement(Resource="arn:aws:s3:::b/${aws:username}/*")
    found = outcome(one, missing=None)
    assert found.part is Part.CONDITIONAL
    assert to_json(found.value) == {
        "resource": OBJECT,
        "like": ["arn:aws:s3:::b/${aws:username}/*"],
        "negated": False,
    }
    assert decide(found.value, {"aws:username": ("ann",)}) is True
    assert decide(found.value, {"aws:username": ("bob",)}) is False
    assert decide(found.value, {}) is False
    assert one.keys == {"aws:username"}
    excluded = outcome(statement(Resource=None, NotResource="arn:aws:s3:::b/${aws:username}/*"), missing=None)
    assert decide(excluded.value, {"aws:username": ("ann",)}) is False
    assert decide(excluded.value, {}) is True


def test_step_4_4_all_conditions_must_hold_and_the_first_that_fails_is_told() -> None:
    one = statement(Condition={"Bool": {"aws:a": "true"}, "StringEquals": {"aws:b": ["x", "y"]}})
    assert outcome(one, {"aws:a": ("true",), "aws:b": ("y",)}).part is Part.MATCHED
    failed = outcome(one, {"aws:a": ("true",), "aws:b": ("z",)})
    assert (failed.part, failed.detail) == (Part.CONDITION, "StringEquals aws:b x, y")
    assert outcome(one, {"aws:a": ("false",), "aws:b": ("z",)}).detail == "Bool aws:a true"
    assert one.keys == {"aws:a", "aws:b"}


def test_step_4_4_what_is_not_known_is_the_condition_on_which_it_matches() -> None:
    one = statement(Condition={"Bool": {"aws:a": "true"}, "StringEquals": {"aws:b": "x"}})
    found = outcome(one, {"aws:a": ("true",)}, missing=None)
    assert found.part is Part.CONDITIONAL
    assert isinstance(found.value, Atom)
    assert to_json(found.value) == {"operator": "StringEquals", "key": "aws:b", "values": ["x"]}
    assert outcome(one, {"aws:b": ("z",)}, missing=None).part is Part.CONDITION
    single = statement(Condition={"Bool": {"aws:a": "true"}})
    assert outcome(single, missing=None).part is Part.CONDITIONAL
    assert outcome(single, {"aws:a": ("true",)}).part is Part.MATCHED
    assert outcome(single).part is Part.CONDITION


def test_parts_fail_in_their_order() -> None:
    one = statement(
        "resource", Principal={"AWS": "444455556666"}, Resource="x", Condition={"Bool": {"a": "true"}}
    )
    assert outcome(one, action="ec2:x").part is Part.ACTION
    assert outcome(one).part is Part.PRINCIPAL
    assert outcome(one, who="arn:aws:iam::444455556666:user/x").part is Part.RESOURCE
    assert outcome(one, who="arn:aws:iam::444455556666:user/x", resource="x").part is Part.CONDITION


@pytest.mark.parametrize(
    ("elements", "plain"),
    [
        ({}, True),
        ({"Resource": ["x", "*"]}, True),
        ({"Resource": "x"}, False),
        ({"Condition": {"Bool": {"a": "true"}}}, False),
        ({"Resource": None, "NotResource": "x"}, False),
    ],
)
def test_a_statement_is_unconditional_if_its_actions_alone_decide(
    elements: dict[str, Any], plain: bool
) -> None:
    assert statement(**elements).is_unconditional is plain


# --- canonical user ids that are not known (5.3) ---------------------------------------------------------------------


def test_step_5_3_a_canonical_user_id_that_is_not_known_is_a_condition() -> None:
    one = statement("resource", Principal={"CanonicalUser": ["ab", "cd"]})
    found = outcome(one, missing=None)
    assert found.part is Part.CONDITIONAL
    assert dict(found.ways) == {Named.DIRECT: found.value}
    assert decide(found.value, {"principal:canonicaluser": ("cd",)}) is True
    assert decide(found.value, {"principal:canonicaluser": ("ef",)}) is False
    assert decide(found.value, {}) is False
    assert outcome(one).part is Part.PRINCIPAL


def test_step_5_3_beside_another_name_each_way_has_its_condition() -> None:
    one = statement("resource", Principal={"CanonicalUser": "ab", "AWS": "111122223333"})
    found = outcome(one, missing=None)
    ways = dict(found.ways)
    assert set(ways) == {Named.DIRECT, Named.ACCOUNT}
    assert decide(ways[Named.DIRECT], {"principal:canonicaluser": ("ab",)}) is True
    assert decide(ways[Named.ACCOUNT], {"principal:canonicaluser": ("ab",)}) is False
    assert decide(ways[Named.ACCOUNT], {}) is True
    assert found.value is True


def test_step_5_3_a_part_that_fails_whoever_it_is_is_told() -> None:
    one = statement("resource", Principal={"CanonicalUser": "ab"}, Resource="x")
    assert outcome(one, missing=None).part in {Part.RESOURCE, Part.PRINCIPAL}
    assert outcome(one, missing=None).value is False
