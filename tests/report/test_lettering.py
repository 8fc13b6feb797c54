"""Text in pictures: measured, shortened, broken, escaped."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.report.lettering import broken, clean, shortened, width, wrapped, written


@given(st.text(max_size=80), st.floats(20, 200))
def test_a_shortened_text_fits_its_room(text: str, room: float) -> None:
    assert width(shortened(text, room, 11), 11) <= max(room, width("…", 11))


@given(st.text(alphabet="ab-/XY .", max_size=80), st.integers(1, 4))
def test_a_broken_name_has_at_most_its_lines_and_each_fits(text: str, lines: int) -> None:
    found = broken(text, 60, 12, lines, bold=True)
    assert len(found) <= lines
    assert all(width(one, 12, bold=True) <= 60 for one in found)


@given(st.lists(st.text(alphabet="abcdefg", min_size=1, max_size=12), max_size=30))
def test_wrapped_prose_loses_no_word(words: list[str]) -> None:
    found = wrapped(" ".join(words), 120, 12)
    assert " ".join(found).split() == words
    assert all(width(line, 12) <= 120 for line in found)


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    found = shortened("cdk-hnb659fds-cfn-exec-role-222233334444-eu-central-1", 120, 12)
    assert found.startswith("cdk-")
    assert "…" in found
    assert found.endswith("-1")


def test_a_name_is_broken_after_its_separators_and_between_its_words() -> None:
    assert broken("OrganizationAccountAccessRole", 80, 12, 3) == ["Organization", "Account", "AccessRole"]
    assert broken("order-webhook-role", 60, 12, 3) == ["order-", "webhook-", "role"]


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '" onload="x', "a & b", "\x00\ud800\x1b[31m"]
)
def test_a_hostile_text_stays_a_text(hostile: str) -> None:
    element = ET.fromstring(written(hostile, 0, 0, "name", title=f"{hostile}!"))
    assert element.attrib.keys() == {"class", "x", "y"}
    assert [one.tag for one in element] == ["title"]
    assert element[0].tail == clean(hostile)
