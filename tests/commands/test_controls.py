"""``controls list`` and ``controls show``: the catalogue as a user reads it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.conftest import Cli
from watchword.controls.catalogue import catalogue

IDS = sorted(one.id for one in catalogue())


def test_every_control_is_listed(cli: Cli) -> None:
    rows = json.loads(cli("controls", "list", "--format", "json").out)
    assert [row["id"] for row in rows] == IDS
    assert all(row["title"] and row["severity"] and row["requirements"] for row in rows)


def test_the_formats_say_the_same(cli: Cli) -> None:
    whole = json.loads(cli("controls", "list", "--format", "json").out)
    lines = cli("controls", "list", "--format", "ndjson").out.splitlines()
    assert [json.loads(line) for line in lines] == whole
    assert list(csv.DictReader(io.StringIO(cli("controls", "list", "--format", "csv").out))) == whole
    table = cli("controls", "list").out
    assert all(name in table for name in IDS)


@pytest.mark.parametrize("requirement", ["R9", "r9"])
def test_only_the_controls_of_a_requirement_are_listed(cli: Cli, requirement: str) -> None:
    rows = json.loads(cli("controls", "list", "--requirement", requirement, "--format", "json").out)
    expected = [one.id for one in catalogue() if "R9" in {what.value for what in one.text.requirements}]
    assert [row["id"] for row in rows] == sorted(expected)
    assert 0 < len(expected) < len(IDS)


def test_only_the_controls_of_a_pillar_are_listed(cli: Cli) -> None:
    rows = json.loads(cli("controls", "list", "--pillar", "Network", "--format", "json").out)
    assert rows
    assert {row["pillar"] for row in rows} == {"network"}


@pytest.mark.parametrize("narrowed", [("--requirement", "R99"), ("--pillar", "moon")])
def test_a_filter_that_cannot_fit_anything_is_an_error_with_the_choices(
    cli: Cli, narrowed: tuple[str, str]
) -> None:
    ended = cli("controls", "list", *narrowed)
    assert ended.code == 2
    assert narrowed[1] in ended.err
    assert "R1" in ended.err or "identity" in ended.err


def test_a_list_is_written_to_a_file(cli: Cli, tmp_path: Path) -> None:
    ended = cli("controls", "list", "--format", "json", "-o", tmp_path / "deep" / "controls.json")
    assert (ended.code, ended.out) == (0, "")
    assert len(json.loads((tmp_path / "deep" / "controls.json").read_text())) == len(IDS)


@pytest.mark.parametrize("name", ["DA-01", "da-01", "classification-tag"])
def test_a_control_is_shown_by_id_or_slug(cli: Cli, name: str) -> None:
    ended = cli("controls", "show", name)
    assert ended.code == 0
    for said in (
        "DA-01",
        "Every data store bears a classification",
        "s3.buckets",
        "put-bucket-tagging",
        "R9",
    ):
        assert said in ended.out


@pytest.mark.parametrize("name", ["DA-99", "", "../DA-01"])
def test_an_unknown_control_is_an_error_that_says_where_to_look(cli: Cli, name: str) -> None:
    ended = cli("controls", "show", name)
    assert ended.code == 2
    assert ended.out == ""
    assert "watchword controls list" in ended.err


@pytest.mark.parametrize("name", IDS)
def test_every_control_can_be_shown(cli: Cli, name: str) -> None:
    ended = cli("controls", "show", name)
    assert ended.code == 0
    assert name in ended.out
