"""Cognito and Identity Center are read over HTTP from the lab's servers, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.conftest import client, lab_endpoint, lab_server
from watchword.aws import AwsSettings
from watchword.collect.directories.aws_pages import moment
from watchword.collect.directories.cognito import CognitoReader, CognitoSettings
from watchword.collect.directories.identity_center import CenterSettings, IdentityCenterReader
from watchword.errors import DirectoryError, DirectoryUnreachable
from watchword.lab.backends import sso_admin
from watchword.model.directory import AccountKind, DirectoryReader
from watchword.model.people import DirectoryId

__all__ = ["client", "lab_endpoint", "lab_server"]

REGION = "us-east-1"
Client = Callable[..., Any]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture
def aws(lab_endpoint: str) -> AwsSettings:
    return AwsSettings(endpoint_url=lab_endpoint, region=REGION)


def pool(idp: Any, users: int = 2) -> str:
    id_ = str(idp.create_user_pool(PoolName="staff")["UserPool"]["Id"])
    for number in range(users):
        name = f"user{number:03}"
        attributes = [
            {"Name": "email", "Value": f"{name}@example.com"},
            {"Name": "email_verified", "Value": "true" if number % 2 else "false"},
            {"Name": "name", "Value": f"User {number}"},
        ]
        idp.admin_create_user(
            UserPoolId=id_, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
    return id_


def cognito(aws: AwsSettings, id_: str, **options: Any) -> CognitoReader:
    return CognitoReader(CognitoSettings(DirectoryId("pool"), id_, REGION, **options), aws)


def center(aws: AwsSettings, store: str) -> IdentityCenterReader:
    return IdentityCenterReader(CenterSettings(DirectoryId("center"), store, REGION), aws)


def test_users_of_a_pool_are_read_with_what_cognito_vouches_for(client: Client, aws: AwsSettings) -> None:
    idp = client("cognito-idp")
    id_ = pool(idp)
    idp.admin_disable_user(UserPoolId=id_, Username="user001")
    reader = cognito(aws, id_, people="guest")
    first, second = sorted(reader.accounts(), key=lambda one: one.user_name)
    assert (first.kind, first.display_name, first.mail) == (
        AccountKind.GUEST,
        "User 0",
        "user000@example.com",
    )
    assert (first.mail_verified, second.mail_verified) == (False, True)
    assert (first.enabled, second.enabled) == (True, False)
    assert first.factors == ()
    assert first.last_sign_in is None
    assert first.created is not None
    assert first.created.tzinfo is not None
    assert reader.faults == []


def test_the_subject_is_the_unchanging_sub_and_groups_name_it(client: Client, aws: AwsSettings) -> None:
    idp = client("cognito-idp")
    id_ = pool(idp)
    idp.create_group(UserPoolId=id_, GroupName="admins")
    idp.create_group(UserPoolId=id_, GroupName="empty")
    idp.admin_add_user_to_group(UserPoolId=id_, Username="user001", GroupName="admins")
    reader = cognito(aws, id_)
    subjects = {one.user_name: one.subject for one in reader.accounts()}
    groups = {one.display_name: one.accounts for one in reader.groups()}
    assert groups == {"admins": (subjects["user001"],), "empty": ()}


def test_a_pool_of_several_pages_is_read_to_its_end(client: Client, aws: AwsSettings) -> None:
    idp = client("cognito-idp")
    id_ = pool(idp, users=130)
    reader = cognito(aws, id_, most_factors=3)
    found = list(reader.accounts())
    assert len({one.subject for one in found}) == 130
    assert sum(one.factors is not None for one in found) <= 3 + 4


def test_factors_of_a_user_are_those_that_cognito_asks_for(client: Client, aws: AwsSettings) -> None:
    idp = client("cognito-idp")
    id_ = pool(idp)
    idp.admin_set_user_mfa_preference(
        UserPoolId=id_,
        Username="user000",
        SMSMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    told = {one.user_name: one.factors for one in cognito(aws, id_).accounts()}
    assert told == {"user000": ("sms",), "user001": ()}


def store(client: Client) -> tuple[str, list[str], str]:
    api = client("identitystore")
    id_ = str(sso_admin.enable("123456789012", REGION, "company").identity_store_id)
    users = [
        api.create_user(
            IdentityStoreId=id_,
            UserName=name,
            DisplayName=name.title(),
            Name={"GivenName": name, "FamilyName": "X"},
            Emails=[{"Value": f"old-{name}@example.com"}, {"Value": f"{name}@example.com", "Primary": True}],
        )["UserId"]
        for name in ("anna", "bert")
    ]
    group = api.create_group(IdentityStoreId=id_, DisplayName="admins")["GroupId"]
    api.create_group_membership(IdentityStoreId=id_, GroupId=group, MemberId={"UserId": users[0]})
    return id_, users, group


def test_users_and_groups_of_an_identity_store_are_read(client: Client, aws: AwsSettings) -> None:
    id_, users, group = store(client)
    reader = center(aws, id_)
    found = {one.user_name: one for one in reader.accounts()}
    assert {name: one.subject for name, one in found.items()} == dict(
        zip(("anna", "bert"), users, strict=True)
    )
    assert found["anna"].mail == "anna@example.com"
    assert (found["anna"].factors, found["anna"].last_sign_in, found["anna"].enabled) == (None, None, None)
    assert [(one.subject, one.display_name, one.accounts) for one in reader.groups()] == [
        (group, "admins", (users[0],))
    ]


def test_a_pool_that_is_not_there_is_an_error_and_no_empty_directory(aws: AwsSettings) -> None:
    with pytest.raises(DirectoryError):
        list(cognito(aws, "us-east-1_nowhere").accounts())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14T23:13:20", None),
        ("yesterday", None),
        (1e300, None),
        (True, None),
        (None, None),
    ],
    ids=str,
)
def test_a_time_is_read_as_aws_sends_it_or_is_unknown(value: object, expected: str | None) -> None:
    found = moment({"at": value}, "at")
    assert (found and found.isoformat()) == expected


def test_an_endpoint_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.collect.live.LONGEST_PAUSE", 0.0)
    reader: DirectoryReader = cognito(
        AwsSettings(endpoint_url="http://127.0.0.1:9", region=REGION), "us-east-1_x"
    )
    with pytest.raises(DirectoryUnreachable):
        list(reader.accounts())


@pytest.mark.parametrize("options", [{"people": "everybody"}, {"most_factors": -1}], ids=str)
def test_settings_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        CognitoSettings(DirectoryId("pool"), "us-east-1_x", REGION, **options)
