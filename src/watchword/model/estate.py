"""What the user declares of the estate: facts that AWS cannot know.

Declared in ``watchword.toml`` under ``[estate]``.  A declaration never makes a finding disappear: it states an intent
(this bucket is meant to be public, that account is a partner) which controls compare with what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from watchword.model.ids import AccountId, Region


@dataclass(frozen=True, slots=True)
class Estate:
    """Declared facts.

    ``partners``: account id to name of outside accounts that may be trusted.
    ``break_glass``: ARNs or ``account/name`` patterns of emergency identities.
    ``public``: ARN patterns of resources that are meant for everybody.
    ``labels``: ARN pattern to data classification, for resources that cannot be tagged.
    ``approved_regions``: regions in use by intent; empty means undeclared.
    ``guest_pools``: ARN patterns of Cognito user pools that hold guests.
    ``admin_roles``: name patterns of roles and permission sets that count as administrative beside what is computed.
    """

    partners: Mapping[AccountId, str] = field(default_factory=dict)
    break_glass: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    approved_regions: tuple[Region, ...] = ()
    guest_pools: tuple[str, ...] = ()
    admin_roles: tuple[str, ...] = ()

    def is_public_by_intent(self, arn: str) -> bool:
        """Whether the resource is declared to be for everybody."""
        return any(fnmatchcase(arn, pattern) for pattern in self.public)

    def is_break_glass(self, arn: str) -> bool:
        """Whether the identity is declared an emergency identity."""
        return any(fnmatchcase(arn, pattern) for pattern in self.break_glass)

    def declared_label(self, arn: str) -> str | None:
        """The declared data classification of the resource, lower case; the first pattern that fits."""
        return next(
            (label.lower() for pattern, label in self.labels.items() if fnmatchcase(arn, pattern)), None
        )
