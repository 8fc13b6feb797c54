"""Member accounts and the delegated administrator.

Moto keeps the members; here they get the states that AWS documents: "Enabled" with a hub for accounts of the
administrator's organisation, "Created" for others, because invitations are not emulated.
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-accounts.html
"""

from datetime import UTC, datetime
from typing import Any

from moto.organizations.exceptions import AWSOrganizationsNotInUseException

from watchword.lab.backends.call import Call
from watchword.lab.backends.organisation import same_organisation
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.securityhub.state import hub_of, state_of


def _create_members(call: Call) -> dict[str, Any]:
    state_of(call)
    members = hub_of(call.account, call.region).members
    unprocessed = []
    for detail in call.params["AccountDetails"]:
        account = detail["AccountId"]
        if account in members or account == call.account:
            result = f"Account {account} is already a member or the administrator"
            unprocessed.append({"AccountId": account, "ProcessingResult": result})
        else:
            members[account] = _associate(call, account, detail.get("Email"))
    return {"UnprocessedAccounts": unprocessed}


def _associate(call: Call, account: str, email: str | None) -> dict[str, Any]:
    now = datetime.now(UTC)
    member = {"AccountId": account, "MemberStatus": "Created", "UpdatedAt": now}
    if email:
        member["Email"] = email
    if same_organisation(call.account, account, call.partition):
        member |= {"MemberStatus": "Enabled", "InvitedAt": now}
        hub_of(account, call.region).enable_security_hub(False, {})
    return member


def _describe(call: Call, member: dict[str, Any]) -> dict[str, Any]:
    return {**member, "AdministratorId": call.account, "MasterId": call.account}


def _list_members(call: Call) -> dict[str, Any]:
    state_of(call)
    associated_only = call.params.get("OnlyAssociated", True)
    members = [
        _describe(call, member)
        for member in hub_of(call.account, call.region).members.values()
        if member["MemberStatus"] == "Enabled" or not associated_only
    ]
    return call.page("Members", members)


def _get_members(call: Call) -> dict[str, Any]:
    state_of(call)
    members = hub_of(call.account, call.region).members
    unknown = [account for account in call.params["AccountIds"] if account not in members]
    return {
        "Members": [_describe(call, members[a]) for a in call.params["AccountIds"] if a in members],
        "UnprocessedAccounts": [
            {"AccountId": account, "ProcessingResult": f"Account {account} is not a member"}
            for account in unknown
        ],
    }


def _list_organization_admin_accounts(call: Call) -> dict[str, Any]:
    try:
        admin = hub_of(call.account, call.region)._get_org_config()["admin_account_id"]
    except AWSOrganizationsNotInUseException:
        admin = None
    return call.page("AdminAccounts", [{"AccountId": admin, "Status": "ENABLED"}] if admin else [])


OPERATIONS: dict[str, Handler] = {
    "CreateMembers": _create_members,
    "ListMembers": _list_members,
    "GetMembers": _get_members,
    "ListOrganizationAdminAccounts": _list_organization_admin_accounts,
}
