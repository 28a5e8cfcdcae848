"""Another implementation reads what is signed and proved here: the Go authors' own.

It runs ``tests/peers/check.go``, where Go and its library are installed, and nothing else is asked
of the network for it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from send_records.store.merkle import Tree, grown
from send_records.store.notes import Checkpoint, Signer

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parents[1] / "peers" / "check.go"
GOPATH = Path("/usr/share/gocode")
"""Where Debian keeps the sources of Go packages."""

SIGNER = Signer.generate("trust.example/events")
SIZES = [1, 2, 3, 7, 8, 255, 256, 257, 1000, 65_537]

Statement = dict[str, Any]


class Tiles:
    """Tiles of a tree of so many leaves."""

    def __init__(self, size: int) -> None:
        self.leaves = [sha256(b"leaf %d" % n).digest() for n in range(size)]
        self.held: dict[tuple[int, int], bytes] = {}
        self.held = grown(self, 0, self.leaves)

    def tile(self, level: int, index: int) -> bytes:
        return self.held.get((level, index), b"")


def text(raw: bytes) -> str:
    return b64encode(raw).decode()


def statement(size: int, index: int, old: int) -> Statement:
    """Return a checkpoint, and proofs that it has a leaf and begins with an older tree."""
    tiles = Tiles(size)
    tree = Tree(tiles)
    return {
        "vkey": SIGNER.vkey,
        "note": SIGNER.sign(Checkpoint(SIGNER.name, size, tree.root(size)).text),
        "leaves": [text(leaf) for leaf in tiles.leaves],
        "index": index,
        "inclusion": [text(node) for node in tree.inclusion(index, size)],
        "old_size": old,
        "old_root": text(tree.root(old)),
        "consistency": [text(node) for node in tree.consistency(old, size)],
    }


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other implementation, built from Debian's packages alone."""
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb/note").is_dir():
        pytest.skip("needs Debian's golang-go and golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("peer")
    offline = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOPROXY": "off", "GOFLAGS": ""}
    subprocess.run(
        ["go", "build", "-o", folder / "check", PROGRAM],
        env={**os.environ, **offline, "GOCACHE": str(folder / "cache")},
        check=True,
    )
    return folder / "check"


def verdict(peer: Path, said: Statement) -> str:
    """Return what the other implementation says: "ok", or what is wrong."""
    ran = subprocess.run([peer], input=json.dumps(said), capture_output=True, text=True)
    assert ran.returncode == (0 if ran.stdout == "ok\n" else 1), ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize("size", SIZES)
def test_another_implementation_accepts_our_checkpoints_and_proofs(peer: Path, size: int) -> None:
    places = {(0, 1), (size // 2, size // 2 or 1), (size - 1, size), (size // 3, size - size // 3)}
    for index, old in places:
        assert verdict(peer, statement(size, index, old)) == "ok"


def test_another_implementation_accepts_every_proof_of_a_small_tree(peer: Path) -> None:
    for size in range(1, 12):
        for index in range(size):
            assert verdict(peer, statement(size, index, index + 1)) == "ok"


def without_end(said: Statement, proof: str) -> None:
    said[proof].pop()


def exchanged(said: Statement, proof: str) -> None:
    said[proof][0], said[proof][1] = said[proof][1], said[proof][0]


def lengthened(said: Statement, proof: str) -> None:
    said[proof].append(said[proof][-1])


def other_leaf(said: Statement) -> None:
    said["leaves"][3] = said["leaves"][4]


def other_size(said: Statement) -> None:
    said["note"] = said["note"].replace("\n1000\n", "\n1001\n")


def other_index(said: Statement) -> None:
    said["index"] += 1


def other_old_size(said: Statement) -> None:
    said["old_size"] += 1


def other_old_root(said: Statement) -> None:
    said["old_root"] = said["leaves"][0]


def other_key(said: Statement) -> None:
    said["vkey"] = Signer.generate(SIGNER.name).vkey


def other_text(said: Statement) -> None:
    said["note"] = said["note"].replace("\n\n", "\nmore\n\n")


MUTATIONS: dict[str, tuple[Callable[[Statement], None], str]] = {
    "a leaf": (other_leaf, "root"),
    "the size": (other_size, "note"),
    "the key": (other_key, "note"),
    "the signed text": (other_text, "note"),
    "the index": (other_index, "inclusion"),
    "the old size": (other_old_size, "consistency"),
    "the old root": (other_old_root, "consistency"),
    **{
        f"{proof}, {change.__name__}": (partial(change, proof=proof), proof)
        for proof in ("inclusion", "consistency")
        for change in (without_end, exchanged, lengthened)
    },
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_another_implementation_refuses_what_was_altered(peer: Path, mutation: str) -> None:
    alter, complaint = MUTATIONS[mutation]
    said = statement(1000, 567, 321)
    assert verdict(peer, said) == "ok"

    alter(said)

    assert verdict(peer, said).startswith(f"{complaint}: ")
