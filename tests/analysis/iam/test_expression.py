"""Expressions mean what their parts mean, under every valuation, however they are simplified, printed and read back."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.iam.expression import (
    And,
    Atom,
    Not,
    Or,
    Value,
    Values,
    both,
    conjunction,
    decide,
    disjunction,
    either,
    keys_of,
    negated,
    to_json,
    words,
)
from watchword.analysis.iam.expression import tests_of as unknowns_of


@dataclass(frozen=True)
class Fact:
    """A test of one key."""

    name: str

    def decide(self, known: Values) -> bool:
        return known.get(self.name) == ("true",)

    def json(self, *, negated: bool) -> dict[str, Any]:
        found = {"operator": "Bool", "key": self.name, "values": ["true"]}
        return {"not": found} if negated else found

    def depends_on(self) -> frozenset[str]:
        return frozenset({self.name})


NAMES = "abcd"
A, B, C, D = (Atom(Fact(name)) for name in NAMES)
VALUATIONS: list[dict[str, tuple[str, ...]]] = [
    {name: ("true",) for name, on in zip(NAMES, choice, strict=True) if on}
    for choice in itertools.product((False, True), repeat=4)
]

Tree = Any
"""A name, a bool, ``("not", tree)``, ``("and", [tree, …])`` or ``("or", [tree, …])``."""

TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from([*NAMES, True, False]) | st.sampled_from(NAMES),
    lambda below: st.one_of(
        st.tuples(st.just("not"), below),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(below, max_size=4)),
    ),
    max_leaves=14,
)


def built(tree: Tree) -> Value:
    if isinstance(tree, bool):
        return tree
    if isinstance(tree, str):
        return Atom(Fact(tree))
    kind, below = tree
    if kind == "not":
        return negated(built(below))
    joined = conjunction if kind == "and" else disjunction
    return joined(built(one) for one in below)


def built_by_twos(tree: Tree) -> Value:
    """The same, joined two at a time."""
    if isinstance(tree, bool | str):
        return built(tree)
    kind, below = tree
    if kind == "not":
        return negated(built_by_twos(below))
    value: Value = kind == "and"
    for one in below:
        value = (both if kind == "and" else either)(value, built_by_twos(one))
    return value


def means(tree: Tree, known: Values) -> bool:
    """The definition."""
    if isinstance(tree, bool):
        return tree
    if isinstance(tree, str):
        return known.get(tree) == ("true",)
    kind, below = tree
    if kind == "not":
        return not means(below, known)
    return (all if kind == "and" else any)(means(one, known) for one in below)


@given(TREES)
def test_an_expression_has_the_value_of_its_parts_under_every_valuation(tree: Tree) -> None:
    for known in VALUATIONS:
        assert decide(built(tree), known) is means(tree, known)
        assert decide(built_by_twos(tree), known) is means(tree, known)


@given(TREES)
def test_expressions_are_kept_flat_and_free_of_constants(tree: Tree) -> None:
    for one in walked(built(tree)):
        if isinstance(one, Not):
            assert isinstance(one.of, Atom | And | Or)
        elif isinstance(one, And | Or):
            assert len(one.parts) >= 2
            assert not any(isinstance(part, bool | type(one)) for part in one.parts)
            assert not any(negated(part) in one.parts for part in one.parts)


def walked(value: Value) -> Iterator[Any]:
    if isinstance(value, Not):
        yield from walked(value.of)
    elif isinstance(value, And | Or):
        for part in value.parts:
            yield from walked(part)
    if not isinstance(value, bool):
        yield value


@given(TREES)
def test_json_says_the_same(tree: Tree) -> None:
    read = of_json(to_json(built(tree)))
    for known in VALUATIONS:
        assert means(read, known) is means(tree, known)


def of_json(found: Any) -> Tree:
    if isinstance(found, bool):
        return found
    if "key" in found:
        assert (found["operator"], found["values"]) == ("Bool", ["true"])
        return found["key"]
    ((word, below),) = found.items()
    return (word, of_json(below)) if word == "not" else (word, [of_json(one) for one in below])


@given(TREES)
def test_words_say_the_same(tree: Tree) -> None:
    tokens = re.findall(r"[()]|and|or|not|always|never|[abcd] Bool true", words(built(tree)))
    assert "".join(tokens).replace(" ", "") == words(built(tree)).replace(" ", "")
    read, rest = of_words(tokens)
    assert not rest
    for known in VALUATIONS:
        assert means(read, known) is means(tree, known)


def of_words(tokens: list[str]) -> tuple[Tree, list[str]]:
    """A term, or terms joined by one word: mixed words would need parentheses."""
    first, rest = term(tokens)
    if not rest or rest[0] == ")":
        return first, rest
    word, parts = rest[0], [first]
    while rest and rest[0] == word:
        one, rest = term(rest[1:])
        parts.append(one)
    return (word, parts), rest


def term(tokens: list[str]) -> tuple[Tree, list[str]]:
    head, *rest = tokens
    if head == "(":
        found, rest = of_words(rest)
        assert rest[0] == ")"
        return found, rest[1:]
    if head == "not":
        found, rest = term(rest)
        return ("not", found), rest
    return {"always": True, "never": False}.get(head, head[0]), rest


@given(TREES, TREES)
def test_equal_parts_in_another_order_are_an_equal_expression(one: Tree, other: Tree) -> None:
    assert conjunction((built(one), built(other))) == conjunction((built(other), built(one)))
    assert to_json(either(built(one), built(other))) == to_json(either(built(other), built(one)))


@pytest.mark.parametrize(
    ("found", "simple"),
    [
        (both(True, A), A),
        (both(A, True), A),
        (both(False, A), False),
        (both(A, False), False),
        (either(True, A), True),
        (either(A, True), True),
        (either(False, A), A),
        (either(A, False), A),
        (both(A, A), A),
        (either(A, A), A),
        (both(A, negated(A)), False),
        (either(A, negated(A)), True),
        (negated(negated(A)), A),
        (negated(True), False),
        (both(A, either(A, B)), A),
        (either(A, both(A, B)), A),
        (both(both(A, B), C), And(frozenset({A, B, C}))),
        (either(either(A, B), C), Or(frozenset({A, B, C}))),
        (conjunction(()), True),
        (disjunction(()), False),
        (conjunction((A, True, A)), A),
        (disjunction((A, False)), A),
        (disjunction((A, B, True)), True),
        (conjunction((A, B, False)), False),
    ],
)
def test_what_is_plain_is_simplified(found: Value, simple: Value) -> None:
    assert found == simple


@given(TREES)
def test_an_expression_depends_on_the_keys_of_its_tests_alone(tree: Tree) -> None:
    value = built(tree)
    assert keys_of(value) == {key for test in unknowns_of(value) for key in test.depends_on()}
    for key in set(NAMES) - keys_of(value):
        for known in VALUATIONS:
            other = {**known, key: () if key in known else ("true",)}
            assert decide(value, other) is decide(value, known)


def test_words_put_parentheses_around_what_is_not_plain() -> None:
    assert words(both(A, negated(either(B, C)))) in {
        "a Bool true and (not (b Bool true or c Bool true))",
        "(not (b Bool true or c Bool true)) and a Bool true",
    }
    assert (words(True), words(False)) == ("always", "never")


@pytest.mark.parametrize("joined", [conjunction, disjunction])
def test_thousands_of_parts_are_joined_at_once(joined: Callable[..., Value]) -> None:
    value = joined(Atom(Fact(f"k{number}")) for number in range(20_000))
    assert isinstance(value, And | Or)
    assert len(value.parts) == 20_000
