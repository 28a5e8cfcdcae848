"""Which documents are on a pupil's file, as the pupil's events say: from the log, and so as they
stand at this moment, or stood at any."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import DocumentFiled, DocumentSuperseded
from send_records.aggregates.values import DataClass, Origin, Value


class DocumentRow(Value):
    """One document on a pupil's file."""

    document_id: UUID
    kind: DocumentKind
    title: str
    author: str | None
    dated: date
    filed_on: date
    filed_by: str
    media_type: str
    size: int
    sha256: str
    data_class: DataClass
    origin: Origin
    superseded_by: UUID | None = None


def on_file(read: Iterable[DomainEvent], *, superseded: bool) -> list[DocumentRow]:
    """Return the documents that a pupil's events file as they read, in the order in which they were
    filed; those that were superseded only if asked for."""
    rows: dict[UUID, DocumentRow] = {}
    for event in read:
        if isinstance(event, DocumentFiled):
            rows[event.document_id] = _row(event)
        elif isinstance(event, DocumentSuperseded) and {
            event.document_id,
            event.superseded_by,
        } <= set(rows):
            newer = {"superseded_by": event.superseded_by}
            rows[event.document_id] = rows[event.document_id].model_copy(update=newer)
    return [row for row in rows.values() if superseded or row.superseded_by is None]


def _row(event: DocumentFiled) -> DocumentRow:
    return DocumentRow(
        document_id=event.document_id,
        kind=event.kind,
        title=event.title,
        author=event.author,
        dated=event.dated,
        filed_on=event.occurred_on,
        filed_by=event.metadata.recorded_by.name,
        media_type=event.media_type,
        size=event.size,
        sha256=event.sha256,
        data_class=event.data_class,
        origin=event.origin,
    )
