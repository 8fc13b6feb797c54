"""Secrets: readable with the right key in the right place, and otherwise not at all."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.state.people import NOW
from watchword.errors import VaultError
from watchword.model.factors import Secret, SecretId
from watchword.store.state import vault
from watchword.store.state.database import Database
from watchword.store.state.vault import Vault

ONE = Vault({"k1": bytes(range(32))}, os.urandom)
TWO = Vault({"k1": bytes(range(32)), "k2": bytes(32)}, os.urandom)
ID = SecretId("s-1")


@given(st.binary(max_size=200), st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()))
def test_what_is_sealed_can_be_opened(plain: bytes, name: str) -> None:
    assert ONE.open(ONE.seal(SecretId(name), plain, NOW)) == plain


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_bit_is_seen(plain: bytes, data: st.DataObject) -> None:
    sealed = ONE.seal(ID, plain, NOW)
    bit = data.draw(st.integers(0, 8 * len(sealed.ciphertext) - 1))
    changed = bytearray(sealed.ciphertext)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        ONE.open(replace(sealed, ciphertext=bytes(changed)))


def test_a_secret_in_anothers_place_is_refused() -> None:
    sealed = ONE.seal(ID, b"seed", NOW)
    with pytest.raises(VaultError, match="another's"):
        ONE.open(replace(sealed, id=SecretId("s-2")))


def test_a_cut_off_ciphertext_is_refused() -> None:
    for length in range(0, 28, 5):
        with pytest.raises(VaultError):
            ONE.open(Secret(ID, "k1", b"x" * length, NOW))


def test_two_sealings_of_the_same_differ() -> None:
    assert ONE.seal(ID, b"seed", NOW).ciphertext != ONE.seal(ID, b"seed", NOW).ciphertext


def test_the_newest_key_encrypts_and_all_decrypt() -> None:
    old = ONE.seal(ID, b"seed", NOW)
    assert TWO.open(old) == b"seed"
    assert TWO.seal(ID, b"seed", NOW).key == "k2"
    with pytest.raises(VaultError, match="k2"):
        ONE.open(TWO.seal(ID, b"seed", NOW))


def test_keys_for_other_purposes_differ_from_each_other_and_from_the_master() -> None:
    first, second = TWO.derived("one"), TWO.derived("two")
    assert len({*first, *second, *TWO.keys.values()}) == 6
    assert first[0] == Vault({"k2": bytes(32)}, os.urandom).derived("one")[0]


def test_no_key_is_ever_shown() -> None:
    assert str(bytes(range(32)))[2:-1] not in repr(ONE)
    assert "keys" not in repr(ONE)
    sealed = ONE.seal(ID, b"seed", NOW)
    assert "ciphertext" not in repr(sealed)


@pytest.mark.parametrize("keys", [{}, {"k": b"short"}])
def test_a_vault_without_a_sound_key_is_refused(keys: dict[str, bytes]) -> None:
    with pytest.raises(VaultError):
        Vault(keys, os.urandom)


def test_a_file_of_keys_is_made_readable_by_its_owner_only_and_rotated(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "watchword.key"
    made = vault.create(path, os.urandom)
    assert path.stat().st_mode & 0o777 == 0o600
    assert vault.load(path) == made
    with pytest.raises(VaultError):
        vault.create(path, os.urandom)
    rotated = vault.rotate(path, os.urandom)
    assert list(rotated)[:1] == list(made)
    assert len(rotated) == 2
    assert vault.load(path) == rotated
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault(rotated, os.urandom).open(Vault(made, os.urandom).seal(ID, b"x", NOW)) == b"x"


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    vault.create(path, os.urandom)
    path.chmod(0o640)
    with pytest.raises(VaultError, match="others"):
        vault.load(path)


@pytest.mark.parametrize(
    "text", ["", "nonsense", "k1:short", "K1:" + "A" * 43, f"a:{'A' * 43} a:{'B' * 43}", "k1:" + "ä" * 43]
)
def test_a_file_without_sound_keys_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(VaultError) as refused:
        vault.load(path)
    assert not text or text not in refused.value.diagnosis()


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(VaultError):
            vault.load(path)


def test_the_environment_comes_before_the_file_and_a_file_is_made_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "k"
    with pytest.raises(VaultError):
        vault.open_vault(path, os.urandom, {})
    made = vault.open_vault(path, os.urandom, {}, make=True)
    again = vault.open_vault(path, os.urandom, {}, make=True)
    assert again.keys == made.keys
    told = vault.open_vault(path, os.urandom, {vault.VARIABLE: f"# no\nenv:{'A' * 43},k:{'B' * 43}="})
    assert list(told.keys) == ["env", "k"]


def test_secrets_are_kept_replaced_resealed_and_forgotten(database: Database) -> None:
    with database.writing() as connection:
        vault.put(connection, ONE, ID, b"one", NOW)
        vault.put(connection, ONE, SecretId("s-2"), b"two", NOW)
        vault.replace(connection, ONE, ID, b"other", NOW)
        assert vault.reseal(connection, TWO, most=1) == 1
        assert vault.reseal(connection, TWO) == 1
        assert vault.reseal(connection, TWO) == 0
        only = Vault({"k2": bytes(32)}, os.urandom)
        assert vault.get(connection, only, ID) == b"other"
        assert vault.get(connection, only, SecretId("s-2")) == b"two"
        vault.forget(connection, ID)
        with pytest.raises(VaultError, match="gone"):
            vault.get(connection, only, ID)
