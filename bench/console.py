"""The console over 100,000 findings: how long the index takes to make and to ask, and the pages for ten people at once.

The assessment is made up: 200 accounts, all controls of the catalogue.  A scan of all findings, which is what a page would
do without the index, is the peer.  Times of pages are those of the server, without a browser.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench._measured import line
from watchword.controls.catalogue import catalogue
from watchword.model.evidence import Evidence
from watchword.model.finding import Finding, Subject
from watchword.model.ids import AccountId, Region
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import Role
from watchword.model.verdict import Confidence, Verdict
from watchword.store.assessments import AssessmentFolder
from watchword.store.findings_build import FILE
from watchword.store.findings_index import FindingQuery, FindingsIndex, Sort
from watchword.web.caller import Caller

if TYPE_CHECKING:
    from fastapi import FastAPI

FINDINGS, ACCOUNTS = 100_000, 200
USERS, ROUNDS = 10, 20
LIMIT = {"build s": 20.0, "ask ms": 100.0, "page p95 ms": 100.0}


def store(folder: Path, findings: int = FINDINGS, accounts: int = ACCOUNTS) -> AssessmentFolder:
    """A store with one assessment of so many findings."""
    made = AssessmentFolder.create(folder, "20261126T000000Z-bench-0123456789ab")
    controls = catalogue()
    each = findings // accounts
    for number in range(accounts):
        account = AccountId(f"{100000000000 + number * 7919:012d}")
        made.write_account(account, (_finding(account, at, controls) for at in range(each)))
    verdicts = {one.id: Verdict.GAP.value for one in controls}
    made.write_summary(
        {
            "id": made.id,
            "snapshot": {"id": "20261126T000000Z-bench", "started": "2026-11-26T00:00:00Z", "accounts": {}},
            "counts": {one.value: findings // 4 for one in Verdict},
            "controls": verdicts,
            "holes": {"denied": 12},
        }
    )
    return made


def _finding(account: AccountId, at: int, controls: Sequence[object]) -> Finding:
    control = controls[at % len(controls)]
    arn = f"arn:aws:ec2:eu-west-1:{account}:instance/i-{at:017x}"
    subject = Subject(account, Region("eu-west-1"), arn, "AWS::EC2::Instance", f"web-{at % 971}")
    verdict = list(Verdict)[(at * 31 + int(account)) % 4]
    told = "instance metadata can be asked without a token" if at % 3 else "any address reaches port 22"
    evidence = (Evidence.of("ec2.instances", arn, "MetadataOptions", {"HttpTokens": "optional", "n": at}),)
    return Finding(control.id, subject, verdict, control.text.severity, Confidence.HIGH, told, evidence)


QUESTIONS = {
    "all, worst first": FindingQuery(),
    "gaps of one account": FindingQuery(verdicts=frozenset({Verdict.GAP}), account=AccountId("100000007919")),
    "the last page": FindingQuery(page=FINDINGS // 25),
    "by resource": FindingQuery(sort=Sort.RESOURCE, page=400),
    "two words": FindingQuery(words=("port", "web-97")),
    "a word that is nowhere": FindingQuery(words=("zebra",)),
}


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def at_once(act: Callable[[], object], users: int = USERS, rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each call, by so many threads at once, sorted."""
    told: list[float] = []

    def person() -> None:
        told.extend(1000 * timed(act) for _ in range(rounds))

    threads = [threading.Thread(target=person) for _ in range(users)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(told)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="watchword-bench-") as name:
        folder = store(Path(name))
        print(f"{FINDINGS:,} findings in {ACCOUNTS} accounts")
        built = timed(lambda: FindingsIndex.open(folder))
        print(line("build s", built, LIMIT["build s"]), f"  {(folder.path / FILE).stat().st_size >> 20} MB")
        index = FindingsIndex.open(folder)
        scan = 1000 * timed(lambda: sum(1 for _ in folder.findings()))
        for what, query in QUESTIONS.items():
            best = min(1000 * timed(lambda query=query: index.page(query)) for _ in range(5))
            several = at_once(lambda query=query: index.page(query), rounds=5)
            print(line(what, best, LIMIT["ask ms"], scan), f"  p95 at {USERS}: {_p95(several):.0f} ms")
        print(line("two words, the first time", _first(folder), LIMIT["ask ms"], scan))
        print(line("tally, once", 1000 * timed(lambda: index.tally), LIMIT["ask ms"], scan))
        pages(Path(name))
    return 0


def pages(folder: Path) -> None:
    """Times of whole pages from the application, for one person and for ten at once."""
    app = application(folder)
    for path in (
        "/",
        "/findings",
        "/findings?verdict=gap&sort=resource&page=300",
        "/findings?q=port+web-97",
        "/controls",
    ):
        ask(app, path)
        alone = sorted(1000 * timed(lambda path=path: ask(app, path)) for _ in range(10))
        several = at_once(lambda path=path: ask(app, path), rounds=10)
        print(
            line(path, _p95(several), LIMIT["page p95 ms"]),
            f"  p95 of {USERS} at once; alone {alone[5]:.1f} ms",
        )


def application(folder: Path) -> FastAPI:
    """The console's routes, asked by an administrator; without guards and sign-in, which cost the same for every page."""
    from types import SimpleNamespace

    from fastapi import FastAPI

    from watchword.web.console.pages import files, posture
    from watchword.web.console.posture import Posture

    app = FastAPI(openapi_url=None)
    app.state.plane = SimpleNamespace(folder=folder)
    app.state.posture = Posture(folder)
    now = datetime(2026, 11, 26, tzinfo=UTC)
    who = Principal(PrincipalId("p"), PrincipalKind.USER, "Bench", PrincipalStatus.ACTIVE, now)
    app.state.caller_of = lambda _: Caller(
        now, "r", "127.0.0.1", who, frozenset({Role.ADMINISTRATOR, Role.USER})
    )
    for part in (files, posture):
        app.include_router(part.router)
    return app


def ask(app: FastAPI, path: str) -> None:
    """Ask the application as a server does, in the thread of whoever asks."""
    asked, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": asked, "raw_path": asked.encode(), "query_string": query.encode(),
        "headers": [(b"accept", b"text/html")], "scheme": "http", "server": ("localhost", 80), "client": ("::1", 1),
        "root_path": "", "http_version": "1.1", "app": app,
    }  # fmt: skip
    told: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            told.append(int(str(message["status"])))

    asyncio.run(app(scope, receive, send))
    assert told == [200], f"{path} answered {told}"


def _first(folder: AssessmentFolder) -> float:
    """Milliseconds of a search that nothing is remembered of."""
    fresh = FindingsIndex(folder)
    fresh.page(FindingQuery())
    return 1000 * timed(lambda: fresh.page(QUESTIONS["two words"]))


def _p95(told: Sequence[float]) -> float:
    return told[int(len(told) * 0.95)]


if __name__ == "__main__":
    sys.exit(main())
