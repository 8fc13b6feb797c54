"""Member accounts of Macie, the organisation's administrator, and its settings.

Accounts of the administrator's organisation are enabled at once; others stay "Created" until moto's invitations
take over.
https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao.html
"""

from collections.abc import Mapping
from typing import Any

from moto.macie2.models import Invitation, Member, macie2_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.macie2.state import macie2_states, state_of
from watchword.lab.backends.organisation import same_organisation
from watchword.lab.backends.registry import Handler


def administrator_of(account: str, region: str) -> Member | None:
    """The membership by which another account administers this one, if any."""
    for regions in macie2_backends.values():
        backend = regions.get(region)
        member: Member | None = backend.members.get(account) if backend else None
        if member and member.relationship_status == "Enabled":
            return member
    return None


def administers(call: Call) -> bool:
    """Whether the caller is the delegated administrator of an organisation in the region."""
    backends = (regions.get(call.region) for regions in macie2_backends.values())
    return any(backend and backend.organization_admin_account_id == call.account for backend in backends)


def watched_by(call: Call) -> list[str]:
    """The caller and the accounts that it administers."""
    members: Mapping[str, Member] = macie2_backends[call.account][call.region].members
    return [call.account, *(a for a, member in members.items() if member.relationship_status == "Enabled")]


def _create_member(call: Call) -> dict[str, Any]:
    state = state_of(call)
    members = macie2_backends[call.account][call.region].members
    account = call.params["account"]["accountId"]
    if account in members or account == call.account:
        raise Refusal("ConflictException", f"The account {account} is already a member or the administrator.")
    invitation = Invitation(account, call.region, call.account)
    member = Member(account, call.region, call.account, invitation)
    member.relationship_status = "Created"
    if same_organisation(call.account, account, call.partition):
        member.relationship_status = "Enabled"
        theirs = macie2_states[account][call.region]
        if theirs.session is None:
            theirs.enable()
    members[account] = member
    state.emails[account] = call.params["account"]["email"]
    return {"arn": member.arn}


def _describe(call: Call, member: Member) -> dict[str, Any]:
    emails = macie2_states[call.account][call.region].emails
    return {
        "accountId": member.account_id,
        "administratorAccountId": member.administrator_account_id,
        "masterAccountId": member.administrator_account_id,
        "arn": member.arn,
        "email": emails.get(member.account_id, f"{member.account_id}@example.com"),
        "relationshipStatus": member.relationship_status,
        "invitedAt": member.invited_at,
        "updatedAt": member.updated_at,
    }


def _list_members(call: Call) -> dict[str, Any]:
    state_of(call)
    associated_only = call.params.get("onlyAssociated", "true").lower() == "true"
    members = [
        _describe(call, member)
        for member in macie2_backends[call.account][call.region].members.values()
        if member.relationship_status == "Enabled" or not associated_only
    ]
    return call.page("members", members, default=25)


def _get_member(call: Call) -> dict[str, Any]:
    state_of(call)
    member = macie2_backends[call.account][call.region].members.get(call.params["id"])
    if member is None:
        raise Refusal(
            "ResourceNotFoundException", "The request failed because the specified resource doesn't exist."
        )
    return _describe(call, member)


def _get_administrator_account(call: Call) -> Mapping[str, Any]:
    state_of(call)
    member = administrator_of(call.account, call.region)
    if member is None:
        return {}
    administrator = {
        "accountId": member.administrator_account_id,
        "relationshipStatus": "Enabled",
        "invitedAt": member.invited_at,
    }
    return {"administrator": administrator}


def _require_administrator(call: Call) -> None:
    state_of(call)
    if not administers(call):
        raise Refusal(
            "AccessDeniedException",
            "The request failed because the account isn't the delegated Macie administrator of an organization.",
        )


def _describe_organization_configuration(call: Call) -> dict[str, Any]:
    _require_administrator(call)
    return {"autoEnable": state_of(call).auto_enable, "maxAccountLimitReached": False}


def _update_organization_configuration(call: Call) -> None:
    _require_administrator(call)
    state_of(call).auto_enable = call.params["autoEnable"]


OPERATIONS: dict[str, Handler] = {
    "CreateMember": _create_member,
    "ListMembers": _list_members,
    "GetMember": _get_member,
    "GetAdministratorAccount": _get_administrator_account,
    "DescribeOrganizationConfiguration": _describe_organization_configuration,
    "UpdateOrganizationConfiguration": _update_organization_configuration,
}
