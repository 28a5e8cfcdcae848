"""The extract: a pupil's entries as the log stores them, with what proves them to somebody who has
neither our database nor our program.

``verify_extract.py`` beside this reads it, and its docstring says what each part is.  An entry's
words are opened by the secret of that one entry; the pupil's key stays here.

There are two: of the whole record as it is now, and, in a pack, of the record up to a position, in
which each entry is opened, closed or opaque.  The second is the same whenever it is made.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from send_records.errors import Erased, Invalid, NotFound, NotReadyYet
from send_records.store.ledger import Log, Tiles
from send_records.store.merkle import Tree
from send_records.store.notes import Checkpoint
from send_records.store.recorder import erased_among
from send_records.store.sealing import Seals, sized

FORMAT, FORMAT_2 = "send-records/extract/1", "send-records/extract/2"
VERIFIER = files("send_records.disclosure").joinpath("verify_extract.py")
"""What the receiver runs on it: one file, Python's standard library, and ``cryptography``."""

ADMITTED = "PupilAdmitted"
"""The first entry of every pupil's record, and of nothing else."""

Row = dict[str, Any]


class Way(StrEnum):
    """How much of an entry an extract up to a position tells."""

    OPENED = "opened"
    """All of it, with the secret that opens its words."""
    CLOSED = "closed"
    """What it is, when and by whom it was recorded, and of its fields only a hash: so that the
    length of what is sealed does not tell of what was taken out."""
    OPAQUE = "opaque"
    """That the log has a leaf there."""


class NotSignedYet(NotReadyYet):
    """An extract is proved by a checkpoint over all of it, and the notary has not signed one."""


class CheckpointUnknown(Invalid):
    """The size is that of no checkpoint of this log."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint, and the note that says so."""

    checkpoint: Checkpoint
    note: str


def extract(
    connection: Connection,
    seals: Seals,
    vkeys: Sequence[str],
    pupil_id: UUID,
    *,
    words: bool,
    seen: int | None = None,
) -> Row:
    """Return a pupil's entries with their proofs, as JSON values.

    ``words``: whether each entry comes with the secret that opens it.  ``seen``: the size of an
    earlier checkpoint that the receiver holds, from which the present one is proved to follow.
    Raise NotFound; Erased if words are asked of a pupil who was erased; CheckpointUnknown;
    NotSignedYet if the last entry is not signed: the notary is to be asked (``ask_to_sign``).
    """
    rows = _rows(connection, pupil_id, words=words)
    newest = _signed(connection, NEWEST, rows[-1]["position"])
    tree = Tree(Tiles(connection, Log.EVENTS))
    return {
        "format": FORMAT,
        "trust": seals.trust,
        "pupil_id": str(pupil_id),
        "made_at": datetime.now(UTC).isoformat(),
        "keys": list(vkeys),
        "checkpoint": newest.note,
        "entries": [_entry(row, seals, tree, newest.checkpoint.size, words) for row in rows],
        "consistency": [] if seen is None else [_since(connection, tree, seen, newest)],
    }


def extract_at(
    connection: Connection,
    seals: Seals,
    vkeys: Sequence[str],
    pupil_id: UUID,
    up_to: int,
    ways: Mapping[int, Way],
) -> Row:
    """Return a pupil's entries up to a position with their proofs, as JSON values: the same ones at
    whatever time, under the smallest checkpoint that covers them all.

    ``ways``: how much is told of the entry at each position; one that is not named is opaque.  It
    was made, so it says, when the last entry was recorded of which anything is told.  Raise as
    ``extract`` does; NotFound too if none of the pupil's entries is that early.
    """
    rows = _rows(connection, pupil_id, words=True, up_to=up_to)
    smallest = _signed(connection, SMALLEST, rows[-1]["position"])
    tree, size = Tree(Tiles(connection, Log.EVENTS)), smallest.checkpoint.size
    told = [row for row in rows if ways.get(row["position"], Way.OPAQUE) is not Way.OPAQUE]
    return {
        "format": FORMAT_2,
        "trust": seals.trust,
        "pupil_id": str(pupil_id),
        "made_at": _at(max((row["recorded_at"] for row in told), default=NOUGHT)),
        "up_to": up_to,
        "keys": list(vkeys),
        "checkpoint": smallest.note,
        "entries": [
            _told(row, ways.get(row["position"], Way.OPAQUE), seals, tree, size) for row in rows
        ],
        "consistency": [],
    }


NOUGHT = datetime(2000, 1, 1, tzinfo=UTC)
"""When an extract was made that tells nothing."""


def _rows(
    connection: Connection, pupil_id: UUID, *, words: bool, up_to: int = 2**63 - 1
) -> list[Row]:
    """Return a pupil's entries; raise NotFound, or Erased if there are no words to open."""
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        rows = cursor.execute(
            "SELECT position, stream_id, version, topic, class_version, recorded_at, actor_id, "
            "command_id, request_mac, clear::text, sealed, leaf FROM events "
            "WHERE stream_id = %s AND position <= %s ORDER BY version",
            [pupil_id, up_to],
        ).fetchall()
    if not rows or rows[0]["topic"] != ADMITTED:
        raise NotFound("No pupil has that id.")
    if words and erased_among(connection, [pupil_id]):
        raise Erased("This record was erased: its words can be opened to nobody.")
    return rows


NEWEST = """
    SELECT note FROM checkpoints WHERE tree = 'events' AND size >= %s ORDER BY size DESC LIMIT 1
"""
SMALLEST = """
    SELECT note FROM checkpoints WHERE tree = 'events' AND size >= %s ORDER BY size LIMIT 1
"""
EARLIER = "SELECT note FROM checkpoints WHERE tree = 'events' AND size = %s"


def _signed(connection: Connection, query: LiteralString, position: int) -> Signed:
    found = _checkpoint(connection, query, position)
    if found is None:
        raise NotSignedYet("The notary has not signed the last entry yet: ask again in a moment.")
    return found


def _checkpoint(connection: Connection, query: LiteralString, size: int) -> Signed | None:
    row = connection.execute(query, [size]).fetchone()
    if row is None:
        return None
    return Signed(Checkpoint.parse(row[0].split("\n\n")[0] + "\n"), row[0])


def _since(connection: Connection, tree: Tree, seen: int, newest: Signed) -> Row:
    earlier = _checkpoint(connection, EARLIER, seen)
    if earlier is None or seen > newest.checkpoint.size:
        raise CheckpointUnknown(f"No checkpoint was signed over {seen} entries.")
    proof = tree.consistency(seen, newest.checkpoint.size)
    return {"seen": earlier.note, "proof": [_text(part) for part in proof]}


def _told(row: Row, way: Way, seals: Seals, tree: Tree, size: int) -> Row:
    whole = _entry(row, seals, tree, size, way is Way.OPENED)
    if way is Way.OPENED:
        return whole
    if way is Way.OPAQUE:
        return {"position": row["position"], "leaf": _text(row["leaf"]), "proof": whole["proof"]}
    fields = sized(row["clear"].encode()) + sized(row["sealed"])
    kept = {name: whole[name] for name in whole if name not in ("clear", "sealed", "secret")}
    return kept | {"content": _text(sha256(fields).digest())}


def _entry(row: Row, seals: Seals, tree: Tree, size: int, words: bool) -> Row:
    secret = seals.secret(row["stream_id"], row["sealed"]) if words else None
    return {
        "position": row["position"],
        "stream_id": str(row["stream_id"]),
        "version": row["version"],
        "topic": row["topic"],
        "class_version": row["class_version"],
        "recorded_at": _at(row["recorded_at"]),
        "actor_id": str(row["actor_id"]),
        "command_id": str(row["command_id"]),
        "request_mac": _text(row["request_mac"]),
        "clear": row["clear"],
        "sealed": _text(row["sealed"]),
        "secret": None if secret is None else _text(secret),
        "proof": [_text(part) for part in tree.inclusion(row["position"] - 1, size)],
    }


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
