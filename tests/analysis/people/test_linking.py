"""The linking rules: a table for each step, an oracle that knows no order, and properties.

The oracle joins accounts pair by pair, all at once, and lets union-find say who is one; the product judges them one directory after
another, as they are read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import count, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.analysis.people.linking import (
    MOST_PROPOSALS,
    Index,
    Judgement,
    Key,
    Known,
    Rule,
    Standing,
    contradictions,
    judge,
)
from watchword.model.directory import AccountKind
from watchword.model.people import DirectoryId, PrincipalId

A, B, C = DirectoryId("a"), DirectoryId("b"), DirectoryId("c")
VOUCHED = {one: Standing(Key.EMPLOYEE_NUMBER) for one in (A, B, C)}
NOTHING = {one: Standing() for one in (A, B, C)}
P = PrincipalId("p-1")


def account(directory: DirectoryId, subject: str, **values: object) -> Known:
    return Known(directory, subject, **{"user_name": f"{directory}-{subject}"} | values)  # type: ignore[arg-type]


def told(found: Judgement) -> str:
    return "; ".join(one.what for one in found.faults)


ONE = account(A, "1", employee_number="E17", principal=P)
"""Somebody whom directory a knows."""


def test_step_1_an_account_that_has_a_principal_keeps_it() -> None:
    mine = account(B, "9", employee_number="E17", principal=PrincipalId("p-9"))
    assert judge(mine, [ONE], VOUCHED) == Judgement(link=PrincipalId("p-9"))


@pytest.mark.parametrize("number", ["E17", "e17", " E17 ", "Ｅ17"])
def test_step_2_case_and_form_do_not_matter(number: str) -> None:
    assert judge(account(B, "9", employee_number=number), [ONE], VOUCHED).link == P


@pytest.mark.parametrize("number", ["", "N/A", "0000", "-", "x"])
def test_step_2_what_says_nothing_links_nobody(number: str) -> None:
    there = replace(ONE, employee_number=number)
    assert judge(account(B, "9", employee_number=number), [there], VOUCHED) == Judgement(new=True)


@pytest.mark.parametrize("field", ["user_name", "mail"])
def test_step_2_a_lookalike_is_told_and_never_the_same(field: str) -> None:
    real, fake = {field: "anna@example.com"}, {field: "аnna@example.com"}
    there = account(A, "1", principal=P, mail_verified=True, **real)
    found = judge(account(B, "9", mail_verified=True, **fake), [there], NOTHING)
    assert (found.link, found.new, found.proposals) == (None, True, ())
    assert "only looks like" in told(found)


def test_step_2_a_lookalike_within_one_directory_is_told_too() -> None:
    there = account(B, "1", user_name="anna", principal=P)
    assert "only looks like" in told(judge(account(B, "9", user_name="аnna"), [there], NOTHING))


def test_step_3_a_key_that_two_accounts_of_its_directory_share_says_nothing() -> None:
    twins = [account(B, one, employee_number="E17") for one in "89"]
    for one in twins:
        found = judge(one, [ONE, *twins], VOUCHED)
        assert (found.link, found.new) == (None, True)
        assert "says nothing" in told(found)


def test_step_3_a_key_that_two_accounts_elsewhere_share_says_nothing() -> None:
    twin = account(A, "2", employee_number="E17", principal=PrincipalId("p-2"))
    found = judge(account(B, "9", employee_number="E17"), [ONE, twin], VOUCHED)
    assert (found.link, found.new, found.held) == (None, True, False)
    assert "share the same key" in told(found)


@pytest.mark.parametrize("silent", [A, B])
def test_step_4_both_directories_must_vouch_for_the_key(silent: DirectoryId) -> None:
    standings = VOUCHED | {silent: Standing()}
    assert judge(account(B, "9", employee_number="E17"), [ONE], standings) == Judgement(new=True)


def test_step_4_directories_that_vouch_for_different_keys_link_nobody() -> None:
    standings = VOUCHED | {B: Standing(Key.USER_NAME)}
    mine = account(B, "9", employee_number="E17", user_name="E17")
    assert judge(mine, [ONE], standings).link is None


@pytest.mark.parametrize("verified", [False, None])
def test_step_4_a_mail_address_links_only_where_it_is_verified(verified: bool | None) -> None:
    standings = {one: Standing(Key.MAIL) for one in (A, B)}
    there = account(A, "1", mail="a@x.com", mail_verified=True, principal=P)
    mine = account(B, "9", mail="A@x.com", mail_verified=verified)
    assert judge(mine, [there], standings).link is None
    assert judge(replace(mine, mail_verified=True), [there], standings).link == P


def test_step_4_a_key_that_leads_to_several_links_nobody_and_holds_back() -> None:
    other = account(C, "5", employee_number="E17", principal=PrincipalId("p-2"))
    found = judge(account(B, "9", employee_number="E17"), [ONE, other], VOUCHED)
    assert (found.link, found.new, found.held) == (None, True, True)
    assert found.proposals == ((P, Rule.AMBIGUOUS), (PrincipalId("p-2"), Rule.AMBIGUOUS))
    assert "leads to 2 principals" in told(found)


@pytest.mark.parametrize("kind", [AccountKind.GUEST, AccountKind.WORKLOAD])
@pytest.mark.parametrize(
    "same",
    [{"employee_number": "E17"}, {"mail": "a@x.com", "mail_verified": True}, {"user_name": "anna"}],
    ids=str,
)
def test_step_5_a_user_is_never_a_guest_or_a_program(kind: AccountKind, same: dict[str, object]) -> None:
    there = account(A, "1", principal=P, **same)
    found = judge(account(B, "9", kind=kind, sponsored=True, **same), [there], VOUCHED)
    assert (found.link, found.proposals, found.new, found.held) == (None, (), True, False)
    assert "another kind" in told(found)


def test_step_6_a_verified_address_proposes_and_holds_back_and_a_name_is_not_looked_at_then() -> None:
    there = account(A, "1", mail="a@x.com", mail_verified=True, principal=P)
    named = account(C, "5", user_name="anna", principal=PrincipalId("p-2"))
    mine = account(B, "9", mail="A@X.com", mail_verified=True, user_name="anna")
    found = judge(mine, [there, named], NOTHING)
    assert (found.link, found.new, found.held) == (None, True, True)
    assert found.proposals == ((P, Rule.MAIL),)


@pytest.mark.parametrize(("mine", "theirs"), [(False, True), (True, False), (None, True), (True, None)])
def test_step_6_an_address_that_one_side_has_not_verified_proposes_nothing(
    mine: bool | None, theirs: bool | None
) -> None:
    there = account(A, "1", mail="a@x.com", mail_verified=theirs, principal=P)
    found = judge(account(B, "9", mail="a@x.com", mail_verified=mine), [there], NOTHING)
    assert found == Judgement(new=True)


def test_step_6_a_directory_may_vouch_for_addresses_of_which_it_says_nothing_but_not_against_its_word() -> (
    None
):
    standings = {A: Standing(vouches_for_mail=True), B: Standing(vouches_for_mail=True)}
    there = account(A, "1", mail="a@x.com", principal=P)
    assert judge(account(B, "9", mail="a@x.com"), [there], standings).proposals == ((P, Rule.MAIL),)
    refused = account(B, "9", mail="a@x.com", mail_verified=False)
    assert judge(refused, [there], standings).proposals == ()


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_step_6_an_address_or_name_that_a_directory_has_twice_proposes_nobody(side: str) -> None:
    for same in ({"mail": "a@x.com", "mail_verified": True}, {"user_name": "anna"}):
        there = account(A, "1", principal=P, **same)
        twin = account(B if side == "mine" else A, "8", principal=PrincipalId("p-2"), **same)
        found = judge(account(B, "9", **same), [there, twin], NOTHING)
        assert (found.proposals, found.held) == ((), False)
        assert found.faults


def test_step_6_a_display_name_proposes_only_who_has_it_alone_and_holds_nobody_back() -> None:
    there = account(A, "1", display_name="Anna Schmidt", principal=P)
    mine = account(B, "9", display_name="anna schmidt")
    assert judge(mine, [there], NOTHING) == Judgement(new=True, proposals=((P, Rule.DISPLAY_NAME),))
    namesake = account(C, "2", display_name="Anna Schmidt", principal=PrincipalId("p-2"))
    assert judge(mine, [there, namesake], NOTHING).proposals == ()


def test_step_6_no_more_than_ten_principals_are_proposed_and_that_is_told() -> None:
    many = [
        account(DirectoryId(f"d{number}"), "1", user_name="anna", principal=PrincipalId(f"p-{number:02}"))
        for number in range(MOST_PROPOSALS + 2)
    ]
    found = judge(account(B, "9", user_name="anna"), many, NOTHING)
    assert len(found.proposals) == MOST_PROPOSALS
    assert f"{MOST_PROPOSALS + 2} principals" in told(found)


def test_step_7_a_guest_for_whom_nobody_answers_gets_no_principal() -> None:
    guest = account(B, "9", kind=AccountKind.GUEST)
    found = judge(guest, [], NOTHING)
    assert (found.link, found.new) == (None, False)
    assert "guest without sponsor" in told(found)
    assert judge(replace(guest, sponsored=True), [], NOTHING) == Judgement(new=True)


def test_step_8_whose_key_leads_to_somebody_who_has_ended_is_held_back() -> None:
    found = judge(account(B, "9", employee_number="E17"), [replace(ONE, ended=True)], VOUCHED)
    assert (found.link, found.new, found.held, found.proposals) == (None, True, True, ())
    assert "has ended" in told(found)


def test_what_contradicts_a_link_is_told_and_changes_nothing() -> None:
    mine = account(B, "9", employee_number="E18", principal=P)
    (found,) = contradictions(mine, [ONE], VOUCHED)
    assert "differs" in found.what
    other = account(C, "5", employee_number="E18", principal=PrincipalId("p-2"))
    assert {one.what.split(",")[0] for one in contradictions(mine, [ONE, other], VOUCHED)} == {
        "it is of one principal",
        found.what.split(",")[0],
    }
    assert contradictions(replace(mine, employee_number="e17"), [ONE], VOUCHED) == ()
    assert contradictions(replace(mine, employee_number=""), [ONE], VOUCHED) == ()


# From here on whole directories, read one after another.


def read(
    order: tuple[DirectoryId, ...], accounts: list[Known], standings: dict[DirectoryId, Standing]
) -> list[Known]:
    """All accounts with their principals, after each directory was read once, in an order."""
    numbers, there = count(1), []
    for directory in order:
        fresh = [one for one in accounts if one.directory == directory]
        index = Index()
        for one in (*there, *fresh):
            index.add(one)
        for one in fresh:
            found = judge(one, index.beside(one), standings)
            principal = found.link or (PrincipalId(f"p-{next(numbers)}") if found.new else None)
            there.append(replace(one, principal=principal))
    return there


def parts(accounts: list[Known]) -> set[frozenset[tuple[str, str]]]:
    """Which accounts share a principal."""
    found = defaultdict(set)
    for one in accounts:
        if one.principal is not None:
            found[one.principal].add((one.directory, one.subject))
    return {frozenset(one) for one in found.values()}


def oracle(accounts: list[Known], standings: dict[DirectoryId, Standing]) -> set[frozenset[tuple[str, str]]]:
    """Who is one: pairs of accounts with the same value that is unique in both directories, joined."""

    def value(one: Known) -> tuple[str, str] | None:
        correlate = standings[one.directory].correlate
        if correlate is None:
            return None
        if correlate is Key.MAIL and one.mail_verified is not True:
            return None
        text = {
            Key.EMPLOYEE_NUMBER: one.employee_number,
            Key.MAIL: one.mail,
            Key.USER_NAME: one.user_name,
        }[correlate].lower()
        return (correlate, text) if len(text) > 1 and (correlate is not Key.MAIL or "@" in text) else None

    often = Counter((one.directory, value(one)) for one in accounts)
    standing = [one for one in accounts if one.kind is not AccountKind.GUEST or one.sponsored]
    root = {(one.directory, one.subject): (one.directory, one.subject) for one in standing}

    def find(name: tuple[str, str]) -> tuple[str, str]:
        while root[name] != name:  # type: ignore[index]
            name = root[name]  # type: ignore[index]
        return name

    for one in standing:
        for other in standing:
            same = value(one) is not None and value(one) == value(other) and one.kind is other.kind
            alone = often[one.directory, value(one)] == often[other.directory, value(other)] == 1
            if one.directory != other.directory and same and alone:
                root[find((one.directory, one.subject))] = find((other.directory, other.subject))  # type: ignore[index]
    found = defaultdict(set)
    for name in root:
        found[find(name)].add(name)
    return {frozenset(one) for one in found.values()}


ACCOUNTS = st.lists(
    st.builds(
        lambda directory, kind, number, mail, name, verified, sponsored: Known(
            directory,
            "",
            kind,
            user_name=name,
            mail=mail,
            mail_verified=verified,
            employee_number=number,
            sponsored=sponsored,
        ),
        st.sampled_from([A, B, C]),
        st.sampled_from([AccountKind.USER, AccountKind.USER, AccountKind.GUEST]),
        st.sampled_from(["", "E1", "e1", "E2"]),
        st.sampled_from(["", "ab@x.com", "cd@x.com"]),
        st.sampled_from(["anna", "bert", "Anna"]),
        st.sampled_from([True, False, None]),
        st.booleans(),
    ),
    max_size=9,
).map(lambda some: [replace(one, subject=str(number)) for number, one in enumerate(some)])
STANDINGS = st.fixed_dictionaries(
    {one: st.builds(Standing, st.sampled_from([None, *Key])) for one in (A, B, C)}
)


@settings(deadline=None)
@given(ACCOUNTS, STANDINGS)
def test_in_whatever_order_directories_are_read_the_same_accounts_share_a_principal(
    accounts: list[Known], standings: dict[DirectoryId, Standing]
) -> None:
    expected = oracle(accounts, standings)
    for order in permutations((A, B, C)):
        assert parts(read(order, accounts, standings)) == expected


@settings(deadline=None)
@given(ACCOUNTS, STANDINGS, st.randoms(use_true_random=False))
def test_the_order_of_accounts_does_not_matter_either(
    accounts: list[Known], standings: dict[DirectoryId, Standing], random: st.DataObject
) -> None:
    shuffled = list(accounts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert parts(read((A, B, C), shuffled, standings)) == parts(read((A, B, C), accounts, standings))


@settings(deadline=None)
@given(ACCOUNTS)
def test_where_no_directory_vouches_nobody_is_linked(accounts: list[Known]) -> None:
    assert all(len(one) == 1 for one in parts(read((A, B, C), accounts, dict(NOTHING))))


@settings(deadline=None)
@given(ACCOUNTS, STANDINGS)
def test_judging_again_changes_nothing(accounts: list[Known], standings: dict[DirectoryId, Standing]) -> None:
    done = read((A, B, C), accounts, standings)
    assert all(judge(one, done, standings).link == one.principal for one in done if one.principal)


@settings(deadline=None)
@given(ACCOUNTS, STANDINGS)
def test_the_index_finds_all_that_matters(
    accounts: list[Known], standings: dict[DirectoryId, Standing]
) -> None:
    there = read((A, B), accounts, standings)
    fresh = [one for one in accounts if one.directory == C]
    index = Index()
    for one in (*there, *fresh):
        index.add(one)
    for one in fresh:
        assert judge(one, index.beside(one), standings) == judge(one, [*there, *fresh], standings)
