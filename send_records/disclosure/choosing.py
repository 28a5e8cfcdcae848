"""Choosing: what is given of what is held, once somebody has decided on every item.

    held + review ---> answer: entries and documents without what is taken out, and the schedule

Nothing is disclosed because nobody looked at it.  What is told beside the items, of recipients,
sources, retention and readers, is told of what is given alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from send_records.aggregates.items import BASIS, ItemRef
from send_records.aggregates.values import Role, day_in_words
from send_records.disclosure.answer import Answer, Fate, GivenDocument, GivenEntry, Scheduled
from send_records.disclosure.cleaning import cleaned
from send_records.disclosure.crossing import Crossings
from send_records.disclosure.gathering import sources_of
from send_records.disclosure.held import Held, HeldDocument, Kept, Recipient
from send_records.disclosure.leaving import what_was_taken
from send_records.disclosure.review import Review, Taking, items_of
from send_records.disclosure.selecting import name_of
from send_records.disclosure.subjects import told_of
from send_records.errors import RuleBroken
from send_records.projections.telling.base import in_plain_words
from send_records.store.access import AccessRow

FEW = 5
"""How many items a refusal names."""

OF_THE_FAMILY: dict[str, str] = {Role.PARENT: "A parent", Role.PUPIL: "The pupil"}
"""Whose name is not told with who has read a record: they did so in no role of the trust's."""


class ItemsNotDecided(RuleBroken):
    """Every item is looked at by somebody, who decides: what nobody looked at is not given, and not
    kept back either."""

    basis = "UK GDPR Art 15(1), (3) and (4)"


def undecided(held: Held, review: Review) -> list[ItemRef]:
    """Return the items on which nobody has decided: entries in order, then documents."""
    return [item for item in items_of(held) if review.fate_of(item) is None]


def choose(held: Held, review: Review, texts: Mapping[UUID, Sequence[str]] | None = None) -> Answer:
    """Return what is given; raise ItemsNotDecided.

    ``texts``: what the pages of documents say, by which it is seen whether words that are taken out
    of one item still stand in a document that is given whole.
    """
    if open_items := undecided(held, review):
        named = ", ".join(map(str, open_items[:FEW]))
        more = "" if len(open_items) <= FEW else f" and {len(open_items) - FEW} more"
        raise ItemsNotDecided(f"{len(open_items)} items are undecided: {named}{more}.")
    crossings = Crossings(held, review)
    entries, lines = _entries(held, crossings)
    documents = _documents(held, review, crossings)
    lines += _of_documents(held, review)
    listed = [line for line in lines if line[1].on_schedule]
    answer = Answer(
        held=_told(held, entries),
        entries=entries,
        documents=documents,
        schedule=tuple(_scheduled(number, *line) for number, line in enumerate(listed, start=1)),
        phrases=(),
        recipients=tuple(_recipients(held, crossings)),
        accesses=tuple(map(_of_whom, held.accesses)),
        sources=sources_of([given.entry for given in entries]),
        kept=_kept(held.kept, crossings),
    )
    return what_was_taken(answer, review, texts or {})


def _told(held: Held, given: Sequence[GivenEntry]) -> Held:
    """Return what is held, with whose record it is, and until when it was known, as far as the
    entries that are given say so: the last entry may be withheld, and its moment with it."""
    entries = [each.entry for each in given]
    known_at = max((entry.recorded_at for entry in entries), default=None)
    subject = told_of(held.subject, held.entries, entries)
    return replace(held, subject=subject, known_at=known_at)


Line = tuple[str, Taking, Fate, int]
"""Of the schedule: of what, by which decision, what became of it, in how many places."""


def _entries(held: Held, crossings: Crossings) -> tuple[tuple[GivenEntry, ...], list[Line]]:
    given: list[GivenEntry] = []
    lines: list[Line] = []
    for entry in held.entries:
        if crossings.is_withheld(entry.version):
            lines += [("An entry", each, Fate.WITHHELD, 1) for each in crossings.own(entry)]
            continue
        takings = crossings.takings(entry.version)
        clean, times = cleaned(entry, takings)
        marks, marked_by = crossings.marked(entry)
        clean = replace(clean, marks=marks, marked_by=marked_by)
        what = f"Entry {entry.version}: {entry.title}, {day_in_words(entry.occurred_on)}"
        lines += [
            (what, taking, Fate.REDACTED, number)
            for taking, number in zip(takings, times, strict=True)
            if number
        ]
        given.append(GivenEntry(clean, redacted=clean != entry))
    return tuple(given), lines


def _documents(held: Held, review: Review, crossings: Crossings) -> tuple[GivenDocument, ...]:
    left = [each for each in held.documents if review.fate_of(each.item) is not Fate.WITHHELD]
    return tuple(
        _document(number, each, review.takings_of(each.item), crossings)
        for number, each in enumerate(left, start=1)
    )


def _document(
    number: int, document: HeldDocument, takings: Sequence[Taking], crossings: Crossings
) -> GivenDocument:
    parts = [taking.parts for taking in takings if taking.parts is not None]
    phrases = dict.fromkeys(phrase for each in parts for phrase in each.phrases)
    return GivenDocument(
        document=crossings.document(document),
        name=name_of(number, document),
        phrases=tuple(phrases),
        areas=tuple(area for each in parts for area in each.areas),
    )


def _of_documents(held: Held, review: Review) -> list[Line]:
    """Return the lines of documents: numbered as they are given, by their kinds and days."""
    lines: list[Line] = []
    number = 0
    for document in held.documents:
        takings = review.takings_of(document.item)
        if review.fate_of(document.item) is Fate.WITHHELD:
            lines += [("A document", each, Fate.WITHHELD, 1) for each in takings]
            continue
        number += 1
        row = document.row
        what = f"Document {number}: {in_plain_words(row.kind)}, dated {day_in_words(row.dated)}"
        for each in takings:
            areas = len(each.parts.areas) if each.parts else 0
            lines.append((what, each, Fate.REDACTED, len(each.phrases) + areas))
    return lines


def _scheduled(number: int, what: str, taking: Taking, fate: Fate, times: int) -> Scheduled:
    return Scheduled(number, what, fate, taking.ground, BASIS[taking.ground], times)


def _recipients(held: Held, crossings: Crossings) -> Iterator[Recipient]:
    """Yield who was given something, as far as the entries that are given say so."""
    for recipient in held.recipients:
        if not crossings.is_withheld(recipient.version):
            yield replace(recipient, to=crossings.told(recipient.to, recipient.version))


def _kept(kept: Kept, crossings: Crossings) -> Kept:
    """Return how long it is kept, without the holds of which an entry tells that is not given
    whole."""
    told = [
        (hold, by)
        for hold, by in zip(kept.holds, kept.held_by, strict=True)
        if not crossings.is_withheld(by) and not crossings.takings(by) and crossings.is_told(by)
    ]
    return replace(kept, holds=tuple(hold for hold, _ in told), held_by=tuple(by for _, by in told))


def _of_whom(row: AccessRow) -> AccessRow:
    """Return an access without the name of a parent, who may be another than who asks."""
    name = OF_THE_FAMILY.get(row.role)
    return row if name is None else replace(row, name=name)
