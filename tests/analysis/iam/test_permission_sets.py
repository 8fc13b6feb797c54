"""Identity Center as the organisation shows it: its instance, the length of sessions, and what is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.controls.builder import resource, view
from tests.controls.examples_organisation import (
    ASSIGNED,
    BOUNDED,
    FULL,
    INSTANCE,
    LIMIT,
    MANAGEMENT,
    MEMBER,
    ORG_ROW,
    OWN_ADMIN,
    REFERENCE,
    centre,
    id09,
    instance,
    permission_set,
)
from watchword.analysis.iam.permission_sets import (
    SETS,
    administration,
    center_of,
    instance_of,
    session_length,
)
from watchword.analysis.iam.remembered import Remembered
from watchword.model.evidence import EvidenceMissing
from watchword.model.snapshot import AccountView


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT1H", timedelta(hours=1)),
        ("PT90M", timedelta(minutes=90)),
        ("PT1H30M", timedelta(minutes=90)),
        ("PT3600S", timedelta(hours=1)),
        (None, timedelta(hours=1)),
    ],
)
def test_durations_are_read_as_aws_writes_them(text: str | None, length: timedelta) -> None:
    assert session_length(resource(SETS, permission_set(SessionDuration=text))) == length


@pytest.mark.parametrize("text", ["", "PT", "1h", "P1D"])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(EvidenceMissing, match="no duration"):
        session_length(resource(SETS, permission_set(SessionDuration=text)))


def test_the_organisations_instance_is_told_from_those_of_accounts() -> None:
    own = instance(_arn="arn:aws:sso:::instance/other", OwnerAccountId="555566667777")
    found = instance_of(id09(own, instance()))
    assert found is not None
    assert found.arn == INSTANCE


def test_assignments_stand_under_their_account_with_the_policies_of_their_set() -> None:
    center = center_of(centre(permission_set(), FULL))
    assert center is not None
    assert list(center.assignments) == [ASSIGNED["AccountId"]]
    assert [row.name for row in center.managed[permission_set()["_arn"]]] == ["AdministratorAccess"]


def in_account(found: AccountView, *policies: dict[str, object]) -> AccountView:
    return view({"global:iam.policies": policies}, account=MEMBER, organization=found)


def test_what_a_set_only_names_is_looked_up_in_the_account_and_left_out_of_the_organisation() -> None:
    found = centre(permission_set(**REFERENCE))
    center = center_of(found)
    assert center is not None
    chosen = next(iter(center.sets.values()))
    assert administration(center, chosen, found) is None
    held = administration(center, chosen, in_account(found, OWN_ADMIN))
    assert held is not None
    assert held.by == ("policy everything",)


def test_a_boundary_that_the_account_lacks_is_missing_evidence() -> None:
    found = centre(permission_set(**BOUNDED), FULL)
    center = center_of(found)
    assert center is not None
    chosen = next(iter(center.sets.values()))
    assert administration(center, chosen, in_account(found, LIMIT)) is None
    with pytest.raises(EvidenceMissing, match="limit"):
        administration(center, chosen, in_account(found))


def test_the_same_organisation_is_computed_once_and_another_anew() -> None:
    computed: list[AccountView] = []
    one, other = id09(), id09()

    def compute(organization: AccountView) -> int:
        computed.append(organization)
        return len(computed)

    remembered: Remembered[int] = Remembered()
    assert [remembered.of(each, compute) for each in (one, one, other, one)] == [1, 1, 2, 3]


def test_the_management_account_is_the_one_that_the_organisation_names() -> None:
    assert ORG_ROW["MasterAccountId"] == MANAGEMENT
    assert instance_of(id09(instance(OwnerAccountId=MANAGEMENT))) is not None
