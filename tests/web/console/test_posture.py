"""What the console remembers of assessments and snapshots, and when it looks again."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.report.fakes import assessment
from watchword.errors import SnapshotDamaged
from watchword.model.verdict import Verdict
from watchword.store.findings_build import FILE
from watchword.store.findings_index import FindingQuery
from watchword.web.console import posture as module
from watchword.web.console.posture import Posture


@pytest.fixture
def here(tmp_path: Path) -> Posture:
    assessment(tmp_path)
    return Posture(tmp_path)


def test_an_assessment_is_opened_once_and_its_standing_is_that_of_the_assessment(
    here: Posture, tmp_path: Path
) -> None:
    made = assessment(tmp_path)
    newest = here.newest()
    assert newest is not None
    assert newest is here.newest()
    assert {one.control.id: one.counts for one in newest.standing.controls} == {
        one.control.id: one.counts for one in made.standing.controls
    }
    assert newest.names["111122223333"] == "prod"  # type: ignore[index]


def test_an_assessment_that_was_written_anew_is_read_anew(here: Posture) -> None:
    newest = here.newest()
    assert newest is not None
    summary = newest.folder.path / "summary.json"
    os.utime(summary, ns=(1, summary.stat().st_mtime_ns + 1_000_000_000))
    assert here.newest() is not newest


def test_of_an_empty_folder_nothing_is_claimed(tmp_path: Path) -> None:
    nothing = Posture(tmp_path / "nowhere")
    assert nothing.newest() is None
    assert nothing.snapshot() is None
    assert nothing.pasts() == []
    assert not nothing.overview().exists
    assert nothing.paths().state == "none"


def test_a_summary_that_is_broken_is_left_out_of_the_trend(here: Posture, tmp_path: Path) -> None:
    broken = tmp_path / "assessments" / "20250101T000000Z-aaaa-bbbb"
    broken.mkdir()
    (broken / "summary.json").write_text("{")
    assert len(here.pasts()) == 1


def test_several_who_ask_at_once_make_the_index_once(here: Posture, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    build = module.FindingsIndex.open.__func__  # type: ignore[attr-defined]

    def counted(kind: object, folder: object) -> object:
        made.append(folder)
        time.sleep(0.05)
        return build(kind, folder)

    monkeypatch.setattr(module.FindingsIndex, "open", classmethod(counted))
    threads = [threading.Thread(target=here.newest) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 1


def test_a_findings_history_is_told_without_making_old_indexes(here: Posture, tmp_path: Path) -> None:
    newest = here.newest()
    assert newest is not None
    row = newest.index.page(FindingQuery(verdicts=frozenset({Verdict.GAP}))).rows[0]
    assert here.verdicts(row.id) == [(newest.folder.id, Verdict.GAP)]
    assert here.verdicts("0" * 20) == [(newest.folder.id, None)]
    (newest.folder.path / FILE).unlink()
    assert here.verdicts(row.id) == []


def test_paths_are_looked_for_beside_the_request_and_a_fault_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(*_: object) -> None:
        go.wait(10)
        raise SnapshotDamaged("the rows cannot be read")

    monkeypatch.setattr(module, "snapshot_ids", lambda _: ["20260101T000000Z-aaaa"])
    monkeypatch.setattr(module, "find_paths", slow)
    here = Posture(tmp_path)
    assert here.paths().state == "waiting"
    assert here.paths().state == "waiting"
    go.set()
    for one in threading.enumerate():
        if one.name == "attack paths":
            one.join(10)
    assert (here.paths().state, here.paths().fault) == ("none", "the rows cannot be read")
