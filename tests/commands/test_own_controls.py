"""A user's own controls: settings, SQL, plug-ins; right and wrong."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Cli
from tests.commands.quiet import settings, sql
from tests.commands.test_results import refused

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "write-a-control.md").read_text(encoding="utf-8")
Plug = Callable[[str], None]


def block(language: str) -> str:
    """The example of the page in one language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def kept(store: Path) -> dict[str, dict[str, Any]]:
    """The findings of the newest assessment, by id."""
    lines = (max((store / "assessments").iterdir()) / "findings.ndjson").read_text().splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


def judged(cli: Cli, store: Path, out: Path, *more: str | Path) -> dict[str, dict[str, Any]]:
    """All findings by id, of the newest snapshot of a store, judged anew."""
    ended = cli("assess", "--snapshot", "latest", "--store", store, "-o", out, *more)
    assert ended.code == 0, ended.err
    lines = (out / "findings.ndjson").read_text().splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}


def of(findings: dict[str, dict[str, Any]], control: str) -> list[dict[str, Any]]:
    return [one for one in findings.values() if one["control"] == control]


def others(findings: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in findings.items() if one["control"] != "ACME-01"}


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("[aws\n", "line 1", "not TOML"),
        ('[aws]\nregion = "eu-west-1"\nrole = 5\n', "watchword.toml:3", "aws.role"),
        ('[estate]\nbreakglass = ["x"]\n', "watchword.toml:2", "estate.breakglass"),
        ("[collect]\n\nthreads = 0\n", "watchword.toml:3", "collect.threads"),
        ("[clouds]\n", "watchword.toml:1", "[clouds]"),
    ],
)
@pytest.mark.parametrize("command", [("assess",), ("collect",), ("controls", "list")], ids=" ".join)
def test_a_wrong_setting_is_told_with_its_place(
    cli: Cli, tmp_path: Path, command: tuple[str, ...], text: str, where: str, said: str
) -> None:
    (tmp_path / "watchword.toml").write_text(text)
    refused(cli(*command), 2, "watchword.toml", where, said)
    assert [one.name for one in tmp_path.iterdir()] == ["watchword.toml"]


def test_settings_that_are_named_and_not_there_are_told(cli: Cli) -> None:
    refused(cli("controls", "list", "--config", "elsewhere.toml"), 2, "elsewhere.toml", "--config")


def test_a_folder_of_controls_that_is_not_there_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "watchword.toml").write_text('[controls]\nfolder = "nowhere"\n')
    refused(cli("controls", "list"), 2, "nowhere", "does not exist")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1", ("line 1", "+++")),
        (sql("SELECT 1").replace('severity = "low"', "severity = low"), ("line 5",)),
        (sql("SELECT 1").replace('severity = "low"', 'severity = "dire"'), ("severity", "dire")),
        (sql("SELECT 1").replace('title = "A made-up control"\n', ""), ("title",)),
        (sql("SELECT 1").replace("slug =", "snail = 1\nslug ="), ("snail",)),
        (sql(""), ("no query",)),
        (sql("SELECT 1", name="DA-01"), ("DA-01", "taken")),
    ],
    ids=["no front matter", "no TOML", "wrong value", "missing key", "unknown key", "no query", "taken id"],
)
def test_a_sql_control_with_a_mistake_is_told_with_its_file(
    cli: Cli, tmp_path: Path, text: str, said: tuple[str, ...]
) -> None:
    settings(tmp_path, owner=text)
    refused(cli("controls", "list"), 2, "owner.sql", *said)
    refused(cli("assess", "--from-directory", tmp_path), 2, "owner.sql", *said)


def test_a_sql_control_that_is_not_text_is_told_with_its_file(cli: Cli, tmp_path: Path) -> None:
    settings(tmp_path)
    (tmp_path / "controls" / "owner.sql").write_bytes(b"+++\xff")
    refused(cli("controls", "list"), 2, "owner.sql")


def test_the_sql_example_of_the_page_works(cli: Cli, assessed: Path, tmp_path: Path) -> None:
    config = settings(tmp_path, owner=block("sql"))
    found = of(judged(cli, assessed, tmp_path / "out", "--config", config), "ACME-01")
    assert ("abc-papers", "met", "owned by office") in {
        (one["resource_name"], one["verdict"], one["because"]) for one in found
    }
    shown = cli("controls", "show", "ACME-01", "--config", config)
    assert "Every bucket has an owner" in shown.out


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT colour FROM s3_buckets", "colour"),
        ("SELEC 1", "syntax"),
        ("SELECT * FROM read_text('/etc/passwd')", "ACME"),
        ("SELECT arn FROM s3_buckets", "without verdict"),
        ("SELECT arn, 'fine' AS verdict, 'x' AS because FROM s3_buckets", "'fine'"),
    ],
    ids=["unknown column", "no SQL", "reaches outside", "lacks columns", "unknown verdict"],
)
def test_a_query_that_fails_is_unknown_and_everything_else_is_judged(
    cli: Cli, assessed: Path, tmp_path: Path, query: str, said: str
) -> None:
    alone = kept(assessed)
    config = settings(tmp_path, ACME=sql(query, table="s3.buckets"))
    found = judged(cli, assessed, tmp_path / "out", "--config", config)
    assert others(found) == alone
    assert {one["verdict"] for one in of(found, "ACME-01")} <= {"unknown", "not_applicable"}
    assert any(said in one["because"] for one in of(found, "ACME-01") if one["verdict"] == "unknown")


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plug:
    """Installs a package with this code, whose entry point ``acme`` is its name ``controls``."""

    def install(code: str) -> None:
        site = tmp_path / "site"
        info = site / "acme-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[watchword.controls]\nacme = acme_controls:controls\n")
        (site / "acme_controls.py").write_text(code)
        monkeypatch.delitem(__import__("sys").modules, "acme_controls", raising=False)
        monkeypatch.syspath_prepend(str(site))

    return install


def python_control(body: str) -> str:
    """The Python example of the page, with another body of its function."""
    front = (
        block("sql")
        .split("+++")[1]
        .replace('reads = ["s3.buckets"]\n', "")
        .replace('about = "buckets"\n', "")
    )
    assert tomllib.loads(front)["id"] == "ACME-01"
    code = re.sub(
        r"(def judge\(bucket, view\):\n).*?\n\n", rf"\1    {body}\n\n", block("python"), flags=re.DOTALL
    )
    return f'TEXT = """{front}"""\n{code}\ncontrols = owned\n'


def test_the_python_example_of_the_page_works(cli: Cli, assessed: Path, tmp_path: Path, plug: Plug) -> None:
    body = re.search(r"def judge\(bucket, view\):\n    (.*)", block("python"))
    assert body is not None
    plug(python_control(body[1]))
    found = of(judged(cli, assessed, tmp_path / "out"), "ACME-01")
    assert [one["verdict"] for one in found if one["resource_name"] == "abc-papers"] == ["met"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('out of luck')", "RuntimeError: out of luck"),
        ("return bucket.flag('Colour')", "Colour"),
        ("return view.rows('kms.keys')", "kms.keys"),
        ("return 5", "TypeError"),
    ],
    ids=["raises", "asks for a field that is not there", "reads what it does not name", "gives no judgement"],
)
def test_a_plug_in_that_fails_is_unknown_and_everything_else_is_judged(
    cli: Cli, assessed: Path, tmp_path: Path, plug: Plug, body: str, said: str
) -> None:
    alone = kept(assessed)
    plug(python_control(body))
    found = judged(cli, assessed, tmp_path / "out")
    assert others(found) == alone
    mine = [one for one in of(found, "ACME-01") if one["resource_name"] == "abc-papers"]
    assert [one["verdict"] for one in mine] == ["unknown"]
    assert said in mine[0]["because"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module_anywhere", "no_such_module_anywhere"),
        ("controls = [1]", "int"),
        ("control = []", "controls"),
        ("1/0", "ZeroDivisionError"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_a_warning_and_the_assessment_goes_on(
    cli: Cli, assessed: Path, tmp_path: Path, plug: Plug, code: str, said: str
) -> None:
    alone = kept(assessed)
    plug(code)
    ended = cli("assess", "--snapshot", "latest", "--store", assessed, "-o", tmp_path / "out")
    assert ended.code == 0
    assert "warning: plug-in acme" in ended.err
    assert said in ended.err
    lines = (tmp_path / "out" / "findings.ndjson").read_text().splitlines()
    assert {one["id"]: one for one in map(json.loads, lines)} == alone


def test_a_plug_in_may_not_take_an_id_of_the_catalogue(cli: Cli, plug: Plug) -> None:
    plug(python_control("return None").replace('"ACME-01"', '"DA-01"'))
    refused(cli("controls", "list"), 2, "DA-01", "taken")


def test_a_command_that_cannot_be_loaded_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.commands.conftest import as_process

    info = tmp_path / "site" / "acme-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[watchword.commands]\nacme = acme_commands:app\n")
    (tmp_path / "site" / "acme_commands.py").write_text("1/0\n")
    ended = as_process("controls", "list", folder=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")})
    assert ended.code == 0
    assert "DA-01" in ended.out
    assert "warning: plug-in acme" in ended.err
