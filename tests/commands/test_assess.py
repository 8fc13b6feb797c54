"""``assess``: what may not be said together, exit codes, where the files go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Cli
from tests.commands.quiet import directory, settings, sql
from tests.commands.test_results import refused

FILES = {
    "report.html",
    "assessment.json",
    "findings.ndjson",
    "findings.csv",
    "findings.ocsf.json",
    "findings.asff.json",
    "findings.sarif",
}
GAP = "SELECT arn, 'gap' AS verdict, 'it is made up' AS because FROM logs_log_groups"


@pytest.mark.parametrize(
    "other",
    [
        ("--profile", "audit"),
        ("--role-arn", "arn:aws:iam::111122223333:role/audit"),
        ("--endpoint-url", "http://127.0.0.1:1"),
        ("--from-directory", "."),
        ("--snapshot", "latest"),
    ],
    ids=lambda other: other[0],
)
def test_the_lab_and_another_target_cannot_be_asked_for_together(
    cli: Cli, tmp_path: Path, other: tuple[str, str]
) -> None:
    refused(cli("assess", "--lab", *other, "--store", tmp_path / "store"), 2, "--lab")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "both",
    [("--snapshot", "latest", "--from-directory", "."), ("--snapshot", "latest", "--resume")],
    ids=lambda both: both[2],
)
def test_a_snapshot_is_judged_or_something_is_collected_but_not_both(
    cli: Cli, assessed: Path, both: tuple[str, ...]
) -> None:
    refused(cli("assess", *both, "--store", assessed), 2, "--snapshot")


def test_a_snapshot_that_is_not_there_is_told(cli: Cli, assessed: Path) -> None:
    refused(cli("assess", "--snapshot", "1999", "--store", assessed), 1, "'1999'")


def test_a_snapshot_judged_again_gives_the_same_assessment(cli: Cli, assessed: Path, tmp_path: Path) -> None:
    folder = max((assessed / "assessments").iterdir())
    before = {name: (folder / name).read_bytes() for name in FILES}
    ended = cli("assess", "--snapshot", "latest", "--store", assessed, "-o", tmp_path / "again")
    assert ended.code == 0
    assert {name: (tmp_path / "again" / name).read_bytes() for name in FILES} == before


def test_the_files_lie_in_the_folder_that_was_asked_for(cli: Cli, assessed: Path, tmp_path: Path) -> None:
    ended = cli("assess", "--snapshot", "latest", "--store", assessed, "-o", tmp_path / "deep" / "report")
    assert {one.name for one in (tmp_path / "deep" / "report").iterdir()} == FILES
    assert str(tmp_path / "deep" / "report" / "report.html") in ended.out


def test_a_file_where_the_folder_should_be_is_told_before_anything_is_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    answers, store = directory(tmp_path / "answers"), tmp_path / "store"
    refused(
        cli("assess", "--from-directory", answers, "--store", store, "-o", tmp_path / "taken"), 2, "taken"
    )
    assert (tmp_path / "taken").read_text() == "mine"
    assert not store.exists()


def test_a_file_that_cannot_be_replaced_leaves_nothing_half_written(
    cli: Cli, assessed: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "findings.csv").mkdir(parents=True)
    ended = cli("assess", "--snapshot", "latest", "--store", assessed, "-o", tmp_path / "out")
    refused(ended, 2, "findings.csv")
    left = {one.name for one in (tmp_path / "out").iterdir()}
    assert left <= FILES
    assert "</html>" in (tmp_path / "out" / "report.html").read_text()[-20:]


def test_a_list_cannot_be_written_below_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    refused(cli("controls", "list", "-o", tmp_path / "taken" / "list.csv"), 2, "list.csv")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(("severity", "code"), [("low", 11), ("medium", 12), ("high", 13), ("critical", 14)])
def test_the_exit_code_tells_the_highest_severity_from_the_wanted_one_on(
    cli: Cli, tmp_path: Path, severity: str, code: int
) -> None:
    answers = directory(tmp_path / "answers")
    low = sql(GAP, "ACME-02", "low")
    config = settings(tmp_path, low=low, other=sql(GAP, "ACME-01", severity))
    target = ("assess", "--from-directory", answers, "--config", config, "--store", tmp_path / "store")
    again = ("assess", "--snapshot", "latest", "--config", config, "--store", tmp_path / "store")
    assert cli(*target, "--fail-on", severity).code == code
    assert cli(*again, "--fail-on", "low").code == code
    higher = dict(zip(("low", "medium", "high"), ("medium", "high", "critical"), strict=True)).get(severity)
    assert higher is None or cli(*again, "--fail-on", higher).code == 0


def test_an_unknown_severity_is_a_wrong_usage(cli: Cli) -> None:
    ended = cli("assess", "--fail-on", "fatal")
    assert ended.code == 2
    assert "critical" in ended.err


def test_what_could_not_be_seen_fails_where_evidence_is_strict(cli: Cli, tmp_path: Path) -> None:
    answers = directory(tmp_path / "answers")
    target = ("assess", "--from-directory", answers, "--store", tmp_path / "store")
    assert cli(*target).code == 0
    ended = cli(*target, "--strict-evidence")
    assert ended.code == 4
    assert "could not be seen" in ended.err
    assert "Report:" in ended.out


def test_a_gap_goes_before_what_could_not_be_seen(cli: Cli, tmp_path: Path) -> None:
    answers, config = directory(tmp_path / "answers"), settings(tmp_path, a=sql(GAP, severity="medium"))
    target = ("assess", "--from-directory", answers, "--config", config, "--store", tmp_path / "store")
    assert cli(*target, "--strict-evidence", "--fail-on", "low").code == 12
    assert cli(*target, "--strict-evidence", "--fail-on", "high").code == 4


def test_as_a_stream_each_gap_is_a_line_of_json_and_nothing_else_is_printed(cli: Cli, tmp_path: Path) -> None:
    answers, config = directory(tmp_path / "answers"), settings(tmp_path, a=sql(GAP))
    target = ("assess", "--from-directory", answers, "--config", config, "--store", tmp_path / "store")
    ended = cli(*target, "--stream")
    assert ended.code == 0
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [(one["control"], one["verdict"]) for one in found] == [("ACME-01", "gap")]


def test_a_stored_snapshot_is_streamed_too(cli: Cli, assessed: Path) -> None:
    folder = max((assessed / "assessments").iterdir())
    kept = [json.loads(line) for line in (folder / "findings.ndjson").read_text().splitlines()]
    ended = cli("assess", "--snapshot", "latest", "--store", assessed, "--stream")
    streamed = {json.loads(line)["id"] for line in ended.out.splitlines()}
    assert streamed == {one["id"] for one in kept if one["verdict"] == "gap"}
    assert streamed


@pytest.mark.parametrize(
    ("narrowed", "said"),
    [
        (("--services", "s4"), "s4"),
        (("--regions", "mars"), "--regions"),
        (("--regions", "ap-east-1"), "ap-east-1"),
        (("--accounts", "nobody"), "nobody"),
    ],
    ids=lambda one: "",
)
def test_a_scope_that_names_what_is_not_there_is_told(
    cli: Cli, tmp_path: Path, narrowed: tuple[str, str], said: str
) -> None:
    answers = directory(tmp_path / "answers")
    refused(cli("assess", "--from-directory", answers, *narrowed, "--store", tmp_path / "store"), 2, said)


def test_the_narrowed_scope_stands_in_summary_and_report(cli: Cli, assessed: Path, tmp_path: Path) -> None:
    ended = cli("assess", "--snapshot", "latest", "--store", assessed, "-o", tmp_path)
    said = "only services s3, kms, cloudtrail"
    assert said in " ".join(ended.out.split())
    assert said in (tmp_path / "report.html").read_text()
