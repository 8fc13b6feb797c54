"""Judging a snapshot: one account at a time, findings to disk as they come, and the sum of it all.

The snapshot is read one account at a time, so memory does not grow with the organisation.  The same snapshot, controls
and declared estate give the same assessment, byte for byte.  Nothing is collected here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from watchword import __version__
from watchword.controls.judge import judge
from watchword.controls.registry import Control
from watchword.controls.sql import SqlControl
from watchword.controls.standing import Counts, Standing, Tally, standing
from watchword.errors import QueryFailed
from watchword.model.estate import Estate
from watchword.model.evidence import Hole, HoleReason
from watchword.model.finding import Finding
from watchword.model.ids import ORGANIZATION, AccountId
from watchword.model.snapshot import Account, AccountView
from watchword.store.assessments import AssessmentFolder

HOLES_SHOWN = 2_000
"""Holes that are listed one by one, those of the user's own choice last; beyond, they are counted."""


class ReadableSnapshot(Protocol):
    """What judging needs of a stored snapshot (see ``store.snapshots``)."""

    @property
    def id(self) -> str:
        """The snapshot's id."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Scope, times, caller, version, source, as kept with the snapshot."""

    def accounts(self) -> Sequence[Account]:
        """The accounts in the snapshot, in the order of their ids."""

    def view(self, account: AccountId) -> AccountView:
        """Everything that was seen of one account."""

    def organization_view(self) -> AccountView | None:
        """The organisation's own answers, ``None`` where a single account was read."""

    def query(self, account: AccountId, sql: str) -> list[dict[str, Any]]:
        """Rows of a user's query over the tables of one account."""


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """Watchword's own records as the organisation's view, a digest of them, and the controls that judge them."""

    view: AccountView
    digest: str
    controls: tuple[Control, ...]

    def findings(self) -> list[Finding]:
        """What the controls say of the records."""
        return judge(self.view, self.controls)


@dataclass(frozen=True, slots=True)
class ControlSet:
    """What is judged by: Python controls (the product's and plug-ins'), users' SQL controls, the declared estate.

    ``own`` are watchword's own records with the controls that judge them, where they are to be judged.
    """

    controls: tuple[Control, ...]
    sql: tuple[SqlControl, ...] = ()
    estate: Estate = field(default_factory=Estate)
    own: OwnRecords | None = None

    def all(self) -> tuple[Control, ...]:
        """Every control, SQL ones included (without their rows), by id."""
        own = self.own.controls if self.own is not None else ()
        return tuple(
            sorted((*self.controls, *own, *(one.over(()) for one in self.sql)), key=lambda one: one.id)
        )

    @property
    def digest(self) -> str:
        """Twelve hex digits that change when a control, a query, the estate or the version changes."""
        parts = [__version__, repr(self.estate), *(repr(one.text) for one in self.all())]
        parts += [self.own.digest] if self.own is not None else []
        return hashlib.sha256("\n".join((*parts, *(one.query for one in self.sql))).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account and the verdicts of its findings."""

    account: Account
    counts: Counts


@dataclass(frozen=True, slots=True)
class Assessment:
    """A finished assessment: where its findings lie, what was in scope, how it came out."""

    folder: AssessmentFolder
    manifest: Mapping[str, Any]
    standing: Standing
    accounts: tuple[AccountStanding, ...]
    holes: tuple[Hole, ...]
    hole_counts: Mapping[HoleReason, int]

    @property
    def id(self) -> str:
        """The id: the snapshot's and a digest of what it was judged by."""
        return self.folder.id

    def findings(self) -> Iterator[Finding]:
        """All findings, the organisation's first, then account by account in order."""
        return self.folder.findings()


def assess(
    snapshot: ReadableSnapshot,
    by: ControlSet,
    store: Path,
    on_account: Callable[[Account, list[Finding]], None] | None = None,
) -> Assessment:
    """Judge a snapshot and keep the findings under ``store``.

    ``on_account`` is told of each account's findings as soon as they are there.
    """
    folder = AssessmentFolder.create(store, f"{snapshot.id}-{by.digest}")
    gathered = _Gathered()
    for view in _views(snapshot, by):
        findings = judge_view(snapshot, view, by)
        folder.write_account(view.account.id, findings)
        gathered.add(view, findings)
        if on_account is not None:
            on_account(view.account, findings)
    made = gathered.assessment(folder, snapshot.manifest, by)
    folder.write_summary(summary(made))
    return made


def judge_view(snapshot: ReadableSnapshot, view: AccountView, by: ControlSet) -> list[Finding]:
    """Findings of all controls for one view, users' queries included."""
    queried = [_queried(snapshot, view, control) for control in by.sql if view.account.id != ORGANIZATION]
    if by.own is None or view.account.id != ORGANIZATION:
        return judge(view, (*by.controls, *queried))
    # Where the organisation was not read, only our own records are judged for it.
    organizations = () if view is by.own.view else by.controls
    return sorted((*judge(view, organizations), *by.own.findings()), key=lambda one: one.sort_key)


def summary(made: Assessment) -> dict[str, Any]:
    """What is kept of an assessment beside its findings: plain JSON, without times of judging."""
    subjects = made.standing.subjects
    return {
        "id": made.id,
        "version": __version__,
        "snapshot": dict(made.manifest),
        "counts": {"met": subjects.met, "gap": subjects.gap, "unknown": subjects.unknown}
        | {"not_applicable": subjects.not_applicable},
        "controls": {one.control.id: one.verdict.value for one in made.standing.controls},
        "holes": {reason.value: count for reason, count in sorted(made.hole_counts.items())},
    }


class _Gathered:
    """Sums that grow while accounts are judged."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.accounts: list[Account] = []
        self.holes: list[Hole] = []
        self.left_out: list[Hole] = []
        self.hole_counts: Counter[HoleReason] = Counter()

    def add(self, view: AccountView, findings: Iterable[Finding]) -> None:
        self.tally.add(findings)
        self.accounts.append(view.account)
        self.hole_counts.update(hole.reason for hole in view.holes)
        for hole in view.holes:
            kept = self.left_out if hole.reason is HoleReason.OUT_OF_SCOPE else self.holes
            if len(kept) < HOLES_SHOWN:
                kept.append(hole)

    def assessment(self, folder: AssessmentFolder, manifest: Mapping[str, Any], by: ControlSet) -> Assessment:
        accounts = tuple(
            AccountStanding(one, Counts.of(self.tally.by_account.get(one.id, Counter())))
            for one in self.accounts
        )
        return Assessment(
            folder,
            manifest,
            standing(by.all(), self.tally),
            accounts,
            (*self.holes, *self.left_out)[:HOLES_SHOWN],
            dict(self.hole_counts),
        )


def _views(snapshot: ReadableSnapshot, by: ControlSet) -> Iterator[AccountView]:
    organization = snapshot.organization_view()
    if organization is not None:
        organization = replace(organization, estate=by.estate)
        yield organization
    elif by.own is not None:
        yield by.own.view
    for account in snapshot.accounts():
        yield replace(snapshot.view(account.id), estate=by.estate, organization=organization)


def _queried(snapshot: ReadableSnapshot, view: AccountView, control: SqlControl) -> Control:
    try:
        return control.over(snapshot.query(view.account.id, control.query))
    except QueryFailed as error:
        return control.failed(str(error))
