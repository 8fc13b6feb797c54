"""A POST that is sent again is not done again: one after another, at once, and after a kill at the worst moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import update

from tests.web.house import House
from watchword.store.state import answers, pages
from watchword.store.state.login import answers as table
from watchword.web.api.idempotency import seeded

WISH = {"display": "a program", "scopes": ["read"], "days": 3}
KEY = {"idempotency-key": "0b6f7d3a-1"}


def tokens(home: House, who: str = "user") -> int:
    with home.plane.database.reading() as connection:
        return len(pages.tokens(connection, (), 500, principal=who))


def test_the_same_request_has_the_same_answer_and_is_done_once(home: House) -> None:
    user = home.browser("user")
    first = user.post("/api/v1/tokens", json=WISH, headers=KEY)
    again = user.post("/api/v1/tokens", json=WISH, headers=KEY)
    assert (first.status_code, again.status_code, tokens(home)) == (201, 201, 1)
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-security-policy"]


def test_without_a_key_each_is_a_request_of_its_own(home: House) -> None:
    user = home.browser("user")
    for _ in range(2):
        assert user.post("/api/v1/tokens", json=WISH).status_code == 201
    assert tokens(home) == 2


def test_another_body_under_the_same_key_is_refused(home: House) -> None:
    user = home.browser("user")
    user.post("/api/v1/tokens", json=WISH, headers=KEY)
    other = user.post("/api/v1/tokens", json=WISH | {"days": 4}, headers=KEY)
    assert (other.status_code, tokens(home)) == (422, 1)


def test_a_key_is_its_callers_own(home: House) -> None:
    for who in ("user", "auditor"):
        assert home.browser(who).post("/api/v1/tokens", json=WISH, headers=KEY).status_code == 201
        assert tokens(home, who) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "two words"])
def test_a_key_of_another_form_is_refused(home: House, key: str) -> None:
    answer = home.browser("user").post("/api/v1/tokens", json=WISH, headers={"idempotency-key": key})
    assert (answer.status_code, tokens(home)) == (422, 0)


def test_who_may_not_leaves_nothing_behind(home: House) -> None:
    user = home.browser("user")
    body = {"principal": "auditor", "role": "approver", "reason": "a test"}
    assert user.post("/api/v1/roles", json=body, headers=KEY).status_code == 403
    assert home.stranger().post("/api/v1/tokens", json=WISH, headers=KEY).status_code == 401
    with home.plane.database.writing() as connection:
        assert answers.purge(connection, home.clock.at.replace(year=2100)) == 0


def test_of_many_at_once_one_is_done_and_the_others_are_told_to_wait_or_its_answer(home: House) -> None:
    user = home.browser("user")
    barrier = threading.Barrier(8)

    def ask(_: int) -> Any:
        barrier.wait()
        return user.post("/api/v1/tokens", json=WISH, headers=KEY)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert {one.status_code for one in found} <= {201, 409}
    assert len({one.json()["token"] for one in found if one.status_code == 201}) == 1
    assert tokens(home) == 1


def test_after_a_kill_the_change_is_there_once_however_often_it_is_asked_for(home: House) -> None:
    user = home.browser("user")
    assert user.post("/api/v1/tokens", json=WISH, headers=KEY).status_code == 201
    # As a process leaves it that dies after the change and before the answer is kept.
    with home.plane.database.writing() as connection:
        connection.execute(update(table).values(status=answers.IN_FLIGHT, headers={}, body=""))
    waiting = user.post("/api/v1/tokens", json=WISH, headers=KEY)
    assert (waiting.status_code, waiting.headers["retry-after"]) == (409, "2")
    home.clock.wait(minutes=3)
    again = user.post("/api/v1/tokens", json=WISH, headers=KEY)
    assert (again.status_code, tokens(home)) == (409, 1)


def test_no_answer_is_kept_in_plain(home: House) -> None:
    user = home.browser("user")
    token = user.post("/api/v1/tokens", json=WISH, headers=KEY).json()["token"]
    database = home.plane.database.address.file
    assert database is not None
    home.plane.database.close()
    kept = b"".join(one.read_bytes() for one in database.parent.glob("state.sqlite*"))
    assert token.encode() not in kept


def test_randomness_of_a_key_is_always_the_same_and_no_other_keys(home: House) -> None:
    drawn = [seeded(home.plane, "a")(40) for _ in range(2)]
    assert drawn[0] == drawn[1] != seeded(home.plane, "b")(40)
    one = seeded(home.plane, "a")
    assert one(16) != one(16)
