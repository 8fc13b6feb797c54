"""What is the same, what only looks so, and what says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.people.likeness import disguise, key, tells_apart


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "ANNA"),
        (" anna ", "anna"),
        ("ａｎｎａ", "anna"),
        ("Straße", "STRASSE"),
        ("ﬁnn", "Finn"),
        ("Åsa", "A\u030asa"),
        ("①②", "12"),
    ],
)
def test_case_width_and_composition_do_not_tell_texts_apart(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("fake", "real"),
    [
        ("аnna", "anna"),
        ("аdmin", "admin"),
        ("rооt", "root"),
        ("ραυl", "paul"),
        ("an\u200bna", "anna"),
        ("an\u00adna", "anna"),
        ("ѕсорe", "scope"),
        ("АNNA", "anna"),
    ],
)
def test_what_only_looks_alike_is_not_the_same_and_is_known_as_a_disguise(fake: str, real: str) -> None:
    assert key(fake) != key(real)
    assert disguise(fake) == disguise(real)


@pytest.mark.parametrize(("one", "other"), [("jose", "josé"), ("muller", "müller"), ("anna", "anne")])
def test_an_accent_is_no_disguise(one: str, other: str) -> None:
    assert disguise(one) != disguise(other)


@pytest.mark.parametrize("value", ["", " ", "-", "N/A", "n.a.", "0000", "9", "none", "UNKNOWN", "xx", "..."])
def test_what_says_nothing_tells_nobody_apart(value: str) -> None:
    assert not tells_apart(value)


@pytest.mark.parametrize("value", ["E17", "10", "anna", "王小明"])
def test_what_says_something_tells_people_apart(value: str) -> None:
    assert tells_apart(value)


@given(st.text(max_size=12))
def test_comparing_what_was_compared_changes_nothing(text: str) -> None:
    assert key(key(text)) == key(text)
    assert disguise(key(text)) == disguise(text)
