"""IAM Identity Center: instances that someone enabled, seen by delegated administrators, and what moto lacks.

What it does: removes the instance that moto gives each account and region unasked; lets the account to which
sso.amazonaws.com is delegated act on the organisation's instance; adds permissions boundaries, applications and
their assignments, trusted token issuers, attributes for access control and tags. What it does not do: make roles in
the accounts that a permission set is assigned to.
Reference: https://docs.aws.amazon.com/singlesignon/latest/APIReference/welcome.html
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.moto_api._internal import mock_random
from moto.organizations.models import organizations_backends
from moto.ssoadmin import urls
from moto.ssoadmin.models import Instance, ManagedPolicy, SSOAdminBackend, ssoadmin_backends
from moto.ssoadmin.responses import SSOAdminResponse

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, regional, shared_members, uuid

sso_tables = regional("sso-admin")

_PROVIDERS = {"custom": "OAUTH", "custom-saml": "SAML"}


def enable(account: str, region: str, name: str | None = None) -> Instance:
    """Enable Identity Center for the organisation of a management account, as its console does.

    AWS has no operation for this; CreateInstance makes instances of single accounts. The instance has the attributes
    `instance_arn` and `identity_store_id`. Raises ValueError where the account and region have an instance.
    """
    backend = ssoadmin_backends[account][region]
    if backend.instances:
        raise ValueError(f"account {account} has an instance of Identity Center in {region}")
    instance = Instance(account, region)
    instance.name = name
    backend.instances.append(instance)
    return instance


def owner_of(account: str, partition: str, region: str) -> str:
    """The account whose Identity Center a caller acts on: its own, or the organisation's where it is delegated."""
    if ssoadmin_backends[account][region].instances:
        return account
    manager, where = organizations_backends.master_accounts.get(account, (account, partition))
    admins = organizations_backends[manager][where].admins
    delegated = any(each.account.id == account and "sso.amazonaws.com" in each.services for each in admins)
    return manager if delegated else account


def _backend_of(response: SSOAdminResponse) -> SSOAdminBackend:
    owner = owner_of(response.current_account, response.partition, response.region)
    return ssoadmin_backends[owner][response.region]


def _backend(call: Call) -> SSOAdminBackend:
    return ssoadmin_backends[owner_of(call.account, call.partition, call.region)][call.region]


def _tables(call: Call) -> Tables:
    return sso_tables[owner_of(call.account, call.partition, call.region)][call.region]


def _instance(call: Call) -> Instance:
    arn = call.params["InstanceArn"]
    found = next((each for each in _backend(call).instances if each.instance_arn == arn), None)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"Could not find instance {arn}")
    return found


def _create_instance(call: Call) -> Item:
    if organizations_backends[call.account][call.partition].org:
        message = "The management account cannot create an instance with this operation."
        raise Refusal("ValidationException", message)
    if any(backend.instances for backend in ssoadmin_backends[call.account].values()):
        raise Refusal("ConflictException", "An instance already exists for the account.")
    instance = enable(call.account, call.region, call.params.get("Name"))
    _tag(call, instance.instance_arn, call.params.get("Tags", []))
    return {"InstanceArn": instance.instance_arn}


def _describe_instance(call: Call) -> Item:
    shown = {name: value for name, value in _instance(call).to_json().items() if value is not None}
    return {**shown, "PrimaryRegion": call.region}


def _delete_instance(call: Call) -> None:
    _backend(call).instances.remove(_instance(call))


def _boundaries(call: Call) -> dict[str, Item]:
    """The boundaries by permission set; the permission set that the call names must exist."""
    _backend(call).describe_permission_set(call.params["InstanceArn"], call.params["PermissionSetArn"])
    return _tables(call).table("boundaries")


def _put_boundary(call: Call) -> None:
    boundary = call.params["PermissionsBoundary"]
    if len(boundary) != 1:
        raise Refusal(
            "ValidationException", "Specify either CustomerManagedPolicyReference or ManagedPolicyArn"
        )
    _boundaries(call)[call.params["PermissionSetArn"]] = dict(boundary)


def _get_boundary(call: Call) -> Item:
    boundary = _boundaries(call).get(call.params["PermissionSetArn"])
    if boundary is None:
        message = f"PermissionsBoundary does not exist for {call.params['PermissionSetArn']}"
        raise Refusal("ResourceNotFoundException", message)
    return {"PermissionsBoundary": boundary}


def _delete_boundary(call: Call) -> None:
    _get_boundary(call)
    del _boundaries(call)[call.params["PermissionSetArn"]]


def _provisioned_sets(call: Call) -> Item:
    """Assigning a permission set to somebody in an account provisions it there."""
    _instance(call)
    account = call.params["AccountId"]
    found = (each for each in _backend(call).account_assignments if each.target_id == account)
    return call.page("PermissionSets", list(dict.fromkeys(each.permission_set_arn for each in found)), 100)


def _provisioned_accounts(call: Call) -> Item:
    _instance(call)
    wanted = call.params["PermissionSetArn"]
    found = (each for each in _backend(call).account_assignments if each.permission_set_arn == wanted)
    return call.page("AccountIds", list(dict.fromkeys(each.target_id for each in found)), 100)


def _creation_statuses(call: Call) -> Item:
    _instance(call)
    wanted = call.params.get("Filter", {}).get("Status", "SUCCEEDED")
    made = _backend(call).account_assignments if wanted == "SUCCEEDED" else []
    shown = [
        {"Status": "SUCCEEDED", "RequestId": each.request_id, "CreatedDate": each.created_date}
        for each in made
    ]
    return call.page("AccountAssignmentsCreationStatus", shown, 100)


def _create_application(call: Call) -> Item:
    instance = _instance(call)
    key = f"apl-{mock_random.get_random_hex(16)}"
    owner = instance.instance_arn.rsplit("/", 1)[-1]
    arn = f"arn:{call.partition}:sso::{call.account}:application/{owner}/{key}"
    _tables(call).table("applications")[arn] = {
        "PortalOptions": {"Visibility": "ENABLED"},
        "Status": "ENABLED",
        **shared_members(call, "Application"),
        "ApplicationArn": arn,
        "ApplicationAccount": call.account,
        "CreatedDate": datetime.now(UTC),
    }
    _tag(call, arn, call.params.get("Tags", []))
    return {"ApplicationArn": arn}


def _application(call: Call) -> Item:
    arn = call.params["ApplicationArn"]
    found = _tables(call).table("applications").get(arn)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"Application {arn} does not exist")
    return found


def _describe_application(call: Call) -> Item:
    return _application(call)


def _update_application(call: Call) -> None:
    _application(call).update(shared_members(call, "Application"))


def _delete_application(call: Call) -> None:
    arn = _application(call)["ApplicationArn"]
    del _tables(call).table("applications")[arn]
    _assignments(call, arn).clear()


def _list_applications(call: Call) -> Item:
    asked = call.params.get("Filter", {})
    wanted = {"InstanceArn": _instance(call).instance_arn}
    if "ApplicationAccount" in asked:
        wanted["ApplicationAccount"] = asked["ApplicationAccount"]
    if "ApplicationProvider" in asked:
        wanted["ApplicationProviderArn"] = asked["ApplicationProvider"]
    found = _tables(call).table("applications").values()
    return call.page("Applications", [each for each in found if wanted.items() <= each.items()], 100)


def _assignments(call: Call, application: str) -> dict[str, Item]:
    return _tables(call).table(f"assignments of {application}")


def _assignment(call: Call) -> tuple[str, Item]:
    members = {name: call.params[name] for name in ("ApplicationArn", "PrincipalId", "PrincipalType")}
    return f"{members['PrincipalType']} {members['PrincipalId']}", members


def _assign(call: Call) -> None:
    key, members = _assignment(call)
    _assignments(call, _application(call)["ApplicationArn"])[key] = members


def _unassign(call: Call) -> None:
    key, _ = _assignment(call)
    if _assignments(call, _application(call)["ApplicationArn"]).pop(key, None) is None:
        raise Refusal("ResourceNotFoundException", "The assignment does not exist")


def _list_assignments(call: Call) -> Item:
    found = _assignments(call, _application(call)["ApplicationArn"])
    return call.page("ApplicationAssignments", list(found.values()), 100)


def _list_assignments_of_principal(call: Call) -> Item:
    _instance(call)
    asked = {name: call.params[name] for name in ("PrincipalId", "PrincipalType")} | dict(
        call.params.get("Filter", {})
    )
    found = [
        each
        for application in _tables(call).table("applications")
        for each in _assignments(call, application).values()
        if asked.items() <= each.items()
    ]
    return call.page("ApplicationAssignments", found, 100)


def _put_assignment_configuration(call: Call) -> None:
    arn = _application(call)["ApplicationArn"]
    _tables(call).table("assignment required")[arn] = {
        "AssignmentRequired": call.params["AssignmentRequired"]
    }


def _get_assignment_configuration(call: Call) -> Item:
    """Applications need assignments unless someone said otherwise."""
    arn = _application(call)["ApplicationArn"]
    return _tables(call).table("assignment required").get(arn, {"AssignmentRequired": True})


def _list_providers(call: Call) -> Item:
    arn = f"arn:{call.partition}:sso::aws:applicationProvider"
    shown = [
        {"ApplicationProviderArn": f"{arn}/{name}", "FederationProtocol": protocol}
        for name, protocol in _PROVIDERS.items()
    ]
    return call.page("ApplicationProviders", shown, 100)


def _create_issuer(call: Call) -> Item:
    owner = _instance(call).instance_arn.rsplit("/", 1)[-1]
    arn = f"arn:{call.partition}:sso::{call.account}:trustedTokenIssuer/{owner}/tti-{uuid()}"
    members = {
        name: call.params[name]
        for name in ("Name", "TrustedTokenIssuerType", "TrustedTokenIssuerConfiguration")
    }
    _tables(call).table("issuers")[arn] = {"TrustedTokenIssuerArn": arn, **members}
    return {"TrustedTokenIssuerArn": arn}


def _describe_issuer(call: Call) -> Item:
    arn = call.params["TrustedTokenIssuerArn"]
    found = _tables(call).table("issuers").get(arn)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"Trusted token issuer {arn} does not exist")
    return found


def _delete_issuer(call: Call) -> None:
    del _tables(call).table("issuers")[_describe_issuer(call)["TrustedTokenIssuerArn"]]


def _list_issuers(call: Call) -> Item:
    _instance(call)
    members = ("TrustedTokenIssuerArn", "Name", "TrustedTokenIssuerType")
    found = [{name: each[name] for name in members} for each in _tables(call).table("issuers").values()]
    return call.page("TrustedTokenIssuers", found, 100)


_ATTRIBUTES = "InstanceAccessControlAttributeConfiguration"


def _put_attributes(*, new: bool) -> Handler:
    def handle(call: Call) -> None:
        arn = _instance(call).instance_arn
        configurations = _tables(call).table("attributes")
        if new and arn in configurations:
            raise Refusal("ConflictException", "The configuration exists already")
        if not new:
            _describe_attributes(call)
        configurations[arn] = {"Status": "ENABLED", _ATTRIBUTES: call.params[_ATTRIBUTES]}

    return handle


def _describe_attributes(call: Call) -> Item:
    found = _tables(call).table("attributes").get(_instance(call).instance_arn)
    if found is None:
        raise Refusal("ResourceNotFoundException", "The instance has no access control attributes")
    return found


def _delete_attributes(call: Call) -> None:
    _describe_attributes(call)
    del _tables(call).table("attributes")[_instance(call).instance_arn]


def _tags(call: Call, arn: str) -> dict[str, str]:
    """The tags of anything; those of a permission set at its creation are moto's."""
    kept = _tables(call).table("tags")
    if arn not in kept:
        sets: list[Any] = _backend(call).permission_sets
        made = next((each for each in sets if each.permission_set_arn == arn), None)
        kept[arn] = {tag["Key"]: tag["Value"] for tag in (made.tags or [] if made else [])}
    return kept[arn]


def _tag(call: Call, arn: str, tags: list[dict[str, str]]) -> None:
    _tags(call, arn).update({tag["Key"]: tag["Value"] for tag in tags})


def _tag_resource(call: Call) -> None:
    _tag(call, call.params["ResourceArn"], call.params["Tags"])


def _untag_resource(call: Call) -> None:
    for key in call.params["TagKeys"]:
        _tags(call, call.params["ResourceArn"]).pop(key, None)


def _list_tags(call: Call) -> Item:
    tags = _tags(call, call.params["ResourceArn"])
    return call.page("Tags", [{"Key": key, "Value": value} for key, value in tags.items()], 100)


OPERATIONS: Mapping[str, Handler] = {
    "CreateInstance": _create_instance,
    "DescribeInstance": _describe_instance,
    "DeleteInstance": _delete_instance,
    "PutPermissionsBoundaryToPermissionSet": _put_boundary,
    "GetPermissionsBoundaryForPermissionSet": _get_boundary,
    "DeletePermissionsBoundaryFromPermissionSet": _delete_boundary,
    "ListPermissionSetsProvisionedToAccount": _provisioned_sets,
    "ListAccountsForProvisionedPermissionSet": _provisioned_accounts,
    "ListAccountAssignmentCreationStatus": _creation_statuses,
    "CreateApplication": _create_application,
    "DescribeApplication": _describe_application,
    "UpdateApplication": _update_application,
    "DeleteApplication": _delete_application,
    "ListApplications": _list_applications,
    "CreateApplicationAssignment": _assign,
    "DeleteApplicationAssignment": _unassign,
    "ListApplicationAssignments": _list_assignments,
    "ListApplicationAssignmentsForPrincipal": _list_assignments_of_principal,
    "PutApplicationAssignmentConfiguration": _put_assignment_configuration,
    "GetApplicationAssignmentConfiguration": _get_assignment_configuration,
    "ListApplicationProviders": _list_providers,
    "CreateTrustedTokenIssuer": _create_issuer,
    "DescribeTrustedTokenIssuer": _describe_issuer,
    "DeleteTrustedTokenIssuer": _delete_issuer,
    "ListTrustedTokenIssuers": _list_issuers,
    "CreateInstanceAccessControlAttributeConfiguration": _put_attributes(new=True),
    "UpdateInstanceAccessControlAttributeConfiguration": _put_attributes(new=False),
    "DescribeInstanceAccessControlAttributeConfiguration": _describe_attributes,
    "DeleteInstanceAccessControlAttributeConfiguration": _delete_attributes,
    "TagResource": _tag_resource,
    "UntagResource": _untag_resource,
    "ListTagsForResource": _list_tags,
}


class _WithoutInstance(SSOAdminBackend):
    """Identity Center as AWS begins: nobody has enabled it."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.instances.clear()

    @property
    def _url_module(self) -> Any:
        return urls

    def _find_managed_policy(self, managed_policy_arn: str) -> ManagedPolicy:
        """Moto's own misses the policies that have a path, such as job-function/Billing."""
        _, _, path = managed_policy_arn.partition(":policy")
        if path not in _managed_policies():
            message = f"Policy does not exist with ARN: {managed_policy_arn}"
            raise Refusal("ResourceNotFoundException", message)
        return ManagedPolicy(managed_policy_arn, path.rsplit("/", 1)[-1])


@cache
def _managed_policies() -> frozenset[str]:
    """The paths and names of AWS's own policies: "/job-function/Billing"."""
    policies = json.loads(aws_managed_policies_data)
    return frozenset(f"{policy['Path']}{name}" for name, policy in policies.items())


def install() -> None:
    """Add the operations and the view of delegated administrators to moto's Identity Center."""
    registry.extend(SSOAdminResponse, urls.url_paths, OPERATIONS)
    responses: Any = SSOAdminResponse
    responses.ssoadmin_backend = property(_backend_of)
    ssoadmin_backends.backend = _WithoutInstance
