"""Everything that applies to a request, by layers: what ``evaluate`` is given.

A ``PolicySet`` is made once and asked many times; it remembers plans (see ``layers``).  It does not know where its policies
came from (see ``access`` for those of a snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from watchword.analysis.iam.compiled import CompiledPolicy
from watchword.analysis.iam.layers import Layer
from watchword.analysis.iam.public_policy import is_public

Policies = tuple[CompiledPolicy, ...]

_SHARED: Final = ("identity_layer", "boundary_layer", "session_layer", "scp_layers")
"""Layers of the principal's side, which do not depend on the resource."""
_OF_RESOURCE: Final = ("rcp_layers", "resource_layer")
"""Layers of the resource's side, which do not depend on the principal."""


@dataclass(frozen=True, slots=True)
class PublicAccessBlock:
    """S3's public access block of a bucket: what its own settings and its account's say together."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


@dataclass(frozen=True)
class PolicySet:
    """The policies of all layers.

    ``identity``: of the principal and its groups, as one.  ``boundary``, ``session``: ``None`` where there is none; an
    empty tuple allows nothing.  ``scps``, ``rcps``: the policies of each level, root first, account last; ``None``
    outside an organisation, and for its management account.  ``resource``: the policy of the resource, the role's trust,
    the key.  ``endpoint``: the policies of the VPC endpoint, ``None`` where it has AWS's default.
    """

    identity: Policies = ()
    boundary: Policies | None = None
    session: Policies | None = None
    scps: tuple[Policies, ...] | None = None
    rcps: tuple[Policies, ...] | None = None
    resource: CompiledPolicy | None = None
    endpoint: Policies | None = None
    public_access_block: PublicAccessBlock | None = None

    def on(
        self,
        resource: CompiledPolicy | None,
        rcps: tuple[Policies, ...] | None = None,
        public_access_block: PublicAccessBlock | None = None,
    ) -> PolicySet:
        """The same principal's policies on a resource; what is remembered of the principal's side is shared."""
        made = replace(self, resource=resource, rcps=rcps, public_access_block=public_access_block)
        for name in _SHARED:
            vars(made)[name] = getattr(self, name)
        return made

    def beside(self, resource: PolicySet) -> PolicySet:
        """The same principal's policies on the resource of another set; what is remembered of both sides is shared.

        For many principals on one resource; ``on`` is for many resources of one principal.
        """
        made = self.on(resource.resource, resource.rcps, resource.public_access_block)
        for name in _OF_RESOURCE:
            vars(made)[name] = getattr(resource, name)
        return made

    @cached_property
    def identity_layer(self) -> Layer:
        """The identity policies."""
        return _layer("identity", self.identity)

    @cached_property
    def boundary_layer(self) -> Layer | None:
        """The permissions boundary."""
        return None if self.boundary is None else _layer("boundary", self.boundary)

    @cached_property
    def session_layer(self) -> Layer | None:
        """The session policies."""
        return None if self.session is None else _layer("session", self.session)

    @cached_property
    def scp_layers(self) -> tuple[Layer, ...]:
        """The service control policies, a layer a level."""
        return tuple(_levels("scp", self.scps or ()))

    @cached_property
    def rcp_layers(self) -> tuple[Layer, ...]:
        """The resource control policies, a layer a level."""
        return tuple(_levels("rcp", self.rcps or ()))

    @cached_property
    def resource_layer(self) -> Layer | None:
        """The resource's policy."""
        return None if self.resource is None else Layer.of("resource", (("resource", self.resource),))

    @cached_property
    def endpoint_layer(self) -> Layer | None:
        """The policies of the VPC endpoint."""
        return None if self.endpoint is None else _layer("endpoint", self.endpoint)

    def restricts(self, resource: str) -> bool:
        """9.4: whether S3 keeps ``resource`` to its own account, since the policy is public by S3's definition."""
        block = self.public_access_block
        if block is None or not block.restrict_public_buckets or self.resource is None:
            return False
        return self._is_public_of_access_point if ":accesspoint/" in resource else self._is_public

    @cached_property
    def _is_public(self) -> bool:
        return self.resource is not None and is_public(self.resource)

    @cached_property
    def _is_public_of_access_point(self) -> bool:
        return self.resource is not None and is_public(self.resource, of_access_point=True)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every context key that a condition or a variable of the policies asks for, in lower case."""
        return frozenset(
            key for layer in self.layers() for placed in layer.placed for key in placed.statement.keys
        )

    def layers(self) -> Iterator[Layer]:
        """Every layer that there is, in the order of the answer's ``blocked_by``."""
        yield self.identity_layer
        yield from self.scp_layers
        yield from self.rcp_layers
        for layer in (self.boundary_layer, self.session_layer, self.resource_layer, self.endpoint_layer):
            if layer is not None:
                yield layer


def _layer(name: str, policies: Policies) -> Layer:
    return Layer.of(name, tuple((f"{name}[{index}]", policy) for index, policy in enumerate(policies)))


def _levels(name: str, levels: tuple[Policies, ...]) -> Iterator[Layer]:
    for level, policies in enumerate(levels):
        named = tuple((f"{name}s[{level}][{index}]", policy) for index, policy in enumerate(policies))
        yield Layer.of(name, named)
