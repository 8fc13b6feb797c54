"""Members, the delegated administrator, and what is switched on for new accounts.

https://docs.aws.amazon.com/inspector/latest/user/admin-member-relationship.html
"""

from typing import Any

from moto.inspector2.models import Inspector2Backend, Member, inspector2_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.inspector2.state import administers
from watchword.lab.backends.registry import Handler


def _backend(call: Call) -> Inspector2Backend:
    return inspector2_backends[call.account][call.region]


def _list_members(call: Call) -> dict[str, Any]:
    associated_only = call.params.get("onlyAssociated", True)
    members = [
        member.to_json()
        for member in _backend(call).members.values()
        if member.status == "ENABLED" or not associated_only
    ]
    return call.page("members", members)


def _member(call: Call) -> Member:
    member = _backend(call).members.get(call.params["accountId"])
    if member is None:
        raise Refusal("ResourceNotFoundException", "The specified member account isn't associated.")
    return member


def _get_member(call: Call) -> dict[str, Any]:
    return {"member": _member(call).to_json()}


def _disassociate_member(call: Call) -> dict[str, Any]:
    if call.params["accountId"] not in _backend(call).members:
        raise call.refuse("The specified member account isn't associated.")
    _member(call).status = "DISABLED"
    return {"accountId": call.params["accountId"]}


def _get_delegated_admin_account(call: Call) -> dict[str, Any]:
    for account, regions in inspector2_backends.items():
        backend = regions.get(call.region)
        member = backend.members.get(call.account) if backend else None
        if member and member.status == "ENABLED":
            return {"delegatedAdmin": {"accountId": account, "relationshipStatus": member.status}}
    for account, status in _backend(call).admin_accounts.items():
        if status == "ENABLED":
            return {"delegatedAdmin": {"accountId": account, "relationshipStatus": status}}
    raise Refusal("ResourceNotFoundException", "No delegated administrator is set for this account.")


def _require_administrator(call: Call) -> None:
    if not administers(call.account, call.region):
        raise Refusal(
            "AccessDeniedException", "Invoking account does not have access to the organization configuration"
        )


def _describe_organization_configuration(call: Call) -> dict[str, Any]:
    _require_administrator(call)
    return {"autoEnable": dict(_backend(call).org_config), "maxAccountLimitReached": False}


def _update_organization_configuration(call: Call) -> dict[str, Any]:
    _require_administrator(call)
    _backend(call).org_config.update(call.params["autoEnable"])
    return {"autoEnable": dict(_backend(call).org_config)}


OPERATIONS: dict[str, Handler] = {
    "ListMembers": _list_members,
    "GetMember": _get_member,
    "DisassociateMember": _disassociate_member,
    "GetDelegatedAdminAccount": _get_delegated_admin_account,
    "DescribeOrganizationConfiguration": _describe_organization_configuration,
    "UpdateOrganizationConfiguration": _update_organization_configuration,
}
