"""The record as one PDF: what is given of it, for whoever reads it on paper or by ear.

Three things are made of the same pages: the answer to a subject access request (UK GDPR Art 15),
the pack for the next school with its receipt, and the evidence for a local authority (SEND policy
10.3).  What differs is the cover and which sections there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from send_records.disclosure.answer import Answer
from send_records.disclosure.child import in_child
from send_records.disclosure.landing import landed
from send_records.disclosure.record_cover import RecordOf, cover
from send_records.disclosure.record_sections import sections
from send_records.disclosure.typesetting import LIMITS, typeset

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a record without an entry was last added to."""


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page, and which entries of the record are on it in full or in part."""

    number: int
    """From 1, in the file."""
    label: str
    """As it is printed on it, and as readers of PDF show it."""
    entries: tuple[int, ...]
    """Versions."""


@dataclass(frozen=True, slots=True)
class RecordPdf:
    """The document, and what is where in it."""

    data: bytes
    pages: tuple[PageOf, ...]


def record_pdf(
    answer: Answer, made: RecordOf, *, stopped: Callable[[], bool] = lambda: False
) -> RecordPdf:
    """Return what is given of a record as tagged PDF/UA-1, the same bytes for the same answer.

    Raise WorkTooLarge past the limits of one document, WorkStopped once stopped.
    """
    data = typeset(
        "record.typ",
        {**cover(answer, made), "sections": sections(answer, made)},
        dated=answer.held.known_at or NEVER,
        stopped=stopped,
    )
    pages = in_child(landed, data, limits=LIMITS, stopped=stopped)
    return RecordPdf(data, tuple(PageOf(*page) for page in pages))
