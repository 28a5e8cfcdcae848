"""What is decided on one item and counts for another that repeats it.

A correction says what the entry said that it corrects; an entry's marks say what later entries say
of it; the entry that filed a document has the document's title, and the document's line has the
entry's.  What is taken out of the one would else stand in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from send_records.aggregates.items import ItemRef, Parts
from send_records.disclosure.answer import Fate
from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.cleaning import cleaned, is_within, without_words
from send_records.disclosure.held import Held, HeldDocument, HeldEntry
from send_records.disclosure.review import Review, Taking

QUOTED = ("from_value", "to_value")
"""What a correction repeats of the entry, or says in its place."""

NAMED = ("title", "author")
"""What the entry that files a document says of it, and the list of documents repeats."""


class Crossings:
    """What counts for each entry of what is held, by the decisions of a review."""

    def __init__(self, held: Held, review: Review) -> None:
        self._review = review
        self._entries = {entry.version: entry for entry in held.entries}
        self._filed: dict[int, HeldDocument] = {each.version: each for each in held.documents}
        self._takings: Mapping[int, tuple[Taking, ...]] = {
            version: tuple(self._of(entry)) for version, entry in self._entries.items()
        }

    def is_withheld(self, version: int) -> bool:
        """Whether an entry is withheld whole."""
        return self._review.fate_of(ItemRef(entry=version)) is Fate.WITHHELD

    def takings(self, version: int) -> tuple[Taking, ...]:
        """Return what is taken out of an entry, by decisions on it and on what it repeats."""
        return self._takings.get(version, ())

    def own(self, entry: HeldEntry) -> tuple[Taking, ...]:
        """Return what was decided on an entry itself."""
        return self._review.takings_of(entry.item)

    def marked(self, entry: HeldEntry) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return the marks of an entry that are given, and by which entries they are: without what
        is taken out of either, and none of an entry that is withheld."""
        own, marks = self.takings(entry.version), []
        for mark, by in zip(entry.marks, entry.marked_by, strict=True):
            if not self.is_withheld(by):
                marks.append((without_words(self._said(mark, by, own), entry, own), by))
        return tuple(mark for mark, _ in marks), tuple(by for _, by in marks)

    def is_told(self, version: int) -> bool:
        """Whether what is told of an entry elsewhere, as it reads now, holds nothing but what may
        be given: no field of it is taken out, nor any part of an entry that corrects it."""
        entry = self._entries.get(version)
        if entry is None:
            return True
        corrected_by = (self.takings(by) or self.is_withheld(by) for by in entry.marked_by)
        fields = any(taking.fields for taking in self.takings(version))
        return not (fields or any(corrected_by))

    def told(self, text: str, version: int) -> str:
        """Return what an entry says, as told elsewhere, without what is taken out of it."""
        if not self.is_told(version):
            return TAKEN_OUT
        entry = self._entries.get(version)
        return text if entry is None else without_words(text, entry, self.takings(version))

    def document(self, document: HeldDocument) -> HeldDocument:
        """Return a document whose line says nothing of what is taken out of it, or of the entry
        that filed it."""
        row, version = document.row, document.version
        if self.is_withheld(version):
            author = None if row.author is None else TAKEN_OUT
            gone = {"title": TAKEN_OUT, "author": author, "filed_by": TAKEN_OUT}
            return replace(document, row=row.model_copy(update=gone))
        said = {
            "title": self.told(row.title, version),
            "author": None if row.author is None else self.told(row.author, version),
            "filed_by": self.told(row.filed_by, version),
        }
        return replace(document, row=row.model_copy(update=said))

    def _said(self, mark: str, by: int, own: tuple[Taking, ...]) -> str:
        """Return a mark, with nothing but by which entry it is if that entry loses something, or
        may repeat a field that is taken out: there it is seen what of it is given."""
        says = self._entries.get(by)
        if says is None:
            lost = any(taking.fields for taking in own)
        else:
            lost = cleaned(says, self.takings(by))[0] != says
        return f"Entry {by}: {TAKEN_OUT}" if lost else mark

    def _of(self, entry: HeldEntry) -> Iterator[Taking]:
        """Yield what is taken out of an entry, by decisions on it, then on what it repeats."""
        if self._review.fate_of(entry.item) is Fate.WITHHELD:
            return
        yield from self._first(entry)
        for version in entry.quotes:
            quoted = self._entries.get(version)
            if quoted is not None:
                yield from _repeated(self._first(quoted), QUOTED, str(entry.recorded.get("field")))

    def _first(self, entry: HeldEntry) -> Iterator[Taking]:
        """Yield what is taken out of an entry by decisions on it, or on the document it filed."""
        yield from self._review.takings_of(entry.item)
        if entry.version in self._filed:
            document = self._filed[entry.version].item
            yield from _repeated(self._review.takings_of(document), NAMED, None)


def _repeated(
    takings: Iterable[Taking], fields: tuple[str, ...], path: str | None
) -> Iterator[Taking]:
    """Yield what is taken out of the fields by which an entry repeats something, of which these
    decisions take something out; of a correction, ``path`` is the field whose value it repeats."""
    for taking in takings:
        phrases, whole = taking.phrases, taking.parts is None
        at_path = path is not None and any(
            is_within(path, [field]) or is_within(field, [path]) for field in taking.fields
        )
        if whole or at_path:
            yield replace(taking, parts=Parts.model_construct(phrases=phrases, fields=fields))
        elif phrases:
            yield replace(taking, parts=Parts.model_construct(phrases=phrases))
