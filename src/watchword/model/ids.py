"""Typed identifiers: accounts, regions, ARNs, controls.

An identifier is checked where it enters the program (``account_id``, ``Arn.parse``) and trusted from then on.
This module does not know whether what an identifier names exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NewType

AccountId = NewType("AccountId", str)
"""Twelve decimal digits, or ``organization`` where the organisation itself is meant."""

Region = NewType("Region", str)
"""An AWS region code such as ``eu-west-1``, or ``global``."""

ControlId = NewType("ControlId", str)
"""A control of the catalogue such as ``ID-05``."""

GLOBAL: Final = Region("global")
"""The region of what has none: IAM, Organizations, CloudFront, Route 53 and the like."""

ORGANIZATION: Final = AccountId("organization")
"""The pseudo account under which the organisation's own answers are kept."""

_ACCOUNT: Final = re.compile(r"\d{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_CONTROL: Final = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{1,4}")


def account_id(text: str) -> AccountId:
    """Check an account id: twelve digits.

    Raises:
        ValueError: ``text`` is not one.
    """
    if not _ACCOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an AWS account id: twelve digits are expected, e.g. 111122223333")
    return AccountId(text)


def region(text: str) -> Region:
    """Check the form of a region code (``eu-west-1``, ``us-gov-west-1``) or ``global``.

    Raises:
        ValueError: ``text`` has another form.
    """
    if text != GLOBAL and not _REGION.fullmatch(text):
        raise ValueError(f"{text!r} is not an AWS region code: something like eu-west-1 is expected")
    return Region(text)


def control_id(text: str) -> ControlId:
    """Check the form of a control id: capitals, a hyphen, a number, such as ``ID-05`` or ``ACME-NET-7``.

    Raises:
        ValueError: ``text`` has another form.
    """
    if not _CONTROL.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a control id: capitals, a hyphen and a number are expected, e.g. ID-05"
        )
    return ControlId(text)


@dataclass(frozen=True, slots=True)
class Arn:
    """An Amazon Resource Name, taken apart.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Take ``arn:partition:service:region:account:resource`` apart; the resource may hold further colons.

        Raises:
            ValueError: fewer than six parts, or another prefix than ``arn``.
        """
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise ValueError(
                f"{text!r} is not an ARN: arn:partition:service:region:account:resource is expected"
            )
        return cls(*parts[1:])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"
