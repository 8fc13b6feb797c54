"""The plans of Company ABC's identities and what is stated of them agree, before anything is built or collected."""

from __future__ import annotations

import pytest

from watchword.lab.estate.company import ACCOUNTS, State
from watchword.lab.estate.identity_people import GROUPS_AFTER, GROUPS_BEFORE, USERS_AFTER, USERS_BEFORE
from watchword.lab.estate.identity_roles import roles
from watchword.lab.truth import truth_of


@pytest.mark.parametrize(("state", "users"), [(State.BEFORE, USERS_BEFORE), (State.AFTER, USERS_AFTER)])
def test_every_user_is_judged_by_its_keys(state: State, users: tuple) -> None:
    stated = {subject for (control, subject) in truth_of(state) if control == "ID-14"}
    without = {f"{one.alias}/global/{one.alias}" for one in ACCOUNTS}
    assert stated - without == {f"{user.account.alias}/global/{user.name}" for user in users}


@pytest.mark.parametrize("after", [False, True])
def test_names_are_unique_in_their_account(after: bool) -> None:
    for things in (list(roles(after)), USERS_AFTER if after else USERS_BEFORE):
        names = [(one.account.alias, one.name) for one in things]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(("users", "groups"), [(USERS_BEFORE, GROUPS_BEFORE), (USERS_AFTER, GROUPS_AFTER)])
def test_users_are_in_groups_that_exist(users: tuple, groups: tuple) -> None:
    known = {(group.account, group.name) for group in groups}
    assert all((user.account, name) in known for user in users for name in user.groups)
