"""Browsers that are known: nobody makes one up, moves one to another person, or keeps one for ever (step 3.2)."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.state.people import NOW
from tests.web.login.conftest import KEYS
from watchword.model.people import PrincipalId
from watchword.store.state.vault import Vault
from watchword.web.login import known_devices
from watchword.web.login.known_devices import LASTS, MOST, device_of, remember

VAULT = Vault(KEYS, os.urandom)
ADA, BOB = PrincipalId("p-ada"), PrincipalId("p-bob")


def test_a_browser_is_known_after_a_sign_in_and_keeps_its_device() -> None:
    device, cookie = remember(VAULT, "", ADA, NOW, os.urandom)
    assert device_of(VAULT, cookie, ADA, NOW) == device
    assert device_of(VAULT, cookie, BOB, NOW) == ""
    again, renewed = remember(VAULT, cookie, ADA, NOW + timedelta(days=1), os.urandom)
    assert again == device
    assert device_of(VAULT, renewed, ADA, NOW + LASTS) == device


def test_a_browser_knows_several_people_and_forgets_the_first() -> None:
    cookie, devices = "", {}
    people = [PrincipalId(f"p-{n}") for n in range(MOST + 1)]
    for one in people:
        devices[one], cookie = remember(VAULT, cookie, one, NOW, os.urandom)
    assert [device_of(VAULT, cookie, one, NOW) for one in people] == [
        "",
        *(devices[one] for one in people[1:]),
    ]


def test_a_browser_is_known_until_its_time_is_over_and_not_before_it_begins() -> None:
    _, cookie = remember(VAULT, "", ADA, NOW, os.urandom)
    assert device_of(VAULT, cookie, ADA, NOW + LASTS - timedelta(minutes=2))
    assert not device_of(VAULT, cookie, ADA, NOW + LASTS)
    assert not device_of(VAULT, cookie, ADA, NOW - timedelta(minutes=2))


def test_after_a_rotation_of_keys_browsers_stay_known_and_after_its_end_not() -> None:
    _, cookie = remember(VAULT, "", ADA, NOW, os.urandom)
    assert device_of(Vault({**KEYS, "k2": bytes(32)}, os.urandom), cookie, ADA, NOW)
    assert not device_of(Vault({"k2": bytes(32)}, os.urandom), cookie, ADA, NOW)


@given(st.data())
def test_whatever_is_changed_in_a_cookie_nobody_is_known_by_it(data: st.DataObject) -> None:
    _, cookie = remember(VAULT, "", ADA, NOW, os.urandom)
    at = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda one: one != cookie[at]))
    changed = cookie[:at] + letter + cookie[at + 1 :]
    found = device_of(VAULT, changed, ADA, NOW)
    # The last letter of a tag has two bits that stand for nothing.
    assert not found or at == len(cookie) - 1


@given(st.text(max_size=400))
def test_whatever_the_cookie_holds_it_is_read_or_left(text: str) -> None:
    assert device_of(VAULT, text, ADA, NOW) == ""


def test_an_entry_is_not_moved_to_another_person() -> None:
    _, ada = remember(VAULT, "", ADA, NOW, os.urandom)
    _, bob = remember(VAULT, "", BOB, NOW, os.urandom)
    mixed = ".".join([bob.split(".")[0], *ada.split(".")[1:]])
    assert device_of(VAULT, mixed, BOB, NOW) == ""
    assert device_of(VAULT, f"{mixed}~{ada}", ADA, NOW)


@pytest.mark.parametrize("cookie", ["~" * 5000, "A" * 2000, "a.b.c.d~" * 200])
def test_a_cookie_that_is_too_long_is_not_read(cookie: str) -> None:
    assert device_of(VAULT, cookie, ADA, NOW) == ""


def test_a_cookie_fits_into_what_browsers_keep() -> None:
    cookie = ""
    for n in range(MOST):
        cookie = remember(VAULT, cookie, PrincipalId(f"p-{n}-" + "x" * 60), NOW, os.urandom)[1]
    assert len(cookie) < 4000
    assert known_devices.COOKIE.startswith("__Host-")
