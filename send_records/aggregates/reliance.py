"""Reliance: who and what went by an entry, until it was put right.

UK GDPR Art 19: whoever was given what was wrong is told; and what was decided by it is looked at
again.  So later entries are listed rather too many than too few, each with the reasons.  Nothing
here says that a decision was wrong: that is for people to find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from send_records.aggregates.agencies import AgencyReferred
from send_records.aggregates.annual_review_meetings import AnnualReviewHeld
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.concern_answers import ConcernAnswered
from send_records.aggregates.corrected import Corrects, EntryCorrected, EntryWithdrawn
from send_records.aggregates.corrections import entry_of
from send_records.aggregates.disputes import EntryDisputed, ProcessingRestricted, RestrictionLifted
from send_records.aggregates.ehc_requests import EhcAssessmentRequested
from send_records.aggregates.monitoring import MonitoringReviewed
from send_records.aggregates.paths import ids_in, leaves_of
from send_records.aggregates.reduced_timetables import ReducedTimetableAgreed
from send_records.aggregates.register import (
    AddedToSendRegister,
    RemovedFromSendRegister,
    SupportLevelChanged,
)
from send_records.aggregates.reviews import ReviewHeld
from send_records.aggregates.timetable_reviews import ReducedTimetableReviewed
from send_records.aggregates.transition import TransitionMeetingHeld

DECISIONS = (
    AddedToSendRegister,
    SupportLevelChanged,
    RemovedFromSendRegister,
    ConcernAnswered,
    AgencyReferred,
    EhcAssessmentRequested,
    ReducedTimetableAgreed,
)
"""What is decided on the record as a whole."""

REVIEWS = (
    ReviewHeld,
    MonitoringReviewed,
    AnnualReviewHeld,
    ReducedTimetableReviewed,
    TransitionMeetingHeld,
)
"""What looks at the record as a whole."""

ABOUT = (EntryCorrected, EntryWithdrawn, EntryDisputed, ProcessingRestricted, RestrictionLifted)

CODES = ("sen_type", "agency")
"""The fields by which entries name a need or an agency."""


class Because(StrEnum):
    """Why an entry is taken to have gone by another."""

    GIVEN_TO_OTHERS = "given_to_others"
    DECISION = "decision"
    REVIEW = "review"
    NAMES_IT = "names_it"
    NAMES_ITS_DAY = "names_its_day"
    SAME_NEED_OR_AGENCY = "same_need_or_agency"


@dataclass(frozen=True, slots=True)
class Reliance:
    """An entry that may have gone by another, why, and who was given something by it."""

    version: int
    event: str
    occurred_on: date
    because: tuple[Because, ...]
    recipients: tuple[str, ...]


def put_right_at(history: Sequence[DomainEvent], version: int) -> DomainEvent | None:
    """Return the entry that last put another one right; None if none did."""
    found = None
    for event in history:
        if isinstance(event, Corrects) and version in corrects(event):
            found = event
    return found


def corrects(event: Corrects) -> tuple[int, ...]:
    """Return the entries that one puts right."""
    return (event.entry_version,) if isinstance(event, EntryCorrected) else event.entry_versions


def relied_on(history: Sequence[DomainEvent], version: int) -> list[Reliance]:
    """Return the entries that went by one until it was last put right, or by now; raise
    NoSuchEntry.  Those withdrawn since are left out, and what is about other entries."""
    entry, until = entry_of(history, version), put_right_at(history, version)
    gone = {v for e in history if isinstance(e, EntryWithdrawn) for v in e.entry_versions}
    last = until.originator_version if until is not None else history[-1].originator_version + 1
    found = []
    for later in history:
        at = later.originator_version
        if not version < at < last or at in gone or isinstance(later, ABOUT):
            continue
        if because := tuple(_reasons(entry, later)):
            found.append(
                Reliance(at, type(later).__name__, later.occurred_on, because, later.recipients())
            )
    return found


def _reasons(entry: DomainEvent, later: DomainEvent) -> Iterator[Because]:
    if later.recipients():
        yield Because.GIVEN_TO_OTHERS
    if isinstance(later, DECISIONS):
        yield Because.DECISION
    if isinstance(later, REVIEWS):
        yield Because.REVIEW
    if _own_ids(entry) & ids_in(later):
        yield Because.NAMES_IT
    if entry.occurred_on in leaves_of(later):
        yield Because.NAMES_ITS_DAY
    if any(_code(entry, name) and _code(entry, name) == _code(later, name) for name in CODES):
        yield Because.SAME_NEED_OR_AGENCY


def _own_ids(entry: DomainEvent) -> set[UUID]:
    """Return the ids of what an entry made or is of; who else it names is not meant."""
    own = (getattr(entry, n) for n in type(entry).model_fields if n not in DomainEvent.model_fields)
    return {each for each in own if isinstance(each, UUID)} | {entry.metadata.command_id}


def _code(event: DomainEvent, name: str) -> str | None:
    found: str | None = getattr(event, name, None)
    return found
