"""How events become rows and rows events: JSON between, sealed, and old shapes brought to new.

What identifies a row (pupil, version, topic, class version) is in its columns and not repeated in
its fields.  An event's fields are in two columns: those it declares clear in ``clear``, all others
in ``sealed``.  The seal binds the row's identity and its clear fields, so neither can be moved to
another row or changed beside it.

A row is parsed once: its two columns are joined as bytes to one JSON object, which the event's
class reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import orjson
from eventsourcing.persistence import (
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    Notification,
    StoredEvent,
)

from send_records.aggregates import ALL_EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import STORED
from send_records.errors import NotReadyYet
from send_records.store.keks import KekExposed, KekMissing, WrongKek
from send_records.store.keyring import KeyDestroyed
from send_records.store.sealing import PUPIL_KEY, Seals

if TYPE_CHECKING:
    from eventsourcing.domain import DomainEventProtocol

COLUMNS = {"originator_id", "originator_version", "recorded_at", "position"}
"""The fields of an event that are columns of its row, or set by the log."""

ROW, SHAPE = Struct(">16sII"), Struct(">HI")
"""Pupil, version, bytes of the topic; class version, bytes of the clear fields."""

IDENTITY = b'"originator_id":"%b","originator_version":%d,"recorded_at":null,"position":null}'
"""The end of an event's JSON: what its columns say, over whatever its words might say of that."""


@dataclass(frozen=True)
class VersionedEvent(StoredEvent):
    """An event ready to be stored: ``state`` is sealed, ``clear`` beside it is JSON."""

    class_version: int
    clear: str


@dataclass(frozen=True, init=False)
class RecordedEvent(Notification):
    """A row of the log; ``id`` is its position.  It is made for every event that is read, and so
    not by the ``__init__`` of a frozen dataclass, which takes twice as long."""

    class_version: int
    recorded_at: datetime
    clear: str

    def __init__(
        self,
        originator_id: UUID,
        originator_version: int,
        topic: str,
        state: bytes,
        id: int,
        class_version: int,
        recorded_at: datetime,
        clear: str,
    ) -> None:
        vars(self).update(
            originator_id=originator_id,
            originator_version=originator_version,
            topic=topic,
            state=state,
            id=id,
            class_version=class_version,
            recorded_at=recorded_at,
            clear=clear,
        )


Stored = VersionedEvent | RecordedEvent


@dataclass(frozen=True, slots=True)
class ErasedEvent:
    """An event whose pupil was erased: that it was recorded is known, and nothing it said."""

    originator_id: UUID
    originator_version: int
    topic: str
    recorded_at: datetime
    position: int

    @classmethod
    def of(cls, row: RecordedEvent) -> ErasedEvent:
        """Return what is left of a row."""
        pupil = cast(UUID, row.originator_id)
        return cls(pupil, row.originator_version, row.topic, row.recorded_at, row.id)


Recorded = DomainEvent | ErasedEvent
"""What can be read back from the log."""


class UnknownTopic(MapperDeserialisationError):
    """A row names an event, or a version of it, that this program does not know: it was written
    by a newer one, or not by us.  Nothing is ever imported by a name found in a row."""


class UnreadableEvent(MapperDeserialisationError):
    """A row's fields are not what its topic and class version say, or do not open."""


class EventMapper(Mapper[UUID]):
    """Maps between the events of an allow-list (unless told otherwise, all there are) and rows."""

    def __init__(self, seals: Seals, events: Mapping[str, type[DomainEvent]] = ALL_EVENTS) -> None:
        super().__init__(transcoder=JSONTranscoder())
        self._events = events
        self._seals = seals

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> VersionedEvent:
        event = cast(DomainEvent, domain_event)
        clear, words = encoded(event)
        topic, pupil = type(event).__name__, event.originator_id
        version = event.originator_version
        place = event_place(self._seals, pupil, version, topic, event.class_version, clear)
        if event.under_trust_key:
            sealed = self._seals.seal_for_trust(place, words)
        else:
            sealed = self._seals.seal(pupil, place, words)
        return VersionedEvent(
            originator_id=pupil,
            originator_version=version,
            topic=topic,
            state=sealed,
            class_version=event.class_version,
            clear=clear.decode(),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        """Return the event of a row; raise KeyDestroyed if its pupil was erased."""
        stored = cast(Stored, stored_event)
        event_class = self._events.get(stored.topic)
        if event_class is None:
            raise UnknownTopic(f"No event is called {str(stored.topic)[:80]!r}.")
        try:
            if (version := stored.class_version) > event_class.class_version:
                raise UnknownTopic(f"{stored.topic} of version {version} is not known here yet.")
            said = self._opened(stored, event_class)
            event = event_class.model_validate_json(said, context=STORED)
        except (UnknownTopic, KeyDestroyed, NotReadyYet, KekMissing, KekExposed, WrongKek):
            raise  # it says nothing of the event
        except Exception as error:
            raise UnreadableEvent(
                f"Cannot read {stored.topic}, version {stored.originator_version} "
                f"of {stored.originator_id}: {type(error).__name__}."
            ) from error
        if isinstance(stored, RecordedEvent):
            event.place(stored.id, stored.recorded_at)
        return event

    def read(
        self, rows: Collection[RecordedEvent], erased: Collection[UUID] = ()
    ) -> Iterator[Recorded]:
        """Yield the events of rows, having fetched their pupils' keys at once.  Events of pupils
        who were erased are told as such, and never raise; ``erased`` are those of whom the log
        says so, whether or not their keys are gone already.

        Use them one by one where that will do: to hold a thousand costs half as much again."""
        self._seals.load({cast(UUID, row.originator_id) for row in rows})
        for row in rows:
            if row.originator_id in erased and row.state[0] == PUPIL_KEY:
                yield ErasedEvent.of(row)
            else:
                yield self.read_one(row)

    def read_one(self, row: RecordedEvent) -> Recorded:
        """Return the event of a row, or that it was erased."""
        try:
            return self.to_domain_event(row)
        except KeyDestroyed:
            return ErasedEvent.of(row)

    def secret(self, row: Stored) -> bytes:
        """Return what opens this row and no other, for somebody who is to check its words."""
        return self._seals.secret(cast(UUID, row.originator_id), row.state)

    def _opened(self, stored: Stored, event_class: type[DomainEvent]) -> bytes:
        """Return the event as one JSON object, brought to the class's present version."""
        pupil, clear = cast(UUID, stored.originator_id), stored.clear.encode()
        version, class_version = stored.originator_version, stored.class_version
        place = event_place(self._seals, pupil, version, stored.topic, class_version, clear)
        words = self._seals.open(pupil, place, stored.state)
        if class_version < event_class.class_version:
            words, clear = upcast(words, clear, class_version, event_class), b"{}"
        return joined(words, clear, IDENTITY % (pupil.hex.encode(), version))


def upcast(words: bytes, clear: bytes, class_version: int, to: type[DomainEvent]) -> bytes:
    """Return the fields of an old version of an event as those of the present one."""
    fields: dict[str, Any] = orjson.loads(words) | orjson.loads(clear)
    for old in range(class_version, to.class_version):
        getattr(to, f"upcast_v{old}_v{old + 1}")(fields)
    return orjson.dumps(fields)


def joined(words: bytes, clear: bytes, identity: bytes) -> bytes:
    """Return one JSON object, as bytes: what is said twice in it, the last one says."""
    words = words.rstrip()
    if not words.endswith(b"}"):
        raise ValueError("The words are no JSON object.")
    if clear == b"{}":
        return b",".join((words[:-1], identity))
    return b",".join((words[:-1], clear[1:-1], identity))


def event_place(
    seals: Seals, pupil: UUID, version: int, topic: str, class_version: int, clear: bytes
) -> bytes:
    """Return what an event's words are bound to: its row, and its clear fields."""
    name = topic.encode()
    return seals.place(
        b"send-records/event/2",
        ROW.pack(pupil.bytes, version, len(name)),
        name,
        SHAPE.pack(class_version, len(clear)),
        clear,
    )


def encoded(event: DomainEvent) -> tuple[bytes, bytes]:
    """Return an event's fields as JSON, those kept in clear and the others: with sorted keys, so
    that equal events have equal bytes."""
    fields = event.model_dump(mode="json", exclude=COLUMNS)
    clear = {name: fields.pop(name) for name in event.clear_fields()}
    return (
        orjson.dumps(clear, option=orjson.OPT_SORT_KEYS),
        orjson.dumps(fields, option=orjson.OPT_SORT_KEYS),
    )
