"""What may be set, and what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from watchword.collect.directories.ldap_settings import Flavour, LdapSettings, Tls, address

RIGHT: dict[str, Any] = {
    "directory": "company",
    "urls": ["ldaps://ldap.abc.example"],
    "base_dn": "dc=abc,dc=example",
    "bind_dn": "cn=reader,dc=abc,dc=example",
    "bind_password": "s3cret-of-the-reader",
}

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("directory", {"directory": ""}),
    ("urls", {"urls": []}),
    ("urls", {"urls": ["http://x"]}),
    ("urls", {"urls": ["ldapi:///"]}),
    ("urls", {"urls": ["ldaps://"]}),
    ("urls", {"urls": ["ldaps://x:99999"]}),
    ("urls", {"urls": ["ldaps://x/dc=abc"]}),
    ("urls", {"urls": ["ldaps://x?y"]}),
    ("urls", {"urls": ["ldaps://user:hidden-word@x"]}),
    ("urls", {"urls": ["ldaps://[::1"]}),
    ("tls", {"tls": "starttls"}),
    ("tls", {"tls": "maybe"}),
    ("tls", {"urls": ["ldap://x"], "tls": "ldaps"}),
    ("tls", {"urls": ["ldap://x"], "tls": "none"}),
    ("tls", {"urls": ["ldap://x"], "tls": "none", "allow_plain": True}),
    ("tls", {"urls": ["ldap://127.0.0.1"], "tls": "none"}),
    ("tls", {"urls": ["ldap://127.0.0.1.x.example"], "tls": "none", "allow_plain": True}),
    ("tls", {"urls": ["ldap://127.0.0.1", "ldap://x"], "tls": "none", "allow_plain": True}),
    ("base_dn", {"base_dn": ""}),
    ("base_dn", {"base_dn": "abc"}),
    ("user_base", {"user_base": "ou=people,dc=other"}),
    ("group_base", {"group_base": "x"}),
    ("bind_dn", {"bind_dn": ""}),
    ("bind_dn", {"bind_dn": "reader"}),
    ("bind_dn", {"bind_dn": "a@b\0"}),
    ("bind_password", {"bind_password": ""}),
    ("bind_password", {"bind_password": "a\0b"}),
    ("ca_file", {"ca_file": "/nowhere/ca.pem"}),
    ("user_filter", {"user_filter": "uid=x"}),
    ("user_filter", {"user_filter": "(uid=x"}),
    ("user_filter", {"user_filter": "(uid=x)(uid=y)"}),
    ("user_filter", {"user_filter": "(uid=x))(|(uid=y)"}),
    ("group_filter", {"group_filter": ")("}),
    ("user_name_attributes", {"user_name_attributes": ("uid=*",)}),
    ("flavour", {"flavour": "novell"}),
    ("page_size", {"page_size": 0}),
    ("page_size", {"page_size": 1001}),
    ("page_size", {"page_size": True}),
    ("most_entries", {"most_entries": 0}),
    ("timeout", {"timeout": 0}),
    ("connect_timeout", {"connect_timeout": float("nan")}),
]


@pytest.mark.parametrize(("name", "changes"), WRONG, ids=lambda value: repr(value)[:60])
def test_a_setting_that_cannot_be_is_refused_by_name_and_tells_no_secret(
    name: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: ") as caught:
        LdapSettings(**{**RIGHT, **changes})
    assert "s3cret" not in str(caught.value)
    assert "hidden-word" not in str(caught.value)


PROTECTED = [
    (["ldaps://x"], None, Tls.LDAPS),
    (["ldap://x"], None, Tls.STARTTLS),
    (["ldap://x:3890"], "starttls", Tls.STARTTLS),
    (["ldap://127.0.0.1"], None, Tls.STARTTLS),
]


@pytest.mark.parametrize(("urls", "tls", "expected"), PROTECTED)
def test_every_connection_is_protected_unless_it_is_refused(
    urls: list[str], tls: str | None, expected: Tls
) -> None:
    settings = LdapSettings(**{**RIGHT, "urls": urls, "tls": tls})
    assert settings.protection(settings.urls[0]) is expected


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost"])
def test_loopback_may_go_without_tls_where_both_say_so(host: str) -> None:
    settings = LdapSettings(**{**RIGHT, "urls": [f"ldap://{host}"], "tls": "none", "allow_plain": True})
    assert settings.protection(settings.urls[0]) is Tls.NONE


def test_what_may_be_set_is_taken(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    settings = LdapSettings(
        **{
            **RIGHT,
            "urls": ["ldaps://one.abc.example", "ldap://two.abc.example:3389"],
            "bind_dn": "reader@abc.example",
            "ca_file": str(ca),
            "user_base": "OU=People, DC=ABC, DC=Example",
            "user_filter": "(&(objectClass=person)(!(ou=former)))",
            "flavour": "active-directory",
        }
    )
    assert settings.flavour is Flavour.ACTIVE_DIRECTORY
    assert settings.group_base == settings.base_dn
    assert settings.urls == ("ldaps://one.abc.example", "ldap://two.abc.example:3389")


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(LdapSettings(**RIGHT))


ADDRESSES = [("ldaps://x", ("x", 636)), ("ldap://x/", ("x", 389)), ("ldap://[::1]:1389", ("::1", 1389))]


@pytest.mark.parametrize(("url", "expected"), ADDRESSES)
def test_an_address_has_host_and_port(url: str, expected: tuple[str, int]) -> None:
    assert address(url) == expected
