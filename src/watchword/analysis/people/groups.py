"""Who is in a group through groups: walks that circles cannot trap and depth cannot exhaust.

``edges`` gives for each group the groups that are directly in it; names that have no groups of their own may be missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

Edges = Mapping[str, Collection[str]]


def within(edges: Edges, group: str) -> frozenset[str]:
    """The group, and all groups that are in it directly or through others."""
    seen, waiting = {group}, [group]
    while waiting:
        for inner in edges.get(waiting.pop(), ()):
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return frozenset(seen)


def around(edges: Edges, changed: Collection[str]) -> frozenset[str]:
    """The groups whose members may differ when the members of ``changed`` do: those, and all that they are within."""
    outer: dict[str, list[str]] = {}
    for group, inner in edges.items():
        for one in inner:
            outer.setdefault(one, []).append(group)
    seen, waiting = set(changed), list(changed)
    while waiting:
        for one in outer.get(waiting.pop(), ()):
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return frozenset(seen)


def circles(edges: Edges) -> list[frozenset[str]]:
    """Groups that are within each other, or in themselves; each circle once, in the order of its first name.

    Tarjan's strongly connected components (SIAM Journal on Computing 1 (2), 1972), without recursion.
    """
    found = _Components(edges).all()
    rings = [one for one in found if len(one) > 1 or any(group in edges.get(group, ()) for group in one)]
    return sorted(rings, key=min)


@dataclass(slots=True)
class _Components:
    """The walk: ``number`` when a group was come to, ``low`` the earliest that it leads back to, ``path`` what is open."""

    edges: Edges
    number: dict[str, int] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    on_path: set[str] = field(default_factory=set)
    done: list[frozenset[str]] = field(default_factory=list)

    def all(self) -> list[frozenset[str]]:
        for group in sorted(self.edges):
            if group not in self.number:
                self._walk(group)
        return self.done

    def _walk(self, start: str) -> None:
        stack = [(start, self._enter(start))]
        while stack:
            group, inner = stack[-1]
            following = next(inner, None)
            if following is None:
                stack.pop()
                self._leave(group)
                if stack:
                    self._lower(stack[-1][0], self.low[group])
            elif following not in self.number:
                stack.append((following, self._enter(following)))
            elif following in self.on_path:
                self._lower(group, self.number[following])

    def _enter(self, group: str) -> Iterator[str]:
        self.number[group] = self.low[group] = len(self.number)
        self.path.append(group)
        self.on_path.add(group)
        return iter(sorted(self.edges.get(group, ())))

    def _lower(self, group: str, to: int) -> None:
        self.low[group] = min(self.low[group], to)

    def _leave(self, group: str) -> None:
        if self.low[group] == self.number[group]:
            ring = [self.path.pop()]
            while ring[-1] != group:
                ring.append(self.path.pop())
            self.on_path.difference_update(ring)
            self.done.append(frozenset(ring))
