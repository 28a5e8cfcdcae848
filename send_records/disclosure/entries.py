"""Entries as they are held: opened, up to a place in the log, in plain words and as stored.

What is stored may be of an older version of its event's class.  It is kept as it is, for that is
what whoever is given an entry's secret opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import orjson
from psycopg import Connection
from pydantic import JsonValue

from send_records.aggregates.base import DomainEvent
from send_records.disclosure.extract import ADMITTED
from send_records.disclosure.held import HeldEntry
from send_records.disclosure.lines import kind_of, lines_of, title_of
from send_records.disclosure.marking import Mark, quoted_by
from send_records.errors import Erased, NotFound
from send_records.projections.telling import detail_of
from send_records.projections.then import NotOnRecordThen
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import EventMapper, RecordedEvent, event_place
from send_records.store.recorder import erased_among, select
from send_records.store.sealing import Seals


@dataclass(frozen=True, slots=True)
class Stored:
    """An event, and its fields as the log has them."""

    event: DomainEvent
    fields: Mapping[str, JsonValue]


def stored_up_to(
    connection: Connection, seals: Seals, pupil_id: UUID, position: int
) -> list[Stored]:
    """Return a pupil's events up to a position, oldest first; raise NotFound, Erased, or
    NotOnRecordThen if there were none."""
    rows = select(connection, "WHERE stream_id = %s ORDER BY version", [pupil_id])
    if not rows or rows[0].topic != ADMITTED:
        raise NotFound("No pupil has that id.")
    if erased_among(connection, [pupil_id]):
        raise _erased()
    rows = [row for row in rows if row.id <= position]
    if not rows:
        raise NotOnRecordThen("The record was opened later.")
    mapper = EventMapper(seals)
    try:
        return [Stored(mapper.to_domain_event(row), fields_of(seals, row)) for row in rows]
    except KeyDestroyed:
        raise _erased() from None


def fields_of(seals: Seals, row: RecordedEvent) -> dict[str, JsonValue]:
    """Return what a row's columns say together, as they were stored: what whoever is given the
    entry's secret opens, with what stands beside it in clear.  By name, so that equal rows are
    written alike."""
    pupil, clear = cast(UUID, row.originator_id), row.clear.encode()
    place = event_place(seals, pupil, row.originator_version, row.topic, row.class_version, clear)
    fields = orjson.loads(clear) | orjson.loads(seals.open(pupil, place, row.state))
    return dict(sorted(fields.items()))


def _erased() -> Erased:
    return Erased("This record was erased: nothing is held of it that anybody could read.")


def entries_of(stored: Sequence[Stored], marks: Sequence[Mark]) -> tuple[HeldEntry, ...]:
    """Return events as entries, each with the marks that are on it."""
    on: dict[int, list[Mark]] = {}
    for mark in marks:
        on.setdefault(mark.of, []).append(mark)
    return tuple(_entry(each, on.get(each.event.originator_version, [])) for each in stored)


def _entry(stored: Stored, marks: Sequence[Mark]) -> HeldEntry:
    event = stored.event
    who = event.metadata.recorded_by
    return HeldEntry(
        version=event.originator_version,
        position=cast(int, event.position),
        event=type(event).__name__,
        title=title_of(type(event)),
        kind=kind_of(type(event)),
        occurred_on=event.occurred_on,
        recorded_at=cast(datetime, event.recorded_at),
        recorded_by=who.name,
        role=str(who.role),
        academy=who.academy,
        data_class=str(event.data_class),
        origin=str(event.origin),
        says=detail_of(event),
        lines=lines_of(event),
        recorded=stored.fields,
        marks=tuple(mark.says for mark in marks),
        marked_by=tuple(mark.by for mark in marks),
        quotes=quoted_by(event),
    )
