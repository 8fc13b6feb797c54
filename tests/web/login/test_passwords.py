"""Passwords of our own directory (docs/sign-in.md, steps 7.3 and 7.4)."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from watchword.errors import ConfigError, SignInThrottled
from watchword.web.login import passwords
from watchword.web.login.passwords import PasswordRefused, check_new

WORDS = ("Company ABC", "watchword", "Ada Lovelace", "ada", "watchword.example")
GOOD = "staple battery horse correct 9"


@pytest.mark.parametrize(
    ("password", "may"),
    [
        (GOOD, True),
        ("mütze-lampe-fenster", True),
        ("пароль не угадаешь никогда", True),
        ("kx7!pQz2", True),
        ("short7!", False),
        ("x" * 257, False),
        ("password", False),
        ("PassWord", False),
        ("password123", False),
        ("P@ssw0rd", False),
        ("!!Passw0rd!!", False),
        ("12345678", False),
        ("aaaaaaaaaaaaaaaaaaaa", False),
        ("abababababababab", False),
        ("watchword", False),
        ("Watchword2026!", False),
        ("w4tchw0rd", False),
        ("lovelace1815", False),
        ("adalovelace", False),
        ("CompanyABC!", False),
        ("2026!2026!2026!", False),
        ("correcthorsebatterystaple", False),
        ("nul\0nul\0nul\0nul", False),
        ("half \ud800 a pair of it", False),
        ("watchword by four other words", True),
    ],
)
def test_7_3_a_password_is_refused_that_anybody_would_try(password: str, may: bool) -> None:
    if may:
        check_new(password, WORDS, frozenset())
    else:
        with pytest.raises(PasswordRefused) as refused:
            check_new(password, WORDS, frozenset())
        assert refused.value.what in {
            "this password is too easy to guess",
            "a password has 8 to 256 characters",
            "a password with characters that cannot be",
        }


@pytest.mark.parametrize(
    ("length", "has_second", "may"),
    [(14, False, False), (15, False, True), (8, True, True), (7, True, False)],
)
def test_7_3_where_it_may_be_the_only_factor_it_is_longer(length: int, has_second: bool, may: bool) -> None:
    password = "kxqzwvjpmbtghdnrf"[:length]
    if may:
        check_new(password, (), frozenset(), has_second=has_second)
    else:
        with pytest.raises(PasswordRefused):
            check_new(password, (), frozenset(), has_second=has_second)


def test_7_3_length_is_counted_in_characters_as_they_are_hashed() -> None:
    check_new("ﬀﬁﬂxyqz", (), frozenset())
    with pytest.raises(PasswordRefused):
        check_new("é" * 7, (), frozenset())


def test_7_3_the_companys_list_is_read_in_both_forms(tmp_path: Path) -> None:
    path = tmp_path / "blocked.txt"
    sha1 = hashlib.sha1(b"tulips in amsterdam").hexdigest().upper()
    path.write_bytes(f"Zeppelin Am Himmel\n\n{sha1}:17\n".encode() + b"\xff\xfe broken\n")
    blocked = passwords.blocklist(path)
    for password in ("zeppelin am himmel", "ZEPPELIN AM HIMMEL", "tulips in amsterdam"):
        check_new(password, (), frozenset())
        with pytest.raises(PasswordRefused, match="easy to guess"):
            check_new(password, (), blocked)


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as refused:
        passwords.blocklist(tmp_path / "missing.txt")
    assert "blocklist_file" in refused.value.diagnosis()
    (tmp_path / "large.txt").write_text("x\n" * 10)
    monkeypatch.setattr(passwords, "LARGEST_LIST", 5)
    with pytest.raises(ConfigError, match="larger"):
        passwords.blocklist(tmp_path / "large.txt")


def test_the_shipped_list_holds_what_it_must() -> None:
    assert {"password", "123456", "qwerty", "iloveyou", "password1", "111111"} <= passwords.commonest()


def test_7_4_a_password_is_its_own_hashs_and_no_others() -> None:
    kept = passwords.hashed(GOOD, os.urandom)
    assert kept.startswith(b"$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(kept, GOOD)
    assert not passwords.verify(kept, GOOD + " ")
    assert not passwords.verify(kept, GOOD.upper())
    assert not passwords.verify(None, GOOD)
    assert not passwords.verify(b"nonsense", GOOD)
    assert passwords.hashed(GOOD, os.urandom) != kept
    assert not passwords.is_outdated(kept)


def test_7_4_keyboards_that_write_a_letter_differently_agree() -> None:
    kept = passwords.hashed("Caf\u00e9 au lait \ufb01n", os.urandom)
    assert passwords.verify(kept, "Cafe\u0301 au lait fin")


def test_7_4_nobodys_password_is_never_right_not_even_the_one_it_is_compared_with() -> None:
    for password in ("", "-", "x" * 10_000, "\ud800", "\0"):
        assert not passwords.verify(None, password)
        assert not passwords.verify(passwords.hashed("-", os.urandom), "x" * 10_000)


def test_7_4_no_more_than_a_few_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = threading.BoundedSemaphore(1)
    monkeypatch.setattr(passwords, "_TURNS", turns)
    monkeypatch.setattr(passwords, "WAIT", 0.01)
    turns.acquire()
    with pytest.raises(SignInThrottled):
        passwords.verify(None, GOOD)
    turns.release()
    assert not passwords.verify(None, GOOD)
