"""The manifest of a pack: what is in it, to the block of 64 KiB and to the page, and where the
entries stand in the log; and the note that signs it.

``verify_pack.py`` beside this reads both, and its docstring says what each part is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from send_records.disclosure.answer import Answer
from send_records.disclosure.held import Cut
from send_records.errors import Damaged
from send_records.store.notes import Checkpoint, Signer

FORMAT = "send-records/pack/1"
BLOCK = 65_536
"""Bytes of a file that have a hash of their own, so that a change is found to the block."""

Json = dict[str, Any]


class PackIncomplete(Damaged):
    """What a pack would say is given has no proof, no page or no file in it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the PDF."""

    number: int
    """From 1, as they come in the file."""
    label: str
    """As it is printed on the page, and as viewers show it."""
    entries: tuple[int, ...] = ()
    """Positions in the log of the entries that stand on it."""
    document: str | None = None
    """The name of the document, of those in ``documents``, of which it is a page."""


@dataclass(frozen=True, slots=True)
class PackContents:
    """All that a pack is made of: of the same contents, the same bytes."""

    purpose: str
    pupil_id: UUID
    trust: str
    answer: Answer | None
    """What is given as data too; None for a bundle, which is a PDF and the proofs."""
    pdf: tuple[str, bytes]
    """Its name, ``record.pdf`` or ``bundle.pdf``, and its bytes."""
    pages: tuple[Page, ...]
    """All of them, in their order."""
    documents: Mapping[str, bytes]
    """By name; those that are redacted already so."""
    extract: Json
    """As ``extract_at`` returns it, for the same cut."""
    cut: Cut
    preparation_id: UUID | None = None

    @property
    def known_at(self) -> datetime | None:
        """When the last entry was recorded of which anything is told, in UTC; None without one.

        Not when the last entry was, for that may be withheld, and its day with it.
        """
        times = [datetime.fromisoformat(one["recorded_at"]) for one in told(self.extract)]
        return max(times, default=None)


def told(extract: Json) -> list[Json]:
    """Return the entries of an extract of which more is told than that they are there."""
    return [one for one in extract["entries"] if "leaf" not in one]


def manifest(contents: PackContents, files: Mapping[str, bytes]) -> bytes:
    """Return the manifest of a pack's files, as JSON; raise PackIncomplete if an entry on a page
    has no proof, a page of a document no file, or the pages are not all there."""
    checkpoint = _checkpoint(contents.extract)
    entries = told(contents.extract)
    _require_whole(contents, {one["position"] for one in entries})
    known_at = contents.known_at
    said = {
        "format": FORMAT,
        "trust": contents.trust,
        "pupil_id": str(contents.pupil_id),
        "purpose": contents.purpose,
        "preparation_id": contents.preparation_id and str(contents.preparation_id),
        "position": contents.cut.position,
        "accesses": contents.cut.accesses,
        "as_of": contents.cut.as_of and contents.cut.as_of.isoformat(),
        "known_at": known_at and known_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "checkpoint": {"size": checkpoint.size, "root": _base64(checkpoint.root)},
        "files": [_file(name, data, contents) for name, data in files.items()],
        "pages": [_page(page, contents.pdf[0]) for page in contents.pages],
        "entries": [_entry(one, contents.pages) for one in entries],
    }
    return as_json(said)


def note(contents: PackContents, manifest: bytes, signer: Signer) -> str:
    """Return the note that says which manifest is the trust's, of which state of its log."""
    checkpoint = _checkpoint(contents.extract)
    lines = (
        signer.name,
        FORMAT,
        _base64(sha256(manifest).digest()),
        str(contents.cut.position),
        str(checkpoint.size),
        _base64(checkpoint.root),
    )
    return signer.sign("".join(f"{line}\n" for line in lines))


def as_json(value: JsonValue | Json) -> bytes:
    """Return JSON that people can read too, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def blocks(data: bytes) -> list[str]:
    """Return the SHA-256 of each block of a file, in hexadecimal."""
    return [sha256(data[at : at + BLOCK]).hexdigest() for at in range(0, len(data), BLOCK)]


def _require_whole(contents: PackContents, proved: set[int]) -> None:
    if unproved := _unproved(contents, proved):
        raise PackIncomplete(f"Without a proof is what is given of position {min(unproved)}.")
    pages = contents.pages
    if [page.number for page in pages] != list(range(1, len(pages) + 1)) or not pages:
        raise PackIncomplete(f"The pages of {contents.pdf[0]} are not told one after another.")
    if lacking := {page.document for page in pages} - {None} - contents.documents.keys():
        raise PackIncomplete(f"Not in the pack are documents on its pages: {len(lacking)}.")


def _unproved(contents: PackContents, proved: set[int]) -> set[int]:
    found = {position for page in contents.pages for position in page.entries}
    if contents.answer is not None:
        found |= {given.entry.position for given in contents.answer.entries}
    return found - proved


def _checkpoint(extract: Json) -> Checkpoint:
    return Checkpoint.parse(str(extract["checkpoint"]).split("\n\n")[0] + "\n")


def _file(name: str, data: bytes, contents: PackContents) -> Json:
    return {
        "name": name,
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
        "blocks": blocks(data),
        "pages": len(contents.pages) if name == contents.pdf[0] else None,
    }


def _page(page: Page, file: str) -> Json:
    document = None if page.document is None else f"documents/{page.document}"
    return {
        "file": file,
        "page": page.number,
        "label": page.label,
        "entries": list(page.entries),
        "document": document,
    }


def _entry(entry: Json, pages: Sequence[Page]) -> Json:
    position = entry["position"]
    return {
        "position": position,
        "redacted": "content" in entry,
        "pages": [page.number for page in _with(position, pages)],
    }


def _with(position: int, pages: Iterable[Page]) -> Iterable[Page]:
    return (page for page in pages if position in page.entries)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
