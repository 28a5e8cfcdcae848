"""The extract: a pupil's entries as the log stores them, with what proves them to somebody who has
neither our database nor our program.

``verify_extract.py`` beside this reads it, and its docstring says what each part is.  An entry's
words are opened by the secret of that one entry; the pupil's key stays here.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
from send_records.store.sealing import Seals

FORMAT = "send-records/extract/1"
VERIFIER = files("send_records.disclosure").joinpath("verify_extract.py")
"""What the receiver runs on it: one file, Python's standard library, and ``cryptography``."""

ADMITTED = "PupilAdmitted"
"""The first entry of every pupil's record, and of nothing else."""

Row = dict[str, Any]


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
    rows = _rows(connection, pupil_id)
    if not rows or rows[0]["topic"] != ADMITTED:
        raise NotFound("No pupil has that id.")
    if words and erased_among(connection, [pupil_id]):
        raise Erased("This record was erased: its words can be opened to nobody.")
    newest = _signed_up_to(connection, rows[-1]["position"])
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


def _rows(connection: Connection, pupil_id: UUID) -> list[Row]:
    with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        return cursor.execute(
            "SELECT position, stream_id, version, topic, class_version, recorded_at, actor_id, "
            "command_id, request_mac, clear::text, sealed FROM events "
            "WHERE stream_id = %s ORDER BY version",
            [pupil_id],
        ).fetchall()


def _signed_up_to(connection: Connection, position: int) -> Signed:
    found = _checkpoint(connection, NEWEST, position)
    if found is None:
        raise NotSignedYet("The notary has not signed the last entry yet: ask again in a moment.")
    return found


NEWEST = """
    SELECT note FROM checkpoints WHERE tree = 'events' AND size >= %s ORDER BY size DESC LIMIT 1
"""
EARLIER = "SELECT note FROM checkpoints WHERE tree = 'events' AND size = %s"


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


def _entry(row: Row, seals: Seals, tree: Tree, size: int, words: bool) -> Row:
    secret = seals.secret(row["stream_id"], row["sealed"]) if words else None
    return {
        "position": row["position"],
        "stream_id": str(row["stream_id"]),
        "version": row["version"],
        "topic": row["topic"],
        "class_version": row["class_version"],
        "recorded_at": row["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": str(row["actor_id"]),
        "command_id": str(row["command_id"]),
        "request_mac": _text(row["request_mac"]),
        "clear": row["clear"],
        "sealed": _text(row["sealed"]),
        "secret": None if secret is None else _text(secret),
        "proof": [_text(part) for part in tree.inclusion(row["position"] - 1, size)],
    }


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
