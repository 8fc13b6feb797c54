"""Assessing a snapshot: account by account, the same every time, users' queries included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.controls.test_judge import TEXT
from tests.report.fakes import OTHER, assessment, snapshot
from watchword.commands.assess import write_files
from watchword.controls.catalogue import find
from watchword.controls.sql import parse
from watchword.controls.text import TextError
from watchword.model.evidence import Hole, HoleReason
from watchword.model.finding import Finding
from watchword.model.ids import GLOBAL
from watchword.model.snapshot import Account
from watchword.model.verdict import Verdict
from watchword.report import assessment as report_assessment
from watchword.report.assessment import ControlSet, assess
from watchword.store.assessments import AssessmentFolder, NoSuchAssessment, assessments, from_json, to_json

_READS = 'reads = ["guardduty.detectors"]\n[fix]'
SQL = "+++" + TEXT.replace("[fix]", _READS) + "+++\nSELECT 1"


def test_findings_holes_and_accounts_are_gathered(tmp_path: Path) -> None:
    made = assessment(tmp_path)
    assert [one.account.name for one in made.accounts] == ["organisation", "prod", "dev"]
    assert made.hole_counts == {HoleReason.DENIED: 2, HoleReason.THROTTLED: 1}
    assert {one.verdict for one in made.findings()} >= {Verdict.GAP, Verdict.MET, Verdict.UNKNOWN}


def test_what_could_not_be_seen_is_listed_before_what_the_user_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = snapshot()
    first = next(iter(made.views))
    left_out = tuple(
        Hole(first, GLOBAL, f"service{number}", "*", HoleReason.OUT_OF_SCOPE) for number in range(9)
    )
    view = made.views[first]
    made.views[first] = replace(view, holes=(*left_out, *view.holes))
    monkeypatch.setattr(report_assessment, "HOLES_SHOWN", 5)
    found = assess(made, ControlSet((find("LG-01"),)), tmp_path)
    assert [hole.reason.value for hole in found.holes] == [
        "denied",
        "denied",
        "throttled",
        "out_of_scope",
        "out_of_scope",
    ]
    assert found.hole_counts[HoleReason.OUT_OF_SCOPE] == 9


def test_the_same_snapshot_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = assessment(tmp_path / "a"), assessment(tmp_path / "b")
    assert first.id == second.id
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(files) == 4
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_accounts_are_told_of_as_they_are_judged(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []

    def listen(account: Account, findings: list[Finding]) -> None:
        told.append((account.name, len(findings)))

    assess(snapshot(), ControlSet((find("LG-04"),)), tmp_path, listen)
    assert told == [("organisation", 0), ("prod", 1), ("dev", 1)]


def test_findings_survive_being_written_and_read(tmp_path: Path) -> None:
    made = list(assessment(tmp_path).findings())
    assert [from_json(to_json(one)) for one in made] == made


def test_an_assessment_is_found_by_its_id_its_snapshot_or_latest(tmp_path: Path) -> None:
    made = assessment(tmp_path)
    for name in (made.id, "20260601T000000Z-abcd", "latest"):
        assert AssessmentFolder.open(tmp_path, name).id == made.id
    assert assessments(tmp_path) == [made.id]


@pytest.mark.parametrize("name", ["previous", "nonsense"])
def test_an_unknown_assessment_is_told_with_those_that_exist(tmp_path: Path, name: str) -> None:
    made = assessment(tmp_path)
    with pytest.raises(NoSuchAssessment) as caught:
        AssessmentFolder.open(tmp_path, name)
    assert made.id in caught.value.diagnosis()


def test_a_users_query_judges_the_rows_that_it_gives(tmp_path: Path) -> None:
    rows = [
        {
            "arn": "arn:aws:guardduty:eu-west-1:1:detector/x",
            "verdict": "gap",
            "because": "too loud",
            "name": "x",
        },
        {"arn": "arn:y", "verdict": "perhaps", "because": "?"},
        {"arn": None, "verdict": "met", "because": "?"},
    ]
    by = ControlSet((), (parse(SQL, "loud.sql"),))
    made = assess(snapshot(answers={"SELECT 1": rows}), by, tmp_path)
    found = [(one.subject.name, one.verdict.value, one.because) for one in made.folder.findings(OTHER)]
    assert ("x", "gap", "too loud") in found
    assert ("arn:y", "unknown", "loud.sql gave the verdict 'perhaps'") in found
    assert ("dev", "unknown", "loud.sql gave a row without arn") in found


def test_a_query_that_fails_is_unknown_and_stops_nothing(tmp_path: Path) -> None:
    made = assess(snapshot(), ControlSet((find("LG-04"),), (parse(SQL, "loud.sql"),)), tmp_path)
    (failed,) = [one for one in made.folder.findings(OTHER) if one.control == "TEST-1"]
    assert failed.verdict is Verdict.UNKNOWN
    assert failed.because == "the query of loud.sql failed: no such column: colour"
    assert any(one.control == "LG-04" and one.verdict is Verdict.MET for one in made.folder.findings(OTHER))


def test_a_query_over_a_table_that_was_not_read_is_unknown(tmp_path: Path) -> None:
    query = parse(SQL.replace("guardduty.detectors", "cloudtrail.trails"), "trails.sql")
    made = assess(snapshot(answers={"SELECT 1": []}), ControlSet((), (query,)), tmp_path)
    assert [one.verdict for one in made.folder.findings(OTHER)] == [Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1", r"x.sql: line 1: front matter"),
        ("+++\nid = 'A-1'\nSELECT 1", r"x.sql: line 1: front matter"),
        (SQL.removesuffix("SELECT 1"), r"no query follows"),
        (SQL.replace('slug = "test"', "slug = "), r"x.sql: .*line 3"),
        (SQL.replace('reads = ["guardduty.detectors"]', ""), r"key 'reads' must list"),
    ],
)
def test_a_wrong_query_file_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(TextError, match=said):
        parse(text, "x.sql")


def test_the_files_of_a_report_do_not_replace_what_the_store_keeps(tmp_path: Path) -> None:
    made = assessment(tmp_path)
    kept = made.folder.summary()
    write_files(made, made.folder.path)
    assert made.folder.summary() == kept
    assert kept["snapshot"]["accounts"]
