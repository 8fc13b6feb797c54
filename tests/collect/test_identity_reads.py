"""What is kept of people, secrets and e-mails in answers of Identity Center, Cognito and Directory Service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from watchword.collect.aws import cognito_idp, ds, sso_admin
from watchword.collect.reads import Detail

PERSON = {
    "IdentityStoreId": "d-1",
    "UserId": "u-1",
    "UserName": "alice",
    "UserStatus": "ENABLED",
    "DisplayName": "Alice Doe",
    "Name": {"FamilyName": "Doe"},
    "Emails": [{"Value": "alice@abc.example"}],
    "PhoneNumbers": [{"Value": "+49 1"}],
    "Addresses": [{"StreetAddress": "Road 1"}],
    "Birthdate": "1990-01-01",
    "Title": "Dr",
}


def test_of_staff_the_user_name_and_the_status_are_kept_and_nothing_else_of_the_person() -> None:
    (row,) = sso_admin.user_rows(PERSON)
    assert row == {"IdentityStoreId": "d-1", "UserId": "u-1", "UserName": "alice", "UserStatus": "ENABLED"}


def test_of_guests_only_hashes_states_and_dates_are_kept() -> None:
    guest = {
        "Username": "a.keller@audit.example",
        "Attributes": [{"Name": "sub", "Value": "1-2-3"}],
        "Enabled": True,
        "UserStatus": "CONFIRMED",
        "UserLastModifiedDate": 1,
    }
    (row,) = cognito_idp.without_people([guest])
    assert set(row) == {"Id", "Enabled", "UserStatus", "UserLastModifiedDate"}
    assert "keller" not in json.dumps(row)
    assert "1-2-3" not in json.dumps(row)
    assert cognito_idp.without_people([guest, {**guest, "Username": "b"}])[0]["Id"] == row["Id"]


def detail(key: str) -> Detail:
    return next(one for one in cognito_idp.READS[0].details if one.key == key)


@pytest.mark.parametrize(("number", "listed"), [(0, True), (5_000, True), (5_001, False), (None, True)])
def test_users_of_large_pools_are_not_listed(number: int | None, listed: bool) -> None:
    when = detail("Users").when
    assert when is not None
    assert when({"EstimatedNumberOfUsers": number}) is listed


def test_no_attribute_of_users_but_the_subject_is_asked_for() -> None:
    assert detail("Users").params["AttributesToGet"] == ["sub"]


def test_a_clients_secret_becomes_the_fact_that_it_has_one() -> None:
    secret = {"ClientId": "c", "ClientSecret": "s3cret"}
    assert cognito_idp.without_secret(secret) == {"ClientId": "c", "HasClientSecret": True}
    assert cognito_idp.without_secret({"ClientId": "c"})["HasClientSecret"] is False


def test_the_texts_of_warning_mails_are_left_out_of_a_risk_configuration() -> None:
    actions = {"HighAction": {"EventAction": "BLOCK", "Notify": True}}
    found: dict[str, Any] = {
        "UserPoolId": "p",
        "CompromisedCredentialsRiskConfiguration": None,
        "AccountTakeoverRiskConfiguration": {"Actions": actions, "NotifyConfiguration": {"From": "x@y"}},
    }
    assert cognito_idp.reaction(found) == {"AccountTakeoverRiskConfiguration": {"Actions": actions}}


def test_the_secret_of_radius_servers_is_left_out_own_and_shared() -> None:
    settings = {"RadiusServers": ["10.0.0.1"], "SharedSecret": "s3cret"}
    given = {
        "DirectoryId": "d",
        "RadiusSettings": settings,
        "OwnerDirectoryDescription": {"RadiusSettings": settings},
    }
    (row,) = ds.directory_rows(given)
    assert "s3cret" not in json.dumps(row)
    assert row["RadiusSettings"] == {"RadiusServers": ["10.0.0.1"]}
    assert list(ds.directory_rows({"DirectoryId": "d"})) == [{"DirectoryId": "d"}]
