"""Gathering: all that is held of one pupil, from the log alone, up to a cut through it.

No view is asked: they show today, and what leaves must be the same whenever it is made again.  Up
to a position the log never changes, so nor does what is gathered there; but that the record is
erased, and then nothing is gathered any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import cast
from uuid import UUID

from psycopg import Connection

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import Struck, as_corrected
from send_records.aggregates.decisions import REVIEW_EVENTS
from send_records.aggregates.documents import DocumentFiled
from send_records.aggregates.values import Origin, day_in_london
from send_records.disclosure.entries import Stored, entries_of, stored_up_to
from send_records.disclosure.held import Cut, Held, HeldDocument, HeldEntry, Recipient
from send_records.disclosure.keeping import kept
from send_records.disclosure.lines import title_of
from send_records.disclosure.marking import marks_in
from send_records.disclosure.subjects import subject_of
from send_records.documents.rows import on_file
from send_records.projections.moments import moment_at
from send_records.projections.then import NotOnRecordThen
from send_records.store.access import AccessLog, AccessRow
from send_records.store.scopes import Scope, within
from send_records.store.sealing import Seals

SOURCES = {
    Origin.STAFF: "Staff of the trust",
    Origin.PUPIL: "The pupil",
    Origin.PARENT: "The pupil's parents",
    Origin.PROFESSIONAL: "Professionals from outside",
    Origin.OTHER_PARENT: "Another child's parent",
    Origin.COURT: "A court or tribunal",
}
"""From whom information comes, in plain words."""

ACCESSES = """
    SELECT coalesce(max(position), 0) FROM access_log
    WHERE pupils @> ARRAY[%s::uuid] AND recorded_at <= %s
"""

QUEUE = "SELECT pg_advisory_xact_lock_shared('access_log'::regclass::oid::bigint)"
"""Wait for the append that is going on, if one is: it has its time already, and is not seen yet."""


def cut_at(
    connection: Connection, pupil_id: UUID, as_of: date | None, known_on: date | None
) -> Cut:
    """Return the cut that two clocks name: what had happened by the end of ``as_of``, as far as it
    was known by the end, in London, of ``known_on``; or by now, without it.  On a connection that
    is in no unit of work.

    Raise StillToCome for a day that is not over, or of ``as_of`` has not begun.
    """
    moment = moment_at(
        connection,
        None if as_of is None else as_of.isoformat(),
        None if known_on is None else known_on.isoformat(),
    )
    at = None if known_on is None else moment.known_at
    return Cut(moment.position, accesses_at(connection, pupil_id, at), as_of)


def accesses_at(connection: Connection, pupil_id: UUID, instant: datetime | None) -> int:
    """Return up to where the access log is of use to a cut: by now its last position, and by an
    instant that is over that of the last access to the pupil, 0 if there was none."""
    if instant is None:
        found = connection.execute("SELECT size FROM access_head").fetchall()
    else:
        with within(connection, Scope.of(pupil_id)):
            connection.execute(QUEUE)
            found = connection.execute(ACCESSES, [pupil_id, instant]).fetchall()
    [(position,)] = found
    return int(position)


def gather(
    connection: Connection, seals: Seals, access: AccessLog, pupil_id: UUID, cut: Cut
) -> Held:
    """Return all that is held of a pupil at a cut; on a connection in the pupil's scope.

    Also of a pupil who left, or whose record was merged into another.  Raise NotFound, Erased, or
    NotOnRecordThen if the record was opened after the cut.
    """
    stored = stored_up_to(connection, seals, pupil_id, cut.position)
    return held_of(stored, access.of_pupil(pupil_id, limit=None), cut)


def held_of(stored: Sequence[Stored], accesses: Sequence[AccessRow], cut: Cut) -> Held:
    """Return all that is held of a pupil at a cut, of what is stored up to its position and of who
    saw it; raise NotOnRecordThen."""
    events = [each.event for each in stored]
    read = as_corrected(events)
    if cut.as_of is not None and events[0].occurred_on > cut.as_of:
        raise NotOnRecordThen("The record was opened later.")
    standing = _happened([each for each in read if isinstance(each, DomainEvent)], cut.as_of)
    happened = {
        each.originator_version for each in _happened([_event_of(each) for each in read], cut.as_of)
    }
    counted = [each for each in stored if each.event.originator_version in happened]
    entries = entries_of(counted, marks_in(events, cut.as_of))
    return Held(
        subject=subject_of(standing),
        cut=cut,
        known_at=events[-1].recorded_at,
        entries=entries,
        documents=_documents(standing),
        accesses=_accesses(accesses, cut),
        recipients=_recipients(standing),
        kept=kept(standing),
        sources=sources_of(entries),
    )


def with_pages(held: Held, pages: Mapping[UUID, int | None]) -> Held:
    """Return what is held with the number of pages of its documents, counted by whoever may open
    what others wrote."""
    counted = (
        replace(each, pages=pages.get(each.row.document_id, each.pages)) for each in held.documents
    )
    return replace(held, documents=tuple(counted))


def sources_of(entries: Sequence[HeldEntry]) -> dict[str, int]:
    """Return from whom entries come, in plain words, and how many (UK GDPR Art 15(1)(g))."""
    counted = Counter(SOURCES[Origin(entry.origin)] for entry in entries)
    return {source: counted[source] for source in SOURCES.values() if source in counted}


def _event_of(read: DomainEvent | Struck) -> DomainEvent:
    return read.event if isinstance(read, Struck) else read


def _happened(events: Sequence[DomainEvent], as_of: date | None) -> list[DomainEvent]:
    """Return the events that had happened by a day and are no review's."""
    return [
        event
        for event in events
        if type(event).__name__ not in REVIEW_EVENTS
        and (as_of is None or event.occurred_on <= as_of)
    ]


def _documents(standing: Sequence[DomainEvent]) -> tuple[HeldDocument, ...]:
    filed = {event.document_id: event for event in standing if isinstance(event, DocumentFiled)}
    rows = sorted(on_file(standing, superseded=True), key=lambda row: row.dated)
    return tuple(
        HeldDocument(row, event.originator_version, cast(int, event.position))
        for row in rows
        for event in [filed[row.document_id]]
    )


def _accesses(accesses: Sequence[AccessRow], cut: Cut) -> tuple[AccessRow, ...]:
    return tuple(
        row
        for row in accesses
        if row.position <= cut.accesses
        and (cut.as_of is None or day_in_london(row.recorded_at) <= cut.as_of)
    )


def _recipients(standing: Sequence[DomainEvent]) -> tuple[Recipient, ...]:
    return tuple(
        Recipient(to, title_of(type(event)), event.occurred_on, event.originator_version)
        for event in standing
        for to in event.recipients()
    )
