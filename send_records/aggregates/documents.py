"""Documents: reports, letters and other papers that came from elsewhere, kept as they came.

    uploaded ---> filed ---> superseded by a newer one; both stay

A document is uploaded first and filed under the same key, which is its id.  Its size, its hash and
its type are what the store measured (``by.content``), never what the caller says.  Each is classed
when it is filed: "health data in SEND files has a different exemption path" (Data Protection Act
2018 Sch 3).  Policy s.11 (the SEND file) and s.22; what may be filed is in
``rules/documents.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contents import Content, Sha256
from send_records.aggregates.days import require_past
from send_records.aggregates.document_kinds import COMES_FROM, DocumentKind
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import (
    SENDCOS,
    DataClass,
    Day,
    Name,
    Origin,
    Role,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, NotFound, NotPermitted, RuleBroken, TooLarge, TypeNotTaken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


OWN_REPORTS = {DocumentKind.PROFESSIONAL_REPORT, DocumentKind.MEDICAL_LETTER}
"""What a professional from outside files themself (``security.md``, "Who may do what")."""

FILERS = SENDCOS | {Role.DPO}
"""Who keeps the record, and who keeps the letters about it: requests, complaints, orders (policy
s.8.6; UK GDPR Art 39)."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document on file."""

    id: UUID
    filed_on: date
    dated: date
    media_type: str
    size: int
    sha256: str
    superseded_by: UUID | None = None


class NotTheirOwnReport(NotPermitted):
    """A professional from outside files their own report, and no other paper."""

    basis = "UK GDPR Art 5(1)(c) and (f)"


class ContentUnknown(NotFound):
    """What is filed was uploaded for this pupil before, under the same key."""


class ContentDiffers(Invalid):
    """What was uploaded is not what the caller meant to file."""


class ContentTooOld(RuleBroken):
    """What is uploaded and not filed is not kept: nobody would know that it is there."""

    basis = "UK GDPR Art 5(1)(c) and (e)"


class DocumentAlreadyFiled(RuleBroken):
    """The same file is on a pupil's file once."""

    basis = "UK GDPR Art 5(1)(c) and (d)"


class DocumentSupersededAlready(RuleBroken):
    """A document is superseded once, by one that is itself current."""


def document_on_file(pupil: Pupil, document_id: UUID) -> Document:
    """Return a document; raise NotFound if it is not on the pupil's file."""
    document = pupil.documents.get(document_id)
    if document is None:
        raise NotFound("No document of that id is on the pupil's file.")
    return document


def require_size(size: int, rules: Rules, on: date) -> None:
    """Refuse what is larger than a document may be."""
    largest = rules.document_limit(on).largest_bytes
    if size > largest:
        raise TooLarge(f"A document has at most {largest:,} bytes.")


def require_type(media_type: str, rules: Rules, on: date) -> None:
    """Refuse a type that is not on the list."""
    if rules.document_type(media_type, on) is None:
        names = ", ".join(row.label for row in rules.types_taken(on))
        raise TypeNotTaken(f"A file of this type is not taken. Taken are: {names}.")


class DocumentFiled(PupilEvent):
    measured = frozenset({"media_type", "size", "sha256"})

    document_id: UUID
    media_type: str
    size: int
    sha256: str
    kind: DocumentKind
    title: str
    author: str | None
    dated: date

    def apply(self, pupil: Pupil) -> Pupil:
        document = Document(
            self.document_id,
            self.occurred_on,
            self.dated,
            self.media_type,
            self.size,
            self.sha256,
        )
        return replace(pupil, documents={**pupil.documents, document.id: document})


class FileDocument(Command):
    """File what was uploaded under the same Idempotency-Key, which becomes the document's id.

    Not checked: what it says, whether a PDF asks for a password or holds scripts, and whether the
    title names somebody; a title is sealed like every word.
    """

    roles = FILERS | {Role.PROFESSIONAL}
    files_content = True

    data_class: DataClass
    """To be said of each document: it decides who may be told of it."""
    kind: DocumentKind
    title: Name
    author: Name | None = None
    dated: Day
    """The date that stands on it."""
    sha256: Sha256 | None = None
    """What its hash should be, for a caller who has one to compare."""

    def comes_from(self, pupil: Pupil) -> Origin:
        return COMES_FROM.get(self.kind, self.origin)

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_past(self.dated, by)
        outside = by.metadata.recorded_by.role is Role.PROFESSIONAL
        if outside and self.kind not in OWN_REPORTS:
            raise NotTheirOwnReport("File your own report, or ask the SENDCo to file this.")
        content = self._uploaded(by)
        require_size(content.size, by.rules, by.today)
        require_type(content.media_type, by.rules, by.today)
        for document in pupil.documents.values():
            if document.sha256 == content.sha256:
                raise DocumentAlreadyFiled(
                    f"The same file was filed on {day_in_words(document.filed_on)}, "
                    f"dated {day_in_words(document.dated)}."
                )
        return [
            DocumentFiled(
                **self.entry(pupil, by),
                document_id=by.new_id,
                media_type=content.media_type,
                size=content.size,
                sha256=content.sha256,
                kind=self.kind,
                title=self.title,
                author=self.author,
                dated=self.dated,
            )
        ]

    def _uploaded(self, by: By) -> Content:
        """Return what was uploaded, if it is there, is what was meant and is not about to go."""
        content = by.content
        if content is None:
            raise ContentUnknown("Upload the document first, under the same key.")
        if self.sha256 not in (None, content.sha256):
            raise ContentDiffers("What was uploaded has another hash: upload it again.")
        hours = by.rules.document_limit(by.today).file_within_hours
        if content.age > timedelta(hours=hours):
            raise ContentTooOld(f"It was uploaded over {hours} hours ago: upload it again.")
        return content


class DocumentSuperseded(PupilEvent):
    document_id: UUID
    superseded_by: UUID
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        document = pupil.documents.get(self.document_id)
        if document is None or self.superseded_by not in pupil.documents:
            return pupil
        document = replace(document, superseded_by=self.superseded_by)
        return replace(pupil, documents={**pupil.documents, document.id: document})


class SupersedeDocument(Command):
    """Record that a newer document takes an older one's place; both stay on file.

    Not checked: their dates.  A corrected report may bear the date of the one it corrects.
    """

    roles = FILERS

    document_id: UUID
    """The older one."""
    superseded_by: UUID
    """The newer one."""
    why: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        older = document_on_file(pupil, self.document_id)
        newer = document_on_file(pupil, self.superseded_by)
        if older.id == newer.id:
            raise DocumentSupersededAlready("A document does not supersede itself.")
        for document in (older, newer):
            if document.superseded_by is not None:
                raise DocumentSupersededAlready(
                    f"The document of {day_in_words(document.dated)} was superseded before."
                )
        return [
            DocumentSuperseded(
                **self.entry(pupil, by),
                document_id=older.id,
                superseded_by=newer.id,
                why=self.why,
            )
        ]
