"""The commands on the audit log, on a database of their own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.commands.conftest import in_process
from watchword.store.audit.journal import append_many
from watchword.store.audit.records import Entry
from watchword.store.state.database import Database

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the database is set up and has five records."""
    monkeypatch.chdir(tmp_path)
    for name in ("WATCHWORD_DATABASE", "WATCHWORD_CONFIG", "WATCHWORD_SIGNING_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert in_process("db", "upgrade").code == 0
    more(5)
    return tmp_path


def more(count: int) -> None:
    entries = [
        Entry(
            "person.created" if number % 2 else "grant.approved", "cli", f"thing/{number}", NOON,
            after={"mail": f"p{number}@example.com", "state": "new"},
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    with Database.open("sqlite:///.watchword/state.sqlite") as database, database.writing() as connection:
        append_many(connection, entries)


def change(statement: str) -> None:
    with Database.open("sqlite:///.watchword/state.sqlite") as database, database.writing() as connection:
        connection.execute(text(statement))


def test_a_sound_log_verifies_and_what_cannot_be_seen_is_said(home: Path) -> None:
    ended = in_process("audit", "verify")
    assert ended.code == 0
    assert ended.out.startswith("5 records verified, 0 heads agree\n")
    assert "shows only --against a head" in ended.err
    assert "on the log's word (none)" in ended.err


def test_a_changed_log_ends_with_1_and_the_first_bad_record(home: Path) -> None:
    change("UPDATE audit_records SET entry = replace(entry, 'new', 'old') WHERE sequence = 3")
    ended = in_process("audit", "verify")
    assert ended.code == 1
    assert "record 3: was changed" in ended.err
    assert "the 2 records before it are sound" in ended.err
    assert in_process("audit", "export", "-o", "log").code == 1


def test_a_head_shows_that_the_log_was_cut(home: Path) -> None:
    assert in_process("audit", "head", "--to", "head.json").code == 0
    sound = in_process("audit", "verify", "--against", "head.json", "--key", ".watchword/audit.key.pub")
    assert (sound.code, sound.err) == (0, "")
    assert "6 records verified, 1 heads agree" in sound.out
    assert in_process("audit", "export", "-o", "log").code == 0
    lines = Path("log").read_text().splitlines(keepends=True)
    Path("log").write_text("".join(lines[:4]))
    assert in_process("audit", "verify", "--file", "log").code == 0
    cut = in_process("audit", "verify", "--file", "log", "--against", "head.json")
    assert cut.code == 1
    assert "record 5: records 5 to 6 are missing" in cut.err


def test_a_head_is_printed_and_its_key_made_for_its_owner_only(home: Path) -> None:
    ended = in_process("audit", "head")
    assert json.loads(ended.out)["size"] == 6
    assert Path(".watchword/audit.key").stat().st_mode & 0o777 == 0o600
    assert json.loads(in_process("audit", "head").out)["size"] == 6


def test_a_head_is_not_written_over_one_that_the_log_does_not_continue(home: Path) -> None:
    assert in_process("audit", "head", "--to", "head.json").code == 0
    more(1)
    assert in_process("audit", "head", "--to", "head.json").code == 0
    kept = Path("head.json").read_text()
    assert json.loads(kept)["size"] == 7
    change("UPDATE audit_records SET hash = previous WHERE sequence = 2")
    more(1)
    ended = in_process("audit", "head", "--to", "head.json")
    assert ended.code == 1
    assert "rewritten or rolled back" in ended.err
    assert Path("head.json").read_text() == kept


def test_a_dry_run_sends_and_makes_nothing(home: Path) -> None:
    ended = in_process("audit", "head", "--to", "s3://bucket/x", "--dry-run")
    assert ended.code == 0
    assert "s3://bucket/x" in ended.out
    assert not Path(".watchword/audit.key").exists()


@pytest.mark.parametrize("to", ["http://example.com/", "ftp://127.0.0.1/", "s3://"])
def test_heads_go_nowhere_else(home: Path, to: str) -> None:
    assert in_process("audit", "head", "--to", to).code == 2


def test_a_record_is_proved_and_verified_offline(home: Path) -> None:
    assert in_process("audit", "prove", "2", "-o", "pack.json", "--open").code == 0
    Path(".watchword/state.sqlite").rename("gone")
    ended = in_process("audit", "verify-pack", "pack.json", "--key", ".watchword/audit.key.pub")
    assert (ended.code, ended.err) == (0, "")
    assert "record 2 of 6" in ended.out
    assert "p2@example.com" in ended.out
    assert "the key is the pack's own" in in_process("audit", "verify-pack", "pack.json").err
    Path("pack.json").write_text(Path("pack.json").read_text().replace("p2@example.com", "p3@example.com"))
    forged = in_process("audit", "verify-pack", "pack.json")
    assert forged.code == 1
    assert "step 4" in forged.err


def test_a_record_that_is_not_there_is_not_proved(home: Path) -> None:
    ended = in_process("audit", "prove", "99", "-o", "pack.json")
    assert ended.code == 1
    assert "no record 99" in ended.err
    assert not Path("pack.json").exists()


def test_continuity_is_proved_since_a_head(home: Path) -> None:
    assert in_process("audit", "head", "--to", "head.json").code == 0
    more(3)
    assert in_process("audit", "continuity", "head.json", "-o", "growth.json").code == 0
    ended = in_process("audit", "verify-pack", "growth.json", "--key", ".watchword/audit.key.pub")
    assert ended.code == 0
    assert "9 records begin with the 6" in ended.out


def test_records_are_listed_by_kind_subject_and_time(home: Path) -> None:
    ended = in_process("audit", "show", "--kind", "person.*", "--format", "json")
    rows = json.loads(ended.out)
    assert [row["record"] for row in rows] == [1, 3, 5]
    assert "example.com" not in ended.out
    assert json.loads(in_process("audit", "show", "--last", "2", "--format", "json").out)[0]["record"] == 4
    assert json.loads(in_process("audit", "show", "--since", "2026-11-27", "--format", "json").out) == []
    assert (
        "thing/4" in in_process("audit", "show", "--subject", "thing/4", "--until", "2026-11-27T00:00Z").out
    )
    assert in_process("audit", "show", "--format", "csv").out.startswith(
        "record,at,kind,actor,subject,why,before,after"
    )
    assert in_process("audit", "show", "--since", "yesterday").code == 2


def test_a_persons_values_are_erased_only_when_it_is_meant(home: Path) -> None:
    dry = in_process("audit", "erase", "thing/3", "--why", "asked for", "--dry-run")
    assert dry.out == "1 values in 1 records of thing/3 would be erased\n"
    assert in_process("audit", "erase", "thing/3", "--why", "asked for").out.endswith("erased\n")
    assert in_process("audit", "erase", "thing/3", "--why", "again").out.startswith("0 values in 0 records")
    ended = in_process("audit", "verify")
    assert (ended.code, ended.out.split(",")[0]) == (0, "6 records verified")
    shown = json.loads(in_process("audit", "show", "--kind", "audit.erased", "--format", "json").out)
    assert [row["why"] for row in shown] == ["asked for"]


def test_a_renewed_key_is_believed_by_the_one_before(home: Path) -> None:
    assert in_process("audit", "head", "--to", "old.json").code == 0
    first = Path(".watchword/audit.key.pub").read_text().strip()
    assert in_process("audit", "rotate", "--why", "each year").code == 0
    assert in_process("audit", "head", "--to", "new.json").code == 0
    ended = in_process("audit", "verify", "--against", "old.json", "--against", "new.json", "--key", first)
    assert (ended.code, ended.err) == (0, "")
    lost = in_process("audit", "rotate", "--why", "gone", "--lost")
    assert "both public keys" in lost.err


def test_a_missing_database_says_how_to_set_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = in_process("audit", "verify")
    assert ended.code == 1
    assert "watchword db upgrade" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_the_key_lies_where_the_settings_say(home: Path) -> None:
    Path("watchword.toml").write_text('[audit]\nsigning_key = "keys/mine.key"\n')
    assert in_process("audit", "head", "--to", "head.json").code == 0
    assert sorted(one.name for one in Path("keys").iterdir()) == ["mine.key", "mine.key.pub"]


def test_help_tells_of_every_command() -> None:
    ended = in_process("audit", "--help")
    for name in ("verify", "prove", "continuity", "verify-pack", "export", "head", "show", "erase", "rotate"):
        assert f" {name} " in ended.out
