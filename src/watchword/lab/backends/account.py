"""Account Management: alternate contacts, regions, contact data and names of accounts, also for the organisation.

What it does: keeps contacts and enabled regions for each account, where Company ABC's regions are those that nobody
needs to enable, as in `ec2_regions`; the management account and the account to which
account.amazonaws.com is delegated may name another account of the organisation. What it does not do: stop calls to
regions that are disabled.
Reference: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from moto.account.responses import AccountResponse
from moto.account.urls import url_paths
from moto.organizations.models import organizations_backends

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.organisation import same_organisation
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, worldwide
from watchword.lab.estate.company import REGIONS

account_tables = worldwide("account")


@cache
def _regions(partition: str) -> tuple[str, ...]:
    return tuple(sorted(boto3.Session().get_available_regions("ec2", partition_name=partition)))


def _target(call: Call) -> str:
    """The account that a call is about; AccessDeniedException where the caller may not speak for it."""
    target: str = call.params.get("AccountId", call.account)
    if target == call.account:
        return target
    manager, where = organizations_backends.master_accounts.get(call.account, (call.account, call.partition))
    admins = organizations_backends[manager][where].admins
    delegated = any(
        each.account.id == call.account and "account.amazonaws.com" in each.services for each in admins
    )
    speaks = manager == call.account or delegated
    if not speaks or not same_organisation(call.account, target, call.partition):
        raise Refusal("AccessDeniedException", "User is not authorized to act for the specified account.")
    return target


def _tables(call: Call) -> Tables:
    return account_tables[_target(call)][call.partition]


def _put_contact(call: Call) -> None:
    members = ("AlternateContactType", "EmailAddress", "Name", "PhoneNumber", "Title")
    kept = {name: call.params[name] for name in members}
    _tables(call).table("contacts")[kept["AlternateContactType"]] = kept


def _get_contact(call: Call) -> Item:
    found = _tables(call).table("contacts").get(call.params["AlternateContactType"])
    if found is None:
        raise Refusal("ResourceNotFoundException", "No contact of the inputted alternate contact type found.")
    return {"AlternateContact": found}


def _delete_contact(call: Call) -> None:
    _get_contact(call)
    del _tables(call).table("contacts")[call.params["AlternateContactType"]]


def _put_information(call: Call) -> None:
    _tables(call).table("information")["contact"] = call.params["ContactInformation"]


def _get_information(call: Call) -> Item:
    found = _tables(call).table("information").get("contact")
    if found is None:
        raise Refusal("ResourceNotFoundException", "No contact information found.")
    return {"ContactInformation": found}


def _status(call: Call, region: str) -> str:
    if region not in _regions(call.partition):
        raise Refusal("ValidationException", f"The region {region} is invalid.")
    if region in REGIONS:
        return "ENABLED_BY_DEFAULT"
    return "ENABLED" if region in _tables(call).table("regions") else "DISABLED"


def _get_region(call: Call) -> Item:
    region = call.params["RegionName"]
    return {"RegionName": region, "RegionOptStatus": _status(call, region)}


def _list_regions(call: Call) -> Item:
    wanted = call.params.get("RegionOptStatusContains")
    shown = [
        {"RegionName": region, "RegionOptStatus": _status(call, region)}
        for region in _regions(call.partition)
    ]
    return call.page("Regions", [each for each in shown if not wanted or each["RegionOptStatus"] in wanted])


def _enable_region(call: Call) -> None:
    _refuse_default(call)
    _tables(call).table("regions")[call.params["RegionName"]] = {}


def _disable_region(call: Call) -> None:
    _refuse_default(call)
    _tables(call).table("regions").pop(call.params["RegionName"], None)


def _refuse_default(call: Call) -> None:
    region = call.params["RegionName"]
    if _status(call, region) == "ENABLED_BY_DEFAULT":
        raise Refusal("ValidationException", f"The region {region} is enabled by default.")


def _member(call: Call) -> Any:
    """Organizations' record of the account; None for an account in no organisation."""
    target = _target(call)
    manager, where = organizations_backends.master_accounts.get(target, (target, call.partition))
    accounts: list[Any] = organizations_backends[manager][where].accounts
    return next((each for each in accounts if each.id == target), None)


def _get_email(call: Call) -> Item:
    member = _member(call)
    if member is None:
        raise Refusal("ResourceNotFoundException", "No primary email found.")
    return {"PrimaryEmail": member.email}


def _get_account(call: Call) -> Item:
    member = _member(call)
    if member is None:
        return {"AccountId": _target(call), "AccountState": "ACTIVE"}
    shown = {"AccountName": member.name, "AccountCreatedDate": member.create_time}
    return {"AccountId": member.id, **shown, "AccountState": member.status}


OPERATIONS: Mapping[str, Handler] = {
    "PutAlternateContact": _put_contact,
    "GetAlternateContact": _get_contact,
    "DeleteAlternateContact": _delete_contact,
    "PutContactInformation": _put_information,
    "GetContactInformation": _get_information,
    "ListRegions": _list_regions,
    "GetRegionOptStatus": _get_region,
    "EnableRegion": _enable_region,
    "DisableRegion": _disable_region,
    "GetPrimaryEmail": _get_email,
    "GetAccountInformation": _get_account,
}


def install() -> None:
    """Add the operations to moto's Account Management."""
    registry.extend(AccountResponse, url_paths, OPERATIONS)
