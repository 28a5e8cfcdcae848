"""The Merkle tree, against the published vectors, a naive second tree, and planted defects."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from send_records.store import merkle
from send_records.store.merkle import (
    EMPTY_ROOT,
    HASH,
    TILE,
    Frontier,
    LeavesMissing,
    Tree,
    grown,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.store import naive_merkle as naive

LEAVES = [sha256(b"leaf %d" % n).digest() for n in range(3000)]
MANY = [sha256(b"leaf %d" % n).digest() for n in range(TILE**2 + 2 * TILE + 44)]

hashes = st.binary(min_size=HASH, max_size=HASH)


@dataclass
class Tiles:
    """Tiles in a dictionary, which says what was read of it."""

    held: dict[tuple[int, int], bytes] = field(default_factory=dict)
    read: list[tuple[int, int]] = field(default_factory=list)

    def tile(self, level: int, index: int) -> bytes:
        self.read.append((level, index))
        return self.held.get((level, index), b"")


@dataclass
class LeafColumn(Tiles):
    """As the database has it: the leaves in a column of the log, and tiles above them."""

    leaves: list[bytes] = field(default_factory=list)

    def tile(self, level: int, index: int) -> bytes:
        if level > 0:
            return super().tile(level, index)
        self.read.append((level, index))
        return b"".join(self.leaves[index * TILE : (index + 1) * TILE])


def stored(leaves: list[bytes]) -> Tiles:
    return Tiles(grown(Tiles(), 0, leaves))


# The published vectors

ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The entries that the tests of the first Certificate Transparency log are about."""

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

A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

INCLUSION = {
    (0, 1): [],
    (0, 8): [A, B, C],
    (5, 8): [D, E, ROOTS[4]],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], B, D],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [A, B, C],
    (6, 8): [F, E, ROOTS[4]],
    (2, 5): [B, D],
}


def differing_vectors(module: ModuleType) -> int:
    """Count the published roots and proofs that a module has otherwise."""
    leaves = [module.leaf_hash(entry) for entry in ENTRIES]
    tree = module.Tree(Tiles(module.grown(Tiles(), 0, leaves)))

    def hexed(proof: list[bytes]) -> list[str]:
        return [node.hex() for node in proof]

    return sum(
        [
            *(tree.root(size).hex() != root for size, root in enumerate(ROOTS)),
            *(hexed(tree.inclusion(*key)) != proof for key, proof in INCLUSION.items()),
            *(hexed(tree.consistency(*key)) != proof for key, proof in CONSISTENCY.items()),
        ]
    )


def test_the_published_vectors_hold() -> None:
    assert bytes.fromhex(ROOTS[0]) == EMPTY_ROOT
    assert differing_vectors(merkle) == 0


def test_the_naive_tree_has_the_published_roots_too() -> None:
    leaves = [naive.leaf(entry) for entry in ENTRIES]

    assert [naive.mth(leaves[:size]).hex() for size in range(9)] == ROOTS


def test_the_example_of_the_rfc_has_the_nodes_that_it_names() -> None:
    """Section 2.1.5: seven leaves, and the letters of its figure."""
    a, b, c, d, e, f, j = leaves = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l = node_hash(g, h), node_hash(i, j)  # noqa: E741
    tree = Tree(stored(leaves))

    assert tree.root(7) == node_hash(k, l)
    assert tree.inclusion(0, 7) == [b, h, l]
    assert tree.inclusion(3, 7) == [c, g, l]
    assert tree.inclusion(4, 7) == [f, j, k]
    assert tree.inclusion(6, 7) == [i, k]
    assert tree.consistency(3, 7) == [c, d, g, l]
    assert tree.consistency(4, 7) == [l]
    assert tree.consistency(6, 7) == [i, j, k]


# Every proof of every tree up to a size, and every way to get it wrong


@dataclass
class Verdicts:
    """What a verifier said, against what it should have."""

    right: int = 0
    wrongly_accepted: int = 0
    wrongly_refused: int = 0

    def add(self, expected: bool, said: bool) -> None:
        if said == expected:
            self.right += 1
        elif said:
            self.wrongly_accepted += 1
        else:
            self.wrongly_refused += 1

    @property
    def wrong(self) -> int:
        return self.wrongly_accepted + self.wrongly_refused


def flipped(value: bytes, bit: int) -> bytes:
    return bytes(byte ^ (bit // 8 == n) << bit % 8 for n, byte in enumerate(value))


def altered(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Yield the proof with each element changed, dropped, repeated and exchanged with the next."""
    for n, element in enumerate(proof):
        before, after = proof[:n], proof[n + 1 :]
        yield [*before, flipped(element, (37 * n + len(proof)) % 256), *after]
        yield [*before, *after]
        yield [*before, element, element, *after]
        yield [*before, element[:-1], *after]
        if after:
            yield [*before, after[0], element, *after[1:]]
    yield [*proof, LEAVES[-1]]
    yield [LEAVES[-1], *proof]


def moved_border(leaf: bytes, proof: list[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield the leaf with a byte that belongs to its sibling: the node above is the same."""
    for sibling, *above in [proof] if proof else []:
        yield leaf + sibling[:1], [sibling[1:], *above]
        yield sibling[-1:] + leaf, [sibling[:-1], *above]


def inclusion_verdicts(module: ModuleType, largest: int) -> Verdicts:
    """Judge a verifier by all inclusion proofs of all trees up to a size."""
    verdicts, verify = Verdicts(), module.verify_inclusion
    for size in range(1, largest + 1):
        root, next_root = naive.mth(LEAVES[:size]), naive.mth(LEAVES[: size + 1])
        for index in range(size):
            leaf, proof = LEAVES[index], naive.path(index, LEAVES[:size])
            verdicts.add(True, verify(leaf, index, size, proof, root))
            for other in altered(proof):
                verdicts.add(False, verify(leaf, index, size, other, root))
            verdicts.add(False, verify(leaf, index, size, proof, flipped(root, index)))
            verdicts.add(False, verify(flipped(leaf, size), index, size, proof, root))
            verdicts.add(False, verify(leaf, index, size + 1, proof, next_root))
            for longer, shorter in moved_border(leaf, proof):
                verdicts.add(False, verify(longer, index, size, shorter, root))
            for place in ((index - 1, size), (index + 1, size), (index + size, size), (-1, size)):
                verdicts.add(False, verify(leaf, *place, proof, root))
            for place in ((index, size - 1), (index, size + 1), (index, 2 * size)):
                said = verify(leaf, *place, proof, root)
                verdicts.add(naive.included(leaf, *place, proof, root), said)
            if proof:  # what a path that ends below the root leads to is no root
                child = LEAVES[: naive.split(size)], LEAVES[naive.split(size) : size]
                below = naive.mth(child[index >= naive.split(size)])
                verdicts.add(False, verify(leaf, index, size, proof[:-1], below))
    return verdicts


def consistency_verdicts(module: ModuleType, largest: int) -> Verdicts:
    """Judge a verifier by all consistency proofs between all trees up to a size."""
    verdicts, verify = Verdicts(), module.verify_consistency
    roots = [naive.mth(LEAVES[:size]) for size in range(2 * largest + 1)]

    def judge(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> None:
        said = verify(old, new, proof, old_root, new_root)
        verdicts.add(naive.consistent(old, new, proof, old_root, new_root), said)

    for new in range(largest + 1):
        for old in range(new + 1):
            proof = naive.proof(old, LEAVES[:new]) if old else []
            verdicts.add(True, verify(old, new, proof, roots[old], roots[new]))
            for other in altered(proof):
                verdicts.add(False, verify(old, new, other, roots[old], roots[new]))
            judge(old, new, proof, flipped(roots[old], new), roots[new])
            judge(old, new, proof, roots[old], flipped(roots[new], old))
            judge(old, new, proof, roots[new], roots[new])
            judge(old, new, proof, roots[old], roots[old])
            judge(new, old, proof, roots[new], roots[old])
            judge(-old, new, proof, roots[old], roots[new])
            for sizes in ((old + 1, new), (old - 1, new), (old, new + 1), (old, 2 * new)):
                judge(*sizes, proof, roots[old], roots[new])
                judge(*sizes, proof, roots[sizes[0]], roots[sizes[1]])
    return verdicts


def test_no_wrong_inclusion_proof_is_accepted_and_no_right_one_refused() -> None:
    verdicts = inclusion_verdicts(merkle, 128)

    assert (verdicts.wrongly_accepted, verdicts.wrongly_refused) == (0, 0)
    assert verdicts.right > 300_000


def test_no_wrong_consistency_proof_is_accepted_and_no_right_one_refused() -> None:
    verdicts = consistency_verdicts(merkle, 128)

    assert (verdicts.wrongly_accepted, verdicts.wrongly_refused) == (0, 0)
    assert verdicts.right > 300_000


def differing_proofs(module: ModuleType, sizes: Iterable[int]) -> int:
    """Count the roots and proofs that a module makes otherwise than the naive tree."""
    sizes = list(sizes)
    tree = module.Tree(Tiles(module.grown(Tiles(), 0, LEAVES[: max(sizes)])))
    differing = 0
    for size in sizes:
        leaves = LEAVES[:size]
        differing += tree.root(size) != naive.mth(leaves)
        for index in range(size):
            differing += tree.inclusion(index, size) != naive.path(index, leaves)
            differing += tree.consistency(index + 1, size) != naive.proof(index + 1, leaves)
    return differing


def test_every_proof_is_the_one_that_the_rfc_defines() -> None:
    assert differing_proofs(merkle, range(129)) == 0


@given(st.integers(1, 2**63 - 1), st.data())
def test_proofs_of_trees_of_any_size_are_read_as_defined(size: int, data: st.DataObject) -> None:
    """One length of proof fits, and leads to one root."""
    index = data.draw(st.integers(0, size - 1))
    leaf, *path = data.draw(st.lists(hashes, min_size=64, max_size=64))
    for length in range(64):
        root = naive.root_by_path(index, size, path[:length], leaf)
        accepted = verify_inclusion(leaf, index, size, path[:length], root or leaf)
        assert accepted is (root is not None)


@given(st.integers(2, 2**63 - 1), st.data())
def test_proofs_between_trees_of_any_sizes_are_read_as_defined(
    new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new - 1) | st.sampled_from([1 << new.bit_length() - 1]))
    start, *path = data.draw(st.lists(hashes, min_size=65, max_size=65))
    for length in range(65):
        roots = naive.roots_by_proof(old, new, path[:length], start, True)
        accepted = verify_consistency(old, new, path[:length], *(roots or (start, start)))
        assert accepted is (roots is not None and (old < new or not length))


@given(st.integers(), st.integers(), st.lists(st.binary(max_size=33), max_size=70), st.binary())
def test_what_is_malformed_is_refused_without_an_error(
    one: int, other: int, proof: list[bytes], root: bytes
) -> None:
    assert verify_inclusion(root, one, other, proof, root) is False or proof == []
    assert verify_consistency(one, other, proof, root, root) is False or one == other
    assert verify_inclusion(root[:31], 0, 1, [], root[:31]) is False
    assert verify_consistency(5, 5, [], root[:31], root[:31]) is False
    assert verify_consistency(one, other, proof, EMPTY_ROOT, root[:31]) is False


def test_a_proof_without_elements_does_not_stand_for_one_with() -> None:
    root = naive.mth(LEAVES[:6])

    assert verify_inclusion(root, 0, 2, [], root) is False
    assert verify_consistency(5, 6, [], naive.mth(LEAVES[:5]), root) is False
    assert verify_consistency(4, 6, [], naive.mth(LEAVES[:4]), root) is False


def test_the_empty_tree_begins_any_tree_and_only_by_its_own_root() -> None:
    root = LEAVES[0]

    assert verify_consistency(0, 9, [], EMPTY_ROOT, root) is True
    assert verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT) is True
    assert verify_consistency(0, 9, [], root, root) is False
    assert verify_consistency(0, 0, [], root, root) is False
    assert verify_consistency(0, 9, [root], EMPTY_ROOT, root) is False


def test_text_is_no_hash() -> None:
    text: Any = "x" * HASH

    assert verify_inclusion(text, 0, 1, [], text) is False
    assert verify_consistency(1, 2, [text], text, text) is False


def test_a_size_is_not_shown_by_an_inclusion_proof_alone() -> None:
    """Trees of 3 and of 4 have the same path to leaf 0: why a size comes from a checkpoint."""
    root, proof = naive.mth(LEAVES[:3]), naive.path(0, LEAVES[:3])

    assert verify_inclusion(LEAVES[0], 0, 4, proof, root) is True
    assert naive.included(LEAVES[0], 0, 4, proof, root) is True


# An entry of an attacker's own making is no node


def forgeries(module: ModuleType) -> int:
    """Count the entries made up of two leaf hashes that pass for the node above them."""
    first, second, third, fourth = (module.leaf_hash(b"entry %d" % n) for n in range(4))
    right = module.node_hash(third, fourth)
    root = module.node_hash(module.node_hash(first, second), right)
    made_up = [prefix + first + second for prefix in (b"", b"\0", b"\1")]
    return sum(
        module.verify_inclusion(module.leaf_hash(entry), 0, 2, [right], root) for entry in made_up
    )


def test_a_node_cannot_be_passed_off_as_an_entry() -> None:
    assert leaf_hash(b"") != EMPTY_ROOT
    assert forgeries(merkle) == 0


# Frontiers


def differing_frontiers(module: ModuleType, steps: Iterable[int]) -> int:
    """Count the roots that a frontier which grows in steps has otherwise than the naive tree."""
    frontier, differing = module.Frontier(), 0
    for step in steps:
        frontier.extend(iter(LEAVES[frontier.size : frontier.size + step]))
        differing += frontier.root() != naive.mth(LEAVES[: frontier.size])
    return differing


def test_a_frontier_has_the_root_at_every_size() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for size, leaf in enumerate(LEAVES[:600], 1):
        frontier.append(leaf)
        assert frontier.size == size
        assert frontier.root() == naive.mth(LEAVES[:size])


@given(st.lists(st.integers(0, 700), max_size=4))
def test_a_frontier_may_grow_in_any_steps(steps: list[int]) -> None:
    assert differing_frontiers(merkle, steps) == 0


def test_a_frontier_takes_no_leaf_of_another_length_and_stays_as_it_was() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:300])

    for wrong in (LEAVES[0][:-1], LEAVES[0] + b"\0", b""):
        with pytest.raises(ValueError, match="hash"):
            frontier.append(wrong)
        with pytest.raises(ValueError, match="hash"):
            frontier.extend([*LEAVES[300:350], wrong, *LEAVES[351:600]])
    assert frontier.size == 300
    assert frontier.root() == naive.mth(LEAVES[:300])


# Tiles


def naive_tiles(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """Return all tiles of a tree, from the definition."""
    tiles, level = dict[tuple[int, int], bytes](), 0
    while leaves:
        runs = [leaves[begin : begin + TILE] for begin in range(0, len(leaves), TILE)]
        tiles |= {(level, index): b"".join(run) for index, run in enumerate(runs)}
        leaves, level = [naive.mth(run) for run in runs if len(run) == TILE], level + 1
    return tiles


def differing_growth(module: ModuleType, steps: Iterable[int], *, lowest: int = 0) -> int:
    """Count where a store of tiles that grows in steps, and one tree that is asked throughout,
    differ from the naive ones."""
    tiles = Tiles() if lowest == 0 else LeafColumn()
    size = differing = 0
    tree = module.Tree(tiles)
    for step in steps:
        before, leaves = naive_tiles(LEAVES[:size]), LEAVES[size : size + step]
        changed = module.grown(tiles, size, leaves, lowest=lowest)
        size += len(leaves)
        if isinstance(tiles, LeafColumn):
            tiles.leaves = LEAVES[:size]
        tiles.held |= changed
        after = naive_tiles(LEAVES[:size]).items()
        differing += changed != {
            key: tile for key, tile in after if before.get(key) != tile and key[0] >= lowest
        }
        differing += tree.root(size) != naive.mth(LEAVES[:size])
        for index in range(0, size, 211):
            differing += tree.inclusion(index, size) != naive.path(index, LEAVES[:size])
            differing += tree.consistency(index + 1, size) != naive.proof(index + 1, LEAVES[:size])
    return differing


@settings(max_examples=40)
@given(st.lists(st.integers(0, 700), max_size=4), st.sampled_from([0, 1]))
def test_tiles_may_grow_in_any_steps(steps: list[int], lowest: int) -> None:
    assert differing_growth(merkle, steps, lowest=lowest) == 0


@pytest.fixture(scope="module")
def many() -> Tiles:
    """The tiles of a tree that has three levels of them, grown in steps of all lengths."""
    random, tiles, size = Random(9162), Tiles(), 0
    while size < len(MANY):
        leaves = MANY[size : size + random.choice([1, 2, 200, TILE, 3000, 9000])]
        tiles.held |= grown(tiles, size, leaves)
        size += len(leaves)
    return tiles


AROUND = [TILE - 1, TILE, TILE + 1, TILE**2 - 1, TILE**2, TILE**2 + 1, TILE**2 + TILE, len(MANY)]


@pytest.mark.parametrize("size", AROUND)
def test_trees_across_the_borders_of_tiles_are_as_defined(many: Tiles, size: int) -> None:
    random, tree, leaves = Random(size), Tree(many), MANY[:size]
    frontier = Frontier()
    frontier.extend(leaves)

    assert tree.root(size) == frontier.root() == naive.mth(leaves)
    index, old = random.randrange(size), random.randrange(1, size)
    assert tree.inclusion(index, size) == naive.path(index, leaves)
    assert tree.consistency(old, size) == naive.proof(old, leaves)


def test_a_tree_of_three_levels_holds_the_tiles_that_are_defined(many: Tiles) -> None:
    assert many.held == naive_tiles(MANY)
    assert {level for level, _ in many.held} == {0, 1, 2}


def differing_without(module: ModuleType, size: int, kept: int) -> int:
    """Count what is proved otherwise when so many bytes of each upper tile are left."""
    held = {key: tile if key[0] == 0 else tile[:kept] for key, tile in stored(LEAVES).held.items()}
    tree, leaves = module.Tree(Tiles(held)), LEAVES[:size]
    return sum(
        [
            tree.root(size) != naive.mth(leaves),
            tree.inclusion(size // 2, size) != naive.path(size // 2, leaves),
            tree.consistency(size // 3, size) != naive.proof(size // 3, leaves),
        ]
    )


@settings(max_examples=40)
@given(st.integers(3, len(LEAVES)), st.integers(0, 12 * HASH))
def test_upper_tiles_may_be_lost_or_cut_off(size: int, kept: int) -> None:
    assert differing_without(merkle, size, kept) == 0


def test_all_upper_tiles_may_be_lost(many: Tiles) -> None:
    leaves_only = Tiles({key: tile for key, tile in many.held.items() if key[0] == 0})
    tree = Tree(leaves_only)

    assert tree.root(len(MANY)) == naive.mth(MANY)
    assert grown(leaves_only, TILE**2 - 1, MANY[TILE**2 - 1 :], lowest=1) == {
        key: tile for key, tile in many.held.items() if key[0] > 0
    }


def test_a_tile_is_read_once(many: Tiles) -> None:
    tree = Tree(many)
    first = tree.root(len(MANY)), tree.inclusion(70, len(MANY))
    many.read.clear()

    assert (tree.root(len(MANY)), tree.inclusion(70, len(MANY))) == first
    assert many.read == []


def test_a_tree_keeps_no_more_tiles_than_it_may(
    many: Tiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merkle, "CACHED_TILES", 3)
    tree, size = Tree(many), len(MANY)
    root = tree.root(size)
    for index in range(0, 5000, 100):
        assert verify_inclusion(MANY[index], index, size, tree.inclusion(index, size), root)
        assert len(tree._cache) <= 3


def test_the_leaf_column_is_not_read_while_no_tile_becomes_full() -> None:
    column = LeafColumn(leaves=LEAVES[:10])

    assert grown(column, 10, LEAVES[10:20], lowest=1) == {}
    assert column.read == []
    assert grown(column, 10, [], lowest=0) == {}


def test_leaves_that_are_not_there_are_said_to_be_missing() -> None:
    tree = Tree(stored(LEAVES[:300]))

    for ask in (
        partial(tree.root, 301),
        partial(tree.inclusion, 7, 301),
        partial(tree.consistency, 7, 301),
        partial(tree.root, 2**62),
        partial(grown, Tiles(), 300, LEAVES[:1]),
    ):
        with pytest.raises(LeavesMissing):
            ask()


def test_a_hole_in_the_leaves_is_said_to_be_one() -> None:
    tiles = stored(LEAVES)
    del tiles.held[0, 3]

    assert Tree(tiles).root(len(LEAVES)) == naive.mth(LEAVES)  # the tile above has its root
    with pytest.raises(LeavesMissing, match="768"):
        Tree(tiles).inclusion(3 * TILE + 1, len(LEAVES))


@pytest.mark.parametrize(
    "ask",
    [
        lambda tree: tree.root(-1),
        lambda tree: tree.root(2**63),
        lambda tree: tree.inclusion(0, 0),
        lambda tree: tree.inclusion(10, 10),
        lambda tree: tree.inclusion(-1, 10),
        lambda tree: tree.inclusion(0, 2**63),
        lambda tree: tree.consistency(11, 10),
        lambda tree: tree.consistency(-1, 10),
        lambda tree: tree.consistency(1, 2**63),
        lambda tree: grown(Tiles(), -1, []),
        lambda tree: grown(Tiles(), 0, [LEAVES[0][1:]]),
        lambda tree: grown(Tiles(), 0, [LEAVES[0][1:], LEAVES[1] + b"x"]),
    ],
)
def test_what_no_tree_has_is_refused(ask: Callable[[Tree], object]) -> None:
    with pytest.raises(ValueError, match="no such"):
        ask(Tree(stored(LEAVES[:10])))


def test_a_tree_needs_no_proof_of_what_is_known() -> None:
    tree = Tree(stored(LEAVES[:10]))

    assert tree.root(0) == EMPTY_ROOT
    assert tree.inclusion(0, 1) == []
    assert tree.consistency(0, 10) == []
    assert tree.consistency(0, 0) == []
    assert tree.consistency(10, 10) == []


# What the tests above are worth: planted defects

Check = Callable[[ModuleType], int]

vectors: Check = differing_vectors


def inclusion(module: ModuleType) -> int:
    return inclusion_verdicts(module, 9).wrong


def consistency(module: ModuleType) -> int:
    return consistency_verdicts(module, 9).wrong


def proofs(module: ModuleType) -> int:
    return differing_proofs(module, range(10))


def frontiers(module: ModuleType) -> int:
    return differing_frontiers(module, [100, 200, 300])


def growth(module: ModuleType) -> int:
    return differing_growth(module, [128, 200, 300])


def growth_above_the_leaves(module: ModuleType) -> int:
    return differing_growth(module, [100, 200, 300, 700], lowest=1)


def lost_tiles(module: ModuleType) -> int:
    return differing_without(module, 2000, HASH)


DEFECTS: dict[str, tuple[Check, str, str]] = {
    "a leaf hashed as it is": (vectors, r'sha256(b"\0" + entry)', "sha256(entry)"),
    "a leaf that is a node": (forgeries, r'sha256(b"\0" + entry)', r'sha256(b"\1" + entry)'),
    "elements too many, in inclusion": (
        inclusion,
        "len(proof) == len(sides)",
        "len(proof) >= len(sides)",
    ),
    "elements too few, in inclusion": (
        inclusion,
        "len(proof) == len(sides)",
        "len(proof) <= len(sides)",
    ),
    "an index beyond the end": (inclusion, "0 <= index < size < TOO_LARGE and _", "_"),
    "a negative index": (
        inclusion,
        "0 <= index < size < TOO_LARGE and _",
        "index < size < TOO_LARGE and _",
    ),
    "hashes of any length": (
        inclusion,
        "return all([type(value)",
        "return True or all([type(value)",
    ),
    "a root not looked at": (inclusion, "_climbed(leaf, sides, proof) == root", "True"),
    "sides exchanged": (inclusion, "if is_left else", "if not is_left else"),
    "a ragged end without a parent": (
        inclusion,
        "        if begin < size:\n",
        "        if begin + (1 << height) <= size:\n",
    ),
    "elements too many, in consistency": (
        consistency,
        "if len(path) != 1 + len(sides):",
        "if len(path) < 1 + len(sides):",
    ),
    "elements too few, in consistency": (
        consistency,
        "if len(path) != 1 + len(sides):",
        "if not 0 < len(path) <= 1 + len(sides):",
    ),
    "an old root not looked at": (consistency, "return old_reached == old_root and ", "return "),
    "a new root not looked at": (
        consistency,
        " and _climbed(start, sides, siblings) == new_root",
        "",
    ),
    "an empty tree with a root": (consistency, "if old == 0 and old_root != EMPTY_ROOT", "if 0"),
    "one size and two roots": (consistency, "(old < new or old_root == new_root)", "True"),
    "a tree that shrinks": (consistency, "0 <= old <= new < TOO_LARGE and _", "_"),
    "a proof beside the empty tree": (consistency, "return not proof and (", "return ("),
    "an old root in its own proof": (proofs, "[(last, old)] if last > 0 else []", "[(last, old)]"),
    "a width of one too many": (
        proofs,
        "min(begin + (1 << height), size)",
        "begin + (1 << height)",
    ),
    "tiles across their borders": (frontiers, "TILE - self.size % TILE", "TILE"),
    "a subtree left alone": (frontiers, "while place % 2 == 1:", "if place % 2 == 1:"),
    "a tile remembered while it was short": (
        growth,
        "if len(held) < width * HASH:",
        "if (level, index) not in self._cache:",
    ),
    "a tile without its beginning": (
        growth,
        "_split(tree._tile(level, first, width)) + added",
        "added",
    ),
    "a parent above half a tile": (growth, "len(tile) == TILE]", "len(tile) >= TILE // 2]"),
    "levels one too high": (growth_above_the_leaves, "if level >= lowest:", "if level > lowest:"),
    "a full tile thought not to be": (
        growth_above_the_leaves,
        "width + len(added) < TILE",
        "width + len(added) <= TILE + 88",
    ),
    "a lost hash passed over": (lost_tiles, "for place in lost)", "for place in lost[1:])"),
}


def with_defects(*defects: tuple[str, str]) -> ModuleType:
    """Return the module with pieces of its source exchanged for others."""
    source = inspect.getsource(merkle)
    for sound, planted in defects:
        assert sound in source, f"no longer in the source: {sound}"
        source = source.replace(sound, planted)
    module = ModuleType("merkle_with_defects")
    exec(compile(source, module.__name__, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("check", list(dict.fromkeys(check for check, _, _ in DEFECTS.values())))
def test_what_finds_defects_finds_none_where_there_is_none(check: Check) -> None:
    assert check(merkle) == 0


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(defect: str) -> None:
    check, sound, planted = DEFECTS[defect]
    module = with_defects((sound, planted))
    try:
        found = check(module)
    except (ValueError, LookupError, AttributeError, TypeError):
        found = 1  # it does not get as far as an answer

    assert found > 0


def test_without_a_byte_before_each_kind_a_node_could_be_passed_off_as_an_entry() -> None:
    module = with_defects((r'b"\0" + entry', "entry"), (r'b"\1" + left + right', "left + right"))

    assert forgeries(module) == 1
