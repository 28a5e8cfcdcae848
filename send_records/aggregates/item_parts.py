"""What is on record of an item, and whether the parts that are to be taken out of it are in it.

An entry is read as it was recorded and as it reads with its corrections: both are held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import Struck, as_corrected
from send_records.aggregates.documents import DocumentFiled
from send_records.aggregates.items import ItemRef, Parts
from send_records.aggregates.paths import FieldNotThere, value_at
from send_records.aggregates.values import DataClass
from send_records.errors import Invalid, NotFound

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

PAGED = ("application/pdf", "image/")
"""How the types of file begin that have pages, of which areas can be said."""


class ItemNotOnRecord(NotFound):
    """An item is an entry of the pupil's record, or a document on their file."""


class PartNotInItem(NotFound):
    """What is taken out of an item is in it: a word that is not there was meant for another, or is
    misspelt, and would be given after all."""


class PartsOfAnotherKind(Invalid):
    """Of an entry, words and fields are taken out; of a document, words and areas of its pages."""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """An item, with the entry that it is or that filed it."""

    item: ItemRef
    as_recorded: DomainEvent
    now: DomainEvent
    """As it reads with its corrections; as recorded, if it was withdrawn, for it is still held."""

    @property
    def of_health(self) -> bool:
        """Whether it is classed as data concerning health."""
        return self.now.data_class is DataClass.HEALTH


def on_record(
    pupil: Pupil, history: Sequence[DomainEvent], items: Sequence[ItemRef]
) -> list[OnRecord]:
    """Return what is on record of some items; raise ItemNotOnRecord."""
    entries = {event.originator_version: event for event in history}
    filed = {e.document_id: e for e in history if isinstance(e, DocumentFiled)}
    now = {
        each.originator_version: each.event if isinstance(each, Struck) else each
        for each in as_corrected(history)
    }
    found = []
    for item in items:
        entry: DomainEvent | None = None
        if item.entry is not None:
            entry = entries.get(item.entry)
        elif item.document_id is not None and item.document_id in pupil.documents:
            entry = filed.get(item.document_id)
        if entry is None:
            raise ItemNotOnRecord(f"Nothing is on record as {item}.")
        found.append(OnRecord(item, entry, now[entry.originator_version]))
    return found


def require_parts(pupil: Pupil, held: OnRecord, parts: Parts) -> None:
    """Refuse parts that are not in an item; of a document, those that cannot be.

    Not checked: whether a document says the words, which shows where it is redacted.
    """
    document = pupil.documents.get(held.item.document_id) if held.item.document_id else None
    if document is None:
        if parts.areas:
            raise PartsOfAnotherKind("An entry has no pages: name its fields, or its words.")
        _require_in_entry((held.as_recorded, held.now), parts)
    elif parts.fields:
        raise PartsOfAnotherKind("A document has no fields: say its words, or areas of its pages.")
    elif parts.areas and not document.media_type.startswith(PAGED):
        raise PartsOfAnotherKind("A file of this type has no pages of its own: say its words.")


def _require_in_entry(readings: tuple[DomainEvent, DomainEvent], parts: Parts) -> None:
    for field in parts.fields:
        if not any(_says_at(reading, field) for reading in readings):
            raise PartNotInItem(f"The entry says nothing at {field}.")
    said = [folded(text) for reading in readings for text in _texts(_own(reading))]
    for number, phrase in enumerate(parts.phrases, start=1):
        if not any(folded(phrase) in text for text in said):
            raise PartNotInItem(f"The entry does not say phrase {number}.")


def folded(text: str) -> str:
    """Return a text as it is searched in: white space and capitals make no difference."""
    return " ".join(text.split()).casefold()


def _own(event: DomainEvent) -> dict[str, Any]:
    """Return what an entry itself says, and why it was made, as it is shown."""
    envelope = DomainEvent.model_fields.keys() - {"reason"}
    return event.model_dump(mode="json", exclude=set(envelope))


def _says_at(event: DomainEvent, path: str) -> bool:
    if path.split(".")[0] not in _own(event):
        return False
    try:
        return value_at(event, path) is not None
    except FieldNotThere:
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
