"""What proofs are worth, and how long a sign-in lasts (docs/sign-in.md, steps 2 and 8.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.model.people import PrincipalId
from watchword.model.sessions import Session, SessionId
from watchword.pdp import presets
from watchword.pdp.presets import PRESETS, Preset, Proof, ProofKind, Trust, strength

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRUST = Trust({"urn:mfa": 2, "urn:key": 3, "urn:none": 0}, frozenset({"mfa"}))

PASSWORD = presets.password("f-1", "local")
LDAP = presets.ldap("corp")
TOTP = presets.totp("f-2")
FEDERATED = presets.federated("idp", TRUST, "", ())
STRONG = presets.federated("idp", TRUST, "urn:mfa", ())
SYNCED = presets.passkey("f-3", backup_eligible=True)
BOUND = presets.passkey("f-4", backup_eligible=False)
BOUND_3 = presets.passkey("f-4", backup_eligible=False, device_bound_is_aal3=True)
EVERY = (PASSWORD, LDAP, TOTP, FEDERATED, STRONG, SYNCED, BOUND, BOUND_3)


@pytest.mark.parametrize(
    ("proofs", "level", "resists"),
    [
        ((), 0, False),
        ((PASSWORD,), 1, False),
        ((LDAP,), 1, False),
        ((FEDERATED,), 1, False),
        ((TOTP,), 1, False),
        ((TOTP, TOTP), 1, False),
        ((PASSWORD, LDAP), 1, False),
        ((PASSWORD, FEDERATED), 1, False),
        ((PASSWORD, TOTP), 2, False),
        ((LDAP, TOTP), 2, False),
        ((FEDERATED, TOTP), 2, False),
        ((STRONG,), 2, False),
        ((SYNCED,), 2, True),
        ((BOUND,), 2, True),
        ((BOUND_3,), 3, True),
        ((LDAP, BOUND_3), 3, True),
        ((PASSWORD, SYNCED), 2, True),
    ],
)
def test_2_1_proofs_together_have_the_level_that_the_table_says(
    proofs: tuple[Proof, ...], level: int, resists: bool
) -> None:
    found = strength(proofs)
    assert (found.assurance, found.is_phishing_resistant) == (level, resists)


@given(st.lists(st.sampled_from(EVERY), max_size=4), st.sampled_from(EVERY))
def test_2_1_a_proof_more_never_makes_less(proofs: list[Proof], more: Proof) -> None:
    before, after = strength(proofs), strength([*proofs, more])
    assert after.assurance >= max(before.assurance, more.assurance)
    assert set(before.methods) <= set(after.methods)
    assert after.is_phishing_resistant >= before.is_phishing_resistant


@given(
    st.lists(st.sampled_from(EVERY), max_size=4).flatmap(
        lambda one: st.tuples(st.just(one), st.permutations(one))
    )
)
def test_2_1_the_order_of_proofs_does_not_count(both: tuple[list[Proof], list[Proof]]) -> None:
    one, other = (strength(proofs) for proofs in both)
    assert one.assurance == other.assurance
    assert set(one.methods) == set(other.methods)


@pytest.mark.parametrize(
    ("acr", "amr", "level"),
    [
        ("", (), 1),
        ("urn:unknown", ("otp", "hwk"), 1),
        ("urn:mfa", (), 2),
        ("urn:key", (), 2),
        ("urn:none", (), 1),
        ("", ("mfa",), 2),
        ("", ("pwd", "mfa"), 2),
        ("", ("MFA",), 1),
    ],
)
def test_2_2_an_identity_providers_word_is_worth_what_the_settings_name_and_2_at_most(
    acr: str, amr: tuple[str, ...], level: int
) -> None:
    assert presets.federated("idp", TRUST, acr, amr).assurance == level


@given(st.text(max_size=8), st.lists(st.sampled_from(["hwk", "swk", "pop", "mfa", "face"])))
def test_2_2_no_word_of_an_identity_provider_resists_phishing(acr: str, amr: list[str]) -> None:
    proof = presets.federated("idp", Trust({acr: 3}, frozenset(amr)), acr, amr)
    assert not strength((proof,)).is_phishing_resistant
    assert proof.assurance <= 2


@given(st.text(max_size=8), st.lists(st.text(max_size=4)))
def test_2_2_without_settings_nothing_is_believed(acr: str, amr: list[str]) -> None:
    assert presets.federated("idp", Trust(), acr, amr).assurance == 1


def test_2_3_a_passkey_that_may_be_copied_never_reaches_level_3() -> None:
    for eligible, decided in product((True, False), repeat=2):
        proof = presets.passkey("f", backup_eligible=eligible, device_bound_is_aal3=decided)
        assert (proof.assurance == 3) == (decided and not eligible)


def test_the_presets_are_those_of_the_standard() -> None:
    hours = {one.name: (one.assurance, one.absolute, one.idle, one.fresh) for one in PRESETS.values()}
    quarter = timedelta(minutes=15)
    assert hours == {
        "aal1": (1, timedelta(days=30), None, quarter),
        "aal2": (2, timedelta(hours=24), timedelta(hours=1), quarter),
        "aal3": (3, timedelta(hours=12), quarter, quarter),
    }


def session(created: datetime = NOW, **changes: object) -> Session:
    one = Session(
        SessionId("s"),
        PrincipalId("p"),
        2,
        (),
        created,
        created,
        created + timedelta(hours=24),
        methods=("hwk",),
    )
    return replace(one, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("preset", "seen", "now", "over"),
    [
        ("aal2", 0, 3599, False),
        ("aal2", 0, 3600, True),
        ("aal2", 3000, 6599, False),
        ("aal2", 86_000, 86_399, False),
        ("aal2", 86_000, 86_400, True),
        ("aal3", 0, 899, False),
        ("aal3", 0, 900, True),
        ("aal3", 43_000, 43_200, True),
        ("aal1", 0, 86_399, False),
        ("aal1", 0, 86_400, True),
    ],
)
def test_8_4_a_session_is_over_at_its_end_or_when_idle_for_too_long(
    preset: str, seen: float, now: float, over: bool
) -> None:
    one = session(last_seen=NOW + timedelta(seconds=seen))
    assert presets.is_over(one, PRESETS[preset], NOW + timedelta(seconds=now)) is over


limits = st.timedeltas(timedelta(seconds=1), timedelta(days=40))


@given(limits, st.none() | limits, limits, limits, limits)
def test_8_4_what_is_over_stays_over(
    absolute: timedelta, idle: timedelta | None, seen: timedelta, at: timedelta, more: timedelta
) -> None:
    preset = Preset("any", 1, absolute, idle)
    one = session(last_seen=NOW + min(seen, at))
    if presets.is_over(one, preset, NOW + at):
        assert presets.is_over(one, preset, NOW + at + more)


@given(limits, limits, limits, limits)
def test_8_4_a_stricter_preset_never_lets_a_session_last_longer(
    absolute: timedelta, idle: timedelta, at: timedelta, more: timedelta
) -> None:
    strict, loose = Preset("s", 1, absolute, idle), Preset("l", 1, absolute + more, idle + more)
    if presets.is_over(session(), loose, NOW + at):
        assert presets.is_over(session(), strict, NOW + at)


@pytest.mark.parametrize(
    ("methods", "seconds", "fresh"),
    [
        (("hwk",), 0, True),
        (("swk", "user"), 899, True),
        (("hwk",), 900, False),
        (("hwk",), -1, False),
        (("pwd", "otp", "mfa"), 0, False),
        (("fed", "mfa"), 0, False),
        ((), 0, False),
    ],
)
def test_a_sensitive_act_needs_a_proof_that_is_fresh_and_resists_phishing(
    methods: tuple[str, ...], seconds: float, fresh: bool
) -> None:
    one = session(methods=methods, authenticated=NOW)
    assert presets.is_fresh(one, PRESETS["aal2"], NOW + timedelta(seconds=seconds)) is fresh


def test_without_a_second_proof_freshness_counts_from_the_beginning() -> None:
    assert presets.is_fresh(session(), PRESETS["aal2"], NOW)
    assert not presets.is_fresh(session(), PRESETS["aal2"], NOW + timedelta(minutes=15))


def test_every_kind_of_proof_has_a_maker() -> None:
    assert {one.kind for one in EVERY} == set(ProofKind)
