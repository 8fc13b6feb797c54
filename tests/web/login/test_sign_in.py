"""Signing in, from the first proof to the session; the names say which step of docs/sign-in.md each test breaks."""

from __future__ import annotations

from tests.web.login.conftest import Browser, account, by_passkey, somebody, with_app, with_passkey
from watchword.pdp.presets import PRESETS, ProofKind
from watchword.web.login import sessions, sign_in
from watchword.web.login.desk import Desk
from watchword.web.login.progress import Asked


def test_a_passkey_alone_signs_in_without_a_name(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    device = with_passkey(desk, who, browser)
    result = by_passkey(desk, device, browser)
    held = sessions.resolve(desk.database, result.token, PRESETS["aal2"], browser.at)
    assert held is not None
    assert held.principal == who
    assert held.session.assurance == 2
    assert held.session.methods == ("hwk", "user", "mfa")


def test_ldap_and_an_app_sign_in_together(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    app = with_app(desk, who, browser)
    asked = sign_in.check_ldap(desk, "corp", "Ada", lambda: account("ada"), browser.visit())
    assert isinstance(asked, Asked)
    assert asked.kinds == {ProofKind.TOTP}
    result = browser.keep(sign_in.prove_totp(desk, asked.flow, app.code(browser.at), browser.visit()))
    assert result.session.methods == ("pwd", "otp", "mfa")
    assert result.session.directory == "corp"
