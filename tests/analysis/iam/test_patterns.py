"""Patterns match what a naive reading says, in linear time whatever they are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.analysis.iam.patterns import (
    Wild,
    any_of,
    fits,
    matcher,
    matcher_of,
    parts_of,
)


def naive(pattern: str, text: str) -> bool:
    """The definition, as a recursion."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(naive(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and naive(pattern[1:], text[1:])


@settings(max_examples=2_000)
@given(st.text("ab*?", max_size=8), st.text("ab", max_size=9))
def test_a_pattern_matches_exactly_what_the_definition_says(pattern: str, text: str):
    assert fits(pattern, text) is naive(pattern, text)


@settings(max_examples=500)
@given(st.lists(st.text("ab*?", max_size=5), min_size=1, max_size=4), st.text("ab", max_size=6))
def test_one_of_several_patterns_is_enough(patterns: list[str], text: str):
    assert any_of(patterns)(text) is any(naive(one, text) for one in patterns)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/", False),
        ("*ab*ba", "abba", True),
        ("*ab*ba", "aba", False),
        ("a*a", "a", False),
        ("*", "", True),
        ("", "", True),
        ("a\nb*", "a\nbc", True),
        ("?", "\n", True),
        ("[a]*", "[a]b", True),
    ],
)
def test_head_and_tail_do_not_share_characters(pattern: str, text: str, expected: bool):
    assert fits(pattern, text) is expected


def test_literal_parts_hold_wildcards_as_plain_characters():
    compiled = matcher_of(("home/", "a*b?", Wild.ANY))
    assert compiled("home/a*b?/x")
    assert not compiled("home/axbx/x")


def test_parts_of_a_pattern_are_literals_and_wildcards():
    assert parts_of("a*?b") == ("a", Wild.ANY, Wild.ONE, "b")


@pytest.mark.parametrize("pattern", ["*a" * 60 + "b", "a*" * 60 + "?b", "*?a" * 60 + "c"])
def test_catastrophic_patterns_stay_linear(pattern: str):
    compiled = matcher(pattern)
    costs = []
    for size in (20_000, 80_000):
        begun = time.process_time()
        assert not compiled("a" * size)
        costs.append(time.process_time() - begun)
    # Four times the text may cost some four times the time; backtracking would not end at all.
    assert costs[1] < 40 * max(costs[0], 1e-4)
