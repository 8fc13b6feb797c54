"""Directories in a real browser: a real slapd, a real OpenID provider, a real SAML identity provider; then one's own factor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.collect.directories.providers import OidcServer, SamlServer
from tests.collect.directories.slapd import Slapd, needs_slapd, person
from tests.web.browser.conftest import Site, Tab, running, tab
from tests.web.login.conftest import App, Browser, in_directory, somebody, with_app
from watchword.store.state.database import Database

TOKEN = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken"

pytestmark = needs_slapd


def directories(stack: ExitStack, folder: Callable[[str], Path]) -> Callable[[str], dict[str, Any]]:
    """Starts the directories once the address of our own server is known, and gives their settings."""

    def started(origin: str) -> dict[str, Any]:
        slapd = stack.enter_context(Slapd.started(folder("slapd")))
        slapd.add(person("grace", password="correct horse battery"), person("hugo", password="violet teapot"))
        back = f"{origin}/sign-in/oidc/callback"
        oidc = stack.enter_context(OidcServer.started(folder("oidc"), redirect_uris=[back]))
        saml = stack.enter_context(
            SamlServer.started(
                folder("saml"),
                sp_entity_id=f"{origin}/sign-in/saml/old/metadata",
                acs_url=f"{origin}/sign-in/saml/acs",
            )
        )
        told = {**slapd.settings(), **saml.settings()}
        os.environ |= {"WW_READER": slapd.settings()["bind_password"], "WW_CLIENT": oidc.client_secret}
        return {
            "corp": {
                "kind": "ldap",
                "display": "Company directory",
                "admit": True,
                "bind_password_env": "WW_READER",
                "urls": list(told["urls"]),
                **{key: told[key] for key in ("base_dn", "bind_dn", "ca_file")},
            },
            "idp": {
                "kind": "oidc",
                "display": "Company login",
                "issuer": oidc.issuer,
                "client_id": oidc.client_id,
                "client_secret_env": "WW_CLIENT",
                "allow_plain": True,
                "admit": True,
            },
            "old": {
                "kind": "saml",
                "display": "Old login",
                "assurance": {TOKEN: 2},
                "admit": True,
                **{key: told[key] for key in ("idp_entity_id", "sso_url", "certificate_file", "allow_plain")},
            },
        }

    return started


@pytest.fixture(scope="module")
def site(fresh: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    pytest.importorskip("signxml", reason="the extra [saml] is not installed")
    pytest.importorskip("bonsai", reason="the extra [ldap] is not installed")
    with ExitStack() as stack:
        settings = directories(stack, tmp_path_factory.mktemp)
        yield stack.enter_context(
            running(fresh, tmp_path_factory.mktemp("site"), directories=settings, enrolment_hours=1)
        )


@pytest.fixture
def window(chromium: Any, site: Site) -> Iterator[Tab]:
    made = tab(chromium, site).with_authenticator()
    yield made
    made.context.close()


def test_somebody_of_ldap_signs_in_with_password_and_app(window: Tab, site: Site) -> None:
    who = somebody(site.desk, "p-grace")
    in_directory(site.desk, who, "grace", "corp", subject=_entry_uuid(site))
    app: App = with_app(site.desk, who, Browser(at=site.clock()))
    window.go("/sign-in?next=%2Fme")
    window.shot("sign-in-directories")
    window.page.get_by_label("User name").fill("Grace")
    window.page.get_by_role("button", name="Continue").click()
    window.page.get_by_role("textbox", name="Password").fill("wrong")
    window.shot("password")
    window.page.get_by_role("button", name="Continue").click()
    assert "That did not work" in window.words()
    window.page.get_by_role("textbox", name="Password").fill("correct horse battery")
    window.page.get_by_role("button", name="Continue").click()
    window.page.get_by_role("heading", name="Your code").wait_for()
    window.shot("code")
    site.clock.turn(seconds=60)
    window.page.get_by_role("textbox", name="Code").fill(app.code(site.clock()))
    window.page.get_by_role("button", name="Sign in").click()
    window.page.wait_for_url(f"{site.url}/me")
    assert "pwd, otp, mfa" in window.words()
    # What the browser says of the wrong password's status is meant.
    assert [one for one in window.complaints if "401" not in one] == []


def test_somebody_new_of_ldap_sets_up_an_app_and_is_in(window: Tab, site: Site) -> None:
    window.go("/sign-in")
    window.page.get_by_label("User name").fill("hugo")
    window.page.get_by_role("button", name="Continue").click()
    window.page.get_by_role("textbox", name="Password").fill("violet teapot")
    window.page.get_by_role("button", name="Continue").click()
    window.page.get_by_role("link", name="Set up an authenticator app").click()
    window.shot("enrol-app")
    app = App(window.page.locator("p.secret").inner_text().replace(" ", ""))
    window.page.get_by_role("textbox", name="The code that the app shows now").fill("000000")
    window.page.get_by_role("button", name="Done").click()
    assert "The code does not fit" in window.words()
    window.page.get_by_role("textbox", name="The code that the app shows now").fill(app.code(site.clock()))
    window.page.get_by_role("button", name="Done").click()
    window.page.wait_for_url(f"{site.url}/me")
    assert "pwd, otp, mfa" in window.words()


def _entry_uuid(site: Site) -> str:
    from watchword.collect.directories.ldap_sign_in import LdapSignIn
    from watchword.web.login.pages_front import Parts

    found = Parts.of(site.plane, os.environ).directories
    settings = next(one for name, one in found.items() if name == "corp").ldap()
    return LdapSignIn(settings).check("grace", "correct horse battery").subject


def at_the_provider(window: Tab, button: str, login: str) -> None:
    """Press the button of a provider, and sign in there."""
    window.go("/sign-in?next=%2Fme")
    window.page.get_by_role("button", name=button).click()
    window.page.locator("input[name=login]").fill(login)
    window.page.locator("input[name=password]").fill("secret")
    window.page.locator("button[type=submit], input[type=submit], button").first.click()


def test_an_openid_round_trip_leads_a_new_person_to_a_passkey_which_is_asked_for_next_time(
    window: Tab, site: Site
) -> None:
    at_the_provider(window, "Company login", "bob")
    window.page.get_by_label("What you call it").fill("Bob's phone")
    window.shot("first-factor")
    window.page.get_by_role("button", name="Create the passkey").click()
    window.page.wait_for_url(f"{site.url}/me")
    assert "Bob" in window.words()
    window.context.clear_cookies()
    at_the_provider(window, "Company login", "bob")
    window.page.get_by_role("button", name="Use a passkey").wait_for()
    window.shot("second-passkey")
    window.page.get_by_role("button", name="Use a passkey").click()
    window.page.wait_for_url(f"{site.url}/me")
    assert "Bob's phone" in window.words()
    assert window.complaints == []


def test_a_saml_round_trip_comes_back_with_our_cookies(window: Tab, site: Site) -> None:
    at_the_provider(window, "Old login", "alice")
    window.page.wait_for_url(f"{site.url}/me")
    assert "Alice Ångström" in window.words()
    assert window.complaints == []


def test_a_saml_round_trip_works_by_a_click_where_there_is_no_script(chromium: Any, site: Site) -> None:
    window = tab(chromium, site, java_script_enabled=False)
    at_the_provider(window, "Old login", "alice")
    # The provider's own page needs a click, too, without script.
    for _ in range(2):
        if not window.page.url.endswith("/me"):
            window.page.locator("form button, form input[type=submit]").first.click()
    assert window.path == "/me"
    window.context.close()
