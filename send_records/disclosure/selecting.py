"""What is given without anybody's deciding item by item: the whole record, to the next school, and
the entries of a kind between two days, for a bundle."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from send_records.disclosure.answer import Answer, GivenDocument, GivenEntry
from send_records.disclosure.held import Held, HeldDocument
from send_records.projections.telling.base import in_plain_words

EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/plain": "txt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}
"""How the names of files end, by their types: those of ``rules/documents.toml``."""


def whole(held: Held) -> Answer:
    """Return all that is held: what a school hands over when a pupil moves on."""
    documents = tuple(
        GivenDocument(document, name_of(number, document))
        for number, document in enumerate(held.documents, start=1)
    )
    return Answer(
        held=held,
        entries=tuple(map(GivenEntry, held.entries)),
        documents=documents,
        schedule=(),
        phrases=(),
        recipients=held.recipients,
        accesses=held.accesses,
        sources=held.sources,
        kept=held.kept,
    )


def selected(
    held: Held,
    *,
    kinds: Collection[str] | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
) -> tuple[GivenEntry, ...]:
    """Return the entries of some kinds of record (see ``lines.KINDS``; of all without them) that
    happened between two days, in the order in which they happened."""
    found = [
        entry
        for entry in held.entries
        if (kinds is None or entry.kind in kinds)
        and (from_on is None or from_on <= entry.occurred_on)
        and (to_on is None or entry.occurred_on <= to_on)
    ]
    return tuple(map(GivenEntry, sorted(found, key=lambda each: (each.occurred_on, each.version))))


def name_of(number: int, document: HeldDocument) -> str:
    """Return what a document's file is called: its number, its day and its kind, and nobody's
    words: "03 2025-11-02 professional report.pdf"."""
    row = document.row
    ending = EXTENSIONS.get(row.media_type, "bin")
    return f"{number:02} {row.dated.isoformat()} {in_plain_words(row.kind)}.{ending}"


def named(number: int, document: GivenDocument) -> GivenDocument:
    """Return a document that is given with the name that its place gives it."""
    return replace(document, name=name_of(number, document.document))
