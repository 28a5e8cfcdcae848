"""Items of a bundle: from what is wanted to the document on file, or to the sheet that is set from
the record as it was known on a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from send_records.aggregates.bundle_contents import ItemWanted, Sheet
from send_records.aggregates.values import day_in_words
from send_records.disclosure.bundle.numbers import PageOf
from send_records.disclosure.bundle.pages import IMAGES, PDF, TEXT
from send_records.disclosure.bundle.parts import (
    BundleOf,
    DocumentItem,
    Item,
    SheetItem,
    SheetKind,
)
from send_records.disclosure.held import Held, HeldDocument
from send_records.disclosure.lines import KINDS
from send_records.disclosure.pack import Page
from send_records.disclosure.selecting import name_of, selected
from send_records.errors import NotFound

OF_THE_RECORD_ITSELF = frozenset({"Access and disclosure", "Keeping of the record"})
"""Kinds of record that tell of the record and not of the pupil: no part of the story."""

STORY = frozenset(KINDS.values()) - OF_THE_RECORD_ITSELF


@dataclass(frozen=True, slots=True)
class Shape:
    """What a sheet is called, which kinds of record are on it, and in which shape."""

    title: str
    kinds: frozenset[str] | None
    kind: SheetKind = SheetKind.ENTRIES


SHEETS: dict[Sheet, Shape] = {
    Sheet.CHRONOLOGY: Shape("Chronology from the school's record", STORY, SheetKind.CHRONOLOGY),
    Sheet.PLANS: Shape("Plans and targets", frozenset({"Plans and targets"})),
    Sheet.REVIEWS: Shape("Reviews and views", frozenset({"Reviews and views"})),
    Sheet.PROVISION: Shape("Provision", frozenset({"Provision"})),
    Sheet.ASSESSMENTS: Shape(
        "Assessments and attainment", frozenset({"Assessments and attainment"})
    ),
    Sheet.AGREEMENTS: Shape("Agreements and notices", frozenset({"Agreements and notices"})),
    Sheet.COMMUNICATIONS: Shape("Communications", frozenset({"Communications"})),
    Sheet.ADJUSTMENTS: Shape("Adjustments", frozenset({"Adjustments"})),
    Sheet.WHOLE_RECORD: Shape("The school's record", STORY),
}


Known = dict[date | None, Held]
"""What was held as it was known by the end of a day; under None, as the bundle has it."""


class NothingOnSheet(NotFound):
    """A sheet shows entries of the record, and there is none of that kind in those days."""


def beside(of: BundleOf, held: Held) -> dict[str, bytes]:
    """Return the files of which no page can be made, which go beside the bundle, by name."""
    items = (item for section in of.sections for item in section.items)
    files = [
        item
        for item in items
        if isinstance(item, DocumentItem) and item.media_type not in (PDF, TEXT, *IMAGES)
    ]
    return {
        name_of(number, _on_file(held, item.document_id)): item.content
        for number, item in enumerate(files, start=1)
        if item.document_id is not None
    }


def page_of(page: PageOf, of: BundleOf, held: Held) -> Page:
    """Return a page with the positions of the entries on it or, of a document, of the entry that
    filed it, which has its hash."""
    positions = {entry.version: entry.position for entry in held.entries}
    entries = [positions[version] for version in page.entries]
    if page.section is not None and page.item is not None:
        item = of.sections[page.section].items[page.item]
        if isinstance(item, DocumentItem) and item.document_id is not None:
            entries.append(_on_file(held, item.document_id).position)
    return Page(page.number, page.label, tuple(entries))


def item_of(wanted: ItemWanted, known: Known, contents: Mapping[UUID, bytes]) -> Item:
    """Return what is wanted as it stands in the bundle; raise NothingOnSheet, or NotFound for a
    document that was not on file then."""
    if wanted.document_id is not None:
        return _document(wanted, _on_file(known[None], wanted.document_id), contents)
    if wanted.sheet is None:
        raise NotFound("That names neither a document nor a sheet.")
    shape = SHEETS[wanted.sheet]
    held = known[wanted.known_on]
    given = selected(held, kinds=shape.kinds, from_on=wanted.from_on, to_on=wanted.to_on)
    if not given:
        raise NothingOnSheet(f"There is nothing on record for the sheet “{shape.title}”.")
    title = shape.title
    if wanted.known_on is not None:
        title += f", as it was known on {day_in_words(wanted.known_on)}"
    return SheetItem(title, given, shape.kind)


def _on_file(held: Held, document_id: UUID) -> HeldDocument:
    for document in held.documents:
        if document.row.document_id == document_id:
            return document
    raise NotFound("A document was not on file then: leave it out, or ask as of a later day.")


def _document(
    wanted: ItemWanted, document: HeldDocument, contents: Mapping[UUID, bytes]
) -> DocumentItem:
    row = document.row
    return DocumentItem(
        title=row.title,
        dated=row.dated,
        author=row.author,
        media_type=row.media_type,
        content=contents[row.document_id],
        expert_report=wanted.expert_report,
        witness_statement=wanted.witness_statement,
        document_id=row.document_id,
    )
