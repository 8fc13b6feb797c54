"""State for backends that keep what clients put and give it back in AWS's own form.

What it does: named tables per account and region (emptied by moto's reset), ids as AWS makes them up, and the
copying of an input's members into a description. What it does not do: decide what an operation accepts.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from botocore.model import Shape, StructureShape
from moto.core.base_backend import BackendDict, BaseBackend
from moto.moto_api._internal import mock_random
from moto.utilities.utils import PARTITION_NAMES

from watchword.lab.backends.call import Call

# A thing as AWS describes it: members under AWS's names.
Item = dict[str, Any]


class Tables(BaseBackend):
    """The tables of one account and region: each maps a key to a thing, in order of creation."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._tables: dict[str, dict[str, Item]] = {}

    def table(self, name: str) -> dict[str, Item]:
        """The table of this name, which is made where it is missing."""
        return self._tables.setdefault(name, {})

    def setting(self, name: str, **defaults: Any) -> Item:
        """The one thing of this name, which begins with these members."""
        return self.table("settings").setdefault(name, dict(defaults))


def regional(service: str) -> BackendDict[Tables]:
    """Tables for each account and each region of a service."""
    return BackendDict(Tables, service)


def worldwide(service: str) -> BackendDict[Tables]:
    """Tables for each account of a service without regions; the key in place of a region is the partition."""
    return BackendDict(Tables, service, use_boto3_regions=False, additional_regions=list(PARTITION_NAMES))


def shared_members(call: Call, shape: str) -> Item:
    """The members of the input that the named shape of the same service has too, one level deep and by name."""
    members = _members(call.model.service_model.shape_for(shape))
    return {name: deepcopy(value) for name, value in call.params.items() if name in members}


def only(call: Call, shape: str, item: Mapping[str, Any]) -> Item:
    """The members of a description that the named shape has, for answers that show less of a thing."""
    members = _members(call.model.service_model.shape_for(shape))
    return {name: value for name, value in item.items() if name in members}


def hex_id(prefix: str, size: int = 17) -> str:
    """An id as EC2 writes them: the prefix, and hexadecimal digits from moto's repeatable randomness."""
    return f"{prefix}-{mock_random.get_random_hex(size)}"


def uuid() -> str:
    """A UUID from moto's repeatable randomness."""
    return str(mock_random.uuid4())


def tags_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the form of most services: [{"Key": …, "Value": …}]."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _members(shape: Shape) -> frozenset[str]:
    return frozenset(shape.members) if isinstance(shape, StructureShape) else frozenset()
