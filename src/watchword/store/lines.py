"""Rows of a snapshot as compressed lines: one JSON object a row, one gzip member a unit.

Members stand one after another in an account's file, which any tool reads as one stream of JSON lines
(RFC 1952 §2.2 lets gzip files be joined).  Nothing here opens a file.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from watchword.model.ids import AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import UnitKey

LEVEL = 5
"""Compression level: beyond it, time grows faster than files shrink on AWS's answers."""

COLUMNS = (
    "account", "unit_region", "region", "service", "table", "kind", "arn", "name", "tags", "data",
)  # fmt: skip
"""The keys of each line, in order."""


def pack(unit: UnitKey, rows: Iterable[Resource]) -> bytes:
    """One gzip member with a line for each row, empty where there are none; equal rows give equal bytes."""
    text = "".join(f"{line(unit, row)}\n" for row in rows)
    return gzip.compress(text.encode(), LEVEL, mtime=0) if text else b""


def unpack(member: bytes) -> Iterator[tuple[UnitKey, Resource]]:
    """The rows of one or more members, each with its unit.

    Raises:
        ValueError: the bytes are not what ``pack`` makes.
    """
    if not member:
        return
    try:
        text = gzip.decompress(member).decode()
        for one in text.split("\n")[:-1]:
            yield _row(json.loads(one))
    except (OSError, EOFError, zlib.error, KeyError, TypeError) as error:
        raise ValueError(f"not a member of packed rows: {error}") from error


def line(unit: UnitKey, row: Resource) -> str:
    """A row as one line of JSON, without its end."""
    values = (
        unit.account, unit.region, row.region, unit.service, row.table, row.kind, row.arn, row.name,
        dict(row.tags), row.data,
    )  # fmt: skip
    return json.dumps(dict(zip(COLUMNS, values, strict=True)), separators=(",", ":"), default=str)


def _row(found: dict[str, Any]) -> tuple[UnitKey, Resource]:
    account = AccountId(found["account"])
    key = UnitKey(account, Region(found["unit_region"]), found["service"])
    row = Resource(
        where=f"{found['table']} {found['arn']}",
        data=found["data"],
        account=account,
        region=Region(found["region"]),
        table=found["table"],
        kind=found["kind"],
        arn=found["arn"],
        name=found["name"],
        tags=found["tags"],
    )
    return key, row
