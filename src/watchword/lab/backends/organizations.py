"""AWS Organizations: who may ask in an organisation, the services that it trusts, and what moto lacks of the API.

What it does: lets delegated administrators read the organisation and denies it to other members, as AWS does; knows
the services that can be trusted and delegated today; adds effective policies of the kinds that aren't merged, the
resource policy and handshakes. What it does not do: enforce any policy.
Reference: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.organizations.models import (
    FakeDelegatedAdministrator,
    FakeServiceAccess,
    OrganizationsBackend,
    organizations_backends,
)
from moto.organizations.responses import OrganizationsResponse
from moto.organizations.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, hex_id, worldwide

organizations_tables = worldwide("organizations")

# Services that came after moto's list.
_TRUSTED = (
    "detective",
    "iam",
    "cost-optimization-hub.bcm",
    "resource-explorer-2",
    "securitylake",
    "vpc-lattice",
)
_DELEGATED = (
    "account",
    "auditmanager",
    "backup",
    "cloudtrail",
    "compute-optimizer",
    "config",
    "detective",
    "fms",
    "health",
    "iam",
    "inspector2",
    "member.org.stacksets.cloudformation",
    "reporting.trustedadvisor",
    "resource-explorer-2",
    "securityhub",
    "securitylake",
    "sso",
    "storage-lens.s3",
)

# What any member may ask.
_FOR_MEMBERS = ("DescribeOrganization", "LeaveOrganization", "ListHandshakesForAccount", "CreateOrganization")


def _backend(response: OrganizationsResponse) -> OrganizationsBackend:
    """The organisation's state: that of the management account, where the caller may see it."""
    own = organizations_backends[response.current_account][response.partition]
    manager = organizations_backends.master_accounts.get(response.current_account)
    operation = response._get_action()
    if own.org or manager is None or operation in _FOR_MEMBERS:
        return own
    backend = organizations_backends[manager[0]][manager[1]]
    delegated = any(admin.account.id == response.current_account for admin in backend.admins)
    if not delegated or not operation.startswith(("List", "Describe")):
        raise Refusal("AccessDeniedException", "You don't have permissions to access this resource.")
    return backend


def organisation_of(call: Call) -> OrganizationsBackend:
    """Moto's organisation of the account that a call concerns; AWSOrganizationsNotInUseException without one."""
    found = organizations_backends.master_accounts.get(call.account, (call.account, call.partition))
    backend = organizations_backends[found[0]][found[1]]
    if backend.org is None:
        message = "Your account is not a member of an organization."
        raise Refusal("AWSOrganizationsNotInUseException", message)
    return backend


def _put_resource_policy(call: Call) -> Item:
    kept = organizations_tables[organisation_of(call).account_id][call.partition].table("resource policy")
    organisation: Any = organisation_of(call).org
    key = kept["policy"]["Id"] if kept else hex_id("rp", 8)
    arn = f"arn:{call.partition}:organizations::{organisation.master_account_id}:resourcepolicy/{organisation.id}/{key}"
    kept["policy"] = {"Id": key, "Arn": arn, "Content": call.params["Content"]}
    return _describe_resource_policy(call)


def _describe_resource_policy(call: Call) -> Item:
    kept = organizations_tables[organisation_of(call).account_id][call.partition].table("resource policy")
    if not kept:
        raise Refusal("ResourcePolicyNotFoundException", "We can't find a resource policy request.")
    policy = kept["policy"]
    summary = {"Id": policy["Id"], "Arn": policy["Arn"]}
    return {"ResourcePolicy": {"ResourcePolicySummary": summary, "Content": policy["Content"]}}


def _delete_resource_policy(call: Call) -> None:
    _describe_resource_policy(call)
    organizations_tables[organisation_of(call).account_id][call.partition].table("resource policy").clear()


def _effective_policy(call: Call) -> Item:
    """The one policy of a kind that reaches a target; merging several is left to AWS."""
    backend, kind = organisation_of(call), call.params["PolicyType"]
    target = call.params.get("TargetId", call.account)
    reaching = [policy for policy in _reaching(backend, target) if policy.type == kind]
    if not reaching:
        raise Refusal("EffectivePolicyNotFoundException", "There is no effective policy for the target.")
    if len(reaching) > 1:
        raise Refusal("ConstraintViolationException", "The lab does not merge several policies of one kind.")
    content = json.dumps(json.loads(reaching[0].content))
    return {
        "EffectivePolicy": {
            "PolicyContent": content,
            "LastUpdatedTimestamp": datetime.now(UTC),
            "TargetId": target,
            "PolicyType": kind,
        }
    }


def _reaching(backend: OrganizationsBackend, target: str) -> list[Any]:
    """The policies that are attached to a target or to anything above it."""
    every: list[Any] = [*backend.accounts, *backend.ou]
    things = {thing.id: thing for thing in every}
    reaching = []
    thing = things.get(target)
    while thing is not None:
        reaching += thing.attached_policies
        thing = things.get(thing.parent_id) if getattr(thing, "parent_id", None) else None
    return reaching


def _handshakes(call: Call) -> Item:
    """Every account of the lab is created, so that nobody was ever invited."""
    return call.page("Handshakes", [])


def _enable_all_features(call: Call) -> Item:
    organisation: Any = organisation_of(call).org
    organisation.feature_set = "ALL"
    key = hex_id("h", 10)
    arn = f"arn:{call.partition}:organizations::{call.account}:handshake/{organisation.id}/enable_all_features/{key}"
    parties = [{"Id": organisation.id.removeprefix("o-"), "Type": "ORGANIZATION"}]
    shown = {"Id": key, "Arn": arn, "Parties": parties, "State": "ACCEPTED", "Action": "ENABLE_ALL_FEATURES"}
    return {"Handshake": shown}


OPERATIONS: Mapping[str, Handler] = {
    "PutResourcePolicy": _put_resource_policy,
    "DescribeResourcePolicy": _describe_resource_policy,
    "DeleteResourcePolicy": _delete_resource_policy,
    "DescribeEffectivePolicy": _effective_policy,
    "ListHandshakesForAccount": _handshakes,
    "ListHandshakesForOrganization": _handshakes,
    "EnableAllFeatures": _enable_all_features,
}


def install() -> None:
    """Add the operations, the services and the view of members to moto's Organizations."""
    registry.extend(OrganizationsResponse, url_paths, OPERATIONS, invalid="InvalidInputException")
    responses: Any = OrganizationsResponse
    responses.organizations_backend = property(_backend)
    _learn(FakeServiceAccess.TRUSTED_SERVICES, _TRUSTED)
    _learn(FakeDelegatedAdministrator.SUPPORTED_SERVICES, _DELEGATED)


def _learn(known: list[str], new: Iterable[str]) -> None:
    names = [f"{name}.amazonaws.com" for name in new]
    known.extend(name for name in names if name not in known)
