"""Whose keys one begins with in a lab that enforces.

What it does: finds an administrator's active access key in the management account, and makes a user with one where
there is none. What it does not do: change the estate where such a key exists.
"""

from collections.abc import Iterator
from typing import Any

from watchword.lab.gate.policies import ADMINISTRATOR
from watchword.lab.gate.state import iam_of
from watchword.lab.gateway import MANAGEMENT_ACCOUNT
from watchword.lab.server import Keys

# The user that is made in an estate without an administrator who has keys.
_NAME = "lab-administrator"


def administrator() -> Keys:
    """Keys of an administrator of the management account."""
    found = next(_administrators(), None)
    if found is not None:
        return found
    iam = iam_of(MANAGEMENT_ACCOUNT)
    user: Any = iam.create_user("us-east-1", _NAME)
    iam.attach_user_policy(ADMINISTRATOR.name, _NAME)
    device = iam.create_virtual_mfa_device(_NAME, "/")
    iam.enable_mfa_device(_NAME, device.serial_number, "123456", "234567")
    iam.create_access_key(_NAME)
    return next(_keys(user))


def _administrators() -> Iterator[Keys]:
    iam = iam_of(MANAGEMENT_ACCOUNT)
    for user in list(iam.users.values()):
        holders: list[Any] = [user, *iam.get_groups_for_user(user.name)]
        is_administrator = any(ADMINISTRATOR.name in holder.managed_policies for holder in holders)
        if is_administrator and not getattr(user, "permissions_boundary", None):
            yield from _keys(user)


def _keys(user: Any) -> Iterator[Keys]:
    device = next(iter(user.mfa_devices), None)
    for key in user.access_keys:
        if key.status == "Active":
            yield Keys(user.arn, key.access_key_id, key.secret_access_key, device)
