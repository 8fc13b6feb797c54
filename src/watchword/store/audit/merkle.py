"""The tree over all records: its root, growth in O(log n), and proofs that need no trust in us.

Trees, proofs and checks are those of RFC 6962 §2.1 and RFC 9162 §2.1, with SHA-256: a leaf's hash is
SHA-256(0x00 ‖ data), a node's SHA-256(0x01 ‖ left ‖ right), the empty tree's SHA-256 of nothing.

https://www.rfc-editor.org/rfc/rfc6962#section-2.1   https://www.rfc-editor.org/rfc/rfc9162#section-2.1

All hashes are 32 bytes; leaves are given as leaf hashes and counted from 0.  Where hashes are kept is the caller's
affair: proofs ask for roots of ranges through a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()
"""The root of a tree without leaves."""

TILE_LEVEL: Final = 8
"""Nodes of this level are worth keeping: with them, a proof reads one hash for 256 leaves."""

TILE: Final = 1 << TILE_LEVEL
"""Leaves below a node that is kept."""

WIDTH: Final = 32
"""Bytes of a hash."""

RangeRoot = Callable[[int, int], bytes]
"""From the first leaf of a range and how many there are, to the root of the tree over just these."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to let a tree grow: its size, and the roots of its full subtrees, the largest first.

    There is one root for each bit that is set in ``size``.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or self.size.bit_count() != len(self.roots):
            raise ValueError(f"a tree of {self.size} leaves has {self.size.bit_count()} full subtrees")

    def root(self) -> bytes:
        """The root of the tree."""
        if not self.roots:
            return EMPTY
        found = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            found = node_hash(left, found)
        return found

    def hex(self) -> str:
        """The roots as one hexadecimal text."""
        return b"".join(self.roots).hex()

    @classmethod
    def of_hex(cls, size: int, text: str) -> Frontier:
        """The frontier of a size whose roots are one hexadecimal text.

        Raises:
            ValueError: the text is not that of a tree of this size.
        """
        joined = bytes.fromhex(text)
        return cls(size, tuple(joined[at : at + WIDTH] for at in range(0, len(joined), WIDTH)))


class Growing:
    """A tree that leaves are added to; ``tiles`` are the nodes of ``TILE_LEVEL`` completed so far: index and hash."""

    def __init__(self, start: Frontier | None = None) -> None:
        self.size = start.size if start else 0
        self.tiles: list[tuple[int, bytes]] = []
        self._roots = list(start.roots) if start else []

    def add(self, leaf: bytes) -> None:
        """Add one leaf."""
        place, level, found = self.size, 0, leaf
        while place & 1:
            found = sha256(b"\1" + self._roots.pop() + found).digest()
            place >>= 1
            level += 1
            if level == TILE_LEVEL:
                self.tiles.append((self.size >> TILE_LEVEL, found))
        self._roots.append(found)
        self.size += 1

    def add_tile(self, node: bytes) -> None:
        """Add 256 leaves by the node over them.

        Raises:
            ValueError: the tree's size is not a multiple of 256.
        """
        if self.size % TILE:
            raise ValueError("256 leaves at once fit only where a multiple of 256 is there")
        place, found = self.size >> TILE_LEVEL, node
        self.tiles.append((place, node))
        while place & 1:
            found = node_hash(self._roots.pop(), found)
            place >>= 1
        self._roots.append(found)
        self.size += TILE

    def add_all(self, leaves: Sequence[bytes]) -> None:
        """Add many leaves, full tiles level by level: half the time of one by one."""
        start, end = 0, len(leaves)
        while start < end:
            if self.size % TILE == 0 and end - start >= TILE:
                self.add_tile(_full(leaves[start : start + TILE]))
                start += TILE
            else:
                self.add(leaves[start])
                start += 1

    def frontier(self) -> Frontier:
        """The tree as it is now."""
        return Frontier(self.size, tuple(self._roots))

    def root(self) -> bytes:
        """The root as it is now."""
        return self.frontier().root()


def _full(level: Sequence[bytes]) -> bytes:
    """The root over a power of two of leaves."""
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


def ranges(leaves: Sequence[bytes]) -> RangeRoot:
    """Roots of ranges of leaves that are in memory."""

    def root(start: int, size: int) -> bytes:
        tree = Growing()
        tree.add_all(leaves[start : start + size])
        return tree.root()

    return root


def _split(size: int) -> int:
    """The largest power of two below ``size``: the leaves of the left subtree."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion(index: int, size: int, root_of: RangeRoot) -> tuple[bytes, ...]:
    """The proof that leaf ``index`` is in the tree of the first ``size`` leaves (RFC 6962 §2.1.1), leaf to root.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path: list[bytes] = []
    start = 0
    while size > 1:
        left = _split(size)
        if index < left:
            path.append(root_of(start + left, size - left))
            size = left
        else:
            path.append(root_of(start, left))
            start, index, size = start + left, index - left, size - left
    return tuple(reversed(path))


def consistency(old: int, new: int, root_of: RangeRoot) -> tuple[bytes, ...]:
    """The proof that the tree of ``old`` leaves is a beginning of that of ``new`` leaves (RFC 6962 §2.1.2).

    Empty where ``old`` is 0 or ``new``: then there is nothing to prove but that roots are equal.

    Raises:
        ValueError: the old tree is larger than the new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves is no beginning of one of {new}")
    if old in (0, new):
        return ()
    path: list[bytes] = []
    start, whole = 0, True
    while old != new:
        left = _split(new)
        if old <= left:
            path.append(root_of(start + left, new - left))
            new = left
        else:
            path.append(root_of(start, left))
            start, old, new, whole = start + left, old - left, new - left, False
    if not whole:
        path.append(root_of(start, new))
    return tuple(reversed(path))


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that ``leaf`` is leaf ``index`` of the tree with this size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def continues(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the new tree only added leaves to the old one (RFC 9162 §2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return new > 0 and not path and old_root == EMPTY
    if not 0 < old < new or not path:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    was = found = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, found = node_hash(sibling, was), node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old_root and found == new_root
