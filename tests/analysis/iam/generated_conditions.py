"""Random conditions and contexts that meet each other often: every operator, qualifier and kind of value.

Everything draws from a ``random.Random``, so that Hypothesis (``st.randoms``) and a plain seeded generator share it.
"""

from __future__ import annotations

from random import Random
from typing import Any

STRING_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
ARN_OPERATORS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
OPERATORS = {
    "string": STRING_OPERATORS,
    "numeric": tuple(
        "Numeric" + order
        for order in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "date": tuple(
        "Date" + order
        for order in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "bool": ("Bool",),
    "binary": ("BinaryEquals",),
    "ip": ("IpAddress", "NotIpAddress"),
    "arn": ARN_OPERATORS,
    "null": ("Null",),
}
"""All 27, by kind."""

KEYS = {
    "string": (
        "aws:PrincipalTag/team",
        "aws:PrincipalTag/cost center",
        "aws:RequestTag/env",
        "aws:TagKeys",
        "aws:SourceVpce",
        "aws:PrincipalOrgID",
        "s3:prefix",
        "aws:username",
        "aws:PrincipalAccount",
        "aws:PrincipalType",
        "aws:ResourceAccount",
        "aws:SourceAccount",
        "aws:PrincipalServiceName",
        "aws:userid",
    ),
    "numeric": ("s3:max-keys", "aws:MultiFactorAuthAge"),
    "date": ("aws:CurrentTime", "aws:TokenIssueTime"),
    "bool": ("aws:SecureTransport", "aws:MultiFactorAuthPresent", "aws:PrincipalIsAWSService"),
    "binary": ("example:Digest",),
    "ip": ("aws:SourceIp", "aws:VpcSourceIp"),
    "arn": ("aws:SourceArn", "aws:PrincipalArn", "s3:DataAccessPointArn"),
}
GIVEN: dict[str, tuple[Any, ...]] = {
    "string": (
        "red",
        "Red",
        "blue",
        "alice",
        "prod",
        "",
        "a*",
        "vpce-1",
        "vpce-2",
        "o-abc",
        "111122223333",
        "444455556666",
        "a b",
    ),
    "numeric": (5, "5", "5.0", -12, "10", 0.5, "0.50", "many", "", 300),
    "date": (
        "2026-03-01T00:00:00Z",
        "2026-03-01",
        "2026-03-01T01:00:00+01:00",
        "2026-02-28T12:30:15.5Z",
        1772323200,
        "1772323200.0",
        "2026-03-01T00:00:00",
        "yesterday",
        "2026-13-01",
        "2027-01-01T00:00:00Z",
    ),
    "bool": ("true", "false", True, False, "True", "yes"),
    "binary": ("QUI=", "QUJ=", "QUJD", "QUI", "", "not base64!"),
    "ip": (
        "192.0.2.7",
        "192.0.2.200",
        "10.1.2.3",
        "2001:db8::1",
        "2001:db8:1::1",
        "nowhere",
        "192.0.2.0/24",
        "::192.0.2.7",
    ),
    "arn": (
        "arn:aws:sns:eu-west-1:111122223333:news",
        "arn:aws:sns:eu-west-1:444455556666:news:deep",
        "arn:aws:s3:::reports",
        "arn:aws:iam::111122223333:role/deploy",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap1",
        "urn:aws:sns:eu-west-1:111122223333:news",
        "reports",
        "arn:aws:sns",
    ),
}
"""What requests give, by kind of key."""
WANTED: dict[str, tuple[Any, ...]] = {
    "string": (
        "red",
        "RED",
        "blue",
        "r*",
        "?ed",
        "*",
        "prod",
        "",
        "vpce-1",
        "o-abc",
        "111122223333",
        "User",
        "a*",
        "${aws:PrincipalTag/team}",
        "${aws:username}",
        "${AWS:RequestTag/env, 'prod'}",
        "${aws:RequestTag/env,'red'}",
        "${aws:RequestTag/env, red}",
        "${aws:PrincipalTag/cost center, 'blue'}",
        "x${aws:PrincipalTag/team}${aws:RequestTag/env, ''}",
        "${aws:TagKeys, 'red'}",
        "a${*}",
        "${?}ed",
        "${}",
        "${aws:username",
        "${aws:username}*",
    ),
    "numeric": (5, "5", "10", "-12", 0.5, "300", "many", "5.00"),
    "date": (
        "2026-03-01T00:00:00Z",
        "2026-03-01",
        "2026-06-01T00:00:00Z",
        "1772323200",
        1772323200,
        "2026-02-28T12:30:15.500Z",
        "yesterday",
    ),
    "bool": ("true", "false", True, False, "TRUE", "yes"),
    "binary": ("QUI=", "QUJD", "not base64!", ""),
    "ip": (
        "192.0.2.0/24",
        "192.0.2.7",
        "192.0.2.99/24",
        "10.0.0.0/8",
        "2001:db8::/32",
        "2001:db8::1",
        "nowhere",
        "0.0.0.0/0",
        "8.0.0.0/6",
    ),
    "arn": (
        "arn:aws:sns:*:111122223333:*",
        "arn:aws:sns:eu-west-1:444455556666:news*",
        "arn:aws:s3:::reports",
        "arn:*:*:*:*:*",
        "*:aws:sns:*:*:*",
        "*",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::${aws:PrincipalAccount}:role/deploy",
        "${aws:PrincipalArn}",
        "arn:aws:sns:*",
        "arn:aws:s3:::${aws:PrincipalTag/team, 'reports'}",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/*",
    ),
    "null": ("true", "false", True, False),
}
"""What policies want, by kind of operator."""
ADDED = (
    "aws:username",
    "aws:principalaccount",
    "aws:principaltype",
    "aws:principalarn",
    "aws:resourceaccount",
    "aws:principalisawsservice",
    "aws:principalservicename",
)
"""Keys that AWS adds, in lower case."""
QUALIFIERS = ("ForAllValues:", "ForAnyValue:")


def kind_of(key: str) -> str:
    """The kind of a key's values."""
    return next(kind for kind, keys in KEYS.items() if key.lower() in (one.lower() for one in keys))


def some(dice: Random, pool: tuple[Any, ...], most: int = 2) -> Any:
    """One thing of a pool, or a list of one to ``most``."""
    if dice.random() < 0.6:
        return dice.choice(pool)
    return [dice.choice(pool) for _ in range(dice.randint(1, most))]


def cased(dice: Random, name: str) -> str:
    """A name in which case does not count, seldom in another case."""
    return dice.choice((name, name, name, name, name, name.lower(), name.upper()))


def condition_test(dice: Random) -> tuple[str, str, Any]:
    """An operator with qualifier and IfExists, a key, and the values wanted."""
    kind = dice.choice(
        ("string", "string", "string", "numeric", "date", "bool", "binary", "ip", "arn", "arn", "null")
    )
    operator = dice.choice(OPERATORS[kind])
    fits = dice.random() < 0.93 and kind != "null"
    key = dice.choice(KEYS[kind if fits else dice.choice(tuple(KEYS))])
    wanted = some(dice, WANTED[kind])
    if kind != "null":
        operator += "IfExists" if dice.random() < 0.2 else ""
        operator = dice.choice(QUALIFIERS) + operator if dice.random() < 0.25 else operator
    return cased(dice, operator), cased(dice, key), wanted


def conditions(dice: Random) -> dict[str, dict[str, Any]]:
    """A ``Condition`` element: one or two tests, seldom three."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3))):
        operator, key, wanted = condition_test(dice)
        same = {name.lower(): name for name in found}
        found.setdefault(same.get(operator.lower(), operator), {}).update({key: wanted})
    return {operator: unique(keys) for operator, keys in found.items()}


CONFINING = (
    ("string", "aws:SourceVpce"),
    ("string", "aws:SourceAccount"),
    ("string", "aws:PrincipalOrgID"),
    ("string", "aws:userid"),
    ("ip", "aws:SourceIp"),
    ("ip", "aws:SourceIp"),
    ("arn", "aws:SourceArn"),
    ("arn", "s3:DataAccessPointArn"),
)
"""Keys by which S3 takes a policy as not public (9.5)."""


def confining(dice: Random, *, at_access_point: bool) -> dict[str, dict[str, Any]]:
    """A ``Condition`` element that confines a bucket's (or an access point's) policy, or nearly."""
    kind, key = dice.choice(CONFINING[-1:] if at_access_point and dice.random() < 0.7 else CONFINING)
    operator = dice.choice(OPERATORS[kind]) + dice.choice(("", "", "", "IfExists"))
    operator = dice.choice(("", "", "", *QUALIFIERS)) + operator
    pool = WANTED[kind]
    if key == "s3:DataAccessPointArn" and dice.random() < 0.6:
        pool = tuple(value for value in pool if ":accesspoint/" in value)
    return {operator: {cased(dice, key): some(dice, pool)}}


def unique(keys: dict[str, Any]) -> dict[str, Any]:
    """Without keys that differ by case only."""
    return {name: keys[name] for name in {one.lower(): one for one in keys}.values()}


def favours(dice: Random, operator: str, wanted: Any) -> Any:
    """A value that a test of a policy seems to want: itself, or with its wildcards filled."""
    value = dice.choice(wanted) if isinstance(wanted, list) else wanted
    if not isinstance(value, str) or "${" in value or "null" in operator.lower():
        return None
    if "ipaddress" in operator.lower():
        return value.partition("/")[0]
    return value.replace("*", "x").replace("?", "r")


def context_value(dice: Random, key: str) -> Any:
    """What a request gives for a key: one value, a list of one, several, or an empty list."""
    pool = GIVEN[kind_of(key)]
    luck = dice.random()
    if luck < 0.65:
        return dice.choice(pool)
    if luck < 0.75:
        return [dice.choice(pool)]
    if luck < 0.8:
        return []
    return [dice.choice(pool) for _ in range(dice.randint(2, 3))]


def context(dice: Random, tests: list[tuple[str, str, Any]]) -> dict[str, Any]:
    """A context for policies with these tests: most of their keys are given, half of them with a value that fits.

    Keys that AWS adds are given seldom: what a caller claims of itself would be untrue.
    """
    given: dict[str, Any] = {}
    for operator, key, wanted in tests:
        if dice.random() < (0.97 if key.lower().startswith(ADDED) else 0.2) or key.lower() in (
            one.lower() for one in given
        ):
            continue
        fitting = favours(dice, operator, wanted)
        given[cased(dice, key)] = (
            fitting if fitting is not None and dice.random() < 0.6 else context_value(dice, key)
        )
    if dice.random() < 0.25 and "aws:sourcevpce" not in (one.lower() for one in given):
        given["aws:SourceVpce"] = "vpce-1"
    if dice.random() < 0.1:
        given["principal:CanonicalUser"] = "c0ffee"
    return given
