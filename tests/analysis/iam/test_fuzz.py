"""Whatever comes in: a policy is compiled or refused with ``PolicyError``, a line has one answer of valid JSON.

And nothing costs more than its size: long policies, patterns made to be slow, numbers and nesting without end.
"""

from __future__ import annotations

import copy
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.analysis.iam import PolicyError, PolicyKind, PolicySet, Request, compile_policy, evaluate
from watchword.analysis.iam.policy import OPERATORS
from watchword.analysis.iam.review import review
from watchword.analysis.iam.simulate import Simulation
from watchword.analysis.iam.universe import default

ANN = "arn:aws:iam::111122223333:user/ann"
BIG = settings(max_examples=600, deadline=None)

TEXT = st.text(max_size=12) | st.sampled_from(
    [
        *(
            "*",
            "?",
            "",
            "\x00",
            "\ud800",
            "\udfff\ud800",
            "${aws:username}",
            "${",
            "${a,'",
            "arn:aws:s3:::b",
            ":::::",
        ),
        *(
            "s3:*",
            "Allow",
            "Deny",
            "2012-10-17",
            "10.0.0.0/99",
            "::/200",
            "fe80::1%x",
            "9999-99-99",
            "1" * 5_000,
        ),
        *(
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "-" + "9" * 64,
            "=" * 9,
            "a" * 4_000,
            "\u0130",
        ),
        *("1970-01-01T00:00:00\ud800", "٣", "1.2.3.4/0.0.0.255", "1.2.3.4/255.0.255.0"),
    ]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, 1e308, -0.0])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
ELEMENTS = st.sampled_from(
    [
        *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition", "AWS", "Service", "Federated", "CanonicalUser"),
        *(
            "id",
            "define",
            "policies",
            "principal",
            "action",
            "resource",
            "resource_account",
            "context",
            "complete",
        ),
        *("identity", "boundary", "session", "scps", "rcps", "endpoint", "s3_public_access_block"),
        *OPERATORS.values(),
        *("ForAnyValue:StringLike", "ForAllValues:NullIfExists", "RestrictPublicBuckets"),
    ]
)
ANYTHING = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(ELEMENTS | TEXT, below, max_size=5),
    max_leaves=20,
)
VALUES = st.lists(TEXT | st.booleans() | st.integers(), max_size=3) | TEXT
OPERATOR = st.builds(
    lambda prefix, name, suffix: f"{prefix}{name}{suffix}",
    st.sampled_from(["", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from([one for one in OPERATORS.values() if one != "Null"]),
    st.sampled_from(["", "IfExists"]),
)
CONDITIONS = st.dictionaries(
    OPERATOR, st.dictionaries(st.just("aws:x") | TEXT, VALUES, max_size=2), max_size=3
)
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": VALUES,
        "Resource": VALUES,
        "Condition": CONDITIONS,
    }
)
POLICIES = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.lists(STATEMENTS, max_size=3)}
)
CONTEXTS = st.dictionaries(st.just("aws:x") | TEXT, VALUES | st.none(), max_size=3)


def of_line(line: str) -> dict[str, Any] | None:
    """The answer, which is one line of JSON without anything that JSON does not have."""
    told = Simulation(trace=True).answer_line(line)
    if told is None:
        return None
    assert "\n" not in told
    assert told.isascii()

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    found = json.loads(told, parse_constant=refuse)
    assert isinstance(found, dict)
    assert ("error" in found) != ("decision" in found)
    return found


@BIG
@given(ANYTHING, st.sampled_from(PolicyKind))
def test_anything_is_a_policy_or_refused(found: Any, kind: PolicyKind) -> None:
    for document in (found, json.dumps(found)):
        with suppress(PolicyError):
            compile_policy(document, kind)


@BIG
@given(ANYTHING)
def test_anything_as_a_line_has_one_answer(found: Any) -> None:
    of_line(json.dumps(found))


@BIG
@given(st.text(max_size=200))
def test_any_text_as_a_line_has_one_answer(line: str) -> None:
    of_line(line)


@BIG
@given(POLICIES, CONTEXTS, st.booleans(), TEXT)
def test_policies_with_odd_values_are_answered(
    document: Any, context: Any, complete: bool, resource: str
) -> None:
    line = {
        "principal": ANN,
        "action": "s3:GetObject",
        "resource": resource or "*",
        "policies": {"identity": [document], "scps": [[document]]},
        "context": context,
        "complete": complete,
    }
    found = of_line(json.dumps(line))
    assert found is not None
    try:
        review(compile_policy(document, "identity"), default())
    except PolicyError:
        assert "error" in found


VALID: dict[str, Any] = {
    "id": "a",
    "principal": ANN,
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/k",
    "resource_account": "111122223333",
    "context": {"aws:SourceIp": ["192.0.2.1"], "aws:x": True},
    "complete": False,
    "policies": {
        "identity": [{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}],
        "resource": {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": ["111122223333"], "CanonicalUser": "ab"},
                "Action": "s3:*",
                "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "StringLike": {"aws:x": "${aws:y}*"}},
            }
        },
        "scps": [[{"Statement": [{"Effect": "Allow", "NotAction": "ec2:*", "NotResource": "x"}]}]],
        "s3_public_access_block": {"RestrictPublicBuckets": True},
    },
}  # fmt: skip


def places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [
        *([path] if path else []),
        *(deeper for key, one in inner for deeper in places(one, (*path, key))),
    ]


PLACES = places(VALID)


def test_the_valid_line_is_valid() -> None:
    found = of_line(json.dumps(VALID))
    assert found is not None
    assert "decision" in found


@settings(max_examples=1_500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING | st.just(...)), min_size=1, max_size=3))
def test_a_valid_line_with_changed_places_has_one_answer(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    found = copy.deepcopy(VALID)
    for path, value in changes:
        inner: Any = found
        try:
            for step in path[:-1]:
                inner = inner[step]
            if value is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # what was changed before has no such place any more
    of_line(json.dumps(found))


@settings(max_examples=800, deadline=None)
@given(st.data())
def test_a_valid_line_with_changed_characters_has_one_answer(data: st.DataObject) -> None:
    line = list(json.dumps(VALID))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(line) - 1))
        line[at : at + data.draw(st.integers(0, 3))] = data.draw(st.text('{}[]",:\\ue0d8N1-\x00', max_size=3))
    of_line("".join(line))


@pytest.mark.parametrize("depth", [*range(100, 900, 100), *range(900, 1_010, 2), 5_000, 200_000])
def test_nesting_of_any_depth_ends_in_an_answer(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    objects = '{"a":' * depth + "1" + "}" * depth
    for inner in (deep, objects):
        for line in (
            inner,
            f'{{"id": {inner}}}',
            f'{{"id": "a", "define": {{"resource": {{"Statement": {inner}}}}}}}',
            f'{{"id": "a", "define": {{"resource": {{"Statement": {{"Effect": {inner}, "Action": "x"}}}}}}}}',
            f'{{"principal": "*", "action": "s3:X", "context": {{"k": {inner}}}}}',
            f'{{"principal": {inner}}}',
        ):
            found = of_line(line)
            assert found is not None
            assert "error" in found
        with pytest.raises(PolicyError):
            compile_policy(f'{{"Statement": {inner}, "Comment": {inner}}}', "identity")


def spent(work: Any) -> float:
    """The least of three runs, in seconds of this process."""
    costs = []
    for _ in range(3):
        begun = time.process_time()
        work()
        costs.append(time.process_time() - begun)
    return min(costs)


def policy_of(count: int) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "s3:Get*"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            statement
            | {"Resource": f"arn:aws:s3:::b{number}/*", "Condition": {"StringLike": {f"aws:k{number}": "v*"}}}
            for number in range(count)
        ],
    }


@pytest.mark.parametrize("complete", [True, False])
def test_a_policy_of_ten_thousand_statements_costs_ten_times_one_of_a_thousand(complete: bool) -> None:
    costs = []
    for count in (1_000, 10_000):
        document = policy_of(count)
        for one in document["Statement"]:
            one["Resource"] = "*"

        def work(document: dict[str, Any] = document) -> None:
            policies = PolicySet(identity=(compile_policy(document, "identity"),))
            asked = Request.of(ANN, "s3:GetObject", "arn:aws:s3:::b1/k", complete=complete)
            found = evaluate(asked, policies)
            assert found.decision.value == ("ImplicitlyDenied" if complete else "Conditional")
            assert len(list(found.trace)) == len(document["Statement"])

        costs.append(spent(work))
    # Quadratic would be a hundred times.
    assert costs[1] < 40 * max(costs[0], 1e-3)


@pytest.mark.parametrize("pattern", ["*a" * 200 + "b", "a*" * 200 + "?b", "?*" * 200 + "b", "*" * 400 + "b"])
@pytest.mark.parametrize("place", ["action", "resource", "like", "arn", "variable"])
def test_patterns_that_are_made_to_be_slow_are_not(pattern: str, place: str) -> None:
    text = "a" * 4_000
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    statement |= {
        "action": {"Action": f"s3:{pattern}"},
        "resource": {"Resource": pattern},
        "like": {"Condition": {"StringLike": {"aws:x": pattern}}},
        "arn": {"Condition": {"ArnLike": {"aws:x": f"arn:aws:s3:::{pattern}"}}},
        "variable": {"Resource": f"${{aws:y}}{pattern}"},
    }[place]
    policies = PolicySet(
        identity=(compile_policy({"Version": "2012-10-17", "Statement": statement}, "identity"),)
    )
    told = f"arn:aws:s3:::{text}" if place == "arn" else text
    asked = Request.of(ANN, f"s3:{text}", text, context={"aws:x": told, "aws:y": "a"})
    # Backtracking would not end; there is nothing else to assert.
    assert evaluate(asked, policies).decision.value == "ImplicitlyDenied"


@pytest.mark.parametrize(
    "text", ["${" + " " * 100_000, "${a" + " ," * 50_000, "${a,'" * 50_000, "${" * 100_000]
)
def test_variables_without_end_are_read_in_passing(text: str) -> None:
    found = of_line(json.dumps(VALID | {"policies": {"identity": [{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": text}}]}}))  # fmt: skip
    assert found is not None
    assert found["decision"] == "ImplicitlyDenied"
