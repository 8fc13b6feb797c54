"""GetAccountAuthorizationDetails as AWS answers it, and what it needs that moto forgets.

What it does: pages through users, groups, roles and those policies that are the customer's or in use (moto gives all
1,500 of AWS's own at once); keeps users' permissions boundaries and service-specific credentials. What it does not
do: judge a policy.
Reference: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from moto.iam.models import Group, IAMBackend, ManagedPolicy, Role, User
from moto.iam.responses import IamResponse
from moto.iam.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.iam_root import iam, page, tables
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item
from watchword.lab.backends.tables import uuid as new_uuid

_LISTS = {"User": "UserDetailList", "Group": "GroupDetailList", "Role": "RoleDetailList"}


def _details(call: Call) -> Item:
    asked = call.params.get("Filter") or ["User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"]
    backend = iam(call)
    every = [entry for entry in _entries(backend) if entry[0] in asked]
    shown, rest = page(call, every)
    answer: Item = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], **rest}
    boundaries = _boundaries(backend)
    for kind, thing in shown:
        answer[_LISTS.get(kind, "Policies")].append(_described(backend, boundaries, thing))
    return answer


def _entries(backend: IAMBackend) -> Iterator[tuple[str, Any]]:
    """Everything with the name of the filter that asks for it, in AWS's order."""
    yield from (("User", user) for user in backend.users.values())
    yield from (("Group", group) for group in backend.groups.values())
    yield from (("Role", role) for role in backend.roles.values())
    boundaries = _boundaries(backend)
    for policy in backend.managed_policies.values():
        own = policy.arn.split(":")[4] != "aws"
        if own or policy.attachment_count or boundaries[policy.arn]:
            yield ("LocalManagedPolicy" if own else "AWSManagedPolicy"), policy


def _boundaries(backend: IAMBackend) -> Counter[str]:
    """How many users and roles each policy bounds."""
    holders: list[Any] = [*backend.users.values(), *backend.roles.values()]
    found = (getattr(holder, "permissions_boundary", None) for holder in holders)
    return Counter(boundary["PermissionsBoundaryArn"] for boundary in found if boundary)


def _described(backend: IAMBackend, boundaries: Mapping[str, int], thing: Any) -> Item:
    match thing:
        case User():
            return _user(backend, thing)
        case Group():
            return _group(thing)
        case Role():
            return _role(thing)
        case _:
            return _policy(thing, boundaries.get(thing.arn, 0))


def _common(thing: Any, noun: str) -> Item:
    return {
        "Path": thing.path,
        f"{noun}Name": thing.name,
        f"{noun}Id": thing.id,
        "Arn": thing.arn,
        "CreateDate": thing.create_date,
        f"{noun}PolicyList": _inline(thing.policies),
        "AttachedManagedPolicies": thing.attached_managed_policies,
    }


def _inline(policies: Mapping[str, str]) -> list[Item]:
    return [{"PolicyName": name, "PolicyDocument": quote(text)} for name, text in policies.items()]


def _bounded(thing: Any) -> Item:
    boundary = getattr(thing, "permissions_boundary", None)
    return {"PermissionsBoundary": {**boundary, "PermissionsBoundaryType": "Policy"}} if boundary else {}


def _user(backend: IAMBackend, user: User) -> Item:
    groups = [group.name for group in backend.get_groups_for_user(user.name)]
    return {**_common(user, "User"), "GroupList": groups, "Tags": user.tags or [], **_bounded(user)}


def _group(group: Group) -> Item:
    return _common(group, "Group")


def _role(role: Role) -> Item:
    profiles = [_profile(profile) for profile in role.instance_profile_list]
    return {
        **_common(role, "Role"),
        "AssumeRolePolicyDocument": quote(role.assume_role_policy_document),
        "InstanceProfileList": profiles,
        "Tags": role.tags or [],
        "RoleLastUsed": _last_used(role),
        **_bounded(role),
    }


def _last_used(role: Any) -> Item:
    """Empty for a role that was never assumed."""
    if role.last_used is None:
        return {}
    return {"LastUsedDate": role.last_used, "Region": role.last_used_region or "us-east-1"}


def _profile(profile: Any) -> Item:
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.create_date,
        "Roles": [_profile_role(role) for role in profile.roles],
        "Tags": list(profile.tags or []),
    }


def _profile_role(role: Role) -> Item:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": quote(role.assume_role_policy_document),
    }


def _policy(policy: ManagedPolicy, bounds: int) -> Item:
    described = {"Description": policy.description} if policy.description else {}
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": bounds,
        "IsAttachable": True,
        **described,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": policy.policy_version_list,
    }


def _create_user(call: Call) -> Item:
    given = call.params
    tags = given.get("Tags", [])
    user: Any = iam(call).create_user(call.region, given["UserName"], given.get("Path", "/"), tags)
    if "PermissionsBoundary" in given:
        _bound(call, user, given["PermissionsBoundary"])
    shown = {"Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn}
    return {
        "User": {
            **shown,
            "CreateDate": user.create_date,
            **({"Tags": tags} if tags else {}),
            **_bounded(user),
        }
    }


def _bound(call: Call, user: Any, policy: str) -> None:
    if policy not in iam(call).managed_policies:
        raise Refusal("NoSuchEntity", f"Scope ARN: {policy} does not exist or is not attachable.")
    user.permissions_boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy}


def _put_boundary(call: Call) -> None:
    _bound(call, iam(call).get_user(call.params["UserName"]), call.params["PermissionsBoundary"])


def _delete_boundary(call: Call) -> None:
    user: Any = iam(call).get_user(call.params["UserName"])
    user.permissions_boundary = None


def _get_device(call: Call) -> Item:
    serial, name = call.params["SerialNumber"], call.params.get("UserName")
    users = [iam(call).get_user(name)] if name else iam(call).users.values()
    for user in users:
        if serial in user.mfa_devices:
            device = user.mfa_devices[serial]
            return {"UserName": user.name, "SerialNumber": serial, "EnableDate": device.enable_date}
    raise Refusal("NoSuchEntity", f"MFA device {serial} does not exist.")


def _create_credential(call: Call) -> Item:
    user = iam(call).get_user(call.params["UserName"]).name
    key = f"ACCA{new_uuid().replace('-', '').upper()[:16]}"
    item = {
        "UserName": user,
        "Status": "Active",
        "ServiceUserName": f"{user}-at-{call.account}",
        "CreateDate": datetime.now(UTC),
        "ServiceSpecificCredentialId": key,
        "ServiceName": call.params["ServiceName"],
    }
    tables(call).table("service credentials")[key] = item
    return {"ServiceSpecificCredential": {**item, "ServicePassword": new_uuid()}}


def _list_credentials(call: Call) -> Item:
    asked = {name: call.params[name] for name in ("UserName", "ServiceName") if name in call.params}
    items = tables(call).table("service credentials").values()
    found = [item for item in items if all(item[name] == value for name, value in asked.items())]
    shown, rest = page(call, found)
    return {"ServiceSpecificCredentials": shown, **rest}


def _credential(call: Call) -> Item:
    key = call.params["ServiceSpecificCredentialId"]
    found = tables(call).table("service credentials").get(key)
    if found is None:
        raise Refusal("NoSuchEntity", f"The service specific credential {key} does not exist.")
    return found


def _update_credential(call: Call) -> None:
    _credential(call)["Status"] = call.params["Status"]


def _delete_credential(call: Call) -> None:
    del tables(call).table("service credentials")[_credential(call)["ServiceSpecificCredentialId"]]


OPERATIONS: Mapping[str, Handler] = {
    "GetAccountAuthorizationDetails": _details,
    "CreateUser": _create_user,
    "PutUserPermissionsBoundary": _put_boundary,
    "DeleteUserPermissionsBoundary": _delete_boundary,
    "GetMFADevice": _get_device,
    "CreateServiceSpecificCredential": _create_credential,
    "ListServiceSpecificCredentials": _list_credentials,
    "UpdateServiceSpecificCredential": _update_credential,
    "DeleteServiceSpecificCredential": _delete_credential,
}


def install() -> None:
    """Add the operations to moto's IAM."""
    registry.extend(IamResponse, url_paths, OPERATIONS, invalid="ValidationError")
