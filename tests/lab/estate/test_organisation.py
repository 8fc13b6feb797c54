"""The plans of Company ABC's Identity Center and pools and what is stated of them agree, before anything is built."""

from __future__ import annotations

import pytest

from watchword.lab.estate.company import State
from watchword.lab.estate.guests import pools
from watchword.lab.estate.identity_center import STAFF, sets
from watchword.lab.truth import Verdicts, truth_of


def stated(control: str, state: State) -> dict[str, Verdicts]:
    """The verdicts of a control by subject."""
    return {subject: verdicts for (name, subject), verdicts in truth_of(state).items() if name == control}


@pytest.mark.parametrize("state", State)
def test_every_permission_set_and_assignment_is_stated(state: State) -> None:
    planned = sets(after=state is State.AFTER)
    assert set(stated("ID-24", state)) == {f"organization/eu-west-1/{one.name}" for one in planned}
    assignments = {
        f"{account.alias}/eu-west-1/{one.name} for {'user' if '@' in whom else 'group'} {whom.lstrip('@')}"
        for one in planned
        for whom, accounts in one.assigned.items()
        for account in accounts
    }
    assert set(stated("ID-19", state)) == assignments


@pytest.mark.parametrize("state", State)
def test_whoever_is_assigned_something_works_for_the_company(state: State) -> None:
    groups = {group for groups in STAFF.values() for group in groups}
    assigned = {whom for one in sets(after=state is State.AFTER) for whom in one.assigned}
    assert assigned <= groups | {f"@{name}" for name in STAFF}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("control", ["ID-37", "ID-38"])
def test_every_user_pool_is_stated(control: str, state: State) -> None:
    planned = {f"{one.account.alias}/eu-west-1/{one.name}" for one in pools(after=state is State.AFTER)}
    assert planned <= set(stated(control, state))
