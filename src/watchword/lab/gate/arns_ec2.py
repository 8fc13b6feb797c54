"""EC2's resources: everything with an id, and what a request is about to make.

What it does: names the resources of an EC2 action by the ids in its request, and new ones by their type. What it does
not do: describe calls, which EC2 authorises on `*`.
Reference: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-ec2-api.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from watchword.lab.gate.reading import Asked

# What an id's prefix stands for where it is not the type's own name.
_TYPES: Final[Mapping[str, str]] = {
    "acl": "network-acl",
    "ami": "image",
    "cgw": "customer-gateway",
    "cvpn-endpoint": "client-vpn-endpoint",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-rtb": "transit-gateway-route-table",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpn": "vpn-connection",
}

# Images and public snapshots belong to no account in their ARN.
_UNOWNED: Final = frozenset({"image", "snapshot"})

_ID = re.compile(r"([a-z]+(?:-[a-z]+)*)-[0-9a-z]{3,}")

# What an operation makes where its name does not say so in AWS's own words.
_MADE: Final[Mapping[str, tuple[str, ...]]] = {
    "AllocateAddress": ("elastic-ip",),
    "CopyImage": ("image",),
    "CopySnapshot": ("snapshot",),
    "CreateFlowLogs": ("vpc-flow-log",),
    "CreateNatGateway": ("natgateway",),
    "CreateVpcEndpoint": ("vpc-endpoint",),
    "ImportKeyPair": ("key-pair",),
    "RequestSpotInstances": ("spot-instances-request",),
    "RunInstances": ("instance", "network-interface", "volume"),
}


def arns(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """Every resource by id or name, then what is made."""
    if asked.operation.startswith("Describe"):
        return
    for value in _ids(asked.params):
        yield from _arn(value, asked, account)
    if "KeyName" in asked.params:
        yield f"arn:aws:ec2:{asked.region}:{account}:key-pair/{asked.params['KeyName']}"
    if asked.operation == "RunInstances" and "SubnetId" not in asked.params:
        yield f"arn:aws:ec2:{asked.region}:{account}:subnet/*"
    for kind in _made(asked.operation):
        owner = "" if kind in _UNOWNED else account
        yield f"arn:aws:ec2:{asked.region}:{owner}:{kind}/*"


def _ids(value: Any) -> Iterator[str]:
    """All strings in parameters that look like ids, at any depth, but of free text and tags."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in {"TagSpecifications", "Tags", "ClientToken", "UserData", "Description", "Filters"}:
                yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
    elif isinstance(value, str):
        yield value


def _arn(value: str, asked: Asked, account: str) -> Iterator[str]:
    found = _ID.fullmatch(value)
    kind = _TYPES.get(found[1]) if found else None
    if kind is not None:
        owner = "" if kind in _UNOWNED else account
        yield f"arn:aws:ec2:{asked.region}:{owner}:{kind}/{value}"


def _made(operation: str) -> tuple[str, ...]:
    if operation in _MADE:
        return _MADE[operation]
    if operation in {"CreateTags", "CreateNetworkAclEntry", "CreateRoute"} or not operation.startswith(
        "Create"
    ):
        return ()
    return (re.sub(r"(?<!^)(?=[A-Z])", "-", operation.removeprefix("Create")).lower(),)
