"""Maximum flow and minimum cut by Dinic's algorithm, on small integers.

Vertices are numbers.  The cut is told by the arcs that lead from what is still reached to what is not.

Source: E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks with power estimation", 1970;
https://cp-algorithms.com/graph/dinic.html
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

ENDLESS: Final = 1 << 40
"""A capacity that no cut can afford."""


@dataclass(slots=True)
class Network:
    """Arcs come in pairs: the one with the even number and, right after it, its residual."""

    heads: list[int] = field(default_factory=list)
    capacities: list[int] = field(default_factory=list)
    arcs: list[list[int]] = field(default_factory=list)

    def vertex(self) -> int:
        """A new vertex."""
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(self, tail: int, head: int, capacity: int) -> int:
        """A new arc; its number."""
        number = len(self.heads)
        self.heads += (head, tail)
        self.capacities += (capacity, 0)
        self.arcs[tail].append(number)
        self.arcs[head].append(number + 1)
        return number

    def flow(self, source: int, sink: int) -> int:
        """The maximum flow; at least ``ENDLESS`` where no cut is possible.  Afterwards capacities are what is left."""
        total = 0
        while total < ENDLESS:
            levels = self._levels(source)
            if levels[sink] < 0:
                break
            begun = [0] * len(self.arcs)
            while pushed := self._push(source, sink, levels, begun):
                total += pushed
                if total >= ENDLESS:
                    break
        return total

    def reached(self, source: int) -> list[bool]:
        """Which vertices are on the source's side of the cut that the flow left."""
        return [level >= 0 for level in self._levels(source)]

    def _levels(self, source: int) -> list[int]:
        levels = [-1] * len(self.arcs)
        levels[source] = 0
        queue = deque((source,))
        while queue:
            vertex = queue.popleft()
            for number in self.arcs[vertex]:
                head = self.heads[number]
                if self.capacities[number] > 0 and levels[head] < 0:
                    levels[head] = levels[vertex] + 1
                    queue.append(head)
        return levels

    def _push(self, source: int, sink: int, levels: list[int], begun: list[int]) -> int:
        """One augmenting path down the levels, without recursion; ``begun`` is how far each vertex's arcs are tried."""
        way: list[int] = []
        vertex = source
        while vertex != sink:
            number = self._next(vertex, levels, begun)
            if number is not None:
                way.append(number)
                vertex = self.heads[number]
            elif way:
                number = way.pop()
                vertex = self.heads[number ^ 1]
                begun[vertex] += 1
            else:
                return 0
        pushed = min(self.capacities[number] for number in way)
        for number in way:
            self.capacities[number] -= pushed
            self.capacities[number ^ 1] += pushed
        return pushed

    def _next(self, vertex: int, levels: list[int], begun: list[int]) -> int | None:
        arcs = self.arcs[vertex]
        while begun[vertex] < len(arcs):
            number = arcs[begun[vertex]]
            if self.capacities[number] > 0 and levels[self.heads[number]] == levels[vertex] + 1:
                return number
            begun[vertex] += 1
        return None
