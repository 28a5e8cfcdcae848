"""Documents: uploaded, filed under the same key, superseded (policy s.11, 22; DPA 2018 Sch 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from send_records.aggregates.documents import FileDocument, SupersedeDocument
from send_records.aggregates.values import Role
from tests.aggregates.model.book import Desk, refuses, writes
from tests.aggregates.model.numbers import holds, latest


@refuses(FileDocument)
def filing(desk: Desk, said: FileDocument) -> Iterator[str]:
    """What was uploaded lately, is what was meant, of a type and size that are taken, and new."""
    if desk.role is Role.PROFESSIONAL and said.kind not in (
        "professional_report",
        "medical_letter",
    ):
        yield "NotTheirOwnReport"
    if desk.ahead(said.dated):
        yield "NotYetHappened"
    if desk.uploaded is None:
        yield "ContentUnknown"
        return
    size, sha256, media_type, age = desk.uploaded
    limit = latest(desk.rules.document_limits, desk.today)
    if said.sha256 is not None and said.sha256 != sha256:
        yield "ContentDiffers"
    if age > timedelta(hours=limit.file_within_hours):
        yield "ContentTooOld"
    if size > limit.largest_bytes:
        yield "TooLarge"
    taken = [row.media_type for row in desk.rules.document_types if holds(row, desk.today)]
    if media_type not in taken:
        yield "TypeNotTaken"
    if sha256 in [filed for filed, _ in desk.book.documents.values()]:
        yield "DocumentAlreadyFiled"


@writes(FileDocument)
def filed(desk: Desk, said: FileDocument) -> None:
    assert desk.uploaded is not None
    desk.book.documents[desk.new_id] = (desk.uploaded[1], None)


@refuses(SupersedeDocument)
def superseding(desk: Desk, said: SupersedeDocument) -> Iterator[str]:
    """By another that is on file; both current until now."""
    both = [desk.book.documents.get(each) for each in (said.document_id, said.superseded_by)]
    if None in both:
        yield "NotFound"
    if said.document_id == said.superseded_by:
        yield "DocumentSupersededAlready"
    if any(document is not None and document[1] is not None for document in both):
        yield "DocumentSupersededAlready"


@writes(SupersedeDocument)
def superseded(desk: Desk, said: SupersedeDocument) -> None:
    sha256, _ = desk.book.documents[said.document_id]
    desk.book.documents[said.document_id] = (sha256, said.superseded_by)
