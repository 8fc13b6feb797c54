"""Who may do what in the console: each test names the step of the decision that it breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import (
    ASSIGNABLE,
    CHANGES,
    PERMISSIONS,
    SENSITIVE,
    Assignment,
    AssignmentId,
    AssignmentStatus,
    Permission,
    Role,
)
from watchword.pdp.console import Answer, Facts, decide, is_active, roles_of

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ANN = Principal(PrincipalId("p-ann"), PrincipalKind.USER, "Ann", PrincipalStatus.ACTIVE, NOW)
GUS = Principal(
    PrincipalId("p-gus"),
    PrincipalKind.GUEST,
    "Gus",
    PrincipalStatus.ACTIVE,
    NOW,
    sponsor=ANN.id,
    end_date=NOW + timedelta(days=9),
)

MAY = {
    # permission: administrator, approver, auditor, user, guest
    "own-account": "yes yes yes yes yes",
    "posture.read": "yes yes yes - -",
    "people.read": "yes yes yes - -",
    "people.change": "fresh - - - -",
    "sessions.revoke": "fresh - - - -",
    "roles.change": "fresh - - - -",
    "directories.read": "yes - yes - -",
    "directories.change": "fresh - - - -",
    "recovery.request": "fresh - - - -",
    "recovery.approve": "fresh fresh - - -",
    "audit.read": "yes - yes - -",
    "sign-ins.read": "yes - yes - -",
    "settings.read": "yes - yes - -",
    "metrics.read": "yes - yes - -",
}
"""What is meant, written by hand: the table in the code is held against it."""

CELLS = [
    (permission, role, cell)
    for permission, row in MAY.items()
    for role, cell in zip(Role, row.split(), strict=True)
]


def person(role: Role, **changed: object) -> Facts:
    facts = Facts(ANN, frozenset({role}), NOW - timedelta(hours=1), ("pwd", "otp"))
    return replace(facts, **changed)  # type: ignore[arg-type]


def test_the_table_by_hand_names_every_permission() -> None:
    assert sorted(MAY) == sorted(Permission)


@pytest.mark.parametrize(("permission", "role", "cell"), CELLS)
def test_2_and_4_each_role_may_what_the_table_says(permission: str, role: Role, cell: str) -> None:
    stale = decide(person(role), Permission(permission), NOW)
    fresh = decide(person(role, authenticated=NOW, methods=("hwk",)), Permission(permission), NOW)
    expected = {
        "yes": (Answer.ALLOW, Answer.ALLOW),
        "fresh": (Answer.PROVE_AGAIN, Answer.ALLOW),
        "-": (Answer.DENY, Answer.DENY),
    }
    assert (stale.answer, fresh.answer) == expected[cell]
    assert stale.is_allowed or stale.because


@pytest.mark.parametrize("permission", sorted(Permission))
def test_1_nobody_may_do_anything_without_signing_in(permission: Permission) -> None:
    assert decide(Facts(None), permission, NOW).answer is Answer.SIGN_IN


@pytest.mark.parametrize("permission", sorted(Permission))
@pytest.mark.parametrize(
    "principal",
    [
        *(replace(ANN, status=status) for status in PrincipalStatus if status is not PrincipalStatus.ACTIVE),
        replace(GUS, end_date=NOW),
        replace(ANN, end_date=NOW - timedelta(seconds=1)),
    ],
    ids=["invited", "suspended", "ended", "guest on the end date", "past the end date"],
)
def test_1_who_is_not_active_may_nothing(principal: Principal, permission: Permission) -> None:
    everything = Facts(principal, frozenset(Role), NOW, ("hwk",))
    assert decide(everything, permission, NOW).answer is Answer.DENY


def test_1_a_guest_may_until_the_end_date_and_not_at_it() -> None:
    end = GUS.end_date or NOW
    assert is_active(GUS, end - timedelta(microseconds=1))
    assert not is_active(GUS, end)


@pytest.mark.parametrize("permission", sorted(Permission))
def test_2_a_token_that_reads_changes_nothing(permission: Permission) -> None:
    reading = Facts(ANN, frozenset(Role), scopes=("read",))
    writing = Facts(ANN, frozenset(Role), scopes=("write",))
    other = Facts(ANN, frozenset(Role), scopes=("scim:corp",))
    assert decide(reading, permission, NOW).is_allowed == (permission not in CHANGES)
    assert decide(writing, permission, NOW).is_allowed
    assert decide(other, permission, NOW).answer is Answer.DENY


def test_2_a_token_never_holds_more_than_its_owners_roles() -> None:
    writing = Facts(ANN, frozenset({Role.USER}), scopes=("write",))
    assert [one for one in Permission if decide(writing, one, NOW).is_allowed] == [Permission.OWN_ACCOUNT]


def test_3_nobody_may_change_the_account_of_another_by_the_permission_for_ones_own() -> None:
    facts = person(Role.ADMINISTRATOR, authenticated=NOW, methods=("hwk",))
    assert decide(facts, Permission.OWN_ACCOUNT, NOW, of=ANN.id).is_allowed
    assert decide(facts, Permission.OWN_ACCOUNT, NOW, of=GUS.id).answer is Answer.DENY


@pytest.mark.parametrize(
    ("age", "methods", "allowed"),
    [
        (timedelta(0), ("hwk",), True),
        (timedelta(minutes=15) - timedelta(microseconds=1), ("swk", "user"), True),
        (timedelta(minutes=15), ("hwk",), False),
        (timedelta(0), ("pwd", "otp"), False),
        (timedelta(0), (), False),
        (timedelta(seconds=-1), ("hwk",), False),
    ],
)
def test_4_what_is_sensitive_needs_a_fresh_proof_that_resists_phishing(
    age: timedelta, methods: tuple[str, ...], allowed: bool
) -> None:
    facts = person(Role.ADMINISTRATOR, authenticated=NOW - age, methods=methods)
    for permission in sorted(SENSITIVE):
        expected = Answer.ALLOW if allowed else Answer.PROVE_AGAIN
        assert decide(facts, permission, NOW).answer is expected


def test_4_without_a_time_of_proof_there_is_none() -> None:
    facts = person(Role.ADMINISTRATOR, authenticated=None, methods=("hwk",))
    assert decide(facts, Permission.ROLES_CHANGE, NOW).answer is Answer.PROVE_AGAIN


def given_role(role: Role, **changed: object) -> Assignment:
    one = Assignment(AssignmentId("r"), ANN.id, role, "p-boss", "audit season", NOW - timedelta(days=1))
    return replace(one, **changed)  # type: ignore[arg-type]


def test_roles_are_those_given_and_not_over_and_the_one_that_follows_from_who_one_is() -> None:
    assert roles_of(ANN, [], NOW) == {Role.USER}
    assert roles_of(ANN, [given_role(Role.AUDITOR)], NOW) == {Role.USER, Role.AUDITOR}
    over = [
        given_role(Role.AUDITOR, status=AssignmentStatus.ENDED),
        given_role(Role.ADMINISTRATOR, until=NOW),
        given_role(Role.APPROVER, principal=GUS.id),
    ]
    assert roles_of(ANN, over, NOW) == {Role.USER}
    assert roles_of(ANN, [given_role(Role.APPROVER, until=NOW + timedelta(seconds=1))], NOW) == {
        Role.USER,
        Role.APPROVER,
    }


def test_a_guest_is_never_more_than_a_guest() -> None:
    every = [given_role(role, principal=GUS.id) for role in sorted(ASSIGNABLE)]
    assert roles_of(GUS, every, NOW) == {Role.GUEST}


def test_a_workload_has_no_role_but_those_given() -> None:
    program = replace(ANN, kind=PrincipalKind.WORKLOAD)
    assert roles_of(program, [], NOW) == frozenset()
    assert roles_of(program, [given_role(Role.AUDITOR)], NOW) == {Role.AUDITOR}


def test_a_role_that_follows_from_who_one_is_cannot_be_given() -> None:
    for role in (Role.USER, Role.GUEST):
        with pytest.raises(ValueError, match="follows from who one is"):
            given_role(role)


ROLES = st.frozensets(st.sampled_from(sorted(Role)))
FACTS = st.builds(
    Facts,
    st.sampled_from([None, ANN, GUS, replace(ANN, status=PrincipalStatus.SUSPENDED)]),
    ROLES,
    st.sampled_from([None, NOW, NOW - timedelta(minutes=20)]),
    st.sampled_from([(), ("pwd",), ("hwk",)]),
    st.sampled_from([None, (), ("read",), ("write",)]),
)


@given(FACTS, st.sampled_from(sorted(Permission)), ROLES)
def test_more_roles_never_take_away_and_fewer_never_give(
    facts: Facts, permission: Permission, more: frozenset[Role]
) -> None:
    before = decide(facts, permission, NOW)
    after = decide(replace(facts, roles=facts.roles | more), permission, NOW)
    assert after.is_allowed or not before.is_allowed


@given(FACTS, st.sampled_from(sorted(Permission)))
def test_the_decision_is_that_of_the_rules_written_another_way(facts: Facts, permission: Permission) -> None:
    """An oracle: what must all hold for an allow, as one conjunction."""
    who = facts.principal
    holders = {role for role, cell in zip(Role, MAY[permission.value].split(), strict=True) if cell != "-"}
    must_be_fresh = "fresh" in MAY[permission.value].split()
    changes = must_be_fresh or permission.value == "own-account"
    allowed = (
        who is not None
        and who.status.value == "active"
        and bool(holders & facts.roles)
        and (
            ({"hwk"} <= set(facts.methods) and facts.authenticated == NOW) or not must_be_fresh
            if facts.scopes is None
            else "write" in facts.scopes or ("read" in facts.scopes and not changes)
        )
    )
    assert decide(facts, permission, NOW).is_allowed == allowed


def test_what_is_sensitive_is_nothing_that_only_reads() -> None:
    assert not [one for one in SENSITIVE if one.value.endswith(".read")]
    assert {one for one in Permission if not one.value.endswith(".read")} == CHANGES
    for role, permission in product((Role.AUDITOR, Role.USER, Role.GUEST), SENSITIVE):
        assert permission not in PERMISSIONS[role]
