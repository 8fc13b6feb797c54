"""The root user of each account: its credentials, and their central management by the organisation.

What it does: keeps for each account what `set_root` says of its root user, and shows it in the account summary and
among the virtual MFA devices (the credential report is in `iam_report`). What it does not do: sign anyone in.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.iam.models import IAMBackend, iam_backends
from moto.iam.responses import IamResponse
from moto.iam.urls import url_paths
from moto.organizations.models import OrganizationsBackend, organizations_backends

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.organisation import organisation_id
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, worldwide

# The state of all extensions of IAM, by account and partition.
iam_tables = worldwide("iam")

_FEATURES = ("RootCredentialsManagement", "RootSessions")


@dataclass(frozen=True, slots=True)
class RootUser:
    """What an account's root user has.

    `mfa` is "none", "virtual" or "hardware" (a security key or token); `keys` are the dates on which its active
    access keys were made, at most two; times are UTC. A new account of AWS has a password and nothing else; a member
    account whose credentials were removed centrally has none of all.
    """

    password: bool = True
    password_last_used: datetime | None = None
    mfa: str = "none"
    keys: tuple[datetime, ...] = ()
    keys_last_used: datetime | None = None
    created: datetime = datetime(2021, 3, 1, 9, tzinfo=UTC)


def set_root(account: str, root: RootUser) -> None:
    """Let an account's root user be so; replaces what was said before. Raises ValueError for another kind of MFA."""
    if root.mfa not in ("none", "virtual", "hardware"):
        raise ValueError(f"root user of {account}: mfa is none, virtual or hardware, not {root.mfa!r}")
    iam_tables[account]["aws"].table("root")["user"] = asdict(root)


def root_of(account: str) -> RootUser:
    """The root user of an account, which is that of a new account where nothing was said."""
    kept = iam_tables[account]["aws"].table("root").get("user")
    return RootUser(**kept) if kept else RootUser()


def tables(call: Call) -> Tables:
    """The tables of the account that a call concerns."""
    return iam_tables[call.account][call.partition]


def iam(call: Call) -> IAMBackend:
    """Moto's IAM of the account that a call concerns."""
    return iam_backends[call.account][call.partition]


def page(call: Call, items: list[Any], default: int = 100) -> tuple[list[Any], Item]:
    """One page of items as IAM cuts them, and the members that tell of the next one."""
    marker = call.params.get("Marker", "0")
    if not marker.isdigit():
        raise Refusal("ValidationError", "Invalid Marker.")
    start = int(marker)
    stop = start + call.params.get("MaxItems", default)
    more = stop < len(items)
    return items[start:stop], {"IsTruncated": more, **({"Marker": str(stop)} if more else {})}


def _summary(call: Call) -> Item:
    root = root_of(call.account)
    counted = dict(iam(call).account_summary.summary_map)
    counted["AccountMFAEnabled"] = int(root.mfa != "none")
    counted["AccountAccessKeysPresent"] = int(bool(root.keys))
    counted["AccountPasswordPresent"] = int(root.password)
    counted["MFADevices"] += root.mfa == "virtual"
    counted["MFADevicesInUse"] += root.mfa != "none"
    return {"SummaryMap": counted}


def _virtual_devices(call: Call) -> Item:
    asked = call.params.get("AssignmentStatus", "Any")
    devices = [
        device
        for device in (*_root_device(call), *map(_device, iam(call).virtual_mfa_devices.values()))
        if asked == "Any" or ("User" in device) == (asked == "Assigned")
    ]
    shown, rest = page(call, devices)
    return {"VirtualMFADevices": shown, **rest}


def _root_device(call: Call) -> Iterator[Item]:
    root = root_of(call.account)
    if root.mfa == "virtual":
        owner: Item = {"UserId": call.account, "Arn": f"arn:{call.partition}:iam::{call.account}:root"}
        owner["CreateDate"] = root.created
        if root.password_last_used:
            owner["PasswordLastUsed"] = root.password_last_used
        serial = f"arn:{call.partition}:iam::{call.account}:mfa/root-account-mfa-device"
        yield {"SerialNumber": serial, "EnableDate": root.created + timedelta(days=1), "User": owner}


def _device(device: Any) -> Item:
    """A device of a user; its seed and picture are shown at creation alone."""
    shown: Item = {"SerialNumber": device.serial_number}
    if device.user:
        names = ("Path", "UserName", "UserId", "Arn", "CreateDate")
        shown["User"] = {name: device.user_attribute[name] for name in names}
        shown["EnableDate"] = device.enable_date
    return shown


def _organisation(call: Call) -> OrganizationsBackend:
    """Organizations of the management account, if the caller may manage root access for it."""
    if organisation_id(call.account, call.partition) is None:
        raise Refusal("OrganizationNotFoundException", "The account is not in an organization.")
    found = organizations_backends.master_accounts.get(call.account, (call.account, call.partition))
    backend = organizations_backends[found[0]][found[1]]
    delegated = any(
        each.account.id == call.account and "iam.amazonaws.com" in each.services for each in backend.admins
    )
    if found[0] != call.account and not delegated:
        raise Refusal(
            "AccountNotManagementOrDelegatedAdministratorException",
            "The account is neither the management account nor a delegated administrator for IAM.",
        )
    if not any(service["ServicePrincipal"] == "iam.amazonaws.com" for service in backend.services):
        raise Refusal("ServiceAccessNotEnabledException", "Trusted access for IAM is not enabled.")
    return backend


def _features(call: Call) -> Item:
    owner = _organisation(call).account_id
    enabled = iam_tables[owner][call.partition].table("organisation features")
    chosen = [feature for feature in _FEATURES if feature in enabled]
    return {"OrganizationId": organisation_id(owner, call.partition), "EnabledFeatures": chosen}


def _switch(feature: str, on: bool) -> Handler:
    def handle(call: Call) -> Item:
        enabled = iam_tables[_organisation(call).account_id][call.partition].table("organisation features")
        if on:
            enabled[feature] = {}
        else:
            enabled.pop(feature, None)
        return _features(call)

    return handle


OPERATIONS: Mapping[str, Handler] = {
    "GetAccountSummary": _summary,
    "ListVirtualMFADevices": _virtual_devices,
    "ListOrganizationsFeatures": _features,
    "EnableOrganizationsRootCredentialsManagement": _switch("RootCredentialsManagement", on=True),
    "DisableOrganizationsRootCredentialsManagement": _switch("RootCredentialsManagement", on=False),
    "EnableOrganizationsRootSessions": _switch("RootSessions", on=True),
    "DisableOrganizationsRootSessions": _switch("RootSessions", on=False),
}


def install() -> None:
    """Add the operations to moto's IAM."""
    registry.extend(
        IamResponse, url_paths, OPERATIONS, invalid="ValidationError", partial={"ListVirtualMFADevices"}
    )
