"""Directories as people read them: what lies there, what the last reading brought, what may be asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.web.console.people_samples import NOW, directory
from watchword.analysis.people.linking import Rule
from watchword.model.people import Directory
from watchword.web.console.views.directories import CAME, LATE, RULES, directory_line


def of_kind(kind: str, **changed: object) -> Directory:
    return replace(directory(), kind=kind, **changed)  # type: ignore[arg-type]


def test_what_lies_there_is_told_apart_from_what_the_reading_brought() -> None:
    counts = {"accounts": 1_204, "groups": 1, "created": 3, "memberships changed": 0, "unfinished": 1}
    line = directory_line(of_kind("ldap", counts=counts), NOW)
    assert line.counts == "1,204 accounts, 1 group"
    assert line.came == (("New accounts", "3"),)


def test_every_thing_that_a_reading_counts_has_words() -> None:
    line = directory_line(of_kind("ldap", counts=dict.fromkeys(CAME, 2)), NOW)
    assert [words for words, _ in line.came] == list(CAME.values())


@pytest.mark.parametrize(
    ("kind", "named", "readable"),
    [("ldap", True, True), ("ldap", False, False), ("scim", True, False), ("local", True, False)],
)
def test_only_what_the_settings_say_how_to_read_can_be_read_now(
    kind: str, named: bool, readable: bool
) -> None:
    one = of_kind(kind)
    assert directory_line(one, NOW, {str(one.id)} if named else ()).is_readable is readable


@pytest.mark.parametrize(
    ("kind", "read", "state"),
    [
        ("ldap", None, "not read yet"),
        ("scim", None, "written to us"),
        ("local", None, "written to us"),
        ("ldap", NOW - LATE - timedelta(seconds=1), "out of date"),
        ("ldap", NOW - LATE, "read"),
    ],
)
def test_a_directory_that_is_written_to_us_is_never_out_of_date(kind: str, read: object, state: str) -> None:
    assert directory_line(of_kind(kind, last_sync=read, faults=(), last_error=""), NOW).state == state


def test_every_rule_that_proposes_has_words() -> None:
    assert set(RULES) == {one.value for one in Rule if one.value.startswith("P")}
