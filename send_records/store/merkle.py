"""The Merkle tree over the log (RFC 9162, section 2.1): roots, proofs, and how to check them.

Hashes are SHA-256, of 32 bytes; a tree is known by its size in leaves.  What is stored are tiles as
in C2SP tlog-tiles, of height 8: tile ``index`` of level 0 holds the leaves from 256 * index on, and
hash ``index`` of level L is the root of the full tile ``index`` of level L - 1.  Only leaves are
needed: whatever is missing above them is computed from them.

A proof shows only what its roots show.  Trees of different sizes may have the same path to a leaf,
so a size is to be believed only together with its root, from one signed checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from hashlib import sha256
from itertools import compress, islice, repeat
from typing import Protocol

HASH = 32  # bytes in a hash
TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT  # hashes in a full tile
TOO_LARGE = 2**63  # sizes are stored as int8
CACHED_TILES = 1024  # 8 MB when all are full
EMPTY_ROOT = sha256().digest()

Proof = Sequence[bytes]
"""Hashes of nodes, from below."""


class LeavesMissing(LookupError):
    """The leaves stored are fewer than a tree of that size has."""


class TileSource(Protocol):
    """Where the tiles are."""

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes in a tile, one after another; b"" if none is stored.  In the last tile
        there may be more than there were at some earlier size."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry of the log; its first byte tells it from a node's."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that grows from nothing and keeps only what its root needs: the roots of the whole
    subtrees at its right edge, one for each 1 in the binary form of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash; raise ValueError if it is not of 32 bytes."""
        self.extend([leaf])

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in their order, a tile at a time; raise ValueError if one is not of 32
        bytes, with the tiles before it added."""
        ahead = iter(leaves)
        while tile := list(islice(ahead, TILE - self.size % TILE)):
            _require(_are_hashes(tile))
            if len(tile) == TILE:
                self._push(_whole_root(tile), TILE_HEIGHT)
            else:
                for leaf in tile:
                    self._push(leaf, 0)

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        return _joined(self._subtrees)

    def _push(self, subtree: bytes, height: int) -> None:
        """Add a whole subtree of 2**height leaves; the size is a multiple of that."""
        place = self.size >> height
        while place % 2 == 1:
            subtree = node_hash(self._subtrees.pop(), subtree)
            place //= 2
        self._subtrees.append(subtree)
        self.size += 1 << height


class Tree:
    """Roots and proofs at any size that the leaves reach to.  It keeps tiles that it has read, so
    it is for one thread: it sees the log grow, and no stored hash change."""

    def __init__(self, tiles: TileSource) -> None:
        self._tiles = tiles
        self._cache: dict[tuple[int, int], bytes] = {}

    def root(self, size: int) -> bytes:
        """Return the root (2.1.1); raise ValueError if it is no size, or LeavesMissing."""
        _require(0 <= size < TOO_LARGE)
        return self._root(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the proof that a leaf is in the tree of a size (2.1.3.1).  Raise ValueError if
        that tree has no such leaf, or LeavesMissing."""
        _require(0 <= index < size < TOO_LARGE)
        return [self._root(*sibling) for sibling in _siblings(index, 0, size)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof, empty if it needs none, that the tree of the new size begins with that
        of the old (2.1.4.1).  Raise ValueError if the old is larger, or LeavesMissing."""
        _require(0 <= old <= new < TOO_LARGE)
        if old in (0, new):
            return []
        height = _height(old)
        last = old - (1 << height)
        nodes = [(last, old)] if last > 0 else []  # or it is the old root, which is known
        nodes += _siblings(last, height, new)
        return [self._root(*node) for node in nodes]

    def _tile(self, level: int, index: int, width: int) -> bytes:
        """Return so many hashes of a tile, from its first; what is not stored is computed."""
        held = self._cache.get((level, index), b"")
        if len(held) < width * HASH:
            stored = _split(self._tiles.tile(level, index))
            lost = range(index * TILE + len(stored), index * TILE + width)
            if lost and level == 0:
                raise LeavesMissing(f"Leaf {lost.start} is not stored.")
            below = (self._tile(level - 1, place, TILE) for place in lost)
            held = b"".join([*stored, *(_whole_root(_split(tile)) for tile in below)])
            if len(self._cache) >= CACHED_TILES:
                del self._cache[next(iter(self._cache))]
            self._cache[level, index] = held
        return held[: width * HASH]

    def _root(self, begin: int, end: int) -> bytes:
        """Return the root over the leaves under one node, or under none.  It joins whole subtrees,
        each in one tile, that are as wide as fits from the left."""
        subtrees = []
        while begin < end:
            height = (end - begin).bit_length() - 1
            level, rest = divmod(height, TILE_HEIGHT)
            index, first = divmod(begin >> level * TILE_HEIGHT, TILE)
            hashes = self._tile(level, index, first + 2**rest)
            subtrees.append(_whole_root(_split(hashes[first * HASH :])))
            begin += 1 << height
        return _joined(subtrees)


def grown(
    tiles: TileSource, size: int, leaves: Sequence[bytes], *, lowest: int = 0
) -> dict[tuple[int, int], bytes]:
    """Return the tiles, by level and index, that change when leaves are appended to a tree of a
    size, with all that they then hold; those below the lowest level are left out.

    Raise ValueError if a leaf is not of 32 bytes or it is no size, or LeavesMissing.
    """
    _require(0 <= size < TOO_LARGE and _are_hashes(leaves))
    tree, changed = Tree(tiles), dict[tuple[int, int], bytes]()
    level, added = 0, list(leaves)
    while added:
        first, width = divmod(size, TILE)
        if level < lowest and width + len(added) < TILE:
            break
        hashes = _split(tree._tile(level, first, width)) + added
        held = [hashes[begin : begin + TILE] for begin in range(0, len(hashes), TILE)]
        if level >= lowest:
            changed |= {(level, first + n): b"".join(tile) for n, tile in enumerate(held)}
        added = [_whole_root(tile) for tile in held if len(tile) == TILE]
        level, size = level + 1, first
    return changed


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Proof, root: bytes) -> bool:
    """Say whether the proof shows that the leaf is at the index of the tree of that size and root
    (2.1.3.2).  What is malformed shows nothing, and is no error."""
    if not (0 <= index < size < TOO_LARGE and _are_hashes([leaf, root, *proof])):
        return False
    sides = [begin < index for begin, _ in _siblings(index, 0, size)]
    return len(proof) == len(sides) and _climbed(leaf, sides, proof) == root


def verify_consistency(old: int, new: int, proof: Proof, old_root: bytes, new_root: bytes) -> bool:
    """Say whether the proof shows that the tree of the new size and root begins with that of the
    old (2.1.4.2).  What is malformed shows nothing, and is no error."""
    if not (0 <= old <= new < TOO_LARGE and _are_hashes([old_root, new_root, *proof])):
        return False
    if old == 0 and old_root != EMPTY_ROOT:
        return False
    if old in (0, new):
        return not proof and (old < new or old_root == new_root)
    height = _height(old)
    path = [old_root, *proof] if old == 1 << height else proof
    sides = [begin < old for begin, _ in _siblings(old - 1, height, new)]
    if len(path) != 1 + len(sides):
        return False
    start, *siblings = path
    # Whatever is to the left of the old tree's last subtree is in both trees.
    old_reached = _climbed(start, repeat(True), compress(siblings, sides))
    return old_reached == old_root and _climbed(start, sides, siblings) == new_root


def _siblings(leaf: int, height: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the siblings, as the ranges of leaves under them, on the way to the root from the node
    at a height above a leaf.  A node at the end may have none: then it is its own parent."""
    while 1 << height < size:
        begin = (leaf >> height ^ 1) << height
        if begin < size:
            yield begin, min(begin + (1 << height), size)
        height += 1


def _height(size: int) -> int:
    """Return the height of the last whole subtree of a tree that is not empty."""
    return (size & -size).bit_length() - 1


def _climbed(start: bytes, sides: Iterable[bool], siblings: Iterable[bytes]) -> bytes:
    for is_left, sibling in zip(sides, siblings, strict=False):
        start = node_hash(sibling, start) if is_left else node_hash(start, sibling)
    return start


def _whole_root(hashes: list[bytes]) -> bytes:
    """Return the root over 2**n hashes, a level at a time: nothing else here costs as much."""
    while len(hashes) > 1:
        left, right = hashes[::2], hashes[1::2]
        hashes = [sha256(b"\1" + a + b).digest() for a, b in zip(left, right, strict=True)]
    return hashes[0]


def _joined(subtrees: Sequence[bytes]) -> bytes:
    """Return the root over whole subtrees, each narrower than the one to its left."""
    return reduce(lambda right, left: node_hash(left, right), reversed(subtrees or [EMPTY_ROOT]))


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[n : n + HASH] for n in range(0, len(hashes) - HASH + 1, HASH)]


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all([type(value) is bytes and len(value) == HASH for value in values])


def _require(within: bool) -> None:
    if not within:
        raise ValueError("There is no such hash, or no such size or index of a tree.")
