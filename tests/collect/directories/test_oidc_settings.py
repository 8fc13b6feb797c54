"""Settings of an OpenID provider, and what becomes of its claims."""

from __future__ import annotations

import string
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.directories.oidc_claims import account, text, texts
from watchword.collect.directories.oidc_settings import OidcSettings
from watchword.errors import SignInRefused
from watchword.model.people import DirectoryId

GOOD: dict[str, Any] = {
    "directory": DirectoryId("idp"),
    "issuer": "https://id.abc.example/tenant/",
    "client_id": "watchword",
    "redirect_uri": "https://watchword.abc.example/sign-in/oidc/callback",
}


def pem(key: Any) -> str:
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.decode()


CURVE = pem(ec.generate_private_key(ec.SECP256R1()))
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no directory", {"directory": ""}, "directory"),
    ("no client", {"client_id": ""}, "client_id"),
    ("a client of two lines", {"client_id": "a\nb"}, "client_id"),
    ("an issuer without TLS", {"issuer": "http://id.abc.example"}, "issuer"),
    ("an issuer on loopback without TLS", {"issuer": "http://127.0.0.1"}, "issuer"),
    ("an issuer with a query", {"issuer": "https://id.abc.example/?a=b"}, "issuer"),
    ("an issuer with a fragment", {"issuer": "https://id.abc.example/#a"}, "issuer"),
    ("an issuer with a password", {"issuer": "https://a:planted-secret@id.abc.example/"}, "issuer"),
    ("no issuer", {"issuer": ""}, "issuer"),
    ("to us without TLS", {"redirect_uri": "http://watchword.abc.example/cb"}, "redirect_uri"),
    ("to loopback without TLS", {"redirect_uri": "http://localhost/cb"}, "redirect_uri"),
    ("to a script", {"redirect_uri": "javascript:alert(1)"}, "redirect_uri"),
    ("to nowhere", {"redirect_uri": "https:///cb"}, "redirect_uri"),
    ("secret and key", {"client_secret": "planted-secret", "client_key": CURVE}, "client_secret"),
    ("a key that is none", {"client_key": "planted-secret"}, "client_key"),
    ("a short key", {"client_key": pem(rsa.generate_private_key(65537, 1024))}, "client_key"),
    (
        "a key of a curve of another kind",
        {"client_key": pem(ec.generate_private_key(ec.SECP256K1()))},
        "client_key",
    ),
    ("a key of DSA", {"client_key": pem(dsa.generate_private_key(2048))}, "client_key"),
    ("no openid", {"scopes": ("profile",)}, "scopes"),
    ("a scope of two words", {"scopes": ("openid", "a b")}, "scopes"),
    ("an acr of two words", {"ask_acr": ("a b",)}, "ask_acr"),
    ("no algorithm", {"algorithms": ()}, "algorithms"),
    ("no signature", {"algorithms": ("RS256", "none")}, "algorithms"),
    ("a shared key", {"algorithms": ("HS256",)}, "algorithms"),
    ("an age before now", {"max_age": -1}, "max_age"),
    ("a clock that is far off", {"clock_skew": 301}, "clock_skew"),
    ("an audience of another kind", {"assertion_audience": "both"}, "assertion_audience"),
    ("authorities that are not there", {"ca_file": "/nowhere.pem"}, "ca_file"),
    ("every host", {"allow_private": ("*",)}, "allow_private"),
]


@pytest.mark.parametrize(("name", "more", "setting"), WRONG, ids=[row[0] for row in WRONG])
def test_settings_that_cannot_be_are_refused_by_name(name: str, more: dict[str, Any], setting: str) -> None:
    with pytest.raises(ValueError, match=f"^{setting}: ") as caught:
        OidcSettings(**{**GOOD, **more})
    assert "planted-secret" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    assert "planted" not in repr(OidcSettings(**GOOD, client_secret="planted-secret"))
    assert "BEGIN" not in repr(OidcSettings(**GOOD, client_key=CURVE))


def test_lists_of_a_file_of_settings_become_what_they_are() -> None:
    made = OidcSettings(**GOOD, scopes=["openid"], algorithms=["ES256"])  # type: ignore[arg-type]
    assert (made.scopes, made.algorithms, hash(made) != 0) == (("openid",), ("ES256",), True)


SETTINGS = OidcSettings(**GOOD)


@pytest.mark.parametrize(
    ("claims", "told", "expected"),
    [
        ({}, {}, ("s", "", "", None)),
        ({"preferred_username": "al", "name": "Al", "email": "a@x"}, {}, ("al", "Al", "a@x", None)),
        ({"email": "a@x", "email_verified": True}, {}, ("a@x", "", "a@x", True)),
        ({"email": "a@x", "email_verified": "true"}, {}, ("a@x", "", "a@x", True)),
        ({"email": "a@x", "email_verified": "yes"}, {}, ("a@x", "", "a@x", False)),
        ({"email": "a@x", "email_verified": 1}, {}, ("a@x", "", "a@x", False)),
        ({"email_verified": True}, {}, ("s", "", "", None)),
        ({"email": "a@x"}, {"email": "b@x", "email_verified": True}, ("a@x", "", "a@x", None)),
        ({}, {"email": "b@x", "email_verified": True}, ("b@x", "", "b@x", True)),
        ({"email_verified": True}, {"email": "b@x"}, ("b@x", "", "b@x", None)),
        ({"given_name": "A", "family_name": "B"}, {}, ("s", "A B", "", None)),
        ({"name": 7, "preferred_username": ["x"], "email": {}}, {}, ("s", "", "", None)),
        ({"name": "a\nb", "preferred_username": "x" * 513}, {}, ("s", "", "", None)),
    ],
    ids=str,
)
def test_claims_become_an_account(
    claims: dict[str, Any], told: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    made = account(SETTINGS, {"sub": "s", **claims}, told, None)
    assert (made.user_name, made.display_name, made.mail, made.mail_verified) == expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"groups": ["a", "b"]}, {"groups": ("a", "b")}),
        ({"groups": "a"}, {"groups": ("a",)}),
        ({"groups": []}, {"groups": ()}),
        ({}, {}),
        ({"groups": None}, {}),
        ({"groups": ["a", 7]}, {}),
        ({"groups": ["x"] * 2001}, {}),
        ({"groups": ["a"], "_claim_names": {"groups": "src1"}}, {}),
        ({"groups": ["a"], "_claim_names": {"other": "src1"}}, {"groups": ("a",)}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_groups_are_told_whole_or_not_at_all(claims: dict[str, Any], expected: dict[str, Any]) -> None:
    assert account(SETTINGS, {"sub": "s", **claims}, {}, None).attributes == expected


def test_the_subject_is_of_the_claim_that_the_settings_name_and_of_the_signed_token_only() -> None:
    settings = OidcSettings(**GOOD, subject_claim="oid", groups_claim="")
    made = account(settings, {"sub": "s", "oid": "o", "groups": ["a"]}, {"oid": "evil"}, None)
    assert (made.subject, made.attributes) == ("o", {})
    for wrong in ({}, {"oid": ""}, {"oid": 7}, {"oid": "a\n"}, {"oid": "x" * 256}):
        with pytest.raises(SignInRefused, match="oid is missing"):
            account(settings, {"sub": "s", **wrong}, {"oid": "evil"}, None)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.dictionaries(
        st.sampled_from(["name", "email", "email_verified", "groups", "preferred_username", "_claim_names"]),
        JUNK,
    )
)
def test_whatever_a_claim_holds_what_comes_out_can_be_shown(claims: dict[str, Any]) -> None:
    made = account(SETTINGS, {**claims, "sub": "s"}, {}, None)
    shown = [made.user_name, made.display_name, made.mail, *made.attributes.get("groups", ())]
    assert all(isinstance(one, str) and one.isprintable() for one in shown)
    assert made.mail_verified in {None, True, False}
    assert isinstance(text(claims, "name"), str)
    assert isinstance(texts(claims.get("groups")), tuple)
