"""The main job on Company ABC, compared with the truth about it: nothing false, nothing missed, nothing left out.

Both states are assessed once, by the command line, and shared by all tests (and by all processes that run them).
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from tests.commands.conftest import as_process
from watchword.controls.catalogue import catalogue
from watchword.lab.commands import company_settings
from watchword.lab.estate.company import ACCOUNTS, State
from watchword.lab.truth import compare, truth_of
from watchword.model.evidence import HoleReason
from watchword.model.finding import Finding
from watchword.model.verdict import Verdict
from watchword.store.assessments import AssessmentFolder
from watchword.store.snapshots import Snapshot

pytestmark = pytest.mark.heavy

SHOWN = 40
"""Differences that a failure shows."""


@dataclass(frozen=True)
class Assessed:
    """One state of the company: where its snapshot and findings lie, and the files that were written."""

    state: State
    store: Path
    files: Path

    def findings(self) -> list[Finding]:
        return list(AssessmentFolder.open(self.store).findings())


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[State, Assessed]:
    """Both states, assessed."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "company-abc"
    shared.mkdir(exist_ok=True)
    return {state: assessed(state, shared / state.value) for state in State}


def assessed(state: State, folder: Path) -> Assessed:
    """One state, assessed by whoever comes first."""
    folder.mkdir(exist_ok=True)
    made = Assessed(state, folder / "store", folder / "report")
    with alone(folder / "lock"):
        if not (folder / "done").exists():
            asked = ("assess", "--lab", "--state", state.value, "--store", made.store, "-o", made.files)
            ended = as_process(*asked, folder=folder)
            assert ended.code == 0, ended.err
            (folder / "done").write_text(ended.out, encoding="utf-8")
    return made


@contextmanager
def alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(params=list(State), ids=lambda state: state.value)
def company(request: pytest.FixtureRequest, both: dict[State, Assessed]) -> Assessed:
    """The company in one state, then in the other."""
    return both[request.param]


def test_what_is_found_is_the_truth(company: Assessed) -> None:
    differences = compare(truth_of(company.state), company.findings())
    lines = [
        f"{one.control} {one.subject}: true is {words(one.expected)}, found {words(one.found)}; {one.because}"
        for one in differences[:SHOWN]
    ]
    assert not differences, "\n".join([f"{len(differences)} differences in {company.state.value}:", *lines])


def words(verdicts: tuple[Verdict, ...]) -> str:
    return " and ".join(one.value for one in verdicts) or "nothing"


def test_every_control_finds_a_gap_before_and_none_after(both: dict[State, Assessed]) -> None:
    gaps = {
        state: {one.control for one in made.findings() if one.verdict is Verdict.GAP}
        for state, made in both.items()
    }
    assert {one.id for one in catalogue()} - gaps[State.BEFORE] == set()
    assert gaps[State.AFTER] == set()


def test_nothing_that_the_catalogue_needs_is_unknown_afterwards(both: dict[State, Assessed]) -> None:
    unknown = [one for one in both[State.AFTER].findings() if one.verdict is Verdict.UNKNOWN]
    assert sorted({(one.control, one.because[:120]) for one in unknown}) == []


def test_every_account_is_read_and_only_what_the_lab_lacks_is_missing(company: Assessed) -> None:
    snapshot = Snapshot.open(company.store)
    assert {one.id for one in snapshot.accounts()} == {one.id for one in ACCOUNTS}
    strange = [hole for hole in snapshot.holes() if hole.reason is not HoleReason.NOT_IMPLEMENTED]
    assert [hole.sentence() for hole in strange[:SHOWN]] == []


def test_no_control_failed(company: Assessed) -> None:
    assert [one.because for one in company.findings() if " failed: " in one.because][:SHOWN] == []


def test_the_same_snapshot_judged_again_gives_the_same_bytes(company: Assessed, tmp_path: Path) -> None:
    before = {one.name: one.read_bytes() for one in company.files.iterdir()}
    again = ("assess", "--snapshot", "latest", "--store", company.store, "-o", tmp_path / "again")
    ended = as_process(*again, "--config", company_settings(), folder=tmp_path)
    assert ended.code == 0, ended.err
    assert {one.name: one.read_bytes() for one in (tmp_path / "again").iterdir()} == before


def test_json_ndjson_and_csv_hold_every_finding(company: Assessed) -> None:
    ids = [one.id for one in company.findings()]
    assert len(ids) == len(set(ids))
    document = json.loads((company.files / "assessment.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in document["findings"]] == ids
    lines = (company.files / "findings.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids
    rows = csv.DictReader(
        io.StringIO((company.files / "findings.csv").read_text(encoding="utf-8"), newline="")
    )
    assert [row["id"] for row in rows] == ids


def test_asff_is_accepted_by_security_hubs_model_in_batches(company: Assessed) -> None:
    findings = json.loads((company.files / "findings.asff.json").read_text(encoding="utf-8"))
    shape = Session().get_service_model("securityhub").operation_model("BatchImportFindings").input_shape
    for start in range(0, len(findings), 100):
        report = ParamValidator().validate({"Findings": findings[start : start + 100]}, shape)
        assert not report.has_errors(), report.generate_report()
    assert findings
    assert len({one["Id"] for one in findings}) == len(findings)


def test_ocsf_and_sarif_hold_each_gap_once(company: Assessed) -> None:
    gaps = {one.id for one in company.findings() if one.verdict is Verdict.GAP}
    events = json.loads((company.files / "findings.ocsf.json").read_text(encoding="utf-8"))
    failed = [one["finding_info"]["uid"] for one in events if one["compliance"]["status_id"] == 3]
    assert (set(failed), len(failed)) == (gaps, len(gaps))
    (run,) = json.loads((company.files / "findings.sarif").read_text(encoding="utf-8"))["runs"]
    failing = [one for one in run["results"] if one["kind"] == "fail"]
    assert {one["partialFingerprints"]["watchwordFinding/v1"] for one in failing} == gaps


def test_the_report_is_whole_and_names_every_control(company: Assessed) -> None:
    page = (company.files / "report.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert [one.id for one in catalogue() if one.id not in page] == []
