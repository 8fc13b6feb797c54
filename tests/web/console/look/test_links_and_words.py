"""Addresses and words: where a page may point, and how values are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.controls.standing import Counts
from watchword.web.console.look import links, pictures, words

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("/findings?x=1", True),
        ("?page=2", True),
        ("#main", True),
        ("https://docs.aws.amazon.com/x", True),
        ("otpauth://totp/x", True),
        ("//evil.example", False),
        ("http://evil.example", False),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        ("data:text/html,x", False),
        ("/\\evil.example", False),
        ("/\t/evil.example", False),
        ("\n//evil.example", False),
        ("java\nscript:alert(1)", False),
        ("", False),
        ("findings", False),
        ("https:evil", False),
    ],
)
def test_a_page_points_only_where_it_may(address: str, may: bool) -> None:
    assert links.safe_href(address) == (address if may else "#")


@given(
    st.text(max_size=30).filter(lambda text: not any("\ud800" <= one <= "\udfff" for one in text)),
    st.text("a/?#&=% ü", max_size=9),
)
def test_whatever_is_put_into_an_address_comes_out_of_it_again(part: str, value: str) -> None:
    made = links.at("/findings", part, q=value)
    split = urlsplit(made)
    assert [unquote(one) for one in split.path.split("/")[2:]] == [part]
    assert parse_qs(split.query).get("q", [""])[0] == value
    assert links.safe_href(made) == made


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-3, "just now"), (-30, "30 seconds ago"), (-60, "1 minute ago"), (-7_200, "2 hours ago"),
        (-86_400, "24 hours ago"), (-2 * 86_400, "2 days ago"), (-90 * 86_400, "3 months ago"),
        (-800 * 86_400, "2 years ago"), (3, "now"), (300, "in 5 minutes"), (10 * 86_400, "in 10 days"),
    ],
)  # fmt: skip
def test_how_long_ago_is_told_in_the_largest_unit_that_fits(seconds: int, told: str) -> None:
    assert words.ago(NOW + timedelta(seconds=seconds), NOW) == told


def test_what_never_was_is_told_so() -> None:
    assert words.ago(None, NOW) == words.moment(None) == "never"


def test_times_are_told_in_utc_whatever_their_zone() -> None:
    from zoneinfo import ZoneInfo

    there = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    assert words.moment(there) == "2026-11-26 12:00 UTC"
    assert words.machine(there) == "2026-11-26T12:00:00Z"


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 gaps"), (1, "1 gap"), (2, "2 gaps"), (12_345, "12,345 gaps")]
)
def test_a_number_has_its_noun(number: int, told: str) -> None:
    assert words.many(number, "gap") == told


def test_a_secret_is_shown_in_fours() -> None:
    assert words.in_fours("JBSWY3DPEHPK3PXPAB") == "JBSW Y3DP EHPK 3PXP AB"


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_trend_stays_within_its_picture_and_tells_its_numbers(numbers: list[int]) -> None:
    drawn = str(pictures.trend(numbers, "gaps <b>"))
    points = drawn.split('points="')[1].split('"', maxsplit=1)[0].split()
    for point in points:
        x, y = map(float, point.split(","))
        assert 0 <= x <= 120
        assert 0 <= y <= 28
    assert len(points) == len(numbers)
    assert "<b>" not in drawn
    assert f"{numbers[-1]:,}</title>" in drawn
    assert "style" not in drawn


def test_a_higher_number_lies_higher_in_a_trend() -> None:
    points = str(pictures.trend([0, 5, 10], "x")).split('points="')[1].split('"')[0].split()
    heights = [float(one.split(",")[1]) for one in points]
    assert heights == sorted(heights, reverse=True)


def test_charts_of_the_report_carry_no_style_of_their_own() -> None:
    assert "style=" not in pictures.bar(Counts(1, 2, 3), 6, "x")
    assert pictures.trend([], "x") == ""
