"""The commands over all principals: matrix, what changed, explanations, paths and blast radius."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.commands.answers import ACCOUNT, ANN, DEPLOY, PAPER, allowing, organisation
from tests.commands.conftest import Cli, Ended, in_process
from tests.commands.test_results import refused


def collected(folder: Path, store: Path) -> Path:
    """A store with one snapshot more, of the answers in a folder."""
    ended = in_process("collect", "--from-directory", str(folder), "--store", str(store))
    assert ended.code == 0, ended.err
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two snapshots: in the newer one ann may write her own policies, and no longer see EC2; nothing else changed."""
    folder, kept = tmp_path_factory.mktemp("answers"), tmp_path_factory.mktemp("store")
    collected(organisation(folder), kept)
    details = folder / ACCOUNT / "global/iam/get-account-authorization-details.json"
    found = json.loads(details.read_text())
    found["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"] = allowing(
        ["s3:Get*", "iam:PutUserPolicy"]
    )
    details.write_text(json.dumps(found))
    return collected(folder, kept)


def rows(ended: Ended) -> list[dict[str, str]]:
    assert ended.code == 0, ended.err
    return list(csv.DictReader(io.StringIO(ended.out)))


def test_the_matrix_has_figures_of_every_principal(cli: Cli, store: Path) -> None:
    found = {
        row["principal"]: row for row in rows(cli("iam", "matrix", "--format", "csv", "--store", str(store)))
    }
    assert set(found) == {"ann", "anna", "deploy"}
    assert int(found["ann"]["yes"]) > 50
    assert int(found["deploy"]["conditional"]) > 50
    assert found["deploy"]["yes"] == "1", "sts:GetCallerIdentity alone"
    assert "ghosts" in found["anna"]["not known"]


def test_a_key_that_is_taken_for_granted_makes_answers_certain(cli: Cli, store: Path) -> None:
    given = ("--context", "aws:MultiFactorAuthPresent=true")
    found = rows(cli("iam", "matrix", "--format", "csv", *given, "--store", str(store)))
    assert next(int(row["yes"]) for row in found if row["principal"] == "deploy") > 50


def test_every_cell_is_written_as_parquet(cli: Cli, store: Path, tmp_path: Path) -> None:
    import duckdb

    target = tmp_path / "matrix.parquet"
    ended = cli("iam", "matrix", "--format", "parquet", "-o", str(target), "--store", str(store))
    assert ended.code == 0, ended.err
    sql = "SELECT layer FROM read_parquet(?) WHERE principal = ? AND action = 'iam:PutUserPolicy'"
    assert duckdb.execute(sql, [str(target), ANN]).fetchall() == [("yes",)]
    refused(cli("iam", "matrix", "--format", "parquet", "--store", str(store)), 2, "name a file")


def test_access_that_appeared_and_disappeared_is_told_by_principal(cli: Cli, store: Path) -> None:
    found = rows(cli("iam", "access-diff", "--format", "csv", "--store", str(store)))
    told = {(row["principal"], row["change"]): row["actions"] for row in found}
    assert told[ANN, "appeared"] == "iam:PutUserPolicy"
    assert "ec2:Describe" in told[ANN, "disappeared"]
    assert "undecided" in {change for who, change in told if who.endswith("anna")}
    assert not [who for who, _ in told if who == DEPLOY]


def test_without_an_action_everything_that_one_may_do_is_listed(cli: Cli, store: Path) -> None:
    ended = cli("iam", "can", "ann", "--store", str(store))
    assert "on every resource" in ended.out
    assert "iam:PutUserPolicy" in ended.out
    refused(cli("iam", "can", "*", "--store", str(store)), 2, "no principal of the snapshot")


def test_an_explanation_names_gates_statements_and_decision(cli: Cli, store: Path, tmp_path: Path) -> None:
    picture = tmp_path / "proof.svg"
    ended = cli(
        "iam", "explain", "ann", "s3:GetObject", PAPER, "--picture", str(picture), "--store", str(store)
    )
    assert ended.code == 0, ended.err
    assert "inline policy work" in ended.out
    assert "Allowed" in ended.out
    assert ET.parse(picture).getroot().tag.endswith("svg")
    told = json.loads(
        cli("iam", "explain", "ann", "s3:GetObject", PAPER, "--json", "--store", str(store)).out
    )
    assert told["decision"] == "Allowed"


def test_a_path_is_told_with_its_statement_and_where_to_cut(cli: Cli, store: Path) -> None:
    ended = cli("iam", "paths", "--store", str(store))
    assert ended.code == 0, ended.err
    assert f"1. user ann (prod) → administration of prod ({ACCOUNT})\n" in ended.out
    assert "statement 'One' of inline policy work" in ended.out
    assert "removals cut all of them" in ended.out
    before = cli("iam", "paths", "ann", "--snapshot", "previous", "--store", str(store))
    assert "no path is known" in before.out


def test_paths_are_drawn_and_written_as_a_page(cli: Cli, store: Path, tmp_path: Path) -> None:
    for name in ("graph.svg", "paths.html"):
        target = tmp_path / name
        ended = cli("iam", "paths", "-o", str(target), "--store", str(store))
        assert ended.code == 0, ended.err
        assert "ann" in target.read_text()


def test_paths_are_rows_for_programs(cli: Cli, store: Path) -> None:
    ended = cli(
        "iam", "paths", "ann", "--to", f"admin:{ACCOUNT}", "--format", "ndjson", "--store", str(store)
    )
    first = json.loads(ended.out.splitlines()[0])
    assert first["steps"][0]["source"] == ANN


def test_a_blast_radius_is_told(cli: Cli, store: Path) -> None:
    told = json.loads(cli("iam", "blast-radius", "ann", "--json", "--store", str(store)).out)
    assert told["administers"] == [ACCOUNT]
    assert DEPLOY in told["identities"]
    assert "administers 1 accounts: prod" in cli("iam", "blast-radius", "prod/ann", "--store", str(store)).out


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (("paths", "nobody-at-all"), "nothing called 'nobody-at-all'"),
        (("paths", "an"), "did you mean"),
        (("paths", "--to", "admin:222222222222"), "no account '222222222222'"),
        (("blast-radius", "prod/nobody"), "nothing called"),
    ],
)
def test_names_that_there_are_not_are_refused_with_the_remedy(
    cli: Cli, store: Path, told: tuple[str, ...], says: str
) -> None:
    refused(cli("iam", *told, "--store", str(store)), 2, says)
