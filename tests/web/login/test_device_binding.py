"""Sessions bound to a device's key (docs/sign-in.md, step 12), with a browser written after the draft."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from tests.store.state.people import NOW
from tests.web.login.authenticator import b64
from tests.web.login.conftest import KEYS, Browser, both, by_passkey, somebody, with_passkey
from watchword.errors import SignInRefused
from watchword.model.sessions import Session, SessionId
from watchword.pdp.presets import PRESETS
from watchword.store.state import session_store
from watchword.store.state.vault import Vault
from watchword.web.login import device_binding, sessions
from watchword.web.login.desk import Desk
from watchword.web.login.device_binding import (
    GRACE,
    LASTS,
    bound_cookie,
    check_refresh,
    check_registration,
    holds,
)

VAULT = Vault(KEYS, os.urandom)
AAL2 = PRESETS["aal2"]
ONE = SessionId("a" * 64)


class Device:
    """A browser's key, and the proofs that it signs."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, str]:
        point = self.key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(point.x.to_bytes(32, "big")),
            "y": b64(point.y.to_bytes(32, "big")),
        }

    def prove(self, challenge: str, *, register: bool = False, **faults: Any) -> str:
        header: dict[str, Any] = {"alg": "ES256", "typ": "dbsc+jwt"}
        claims: dict[str, Any] = {"jti": challenge}
        if register and faults.get("old"):
            claims["key"] = faults.get("jwk", self.jwk())
        elif register:
            header["jwk"] = faults.get("jwk", self.jwk())
        header |= faults.get("header", {})
        claims |= faults.get("claims", {})
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        der = faults.get("key", self.key).sign(signed.encode(), ec.ECDSA(SHA256()))
        r, s = utils.decode_dss_signature(der)
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return f"{signed}.{faults.get('signature', b64(raw))}"


@pytest.mark.parametrize("old", [False, True])
def test_a_key_is_registered_by_proving_it_and_proved_again(old: bool) -> None:
    device = Device()
    kept = check_registration(device.prove("c", register=True, old=old), "c")
    assert json.loads(kept) == device.jwk()
    check_refresh(device.prove("d"), "d", kept)


@pytest.mark.parametrize(
    "faults",
    [
        {"header": {"alg": "none"}, "signature": ""},
        {"header": {"alg": "HS256"}},
        {"header": {"alg": "RS256"}},
        {"header": {"typ": "JWT"}},
        {"header": {"crit": ["exp"]}},
        {"claims": {"jti": "other"}},
        {"claims": {"jti": None}},
        {"claims": {"jti": ["c"]}},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"signature": "AAAA"},
        {"signature": b64(bytes(64))},
        {"jwk": None},
        {"jwk": "text"},
        {"jwk": {}},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}},
        {"jwk": {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"}},
        {"jwk": {"kty": "oct", "k": "AQ"}},
    ],
)
def test_a_registration_is_refused_that_proves_nothing(faults: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        check_registration(Device().prove("c", register=True, **faults), "c")


def test_a_private_key_is_not_taken() -> None:
    device = Device()
    told = device.jwk() | {"d": b64(bytes(32))}
    with pytest.raises(SignInRefused):
        check_registration(device.prove("c", register=True, jwk=told), "c")
    assert rsa


def test_another_key_or_challenge_does_not_refresh() -> None:
    device = Device()
    kept = check_registration(device.prove("c", register=True), "c")
    for proof in (Device().prove("d"), device.prove("c"), Device().prove("d", register=True)):
        with pytest.raises(SignInRefused):
            check_refresh(proof, "d", kept)
    with pytest.raises(SignInRefused):
        check_refresh(device.prove("d"), "d", "nonsense")


@given(st.text(max_size=60) | st.text(alphabet="ab.-_=", max_size=60))
def test_whatever_is_sent_as_a_proof_it_is_refused(text: str) -> None:
    for proof in (text, text * 200, f"{b64(text.encode())}.{b64(b'{}')}.AA"):
        with pytest.raises(SignInRefused):
            check_registration(proof, "c")


@pytest.mark.parametrize(
    ("after", "held"),
    [
        (timedelta(0), True),
        (LASTS, True),
        (LASTS + GRACE - timedelta(seconds=2), True),
        (LASTS + GRACE, False),
        (-timedelta(seconds=30), True),
        (-timedelta(minutes=2), False),
    ],
)
def test_the_short_lived_cookie_holds_for_minutes(after: timedelta, held: bool) -> None:
    assert holds(VAULT, ONE, bound_cookie(VAULT, ONE, NOW), NOW + after) is held


def test_the_short_lived_cookie_is_of_one_session_and_cannot_be_made_longer() -> None:
    cookie = bound_cookie(VAULT, ONE, NOW)
    end, tag = cookie.split(".")
    for other in (f"{int(end) + 300}.{tag}", f"{end}.{b64(bytes(32))}", "", ".", f"{end}.", f"0{end}.{tag}x"):
        assert not holds(VAULT, ONE, other, NOW)
    assert not holds(VAULT, SessionId("b" * 64), cookie, NOW)
    assert not holds(Vault({"k2": bytes(32)}, os.urandom), ONE, cookie, NOW)


def test_headers_and_instructions_have_the_drafts_form() -> None:
    assert device_binding.registration_header("ch") == '(ES256);path="/device/register";challenge="ch"'
    name = device_binding.public_id(ONE)
    assert device_binding.challenge_header("ch", ONE) == f'"ch";id="{name}"'
    told = device_binding.instructions(ONE, "https://watchword.example")
    assert told["session_identifier"] == name
    assert told["credentials"][0]["name"] == device_binding.COOKIE
    assert ONE not in json.dumps(told)


def bound(desk: Desk, browser: Browser) -> tuple[Device, str, Session]:
    """Somebody who has signed in, and whose session is bound."""
    result = by_passkey(desk, with_passkey(desk, somebody(desk), browser), browser)
    device, session = Device(), result.session.id
    challenge = device_binding.challenge(desk, session, browser.visit())
    device_binding.bind(desk, session, device.prove(challenge, register=True), browser.visit())
    with desk.database.reading() as connection:
        held = session_store.find(connection, session)
    assert held is not None
    return device, result.token, held.session


@both
def test_8_7_a_stolen_cookie_is_worth_minutes(desk: Desk, browser: Browser) -> None:
    device, token, session = bound(desk, browser)

    def resolve(cookie: str) -> bool:
        check = lambda one: holds(desk.vault, one.id, cookie, browser.at)  # noqa: E731
        return sessions.resolve(desk.database, token, AAL2, browser.at, check) is not None

    assert not resolve("")
    challenge = device_binding.challenge(desk, session.id, browser.visit())
    cookie = device_binding.refresh(desk, session, device.prove(challenge), browser.visit())
    assert resolve(cookie)
    browser.visit(13 * 60)
    assert not resolve(cookie)
    thief = Device()
    for proof in (
        device.prove(challenge),
        thief.prove(device_binding.challenge(desk, session.id, browser.visit())),
    ):
        with pytest.raises(SignInRefused):
            device_binding.refresh(desk, session, proof, browser.visit())
    challenge = device_binding.challenge(desk, session.id, browser.visit())
    assert resolve(device_binding.refresh(desk, session, device.prove(challenge), browser.visit()))


def test_a_bound_session_stays_with_its_key_and_others_challenges_do_not_help(
    desk: Desk, browser: Browser
) -> None:
    device, _, session = bound(desk, browser)
    challenge = device_binding.challenge(desk, session.id, browser.visit())
    with pytest.raises(SignInRefused, match="cannot be bound"):
        device_binding.bind(desk, session.id, Device().prove(challenge, register=True), browser.visit())
    challenge = device_binding.challenge(desk, SessionId("x" * 64), browser.visit())
    with pytest.raises(SignInRefused, match="another session"):
        device_binding.refresh(desk, session, device.prove(challenge), browser.visit())
    challenge = device_binding.challenge(desk, session.id, browser.visit())
    with pytest.raises(SignInRefused, match="no such flow"):
        device_binding.refresh(desk, session, device.prove(challenge), Browser(at=browser.at).visit())
