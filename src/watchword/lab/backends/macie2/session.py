"""Switching Macie and its automated discovery on and off.

Automated discovery is off until it is asked for, whereas AWS switches it on for some kinds of new accounts.
https://docs.aws.amazon.com/macie/latest/user/discovery-asdd-account-enable.html
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from moto.macie2.models import macie2_backends

from watchword.lab.backends.call import Call
from watchword.lab.backends.macie2.members import administers, administrator_of
from watchword.lab.backends.macie2.state import macie2_states, session_of, state_of
from watchword.lab.backends.registry import Handler


def _enable_macie(call: Call) -> None:
    state = macie2_states[call.account][call.region]
    frequency = call.params.get("findingPublishingFrequency", "FIFTEEN_MINUTES")
    state.enable(frequency, call.params.get("status", "ENABLED"))


def _disable_macie(call: Call) -> None:
    if administrator_of(call.account, call.region):
        raise call.refuse("A member of an organization can't disable Macie.")
    state_of(call).reset()
    macie2_backends[call.account][call.region].disable_macie()


def _get_macie_session(call: Call) -> dict[str, Any]:
    session = session_of(call)
    role = "aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    return {
        "createdAt": session.created,
        "updatedAt": session.updated,
        "findingPublishingFrequency": session.frequency,
        "status": session.status,
        "serviceRole": f"arn:{call.partition}:iam::{call.account}:role/{role}",
    }


def _update_macie_session(call: Call) -> None:
    old = session_of(call)
    state_of(call).session = replace(
        old,
        frequency=call.params.get("findingPublishingFrequency", old.frequency),
        status=call.params.get("status", old.status),
        updated=datetime.now(UTC),
    )


def _get_automated_discovery_configuration(call: Call) -> dict[str, Any]:
    state = state_of(call)
    found = state.discovery
    answer = {
        "status": found.status,
        "classificationScopeId": state.scope_id,
        "sensitivityInspectionTemplateId": state.template_id,
        "firstEnabledAt": found.first_enabled,
        "disabledAt": found.disabled,
        "lastUpdatedAt": found.updated,
    }
    if administers(call):
        answer["autoEnableOrganizationMembers"] = found.members
    return {name: value for name, value in answer.items() if value is not None}


def _update_automated_discovery_configuration(call: Call) -> None:
    state, now = state_of(call), datetime.now(UTC)
    old, status = state.discovery, call.params["status"]
    enabled = status == "ENABLED"
    state.discovery = replace(
        old,
        status=status,
        members=call.params.get("autoEnableOrganizationMembers", old.members),
        first_enabled=(old.first_enabled or now) if enabled else old.first_enabled,
        disabled=None if enabled else now,
        updated=now,
    )


OPERATIONS: dict[str, Handler] = {
    "EnableMacie": _enable_macie,
    "DisableMacie": _disable_macie,
    "GetMacieSession": _get_macie_session,
    "UpdateMacieSession": _update_macie_session,
    "GetAutomatedDiscoveryConfiguration": _get_automated_discovery_configuration,
    "UpdateAutomatedDiscoveryConfiguration": _update_automated_discovery_configuration,
}
