"""The items of a review as whoever decides sees them: what each says, what was decided, what is to
be looked at twice, and where words that were taken out of it still stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from send_records.aggregates.items import Ground, ItemRef
from send_records.aggregates.values import DataClass, Origin, Value
from send_records.disclosure.answer import Fate
from send_records.disclosure.choosing import choose, undecided
from send_records.disclosure.held import Held, HeldDocument, HeldEntry
from send_records.disclosure.lines import begun
from send_records.disclosure.naming import KnownPerson
from send_records.disclosure.review import Decision, Review
from send_records.disclosure.suggested import Code, Suggestion
from send_records.disclosure.suggesting import suggestions
from send_records.projections.telling.base import in_plain_words


class LineShown(Value):
    """One field of an entry, as people read it."""

    path: str
    """As a redaction names the field."""
    label: str
    value: str


class SuggestionShown(Value):
    """Why an item should be looked at twice; a person decides."""

    code: Code
    ground: Ground | None
    why: str
    phrases: tuple[str, ...]


class TakingShown(Value):
    """What one decision takes out of an item."""

    ground: Ground
    why: str
    on_schedule: bool
    phrases: tuple[str, ...]
    fields: tuple[str, ...]
    areas: int
    """How many areas of a document's pages."""


class DecisionShown(Value):
    """What stands decided of an item."""

    fate: Fate
    takings: tuple[TakingShown, ...]
    by: str
    on: date


class ElsewhereShown(Value):
    """Words that are taken out of this item, and given in another as it stands."""

    phrase: str
    times: int
    """In how many others."""
    stands_in: tuple[ItemRef | None, ...]
    """The first of them; None is for what stands beside the items: with the pupil, or with who has
    seen the record."""


FIRST = 20
"""How many items are named in which words still stand."""


class ItemShown(Value):
    """One item of a review."""

    item: ItemRef
    title: str
    kind: str
    day: date
    data_class: DataClass
    origin: Origin
    by: str
    """Who recorded or filed it."""
    says: str
    lines: tuple[LineShown, ...]
    marks: tuple[str, ...]
    pages: int | None
    """Of a document, if they were counted."""
    suggestions: tuple[SuggestionShown, ...]
    decision: DecisionShown | None
    """None while nobody has decided."""
    elsewhere: tuple[ElsewhereShown, ...]
    """Known once every item is decided."""


def items_shown(
    held: Held,
    review: Review,
    *,
    requester: Sequence[str],
    others: Sequence[KnownPerson] = (),
    texts: Mapping[UUID, Sequence[str]] | None = None,
) -> tuple[ItemShown, ...]:
    """Return the items of a review, those undecided first: entries in order, then documents.

    ``requester``, ``others`` and ``texts`` as ``suggestions`` takes them.
    """
    suggested: dict[ItemRef, list[Suggestion]] = {}
    for each in suggestions(held, requester=requester, others=others, texts=texts):
        suggested.setdefault(each.item, []).append(each)
    elsewhere: dict[ItemRef, list[ElsewhereShown]] = {}
    if not undecided(held, review):
        for one in choose(held, review, texts).elsewhere:
            times, first = len(one.stands_in), one.stands_in[:FIRST]
            shown = ElsewhereShown(phrase=one.phrase, times=times, stands_in=first)
            for item in one.taken_out_of:
                elsewhere.setdefault(item, []).append(shown)
    items = [
        made.model_copy(
            update={
                "suggestions": tuple(map(_suggestion, suggested.get(made.item, ()))),
                "decision": _decision(review.decisions.get(made.item)),
                "elsewhere": tuple(elsewhere.get(made.item, ())),
            }
        )
        for made in (*map(_entry, held.entries), *map(_document, held.documents))
    ]
    return tuple(sorted(items, key=lambda item: item.decision is not None))


def _entry(entry: HeldEntry) -> ItemShown:
    return ItemShown(
        item=entry.item,
        title=entry.title,
        kind=entry.kind,
        day=entry.occurred_on,
        data_class=DataClass(entry.data_class),
        origin=Origin(entry.origin),
        by=entry.recorded_by,
        says=entry.says,
        lines=tuple(
            LineShown(path=line.path, label=line.label, value=line.value) for line in entry.lines
        ),
        marks=entry.marks,
        pages=None,
        suggestions=(),
        decision=None,
        elsewhere=(),
    )


def _document(document: HeldDocument) -> ItemShown:
    row = document.row
    return ItemShown(
        item=document.item,
        title=row.title,
        kind=begun(in_plain_words(row.kind)),
        day=row.dated,
        data_class=row.data_class,
        origin=row.origin,
        by=row.filed_by,
        says=row.author or "",
        lines=(),
        marks=(),
        pages=document.pages,
        suggestions=(),
        decision=None,
        elsewhere=(),
    )


def _suggestion(made: Suggestion) -> SuggestionShown:
    return SuggestionShown(code=made.code, ground=made.ground, why=made.why, phrases=made.phrases)


def _decision(made: Decision | None) -> DecisionShown | None:
    if made is None:
        return None
    takings = tuple(
        TakingShown(
            ground=each.ground,
            why=each.why,
            on_schedule=each.on_schedule,
            phrases=each.phrases,
            fields=each.fields,
            areas=len(each.parts.areas) if each.parts else 0,
        )
        for each in made.takings
    )
    return DecisionShown(fate=made.fate, takings=takings, by=made.by, on=made.on)
