"""JSON lines: every field, every error with its place, one answer for one line (docs/iam-simulate.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from watchword.analysis.iam import simulate
from watchword.analysis.iam.compiled import Library
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import PublicAccessBlock
from watchword.analysis.iam.simulate import (
    LINE_LIMIT,
    SETS_LIMIT,
    SimulateError,
    Simulation,
    policy_set,
    request,
)

ANN = "arn:aws:iam::111122223333:user/ann"
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ASK = {
    "principal": ANN,
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k",
    "policies": {"identity": [FULL]},
}


def answer(found: Any, run: Simulation | None = None) -> Any:
    told = (Simulation() if run is None else run).answer_line(
        found if isinstance(found, str) else json.dumps(found)
    )
    return None if told is None else json.loads(told)


def test_a_request_is_answered_with_every_field() -> None:
    assert answer(ASK | {"id": "a"}) == {
        "id": "a",
        "decision": "Allowed",
        "blocked_by": [],
        "allowed_if": None,
        "deciding": [{"policy": "identity[0]", "statement": 0, "sid": "", "effect": "Allow"}],
    }


def test_a_trace_is_told_where_it_is_asked_for() -> None:
    (traced,) = answer(ASK, Simulation(trace=True))["trace"]
    assert traced["outcome"] == "matched"


@pytest.mark.parametrize("name", ["", "a", 1, -2.5, None, "\ud800"])
def test_the_id_is_repeated(name: Any) -> None:
    assert answer(ASK | {"id": name})["id"] == name
    assert "id" in answer(ASK)


def test_definitions_are_silent_and_used_by_their_id() -> None:
    run = Simulation()
    assert answer({"id": "s", "define": {"identity": [FULL]}}, run) is None
    assert answer(ASK | {"policies": "s"}, run)["decision"] == "Allowed"
    assert answer({"id": "s", "define": {}}, run) is None
    assert answer(ASK | {"policies": "s"}, run)["decision"] == "ImplicitlyDenied"
    assert (run.asked, run.bad) == (2, 0)


def test_a_bad_definition_does_not_leave_the_older_one_to_answer() -> None:
    run = Simulation()
    answer({"id": "s", "define": {"identity": [FULL]}}, run)
    assert "error" in answer({"id": "s", "define": {"identity": [{}]}}, run)
    assert "no policy set 's'" in answer(ASK | {"policies": "s"}, run)["error"]


def test_there_may_be_so_many_sets_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "SETS_LIMIT", 2)
    run = Simulation()
    for number in range(2):
        assert answer({"id": str(number), "define": {}}, run) is None
    assert "more than 2 policy sets" in answer({"id": "2", "define": {}}, run)["error"]
    assert answer({"id": "1", "define": {}}, run) is None, "one that is there may be defined anew"
    assert SETS_LIMIT >= 10_000


def test_equal_policies_of_a_run_are_compiled_once() -> None:
    run, library = Simulation(), Library()
    for number in range(3):
        answer({"id": str(number), "define": {"identity": [FULL, FULL], "scps": [[FULL]]}}, run)
        policy_set({"identity": [FULL, FULL], "scps": [[FULL]]}, library)
    assert len(run._library) == len(library) == 2


def test_every_layer_is_read() -> None:
    named: Mapping[str, Any] = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"},
    }
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    found = policy_set(
        {
            "identity": [FULL],
            "boundary": [FULL, json.dumps(FULL)],
            "session": [],
            "scps": [[FULL], []],
            "rcps": [[named]],
            "resource": named,
            "endpoint": [named],
            "s3_public_access_block": block,
        }
    )
    assert [len(one or ()) for one in (found.identity, found.boundary, found.session, found.endpoint)] == [
        1,
        2,
        0,
        1,
    ]
    assert [len(level) for level in found.scps or ()] == [1, 0]
    assert [len(level) for level in found.rcps or ()] == [1]
    assert found.resource is not None
    assert found.public_access_block == PublicAccessBlock(True, False, True, True)
    nothing = policy_set(dict.fromkeys(("identity", "boundary", "session", "scps", "rcps", "resource", "endpoint", "s3_public_access_block")))  # fmt: skip
    assert (nothing.identity, nothing.boundary, nothing.scps, nothing.resource) == ((), None, None, None)


def test_what_is_left_out_has_its_default() -> None:
    found = request({"principal": ANN, "action": "s3:X"})
    assert (found.resource, found.account, found.complete, dict(found.given)) == (
        "*",
        "111122223333",
        True,
        {},
    )
    told = request({"principal": ANN, "action": "s3:X", "resource_account": "444455556666", "context": {"A": [1, True]}, "complete": False})  # fmt: skip
    assert (told.account, told.complete, dict(told.given)) == ("444455556666", False, {"a": ("1", "true")})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("{", "not JSON: "),
        ("[]", "a JSON object is expected, not a list"),
        ("1", "a JSON object is expected, not a number"),
        ("null", "a JSON object is expected, not null"),
        ('{"id": NaN}', "not JSON: NaN is no number"),
        ('{"context": -Infinity}', "not JSON: -Infinity is no number"),
        ('{"id": 1e999}', "id: a text or a finite number"),
        ('{"id": ' + "9" * 5_000 + "}", "number of thousands of digits"),
        ('{"id": ' + "[" * 100_000 + "}", "too deep"),
        ('{"action": "a", "action": "b"}', "the field 'action' stands twice"),
        ('{"policies": {"resource": {"Statement": [], "Statement": []}}}', "the field 'Statement' stands twice"),
        ({"id": []}, "id: a text or a finite number is expected, not a list"),
        ({"id": True}, "id: a text or a finite number is expected, not a boolean"),
        ({}, "principal: a text is expected, not null"),
        (ASK | {"principal": "ann"}, "names no principal"),
        (ASK | {"principal": 1}, "principal: a text is expected, not a number"),
        (ASK | {"action": "GetObject"}, "action: something like s3:GetObject"),
        (ASK | {"action": "s3:*"}, "action: one action is expected"),
        (ASK | {"resource": ""}, "resource: an ARN or * is expected"),
        (ASK | {"resource_account": "1"}, "resource_account: twelve digits"),
        (ASK | {"resource_account": "١" * 12}, "resource_account: twelve digits"),
        (ASK | {"context": []}, "context: an object is expected, not a list"),
        (ASK | {"context": {"k": {}}}, "context/k: a text, number, boolean or a list"),
        (ASK | {"context": {"k": 1, "K": 2}}, "context: a key is given twice"),
        (ASK | {"complete": "yes"}, "complete: true or false"),
        (ASK | {"polices": {}}, "the line: there is no field 'polices'; known are"),
        (ASK | {"policies": "x"}, "policies: no policy set 'x' was defined before this line"),
        (ASK | {"policies": None}, "policies: the id of a policy set, or one written out, is expected, not null"),
        (ASK | {"policies": {"identities": []}}, "define: there is no field 'identities'"),
        (ASK | {"policies": {"identity": FULL}}, "identity: a list of policies is expected, not an object"),
        (ASK | {"policies": {"identity": [1]}}, "identity[0]: a policy document is expected, not a number"),
        (ASK | {"policies": {"identity": [FULL, {}]}}, "identity[1] at /Statement: the element is missing"),
        (ASK | {"policies": {"scps": {}}}, "scps: a list of levels"),
        (ASK | {"policies": {"scps": [[FULL], FULL]}}, "scps[1]: a list of policies"),
        (ASK | {"policies": {"scps": [[FULL], [FULL, {"Statement": [{}]}]]}}, "scps[1][1] at /Statement/0/Action"),
        (ASK | {"policies": {"resource": [FULL]}}, "resource: a policy document is expected, not a list"),
        (ASK | {"policies": {"resource": "{"}}, "resource at /: not JSON"),
        (ASK | {"policies": {"boundary": [{**FULL, "Version": "x"}]}}, "boundary[0] at /Version"),
        (ASK | {"policies": {"s3_public_access_block": []}}, "s3_public_access_block: an object"),
        (ASK | {"policies": {"s3_public_access_block": {"Block": True}}}, "s3_public_access_block: there is no field 'Block'"),
        (ASK | {"policies": {"s3_public_access_block": {"BlockPublicAcls": 1}}}, "true or false is expected for each"),
        ({"define": {}}, "id: a text is expected, not null"),
        ({"id": 1, "define": {}}, "id: a text is expected, not a number"),
        ({"id": "a", "define": []}, "define: an object is expected, not a list"),
        ({"id": "a", "define": {}, "action": "x"}, "the line: there is no field 'action'"),
    ],
    ids=lambda one: str(one)[:70],
)  # fmt: skip
def test_a_bad_line_is_answered_with_its_error_and_place(found: Any, said: str) -> None:
    run = Simulation()
    told = answer(found, run)
    assert set(told) == {"id", "error"}
    assert said in told["error"]
    assert (run.bad, told["id"]) == (
        1,
        found.get("id")
        if isinstance(found, dict) and isinstance(found.get("id"), str | None)
        else told["id"],
    )


def test_a_line_that_is_too_long_is_refused() -> None:
    assert f"more than {LINE_LIMIT} characters" in answer("x" * (LINE_LIMIT + 1))["error"]
    assert "not JSON" in answer("x" * LINE_LIMIT)["error"]


def test_empty_lines_are_passed_over_and_bad_ones_end_nothing() -> None:
    lines = ["", "  \n", json.dumps(ASK | {"id": 1}), "{", json.dumps(ASK | {"id": 2})]
    run = Simulation()
    told = [json.loads(one) for one in run.answers(lines)]
    assert [one.get("id") for one in told] == [1, None, 2]
    assert ["error" in one for one in told] == [False, True, False]
    assert (run.asked, run.bad) == (2, 1)


def test_a_condition_is_told_as_an_expression() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    policies = {"identity": [{"Statement": [FULL["Statement"][0] | {"Condition": mfa}]}]}  # type: ignore[index]
    found = answer(ASK | {"policies": policies, "complete": False})
    assert (found["decision"], found["blocked_by"]) == ("Conditional", ["identity"])
    assert found["allowed_if"] == {
        "operator": "Bool",
        "key": "aws:MultiFactorAuthPresent",
        "values": ["true"],
    }


def test_a_definition_raises_what_is_wrong_with_it() -> None:
    with pytest.raises(PolicyError, match=r"session\[0\] at /Statement"):
        policy_set({"session": [{}]})
    with pytest.raises(SimulateError):
        policy_set({"sessions": []})
