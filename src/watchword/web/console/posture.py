"""What the console reads of assessments and snapshots: opened once, remembered while they do not change.

An assessment is written once, so whatever was made of it stays right until its summary is written anew.  Attack paths take
long to find: they are looked for beside the requests, one snapshot at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from watchword.controls.catalogue import catalogue
from watchword.controls.registry import Control
from watchword.controls.standing import ControlStanding, Counts, Standing, standing
from watchword.errors import WatchwordError
from watchword.model.estate import Estate
from watchword.model.ids import AccountId
from watchword.model.verdict import Verdict
from watchword.report.scope import narrowed_words
from watchword.store.assessments import AssessmentFolder, NoSuchAssessment, assessments
from watchword.store.findings_index import FindingsIndex
from watchword.store.snapshots import Snapshot, snapshot_ids
from watchword.web.console.views import overview, paths

KEPT: Final = 4
"""Assessments and snapshots that are remembered."""


@dataclass(frozen=True)
class Assessed:
    """One finished assessment with its index; everything is made when it is first asked for, and kept."""

    folder: AssessmentFolder
    index: FindingsIndex
    summary: Mapping[str, Any]

    @cached_property
    def names(self) -> Mapping[AccountId, str]:
        """The names of the accounts by id."""
        told = self.summary.get("snapshot", {}).get("accounts", {})
        return {AccountId(key): str(name) for key, name in told.items()} if isinstance(told, Mapping) else {}

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The controls of the catalogue that were judged."""
        judged = self.summary.get("controls", {})
        return tuple(one for one in catalogue() if one.id in judged)

    @cached_property
    def standing(self) -> Standing:
        """How the organisation stands."""
        return standing(self.controls, self.index.tally)

    @cached_property
    def standings(self) -> Mapping[str, ControlStanding]:
        """How each control stands, by its id."""
        return {one.control.id: one for one in self.standing.controls}

    @cached_property
    def counts(self) -> Mapping[AccountId, Counts]:
        """The verdicts of each account."""
        return {one: Counts.of(counter) for one, counter in self.index.tally.by_account.items()}


@dataclass
class _Looking:
    """Paths that are being looked for, or were found."""

    snapshot: str
    view: paths.PathsView


@dataclass(frozen=True, eq=False)
class Posture:
    """The assessments and snapshots of a folder; used by all threads of a process.

    ``estate`` are the facts that were declared, which attack paths heed.
    """

    store: Path
    estate: Estate = field(default_factory=Estate)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _paths: dict[str, _Looking] = field(default_factory=dict, repr=False)

    def newest(self) -> Assessed | None:
        """The newest assessment; ``None`` where there is none.

        Raises:
            StoreError: its index cannot be made.
        """
        known = assessments(self.store)
        return self.assessed(known[-1]) if known else None

    def assessed(self, name: str) -> Assessed:
        """An assessment by its id.

        Raises:
            StoreError: its index cannot be made.
        """
        path = self.store / "assessments" / name
        # One thread makes the index; the others wait for it rather than make it as well.
        with self._lock:
            return _assessed(path, (path / "summary.json").stat().st_mtime_ns)

    def pasts(self) -> list[overview.Past]:
        """The last assessments as their summaries tell them, oldest first; those that cannot be read are left out."""
        found = []
        for name in assessments(self.store)[-overview.ASSESSMENTS :]:
            path = self.store / "assessments" / name
            try:
                found.append(overview.past_of(_summary(path, (path / "summary.json").stat().st_mtime_ns)))
            except (OSError, ValueError):
                continue
        return found

    def overview(self) -> overview.OverviewView:
        """The overview of the newest assessment.

        Raises:
            StoreError: its index cannot be made.
        """
        newest = self.newest()
        if newest is None:
            return overview.nothing_assessed()
        pasts = tuple(one.id for one in self.pasts())
        return _overview(
            self, newest.folder.id, (newest.folder.path / "summary.json").stat().st_mtime_ns, pasts
        )

    def verdicts(self, finding: str) -> list[tuple[str, Verdict | None]]:
        """The verdict of a finding in the last assessments, newest first; those without an index are not looked into."""
        told = []
        for name in reversed(assessments(self.store)[-KEPT:]):
            folder = AssessmentFolder(self.store / "assessments" / name)
            if FindingsIndex(folder).is_current():
                there = FindingsIndex(folder).find(finding)
                told.append((name, there.verdict if there else None))
        return told

    def snapshot(self) -> Snapshot | None:
        """The newest snapshot; ``None`` where there is none.

        Raises:
            SnapshotDamaged: it cannot be read.
        """
        return Snapshot.open(self.store) if snapshot_ids(self.store) else None

    def paths(self) -> paths.PathsView:
        """Attack paths of the newest snapshot, or that they are being looked for."""
        known = snapshot_ids(self.store)
        if not known:
            return paths.nothing_read()
        with self._lock:
            found = self._paths.get(known[-1])
            if found is None:
                found = _Looking(known[-1], paths.waiting())
                self._paths.clear()
                self._paths[known[-1]] = found
                threading.Thread(target=self._look, args=(found,), name="attack paths", daemon=True).start()
            return found.view

    def _look(self, looking: _Looking) -> None:
        # Whatever happens, the page does not wait for ever.
        found = paths.nothing_read("looking for them failed in a way that was not foreseen")
        try:
            found = find_paths(self.store, looking.snapshot, self.estate)
        except WatchwordError as error:
            found = paths.nothing_read(error.what)
        finally:
            looking.view = found


@lru_cache(KEPT)
def _assessed(path: Path, _: int) -> Assessed:
    folder = AssessmentFolder(path)
    try:
        return Assessed(folder, FindingsIndex.open(folder), folder.summary())
    except FileNotFoundError as error:
        raise NoSuchAssessment(f"there is no assessment {path.name!r}") from error


@lru_cache(overview.ASSESSMENTS * 2)
def _summary(path: Path, _: int) -> Mapping[str, Any]:
    return AssessmentFolder(path).summary()


@lru_cache(KEPT)
def _overview(of: Posture, name: str, _: int, __: tuple[str, ...]) -> overview.OverviewView:
    found = of.assessed(name)
    return overview.overview_view(
        found.standing,
        of.pasts(),
        found.counts,
        found.names,
        found.summary.get("holes", {}),
        narrowed=narrowed_words(found.summary.get("snapshot", {})),
    )


def find_paths(store: Path, snapshot: str, estate: Estate) -> paths.PathsView:
    """Look for the attack paths of a snapshot: all its accounts are in memory at once.

    Raises:
        SnapshotMissing, SnapshotDamaged: the snapshot cannot be read.
    """
    from watchword.analysis.iam.access import Access
    from watchword.analysis.paths.blast import choke_points
    from watchword.analysis.paths.graph import EscalationGraph
    from watchword.report.attack_view import attack_page_of, telling_paths
    from watchword.store.reference import universe

    opened = Snapshot.open(store, snapshot)
    views = [replace(opened.view(one.id), estate=estate) for one in opened.accounts()]
    graph = EscalationGraph.of(Access.of(views), views, universe(), estate)
    found = telling_paths(graph)
    starts, goals = _ends(found)
    cut = choke_points(graph, starts, goals) if found else None
    names = {str(one.account.id): one.account.name for one in views}
    lead = f"Snapshot {opened.id}."
    return paths.paths_view(attack_page_of(graph, found, cut, names, lead))


def _ends(found: Iterable[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    several = list(found)
    starts = dict.fromkeys(path.start for path in several)
    return tuple(starts), tuple(dict.fromkeys(path.goal for path in several))
