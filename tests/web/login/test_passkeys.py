"""Passkeys: registered and used only as docs/sign-in.md says (steps 4 and 5), by a passkey in software."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.state.people import NOW, person
from tests.web.login.authenticator import EDDSA, ES256, RS256, UP, UV, Authenticator, b64, unb64
from tests.web.login.conftest import ORIGIN, SITE
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.web.login import passkeys
from watchword.web.login.passkeys import UNCOUNTED, PasskeyRefused, Site

CHALLENGE = bytes(range(32))
WHO = person()


def creation(challenge: bytes = CHALLENGE, existing: tuple[Factor, ...] = ()) -> str:
    return passkeys.creation_options(SITE, WHO, "ada", challenge, existing)


def request(challenge: bytes = CHALLENGE, allowed: tuple[Factor, ...] = ()) -> str:
    return passkeys.request_options(SITE, challenge, allowed)


def registered(device: Authenticator, **faults: Any) -> Factor:
    found = passkeys.check_registration(SITE, CHALLENGE, device.create(creation(), ORIGIN, **faults))
    return Factor(
        FactorId("f-1"),
        WHO.id,
        FactorKind.PASSKEY,
        FactorStatus.ACTIVE,
        NOW,
        found.public,
        handle=found.handle,
        counter=found.counter,
    )


def asserted(device: Authenticator, factor: Factor, **faults: Any) -> passkeys.Asserted:
    named = faults.pop("named", False)
    answer = device.get(request(), ORIGIN, **faults)
    return passkeys.check_assertion(SITE, CHALLENGE, factor, answer, named=named)


def test_what_browsers_are_asked_for_is_what_the_specification_says() -> None:
    asked = json.loads(creation())
    assert asked["rp"] == {"id": "watchword.example", "name": "Company ABC"}
    assert asked["challenge"] == b64(CHALLENGE)
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["requireResidentKey"] is True
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [EDDSA, ES256, RS256]
    assert WHO.id not in unb64(asked["user"]["id"]).decode("latin-1")
    wanted = json.loads(request())
    assert (wanted["rpId"], wanted["userVerification"]) == ("watchword.example", "required")
    assert not wanted.get("allowCredentials")


def test_passkeys_that_are_there_are_excluded_and_allowed_by_id() -> None:
    factor = registered(Authenticator())
    assert [one["id"] for one in json.loads(creation(existing=(factor,)))["excludeCredentials"]] == [
        factor.handle
    ]
    allowed = json.loads(request(allowed=(factor,)))["allowCredentials"]
    assert [(one["id"], sorted(one["transports"])) for one in allowed] == [
        (factor.handle, ["hybrid", "internal"])
    ]


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_every_algorithm_that_was_asked_for_registers_and_signs_in(algorithm: int, attestation: str) -> None:
    device = Authenticator(algorithm, attestation=attestation)
    factor = registered(device)
    assert asserted(device, factor) == passkeys.Asserted(2, False)


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"type": "webauthn.get"}, "another question"),
        ({"other_origin": "https://evil.example"}, "another origin"),
        ({"other_origin": "https://watchword.example.evil.example"}, "another origin"),
        ({"other_origin": "http://watchword.example"}, "another origin"),
        ({"other_origin": "https://watchword.example:444"}, "another origin"),
        ({"other_origin": "https://sub.watchword.example"}, "another origin"),
        ({"cross_origin": True}, "another site"),
        ({"cross_origin": "false"}, "another site"),
        ({"cross_origin": None}, "another site"),
        ({"top_origin": "https://evil.example"}, "another site"),
        ({"challenge": b64(bytes(32))}, "another challenge"),
        ({"challenge": ""}, "another challenge"),
        ({"rp_id": "evil.example"}, "another relying party"),
        ({"without": UP}, "nobody was there"),
        ({"without": UV}, "not verified"),
        ({"id": b"x" * 1024}, "too long"),
        ({"with_": 0x10}, "refused"),
    ],
)
def test_4_a_registration_is_refused_that_is_not_what_was_asked_for(faults: Any, reason: str) -> None:
    with pytest.raises(PasskeyRefused, match=reason):
        registered(Authenticator(), **faults)


def test_4_2_a_key_that_stands_twice_in_the_client_data_is_refused() -> None:
    twice = (
        f'{{"type":"webauthn.create","challenge":"{b64(CHALLENGE)}","origin":"{ORIGIN}",'
        f'"origin":"{ORIGIN}","crossOrigin":false}}'
    ).encode()
    with pytest.raises(PasskeyRefused, match="cannot be read"):
        registered(Authenticator(), client=twice)


def test_4_6_an_algorithm_that_was_not_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Authenticator(ES256)
    answer = device.create(creation(), ORIGIN)
    monkeypatch.setattr(passkeys, "_algorithms", lambda: [EDDSA])
    with pytest.raises(PasskeyRefused, match="algorithm"):
        passkeys.check_registration(SITE, CHALLENGE, answer)


@pytest.mark.parametrize(
    "attestation", ["tpm", "android-safetynet", "fido-u2f", "apple", "android-key", "new"]
)
def test_4_6_statements_that_are_not_read_are_refused(attestation: str) -> None:
    with pytest.raises(PasskeyRefused):
        registered(Authenticator(attestation=attestation))


def test_4_6_a_packed_statement_with_a_wrong_signature_is_refused() -> None:
    device = Authenticator(attestation="packed")
    answer = json.loads(device.create(creation(), ORIGIN))
    raw = bytearray(unb64(answer["response"]["attestationObject"]))
    at = raw.index(b"sig") + 12
    raw[at] ^= 1
    answer["response"]["attestationObject"] = b64(bytes(raw))
    with pytest.raises(PasskeyRefused):
        passkeys.check_registration(SITE, CHALLENGE, json.dumps(answer))


@pytest.mark.parametrize("synced", [True, False])
def test_what_is_kept_says_whether_the_passkey_may_be_copied(synced: bool) -> None:
    factor = registered(Authenticator(synced=synced))
    assert factor.public["backup_eligible"] is synced
    assert factor.public["backed_up"] is synced
    assert factor.public["transports"] == ["hybrid", "internal"]


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"type": "webauthn.create"}, "another question"),
        ({"other_origin": "https://evil.example"}, "another origin"),
        ({"cross_origin": True}, "another site"),
        ({"top_origin": ORIGIN}, "another site"),
        ({"user_handle": None}, "somebody else's"),
        ({"user_handle": b64(b"x" * 32)}, "somebody else's"),
        ({"user_handle": "ä"}, "somebody else's"),
        ({"user_handle": 7}, "somebody else's"),
        ({"challenge": b64(bytes(32))}, "another challenge"),
        ({"rp_id": "evil.example"}, "another relying party"),
        ({"without": UP}, "nobody was there"),
        ({"without": UV}, "not verified"),
        ({"signed": b"something else"}, "wrong signature"),
        ({"with_": 0x18}, "eligibility"),
        ({"told_id": b64(b"another")}, "another passkey"),
    ],
)
def test_5_an_assertion_is_refused_that_is_not_what_was_asked_for(faults: Any, reason: str) -> None:
    device = Authenticator()
    factor = registered(device)
    with pytest.raises(PasskeyRefused, match=reason):
        asserted(device, factor, **faults)


def test_5_3_who_was_named_may_be_left_out_but_never_be_another() -> None:
    device = Authenticator()
    factor = registered(device)
    assert asserted(device, factor, named=True, user_handle=None).counter
    with pytest.raises(PasskeyRefused, match="somebody else's"):
        asserted(device, factor, named=True, user_handle=b64(b"x" * 32))


def test_5_6_another_passkeys_signature_is_refused() -> None:
    device, other = Authenticator(), Authenticator()
    factor, stolen = registered(device), registered(other)
    with pytest.raises(PasskeyRefused):
        passkeys.check_assertion(SITE, CHALLENGE, factor, other.get(request(), ORIGIN))
    swapped = replace(factor, public=stolen.public)
    with pytest.raises(PasskeyRefused, match="wrong signature"):
        passkeys.check_assertion(SITE, CHALLENGE, swapped, device.get(request(), ORIGIN))


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        (1, 2, 2),
        (1, 4_294_967_295, 4_294_967_295),
        (5, 5, None),
        (5, 4, None),
        (5, 0, None),
        (1, 0, None),
        (UNCOUNTED, 0, UNCOUNTED + 1),
        (UNCOUNTED + 9, 0, UNCOUNTED + 10),
        (UNCOUNTED, 1, 1),
        (-1, 0, 0),
        (0, 0, None),
        (0, 1, 1),
    ],
)
def test_5_8_a_counter_rises_or_never_counts_or_there_are_two(
    before: int, said: int, after: int | None
) -> None:
    device = Authenticator()
    factor = replace(registered(device), counter=before)
    assert asserted(device, factor, count=said).counter == after


def test_5_8_a_passkey_that_does_not_count_is_told_apart_at_registration() -> None:
    device = Authenticator(counts=False)
    factor = registered(device)
    assert factor.counter == UNCOUNTED
    assert asserted(device, factor).counter == UNCOUNTED + 1


def test_5_7_that_it_is_kept_elsewhere_now_is_told() -> None:
    device = Authenticator(synced=True)
    factor = registered(device)
    assert asserted(device, factor, without=0x10) == passkeys.Asserted(2, False)


def test_what_is_too_large_or_no_json_is_refused() -> None:
    factor = registered(Authenticator())
    for answer in (
        "",
        "[]",
        "null",
        "{}",
        "{" * 5000,
        "x" * (passkeys.LARGEST + 1),
        '{"id":1,"response":{}}',
        "\ud800",
    ):
        with pytest.raises(PasskeyRefused):
            passkeys.check_registration(SITE, CHALLENGE, answer)
        with pytest.raises(PasskeyRefused):
            passkeys.check_assertion(SITE, CHALLENGE, factor, answer)
        with pytest.raises(PasskeyRefused):
            passkeys.handle_of(answer if answer != "{}" else '{"id":"","response":{}}')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=40).map(b64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PATHS = (
    ("id",), ("rawId",), ("type",), ("response",), ("authenticatorAttachment",), ("response", "clientDataJSON"),
    ("response", "attestationObject"), ("response", "authenticatorData"), ("response", "signature"),
    ("response", "userHandle"), ("response", "transports"),
)  # fmt: skip
DEVICE = Authenticator()
FACTOR = registered(DEVICE)
CREATED, GOT = (
    DEVICE.create(creation(), ORIGIN),
    DEVICE.get(request(), ORIGIN, credential=DEVICE.credentials[0]),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([CREATED, GOT]), st.sampled_from(PATHS), json_values)
def test_whatever_stands_in_a_field_it_is_refused_or_harmless(
    answer: str, path: tuple[str, ...], value: Any
) -> None:
    changed = json.loads(answer)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    _refused_or_the_same(json.dumps(changed))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([CREATED, GOT]), st.sampled_from(PATHS[5:9]), st.data())
def test_whatever_byte_is_changed_it_is_refused(
    answer: str, path: tuple[str, ...], data: st.DataObject
) -> None:
    changed = json.loads(answer)
    value = changed["response"].get(path[1])
    if value is None:
        return
    raw = bytearray(unb64(value))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
    changed["response"][path[1]] = b64(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    _refused_or_the_same(json.dumps(changed))


def _refused_or_the_same(answer: str) -> None:
    """Either it is refused, or what is believed is what the device has made."""
    try:
        found = passkeys.check_registration(SITE, CHALLENGE, answer)
    except PasskeyRefused:
        pass
    else:
        assert (
            json.loads(answer)["response"]["clientDataJSON"]
            == json.loads(CREATED)["response"]["clientDataJSON"]
        )
        assert found.counter in range(1, 2**32) or found.counter == UNCOUNTED
    try:
        passkeys.check_assertion(SITE, CHALLENGE, replace(FACTOR, counter=1), answer)
    except PasskeyRefused:
        return
    for name in ("clientDataJSON", "authenticatorData", "signature"):
        assert json.loads(answer)["response"][name] == json.loads(GOT)["response"][name]


def test_the_site_is_the_address_under_which_browsers_come() -> None:
    assert Site.of("http://localhost:8440", "Lab") == Site("http://localhost:8440", "localhost", "Lab")
    assert Site.of("https://ww.example.com/", "ABC") == Site(
        "https://ww.example.com", "ww.example.com", "ABC"
    )


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_the_passkey_of_the_tests_satisfies_another_implementation(algorithm: int, attestation: str) -> None:
    from fido2.server import Fido2Server
    from fido2.webauthn import AuthenticationResponse, PublicKeyCredentialRpEntity, RegistrationResponse

    server = Fido2Server(
        PublicKeyCredentialRpEntity(name="ABC", id=SITE.rp_id), verify_origin=lambda origin: origin == ORIGIN
    )
    device = Authenticator(algorithm, attestation=attestation)
    user = {"id": b"u" * 32, "name": "ada", "displayName": "Ada"}
    options, state = server.register_begin(user, user_verification="required", challenge=CHALLENGE)
    answer = json.loads(device.create(json.dumps(dict(options.public_key)), ORIGIN))
    data = server.register_complete(state, RegistrationResponse.from_dict(answer))
    assert data.credential_data is not None
    wanted, state = server.authenticate_begin(
        [data.credential_data], user_verification="required", challenge=CHALLENGE
    )
    signed = json.loads(device.get(json.dumps(dict(wanted.public_key)), ORIGIN))
    server.authenticate_complete(state, [data.credential_data], AuthenticationResponse.from_dict(signed))
