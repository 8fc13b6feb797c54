"""What is read of the account itself: its alternate contacts and which regions are enabled.

Telephone numbers are not kept: whether somebody can be reached is what matters, and an address tells it.

Source: https://docs.aws.amazon.com/accounts/latest/reference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Iterable

from watchword.collect.reads import Read, Row, Where


def contact_rows(item: Row) -> Iterable[Row]:
    """A contact without its telephone number."""
    yield {key: value for key, value in item.items() if key != "PhoneNumber"}


def _contact(kind: str) -> Read:
    return Read(
        table=f"account.{kind.lower()}_contact",
        operation="GetAlternateContact",
        take="AlternateContact",
        arn="arn:{partition}:account::{account}:account",
        name=f"{kind.lower()} contact",
        kind="AWS::::Account",
        params={"AlternateContactType": kind},
        where=Where.ACCOUNT,
        none_when=("ResourceNotFoundException",),
        transform=contact_rows,
    )


READS: tuple[Read, ...] = (
    _contact("SECURITY"),
    _contact("OPERATIONS"),
    _contact("BILLING"),
    Read(
        table="account.regions",
        operation="ListRegions",
        take="Regions",
        arn="arn:{partition}:account:{RegionName}:{account}:region",
        name="{RegionName}",
        kind="AWS::::Region",
        where=Where.ACCOUNT,
    ),
)
