"""Which tokens speak for which directory, and that a real database answers through the door that is made of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.scim.conftest import client, serving
from tests.web.scim.memory import NOW
from tests.web.scim.samples import group, patch, rich
from watchword.errors import ConfigError
from watchword.model.people import DirectoryId
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade
from watchword.store.state.people import directories
from watchword.web.control_plane import ControlPlane, WebSettings
from watchword.web.scim import door
from watchword.web.scim.bearer import digest, token_of
from watchword.web.scim.settings import tables_of, tokens_of

TOKEN = "a-token-of-the-directory-0123456789"
OLD = "an-older-token-of-it-0123456789"


def table(**changes: Any) -> dict[str, Any]:
    return {"kind": "scim", "token_sha256": [digest(TOKEN)]} | changes


def test_only_directories_of_this_kind_are_read() -> None:
    tables = {"okta": table(display="Okta"), "corp": {"kind": "ldap", "nonsense": 1}}
    assert list(tables_of(tables)) == ["okta"]
    assert tokens_of(tables)(TOKEN) == "okta"


def test_a_token_speaks_for_its_directory_and_while_it_is_changed_so_does_the_old_one() -> None:
    tokens = tokens_of({"okta": table(token_sha256=[digest(TOKEN), digest(OLD)])})
    assert tokens(TOKEN) == tokens(OLD) == DirectoryId("okta")
    assert tokens(TOKEN + "x") is tokens("") is tokens(digest(TOKEN)) is None


def test_no_other_token_is_taken() -> None:
    tokens = tokens_of({"okta": table()})
    assert {tokens(f"{TOKEN}{number}") for number in range(2_000)} == {None}


@pytest.mark.parametrize(
    "changes",
    [
        {"token_sha256": []},
        {"token_sha256": "x"},
        {"token_sha256": [TOKEN]},
        {"token_sha256": [7]},
        {"token_sha256": [digest(TOKEN).upper()]},
        {"token_sha256": [digest(TOKEN)] * 2},
        {"token": TOKEN},
        {"display": ""},
    ],
)
def test_wrong_settings_are_refused_without_telling_a_secret(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="okta") as refused:
        tokens_of({"okta": table(**changes)})
    assert TOKEN not in refused.value.diagnosis()


def test_a_directory_without_a_token_is_refused() -> None:
    with pytest.raises(ConfigError, match="token_sha256"):
        tokens_of({"okta": {"kind": "scim"}})


def test_one_token_does_not_speak_for_two_directories() -> None:
    with pytest.raises(ConfigError, match="stands there already"):
        tokens_of({"okta": table(), "entra": table()})


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([(b"authorization", b"Bearer 0123456789abcdef")], "0123456789abcdef"),
        ([(b"Authorization", b"bearer  0123456789abcdef==")], "0123456789abcdef=="),
        ([], None),
        ([(b"authorization", b"Bearer short")], None),
        ([(b"authorization", b"Bearer 0123456789abcdef ")], None),
        ([(b"authorization", b"Bearer 0123456789abc\xe9ef")], None),
        ([(b"authorization", b"Bearer 0123456789abcdef")] * 2, None),
        ([(b"x-authorization", b"Bearer 0123456789abcdef")], None),
    ],
)
def test_a_token_is_taken_from_one_header(headers: list[tuple[bytes, bytes]], token: str | None) -> None:
    assert token_of(headers) == token


def test_a_provider_pushes_into_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.sqlite"
    with Database.open(url, create=True, any_schema=True) as empty:
        upgrade(empty)
    with Database.open(url) as database:
        settings = WebSettings(public_url="https://watchword.example")
        plane = ControlPlane(
            settings=settings,
            database=database,
            folder=tmp_path,
            clock=lambda: NOW,
            randomness=bytes,
            told=lambda _: None,
            vault=None,  # type: ignore[arg-type]
            directories={"okta": table()},
        )
        with serving(door.router(plane)) as address, client(address, TOKEN) as http:
            story(http)
            with database.writing() as connection:
                connection.execute(directories.update().values(state="disabled"))
            door.router(plane)
            assert http.post("/Users", json=rich("another")).status_code == 403


def story(http: httpx.Client) -> None:
    one = http.post("/Users", json=rich()).json()
    assert one["meta"]["location"] == f"https://watchword.example/scim/v2/Users/{one['id']}"
    assert http.post("/Users", json=rich()).status_code == 409
    tours = http.post("/Groups", json=group("Tours", one["id"])).json()
    assert tours["members"][0]["display"] == "Babs Jensen"
    found = http.get("/Users", params={"filter": 'userName eq "BJENSEN@acme.example"'}).json()
    assert [each["groups"][0]["display"] for each in found["Resources"]] == ["Tours"]
    etag = one["meta"]["version"]
    off = patch({"op": "Replace", "path": "active", "value": "False"})
    assert http.patch(f"/Users/{one['id']}", json=off, headers={"If-Match": etag}).json()["active"] is False
    assert http.patch(f"/Users/{one['id']}", json=off, headers={"If-Match": etag}).status_code == 412
    assert http.delete(f"/Users/{one['id']}").status_code == 204
    assert "members" not in http.get(f"/Groups/{tours['id']}").json()
    assert http.get(f"/Users/{one['id']}").status_code == 404
