"""The tables of directories in the settings: what is taken, what is refused by name, and where secrets may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.directories.configured import COMMON, KEYS, SECRETS, below, read
from watchword.errors import ConfigError
from watchword.model.directory import DirectoryKind
from watchword.model.people import DirectoryId

LDAP: dict[str, Any] = {
    "kind": "ldap",
    "urls": ["ldaps://ldap.abc.example"],
    "base_dn": "dc=abc,dc=example",
    "bind_dn": "cn=reader,dc=abc,dc=example",
    "bind_password_env": "READER",
}
OIDC: dict[str, Any] = {"kind": "oidc", "issuer": "https://id.abc.example", "client_id": "watchword"}
ENVIRONMENT = {"READER": "planted-secret", "EMPTY": "  "}


def refused(table: dict[str, Any], environment: dict[str, str] | None = None) -> ConfigError:
    """The error with which a table is refused."""
    with pytest.raises(ConfigError) as caught:
        read({"corp": table}, ENVIRONMENT if environment is None else environment)
    return caught.value


def test_an_ldap_directory_becomes_settings_of_ldap() -> None:
    found = read({"corp": {**LDAP, "page_size": 100}}, ENVIRONMENT)[DirectoryId("corp")]
    settings = found.ldap()
    assert (settings.directory, settings.urls, settings.page_size) == ("corp", tuple(LDAP["urls"]), 100)
    assert settings.bind_password == "planted-secret"
    assert (found.display, found.admit, found.sign_in) == ("corp", False, True)


def test_what_all_kinds_have_is_read() -> None:
    table = {
        **OIDC,
        "display": "Company login",
        "admit": True,
        "assurance": {"urn:mfa": 2, "pwd": 1},
        "mfa_methods": ["mfa", "hwk"],
        "authoritative": ["employee_number"],
    }
    found = read({"idp": table}, {})[DirectoryId("idp")]
    assert (found.display, found.admit, found.authoritative) == ("Company login", True, ("employee_number",))
    assert dict(found.trust.acr) == {"urn:mfa": 2, "pwd": 1}
    assert found.trust.amr == {"mfa", "hwk"}


def test_one_can_be_read_only() -> None:
    assert not read({"corp": {**LDAP, "sign_in": False}}, ENVIRONMENT)[DirectoryId("corp")].sign_in


@pytest.mark.parametrize("kind", sorted(set(DirectoryKind) - {"ldap", "oidc", "saml", "local"}))
def test_nobody_signs_in_with_a_directory_that_is_only_read(kind: str) -> None:
    needed: dict[str, dict[str, Any]] = {
        "cognito": {"user_pool": "eu-west-1_AbC123", "region": "eu-west-1"},
        "identity-center": {"identity_store": "d-1234567890", "region": "eu-west-1"},
        "scim": {"token_sha256": ["a" * 64]},
    }
    assert not read({"x": {"kind": kind, **needed[kind]}}, {})[DirectoryId("x")].sign_in


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown kind", {"kind": "ldpa"}, "kind"),
    ("no kind", {}, "kind"),
    ("a misspelt key", {**LDAP, "base": "dc=x"}, "base"),
    ("a key of another kind", {**OIDC, "base_dn": "dc=x"}, "base_dn"),
    ("a needed key missing", {key: LDAP[key] for key in LDAP if key != "base_dn"}, "base_dn"),
    ("a secret in the settings", {**LDAP, "bind_password": "planted-inline"}, "bind_password"),
    ("no secret", {key: LDAP[key] for key in LDAP if key != "bind_password_env"}, "bind_password_file"),
    ("two places of a secret", {**LDAP, "bind_password_file": "x"}, "bind_password_file"),
    ("a variable that is not there", {**LDAP, "bind_password_env": "NOBODY"}, "bind_password_env"),
    ("an empty secret", {**LDAP, "bind_password_env": "EMPTY"}, "bind_password_env"),
    ("no name of a variable", {**LDAP, "bind_password_env": "planted secret"}, "bind_password_env"),
    ("a word for true", {**LDAP, "admit": "yes"}, "admit"),
    ("one for true", {**LDAP, "admit": 1}, "admit"),
    ("a level of 3", {**OIDC, "assurance": {"urn:x": 3}}, "assurance"),
    ("true as a level", {**OIDC, "assurance": {"urn:x": True}}, "assurance"),
    ("a text for a list", {**OIDC, "mfa_methods": "mfa"}, "mfa_methods"),
    ("a number in a list", {**OIDC, "mfa_methods": [1]}, "mfa_methods"),
    ("a page size of none", {**LDAP, "page_size": 0}, "page_size"),
    ("true as a number", {**LDAP, "page_size": True}, "page_size"),
    ("no servers", {**LDAP, "urls": []}, "urls"),
    ("plain LDAP elsewhere", {**LDAP, "urls": ["ldap://h"], "tls": "none"}, "tls"),
    ("no DN", {**LDAP, "base_dn": "nonsense"}, "base_dn"),
    ("an issuer without scheme", {**OIDC, "issuer": "id.abc.example"}, "issuer"),
    ("a password in an issuer", {**OIDC, "issuer": "https://u:planted@h"}, "issuer"),
    ("something else to link by", {**OIDC, "authoritative": ["name"]}, "authoritative"),
    ("a line end in a text", {**OIDC, "display": "a\nb"}, "display"),
    ("a token's digest in capitals", {"kind": "scim", "token_sha256": ["A" * 64]}, "token_sha256"),
    ("a region of nowhere", {"kind": "cognito", "user_pool": "eu-west-1_A", "region": "x"}, "region"),
]


@pytest.mark.parametrize(("what", "table", "key"), WRONG, ids=[one[0] for one in WRONG])
def test_what_cannot_be_is_refused_by_its_name(what: str, table: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({"corp": table}, ENVIRONMENT)[DirectoryId("corp")].ldap()
    assert f"directories.corp.{key}:" in caught.value.what, what
    assert "planted" not in caught.value.diagnosis()


def test_a_secret_is_read_from_a_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "reader.password"
    file.write_text("  kept as it is \n")
    file.chmod(0o600)
    table = {key: LDAP[key] for key in LDAP if key != "bind_password_env"}
    found = read(below({"corp": {**table, "bind_password_file": "reader.password"}}, tmp_path), {})
    assert found[DirectoryId("corp")].ldap().bind_password == "  kept as it is "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_secret_that_others_can_reach_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("planted-secret")
    file.chmod(mode)
    table = {key: LDAP[key] for key in LDAP if key != "bind_password_env"}
    told = refused({**table, "bind_password_file": str(file)})
    assert "directories.corp.bind_password_file" in told.what
    assert "chmod 600" in told.what
    assert "planted" not in told.diagnosis()


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "huge", "binary", "empty"])
def test_what_is_no_file_with_a_secret_is_refused(what: str, tmp_path: Path) -> None:
    import os

    file = tmp_path / "password"
    match what:
        case "folder":
            file.mkdir(mode=0o700)
        case "pipe":
            os.mkfifo(file, 0o600)
        case "huge":
            file.write_bytes(b"x" * 20_000)
        case "binary":
            file.write_bytes(b"\xff\xfe")
        case "empty":
            file.write_bytes(b"\n")
    if file.is_file():
        file.chmod(0o600)
    table = {key: LDAP[key] for key in LDAP if key != "bind_password_env"}
    assert "bind_password_file" in refused({**table, "bind_password_file": str(file)}).what


def test_no_secret_is_shown() -> None:
    found = read({"corp": LDAP}, ENVIRONMENT)
    assert "planted" not in repr(found)
    assert "planted" not in repr(found[DirectoryId("corp")].ldap())


def test_two_directories_cannot_be_one_identity_provider() -> None:
    with pytest.raises(ConfigError, match="same identity provider as one"):
        read({"one": OIDC, "two": {**OIDC, "display": "again"}}, {})
    assert len(read({"one": OIDC, "two": {**OIDC, "client_id": "other"}}, {})) == 2


def test_files_are_meant_beside_the_settings(tmp_path: Path) -> None:
    tables = {"corp": {"kind": "ldap", "ca_file": "ca.pem", "bind_password_file": "/abs/x", "page_file": 3}}
    found = below(tables, tmp_path)["corp"]
    assert found == {
        "kind": "ldap",
        "ca_file": str(tmp_path / "ca.pem"),
        "bind_password_file": "/abs/x",
        "page_file": 3,
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = sorted({*COMMON, *(key for keys in KEYS.values() for key in keys)} | {"bind_password_env", "x"})


@given(kind=st.sampled_from(sorted(DirectoryKind)), more=st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_stands_there_is_read_or_refused_by_name(kind: str, more: dict[str, Any]) -> None:
    try:
        read({"corp": {"kind": kind, **more}}, ENVIRONMENT)
    except ConfigError as error:
        assert "directories.corp" in error.what  # noqa: PT017 - most tables are refused, some are not


def test_an_openid_provider_becomes_settings_of_oidc() -> None:
    table = {**OIDC, "client_secret_env": "READER", "ask_acr": ["urn:mfa"], "max_age": 3600}
    settings = read({"idp": table}, ENVIRONMENT)[DirectoryId("idp")].oidc("https://w.example/callback")
    assert (settings.issuer, settings.client_secret) == (OIDC["issuer"], "planted-secret")
    assert (settings.ask_acr, settings.max_age) == (("urn:mfa",), 3600)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"scopes": ["profile"]}, "scopes"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"issuer": "http://x"}, "issuer"),
    ],
)
def test_what_an_openid_provider_cannot_have_is_refused_by_its_name(more: dict[str, Any], key: str) -> None:
    found = read({"idp": {**OIDC, **more}}, {})[DirectoryId("idp")]
    with pytest.raises(ConfigError, match=f"directories.idp.{key}:"):
        found.oidc("https://w.example/callback")


@pytest.mark.parametrize("name", ["acs", "back-channel", "callback", "finish", "local"])
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"directories.{name}: this name is kept"):
        read({name: OIDC}, {})


def test_our_own_directory_is_called_local_and_nothing_else() -> None:
    assert read({"local": {"kind": "local"}}, {})[DirectoryId("local")].sign_in
    with pytest.raises(ConfigError, match=r"directories\.ours"):
        read({"ours": {"kind": "local"}}, {})


def test_every_key_stands_in_the_documentation() -> None:
    told = Path("docs/how-to/directories.md").read_text()
    secrets = {f"{one}_{way}" for kind in SECRETS.values() for one in kind for way in ("file", "env")}
    keys = {*COMMON, *(key for kind in KEYS.values() for key in kind), *secrets}
    assert sorted(key for key in keys if f"`{key}`" not in told) == []
