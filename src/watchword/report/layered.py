"""A layered layout: boxes in columns, links from left to right, few crossings.  Numbers in, numbers out.

The steps are those of Sugiyama, Tagawa and Toda (1981, https://doi.org/10.1109/TSMC.1981.4308636):

1. Links that lead back are set aside (they close a circle), so that the rest has an order.
2. Every box gets a column: one more than the last of those before it.  Starts stand in the first, ends in the last.
   Where that makes too many columns, it is one more than the first of those before it, and links that then lead
   aside or back are set aside, too.
3. A link over several columns gets a waypoint in each between; links of one bundle share theirs.
4. Each column is ordered by the mean place of neighbours, sweeping to and fro; the order with fewest crossings is kept.
5. Every box is moved as near to its neighbours' middle as order and distance allow (least squares).
6. What stays empty from side to side is closed up.

The same input gives the same result, always.  Nothing is drawn here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

_SWEEPS: Final = 16
_SETTLING: Final = 64
_MOST_COLUMNS: Final = 7
"""Beyond so many, columns are made by the shortest ways."""
_WAYPOINT: Final = 12.0
"""Height that a line takes in a column that it passes."""
_STRAIGHT: Final = 4.0
"""How much more than a box a waypoint resists to be moved, so that long lines stay straight."""

Key = tuple[str, int]
"""A box is ``(id, -1)``, a waypoint ``(bundle, column)``."""


class Pin(Enum):
    """Where a box must stand."""

    START = "start"
    FREE = "free"
    END = "end"


@dataclass(frozen=True, slots=True)
class Item:
    """A box to be placed: its height, and the column it must stand in, if any."""

    id: str
    height: float
    pin: Pin = Pin.FREE


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two boxes.  Links of one bundle lead to the same target and run together."""

    source: str
    target: str
    bundle: str


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a box or waypoint stands: its column from 0, and its middle from the top."""

    column: int
    middle: float


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The result.  ``waypoints`` are by bundle and column; ``back`` are places in the list of links that lead back."""

    boxes: Mapping[str, Placed]
    waypoints: Mapping[Key, float]
    back: frozenset[int]
    columns: int
    height: float


def arrange(items: Sequence[Item], links: Sequence[Link], gap: float = 14.0) -> Arrangement:
    """Place boxes and links; ``gap`` is the least distance between boxes of a column.

    Raises:
        ValueError: two items have one id, or a link names a box that is not there.
    """
    ids = {one.id for one in items}
    if len(ids) != len(items) or any(one.source not in ids or one.target not in ids for one in links):
        raise ValueError("every box has an id of its own, and every link leads from one box to another")
    back, column = _set_aside(items, links)
    forward = [one for index, one in enumerate(links) if index not in back]
    count = max(column.values(), default=-1) + 1
    segments = list(dict.fromkeys(segment for one in forward for segment in _segments(one, column)))
    grid = _Grid.of(items, column, segments, count)
    grid.order()
    middles = grid.closed(grid.settle(gap), gap)
    tops = [middle - grid.heights[key] / 2 for key, middle in middles.items()]
    bottoms = [middle + grid.heights[key] / 2 for key, middle in middles.items()]
    top = min(tops, default=0.0)
    boxes = {one.id: Placed(column[one.id], middles[(one.id, -1)] - top) for one in items}
    waypoints = {key: middle - top for key, middle in middles.items() if key[1] >= 0}
    return Arrangement(boxes, waypoints, back, count, max(bottoms, default=0.0) - top)


def _set_aside(items: Sequence[Item], links: Sequence[Link]) -> tuple[frozenset[int], dict[str, int]]:
    """1 and 2: the links that are set aside, and the column of each box."""
    back = _leading_back(items, links)
    forward = [one for index, one in enumerate(links) if index not in back]
    column = _columns(items, forward)
    if max(column.values(), default=0) >= _MOST_COLUMNS:
        column = _nearest(items, forward)
        back = frozenset(n for n, one in enumerate(links) if column[one.source] >= column[one.target])
    return back, column


# --- 1 -----------------------------------------------------------------------------------------------------------------


def _leading_back(items: Sequence[Item], links: Sequence[Link]) -> frozenset[int]:
    """Links to a box that is still being walked through, in a walk from the starts; without recursion."""
    after: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for index, one in enumerate(links):
        after[one.source].append((index, one.target))
    back: set[int] = set()
    begun: set[str] = set()
    done: set[str] = set()
    for item in sorted(items, key=lambda one: one.pin is not Pin.START):
        if item.id in begun:
            continue
        begun.add(item.id)
        stack = [(item.id, iter(after[item.id]))]
        while stack:
            here, rest = stack[-1]
            for index, target in rest:
                if target not in begun:
                    begun.add(target)
                    stack.append((target, iter(after[target])))
                    break
                if target not in done:
                    back.add(index)
            else:
                done.add(here)
                stack.pop()
    return frozenset(back)


# --- 2 and 3 -----------------------------------------------------------------------------------------------------------


def _columns(items: Sequence[Item], links: Sequence[Link]) -> dict[str, int]:
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for one in links:
        before[one.target].append(one.source)
        after[one.source].append(one.target)
    column: dict[str, int] = {}
    ordered = list(_in_order(items, before, after))
    for name in ordered:
        column[name] = max((column[one] + 1 for one in before[name]), default=0)
    pins = {one.id: one.pin for one in items}
    last = max(column.values(), default=0)
    for name in ordered:
        if not after[name] and pins[name] is Pin.END:
            column[name] = max(last, 1)
    for name in reversed(ordered):
        if not before[name] and after[name] and pins[name] is not Pin.START:
            column[name] = min(column[one] for one in after[name]) - 1
    return column


def _nearest(items: Sequence[Item], links: Sequence[Link]) -> dict[str, int]:
    """Columns by the shortest way from a box that nothing leads to; ends that lead nowhere stand in the last."""
    after: dict[str, list[str]] = defaultdict(list)
    for one in links:
        after[one.source].append(one.target)
    reached = {one.target for one in links}
    column = {one.id: 0 for one in items if one.id not in reached}
    walked = list(column)
    for name in walked:
        for target in after[name]:
            if target not in column:
                column[target] = column[name] + 1
                walked.append(target)
    last = max(column.values(), default=0)
    return column | {
        one.id: last for one in items if one.pin is Pin.END and not after[one.id] and column[one.id]
    }


def _in_order(
    items: Sequence[Item], before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Every box after all that lead to it."""
    waiting = {one.id: len(before[one.id]) for one in items}
    ready = [name for name, number in waiting.items() if not number]
    for name in ready:
        yield name
        for target in after[name]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)


def _segments(link: Link, column: Mapping[str, int]) -> Iterator[tuple[Key, Key]]:
    """The pieces of a link from column to column."""
    here: Key = (link.source, -1)
    for between in range(column[link.source] + 1, column[link.target]):
        yield here, (link.bundle, between)
        here = (link.bundle, between)
    yield here, (link.target, -1)


# --- 4 and 5 -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Grid:
    """Columns of boxes and waypoints, being ordered and placed."""

    columns: list[list[Key]]
    heights: dict[Key, float]
    left: dict[Key, list[Key]]
    right: dict[Key, list[Key]]

    @classmethod
    def of(
        cls,
        items: Sequence[Item],
        column: Mapping[str, int],
        segments: Sequence[tuple[Key, Key]],
        count: int,
    ) -> _Grid:
        heights: dict[Key, float] = {(one.id, -1): one.height for one in items}
        columns: list[list[Key]] = [[] for _ in range(count)]
        for one in items:
            columns[column[one.id]].append((one.id, -1))
        left: dict[Key, list[Key]] = defaultdict(list)
        right: dict[Key, list[Key]] = defaultdict(list)
        for source, target in segments:
            for key in (source, target):
                if key not in heights:
                    heights[key] = _WAYPOINT
                    columns[key[1]].append(key)
            right[source].append(target)
            left[target].append(source)
        return cls(columns, heights, left, right)

    def order(self) -> None:
        """4."""
        best, least = [list(one) for one in self.columns], self._crossings()
        for sweep in range(_SWEEPS):
            rightward = sweep % 2 == 0
            neighbours = self.left if rightward else self.right
            for column in self.columns if rightward else reversed(self.columns):
                self._by_mean(column, neighbours)
            crossings = self._crossings()
            if crossings < least:
                best, least = [list(one) for one in self.columns], crossings
        self.columns = best

    def _by_mean(self, column: list[Key], neighbours: Mapping[Key, list[Key]]) -> None:
        places = self._places()
        own = {key: float(place) for place, key in enumerate(column)}
        mean = {
            key: sum(places[one] for one in near) / len(near) if (near := neighbours.get(key)) else own[key]
            for key in column
        }
        column.sort(key=lambda key: (mean[key], own[key]))

    def _places(self) -> dict[Key, float]:
        """Places as shares of the column, so that columns of different length compare."""
        return {
            key: (place + 0.5) / len(column) * 1_000
            for column in self.columns
            for place, key in enumerate(column)
        }

    def _crossings(self) -> int:
        return sum(self._crossings_after(column) for column in self.columns[:-1])

    def _crossings_after(self, column: Sequence[Key]) -> int:
        places = self._places()
        ends = [
            places[target]
            for key in column
            for target in sorted(self.right.get(key, ()), key=places.__getitem__)
        ]
        return sum(later < end for index, end in enumerate(ends) for later in ends[index + 1 :])

    def settle(self, gap: float) -> dict[Key, float]:
        """5: the middles of all."""
        middles: dict[Key, float] = {}
        for column in self.columns:
            middles.update(self._fitted(column, dict.fromkeys(column, 0.0), gap))
        for sweep in range(_SETTLING):
            rightward = sweep % 2 == 0
            for column in self.columns if rightward else reversed(self.columns):
                wanted = {key: self._wanted(key, middles) for key in column}
                middles.update(self._fitted(column, wanted, gap))
        return middles

    def closed(self, middles: Mapping[Key, float], gap: float) -> dict[Key, float]:
        """6: the middles, without bands in which nothing stands."""
        found: dict[Key, float] = {}
        bottom = shift = 0.0
        for key in sorted(middles, key=lambda one: middles[one] - self.heights[one] / 2):
            top = middles[key] - self.heights[key] / 2
            if found:
                shift += max(top - bottom - gap, 0.0)
                bottom = max(bottom, top + self.heights[key])
            else:
                bottom = top + self.heights[key]
            found[key] = middles[key] - shift
        return found

    def _wanted(self, key: Key, middles: Mapping[Key, float]) -> float:
        near = [*self.left.get(key, ()), *self.right.get(key, ())]
        return sum(middles[one] for one in near) / len(near) if near else middles[key]

    def _fitted(self, column: Sequence[Key], wanted: Mapping[Key, float], gap: float) -> dict[Key, float]:
        """The middles nearest to those wanted that keep order and distance (pool adjacent violators)."""
        offsets, offset = [], 0.0
        for index, key in enumerate(column):
            if index:
                apart = gap if min(key[1], column[index - 1][1]) < 0 else gap / 3
                offset += (self.heights[column[index - 1]] + self.heights[key]) / 2 + apart
            offsets.append(offset)
        pools: list[tuple[float, float, int]] = []  # mean, weight, members
        for key, shift in zip(column, offsets, strict=True):
            weight = _STRAIGHT if key[1] >= 0 else 1.0
            mean, members = wanted[key] - shift, 1
            while pools and pools[-1][0] > mean:
                other, heavy, several = pools.pop()
                mean = (mean * weight + other * heavy) / (weight + heavy)
                weight, members = weight + heavy, members + several
            pools.append((mean, weight, members))
        starts = [mean for mean, _, members in pools for _ in range(members)]
        return {key: at + shift for key, at, shift in zip(column, starts, offsets, strict=True)}
