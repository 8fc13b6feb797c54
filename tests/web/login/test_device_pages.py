"""Sessions bound to a device's key, with a client that has one: what a stolen cookie is worth, and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.web.login.conftest import Browser, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.web.login.desk import Desk


@dataclass
class Device:
    """A browser's side of Device Bound Session Credentials, after the W3C's editor's draft."""

    window: Window
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256"))
    id: str = ""

    def proof(self, challenge: str, *, key: Any = None) -> str:
        signing = key or self.key
        header = {"alg": "ES256", "typ": "dbsc+jwt", "jwk": signing.as_dict(private=False)}
        return jwt.encode(header, {"jti": challenge}, signing, algorithms=["ES256"])

    def post(self, path: str, **headers: str) -> httpx.Response:
        """As the browser itself asks: no Origin, no Sec-Fetch-Site, no form."""
        return self.window.client.post(path, headers=headers)

    def register(self, told: httpx.Response, **more: Any) -> httpx.Response:
        found = re.fullmatch(
            r'\(ES256\);path="(/[a-z/]+)";challenge="([\w-]+)"', told.headers["secure-session-registration"]
        )
        assert found is not None
        answer = self.post(found[1], **{"secure-session-response": f'"{self.proof(found[2], **more)}"'})
        if answer.status_code == 200:
            self.id = answer.json()["session_identifier"]
        return answer

    def refresh(self, **more: Any) -> httpx.Response:
        asked = self.post("/device/refresh", **{"sec-secure-session-id": f'"{self.id}"'})
        assert asked.status_code == 403
        found = re.fullmatch(r'"([\w-]+)";id="([\w-]+)"', asked.headers["secure-session-challenge"])
        assert found is not None
        assert found[2] == self.id
        return self.post("/device/refresh", **{"secure-session-response": self.proof(found[1], **more)})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signed_in(sqlite_desk: Desk, tmp_path: Path, clock: Clock, browser: Browser) -> Device:
    """A browser that has just signed in, with a passkey in ``window.passkey``."""
    passkey = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window = Window.on(plane_of(sqlite_desk.database, tmp_path, clock))
    window.look("/sign-in")
    window.use(passkey, "/sign-in/passkey")
    device = Device(window)
    device.passkey = passkey  # type: ignore[attr-defined]
    return device


def is_in(window: Window) -> bool:
    return window.look("/me").status_code == 200


def stolen(device: Device) -> Window:
    """Another browser with the session's cookie, and with that of the device as it is now."""
    thief = device.window.another("198.51.100.9")
    thief.client.cookies.update(device.window.client.cookies)
    return thief


def test_a_bound_session_goes_on_only_with_proofs_of_its_key(signed_in: Device, clock: Clock) -> None:
    answer = signed_in.register(signed_in.window.page)
    assert answer.status_code == 200
    assert answer.json()["refresh_url"] == "/device/refresh"
    assert answer.json()["credentials"][0]["name"] == "__Host-ww-device"
    assert is_in(signed_in.window)
    thief = stolen(signed_in)
    clock.turn(minutes=13)
    assert not is_in(thief)
    assert not is_in(signed_in.window)
    assert signed_in.refresh().status_code == 200
    assert is_in(signed_in.window)
    assert not is_in(thief)


def test_a_thief_of_the_cookies_cannot_refresh_them(signed_in: Device, clock: Clock) -> None:
    signed_in.register(signed_in.window.page)
    thief = Device(stolen(signed_in), id=signed_in.id)
    clock.turn(minutes=13)
    assert thief.refresh().status_code == 403
    assert not is_in(thief.window)


def test_a_thief_cannot_bind_to_a_key_of_their_own_what_is_bound(signed_in: Device) -> None:
    told = signed_in.window.page
    signed_in.register(told)
    thief = Device(stolen(signed_in))
    assert thief.register(told).status_code == 403


def test_a_proof_is_taken_once(signed_in: Device, clock: Clock) -> None:
    signed_in.register(signed_in.window.page)
    asked = signed_in.post("/device/refresh")
    challenge = asked.headers["secure-session-challenge"].split('"')[1]
    proof = {"secure-session-response": signed_in.proof(challenge)}
    assert signed_in.post("/device/refresh", **proof).status_code == 200
    assert signed_in.post("/device/refresh", **proof).status_code == 403


def test_a_session_that_is_not_bound_goes_on_without(signed_in: Device, clock: Clock) -> None:
    clock.turn(minutes=30)
    assert is_in(signed_in.window)
    assert signed_in.post("/device/refresh").status_code == 403


def test_without_a_session_there_is_nothing_to_bind(signed_in: Device) -> None:
    told = signed_in.window.page
    stranger = Device(signed_in.window.another())
    assert stranger.register(told).status_code == 403
    assert stranger.post("/device/refresh").status_code == 403


def test_a_session_stays_bound_when_it_is_rotated(signed_in: Device, clock: Clock) -> None:
    signed_in.register(signed_in.window.page)
    window = signed_in.window
    window.look("/prove-again?next=/me")
    window.use(signed_in.passkey, "/prove-again/passkey")  # type: ignore[attr-defined]
    assert window.page.status_code == 303
    assert "secure-session-registration" not in window.page.headers
    assert is_in(window)
    clock.turn(minutes=13)
    assert not is_in(window)
    assert signed_in.refresh().status_code == 200
    assert is_in(window)
    assert "bound to the device" in window.words
