"""Lists by cursor: each item once, in whatever pages; a cursor of another list, or one that was changed, is refused."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.house import NOW, Client, House
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.store.state.people import PRINCIPALS, principal_row
from watchword.store.state.transition import Act, create
from watchword.web.api.pages import read, write
from watchword.web.guard.refused import Refused

KEY = bytes(range(32))


def many(home: House, count: int) -> None:
    with home.plane.database.writing() as connection:
        for number in range(count):
            one = Principal(
                PrincipalId(f"p-{number:04}"),
                PrincipalKind.USER,
                f"Person {number}",
                PrincipalStatus.ACTIVE,
                NOW,
            )
            create(connection, PRINCIPALS, principal_row(one), Act("test", NOW))


def all_of(who: Client, path: str, limit: int) -> list[Any]:
    found: list[Any] = []
    while path:
        answer = who.get(path)
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        assert len(items) <= limit
        found += items
        link = answer.headers.get("link", "")
        assert bool(link) is bool(answer.json()["next"])
        path = link.partition("<https://watchword.example")[2].partition(">")[0]
    return found


@pytest.mark.parametrize("limit", [1, 7, 25, 30, 500])
def test_pages_of_any_size_show_each_once_in_order(home: House, limit: int) -> None:
    many(home, 20)
    found = [one["id"] for one in all_of(home.browser("auditor"), f"/api/v1/people?limit={limit}", limit)]
    assert found == sorted(found)
    assert len(found) == len(set(found)) == 25


def test_newest_first_lists_go_on_where_they_were_while_new_rows_come(home: House) -> None:
    auditor = home.browser("auditor")
    first = auditor.get("/api/v1/audit/records?limit=5").json()
    many(home, 5)
    second = auditor.get(f"/api/v1/audit/records?limit=5&cursor={first['next']}").json()
    numbers = [one["sequence"] for one in first["items"] + second["items"]]
    assert numbers == list(range(numbers[0], numbers[0] - len(numbers), -1))


def test_filters_stay_with_the_pages(home: House) -> None:
    many(home, 5)
    found = all_of(home.browser("auditor"), "/api/v1/people?limit=2&q=person&kind=user", 2)
    assert [one["id"] for one in found] == [f"p-{number:04}" for number in range(5)]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "1e3"])
def test_other_sizes_are_refused_with_the_place(home: House, limit: str) -> None:
    answer = home.browser("auditor").get(f"/api/v1/people?limit={limit}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "query/limit"


def test_a_cursor_of_one_list_opens_no_other(home: House) -> None:
    many(home, 3)
    auditor = home.browser("auditor")
    cursor = auditor.get("/api/v1/people?limit=1").json()["next"]
    assert auditor.get(f"/api/v1/people?limit=2&cursor={cursor}").status_code == 200
    for path in ("/api/v1/roles?", "/api/v1/people?kind=guest&", "/api/v1/audit/records?"):
        assert auditor.get(f"{path}cursor={cursor}").status_code == 422, path


values = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.integers(-(2**40), 2**40),
        st.datetimes(NOW.replace(tzinfo=None), timezones=st.just(UTC)),
    ),
    min_size=1,
    max_size=3,
)


@given(values)
def test_a_cursor_says_what_was_written(found: list[Any]) -> None:
    assert read(write(tuple(found), KEY, "here"), [b"o" * 32, KEY], "here") == tuple(found)


@settings(max_examples=200)
@given(values, st.data())
def test_a_cursor_that_was_changed_anywhere_is_refused(found: list[Any], data: st.DataObject) -> None:
    cursor = write(tuple(found), KEY, "here")
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda one: one != cursor[place]))
    changed = cursor[:place] + other + cursor[place + 1 :]
    try:
        # Unused bits of the last letter may differ, and mean the same.
        assert read(changed, [KEY], "here") == tuple(found)
        assert place == len(cursor) - 1
    except Refused as refused:
        assert refused.status == 422  # noqa: PT017 - either is right


@given(st.text(max_size=100))
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    with pytest.raises(Refused):
        read(text, [KEY], "here")
