"""``snapshots``, ``diff`` and ``explain``: what has been collected and found."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.conftest import MANAGEMENT, Cli, Ended


def findings(cli: Cli, store: Path) -> list[dict[str, str]]:
    """The findings of the newest assessment, as its files have them."""
    folder = sorted((store / "assessments").iterdir())[-1]
    lines = (folder / "findings.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


def refused(ended: Ended, code: int, *said: str) -> None:
    """The command ended with a code and a diagnosis: what, and what to do next; and printed nothing else."""
    assert ended.code == code
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert "next:" in ended.err
    assert "Traceback" not in ended.err
    for one in said:
        assert one in ended.err


def test_snapshots_are_listed_oldest_first_with_their_size(cli: Cli, assessed: Path) -> None:
    ended = cli("snapshots", "--store", assessed, "--format", "json")
    assert ended.code == 0
    first, second = json.loads(ended.out)
    assert first["started"] < second["started"]
    assert first["accounts"] == 3
    assert min(first["rows"], first["calls"]) > 0
    assert first["finished"] > first["started"]


@pytest.mark.parametrize("form", ["table", "ndjson", "csv"])
def test_snapshots_are_listed_in_every_format(cli: Cli, assessed: Path, form: str) -> None:
    names = [one["id"] for one in json.loads(cli("snapshots", "--store", assessed, "--format", "json").out)]
    ended = cli("snapshots", "--store", assessed, "--format", form)
    assert ended.code == 0
    assert all(name in ended.out for name in names)


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_ids_stay_in_one_piece_in_a_narrow_terminal(
    cli: Cli, assessed: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = cli("snapshots", "--store", assessed).out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    for folder in (assessed / "snapshots").iterdir():
        assert any(line.startswith(folder.name) for line in lines)


def test_a_store_that_is_empty_has_nothing_to_list(cli: Cli, tmp_path: Path) -> None:
    assert cli("snapshots", "--store", tmp_path).out == "nothing to list\n"
    assert json.loads(cli("snapshots", "--store", tmp_path, "--format", "json").out) == []


def test_a_diff_tells_what_was_fixed(cli: Cli, assessed: Path) -> None:
    ended = cli("diff", "previous", "latest", "--store", assessed, "--format", "json")
    assert ended.code == 0
    fixed = [one for one in json.loads(ended.out) if one["change"] == "fixed"]
    assert [(one["control"], one["account"]) for one in fixed] == [("DA-01", MANAGEMENT)]
    assert (fixed[0]["before"], fixed[0]["after"]) == ("gap", "met")


def test_a_diff_is_a_summary_for_people_by_default(cli: Cli, assessed: Path) -> None:
    ended = cli("diff", "previous", "--store", assessed)
    assert ended.code == 0
    assert "✓ 1 fixed" in ended.out


def test_a_diff_is_written_to_a_file_as_csv(cli: Cli, assessed: Path, tmp_path: Path) -> None:
    cli("diff", "previous", "--store", assessed, "-o", tmp_path / "diff.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "diff.csv").read_text())))
    assert "DA-01" in {row["control"] for row in rows if row["change"] == "fixed"}


@pytest.mark.parametrize("names", [("nothing",), ("previous", "nothing")])
def test_a_diff_with_an_unknown_assessment_names_those_that_exist(
    cli: Cli, assessed: Path, names: tuple[str, ...]
) -> None:
    known = sorted(one.name for one in (assessed / "assessments").iterdir())
    refused(cli("diff", *names, "--store", assessed), 1, "'nothing'", known[-1])


def test_a_diff_in_an_empty_store_says_how_to_assess(cli: Cli, tmp_path: Path) -> None:
    refused(cli("diff", "previous", "--store", tmp_path), 1, "watchword assess")


def test_a_finding_is_explained_with_its_evidence_and_its_control(cli: Cli, assessed: Path) -> None:
    found = next(one for one in findings(cli, assessed) if one["control"] == "DA-04")
    ended = cli("explain", found["id"], "--store", assessed)
    assert ended.code == 0
    assert json.loads(ended.out[: ended.out.index("\n}") + 2]) == found
    assert "put-public-access-block" in ended.out


def test_the_beginning_of_an_id_is_enough(cli: Cli, assessed: Path) -> None:
    ids = [one["id"] for one in findings(cli, assessed)]
    short = next(
        ids[0][:length] for length in range(1, 65) if sum(one.startswith(ids[0][:length]) for one in ids) == 1
    )
    assert cli("explain", short, "--store", assessed).code == 0


def test_a_finding_that_is_not_there_is_told(cli: Cli, assessed: Path) -> None:
    refused(cli("explain", "zzzz", "--store", assessed), 2, "'zzzz'", "findings.csv")
    refused(cli("explain", "", "--store", assessed), 2)


def test_the_beginning_of_several_ids_is_told(cli: Cli, assessed: Path) -> None:
    firsts = [one["id"][0] for one in findings(cli, assessed)]
    many = max(firsts, key=firsts.count)
    assert firsts.count(many) > 1
    refused(
        cli("explain", many, "--store", assessed),
        2,
        f"{firsts.count(many)} findings begin with",
        "more of the id",
    )


def test_an_unknown_assessment_cannot_be_explained(cli: Cli, assessed: Path) -> None:
    refused(cli("explain", "00", "--assessment", "nothing", "--store", assessed), 1, "'nothing'")
