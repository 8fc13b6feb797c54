"""Which attempts are counted where (docs/sign-in.md, step 3): guessing is bounded, and nobody is locked out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.state.people import after
from tests.web.login.conftest import Desk
from watchword.store.state import throttling
from watchword.store.state.throttling import Gate
from watchword.web.login import throttles
from watchword.web.login.throttles import ADDRESS, IDENTITY, KNOWN, PAIR, guessing, network, signing

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.0", "192.0.3.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_network_is_what_one_subscriber_has(address: str, counts_as: str) -> None:
    assert network(address) == counts_as


def test_3_1_a_strange_browser_is_counted_three_times_and_a_known_one_by_itself() -> None:
    strange = guessing("password", "p-1", "192.0.2.7", "")
    assert [one.rate for one in strange] == [ADDRESS, PAIR, IDENTITY]
    known = guessing("password", "p-1", "192.0.2.7", "d-1")
    assert [one.rate for one in known] == [KNOWN]
    assert not {one.key for one in known} & {one.key for one in strange}
    assert [one.rate for one in signing("192.0.2.7")] == [ADDRESS]


def test_3_4_names_stand_in_no_key_and_codes_are_counted_apart() -> None:
    password = {one.key for one in guessing("password", "ada@example.com", "192.0.2.7", "")}
    code = {one.key for one in guessing("totp", "ada@example.com", "192.0.2.7", "")}
    assert not any("ada" in key for key in password | code)
    assert len(password & code) == 1
    assert all(len(key) <= 200 for key in password | code)


def test_3_3_guesses_of_a_day_and_of_a_year_are_bounded_as_the_page_says() -> None:
    assert IDENTITY.most_within(DAY) == 74
    assert IDENTITY.most_within(2 * DAY) - IDENTITY.most_within(DAY) == 24
    # Three codes in a million are right at any instant.
    assert IDENTITY.most_within(365 * DAY) * 3 / 1_000_000 < 0.03
    assert PAIR.most_within(DAY) == 49
    assert KNOWN.most_within(DAY) == 136
    assert ADDRESS.most_within(DAY) == 8_700


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 255), st.integers(1, 4)), max_size=25),
    st.integers(0, 600),
)
def test_3_2_whatever_an_attacker_does_a_known_browser_is_let_in_at_once(
    sqlite_desk: Desk, attacks: list[tuple[int, int, int]], pause: int
) -> None:
    at = 0.0
    with sqlite_desk.database.writing() as connection:
        throttling.purge(connection, after(10 * 365 * 86_400))
        for gap, place, burst in attacks:
            at += gap
            for _ in range(burst):
                gates = guessing("totp", "p-1", f"203.0.{place}.9", "")
                throttling.admit(connection, gates, after(at))
                throttling.admit(connection, guessing("totp", "p-1", "192.0.2.7", ""), after(at))
        at += pause
        mine: tuple[Gate, ...] = guessing("totp", "p-1", "192.0.2.7", "d-1")
        assert not throttling.admit(connection, mine, after(at))
        throttling.forgive(connection, mine, after(at))


def test_3_3_from_however_many_addresses_a_day_of_guessing_stays_within_the_bound(sqlite_desk: Desk) -> None:
    passed = 0
    with sqlite_desk.database.writing() as connection:
        for minute in range(0, 24 * 60, 5):
            for place in range(1):
                address = f"10.{minute % 250}.{place}.1"
                gates = guessing("password", "p-1", address, "")
                passed += not throttling.admit(connection, gates, after(60 * minute))
    assert IDENTITY.burst < passed <= IDENTITY.most_within(DAY)
    assert throttles.IDENTITY is IDENTITY
