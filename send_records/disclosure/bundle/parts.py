"""What a bundle is made of, what comes of it, and what it may hold at most.

Plain values, of no command and no table: whoever prepares a bundle says which documents and which
pages of the record stand in it, in which order; what it may hold comes in as ``Limits``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from send_records.disclosure.answer import GivenEntry
from send_records.disclosure.bundle.numbers import PageNumbering, PageOf
from send_records.disclosure.bundle.pages import PRACTICE_DIRECTION
from send_records.disclosure.held import Cut
from send_records.errors import Invalid


class BundleNotSound(Invalid):
    """What was made is not what was asked for: a number, a link or a bookmark is not right."""

    basis = PRACTICE_DIRECTION


class SheetKind(StrEnum):
    """In which shape entries of the record stand on a sheet."""

    CHRONOLOGY = "chronology"
    """A line to each entry: its day and what it says."""
    ENTRIES = "entries"
    """Each entry whole, field by field."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pages a part of the bundle may have, and which rule says so."""

    name: str
    """Sections of one budget and one party are counted together."""
    limit: int
    citation: str = PRACTICE_DIRECTION


@dataclass(frozen=True, slots=True)
class Limits:
    """What documents of a bundle are held to; None holds them to nothing."""

    expert_report_pages: int | None = None
    expert_report_years: int | None = None
    """How old a report may be on the day of the hearing."""
    summary_within_pages: int | None = None
    """Within how many of its first pages a report has its executive summary."""
    witness_statement_pages: int | None = None
    text_points: float | None = None
    """How large text is at least, as it stands on the page of the bundle."""
    citation: str = PRACTICE_DIRECTION


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """A document that came from elsewhere, as it stands in the bundle."""

    title: str
    dated: date | None
    author: str | None
    media_type: str
    content: bytes = field(repr=False)
    expert_report: bool = False
    witness_statement: bool = False
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SheetItem:
    """Pages that are made of entries of the record."""

    title: str
    entries: Sequence[GivenEntry]
    kind: SheetKind = SheetKind.CHRONOLOGY

    @property
    def dated(self) -> date | None:
        """The first day it tells of; None if it tells of none."""
        return min((given.entry.occurred_on for given in self.entries), default=None)


Item = DocumentItem | SheetItem


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the bundle: its items in the order in which they stand."""

    title: str
    items: tuple[Item, ...]
    budget: Budget | None = None
    party: str = ""


@dataclass(frozen=True, slots=True)
class BundleOf:
    """What a bundle is to be made of."""

    titles: tuple[str, ...]
    """Lines of the cover, the first of them its title."""
    tribunal: str
    reference: str | None
    child: str
    parties: tuple[str, ...]
    kind: str
    """In plain words: "Bundle for a disability discrimination claim"."""
    cut: Cut
    known_at: datetime
    """When the last entry up to the cut was recorded; the file says it was made then."""
    sections: tuple[Section, ...]
    numbering: PageNumbering = PageNumbering.CONTINUOUS
    hearing_on: date | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """Something the tribunal's rules would not have, said before it is sent."""

    code: str
    detail: str
    """A plain sentence, with the clause."""
    page: int | None = None
    """On which page of the file, from 1; None if on no one page."""


@dataclass(frozen=True, slots=True)
class SectionOf:
    """One section as it was made."""

    title: str
    pages: int
    """Of its items; the page that opens it is not counted."""
    limit: int | None


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a budget is used."""

    budget: str
    party: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two documents that are the same."""

    first: str
    """Its title, and the page it begins on."""
    second: str
    by_text: bool
    """Equal in their words only, and not to the byte."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as one PDF, and what there is to be said about it."""

    data: bytes = field(repr=False)
    pages: tuple[PageOf, ...]
    sections: tuple[SectionOf, ...]
    meters: tuple[Meter, ...]
    breaches: tuple[Breach, ...]
    duplicates: tuple[Duplicate, ...]
