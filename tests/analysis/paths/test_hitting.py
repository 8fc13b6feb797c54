"""Smallest hitting sets against trying all sets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.analysis.paths.hitting import Budget, smallest_hitting

SETS = st.lists(st.frozensets(st.sampled_from("abcdefg"), min_size=1, max_size=4), max_size=9)


@settings(deadline=None)
@given(SETS)
def test_it_hits_every_set_and_none_is_smaller(sets: list[frozenset[str]]) -> None:
    found = smallest_hitting(sets, Budget())
    assert found is not None
    assert all(found & one for one in sets)
    smaller = itertools.combinations("abcdefg", max(0, len(found) - 1))
    assert not found or not any(all(set(one) & each for each in sets) for one in smaller)


def test_a_used_up_budget_gives_no_answer_rather_than_a_wrong_one() -> None:
    sets = [frozenset(pair) for pair in itertools.combinations("abcdefgh", 2)]
    assert smallest_hitting(sets, Budget(2)) is None


def test_an_empty_set_cannot_be_hit() -> None:
    with pytest.raises(ValueError, match="empty"):
        smallest_hitting([frozenset()], Budget())
