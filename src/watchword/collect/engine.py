"""The collection: a plan, units read by a pool of threads, a snapshot that grows with each finished unit.

From Python::

    source = live_source(AwsSettings(endpoint_url="http://127.0.0.1:5000"))      # or DirectorySource(Path("answers"))
    snapshot = collect(source, Scope(regions=(Region("eu-west-1"),)), Path(".watchword"))
    view = snapshot.view(AccountId("666666666666")); print(view.rows("ec2.instances"), list(snapshot.holes()))

A unit (account, region, service) is read as a whole and counts as a whole.  Long units go first; the units of a few
accounts are mixed, so that accounts become complete one after another while none is asked too much.  Ctrl-C ends the
collection after the calls at hand, and ``resume=`` goes on.  What is read is said in ``collect.aws``, how a unit is
read in ``collect.units``, how fast in ``collect.limiter``.  Nothing is printed here: progress is told as values.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from time import monotonic
from typing import Any, Final

from watchword import __version__
from watchword.aws import Aws, AwsSettings, Caller, Operation
from watchword.clock import now
from watchword.collect.live import LiveSource
from watchword.collect.planning import Plan, Scope, make_plan
from watchword.collect.reads import Read
from watchword.collect.source import CallFailed, Source
from watchword.collect.tables import all_reads, operations, services, table_map
from watchword.collect.units import Stopped, UnitRun
from watchword.errors import CollectInterrupted, NothingCollected, UsageError
from watchword.memory import share_arenas
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import AccountId
from watchword.model.snapshot import UnitKey
from watchword.store.plan import PlannedAccount, TableMap
from watchword.store.snapshots import Snapshot, find, unfinished
from watchword.store.snapshots import table_map as stored_table_map
from watchword.store.writer import SnapshotWriter, UnitResult

THREADS: Final = 16
"""Units that are read at the same time."""

THREADS_PER_ACCOUNT: Final = 6
"""Units of one account that are read at the same time: wide over accounts, narrow within one, whose own work shares
its limits.  Each thread costs a megabyte besides."""

ACCOUNTS_AT_ONCE: Final = 8
"""Accounts whose units are mixed."""

Refused = Mapping[AccountId, CallFailed]
"""Accounts that cannot be entered, and why."""

_LONG_FIRST: Final = (
    "iam",
    "s3",
    "ec2",
    "lambda",
    "kms",
    "rds",
    "logs",
    "securityhub",
    "guardduty",
    "sso-admin",
)
"""Services whose units take long, the longest first; the others follow in the order of their names."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a collection is, told after each unit.

    ``seconds`` since the beginning; ``calls`` and ``holes`` of this run so far; ``unit`` the one just finished.
    """

    unit: UnitKey
    done: int
    total: int
    accounts_done: int
    accounts: int
    regions: int
    services: int
    calls: int
    rows: int
    holes: int
    seconds: float

    @property
    def rate(self) -> float:
        """Calls a second so far."""
        return self.calls / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who wants to know: of each finished unit, and of each account of which all units are finished."""

    progress: Callable[[Progress], None] | None = None
    account_complete: Callable[[AccountId], None] | None = None


def live_source(settings: AwsSettings, seen: Callable[[Operation], None] | None = None) -> LiveSource:
    """AWS as a source, allowed to call exactly what the reads declare; ``seen`` is told of each call."""
    return LiveSource(Aws(settings, operations(all_reads()), seen))


def collect(
    source: Source,
    scope: Scope,
    store: Path,
    *,
    threads: int = THREADS,
    listeners: Listeners | None = None,
    reads: Sequence[Read] | None = None,
) -> Snapshot:
    """Collect into a new snapshot of ``store``, and open it.

    Raises:
        UsageError, CredentialsError: the scope or the credentials are wrong; no snapshot was begun.
        CollectInterrupted: Ctrl-C; the snapshot can be resumed.
        NothingCollected: not one table could be read.
        StoreError: the store cannot be written; what was finished stays.
    """
    share_arenas()
    known = tuple(reads) if reads is not None else all_reads()
    plan = make_plan(source, scope, services(known), threads)
    tables = table_map(known)
    units = [unit for one in plan.accounts for unit in tables.units(one, plan.services)]
    with SnapshotWriter.create(
        store, now(), _manifest(source, scope, plan, tables), plan.accounts, units
    ) as writer:
        _Collection(source, plan.caller, known, writer, threads, listeners or Listeners()).run(
            units, plan.refused, plan.warnings
        )
    return _opened(store, writer.id)


def resume(
    source: Source,
    store: Path,
    name: str = "",
    *,
    threads: int = THREADS,
    listeners: Listeners | None = None,
    reads: Sequence[Read] | None = None,
) -> Snapshot:
    """Go on with a snapshot (``""``: the newest unfinished one), and open it.

    Units that were not reached are read, and those with holes that may be gone by now; the scope stays as it was.

    Raises:
        UsageError: there is no unfinished snapshot, or the caller is of another account than before.
        as for ``collect``, and SnapshotLocked.
    """
    share_arenas()
    known = tuple(reads) if reads is not None else all_reads()
    chosen = name or unfinished(store)
    if chosen is None:
        raise UsageError(f"no unfinished snapshot is in {store}", remedy="collect anew: watchword collect")
    with SnapshotWriter.resume(find(store, chosen)) as writer:
        caller = source.caller()
        _refuse_other_caller(writer, caller)
        units = [unit for unit in writer.pending() if _is_known(unit, known)]
        refused = _refused(source, caller, {unit.account for unit in units}, writer.accounts())
        _Collection(source, caller, known, writer, threads, listeners or Listeners()).run(
            units, refused, writer.manifest["warnings"]
        )
    return _opened(store, writer.id)


@dataclass(slots=True)
class _Collection:
    """One run over a list of units."""

    source: Source
    caller: Caller
    reads: Sequence[Read]
    writer: SnapshotWriter
    threads: int
    listeners: Listeners
    stop: threading.Event = field(default_factory=threading.Event)
    finished: queue.SimpleQueue[UnitResult | BaseException] = field(default_factory=queue.SimpleQueue)
    calls: int = 0
    rows: int = 0
    holes: int = 0

    def run(
        self,
        units: Sequence[UnitKey],
        refused: Refused,
        warnings: Sequence[str],
    ) -> None:
        begun = monotonic()
        left = Counter(unit.account for unit in units)
        ordered = list(in_turn(units))
        threads = max(1, min(self.threads, THREADS_PER_ACCOUNT * len(left)))
        details = ThreadPoolExecutor(threads, "watchword-detail")
        pool = ThreadPoolExecutor(threads, "watchword-unit")
        try:
            feed = iter(ordered)
            for unit in _some(feed, threads * 2):
                pool.submit(self._read, unit, refused, details)
            done = 0
            while done < len(ordered):
                batch = self._batch()
                for unit in _some(feed, len(batch)):
                    pool.submit(self._read, unit, refused, details)
                self.writer.record(batch)
                for result in batch:
                    done += 1
                    left[result.key.account] -= 1
                    self._tell(result, done, len(ordered), left, begun)
            self.writer.finish(now(), warnings)
        except KeyboardInterrupt:
            raise CollectInterrupted(
                f"the collection was ended; {done} of {len(ordered)} units are kept",
                where=str(self.writer.folder),
                remedy=f"continue with: watchword collect --resume {self.writer.id}",
            ) from None
        finally:
            self.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            details.shutdown(wait=True, cancel_futures=True)

    def _batch(self) -> list[UnitResult]:
        """All units that are finished by now, at least one; an error of a thread is raised here."""
        found = [self.finished.get()]
        while not self.finished.empty():
            found.append(self.finished.get())
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return [one for one in found if isinstance(one, UnitResult)]

    def _read(self, unit: UnitKey, refused: Refused, details: ThreadPoolExecutor) -> None:
        try:
            failed = refused.get(unit.account)
            self.finished.put(self._unread(unit, failed) if failed else self._run_of(unit, details).result())
        except Stopped:
            return
        # A mistake in a read must end the collection with its traceback, not leave it waiting for the unit.
        except BaseException as error:  # noqa: BLE001
            self.finished.put(error)

    def _run_of(self, unit: UnitKey, details: ThreadPoolExecutor) -> UnitRun:
        wanted = set(self._tables().of_unit(unit))
        reads = [read for read in self.reads if read.table in wanted]
        return UnitRun(
            unit, reads, self.source, self.caller.partition, self.caller.account, self.stop, details
        )

    def _unread(self, unit: UnitKey, failed: CallFailed) -> UnitResult:
        return UnitResult(unit, (), self._tables().holes(unit, failed.reason, failed.said))

    def _tables(self) -> TableMap:
        return stored_table_map(self.writer.manifest)

    def _tell(
        self, result: UnitResult, done: int, total: int, left: Counter[AccountId], begun: float
    ) -> None:
        self.calls += result.calls
        self.rows += len(result.rows)
        self.holes += len(result.holes)
        if not left[result.key.account]:
            self.writer.complete(result.key.account)
            if self.listeners.account_complete is not None:
                self.listeners.account_complete(result.key.account)
        if self.listeners.progress is not None:
            manifest = self.writer.manifest
            self.listeners.progress(
                Progress(
                    result.key, done, total, sum(not count for count in left.values()), len(left),
                    len(manifest["regions"]), len(manifest["services"]),
                    self.calls, self.rows, self.holes, monotonic() - begun,
                )
            )  # fmt: skip


def in_turn(units: Iterable[UnitKey]) -> Iterator[UnitKey]:
    """The units in the order in which they are read: a few accounts at a time, long ones first, account by account."""
    by_account: dict[AccountId, list[UnitKey]] = {}
    for unit in units:
        by_account.setdefault(unit.account, []).append(unit)
    accounts = [sorted(found, key=_length) for found in by_account.values()]
    for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        for turn in zip_longest(*accounts[start : start + ACCOUNTS_AT_ONCE]):
            yield from (unit for unit in turn if unit is not None)


def _length(unit: UnitKey) -> tuple[int, str, str]:
    long = unit.service in _LONG_FIRST
    return (_LONG_FIRST.index(unit.service) if long else len(_LONG_FIRST), unit.service, unit.region)


def _some(feed: Iterator[UnitKey], count: int) -> Iterator[UnitKey]:
    for _, unit in zip(range(count), feed, strict=False):
        yield unit


def _manifest(source: Source, scope: Scope, plan: Plan, tables: TableMap) -> dict[str, Any]:
    accounts = {one.account.id: one.account.name for one in plan.accounts if one.account.id != "organization"}
    return {
        "version": __version__,
        "source": source.kind,
        "caller": plan.caller.arn,
        "caller_account": plan.caller.account,
        "scope": scope.to_json(),
        "accounts": accounts,
        "regions": sorted({region for one in plan.accounts for region in one.regions}),
        "services": list(plan.services),
        "excluded_accounts": {one.id: one.name for one in plan.excluded},
        "warnings": list(plan.warnings),
        "tables": dict(tables.scopes),
        "only": {table: list(only) for table, only in tables.only.items()},
    }


def _opened(store: Path, name: str) -> Snapshot:
    snapshot = Snapshot.open(store, name)
    if not any(unit.count for unit in snapshot.units()):
        wanted = (hole for hole in snapshot.holes() if hole.reason is not HoleReason.OUT_OF_SCOPE)
        worst = min(wanted, key=_tells_little, default=None)
        if worst is not None:
            raise NothingCollected(
                "nothing at all could be collected",
                where=f"for example {worst.sentence()}",
                remedy="the caller, and the role in each account, need the rights of: watchword policy readonly",
            )
    return snapshot


def _tells_little(hole: Hole) -> bool:
    """Whether a hole tells less about why nothing was read than others do."""
    return hole.reason in {HoleReason.NOT_IMPLEMENTED, HoleReason.ABSENT}


def _refuse_other_caller(writer: SnapshotWriter, caller: Caller) -> None:
    before = writer.manifest["caller_account"]
    if before != caller.account:
        raise UsageError(
            f"the snapshot was begun from account {before}, and you are in {caller.account} now",
            remedy="resume with credentials of the same account",
        )


def _is_known(unit: UnitKey, reads: Sequence[Read]) -> bool:
    return any(read.service == unit.service for read in reads)


def _refused(
    source: Source, caller: Caller, accounts: set[AccountId], planned: Sequence[PlannedAccount]
) -> dict[AccountId, CallFailed]:
    """The accounts among those still to be read that cannot be entered."""
    refused = {}
    for one in planned:
        account = one.account.id
        if account in accounts and account not in {caller.account, "organization"}:
            try:
                source.enter(account)
            except CallFailed as failed:
                refused[account] = failed
    return refused
