"""How events become rows: pydantic to plain values, orjson to bytes, and old shapes to new.

What identifies a row (pupil, version, topic, class version) is in its columns and not repeated in
its state.  ``encode`` and ``decode`` are the only two places that touch a state's bytes; sealing
goes there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import STORED

if TYPE_CHECKING:
    from eventsourcing.domain import DomainEventProtocol

COLUMNS = {"originator_id", "originator_version", "recorded_at", "position"}
"""The fields of an event that are columns of its row, or set by the log."""


@dataclass(frozen=True)
class VersionedEvent(StoredEvent):
    """An event ready to be stored, with the version of its class."""

    class_version: int


@dataclass(frozen=True)
class RecordedEvent(Notification):
    """A row of the log; ``id`` is its position."""

    class_version: int
    recorded_at: datetime


class UnknownTopic(MapperDeserialisationError):
    """A row names an event, or a version of it, that this program does not know: it was written
    by a newer one, or not by us.  Nothing is ever imported by a name found in a row."""


class UnreadableEvent(MapperDeserialisationError):
    """A row's state is not what its topic and class version say."""


def version_of(stored: StoredEvent) -> int:
    """Return which shape of its class an event's state has."""
    return stored.class_version if isinstance(stored, VersionedEvent | RecordedEvent) else 1


class EventMapper(Mapper[UUID]):
    """Maps between the events of an allow-list and rows."""

    def __init__(self, events: Mapping[str, type[DomainEvent]]) -> None:
        super().__init__(transcoder=JSONTranscoder())
        self._events = events

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> VersionedEvent:
        event = cast(DomainEvent, domain_event)
        return VersionedEvent(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=type(event).__name__,
            state=self.encode(event),
            class_version=event.class_version,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        event_class = self._events.get(stored_event.topic)
        if event_class is None:
            raise UnknownTopic(f"No event is called {stored_event.topic[:80]!r}.")
        if (version := version_of(stored_event)) > event_class.class_version:
            raise UnknownTopic(f"{stored_event.topic} of version {version} is not known here yet.")
        try:
            return event_class.model_validate(
                self.decode(stored_event, event_class), context=STORED
            )
        except Exception as error:
            raise UnreadableEvent(
                f"Cannot read {stored_event.topic}, version {stored_event.originator_version} "
                f"of {stored_event.originator_id}: {type(error).__name__}."
            ) from error

    def encode(self, event: DomainEvent) -> bytes:
        """Return the state: JSON with sorted keys, so that equal events have equal bytes."""
        fields = event.model_dump(mode="json", exclude=COLUMNS)
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)

    def decode(self, stored: StoredEvent, event_class: type[DomainEvent]) -> dict[str, Any]:
        """Return the fields of the event, brought to the class's present version."""
        fields: dict[str, Any] = orjson.loads(stored.state)
        for version in range(version_of(stored), event_class.class_version):
            getattr(event_class, f"upcast_v{version}_v{version + 1}")(fields)
        fields["originator_id"] = stored.originator_id
        fields["originator_version"] = stored.originator_version
        if isinstance(stored, RecordedEvent):
            fields["recorded_at"] = stored.recorded_at
            fields["position"] = stored.id
        return fields
