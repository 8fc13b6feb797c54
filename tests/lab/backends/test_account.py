"""Account Management over HTTP, for an account itself and for its organisation."""

from collections.abc import Callable
from typing import Any

import pytest

CONTACT = {
    "AlternateContactType": "SECURITY",
    "EmailAddress": "security@example.com",
    "Name": "Ann",
    "PhoneNumber": "+49 30 1",
    "Title": "CISO",
}


@pytest.fixture
def account(client: Callable[..., Any]) -> Any:
    return client("account")


@pytest.fixture
def member(client: Callable[..., Any]) -> str:
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(Email="web@example.com", AccountName="web")["CreateAccountStatus"]
    return str(made["AccountId"])


def test_a_contact_is_kept_for_its_account(
    account: Any, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    account.put_alternate_contact(**CONTACT)
    assert account.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"] == CONTACT
    other = client("account", account="222222222222")
    code = refused(other.get_alternate_contact, AlternateContactType="SECURITY").code
    assert code == "ResourceNotFoundException"
    account.delete_alternate_contact(AlternateContactType="SECURITY")
    assert refused(account.get_alternate_contact, AlternateContactType="SECURITY").code == code


def test_the_management_account_speaks_for_its_members(
    account: Any, member: str, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    account.put_alternate_contact(AccountId=member, **CONTACT)
    theirs = client("account", account=member)
    assert theirs.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"] == CONTACT
    assert account.get_primary_email(AccountId=member)["PrimaryEmail"] == "web@example.com"
    information = account.get_account_information(AccountId=member)
    assert (information["AccountName"], information["AccountState"]) == ("web", "ACTIVE")

    stranger = refused(
        account.get_alternate_contact, AccountId="999999999999", AlternateContactType="SECURITY"
    )
    assert stranger.code == "AccessDeniedException"
    upwards = refused(theirs.get_alternate_contact, AccountId="123456789012", AlternateContactType="SECURITY")
    assert upwards.code == "AccessDeniedException"


def test_a_delegated_administrator_speaks_for_the_organisation(
    account: Any, member: str, client: Callable[..., Any]
) -> None:
    organizations = client("organizations")
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="account.amazonaws.com")
    account.put_alternate_contact(**CONTACT)
    theirs = client("account", account=member)
    found = theirs.get_alternate_contact(AccountId="123456789012", AlternateContactType="SECURITY")
    assert found["AlternateContact"]["Name"] == "Ann"


def test_regions_are_on_by_default_or_enabled(account: Any, refused: Callable[..., Any]) -> None:
    def status(region: str) -> str:
        return str(account.get_region_opt_status(RegionName=region)["RegionOptStatus"])

    assert (status("eu-west-1"), status("af-south-1")) == ("ENABLED_BY_DEFAULT", "DISABLED")
    account.enable_region(RegionName="af-south-1")
    assert status("af-south-1") == "ENABLED"
    listed = account.list_regions(RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"], MaxResults=50)[
        "Regions"
    ]
    assert [each["RegionName"] for each in listed] == ["af-south-1", "eu-central-1", "eu-west-1", "us-east-1"]
    account.disable_region(RegionName="af-south-1")
    assert status("af-south-1") == "DISABLED"
    assert refused(account.disable_region, RegionName="eu-west-1").code == "ValidationException"
    assert refused(account.get_region_opt_status, RegionName="mars-north-1").code == "ValidationException"


def test_regions_come_in_pages(account: Any) -> None:
    pages = list(account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10}))
    assert len(pages) > 2
    assert len({each["RegionName"] for page in pages for each in page["Regions"]}) > 30


def test_contact_data_of_the_owner_is_kept(account: Any, refused: Callable[..., Any]) -> None:
    assert refused(account.get_contact_information).code == "ResourceNotFoundException"
    data = {
        "FullName": "Company ABC",
        "AddressLine1": "Street 1",
        "City": "Berlin",
        "PostalCode": "10115",
        "CountryCode": "DE",
        "PhoneNumber": "+49301",
    }
    account.put_contact_information(ContactInformation=data)
    assert account.get_contact_information()["ContactInformation"] == data
