"""The tables of states: every move that stands in one is allowed, every other is refused, and nothing is out of reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.model.factors import FACTOR_LIFE, FactorStatus
from watchword.model.leases import JOB_LIFE, Backoff, JobState
from watchword.model.lifecycle import IllegalMove, Lifecycle
from watchword.model.people import PRINCIPAL_LIFE, Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.sessions import SESSION_LIFE, TOKEN_LIFE, Session, SessionId, SessionState, TokenState

LIVES: list[tuple[Lifecycle[StrEnum], type[StrEnum], str]] = [
    (PRINCIPAL_LIFE, PrincipalStatus, "invited>active,ended active>suspended,ended suspended>active,ended"),
    (FACTOR_LIFE, FactorStatus, "pending>active,removed active>suspended,removed suspended>active,removed"),
    (SESSION_LIFE, SessionState, "active>signed_out,revoked,expired,rotated"),
    (TOKEN_LIFE, TokenState, "active>revoked"),
    (JOB_LIFE, JobState, "waiting>claimed claimed>claimed,waiting,finished,given_up"),
]  # type: ignore[list-item]


@pytest.mark.parametrize(("life", "states", "table"), LIVES, ids=lambda one: getattr(one, "of", ""))
def test_exactly_the_moves_of_the_table_are_allowed(
    life: Lifecycle[StrEnum], states: type[StrEnum], table: str
) -> None:
    expected = {
        (before, after)
        for before, _, afters in (line.partition(">") for line in table.split())
        for after in afters.split(",")
    }
    allowed = {(a.value, b.value) for a, b in product(states, states) if life.may(a, b)}
    assert allowed == expected
    for before, after in product(states, states):
        if (before.value, after.value) not in expected:
            with pytest.raises(IllegalMove, match=f"{before.value} cannot become {after.value}"):
                life.check(before, after)


@pytest.mark.parametrize(("life", "states", "table"), LIVES, ids=lambda one: getattr(one, "of", ""))
def test_every_state_can_be_reached_and_every_life_can_end(
    life: Lifecycle[StrEnum], states: type[StrEnum], table: str
) -> None:
    reached = set(life.first)
    while more := {after for before in reached for after in life.moves.get(before, ())} - reached:
        reached |= more
    assert reached == set(states)
    assert any(life.is_final(state) for state in states)


def test_something_may_begin_only_in_a_first_state() -> None:
    PRINCIPAL_LIFE.check_first(PrincipalStatus.INVITED)
    with pytest.raises(IllegalMove, match="active, invited"):
        PRINCIPAL_LIFE.check_first(PrincipalStatus.ENDED)


NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sponsor", "end"), [(None, None), (None, NOW), ("p-2", None), ("p-1", NOW)], ids=str
)
def test_a_guest_without_somebody_else_as_sponsor_or_without_end_is_refused(
    sponsor: str | None, end: datetime | None
) -> None:
    with pytest.raises(ValueError, match="sponsor"):
        Principal(
            PrincipalId("p-1"),
            PrincipalKind.GUEST,
            "G",
            PrincipalStatus.INVITED,
            NOW,
            sponsor=None if sponsor is None else PrincipalId(sponsor),
            end_date=end,
        )


@pytest.mark.parametrize(("assurance", "hours"), [(0, 1), (4, 1), (2, 0), (2, -1)])
def test_a_session_without_a_level_or_a_length_is_refused(assurance: int, hours: int) -> None:
    end = NOW + timedelta(hours=hours)
    with pytest.raises(ValueError, match=r"level|before it begins"):
        Session(SessionId("s"), PrincipalId("p"), assurance, (), NOW, NOW, end)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_a_pause_is_never_longer_than_the_longest_and_never_less_than_half_of_what_it_is_without_jitter(
    attempts: int, jitter: float
) -> None:
    backoff = Backoff(attempts=20_000)
    pause, full = backoff.pause(attempts, jitter), backoff.pause(attempts, 0)
    assert pause is not None
    assert full is not None
    assert full / 2 - timedelta(microseconds=1) <= pause <= full <= backoff.most


def test_pauses_grow_and_after_the_last_attempt_there_is_none() -> None:
    backoff = Backoff(timedelta(seconds=1), 2, timedelta(seconds=5), attempts=5)
    pauses = [backoff.pause(attempts, 0) for attempts in range(1, 6)]
    assert pauses == [*(timedelta(seconds=one) for one in (1, 2, 4, 5)), None]
