"""From answers to rows: takes the items of an answer, names them, and makes resources of them.  Pure.

The same code serves live answers and those of a directory.  What a row lacks (an ARN that cannot be made) raises
``Unreadable``; nothing is guessed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from watchword.collect.paths import FieldMissing, fill, items_at, value_at
from watchword.collect.reads import Detail, Read, Row
from watchword.model.ids import GLOBAL, AccountId, Region
from watchword.model.resource import HOLES_KEY, Resource
from watchword.model.snapshot import UnitKey

PARENT_KEY = "_parent"
"""Field of a row that holds the ARN of the row over which it was read."""

_TAG_NAMES = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"), ("tagKey", "tagValue"))


Names = Mapping[str, Any]
"""What templates may name beside the row's own fields: account, region, partition, and ``parent``, the row above."""


class Unreadable(Exception):
    """An answer has not the form that AWS documents; the message says what is wrong."""


def names_of(unit: UnitKey, partition: str, account: AccountId) -> Names:
    """What ``{account}``, ``{region}`` and ``{partition}`` stand for in the templates of a unit.

    ``account`` is the account that the calls are made in: for the organisation's units the caller's.
    """
    return {
        "account": account,
        "region": "" if unit.region == GLOBAL else unit.region,
        "partition": partition,
    }


def rows_of(read: Read, answer: Mapping[str, Any], parent: str = "") -> list[Row]:
    """The rows that one page of an answer gives.

    Raises:
        Unreadable: the items are not of the form that the read expects.
    """
    page = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    found: list[Row] = []
    for item in items_at(page, read.take):
        for row in _rows_of_item(read, plain(_as_row(read, item))):
            kept = dict(row)
            if parent:
                kept[PARENT_KEY] = parent
            found.append(kept)
    return found


def taken(detail: Detail, answer: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What a detail keeps of an answer.

    Raises:
        Unreadable: it should be JSON and is not.
    """
    page = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    found = plain(value_at(page, detail.take))
    return parsed(found) if detail.parse_json else found


def transformed(detail: Detail, found: Any) -> Any:  # noqa: ANN401
    """What was taken, after the detail's transform.

    Raises:
        Unreadable: it has not the form that the transform expects.
    """
    if detail.transform is None or found is None:
        return found
    try:
        return detail.transform(found)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        said = f"an answer of {detail.operation} has an unexpected form: {type(error).__name__}"
        raise Unreadable(said) from error


def parsed(text: Any) -> Any:  # noqa: ANN401
    """A policy as JSON: AWS gives it as text, URL-encoded text (IAM), or already parsed.

    Raises:
        Unreadable: it is no JSON.
    """
    if not isinstance(text, str):
        return text
    try:
        return json.loads(unquote(text) if text.startswith("%7B") else text) if text else None
    except ValueError as error:
        raise Unreadable(f"a policy is not JSON: {error}") from error


def resource_of(read: Read, unit: UnitKey, row: Row, names: Names) -> Resource:
    """The row as a resource, with ARN, name, region and tags.

    Raises:
        Unreadable: the row lacks a field of which its ARN is made.
    """
    arn = arn_of(read, unit, row, names)
    tags = tags_of(read, row)
    return Resource(
        where=f"{read.table} {arn}",
        data=row,
        account=unit.account,
        region=region_of(read, unit, row),
        table=read.table,
        kind=read.kind,
        arn=arn,
        name=_name_of(read, row, names, tags, arn),
        tags=tags,
    )


def distinct(found: Iterable[Resource]) -> list[Resource]:
    """The resources with equal ones once (a page may repeat an item); different ones with one ARN get a number."""
    made: dict[str, Resource] = {}
    for one in found:
        if one.arn not in made:
            made[one.arn] = one
        elif made[one.arn].data != one.data:
            arn = _free(one.arn, made)
            made[arn] = replace(one, arn=arn, where=f"{one.table} {arn}")
    return list(made.values())


def arn_of(read: Read, unit: UnitKey, row: Row, names: Names) -> str:
    """The row's ARN.

    Raises:
        Unreadable: the row lacks a field of which it is made.
    """
    local = {**names, "region": "" if region_of(read, unit, row) == GLOBAL else region_of(read, unit, row)}
    if not read.arn:
        noun = read.table.partition(".")[2]
        return f"arn:{names['partition']}:{read.service}:{local['region']}:{names['account']}:{noun}"
    try:
        return fill(read.arn, row, local)
    except FieldMissing as missing:
        raise Unreadable(f"a row of {read.table} has no {missing}, of which its ARN is made") from missing


def region_of(read: Read, unit: UnitKey, row: Row) -> Region:
    """The region in which the row's resource lies: its unit's, unless a field of it says otherwise."""
    found = value_at(row, read.region_field) if read.region_field else None
    return Region(found) if isinstance(found, str) and found else unit.region


def tags_of(read: Read, row: Row) -> dict[str, str]:
    """The row's tags: a list of key and value in any of AWS's spellings, or a mapping; none where there are none."""
    found = value_at(row, read.tags) if read.tags else None
    if isinstance(found, Mapping):
        return {str(key): str(value) for key, value in found.items()}
    return dict(_tag_pairs(found)) if isinstance(found, list) else {}


def plain(value: Any) -> Any:  # noqa: ANN401
    """The value as plain JSON: bytes as base64 text (as the AWS CLI prints them), streams read."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    return value


def note_hole(row: Row, key: str, why: str) -> None:
    """Write into the row that its field ``key`` could not be read."""
    row.setdefault(HOLES_KEY, {})[key] = why


def _as_row(read: Read, item: Any) -> Row:  # noqa: ANN401
    if read.scalar:
        return {read.scalar: item}
    if not isinstance(item, Mapping):
        raise Unreadable(f"an item of {read.table} is no object but {type(item).__name__}")
    return dict(item)


def _rows_of_item(read: Read, row: Row) -> Iterable[Row]:
    if read.transform is None:
        return (row,)
    try:
        return list(read.transform(row))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # Not the error's own words: they may hold the very value that the transform was to take out.
        raise Unreadable(
            f"an answer for {read.table} has an unexpected form: {type(error).__name__}"
        ) from error


def _name_of(read: Read, row: Row, names: Names, tags: Mapping[str, str], arn: str) -> str:
    if read.name:
        try:
            return fill(read.name, row, names)
        except FieldMissing:
            pass
    last = arn.rpartition(":")[2]
    return tags.get("Name") or last.rpartition("/")[2] or last


def _tag_pairs(tags: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for tag in tags:
        for key, value in _TAG_NAMES:
            if isinstance(tag, Mapping) and key in tag:
                yield str(tag[key]), str(tag.get(value, ""))


def _free(arn: str, taken_names: Mapping[str, object]) -> str:
    """The ARN, or where several different rows have it, the ARN with a number."""
    number = 2
    free = arn
    while free in taken_names:
        free = f"{arn}#{number}"
        number += 1
    return free
