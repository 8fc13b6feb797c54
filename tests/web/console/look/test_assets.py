"""The files that browsers keep: those of others are what their publishers made, and nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from watchword.web.console.look.assets import assets, by_url

STATIC = Path(__file__).resolve().parents[4] / "src/watchword/web/console/static"
LISTED = tomllib.loads((STATIC / "vendor/vendor.toml").read_text())["file"]


@pytest.mark.parametrize("one", LISTED, ids=[one["path"] for one in LISTED])
def test_a_script_of_others_is_to_the_byte_what_is_listed(one: dict[str, str]) -> None:
    body = (STATIC / "vendor" / one["path"]).read_bytes()
    assert one["sha384"] == "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
    assert assets()[f"vendor/{one['path']}"].integrity == one["sha384"]
    assert (STATIC / "vendor" / one["licence_file"]).read_text().strip()
    assert one["version"].encode() in body
    assert re.fullmatch(r"\d+\.\d+\.\d+", one["version"])


def test_every_script_of_others_is_listed() -> None:
    there = {one.name for one in (STATIC / "vendor").glob("*.js")}
    assert there == {one["path"] for one in LISTED}


@pytest.mark.parametrize("name", ["console.css", "graph.css", "picture.css"])
def test_a_style_sheet_loads_nothing(name: str) -> None:
    text = assets()[name].body.decode()
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize("name", ["console.js", "passkeys.js", "graph.js"])
def test_a_script_of_ours_makes_no_code_from_text_and_no_markup(name: str) -> None:
    text = assets()[name].body.decode()
    for word in (
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "http:",
    ):
        assert word not in text, word


def test_each_file_has_one_address_and_each_address_one_file() -> None:
    assert len(by_url()) == len(assets())
    assert all(by_url()[one.url] is one for one in assets().values())
