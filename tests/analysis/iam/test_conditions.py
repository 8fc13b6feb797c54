"""Every operator, with and without IfExists and set qualifiers, for every number and kind of values (step 6)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.iam.conditions import Question, check_of, is_among, present, takes_variables
from watchword.analysis.iam.expression import Atom, Not, Values, decide, to_json
from watchword.analysis.iam.policy import OPERATORS, Condition, Qualifier, parse

KEY = "example:Key"
KINDS: dict[str, tuple[str, str, str, str | None]] = {
    # operator: a value of the policy; one of the request that is equal (less, within …); another; one of another kind
    "StringEquals": ("blue", "blue", "Blue", None),
    "StringEqualsIgnoreCase": ("blue", "BLUE", "red", None),
    "StringLike": ("bl*", "blue", "red", None),
    "NumericEquals": ("10", "10.0", "11", "ten"),
    "NumericLessThan": ("10", "9", "10", "ten"),
    "NumericLessThanEquals": ("10", "10", "11", "ten"),
    "NumericGreaterThan": ("10", "11", "10", "ten"),
    "NumericGreaterThanEquals": ("10", "10", "9", "ten"),
    "DateEquals": ("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-02", "yesterday"),
    "DateLessThan": ("2026-01-01", "2025-12-31", "2026-01-01", "yesterday"),
    "DateLessThanEquals": ("2026-01-01", "2026-01-01", "2026-01-02", "yesterday"),
    "DateGreaterThan": ("2026-01-01", "2026-01-02", "2026-01-01", "yesterday"),
    "DateGreaterThanEquals": ("2026-01-01", "2026-01-01", "2025-12-31", "yesterday"),
    "Bool": ("true", "true", "false", "maybe"),
    "BinaryEquals": ("QQ==", "QQ==", "Qg==", "!"),
    "IpAddress": ("192.0.2.0/24", "192.0.2.7", "198.51.100.1", "here"),
    "ArnEquals": ("arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::b", "ab"),
    "ArnLike": ("arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::b", "ab"),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
HEADINGS = (
    "missing",
    "empty list",
    "equal",
    "other",
    "wrong kind",
    "mixed",
    "all equal",
    "none equal",
    "empty text",
)
EXPECTED = {
    # As headed; "-": true with IfExists only.
    (False, ""): "- - T F F T T F F",
    (False, "ForAllValues"): "T T T F F F T F T",
    (False, "ForAnyValue"): "F F T F F T T F F",
    (True, ""): "T T F T T F F T T",
    (True, "ForAllValues"): "T T F T T F F T T",
    (True, "ForAnyValue"): "F F F T T T F T T",
}


def question(operator: str, *values: str, key: str = KEY) -> Question:
    document: Any = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {key: list(values)}},
    }
    (condition,) = parse({"Statement": document}).statements[0].conditions
    return Question.of(condition, variables=True)


def told(heading: str, equal: str, other: str, wrong: str | None) -> tuple[str, ...] | None:
    return {
        "missing": None,
        "empty list": (),
        "equal": (equal,),
        "other": (other,),
        "wrong kind": (other if wrong is None else wrong,),
        "mixed": (other, equal),
        "all equal": (equal, equal),
        "none equal": (other, other if wrong is None else wrong),
        "empty text": ("",),
    }[heading]


def rows() -> list[tuple[str, tuple[str, ...], Values, bool, str]]:
    found = []
    for operator in OPERATORS.values():
        if operator == "Null":
            continue
        wanted, equal, other, wrong = KINDS[NEGATED.get(operator, operator)]
        for qualifier, suffix in itertools.product(("", "ForAllValues", "ForAnyValue"), ("", "IfExists")):
            name = f"{qualifier}:{operator}{suffix}" if qualifier else f"{operator}{suffix}"
            answers = EXPECTED[operator in NEGATED, qualifier].split()
            for heading, answer in zip(HEADINGS, answers, strict=True):
                values = told(heading, equal, other, wrong)
                known = {} if values is None else {KEY.lower(): values}
                expected = answer == "T" or (answer == "-" and suffix != "")
                found.append((name, (wanted,), known, expected, heading))
    return found


ROWS = rows()


def test_the_table_has_every_operator_of_aws() -> None:
    assert set(KINDS) | set(NEGATED) | {"Null"} == set(OPERATORS.values())
    assert len(ROWS) == 26 * 6 * len(HEADINGS)


@pytest.mark.parametrize("name", sorted({row[0] for row in ROWS}))
def test_an_operator_answers_for_every_number_and_kind_of_values(name: str) -> None:
    for _, values, known, expected, heading in (row for row in ROWS if row[0] == name):
        asked = question(name, *values)
        assert check_of(asked)(known, ()) is expected, heading
        assert asked.decide(known) is expected, heading
        if known:
            assert check_of(asked)(known, None) is expected, f"{heading}, other keys not known"


@pytest.mark.parametrize("name", sorted({row[0] for row in ROWS}))
def test_where_the_key_is_not_known_the_expression_says_what_each_completion_gives(name: str) -> None:
    asked = question(name, *next(row[1] for row in ROWS if row[0] == name))
    open_answer = check_of(asked)({}, None)
    assert isinstance(open_answer, Atom | Not)
    for _, _, known, expected, heading in (row for row in ROWS if row[0] == name):
        assert decide(open_answer, known) is expected, heading


@pytest.mark.parametrize(("positive", "negative"), [(one, other) for other, one in NEGATED.items()])
def test_a_key_that_is_and_one_that_is_not_are_one_question(positive: str, negative: str) -> None:
    value = KINDS[positive][0]
    one, other = (check_of(question(name, value))({}, None) for name in (positive, negative))
    assert isinstance(other, Not)
    assert other.of == one
    # With IfExists both hold where the key is missing, so they are two.
    assert check_of(question(f"{negative}IfExists", value))({}, None) != Not(
        Atom(question(f"{positive}IfExists", value))
    )


@pytest.mark.parametrize(
    ("values", "known", "holds"),
    [
        (["true"], None, True),
        (["true"], (), True),
        (["true"], ("x",), False),
        (["TRUE"], None, True),
        (["false"], None, False),
        (["false"], (), False),
        (["false"], ("",), True),
        (["false"], ("a", "b"), True),
        (["true", "false"], None, True),
        (["true", "false"], ("x",), True),
        (["maybe"], None, False),
        (["maybe"], ("x",), False),
        ([], None, False),
    ],
)
def test_null_asks_whether_the_key_is_missing(
    values: list[str], known: tuple[str, ...] | None, holds: bool
) -> None:
    context = {} if known is None else {KEY.lower(): known}
    assert check_of(question("Null", *values))(context, ()) is holds


def test_null_of_a_key_that_is_not_known_is_a_question() -> None:
    assert check_of(question("Null", "true"))({}, None) == Atom(question("Null", "true"))


@pytest.mark.parametrize(
    ("operator", "values", "told", "holds"),
    [
        ("StringEquals", ["a", "b"], ("b",), True),
        ("StringNotEquals", ["a", "b"], ("b",), False),
        ("StringNotEquals", ["a", "b"], ("c",), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
        ("ForAllValues:StringNotEquals", ["a", "b"], ("c", "b"), False),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "b"), False),
        ("StringEquals", [], ("a",), False),
        ("StringNotEquals", [], ("a",), True),
        ("NumericLessThan", ["ten", "5"], ("4",), True),
        ("NotIpAddress", ["10.0.0.0/8", "2001:db8::/32"], ("2001:db8::1",), False),
    ],
)
def test_values_of_a_key_are_alternatives_and_of_a_negated_operator_neither(
    operator: str, values: list[str], told: tuple[str, ...], holds: bool
) -> None:
    assert check_of(question(operator, *values))({KEY.lower(): told}, ()) is holds


@pytest.mark.parametrize(
    ("operator", "value", "known", "holds"),
    [
        ("StringEquals", "${aws:username}", {"aws:username": ("ann",)}, True),
        ("StringEquals", "${aws:username}", {"aws:username": ("bob",)}, False),
        ("StringEquals", "${aws:username}", {}, False),
        ("StringNotEquals", "${aws:username}", {}, True),
        ("StringNotEquals", "${aws:username}", {"aws:username": ("ann",)}, False),
        ("StringEquals", "${aws:username, 'ann'}", {}, True),
        ("StringEquals", "${aws:username}", {"aws:username": ("ann", "bob")}, False),
        ("StringLike", "${aws:username}*", {"aws:username": ("a",)}, True),
        ("StringLike", "${aws:username}", {"aws:username": ("a*",)}, False),
        ("ForAnyValue:StringLike", "a${*}", {}, False),
        ("StringEqualsIgnoreCase", "${aws:username}", {"aws:username": ("ANN",)}, True),
        ("ForAllValues:StringEquals", "${aws:username}", {"aws:username": ("ann",)}, True),
    ],
)
def test_variables_in_values_are_filled_in(operator: str, value: str, known: Values, holds: bool) -> None:
    asked = question(operator, value)
    assert check_of(asked)({KEY.lower(): ("ann",), **known}, ()) is holds
    beside = check_of(question(operator, value, "zzz"))({KEY.lower(): ("ann",), **known}, ())
    assert beside is holds


@pytest.mark.parametrize("value", ["a", "${aws:username}"])
@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        *(("StringEquals", False), ("StringNotEquals", True), ("StringEqualsIfExists", True)),
        *(("StringNotEqualsIfExists", True), ("ForAllValues:StringEquals", True)),
        *(("ForAnyValue:StringNotEquals", False), ("ArnNotLike", True), ("ArnLike", False)),
    ],
)
def test_a_missing_key_is_decided_alike_with_and_without_variables(
    operator: str, holds: bool, value: str
) -> None:
    for known in ({}, {KEY.lower(): ()}):
        assert check_of(question(operator, value))({"aws:username": ("ann",), **known}, ()) is holds


def test_a_variable_whose_key_is_not_known_leaves_the_question_open() -> None:
    asked = question("StringNotEquals", "${aws:username}")
    found = check_of(asked)({KEY.lower(): ("ann",)}, None)
    assert asked.depends_on() == {KEY.lower(), "aws:username"}
    assert decide(found, {KEY.lower(): ("ann",), "aws:username": ("ann",)}) is False
    assert decide(found, {KEY.lower(): ("ann",), "aws:username": ("bob",)}) is True
    # A negated operator finds the value unequal that cannot be resolved (7.3).
    assert decide(found, {KEY.lower(): ("ann",)}) is True


@pytest.mark.parametrize(
    "operator", ["NumericEquals", "DateEquals", "Bool", "BinaryEquals", "IpAddress", "Null"]
)
def test_other_operators_take_a_variable_for_text(operator: str) -> None:
    assert not takes_variables(operator)
    asked = question(operator, "${aws:username}")
    assert asked.depends_on() == {KEY.lower()}
    assert check_of(asked)({KEY.lower(): ("1",), "aws:username": ("1",)}, ()) is False


def test_without_variables_in_the_language_a_value_is_text() -> None:
    asked = Question.of(Condition("StringEquals", KEY, ("${aws:username}",)), variables=False)
    assert check_of(asked)({KEY.lower(): ("${aws:username}",)}, ()) is True
    assert check_of(asked)({KEY.lower(): ("ann",), "aws:username": ("ann",)}, ()) is False


@pytest.mark.parametrize(
    ("operator", "values", "negated", "json"),
    [
        ("StringEquals", ["a"], True, {"operator": "StringNotEquals", "key": KEY, "values": ["a"]}),
        (
            "ForAnyValue:StringLikeIfExists",
            ["a"],
            False,
            {"operator": "ForAnyValue:StringLikeIfExists", "key": KEY, "values": ["a"]},
        ),
        (
            "StringEqualsIfExists",
            ["a"],
            True,
            {"not": {"operator": "StringEqualsIfExists", "key": KEY, "values": ["a"]}},
        ),
        (
            "ForAllValues:StringEquals",
            ["a"],
            True,
            {"not": {"operator": "ForAllValues:StringEquals", "key": KEY, "values": ["a"]}},
        ),
        (
            "NumericLessThan",
            ["1"],
            True,
            {"not": {"operator": "NumericLessThan", "key": KEY, "values": ["1"]}},
        ),
        ("Null", ["true"], True, {"operator": "Null", "key": KEY, "values": ["false"]}),
        ("Null", ["false"], True, {"operator": "Null", "key": KEY, "values": ["true"]}),
        (
            "Null",
            ["true", "false"],
            True,
            {"not": {"operator": "Null", "key": KEY, "values": ["true", "false"]}},
        ),
        ("Null", ["maybe"], True, {"not": {"operator": "Null", "key": KEY, "values": ["maybe"]}}),
    ],
)
def test_a_question_is_told_as_a_condition_that_can_be_written_into_a_policy(
    operator: str, values: Sequence[str], negated: bool, json: dict[str, Any]
) -> None:
    assert question(operator, *values).json(negated=negated) == json


@given(
    st.sampled_from([row[0] for row in ROWS] + ["Null"]),
    st.lists(
        st.sampled_from(["a", "true", "false", "10", "${aws:username}", "${aws:x, 'a'}", "a*"]), max_size=3
    ),
    st.dictionaries(
        st.sampled_from([KEY.lower(), "aws:username", "aws:x"]),
        st.lists(st.sampled_from(["a", "b", "10", "true", "", "${aws:username}"]), max_size=3).map(tuple),
    ),
    st.sets(st.sampled_from([KEY.lower(), "aws:username", "aws:x"])),
)
def test_what_is_said_with_some_keys_unknown_agrees_with_what_is_said_once_they_are_known(
    operator: str, values: list[str], full: dict[str, tuple[str, ...]], hidden: set[str]
) -> None:
    asked = question(operator, *values)
    complete = check_of(asked)(full, ())
    # Keys that are absent from the full context are given as such, unless they are hidden.
    absent: dict[str, tuple[str, ...]] = {KEY.lower(): (), "aws:username": (), "aws:x": ()}
    partial = {key: found for key, found in {**absent, **full}.items() if key not in hidden}
    assert decide(check_of(asked)(partial, None), full) is complete
    read = of_json(to_json(check_of(asked)(partial, None)))
    if isinstance(read, bool):
        assert read is complete
    else:
        negated, again = read
        assert complete is (again.decide(full) is not negated)


def of_json(found: Any) -> bool | tuple[bool, Question]:
    if isinstance(found, bool):
        return found
    if "not" in found:
        inner = of_json(found["not"])
        assert not isinstance(inner, bool)
        return not inner[0], inner[1]
    return False, question(found["operator"], *found["values"], key=found["key"])


def test_questions_are_equal_whatever_the_case_of_their_key() -> None:
    assert question("StringEquals", "a") == question("stringequals", "a", key=KEY.upper())


def test_the_questions_that_the_evaluator_asks_itself() -> None:
    assert check_of(present("aws:SourceVpce"))({"aws:sourcevpce": ("vpce-1",)}, ()) is True
    assert check_of(present("aws:SourceVpce"))({}, ()) is False
    assert check_of(is_among("aws:x", ("a", "b")))({"aws:x": ("b",)}, ()) is True
    assert check_of(is_among("aws:x", ("a", "b")))({}, ()) is False
    assert present("aws:X").qualifier is Qualifier.NONE


def test_an_answer_tells_a_key_as_its_own_policy_writes_it_whatever_was_asked_before():
    for written in ("AWS:SOURCEVPCE", "aws:SourceVpce", "aws:sourcevpce"):
        condition = Condition("StringEquals", written, ("vpce-as-written",))
        value = check_of(Question.of(condition, variables=True))({}, None)
        assert to_json(value)["key"] == written
