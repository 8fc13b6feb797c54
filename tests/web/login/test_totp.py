"""Codes of apps (docs/sign-in.md, step 7.1 and 7.2), against RFC 6238 by an app that knows nothing of our library."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.state.people import NOW
from tests.web.login.conftest import App
from watchword.web.login import totp

SEED = b"12345678901234567890"
APP = App(base64.b32encode(SEED).decode())
PRESENT = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238_are_taken(seconds: int, code: str) -> None:
    # Appendix B, of which six digits.
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(SEED, code, at, -1) == seconds // 30
    assert APP.code(at) == code


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_7_2_a_step_before_and_after_is_taken_and_no_other(steps: int, taken: bool) -> None:
    found = totp.step_of(SEED, APP.code(NOW, steps), NOW, -1)
    assert found == (PRESENT + steps if taken else None)


@pytest.mark.parametrize(
    ("after", "taken"), [(-1, True), (PRESENT - 1, True), (PRESENT, False), (PRESENT + 1, False)]
)
def test_7_2_a_step_that_was_taken_or_lies_before_one_is_not_taken(after: int, taken: bool) -> None:
    assert (totp.step_of(SEED, APP.code(NOW), NOW, after) is not None) is taken


@given(
    st.binary(min_size=20, max_size=20),
    st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-1, 1),
)
def test_whatever_the_app_shows_is_taken(seed: bytes, at: datetime, steps: int) -> None:
    at = at.replace(tzinfo=UTC)
    shown = App(base64.b32encode(seed).decode()).code(at, steps)
    found = totp.step_of(seed, shown, at, -1)
    assert found is not None
    assert App(base64.b32encode(seed).decode()).code(at, found - int(at.timestamp()) // 30) == shown


@given(st.text(max_size=12))
def test_whatever_is_typed_it_is_a_code_or_refused(typed: str) -> None:
    right = {APP.code(NOW, steps) for steps in (-1, 0, 1)}
    found = totp.step_of(SEED, typed, NOW, -1)
    assert (found is not None) == (typed.strip().replace(" ", "") in right)


def test_spaces_are_overlooked_and_other_digits_are_not_digits() -> None:
    code = APP.code(NOW)
    assert totp.step_of(SEED, f" {code[:3]} {code[3:]} ", NOW, -1) == PRESENT
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert totp.step_of(SEED, wide, NOW, -1) is None


def test_a_seed_has_160_bits_and_is_shown_in_groups_of_four() -> None:
    seed = totp.draw_seed(os.urandom)
    assert len(seed) == 20
    groups = totp.shown(seed).split(" ")
    assert [len(one) for one in groups] == [4] * 8
    assert base64.b32decode("".join(groups)) == seed
    with pytest.raises(ValueError, match="bytes"):
        totp.draw_seed(lambda count: b"")


def test_the_link_has_what_apps_read() -> None:
    parts = urlsplit(totp.link(SEED, "ada:x@example.com", "Company: ABC"))
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert asked["issuer"] == ["Company  ABC"]
    assert asked["secret"] == [APP.seed]
    assert "algorithm" not in asked or asked["algorithm"] == ["SHA1"]


def test_a_clock_that_jumps_back_takes_no_code_twice() -> None:
    code = APP.code(NOW)
    assert totp.step_of(SEED, code, NOW, -1) == PRESENT
    assert totp.step_of(SEED, code, NOW - timedelta(seconds=30), PRESENT) is None
