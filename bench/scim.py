"""What a provisioning client waits for where a directory has 200,000 users: figures beside their limits and peers.

``list, eq``     ``GET /Users?filter=userName eq "…"`` over HTTP on loopback, one after another: milliseconds, 95th percentile.
The peer is the same question asked so that no index helps, which reads the whole directory.
``list, page``   ``GET /Users?startIndex=…&count=100``, anywhere in the directory, over HTTP.
``patch``        ``PATCH`` of ``title`` over HTTP, one after another: each is on disk with its audit record.
``create``       ``POST`` of a user, who is linked to a person: compared with all accounts that could be theirs.
``member``       ``PATCH`` that adds a member to a group of 10,000, whose people are worked out anew.

PostgreSQL is measured where its development package is installed, on SQLite's disk.
"""

from __future__ import annotations

import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import insert, text
from starlette.applications import Starlette
from starlette.routing import Mount

from bench._measured import line
from bench.state import databases
from watchword.clock import now
from watchword.model.people import (
    Directory,
    DirectoryId,
    Identity,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.store.state.accounts import account_row, accounts
from watchword.store.state.batch import Batch
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade
from watchword.store.state.people import (
    directories,
    directory_row,
    group_members,
    group_row,
    groups,
    identities,
    identity_row,
    principal_row,
    principals,
)
from watchword.store.state.scim_store import SqlScimStore
from watchword.store.state.scim_values import account, group
from watchword.web.scim.bearer import Digests, digest
from watchword.web.scim.catalogue import ENTERPRISE_URN, USER_URN
from watchword.web.scim.patch import PATCH_URN
from watchword.web.scim.routes import Door, router
from watchword.web.scim.service import ScimService

USERS = 200_000
MEMBERS = 10_000
ASKED = 500
CHANGED = 100
MADE = 20
JOINED = 20
AT_ONCE = 5_000
DIRECTORY = DirectoryId("bench")
TOKEN = "a-token-for-measuring-0123456789"
NAMED = 'userName eq "{}"'
UNINDEXED = 'emails.value eq "{}"'

LIST_LIMIT = 50.0
PAGE_LIMIT = 300.0
PATCH_LIMIT = 150.0
CREATE_LIMIT = 1_500.0
MEMBER_LIMIT = 1_500.0


def user_name(number: int) -> str:
    return f"person.{number}@company.example"


def document(number: int) -> dict[str, Any]:
    """A user as identity providers send them."""
    return {
        "userName": user_name(number),
        "externalId": str(number),
        "name": {"givenName": f"Given{number}", "familyName": f"Family{number % 977}"},
        "displayName": f"Given{number} Family{number % 977}",
        "active": True,
        "emails": [{"value": user_name(number), "type": "work", "primary": True}],
        ENTERPRISE_URN: {"employeeNumber": str(number), "department": f"Department {number % 40}"},
    }


def identity(number: int) -> str:
    return f"u-{number:08}"


def person(number: int, at: datetime) -> Principal:
    name = f"Given{number} Family{number % 977}"
    return Principal(PrincipalId(f"p-{number}"), PrincipalKind.USER, name, PrincipalStatus.ACTIVE, at)


def link(number: int, at: datetime) -> Identity:
    return Identity(DIRECTORY, identity(number), PrincipalId(f"p-{number}"), at)


def populate(database: Database) -> None:
    """The directory, its users, and a group; written past the audit."""
    at = now()
    with database.writing() as connection:
        connection.execute(insert(directories), [directory_row(Directory(DIRECTORY, "scim", "Bench"))])
        for first in range(0, USERS, AT_ONCE):
            connection.execute(
                insert(accounts),
                [
                    account_row(account(identity(number), DIRECTORY, document(number), at))
                    for number in range(first, first + AT_ONCE)
                ],
            )
            people = range(first, first + AT_ONCE)
            connection.execute(insert(principals), [principal_row(person(number, at)) for number in people])
            connection.execute(insert(identities), [identity_row(link(number, at)) for number in people])
        connection.execute(insert(groups), [group_row(group("g-1", DIRECTORY, {"displayName": "All"}, at))])
        inside = [{"group_id": "g-1", "is_group": False, "subject": identity(n)} for n in range(MEMBERS)]
        connection.execute(insert(group_members), inside)
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))


@contextmanager
def serving(database: Database) -> Iterator[httpx.Client]:
    """A client of a server on loopback."""
    service = ScimService(SqlScimStore(Batch(database)))
    door = Door(service, Digests({digest(TOKEN): DIRECTORY}), now, "https://watchword.example/scim/v2")
    app = Starlette(routes=[Mount("/scim/v2", app=router(door))])
    # Named as TCP, since asyncio sends small answers without delay only then.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/scim/v2"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            with httpx.Client(base_url=address, headers=headers, timeout=120, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def p95(times: int, ask: Callable[[int], httpx.Response]) -> float:
    """The 95th percentile of milliseconds, after three questions that do not count.

    Raises:
        RuntimeError: an answer was an error.
    """
    spent: list[float] = []
    for number in range(times + 3):
        begun = time.perf_counter()
        answer = ask(number)
        spent.append((time.perf_counter() - begun) * 1_000)
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{answer.status_code}: {answer.text[:300]}")
    return statistics.quantiles(spent[3:], n=20)[-1] if times > 1 else spent[-1]


def measure(client: httpx.Client) -> bool:
    """Print the figures of one database; whether all keep their limits."""
    chance = random.Random(1)

    def found(filter_: str) -> httpx.Response:
        name = user_name(chance.randrange(USERS))
        answer = client.get("/Users", params={"filter": filter_.format(name)})
        if answer.json()["Resources"][0]["userName"] != name:
            raise RuntimeError("somebody else was found")
        return answer

    def page(_: int) -> httpx.Response:
        return client.get("/Users", params={"startIndex": str(chance.randrange(USERS - 100)), "count": "100"})

    def patch(path: str, operation: dict[str, Any]) -> httpx.Response:
        return client.patch(path, json={"schemas": [PATCH_URN], "Operations": [operation]})

    def turn(number: int) -> httpx.Response:
        who = identity(chance.randrange(USERS))
        return patch(f"/Users/{who}", {"op": "replace", "path": "title", "value": f"Title {number}"})

    def make(number: int) -> httpx.Response:
        return client.post("/Users", json={"schemas": [USER_URN], **document(USERS + number)})

    def join(number: int) -> httpx.Response:
        member = [{"value": identity(MEMBERS + number)}]
        return patch(
            "/Groups/g-1?excludedAttributes=members", {"op": "add", "path": "members", "value": member}
        )

    begun = time.perf_counter()
    found(UNINDEXED)
    whole = (time.perf_counter() - begun) * 1_000
    figures = {
        "list, eq: ms p95": (p95(ASKED, lambda _: found(NAMED)), LIST_LIMIT, whole),
        "list, page: ms p95": (p95(100, page), PAGE_LIMIT, None),
        "patch: ms p95": (p95(CHANGED, turn), PATCH_LIMIT, None),
        "create: ms p95": (p95(MADE, make), CREATE_LIMIT, None),
        "member: ms p95": (p95(JOINED, join), MEMBER_LIMIT, None),
    }
    for what, (figure, limit, peer) in figures.items():
        print(line(what, figure, limit, peer))
    return all(figure <= limit for figure, limit, _ in figures.values())


def main() -> int:
    """Print the figures; 1 where one misses its limit."""
    kept = True
    with tempfile.TemporaryDirectory(prefix="ww-bench-") as name, databases(Path(name)) as found:
        for kind, url in found:
            with Database.open(url, create=True, any_schema=True) as database:
                upgrade(database)
                populate(database)
                print(f"{kind}, {USERS:,} users")
                with serving(database) as client:
                    kept = measure(client) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
