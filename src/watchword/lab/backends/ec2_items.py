"""What the extensions of EC2 have in common: tags, filters, pages and errors as EC2 gives them.

What it does not do: answer an operation; the modules ec2_*.py do.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.criteria import strings, values_at
from watchword.lab.backends.tables import Item, Tables, regional

T = TypeVar("T")

# The state of all extensions of EC2, by account and region.
ec2_tables = regional("ec2")


def tables(call: Call) -> Tables:
    """The tables of the account and region that a call concerns."""
    return ec2_tables[call.account][call.region]


def tags(call: Call) -> list[dict[str, str]]:
    """The tags that a call gives to what it creates."""
    return [
        tag for specification in call.params.get("TagSpecifications", []) for tag in specification["Tags"]
    ]


def now_text() -> str:
    """The time as those EC2 operations write it that give times as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def found(table: Mapping[str, T], key: str, noun: str) -> T:
    """The thing with this id; Invalid<noun>Id.NotFound where it is missing."""
    if key not in table:
        raise Refusal(f"Invalid{noun}Id.NotFound", f"The {noun} ID '{key}' does not exist")
    return table[key]


def listed(call: Call, member: str, table: Mapping[str, Item], ids: str, noun: str) -> Item:
    """A page of a Describe operation: the things with the ids asked for, or all, that pass the filters.

    `member` is the list in the output, `ids` the list of ids in the input.
    """
    wanted = call.params.get(ids)
    items = [found(table, key, noun) for key in wanted] if wanted else list(table.values())
    return call.page(member, filtered(call, items), 1000)


def filtered(call: Call, items: Iterable[Item]) -> list[Item]:
    """The things that pass every filter of a call; a filter passes where one of its values matches."""
    checks = [_check(each["Name"], each.get("Values", [])) for each in call.params.get("Filters", [])]
    return [item for item in items if all(check(item) for check in checks)]


def _check(name: str, wanted: list[str]) -> Callable[[Item], bool]:
    """EC2 writes filters as "vpc-id" or "tag:Owner" where the description has VpcId or Tags."""
    kind, _, key = name.partition(":")
    if kind == "tag":
        return lambda item: any(tag["Key"] == key and tag["Value"] in wanted for tag in item.get("Tags", []))
    path = "Tags.Key" if name == "tag-key" else _pascal(name)
    return lambda item: bool(set(strings(values_at(item, path))) & set(wanted))


def _pascal(name: str) -> str:
    return ".".join("".join(part.capitalize() for part in step.split("-")) for step in name.split("."))
