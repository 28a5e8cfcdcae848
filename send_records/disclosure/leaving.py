"""What was taken out, and whether it still stands somewhere in what leaves.

Decisions are about items: a name that is taken out of one may be given in another, where whoever
decided saw it.  What is given nowhere must be found nowhere, and that can be checked in whatever is
made; what still stands elsewhere is said to whoever decides, before it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import JsonValue

from send_records.aggregates.item_parts import folded
from send_records.aggregates.items import ItemRef
from send_records.disclosure.answer import Answer, Elsewhere, Fate
from send_records.disclosure.cleaning import is_within, strings_in, texts_of
from send_records.disclosure.held import Held
from send_records.disclosure.redaction.words import Phrases
from send_records.disclosure.review import Review, items_of

SENTENCE = 4
"""Words, from which on a text is told apart from others that happen to say the same."""

Texts = Mapping[UUID, Sequence[str]]


def what_was_taken(answer: Answer, review: Review, texts: Texts) -> Answer:
    """Return an answer with the words that were taken out: those given nowhere, and those that
    still stand in another item."""
    taken = _taken_phrases(answer.held, review)
    given = list(_given(answer, texts))
    standing = _standing(list(taken), given)
    elsewhere = tuple(
        Elsewhere(phrase, tuple(sources), tuple(standing[number]))
        for number, (phrase, sources) in enumerate(taken.items())
        if number in standing
    )
    phrases = tuple(p for number, p in enumerate(taken) if number not in standing)
    said = "\n".join(folded("\n".join(each)) for _, each in given)
    back = dict.fromkeys(_kept_back(answer.held, review))
    kept_back = tuple(each for each in back if folded(each) not in said)
    return replace(answer, phrases=phrases, elsewhere=elsewhere, kept_back=kept_back)


def _taken_phrases(held: Held, review: Review) -> dict[str, list[ItemRef]]:
    """Return the words that decisions take out, each with the items it is taken out of."""
    taken: dict[str, list[ItemRef]] = {}
    for item in items_of(held):
        for taking in review.takings_of(item):
            for phrase in taking.phrases:
                taken.setdefault(phrase, []).append(item)
    return taken


def _kept_back(held: Held, review: Review) -> Iterator[str]:
    """Yield the sentences of entries that are withheld, and of fields that are taken out."""
    for entry in held.entries:
        withheld = review.fate_of(entry.item) is Fate.WITHHELD
        fields = [field for each in review.takings_of(entry.item) for field in each.fields]
        for line in entry.lines:
            lost = withheld or is_within(line.path, fields)
            if lost and len(line.value.split()) >= SENTENCE:
                yield line.value


Given = tuple[ItemRef | None, list[str]]
"""An item, or None for what stands beside them, and all that it says."""


def _given(answer: Answer, texts: Texts) -> Iterator[Given]:
    for given in answer.entries:
        yield given.entry.item, [*texts_of(given.entry), given.entry.title, given.entry.role]
    for each in answer.documents:
        row = each.document.row
        said = [row.title, row.author or "", row.filed_by]
        whole = () if each.redacted else texts.get(row.document_id, ())
        yield each.document.item, [*said, *whole]
    subject, kept = answer.held.subject, answer.kept
    beside: list[JsonValue] = [
        *(subject.legal_name, subject.academy, subject.upn, subject.class_name, subject.nc_year),
        *(one.to for one in answer.recipients),
        *(f"{row.name}\n{row.academy}" for row in answer.accesses),
        *kept.holds,
    ]
    yield None, list(strings_in(beside))


def _standing(phrases: Sequence[str], given: Sequence[Given]) -> dict[int, list[ItemRef | None]]:
    """Return in which items each of some phrases stands, of those that stand in any."""
    found: dict[int, list[ItemRef | None]] = {}
    if not phrases:
        return found
    wanted = Phrases(phrases)
    for item, said in given:
        for number in sorted(wanted.stand_in("\n\n".join(said))):
            found.setdefault(number, []).append(item)
    return found
