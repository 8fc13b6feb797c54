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
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from time import monotonic
from typing import Any, Final

from watchword import __version__
from watchword.aws import Aws, AwsSettings, Caller, Operation
from watchword.clock import now
from watchword.collect.live import LiveSource
from watchword.collect.planning import Plan, Scope, make_plan
from watchword.collect.pruning import ConfigCounts
from watchword.collect.reads import Read
from watchword.collect.source import CallFailed, Source
from watchword.collect.tables import all_reads, operations, services, table_map
from watchword.collect.units import UnitRun
from watchword.errors import CollectInterrupted, NothingCollected, UsageError
from watchword.memory import share_arenas
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import ORGANIZATION, AccountId
from watchword.model.snapshot import UnitKey
from watchword.store.plan import TableMap
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
    units = (unit for one in plan.accounts for unit in tables.units(one, plan.services))
    manifest = _manifest(source, scope, plan, tables)
    with SnapshotWriter.create(store, now(), manifest, plan.accounts, units) as writer:
        _Collection(source, plan.caller, known, writer, threads, listeners or Listeners(), plan.refused).run()
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
        refused = _refused(source, caller, writer)
        _Collection(source, caller, known, writer, threads, listeners or Listeners(), refused).run()
    return _opened(store, writer.id)


@dataclass(slots=True)
class _Collection:
    """One run over everything that a snapshot still lacks."""

    source: Source
    caller: Caller
    reads: Sequence[Read]
    writer: SnapshotWriter
    threads: int
    listeners: Listeners
    refused: Refused
    counts: ConfigCounts | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    finished: queue.SimpleQueue[Future[UnitResult]] = field(default_factory=queue.SimpleQueue)
    left: Counter[AccountId] = field(default_factory=Counter)
    total: int = 0
    done: int = 0
    calls: int = 0
    rows: int = 0
    holes: int = 0

    def run(self) -> None:
        """Read all units that are pending, and say in the manifest that it is done."""
        begun = monotonic()
        if self.writer.manifest["scope"]["trust_config_counts"]:
            self.counts = ConfigCounts(self.source, now)
        known = {read.service for read in self.reads}
        self.left.update(self.writer.pending_counts(known))
        self.total = self.left.total()
        threads = max(1, min(self.threads, THREADS_PER_ACCOUNT * len(self.left)))
        details = ThreadPoolExecutor(threads, "watchword-detail")
        pool = ThreadPoolExecutor(threads, "watchword-unit")
        feed = in_turn(list(self.left), lambda account: self.writer.pending(account, known))
        try:
            self._submit(pool, details, islice(feed, threads * 2))
            while self.done < self.total:
                batch = self._batch()
                self._submit(pool, details, islice(feed, len(batch)))
                self.writer.record(batch)
                for result in batch:
                    self._tell(result, begun)
            self.writer.finish(now(), counted_by_config=self.counts.believed() if self.counts else [])
        except KeyboardInterrupt:
            raise self._interrupted() from None
        finally:
            self.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            details.shutdown(wait=True, cancel_futures=True)

    def _submit(
        self, pool: ThreadPoolExecutor, details: ThreadPoolExecutor, units: Iterable[UnitKey]
    ) -> None:
        for unit in units:
            pool.submit(self._read, unit, details).add_done_callback(self.finished.put)

    def _batch(self) -> list[UnitResult]:
        """All units that are finished by now, at least one; an error of a thread is raised here."""
        found = [self.finished.get()]
        while not self.finished.empty():
            found.append(self.finished.get())
        return [one.result() for one in found]

    def _read(self, unit: UnitKey, details: ThreadPoolExecutor) -> UnitResult:
        failed = self.refused.get(unit.account)
        return self._unread(unit, failed) if failed else self._run_of(unit, details).result()

    def _interrupted(self) -> CollectInterrupted:
        return CollectInterrupted(
            f"the collection was ended; {self.done} of {self.total} units are kept",
            where=str(self.writer.folder),
            remedy=f"continue with: watchword collect --resume {self.writer.id}",
        )

    def _run_of(self, unit: UnitKey, details: ThreadPoolExecutor) -> UnitRun:
        wanted = set(self._tables().of_unit(unit))
        return UnitRun(
            unit,
            [read for read in self.reads if read.table in wanted],
            self.source,
            self.caller.partition,
            self.caller.account,
            self.stop,
            details,
            self._empty_kinds(unit),
        )

    def _empty_kinds(self, unit: UnitKey) -> frozenset[str]:
        if self.counts is None or unit.account == ORGANIZATION:
            return frozenset()
        return self.counts.empty_kinds(unit.account, unit.region)

    def _unread(self, unit: UnitKey, failed: CallFailed) -> UnitResult:
        return UnitResult(unit, (), self._tables().holes(unit, failed.reason, failed.said))

    def _tables(self) -> TableMap:
        return stored_table_map(self.writer.manifest)

    def _tell(self, result: UnitResult, begun: float) -> None:
        account = result.key.account
        self.done += 1
        self.left[account] -= 1
        self.calls += result.calls
        self.rows += len(result.rows)
        self.holes += len(result.holes)
        if not self.left[account]:
            self.writer.complete(account)
            if self.listeners.account_complete is not None:
                self.listeners.account_complete(account)
        if self.listeners.progress is not None:
            self.listeners.progress(self._progress(result.key, monotonic() - begun))

    def _progress(self, unit: UnitKey, seconds: float) -> Progress:
        return Progress(
            unit=unit,
            done=self.done,
            total=self.total,
            accounts_done=sum(not count for count in self.left.values()),
            accounts=len(self.left),
            regions=len(self.writer.manifest["regions"]),
            services=len(self.writer.manifest["services"]),
            calls=self.calls,
            rows=self.rows,
            holes=self.holes,
            seconds=seconds,
        )


def in_turn(
    accounts: Sequence[AccountId], units_of: Callable[[AccountId], Sequence[UnitKey]]
) -> Iterator[UnitKey]:
    """The units in the order in which they are read: a few accounts at a time, mixed, and long ones first."""
    for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        together = [sorted(units_of(one), key=_length) for one in accounts[start : start + ACCOUNTS_AT_ONCE]]
        for turn in zip_longest(*together):
            yield from (unit for unit in turn if unit is not None)


def _length(unit: UnitKey) -> tuple[int, str, str]:
    long = unit.service in _LONG_FIRST
    return (_LONG_FIRST.index(unit.service) if long else len(_LONG_FIRST), unit.service, unit.region)


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


def _refused(source: Source, caller: Caller, writer: SnapshotWriter) -> dict[AccountId, CallFailed]:
    """The accounts among those still to be read that cannot be entered."""
    refused = {}
    for account in writer.pending_counts():
        if account not in {caller.account, ORGANIZATION}:
            try:
                source.enter(account)
            except CallFailed as failed:
                refused[account] = failed
    return refused
