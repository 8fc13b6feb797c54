"""Several processes on one PostgreSQL: what one does, the others know at the next request; work is done once."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.store.state.conftest import New, Servers, postgresql, servers  # noqa: F401
from tests.web.house import furnish, house
from tests.web.serving import serving
from watchword.clock import now
from watchword.model.leases import JobId, NewJob
from watchword.model.people import PrincipalId
from watchword.pdp.presets import PRESETS, Strength
from watchword.store.state import leases
from watchword.store.state.database import Database
from watchword.store.state.vault import create
from watchword.store.state.worker import Hold
from watchword.web.login import api_tokens, sessions
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.sessions import Grounds
from watchword.web.telemetry import Metrics
from watchword.web.worker import Work, Working


def test_a_session_that_is_revoked_through_one_is_refused_by_the_other(
    servers: Servers,  # noqa: F811
    tmp_path: Path,
) -> None:
    url = New(servers, "postgresql", f"r{os.getpid()}")("replicas")
    create(tmp_path / "keys", os.urandom)
    config = f'[web]\nsecret_key_file = "{tmp_path}/keys"\n'
    visit = Visit(Arrival("192.0.2.7"), now(), os.urandom)
    with Database.open(url) as database:
        furnish(database)
        with database.writing() as connection:
            grounds = Grounds(Strength(2, ("hwk", "mfa")))
            issued = sessions.issue(connection, PrincipalId("user"), grounds, PRESETS["aal2"], visit)
        wish = api_tokens.Wish("a test", ("write",), timedelta(days=1))
        program = api_tokens.issue(database, PrincipalId("administrator"), wish, visit).secret
    cookie = {"cookie": f"{sessions.COOKIE}={issued.token}"}
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    with (
        serving(folders[0], "--database", url, config=config) as one,
        serving(folders[1], "--database", url, config=config) as other,
    ):
        assert [each.ask("GET", "/api/v1/me", cookie)[0] for each in (one, other)] == [200, 200]
        revoking = {"authorization": f"Bearer {program}"}
        assert one.ask("DELETE", f"/api/v1/sessions/{issued.session.id}", revoking)[0] == 204
        assert other.ask("GET", "/api/v1/me", cookie)[0] == 401


def test_work_is_done_once_by_whichever_process_takes_it(
    servers: Servers,  # noqa: F811
    tmp_path: Path,
) -> None:
    url = New(servers, "postgresql", f"r{os.getpid()}")("jobs")
    done: Counter[str] = Counter()
    lock, all_done = threading.Lock(), threading.Event()

    def do(hold: Hold) -> None:
        with lock:
            done[hold.lease.key] += 1
            if len(done) == 40:
                all_done.set()

    with Database.open(url) as first, Database.open(url) as second:
        furnish(first)
        planes = [replace(house(one, tmp_path).plane, clock=now) for one in (first, second)]
        with first.writing() as connection:
            for number in range(40):
                leases.enqueue(connection, NewJob("count", str(number), now()), JobId(f"j-{number}"), now())
        several = [Working(plane, Metrics(), Work({"count": do})) for plane in planes]
        for each in several:
            each.start()
        assert all_done.wait(60)
        for each in several:
            each.stop()
    assert set(done.values()) == {1}


def test_an_older_schema_of_a_shared_database_is_left_alone_unless_asked(
    servers: Servers,  # noqa: F811
    tmp_path: Path,
) -> None:
    from tests.web.serving import ended, free_port

    url = New(servers, "postgresql", f"r{os.getpid()}")("older", empty=True)
    code, said = ended(tmp_path, "--port", str(free_port()), "--database", url)
    assert (code, "watchword db upgrade" in said, "Traceback" in said) == (1, True, False)
