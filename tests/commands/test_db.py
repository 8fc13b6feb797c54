"""``watchword db``: set up, examined, backed up and restored from the command line, on the two databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.commands.conftest import Cli
from watchword.model.factors import SecretId
from watchword.store.state import vault
from watchword.store.state.database import Database

URL = "sqlite:///state/one.sqlite"


def test_a_database_is_set_up_examined_backed_up_and_restored(cli: Cli, tmp_path: Path) -> None:
    assert cli("db", "check", "--database", URL).code == 1
    made = cli("db", "upgrade", "--database", URL)
    assert (made.code, made.out) == (0, "state/one.sqlite: now at schema 0002\n")
    assert "up to date" in cli("db", "upgrade", "--database", URL).out
    assert "as it should be" in cli("db", "check", "--database", URL).out
    kept = cli("db", "backup", "kept", "--database", URL)
    assert (kept.code, kept.out) == (0, "0 rows of 26 tables in kept\n")
    assert json.loads((tmp_path / "kept" / "manifest.json").read_text())["form"] == "watchword-state-1"
    other = "sqlite:///other.sqlite"
    assert cli("db", "restore", "kept", "--database", other).code == 0
    assert cli("db", "check", "--database", other).code == 0


def test_without_a_name_the_database_lies_in_this_folder(cli: Cli, tmp_path: Path) -> None:
    assert cli("db", "upgrade").code == 0
    assert (tmp_path / ".watchword" / "state.sqlite").is_file()


def test_the_variable_comes_before_the_settings_and_the_option_before_both(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watchword.toml").write_text('[state]\nurl = "sqlite:///settings.sqlite"\n')
    cli("db", "upgrade")
    monkeypatch.setenv("WATCHWORD_DATABASE", "sqlite:///variable.sqlite")
    cli("db", "upgrade")
    cli("db", "upgrade", "--database", "sqlite:///option.sqlite")
    assert {one.name for one in tmp_path.glob("*.sqlite")} == {
        "settings.sqlite",
        "variable.sqlite",
        "option.sqlite",
    }


def test_a_database_with_rows_is_only_overwritten_by_force(cli: Cli, tmp_path: Path) -> None:
    cli("db", "upgrade", "--database", URL)
    cli("db", "backup", "kept", "--database", URL)
    with Database.open(URL) as database, database.writing() as connection:
        connection.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
    refused = cli("db", "restore", "kept", "--database", URL)
    assert refused.code == 1
    assert "--force" in refused.err
    assert cli("db", "restore", "kept", "--database", URL, "--force").code == 0
    with Database.open(URL) as database, database.reading() as connection:
        assert connection.execute(text("SELECT * FROM meta")).all() == []


def test_a_backup_that_is_not_whole_makes_no_database(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    refused = cli("db", "restore", "kept", "--database", URL)
    assert refused.code == 1
    assert "not whole" in refused.err
    assert not (tmp_path / "state").exists()


def test_a_schema_that_was_changed_by_hand_is_told(cli: Cli, tmp_path: Path) -> None:
    cli("db", "upgrade", "--database", URL)
    with Database.open(URL) as database, database.writing() as connection:
        connection.execute(text("DROP TABLE memberships"))
    checked = cli("db", "check", "--database", URL)
    assert checked.code == 1
    assert "table memberships is missing" in checked.err


@pytest.mark.parametrize("command", [["upgrade"], ["check"], ["backup", "kept"]])
def test_a_password_is_never_shown(cli: Cli, command: list[str]) -> None:
    for url in ("postgresql://me:hush@127.0.0.1:1/state", "postgres:hush", "mysql://me:hush@h/d"):
        ended = cli("db", *command, "--database", url)
        assert ended.code in {1, 2}
        assert "hush" not in ended.out + ended.err


@pytest.mark.parametrize("arguments", [["--help"], ["db", "--help"], ["snapshots"], ["controls", "list"]])
def test_commands_that_do_not_use_the_state_do_not_load_its_libraries(
    tmp_path: Path, arguments: list[str]
) -> None:
    code = (
        "import sys; from watchword.cli import run\n"
        f"sys.argv = ['watchword', *{arguments!r}]\n"
        "try:\n run()\nexcept SystemExit:\n"
        " print('loaded', sorted({'sqlalchemy', 'alembic', 'psycopg', 'cryptography'} & set(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.stdout.splitlines()[-1] == "loaded []"


def secret(name: str, plain: bytes) -> None:
    with Database.open(URL) as database, database.writing() as connection:
        found = vault.open_vault(Path("state/watchword.key"), os.urandom, {})
        vault.put(connection, found, SecretId(name), plain, datetime(2026, 11, 26, tzinfo=UTC))


def keys_of_secrets() -> dict[str, str]:
    with Database.open(URL) as database, database.reading() as connection:
        return {row.id: row.key for row in connection.execute(text("SELECT id, key FROM secrets"))}


def test_secrets_are_encrypted_anew_after_a_new_key_and_the_old_one_can_go(cli: Cli, tmp_path: Path) -> None:
    cli("db", "upgrade", "--database", URL)
    path = tmp_path / "state" / "watchword.key"
    vault.create(path, os.urandom)
    secret("a", b"seed of a")
    old = next(iter(vault.load(path)))
    rotated = cli("db", "rotate-key", "--database", URL)
    assert rotated.code == 0
    new = list(vault.load(path))[-1]
    assert new != old
    assert new in rotated.out
    secret("b", b"seed of b")
    assert keys_of_secrets() == {"a": old, "b": new}
    resealed = cli("db", "reseal", "--database", URL)
    assert (resealed.code, resealed.out) == (0, f"1 secrets are encrypted anew with {new}\n")
    assert old in resealed.err
    path.write_text(
        "".join(line for line in path.read_text().splitlines(keepends=True) if line.startswith(new))
    )
    with Database.open(URL) as database, database.reading() as connection:
        found = vault.open_vault(path, os.urandom, {})
        assert vault.get(connection, found, SecretId("a")) == b"seed of a"


def test_keys_of_the_environment_are_not_rotated_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("db", "upgrade", "--database", URL)
    monkeypatch.setenv(vault.VARIABLE, "k1:" + "A" * 43)
    refused = cli("db", "rotate-key", "--database", URL)
    assert refused.code == 2
    assert vault.VARIABLE in refused.err
    assert "AAAA" not in refused.err


def test_without_keys_nothing_is_encrypted_anew_and_the_place_is_told(cli: Cli) -> None:
    cli("db", "upgrade", "--database", URL)
    for command in ("rotate-key", "reseal"):
        refused = cli("db", command, "--database", URL)
        assert refused.code == 1
        assert "watchword.key" in refused.err
