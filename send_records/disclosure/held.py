"""What is held of one pupil at a cut through the log: gathered once, and never changed.

Whatever leaves is made of this.  The same cut is gathered the same, so what was made of it can be
made again, to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import JsonValue

from send_records.aggregates.items import ItemRef
from send_records.documents.rows import DocumentRow
from send_records.store.access import AccessRow


@dataclass(frozen=True, slots=True)
class Cut:
    """Up to where: entries of the log, rows of the access log and, if a day is said, what had
    happened by its end."""

    position: int
    accesses: int
    """Position in the access log; 0 for none of it."""
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose record it is, as the record has it at the cut."""

    pupil_id: UUID
    legal_name: str
    date_of_birth: date | None
    upn: str | None
    academy: str
    nc_year: str
    class_name: str | None
    left_on: date | None
    merged_into: UUID | None = None
    """The record that was kept, if this one was merged into another: it is disclosed under its own
    id."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an entry, as people read it."""

    path: str
    """The field's name, as ``Parts.fields`` says it: ``observed``, or ``scores.0.value`` within."""
    label: str
    """In plain words: "Observed"."""
    value: str
    """In plain words: dates, codes and flags too."""


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """One entry, as it was recorded."""

    version: int
    position: int
    event: str
    """Its topic: ``AssessmentRecorded``."""
    title: str
    """In plain words: "Assessment recorded"."""
    kind: str
    """Of which kind of record it is, in plain words: "Assessments"."""
    occurred_on: date
    recorded_at: datetime
    recorded_by: str
    role: str
    academy: str | None
    data_class: str
    origin: str
    says: str
    """What the chronology says of it."""
    lines: tuple[Line, ...]
    """All that was recorded, field by field, the reason too."""
    recorded: Mapping[str, JsonValue]
    """The same as JSON, as ``words`` and ``clear`` of an extract hold it together."""
    marks: tuple[str, ...] = ()
    """What later entries say of it: "Corrected by entry 14 of ...: “Observed” reads ..."."""
    marked_by: tuple[int, ...] = ()
    """The versions of the entries that say so, one for each mark."""
    quotes: tuple[int, ...] = ()
    """The versions of the entries that it repeats words of: those that it corrects."""

    @property
    def item(self) -> ItemRef:
        """By what it is named in a review."""
        return ItemRef(entry=self.version)


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """One document on the file, and the entry that filed it."""

    row: DocumentRow
    version: int
    position: int
    pages: int | None = None
    """None if it has no pages of its own: a text, or a file of an office program."""

    @property
    def item(self) -> ItemRef:
        """By what it is named in a review."""
        return ItemRef(document_id=self.row.document_id)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who was given something of the record (UK GDPR Art 15(1)(c))."""

    to: str
    what: str
    """In plain words, what kind of entry says so."""
    on: date
    version: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How long the record is kept, and by which rule (UK GDPR Art 15(1)(d))."""

    until: date | None
    rule: str
    citation: str
    holds: tuple[str, ...] = ()
    """What keeps it longer, in plain words."""
    held_by: tuple[int, ...] = ()
    """The versions of the entries that say so, one for each of ``holds``."""


@dataclass(frozen=True, slots=True)
class Held:
    """All that is held of one pupil at a cut."""

    subject: Subject
    cut: Cut
    known_at: datetime | None
    """When the last entry up to the cut was recorded; None without one."""
    entries: tuple[HeldEntry, ...]
    """In the order of their versions, but for those of reviews like this one."""
    documents: tuple[HeldDocument, ...]
    """In the order of their dates, then of filing; those superseded too."""
    accesses: tuple[AccessRow, ...]
    """Who has seen anything of it, in order."""
    recipients: tuple[Recipient, ...]
    kept: Kept
    sources: Mapping[str, int]
    """From whom it comes, in plain words, and in how many entries (UK GDPR Art 15(1)(g))."""
