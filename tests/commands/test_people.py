"""The commands on people, roles and directories, on a database of their own."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.access.fakes import FakeDirectory, guest, sync
from tests.commands.conftest import Ended, in_process
from watchword.store.state.database import Database

NOW = datetime.now(UTC)
URL = "sqlite:///.watchword/state.sqlite"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the database is set up."""
    monkeypatch.chdir(tmp_path)
    for name in ("WATCHWORD_DATABASE", "WATCHWORD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    assert in_process("db", "upgrade").code == 0
    return tmp_path


def rows(*arguments: str) -> list[dict[str, Any]]:
    ended = in_process(*arguments, "--format", "json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def done(*arguments: str) -> str:
    ended = in_process(*arguments)
    assert ended.code == 0, ended.err
    return ended.out


def refused(code: int, *arguments: str) -> Ended:
    ended = in_process(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    return ended


def day(days: int) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%d}"


def invited(*arguments: str) -> str:
    found = re.match(r"(\S+) is invited", done("people", "invite", *arguments))
    assert found is not None
    return found[1]


def read(one: FakeDirectory, at: datetime = NOW) -> None:
    with Database.open(URL) as database:
        sync(database, one, at)


def test_an_invited_person_is_listed_and_shown_and_the_token_is_told_once(home: Path) -> None:
    out = done("people", "invite", "Anna Schmidt", "--user-name", "anna", "--mail", "anna@example.com")
    token = re.search(r"token: (\S{43})", out)
    assert token is not None
    assert token[1].encode() not in (home / ".watchword" / "state.sqlite").read_bytes()
    (line,) = rows("people", "list", "schmidt")
    assert (line["kind"], line["status"]) == ("user", "invited")
    what = [one["what"] for one in rows("people", "show", line["id"])]
    assert {"person", "account", "record"} == set(what)


def test_the_invitation_is_a_link_where_the_public_address_is_known(home: Path) -> None:
    (home / "watchword.toml").write_text('[web]\npublic_url = "https://ww.example.com"\n')
    assert "link: https://ww.example.com/enrol?token=" in done("people", "invite", "A", "--user-name", "a")


def test_somebody_is_suspended_resumed_and_ended_with_a_reason(home: Path) -> None:
    read(FakeDirectory().add("s1"))
    (line,) = rows("people", "list")
    id_ = line["id"]
    assert "a reason is needed" in refused(2, "people", "suspend", id_).err
    done("people", "suspend", id_, "--why", "lost laptop")
    assert rows("people", "list", "--status", "suspended")
    done("people", "resume", id_)
    done("people", "end", id_, "--why", "left")
    assert "cannot become active" in refused(2, "people", "resume", id_).err
    assert "no such person" in refused(1, "people", "show", "p-nobody").err


def test_guests_are_invited_extended_and_adopted(home: Path) -> None:
    read(FakeDirectory().add("s1").add(**guest("g1")))
    (line,) = rows("people", "list")
    refused(2, "people", "invite", "Gus", "--user-name", "gus", "--sponsor", line["id"])
    made = invited("Gus", "--user-name", "gus", "--sponsor", line["id"], "--until", day(30))
    done("people", "extend", made, "--until", day(60), "--why", "the audit goes on")
    refused(2, "people", "extend", made, "--until", "soon", "--why", "x")
    refused(2, "people", "extend", made, "--until", day(700), "--why", "x")
    done("people", "sponsor", "corp", "g1", "--sponsor", line["id"], "--until", day(9), "--why", "a visit")
    assert len(rows("people", "list", "--kind", "guest")) == 2


def test_proposals_are_listed_and_decided_and_accounts_linked_by_hand(home: Path) -> None:
    read(FakeDirectory().add("s1", user_name="anna").add("s2", user_name="bert"))
    read(FakeDirectory("shop", "oidc").add("t1", user_name="Anna").add("t2", user_name="bert"))
    first, second = rows("people", "proposals")
    refused(2, "people", "proposals", "--accept", first["id"], "--reject", second["id"])
    assert first["of"] in done("people", "proposals", "--accept", first["id"])
    assert "active now" in done("people", "proposals", "--reject", second["id"])
    assert rows("people", "proposals") == []
    directory, subject = second["account"].split()
    done("people", "link", directory, subject, "--to", second["of"], "--why", "asked him")
    held = re.search(r"is of (\S+),", done("people", "unlink", directory, subject, "--why", "a mistake"))
    assert held is not None
    done("people", "confirm", held[1], "--why", "asked both")
    assert len(rows("people", "list", "--status", "active", "--directory", "shop")) == 2


def test_roles_are_given_listed_and_ended(home: Path) -> None:
    read(FakeDirectory().add("s1"))
    (line,) = rows("people", "list")
    refused(2, "roles", "assign", line["id"], "king", "--why", "x")
    done("roles", "assign", line["id"], "auditor", "--until", day(5), "--why", "the yearly audit")
    assert "already" in refused(1, "roles", "assign", line["id"], "auditor", "--why", "x").err
    (role,) = rows("roles", "list", "--person", line["id"], "--role", "auditor")
    done("roles", "end", role["id"], "--why", "over")
    assert rows("roles", "list") == []
    assert [one["status"] for one in rows("roles", "list", "--all")] == ["ended"]


def test_orphans_are_listed_by_their_codes(home: Path) -> None:
    old = NOW - timedelta(days=200)
    one = FakeDirectory().add("s1", created=old, last_sign_in=old).add(**guest("g1") | {"created": NOW})
    read(one)
    assert {line["what"] for line in rows("people", "orphans")} == {"O1-of-nobody", "S1-unused"}
    assert [line["name"] for line in rows("people", "orphans", "--what", "S")] == ["s1"]
    assert len(rows("people", "orphans", "--days", "300")) == 1


def test_directories_are_listed_those_of_the_settings_and_those_that_were_read(home: Path) -> None:
    read(FakeDirectory().add("s1"))
    pool = 'kind = "cognito"\nuser_pool = "eu-west-1_Ab"\nregion = "eu-west-1"\n'
    (home / "watchword.toml").write_text(f"[directories.pool]\n{pool}")
    found = {line["name"]: line["state"] for line in rows("directories", "list")}
    assert found == {"corp": "enabled", "pool": "never read"}


def test_a_directory_that_is_not_in_the_settings_or_is_not_read_is_refused(home: Path) -> None:
    assert "name no directory that is read" in refused(2, "directories", "sync").err
    (home / "watchword.toml").write_text(
        f'[directories.saas]\nkind = "scim"\ntoken_sha256 = ["{"a" * 64}"]\n'
    )
    assert "there are: saas" in refused(2, "directories", "sync", "corp").err
    assert "is not read" in refused(2, "directories", "check", "saas").err
