"""The tree against RFC 6962's published hashes, and against an oracle that is written from the definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.store.audit.merkle import (
    EMPTY,
    TILE,
    Frontier,
    Growing,
    consistency,
    continues,
    includes,
    inclusion,
    leaf_hash,
    ranges,
)

# The leaves and roots that Certificate Transparency's own tests use.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
CONSISTENCIES = {
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


def root(data: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word: MTH."""
    if not data:
        return hashlib.sha256().digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + root(data[:k]) + root(data[k:])).digest()


def path(m: int, data: list[bytes]) -> list[bytes]:
    """RFC 6962 §2.1.1: PATH."""
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*path(m, data[:k]), root(data[k:])]
    return [*path(m - k, data[k:]), root(data[:k])]


def subproof(m: int, data: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962 §2.1.2: SUBPROOF."""
    if m == len(data):
        return [] if whole else [root(data)]
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m <= k:
        return [*subproof(m, data[:k], whole), root(data[k:])]
    return [*subproof(m - k, data[k:], False), root(data[:k])]


def data_of(size: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_are_published(size: int) -> None:
    tree = Growing()
    tree.add_all([leaf_hash(one) for one in LEAVES[:size]])
    assert tree.root().hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_inclusion_proofs_are_those_that_are_published(index: int, size: int) -> None:
    hashes = [leaf_hash(one) for one in LEAVES]
    found = inclusion(index, size, ranges(hashes))
    assert tuple(one.hex() for one in found) == INCLUSIONS[index, size]
    assert includes(hashes[index], index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCIES)
def test_consistency_proofs_are_those_that_are_published(old: int, new: int) -> None:
    found = consistency(old, new, ranges([leaf_hash(one) for one in LEAVES]))
    assert tuple(one.hex() for one in found) == CONSISTENCIES[old, new]
    assert continues(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), found)


@given(st.integers(0, 700), st.lists(st.integers(0, 300), max_size=5))
def test_a_tree_grown_in_any_steps_has_the_root_of_the_definition(size: int, steps: list[int]) -> None:
    data = data_of(size)
    hashes = [leaf_hash(one) for one in data]
    tree, at = Growing(), 0
    for step in steps:
        tree.add_all(hashes[at : at + step])
        at = min(at + step, size)
        # Each step begins from what would be read back from a database.
        tree = Growing(Frontier.of_hex(tree.size, tree.frontier().hex()))
    tree.add_all(hashes[at:])
    assert tree.size == size
    assert tree.root() == root(data)


@given(st.integers(1, 1100), st.data())
def test_tiles_are_the_roots_of_each_256_leaves_however_they_came(size: int, data: st.DataObject) -> None:
    leaves = data_of(size)
    hashes = [leaf_hash(one) for one in leaves]
    cut = data.draw(st.integers(0, size))
    tree = Growing()
    tree.add_all(hashes[:cut])
    for one in hashes[cut:]:
        tree.add(one)
    expected = [
        (number, root(leaves[number * TILE : number * TILE + TILE])) for number in range(size // TILE)
    ]
    assert tree.tiles == expected


@given(st.integers(1, 300), st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_prove_nothing_else(
    size: int, data: st.DataObject
) -> None:
    leaves = data_of(size)
    hashes, top = [leaf_hash(one) for one in leaves], root(leaves)
    index = data.draw(st.integers(0, size - 1))
    found = inclusion(index, size, ranges(hashes))
    assert list(found) == path(index, leaves)
    assert includes(hashes[index], index, size, found, top)
    other = data.draw(
        st.integers(0, size - 1).filter(lambda one: one != index) if size > 1 else st.just(size)
    )
    assert not includes(hashes[index], other, size, found, top)
    assert not includes(leaf_hash(b"forged"), index, size, found, top)
    assert not includes(hashes[index], index, size, (*found, EMPTY), top)
    if found:
        assert not includes(hashes[index], index, size, found[:-1], top)
        wrong = data.draw(st.integers(0, len(found) - 1))
        assert not includes(hashes[index], index, size, (*found[:wrong], EMPTY, *found[wrong + 1 :]), top)


@given(st.integers(1, 300), st.data())
def test_consistency_proofs_are_those_of_the_definition_and_prove_nothing_else(
    new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new))
    leaves = data_of(new)
    hashes = [leaf_hash(one) for one in leaves]
    found = consistency(old, new, ranges(hashes))
    assert list(found) == subproof(old, leaves, True)
    before, after = root(leaves[:old]), root(leaves)
    assert continues(old, new, before, after, found)
    assert not continues(old, new, EMPTY, after, found)
    assert not continues(old, new, before, EMPTY, found)
    assert not continues(old, new, before, after, (*found, EMPTY))
    if found:
        assert not continues(old, new, before, after, found[:-1])
        wrong = data.draw(st.integers(0, len(found) - 1))
        assert not continues(old, new, before, after, (*found[:wrong], EMPTY, *found[wrong + 1 :]))


@given(st.integers(2, 200), st.data())
def test_a_rewritten_past_has_no_consistency_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = data_of(new)
    before = root(leaves[:old])
    leaves[changed] = b"rewritten"
    found = consistency(old, new, ranges([leaf_hash(one) for one in leaves]))
    assert not continues(old, new, before, root(leaves), found)


def test_the_empty_tree_is_the_beginning_of_every_tree() -> None:
    assert consistency(0, 5, ranges([])) == ()
    assert continues(0, 5, EMPTY, bytes.fromhex(ROOTS[5]), ())
    assert not continues(0, 5, bytes.fromhex(ROOTS[1]), bytes.fromhex(ROOTS[5]), ())
    assert not continues(0, 5, EMPTY, bytes.fromhex(ROOTS[5]), (EMPTY,))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion(index, size, ranges([EMPTY] * max(size, 0)))
    assert not includes(EMPTY, index, size, (), EMPTY)


def test_a_larger_tree_is_no_beginning_of_a_smaller_one() -> None:
    with pytest.raises(ValueError, match="no beginning"):
        consistency(4, 3, ranges([EMPTY] * 4))
    assert not continues(4, 3, EMPTY, EMPTY, (EMPTY,))


def test_a_frontier_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="full subtrees"):
        Frontier.of_hex(3, EMPTY.hex())
    with pytest.raises(ValueError, match="multiple of 256"):
        Growing(Frontier(1, (EMPTY,))).add_tile(EMPTY)
