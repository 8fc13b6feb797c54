"""The accounts that a GuardDuty administrator watches, and what is switched on for the organisation.

Accounts of the administrator's own organisation are enabled at once, with a detector; others stay "Created",
because invitations are not emulated.
https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_organizations.html
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.guardduty.models import guardduty_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.guardduty.detectors import (
    PARTS,
    PLANS,
    change_detector,
    data_sources,
    open_detector,
)
from watchword.lab.backends.guardduty.state import GuardDutyState, Member, guardduty_states, stamp, state_of
from watchword.lab.backends.organisation import same_organisation
from watchword.lab.backends.registry import Handler

_NOT_A_MEMBER = (
    "The request is rejected because the given account ID is not an associated member of the current account."
)


def _unprocessed(accounts: Iterable[str], result: str) -> list[dict[str, str]]:
    return [{"AccountId": account, "Result": result} for account in accounts]


def _create_members(call: Call) -> dict[str, Any]:
    state = state_of(call)
    refused = []
    for detail in call.params["AccountDetails"]:
        account = detail["AccountId"]
        if account == call.account or account in state.members:
            refused.append(account)
        else:
            _associate(call, state, account, detail["Email"])
    result = "The request is rejected because the given account ID is already a member or the administrator itself."
    return {"UnprocessedAccounts": _unprocessed(refused, result)}


def _associate(call: Call, state: GuardDutyState, account: str, email: str) -> None:
    together = same_organisation(call.account, account, call.partition)
    state.members[account] = Member(account, email, "Enabled" if together else "Created", datetime.now(UTC))
    if together and guardduty_states[account][call.region].detector() is None:
        open_detector(account, call.region, {})


def _describe(call: Call, member: Member) -> dict[str, Any]:
    detector = guardduty_states[member.account][call.region].detector()
    described = {
        "AccountId": member.account,
        "MasterId": call.account,
        "AdministratorId": call.account,
        "Email": member.email,
        "RelationshipStatus": member.relationship,
        "UpdatedAt": stamp(member.since),
    }
    if detector and member.relationship == "Enabled":
        described |= {"DetectorId": detector.id, "InvitedAt": stamp(member.since)}
    return described


def _list_members(call: Call) -> dict[str, Any]:
    associated_only = call.params.get("OnlyAssociated", "true").lower() == "true"
    members = [
        _describe(call, member)
        for member in state_of(call).members.values()
        if member.relationship == "Enabled" or not associated_only
    ]
    return call.page("Members", members)


def _get_members(call: Call) -> dict[str, Any]:
    state = state_of(call)
    known, unknown = _split(state, call.params["AccountIds"])
    return {
        "Members": [_describe(call, state.members[account]) for account in known],
        "UnprocessedAccounts": _unprocessed(unknown, _NOT_A_MEMBER),
    }


def _split(state: GuardDutyState, accounts: Iterable[str]) -> tuple[list[str], list[str]]:
    known: list[str] = []
    unknown: list[str] = []
    for account in accounts:
        (known if account in state.members else unknown).append(account)
    return known, unknown


def _delete_members(call: Call) -> dict[str, Any]:
    state = state_of(call)
    known, unknown = _split(state, call.params["AccountIds"])
    for account in known:
        del state.members[account]
    return {"UnprocessedAccounts": _unprocessed(unknown, _NOT_A_MEMBER)}


def _get_member_detectors(call: Call) -> dict[str, Any]:
    state = state_of(call)
    known, unknown = _split(state, call.params["AccountIds"])
    described = []
    for account in known:
        detector = guardduty_states[account][call.region].detector()
        if detector is None:
            unknown.append(account)
            continue
        sources = data_sources(detector.features, detector.enabled)
        described.append({"AccountId": account, "DataSources": sources, "Features": detector.features})
    return {
        "MemberDataSourceConfigurations": described,
        "UnprocessedAccounts": _unprocessed(unknown, _NOT_A_MEMBER),
    }


def _update_member_detectors(call: Call) -> dict[str, Any]:
    known, unknown = _split(state_of(call), call.params["AccountIds"])
    changes = {key: call.params[key] for key in ("DataSources", "Features") if key in call.params}
    for account in known:
        detector = guardduty_states[account][call.region].detector()
        if detector is None:
            unknown.append(account)
        else:
            change_detector(detector, changes)
    return {"UnprocessedAccounts": _unprocessed(unknown, _NOT_A_MEMBER)}


def _get_administrator_account(call: Call) -> Mapping[str, Any]:
    state_of(call)
    for account, regions in guardduty_states.items():
        state = regions.get(call.region)
        member = state.members.get(call.account) if state else None
        if member and member.relationship == "Enabled":
            administrator = {
                "AccountId": account,
                "RelationshipStatus": "Enabled",
                "InvitedAt": stamp(member.since),
            }
            return {"Administrator": administrator}
    return {}


def _administered(call: Call) -> GuardDutyState:
    """The state of the organisation's delegated administrator; refused where the caller is not it."""
    state = state_of(call)
    backends = (regions.get(call.region) for regions in guardduty_backends.values())
    if not any(backend and call.account in backend.admin_account_ids for backend in backends):
        raise Refusal(
            "BadRequestException",
            "The request failed because you do not have required AWS Organization master permission.",
        )
    return state


def _describe_organization_configuration(call: Call) -> dict[str, Any]:
    state = _administered(call)
    features = [_organisation_feature(state, name) for name in PLANS]
    status = {feature["Name"]: {"AutoEnable": feature["AutoEnable"] != "NONE"} for feature in features}
    return {
        "AutoEnable": state.auto_enable_members != "NONE",
        "AutoEnableOrganizationMembers": state.auto_enable_members,
        "MemberAccountLimitReached": False,
        "Features": features,
        "DataSources": {
            "S3Logs": status["S3_DATA_EVENTS"],
            "Kubernetes": {"AuditLogs": status["EKS_AUDIT_LOGS"]},
            "MalwareProtection": {
                "ScanEc2InstanceWithFindings": {"EbsVolumes": status["EBS_MALWARE_PROTECTION"]}
            },
        },
    }


def _organisation_feature(state: GuardDutyState, name: str) -> dict[str, Any]:
    parts = [{"Name": part, "AutoEnable": "NONE"} for part in PARTS.get(name, ())]
    feature: dict[str, Any] = {"Name": name, "AutoEnable": "NONE"}
    feature |= {"AdditionalConfiguration": parts} if parts else {}
    return feature | state.auto_enable_features.get(name, {})


def _update_organization_configuration(call: Call) -> None:
    state = _administered(call)
    if "AutoEnable" not in call.params and "AutoEnableOrganizationMembers" not in call.params:
        raise call.refuse("The request must say autoEnable or autoEnableOrganizationMembers.")
    fallback = "NEW" if call.params.get("AutoEnable") else "NONE"
    state.auto_enable_members = call.params.get("AutoEnableOrganizationMembers", fallback)
    for feature in [*_older_features(call.params), *call.params.get("Features", [])]:
        state.auto_enable_features.setdefault(feature["Name"], {}).update(feature)


def _older_features(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The features that a request switches by the older `DataSources`."""
    sources = params.get("DataSources", {})
    scan = sources.get("MalwareProtection", {}).get("ScanEc2InstanceWithFindings", {})
    switches = {
        "S3_DATA_EVENTS": sources.get("S3Logs", {}),
        "EKS_AUDIT_LOGS": sources.get("Kubernetes", {}).get("AuditLogs", {}),
        "EBS_MALWARE_PROTECTION": scan.get("EbsVolumes", {}),
    }
    return [
        {"Name": name, "AutoEnable": "NEW" if switch["AutoEnable"] else "NONE"}
        for name, switch in switches.items()
        if "AutoEnable" in switch
    ]


OPERATIONS: dict[str, Handler] = {
    "CreateMembers": _create_members,
    "ListMembers": _list_members,
    "GetMembers": _get_members,
    "DeleteMembers": _delete_members,
    "GetMemberDetectors": _get_member_detectors,
    "UpdateMemberDetectors": _update_member_detectors,
    "GetAdministratorAccount": _get_administrator_account,
    "DescribeOrganizationConfiguration": _describe_organization_configuration,
    "UpdateOrganizationConfiguration": _update_organization_configuration,
}
