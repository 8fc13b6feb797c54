"""All tables that the collectors know: the reads of every module in ``collect.aws``, checked and indexed.

Nothing is registered by import: a module of ``collect.aws`` is found because it is there and has ``READS``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from watchword.aws import Operation
from watchword.collect import aws as modules
from watchword.collect.pruning import OPERATIONS as CONFIG_OPERATIONS
from watchword.collect.reads import Read
from watchword.model.ids import Region
from watchword.store.plan import TableMap

ENGINE_OPERATIONS: frozenset[Operation] = frozenset(
    {
        ("ec2", "DescribeRegions"),
        ("organizations", "DescribeOrganization"),
        ("organizations", "ListAccounts"),
        ("organizations", "ListRoots"),
        ("organizations", "ListOrganizationalUnitsForParent"),
        ("organizations", "ListAccountsForParent"),
        *CONFIG_OPERATIONS,
    }
)
"""What the engine itself calls to find accounts and regions, and to ask AWS Config for its counts."""


class ReadsInvalid(Exception):
    """The reads contradict each other; a mistake in ``collect.aws``."""


@cache
def all_reads() -> tuple[Read, ...]:
    """Every read, module by module in the order of their names, parents before those that are read over them.

    Raises:
        ReadsInvalid: a table is read twice, or over one that is not in the same service and scope.
    """
    found = [read for name in _module_names() for read in importlib.import_module(name).READS]
    return in_order(found)


def in_order(reads: Iterable[Read]) -> tuple[Read, ...]:
    """The reads with each parent before its children; see ``all_reads``."""
    found = list(reads)
    by_table: dict[str, Read] = {}
    for one in (member for read in found for member in family(read)):
        if one.table in by_table:
            raise ReadsInvalid(f"{one.table} is read twice")
        by_table[one.table] = one
    for read in found:
        _refuse_strange(read, by_table)
    return tuple(sorted(found, key=lambda read: _depth(read, by_table)))


def family(read: Read) -> tuple[Read, ...]:
    """The read and those that are split from its answers, each with the call that they share."""
    return (read, *(_joined(read, split) for split in read.splits)) if read.splits else (read,)


def table_map(reads: Iterable[Read]) -> TableMap:
    """The tables of the reads, with their scopes, for the plan of a collection."""
    kept = [member for read in reads for member in family(read)]
    only = {read.table: tuple(Region(one) for one in read.regions) for read in kept if read.regions}
    return TableMap({read.table: read.where.value for read in kept}, only)


def services(reads: Iterable[Read]) -> tuple[str, ...]:
    """The services of the reads, in order."""
    return tuple(sorted({read.service for read in reads}))


def operations(reads: Iterable[Read]) -> frozenset[Operation]:
    """Every operation that the reads call, with those that the engine itself calls."""
    return frozenset(_operations(reads)) | ENGINE_OPERATIONS


def _operations(reads: Iterable[Read]) -> Iterator[Operation]:
    for read in reads:
        yield (read.api, read.operation)
        if read.prepare:
            yield (read.api, read.prepare)
        for one in family(read):
            for detail in one.details:
                yield (detail.client or one.api, detail.operation)


def _module_names() -> list[str]:
    prefix = f"{modules.__name__}."
    return sorted(
        module.name
        for module in pkgutil.iter_modules(modules.__path__, prefix)
        if not module.name.removeprefix(prefix).startswith("_")
    )


def _joined(read: Read, split: Read) -> Read:
    return replace(
        split,
        where=read.where,
        regions=read.regions,
        over=read.over,
        none_when=read.none_when,
        operation=read.operation,
        params=read.params,
        client=read.api,
    )


def _refuse_strange(read: Read, by_table: dict[str, Read]) -> None:
    if {one.service for one in family(read)} != {read.service}:
        raise ReadsInvalid(f"{read.table} is split into tables of another service")
    if not read.over:
        return
    parent = by_table.get(read.over)
    if parent is None or parent.service != read.service or parent.where != read.where:
        raise ReadsInvalid(
            f"{read.table} is read over {read.over}, which is no table of its service and scope"
        )


def _depth(read: Read, by_table: dict[str, Read]) -> int:
    depth, seen = 0, {read.table}
    while read.over:
        read, depth = by_table[read.over], depth + 1
        if read.table in seen:
            raise ReadsInvalid(f"{read.table} is read over itself")
        seen.add(read.table)
    return depth
