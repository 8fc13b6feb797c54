"""KMS: keys with their policies, rotation, grants and tags, and aliases.

Of AWS-managed keys only the description is read: AWS writes their policies and rotates them.  A key is named by its
first alias; the other aliases stand in ``kms.aliases``.
"""

from __future__ import annotations

from typing import Any, Final

from watchword.collect.reads import Detail, Read, Row

_KEY: Final = {"KeyId": "{KeyId}"}


def _is_customer_managed(row: Row) -> bool:
    """Whether AWS does not manage the key; one whose description could not be read is asked for everything."""
    return row.get("KeyManager") != "AWS"


def _can_rotate(row: Row) -> bool:
    """AWS rotates symmetric keys whose material it made itself; of others it does not answer the question."""
    symmetric = row.get("KeySpec", row.get("CustomerMasterKeySpec")) == "SYMMETRIC_DEFAULT"
    return row.get("KeyManager") == "CUSTOMER" and symmetric and row.get("Origin") == "AWS_KMS"


def _first(names: Any) -> str | None:  # noqa: ANN401
    return min((str(name).removeprefix("alias/") for name in names), default=None)


READS: Final = (
    Read(
        table="kms.keys",
        operation="ListKeys",
        take="Keys[]",
        arn="{KeyArn}",
        name="{Alias}",
        kind="AWS::KMS::Key",
        details=(
            Detail("", "DescribeKey", _KEY, "KeyMetadata"),
            Detail(
                "Alias",
                "ListAliases",
                _KEY,
                "Aliases[].AliasName",
                transform=_first,
                when=_is_customer_managed,
                pages=True,
            ),
            Detail(
                "Policy",
                "GetKeyPolicy",
                {**_KEY, "PolicyName": "default"},
                "Policy",
                parse_json=True,
                when=_is_customer_managed,
            ),
            Detail("Rotation", "GetKeyRotationStatus", _KEY, when=_can_rotate),
            Detail("Grants", "ListGrants", _KEY, "Grants[]", pages=True, when=_is_customer_managed),
            Detail("Tags", "ListResourceTags", _KEY, "Tags[]", pages=True, when=_is_customer_managed),
        ),
    ),
    Read(
        table="kms.aliases",
        operation="ListAliases",
        take="Aliases[]",
        arn="{AliasArn}",
        name="{AliasName}",
        kind="AWS::KMS::Alias",
    ),
)
