"""Policies of a layer say yes or no together; what a layer remembers never changes what it says."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from watchword.analysis.iam import layers
from watchword.analysis.iam.compiled import compile_policy
from watchword.analysis.iam.expression import Value, decide
from watchword.analysis.iam.layers import Layer, Said
from watchword.analysis.iam.principals import Principal
from watchword.analysis.iam.statements import Asked, Part

USER = "arn:aws:iam::111122223333:user/ann"
ON = {"aws:x": ("true",)}


def layer(*policies: list[dict[str, Any]], kind: str = "identity") -> Layer:
    made = (
        compile_policy({"Version": "2012-10-17", "Statement": one}, kind, f"policy {number}")
        for number, one in enumerate(policies)
    )
    return Layer.of(kind, tuple((f"{kind}[{number}]", one) for number, one in enumerate(made)))


def may(action: str = "s3:*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*"} | more


def ask(
    one: Layer, action: str = "s3:getobject", known: Any = None, missing: Any = (), resource: str = "r"
) -> Said:
    return one.say(Asked(Principal.parse(USER), action, resource, known or {}, missing))


X = {"Condition": {"Bool": {"aws:x": "true"}}}


@pytest.mark.parametrize(
    ("policies", "allow", "deny"),
    [
        ([], False, False),
        ([[]], False, False),
        ([[may()]], True, False),
        ([[may("ec2:*")]], False, False),
        ([[may("ec2:*")], [may()]], True, False),
        ([[may(effect="Deny")]], False, True),
        ([[may()], [may(effect="Deny")]], True, True),
        ([[may(Resource="r")]], True, False),
        ([[may(Resource="q")]], False, False),
        ([[may(effect="Deny", Resource="r"), may(Resource="q")]], False, True),
        ([[may(**X)]], False, False),
        ([[may(**X), may()]], True, False),
    ],
)
def test_one_statement_of_one_policy_is_enough(policies: Any, allow: bool, deny: bool) -> None:
    one = layer(*policies)
    for _ in range(2):  # the second time from what is remembered
        said = ask(one)
        assert (said.allow, said.deny) == (allow, deny)


def test_every_statement_has_its_outcome_in_order() -> None:
    said = ask(layer([may("ec2:*"), may(), may(Resource="q")], [may(**X)]))
    assert [one.part for one in said.outcomes] == [Part.ACTION, Part.MATCHED, Part.RESOURCE, Part.CONDITION]
    assert [(one.policy, one.index, one.origin) for one in said.layer.placed] == [
        ("identity[0]", 0, "policy 0"),
        ("identity[0]", 1, "policy 0"),
        ("identity[0]", 2, "policy 0"),
        ("identity[1]", 0, "policy 1"),
    ]


def test_what_is_not_known_is_joined_by_or() -> None:
    conditions = [{"Condition": {"Bool": {key: "true"}}} for key in ("aws:x", "aws:y")]
    one = layer([may(**conditions[0])], [may(**conditions[1]), may(effect="Deny", **conditions[0])])
    said = ask(one, missing=None)
    for x, y in itertools.product((False, True), repeat=2):
        known: dict[str, tuple[str, ...]] = {"aws:x": (str(x).lower(),), "aws:y": (str(y).lower(),)}
        assert decide(said.allow, known) is (x or y)
        assert decide(said.deny, known) is x
        complete = ask(one, known=known)
        assert (complete.allow, complete.deny) == (x or y, x)


def ways(said: Said) -> tuple[Value, Value, Value]:
    return said.allow, said.by_role, said.by_account


def test_allows_are_told_apart_by_how_they_name_the_principal() -> None:
    def named(*principals: Any) -> Layer:
        return layer([may(Principal={"AWS": one}) for one in principals], kind="resource")

    session = "arn:aws:sts::111122223333:assumed-role/R/s"
    role, account = "arn:aws:iam::111122223333:role/R", "111122223333"

    def told(one: Layer) -> tuple[Value, Value, Value]:
        return ways(one.say(Asked(Principal.parse(session), "s3:getobject", "r", {}, ())))

    assert told(named(session)) == (True, False, False)
    assert told(named(role)) == (False, True, False)
    assert told(named(account)) == (False, False, True)
    assert told(named(account, role, session)) == (True, True, True)
    assert told(named("444455556666")) == (False, False, False)


def test_a_canonical_user_that_is_not_known_is_told_apart_by_way() -> None:
    principal = {"CanonicalUser": "ab", "AWS": "111122223333"}
    said = ask(layer([may(Principal=principal)], kind="resource"), missing=None)
    assert decide(said.allow, {"principal:canonicaluser": ("ab",)}) is True
    assert decide(said.allow, {}) is False
    assert decide(said.by_account, {}) is True
    assert said.by_role is False


def test_what_is_remembered_of_an_action_is_not_told_of_another() -> None:
    one = layer([may("s3:Get*"), may("s3:Put*", effect="Deny")])
    for _ in range(2):
        assert (ask(one, "s3:getobject").allow, ask(one, "s3:getobject").deny) == (True, False)
        assert (ask(one, "s3:putobject").allow, ask(one, "s3:putobject").deny) == (False, True)
        assert (ask(one, "s3:listbucket").allow, ask(one, "s3:listbucket").deny) == (False, False)


def test_what_was_answered_once_is_not_changed_by_the_next_question() -> None:
    one = layer([may(**X), may(effect="Deny", Resource="q")])
    first = ask(one, known=ON)
    ask(one, resource="q")
    assert (first.allow, first.deny) == (True, False)
    assert [outcome.part for outcome in first.outcomes] == [Part.MATCHED, Part.RESOURCE]


def test_a_layer_forgets_when_it_has_remembered_much() -> None:
    one = layer([may("s3:Get*")])
    for number in range(layers._PLANS_KEPT + 10):
        assert ask(one, f"s3:get{number}").allow is True
    assert len(one._plans) <= layers._PLANS_KEPT
    assert ask(one, "s3:put").allow is False
