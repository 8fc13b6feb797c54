"""What AWS publishes about the actions of one service: names, access levels, resource types, condition keys.

Values only.  Where they come from is in ``reference``, how they are kept in a file in ``universe_table``, and all
services together are a ``Universe``.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class AccessLevel(Enum):
    """How AWS classes an action; the value is the letter that stands for it in the table."""

    LIST = "L"
    READ = "R"
    WRITE = "W"
    TAGGING = "T"
    PERMISSIONS = "P"
    """Permissions management: the action grants or changes permissions."""

    @property
    def word(self) -> str:
        """The level as AWS's pages write it."""
        return "Permissions management" if self is AccessLevel.PERMISSIONS else self.name.capitalize()


@dataclass(frozen=True, slots=True)
class ActionResource:
    """A type of resource that an action is authorised on.

    ``required``: a policy that names resources must allow the action on one of this type.  ``condition_keys`` are those
    that AWS lists for the action on this type only.
    """

    type: str
    required: bool
    condition_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """An IAM action: ``name`` is ``service:Operation`` in AWS's spelling.

    ``resources`` is empty for an action that is authorised on ``*`` only.  ``condition_keys`` are those of the action on
    any resource; keys of its resource types stand at the type.  ``dependent_actions`` must be allowed as well for the
    operation to succeed (``iam:PassRole`` for many).
    """

    name: str
    service: str
    access: AccessLevel
    resources: tuple[ActionResource, ...] = ()
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource with the forms of its ARN: ``arn:${Partition}:s3:::${BucketName}``."""

    service: str
    type: str
    arn_templates: tuple[str, ...]
    condition_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """All that is published of one service; ``prefix`` is what stands before the colon of its actions.

    ``condition_keys`` maps each key that the service fills to its type.  ``operations`` maps an API operation to the
    actions that authorise it, where AWS says so; most sources do not.
    """

    prefix: str
    actions: tuple[Action, ...]
    resource_types: tuple[ResourceType, ...] = ()
    condition_keys: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """The facts of all services as one source gave them.

    ``version`` is the source's own; ``updated`` the day (ISO 8601, UTC) on which the facts were as told; ``rcp_services``
    the prefixes of services that heed resource control policies.
    """

    source: str
    version: str
    updated: str
    services: tuple[ServiceFacts, ...]
    rcp_services: frozenset[str]
