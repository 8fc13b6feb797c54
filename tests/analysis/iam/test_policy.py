"""Policies are parsed whole, normalised, and refused with the place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.iam.policy import (
    Effect,
    PolicyError,
    Qualifier,
    action_matches,
    includes,
    matches,
    parse,
)

READ = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def test_scalars_become_tuples_and_a_single_statement_a_tuple_of_one():
    policy = parse({"Statement": READ})
    (statement,) = policy.statements
    assert statement.actions == ("s3:GetObject",)
    assert statement.resources == ("arn:aws:s3:::b/*",)
    assert statement.effect is Effect.ALLOW


def test_a_policy_without_version_is_of_2008():
    assert parse({"Statement": []}).version == "2008-10-17"
    assert parse({"Version": "2012-10-17", "Statement": []}).version == "2012-10-17"


def test_text_and_json_give_the_same_policy():
    assert parse(json.dumps({"Statement": [READ]})) == parse({"Statement": [READ]})


@pytest.mark.parametrize(
    "everyone", ["*", {"AWS": "*"}, {"AWS": ["*"]}, {"AWS": ["arn:aws:iam::111122223333:root", "*"]}]
)
def test_every_spelling_of_everyone_is_everyone(everyone):
    principals = parse({"Statement": {**READ, "Principal": everyone}}).statements[0].principals
    assert principals is not None
    assert principals.everyone
    assert "*" not in principals.aws


def test_principals_are_kept_by_kind():
    named = {
        "AWS": "111122223333",
        "Service": ["sns.amazonaws.com"],
        "Federated": "accounts.google.com",
        "CanonicalUser": "ab",
    }
    principals = parse({"Statement": {**READ, "Principal": named}}).statements[0].principals
    assert principals is not None
    assert (principals.aws, principals.service) == (("111122223333",), ("sns.amazonaws.com",))
    assert (principals.federated, principals.canonical) == (("accounts.google.com",), ("ab",))
    assert not principals.everyone


@pytest.mark.parametrize(
    ("written", "operator", "qualifier", "if_exists"),
    [
        ("StringEquals", "StringEquals", Qualifier.NONE, False),
        ("stringequalsifexists", "StringEquals", Qualifier.NONE, True),
        ("ForAllValues:StringLike", "StringLike", Qualifier.FOR_ALL_VALUES, False),
        ("ForAnyValue:StringNotLikeIfExists", "StringNotLike", Qualifier.FOR_ANY_VALUE, True),
        ("Null", "Null", Qualifier.NONE, False),
    ],
)
def test_operators_are_taken_apart(written, operator, qualifier, if_exists):
    (condition,) = (
        parse({"Statement": {**READ, "Condition": {written: {"aws:x": ["a", "b"]}}}}).statements[0].conditions
    )
    assert (condition.operator, condition.qualifier, condition.if_exists) == (operator, qualifier, if_exists)
    assert condition.values == ("a", "b")


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("StringEquals", "a", False),
        ("StringNotEquals", "a", True),
        ("StringEqualsIfExists", "a", True),
        ("ForAllValues:StringEquals", "a", True),
        ("ForAnyValue:StringNotEquals", "a", False),
        ("Null", "true", True),
        ("Null", False, False),
        ("Bool", "true", False),
        ("BoolIfExists", True, True),
    ],
)
def test_it_is_known_which_conditions_hold_without_their_key(operator, values, holds):
    (condition,) = (
        parse({"Statement": {**READ, "Condition": {operator: {"aws:x": values}}}}).statements[0].conditions
    )
    assert condition.holds_without_key is holds


def test_an_operator_that_aws_does_not_have_is_kept_and_known_as_such():
    (condition,) = (
        parse({"Statement": {**READ, "Condition": {"StringResembles": {"aws:x": 1}}}})
        .statements[0]
        .conditions
    )
    assert not condition.is_known
    assert condition.values == ("1",)


def test_elements_that_the_grammar_does_not_have_are_reported():
    policy = parse({"Statement": [{**READ, "Conditions": {}}], "Comment": "x"})
    assert policy.unknown == ("/Comment", "/Statement/0/Conditions")


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ("[]", ""),
        ("{", ""),
        ('{"Statement": [], "Statement": []}', ""),
        ({}, "/Statement"),
        ({"Statement": "x"}, "/Statement"),
        ({"Statement": [READ, 3]}, "/Statement/1"),
        ({"Statement": [{**READ, "Effect": "allow"}]}, "/Statement/0/Effect"),
        ({"Statement": [{"Effect": "Allow"}]}, "/Statement/0/Action"),
        ({"Statement": [{**READ, "NotAction": "x"}]}, "/Statement/0/NotAction"),
        ({"Statement": [{**READ, "Action": ["a", {}]}]}, "/Statement/0/Action/1"),
        ({"Statement": [{**READ, "Principal": "x"}]}, "/Statement/0/Principal"),
        ({"Statement": [{**READ, "Principal": {"Aws": "*"}}]}, "/Statement/0/Principal/Aws"),
        ({"Statement": [{**READ, "Condition": {"Bool": "x"}}]}, "/Statement/0/Condition/Bool"),
        (
            {"Statement": [{**READ, "Condition": {"Bool": {"a/b": None}}}]},
            "/Statement/0/Condition/Bool/a~1b/0",
        ),
        ({"Statement": [READ], "Version": 2012}, "/Version"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_place(document, pointer):
    with pytest.raises(PolicyError) as error:
        parse(document)
    assert error.value.pointer == pointer


@pytest.mark.parametrize(
    ("pattern", "action", "fits"),
    [
        ("s3:Get*", "s3:getobject", True),
        ("S3:GETOBJECT", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("s3.GetObject", "s3:GetObject", False),
    ],
)
def test_actions_match_without_case_and_with_wildcards(pattern, action, fits):
    assert action_matches(pattern, action) is fits


def test_not_action_covers_all_but_the_named():
    (statement,) = parse({"Statement": {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}}).statements
    assert statement.covers_action("s3:GetObject")
    assert not statement.covers_action("iam:PassRole")


def test_resources_match_with_case():
    (statement,) = parse({"Statement": READ}).statements
    assert statement.covers_resource("arn:aws:s3:::b/x/y")
    assert not statement.covers_resource("arn:aws:s3:::B/x")


@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_what_fits_an_included_pattern_fits_the_wide_one(wide, narrow, text):
    if includes(wide, narrow) and matches(narrow, text):
        assert matches(wide, text)
