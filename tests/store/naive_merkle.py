"""A second Merkle tree, as slow as its definition: RFC 9162, 2.1.1 to 2.1.4, step for step.

It shares no code with the first and is read beside the RFC.  ``d`` is a list of leaf hashes, and
``d[0:n]`` is the RFC's ``D_n``.  The two checks at the end are the definitions read backwards: they
take a proof apart from the root down, where the RFC's algorithms build it up from the leaf.
"""

from __future__ import annotations

import hashlib


def hash_of(data: bytes) -> bytes:
    return hashlib.new("sha256", data).digest()


def leaf(entry: bytes) -> bytes:
    return hash_of(bytes([0x00]) + entry)


def node(left: bytes, right: bytes) -> bytes:
    return hash_of(bytes([0x01]) + left + right)


def split(n: int) -> int:
    """The largest power of two smaller than n, for n > 1."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    """2.1.1: the Merkle tree hash."""
    if not d:
        return hash_of(b"")
    if len(d) == 1:
        return d[0]
    k = split(len(d))
    return node(mth(d[0:k]), mth(d[k:]))


def path(m: int, d: list[bytes]) -> list[bytes]:
    """2.1.3.1: the inclusion proof for leaf m."""
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return [*path(m, d[0:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[0:k])]


def proof(m: int, d: list[bytes]) -> list[bytes]:
    """2.1.4.1: the consistency proof for the first m leaves, 0 < m <= n."""
    return subproof(m, d, True)


def subproof(m: int, d: list[bytes], known: bool) -> list[bytes]:
    """2.1.4.1: ``known`` is the RFC's b, whether the hash of these m leaves is the old root."""
    if m == len(d):
        return [] if known else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[0:k], known), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[0:k])]


def root_by_path(m: int, n: int, hashes: list[bytes], start: bytes) -> bytes | None:
    """The root that ``path(m, d)`` leads to from leaf m of n, or None if it has no such form."""
    if n == 1:
        return None if hashes else start
    if not hashes:
        return None
    *below, last = hashes
    k = split(n)
    if m < k:
        left = root_by_path(m, k, below, start)
        return None if left is None else node(left, last)
    right = root_by_path(m - k, n - k, below, start)
    return None if right is None else node(last, right)


def included(start: bytes, m: int, n: int, hashes: list[bytes], root: bytes) -> bool:
    return 0 <= m < n and root_by_path(m, n, hashes, start) == root


def roots_by_proof(
    m: int, n: int, hashes: list[bytes], old_root: bytes, known: bool
) -> tuple[bytes, bytes] | None:
    """The old root and the new that ``subproof(m, d, known)`` leads to, or None."""
    if m == n:
        if known:
            return None if hashes else (old_root, old_root)
        return (hashes[0], hashes[0]) if len(hashes) == 1 else None
    if not hashes:
        return None
    *below, last = hashes
    k = split(n)
    if m <= k:
        roots = roots_by_proof(m, k, below, old_root, known)
        return None if roots is None else (roots[0], node(roots[1], last))
    roots = roots_by_proof(m - k, n - k, below, old_root, False)
    return None if roots is None else (node(last, roots[0]), node(last, roots[1]))


def consistent(m: int, n: int, hashes: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    if m == 0 <= n:
        return not hashes and old_root == mth([]) and (n > 0 or new_root == mth([]))
    return 0 < m <= n and roots_by_proof(m, n, hashes, old_root, True) == (old_root, new_root)
