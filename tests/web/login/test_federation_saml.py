"""Signing in with a real SAML identity provider, over HTTP: the way back through a page of ours, and what it holds off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.collect.directories.providers import SamlServer
from tests.web.login.conftest import ORIGIN, Browser, in_directory, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.web.login import under_way
from watchword.web.login.desk import Desk

ACS = f"{ORIGIN}/sign-in/saml/acs"
NAME = f"{ORIGIN}/sign-in/saml/corp-saml/metadata"
TOKEN = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlServer]:
    pytest.importorskip("signxml", reason="the extra [saml] is not installed")
    with SamlServer.started(tmp_path_factory.mktemp("saml"), sp_entity_id=NAME, acs_url=ACS) as started:
        yield started


@dataclass
class Place:
    """A process with the provider, and what stands behind it."""

    desk: Desk
    provider: SamlServer
    folder: Path
    clock: Clock
    log: list[Any]

    def window(self, **more: Any) -> Window:
        told = self.provider.settings()
        table = {
            "kind": "saml",
            "display": "Old login",
            "assurance": {TOKEN: 2},
            **{key: told[key] for key in ("idp_entity_id", "sso_url", "certificate_file", "allow_plain")},
            **more,
        }
        plane = plane_of(
            self.desk.database,
            self.folder,
            self.clock,
            directories={"corp-saml": table},
            told=self.log.append,
        )
        return Window.on(plane)


@pytest.fixture
def place(sqlite_desk: Desk, provider: SamlServer, tmp_path: Path) -> Place:
    return Place(sqlite_desk, provider, tmp_path, Clock(datetime.now(UTC)), [])


def away(window: Window) -> str:
    window.look("/sign-in?next=/me")
    window.submit("/sign-in/saml/corp-saml")
    assert window.page.status_code == 200, window.words
    found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', window.page.text)
    assert found is not None
    return unescape(found[1])


def posted(window: Window, form: dict[str, str]) -> None:
    """The provider's page posts its form to us: from another site, so without our cookies."""
    kept = dict(window.client.cookies)
    window.client.cookies.clear()
    window.send("/sign-in/saml/acs", form, origin="http://idp.example", **{"sec-fetch-site": "cross-site"})
    for name, value in kept.items():
        window.client.cookies.set(name, value, domain="watchword.example", path="/")


def come_back(window: Window, form: dict[str, str]) -> None:
    """And our own page posts it on."""
    posted(window, form)
    assert window.page.status_code == 200, window.words
    window.submit("/sign-in/saml/finish")


def linked(place: Place, name: str) -> Any:
    who = somebody(place.desk, f"p-{name}")
    in_directory(place.desk, who, name, "corp-saml", subject=f"id-{name}")
    return who


def test_a_strong_word_signs_in_through_a_page_of_ours(place: Place) -> None:
    who = linked(place, "alice")
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    assert (window.page.status_code, window.page.headers["location"]) == (303, "/me")
    assert who.display_name in window.follow().text


def test_a_password_there_is_followed_by_ones_own_factor(place: Place) -> None:
    who = linked(place, "bob")
    device = with_passkey(place.desk, who, Browser(at=place.clock()))
    window = place.window()
    come_back(window, place.provider.sign_in(away(window), "bob"))
    assert window.page.headers["location"] == "/sign-in/second?next=%2Fme"
    window.follow()
    window.use(device, "/sign-in/passkey")
    assert window.session


def test_an_answer_cannot_be_planted_in_another_browser(place: Place) -> None:
    linked(place, "alice")
    attacker = place.window()
    form = place.provider.sign_in(away(attacker))
    victim = attacker.another()
    victim.look("/sign-in")
    come_back(victim, form)
    assert victim.page.status_code == 401
    assert not victim.session


def test_the_last_step_is_taken_from_our_own_page_only(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    form = place.provider.sign_in(away(window))
    window.send("/sign-in/saml/finish", form, origin="http://idp.example", **{"sec-fetch-site": "cross-site"})
    assert window.page.status_code == 403
    assert not window.session


def test_an_assertion_is_taken_once_even_in_another_flow(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    form = place.provider.sign_in(away(window))
    come_back(window, form)
    assert window.session
    window.client.cookies.delete("__Host-ww")
    come_back(window, form)
    assert window.page.status_code == 401
    another = {**form, "RelayState": place.provider.sign_in(away(window))["RelayState"]}
    come_back(window, another)
    assert window.page.status_code == 401


def test_an_assertion_is_taken_once_even_if_its_flow_were_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(place, "alice")
    window = place.window()
    form = place.provider.sign_in(away(window))
    flow = window.client.cookies["__Host-ww-flow"]
    monkeypatch.setattr(under_way, "spend", under_way.look)
    come_back(window, form)
    assert window.session
    again = window.another()
    again.client.cookies.set("__Host-ww-flow", flow, domain="watchword.example", path="/")
    come_back(again, form)
    assert again.page.status_code == 401
    assert not again.session


@pytest.mark.parametrize("fault", ["cut", "other", "empty"])
def test_an_answer_that_was_changed_is_refused(place: Place, fault: str) -> None:
    linked(place, "alice")
    window = place.window()
    form = place.provider.sign_in(away(window))
    whole = form["SAMLResponse"]
    changed = {"cut": whole[: len(whole) // 8 * 4], "other": "AAAA" + whole[4:], "empty": ""}[fault]
    posted(window, {**form, "SAMLResponse": changed})
    if window.page.status_code == 200:
        window.submit("/sign-in/saml/finish")
    assert window.page.status_code == 401
    assert not window.session


def test_whatever_is_posted_to_us_is_not_shown_as_anything_but_a_field(place: Place) -> None:
    window = place.window()
    for response in ("<script>alert(1)</script>", 'QUJD" onclick="x', "é"):
        posted(window, {"SAMLResponse": response, "RelayState": "x" * 43})
        assert window.page.status_code == 401
        assert "alert(1)" not in window.page.text
        assert "onclick" not in window.page.text
    posted(window, {"SAMLResponse": "QUJD", "RelayState": '"><script>'})
    assert window.page.status_code == 401


def test_our_metadata_can_be_read_by_the_provider(place: Place) -> None:
    window = place.window()
    answer = window.look("/sign-in/saml/corp-saml/metadata")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/samlmetadata+xml")
    assert ACS in answer.text
    assert NAME in answer.text
    assert window.look("/sign-in/saml/other/metadata").status_code == 404


def test_nobody_signs_in_with_a_directory_that_is_only_read(place: Place) -> None:
    window = place.window(sign_in=False)
    window.look("/sign-in")
    assert "Old login" not in window.words
    assert window.look("/sign-in/saml/corp-saml/metadata").status_code == 404
