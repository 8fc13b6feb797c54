"""How large policies may be, and how many: AWS's quotas as data, which an organisation's raised quotas can replace.

Sources (characters, white space of JSON not counted where AWS does not):
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html,
https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DEFAULTS: Final[Mapping[str, int]] = {
    "managed policy": 6_144,
    "inline policies of a user": 2_048,
    "inline policies of a group": 5_120,
    "inline policies of a role": 10_240,
    "trust policy": 2_048,
    "session policies": 2_048,
    "service control policy": 5_120,
    "resource control policy": 5_120,
    "bucket policy": 20_480,
    "key policy": 32_768,
    "vpc endpoint policy": 20_480,
    "managed policies of a principal": 10,
    "groups of a user": 10,
    "versions of a managed policy": 5,
    "control policies of one target": 5,
}
"""Quotas by name: characters of documents, else numbers."""

_COUNT_SPACE: Final = frozenset({"service control policy", "resource control policy", "bucket policy"})
"""Documents of which AWS counts the white space, too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas; ``raised`` replaces single ones.

    Raises:
        ValueError: a name is none of ``DEFAULTS``, or a number is not positive.
    """

    raised: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, number in self.raised.items():
            if name not in DEFAULTS:
                raise ValueError(f"there is no quota {name!r}; known are {', '.join(DEFAULTS)}")
            if number < 1:
                raise ValueError(f"quota {name!r}: a positive number is expected, not {number}")

    def __getitem__(self, name: str) -> int:
        return self.raised.get(name, DEFAULTS[name])

    def excess(self, name: str, text: str) -> int:
        """By how many characters a document's text exceeds its quota; 0 where it does not."""
        return max(0, size(name, text) - self[name])


def size(name: str, text: str) -> int:
    """The size of a document as AWS counts it, in characters.

    >>> size("managed policy", '{ "Version": "2012-10-17" }')
    24
    """
    return len(text) if name in _COUNT_SPACE else len("".join(text.split()))
