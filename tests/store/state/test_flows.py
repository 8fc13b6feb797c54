"""Flows: found by value and browser together, spent exactly once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.store.state.people import NOW, after
from watchword.model.login import Flow, FlowId, FlowKind
from watchword.store.state import flows
from watchword.store.state.database import Database

BROWSER = "b" * 64


def flow(**changes: Any) -> Flow:
    given = {
        "id": FlowId("f" * 64),
        "kind": FlowKind.SIGN_IN,
        "created": NOW,
        "expires": NOW + timedelta(minutes=10),
        "data": {flows.BROWSER: BROWSER, "step": 1},
    }
    return Flow(**(given | changes))


def begin(database: Database, one: Flow) -> None:
    with database.writing() as connection:
        flows.start(connection, one)


def spend(database: Database, **changes: Any) -> Flow | None:
    given = {
        "flow": FlowId("f" * 64),
        "kind": FlowKind.SIGN_IN,
        "browser": BROWSER,
        "now": after(1),
    } | changes
    with database.writing() as connection:
        return flows.spend(connection, **given)


def test_a_flow_is_spent_once(database: Database) -> None:
    begin(database, flow())
    spent = spend(database)
    assert spent is not None
    assert spent.data["step"] == 1
    assert spend(database) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"flow": FlowId("0" * 64)},
        {"kind": FlowKind.OIDC},
        {"browser": "c" * 64},
        {"browser": ""},
        {"now": NOW + timedelta(minutes=10)},
        {"now": NOW - timedelta(seconds=1)},
    ],
    ids=["another value", "another kind", "another browser", "no browser", "too late", "before it began"],
)
def test_a_flow_is_not_spent_with(database: Database, changes: Any) -> None:
    begin(database, flow())
    assert spend(database, **changes) is None
    assert spend(database) is not None


def test_a_flow_bound_to_no_browser_is_never_found(database: Database) -> None:
    for number, data in enumerate(({}, {flows.BROWSER: ""}, {flows.BROWSER: None})):
        one = flow(id=FlowId(f"{number}" * 64), data=data)
        begin(database, one)
        assert spend(database, flow=one.id) is None
        assert spend(database, flow=one.id, browser="") is None


def test_of_many_who_spend_a_flow_at_once_one_does(database: Database) -> None:
    begin(database, flow())
    won: list[Flow] = []
    start = threading.Barrier(6)

    def run() -> None:
        start.wait()
        found = spend(database)
        if found is not None:
            won.append(found)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1


def test_data_is_amended_only_as_it_was_seen_and_the_browser_stays(database: Database) -> None:
    begin(database, flow())
    with database.writing() as connection:
        assert flows.amend(connection, flow(), {"step": 2, flows.BROWSER: "c" * 64})
        assert not flows.amend(connection, flow(), {"step": 3})
    found = spend(database)
    assert found is not None
    assert found.data == {"step": 2, flows.BROWSER: BROWSER}
    with database.writing() as connection:
        assert not flows.amend(connection, found, {"step": 4})


def test_purging_forgets_what_is_over_and_keeps_the_rest(database: Database) -> None:
    begin(database, flow())
    begin(database, flow(id=FlowId("e" * 64), expires=after(5)))
    with database.writing() as connection:
        assert flows.first_time(connection, "one", after(5))
        assert flows.purge(connection, after(5)) == 2
    assert spend(database, now=after(6)) is not None


def test_something_is_seen_for_the_first_time_once(database: Database) -> None:
    with database.writing() as connection:
        assert flows.first_time(connection, "assertion", after(60))
        assert not flows.first_time(connection, "assertion", after(90))
        assert flows.first_time(connection, "another", after(60))
