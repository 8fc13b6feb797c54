"""IAM's and STS's resources: users, groups, roles, policies, providers, devices.

What it does: names what an IAM action of a request concerns, with the path that the emulator keeps of it. What it does
not do: name what a request merely mentions: the policy that is attached to a user is a context key, not the resource.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from watchword.lab.gate.reading import Asked
from watchword.lab.gate.sessions import role_of, user_of
from watchword.lab.gate.state import iam_of

# Members that name the resource, in this order; the first that a request has decides.
_MEMBERS: Final[tuple[tuple[str, str], ...]] = (
    ("OpenIDConnectProviderArn", "{}"),
    ("SAMLProviderArn", "{}"),
    ("GroupName", "group"),
    ("RoleName", "role"),
    ("InstanceProfileName", "instance-profile"),
    ("ServerCertificateName", "server-certificate"),
    ("UserName", "user"),
    ("PolicyArn", "{}"),
    ("VirtualMFADeviceName", "mfa"),
    ("SerialNumber", "{}"),
)

# Actions that begin with an instance profile although they name a role.
_PROFILE_FIRST: Final = frozenset({"iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile"})

# Actions on the caller's own user where the request names none.
_OWN: Final = frozenset(
    "iam:GetUser iam:ListAccessKeys iam:CreateAccessKey iam:DeleteAccessKey iam:UpdateAccessKey iam:UpdateLoginProfile "
    "iam:ChangePassword iam:GetLoginProfile iam:ListMFADevices iam:ListSSHPublicKeys".split()
)


def arns(asked: Asked, action: str, account: str) -> Iterator[str]:
    """The one thing that the action changes or shows."""
    given = asked.params
    if action in _PROFILE_FIRST and "InstanceProfileName" in given:
        yield _named("instance-profile", given["InstanceProfileName"], given, account)
        return
    made = _made(asked, account)
    if made is not None:
        yield made
        return
    for member, kind in _MEMBERS:
        if given.get(member):
            yield given[member] if kind == "{}" else _named(kind, given[member], given, account)
            return


# Lists, which are on everything of their kind below a path.
_LISTS: Final[Mapping[str, str]] = {
    "ListGroups": "group",
    "ListInstanceProfiles": "instance-profile",
    "ListPolicies": "policy",
    "ListRoles": "role",
    "ListUsers": "user",
}


def _made(asked: Asked, account: str) -> str | None:
    """What a Create makes, or a List lists, under another name than a member of `_MEMBERS` tells."""
    given = asked.params
    path = given.get("Path", "/")
    if asked.operation in _LISTS:
        return f"arn:aws:iam::{account}:{_LISTS[asked.operation]}{given.get('PathPrefix', '/')}"
    match asked.operation:
        case "CreatePolicy":
            return f"arn:aws:iam::{account}:policy{path}{given.get('PolicyName', '')}"
        case "CreateSAMLProvider":
            return f"arn:aws:iam::{account}:saml-provider/{given.get('Name', '')}"
        case "CreateOpenIDConnectProvider":
            host = str(given.get("Url", "")).removeprefix("https://")
            return f"arn:aws:iam::{account}:oidc-provider/{host}"
        case "CreateServiceLinkedRole":
            return f"arn:aws:iam::{account}:role/aws-service-role/{given.get('AWSServiceName', '')}/*"
        case _:
            return None


def _named(kind: str, name: str, given: Mapping[str, Any], account: str) -> str:
    """The ARN of what exists; of what does not, with the path of the request."""
    found = _existing(kind, name, account)
    path = given.get("Path", "/")
    return str(found.arn) if found is not None else f"arn:aws:iam::{account}:{kind}{path}{name}"


def _existing(kind: str, name: str, account: str) -> Any:
    match kind:
        case "user":
            return user_of(account, name)
        case "role":
            return role_of(account, name)
        case "group":
            return iam_of(account).groups.get(name)
        case "instance-profile":
            profiles = iam_of(account).instance_profiles.values()
            return next((profile for profile in profiles if profile.name == name), None)
        case _:
            return None


def is_on_oneself(action: str) -> bool:
    """Whether an action without a resource in the request is on the caller's own user."""
    return action in _OWN


def sts_arns(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """The role that is asked for, or the federated user that is made."""
    if "RoleArn" in asked.params:
        yield asked.params["RoleArn"]
    elif asked.operation == "GetFederationToken":
        yield f"arn:aws:sts::{account}:federated-user/{asked.params.get('Name', '')}"
