"""Each code of orphans and stale accounts: when it is told, and when just not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchword.analysis.people.orphans import (
    AwsUser,
    Limits,
    Orphan,
    Owned,
    Person,
    of_account,
    of_aws,
    of_person,
)
from watchword.model.accounts import Account, AccountKey
from watchword.model.directory import AccountKind, DirectoryAccount
from watchword.model.people import (
    DirectoryId,
    PresenceState,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACTIVE, SUSPENDED, ENDED = PrincipalStatus.ACTIVE, PrincipalStatus.SUSPENDED, PrincipalStatus.ENDED


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def account(state: PresenceState = PresenceState.PRESENT, **values: Any) -> Account:
    told = {"user_name": "anna", "enabled": True, "created": ago(400), "last_sign_in": ago(1)} | values
    return Account(
        AccountKey("a-1"), DirectoryAccount(DirectoryId("corp"), "s1", **told), ago(400), NOW, state=state
    )


def person(
    status: PrincipalStatus = ACTIVE, kind: PrincipalKind = PrincipalKind.USER, days: float = 30
) -> Principal:
    guest = kind is PrincipalKind.GUEST
    sponsor, end = (PrincipalId("p-s"), NOW + timedelta(days=days)) if guest else (None, None)
    return Principal(PrincipalId("p-1"), kind, "Anna", status, ago(400), sponsor, end)


def codes(one: Owned, limits: Limits = Limits()) -> list[Orphan]:  # noqa: B008
    return [found.what for found in of_account(one, NOW, limits)]


MINE = person()

ACCOUNTS: list[tuple[str, Owned, list[Orphan]]] = [
    ("in order", Owned(account(), MINE), []),
    ("of nobody", Owned(account()), [Orphan.OF_NOBODY]),
    ("of nobody and gone", Owned(account(PresenceState.GONE)), []),
    ("ended, enabled", Owned(account(), person(ENDED)), [Orphan.PERSON_ENDED]),
    ("ended, not told", Owned(account(enabled=None), person(ENDED)), [Orphan.PERSON_ENDED]),
    ("ended, disabled", Owned(account(enabled=False), person(ENDED)), []),
    ("suspended", Owned(account(), person(SUSPENDED)), []),
    ("89 days", Owned(account(last_sign_in=ago(89.9)), MINE), []),
    ("90 days", Owned(account(last_sign_in=ago(90)), MINE), [Orphan.UNUSED]),
    ("90 days, disabled", Owned(account(last_sign_in=ago(90), enabled=False), MINE), []),
    ("90 days there, seen here", Owned(account(last_sign_in=ago(90)), MINE, ago(3)), []),
    ("seen here only, long ago", Owned(account(last_sign_in=None), MINE, ago(91)), [Orphan.UNUSED]),
    ("not told", Owned(account(last_sign_in=None), MINE), [Orphan.USE_UNKNOWN]),
    ("not told, new", Owned(account(last_sign_in=None, created=ago(5)), MINE), []),
    (
        "never",
        Owned(account(last_sign_in=None, attributes={"never_signed_in": True}), MINE),
        [Orphan.NEVER_USED],
    ),
    (
        "never, new",
        Owned(account(last_sign_in=None, created=ago(89), attributes={"never_signed_in": True}), MINE),
        [],
    ),
]


@pytest.mark.parametrize(("one", "expected"), [row[1:] for row in ACCOUNTS], ids=[row[0] for row in ACCOUNTS])
def test_an_account_is_told_for_what_it_is(one: Owned, expected: list[Orphan]) -> None:
    assert codes(one) == expected


def test_the_limit_is_the_callers() -> None:
    assert codes(Owned(account(last_sign_in=ago(31)), MINE), Limits(timedelta(days=30))) == [Orphan.UNUSED]


def test_a_guest_of_nobody_is_told_as_one_without_sponsor() -> None:
    (found,) = of_account(Owned(account(kind=AccountKind.GUEST)), NOW)
    assert found.because == "a guest without sponsor"


GUEST = PrincipalKind.GUEST
SPONSOR = person()

PEOPLE: list[tuple[str, Person, list[Orphan]]] = [
    ("in order", Person(person(), 1), []),
    ("without account", Person(person()), [Orphan.WITHOUT_ACCOUNT]),
    ("suspended without account", Person(person(SUSPENDED)), []),
    ("service without account", Person(person(kind=PrincipalKind.SERVICE)), []),
    ("guest", Person(person(kind=GUEST), 1, sponsor=SPONSOR), []),
    ("sponsor ended", Person(person(kind=GUEST), 1, sponsor=person(ENDED)), [Orphan.SPONSOR_GONE]),
    ("sponsor suspended", Person(person(kind=GUEST), 1, sponsor=person(SUSPENDED)), [Orphan.SPONSOR_GONE]),
    ("guest overdue", Person(person(kind=GUEST, days=0), 1, sponsor=SPONSOR), [Orphan.GUEST_OVERDUE]),
    ("guest ended", Person(person(ENDED, kind=GUEST, days=-3)), []),
    ("role, passkey", Person(person(), 1, ("auditor",), has_passkey=True), []),
    ("role, no passkey", Person(person(), 1, ("auditor",)), [Orphan.ROLE_WITHOUT_PASSKEY]),
    ("role, suspended", Person(person(SUSPENDED), 1, ("auditor",)), []),
]


@pytest.mark.parametrize(("one", "expected"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE])
def test_a_person_is_told_for_what_they_are(one: Person, expected: list[Orphan]) -> None:
    assert [found.what for found in of_person(one, NOW)] == expected


@pytest.mark.parametrize(
    ("user", "known"),
    [
        (AwsUser("arn:1", "Anna"), True),
        (AwsUser("arn:1", "anna@x.com"), True),
        (AwsUser("arn:1", "other", mail="ANNA@x.com"), True),
        (AwsUser("arn:1", "other", subject="s1"), True),
        (AwsUser("arn:1", "аnna"), False),
        (AwsUser("arn:1", "ci-user"), False),
        (AwsUser("arn:1", ""), False),
    ],
    ids=str,
)
def test_a_user_of_aws_is_somebodys_by_id_name_or_address(user: AwsUser, known: bool) -> None:
    there = account(mail="anna@x.com")
    assert (not list(of_aws([user], [there]))) is known
    assert list(of_aws([user], [account(PresenceState.GONE, mail="anna@x.com")]))
