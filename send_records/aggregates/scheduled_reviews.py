"""Scheduled reviews: the day that is set for a review, and that it was missed.

    scheduled ---> held (``reviews``)
              \\--> missed

Code of Practice 6.53 and 6.65 (at least three times a year); policy s.10.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.reviews import ReviewKind, require_not_annual
from send_records.aggregates.values import SENDCOS, TEACHERS, Clear, Day, Name, Some, Words
from send_records.errors import Invalid, NotFound

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class ScheduledReview:
    """A review that is to come."""

    id: UUID
    kind: ReviewKind
    planned_on: date


class ReviewScheduled(PupilEvent):
    review_id: UUID
    kind: ReviewKind
    planned_on: Clear[date]
    invited: tuple[str, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        review = ScheduledReview(self.review_id, self.kind, self.planned_on)
        return replace(pupil, scheduled_reviews={**pupil.scheduled_reviews, review.id: review})

    def require_valid(self, by: By) -> None:
        require_not_annual(self.kind)


class ScheduleReview(Command):
    """Set the day of a review and say who is invited."""

    roles = TEACHERS

    kind: ReviewKind
    planned_on: Day
    invited: Some[Name]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_not_annual(self.kind)
        if self.planned_on < self.occurred_on:
            raise Invalid("Set the review on the day of this entry or after it.")
        return [
            ReviewScheduled(
                **self.entry(pupil, by),
                review_id=by.new_id,
                kind=self.kind,
                planned_on=self.planned_on,
                invited=self.invited,
            )
        ]


class ReviewMissed(PupilEvent):
    review_id: UUID
    planned_on: date
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        remaining = {k: v for k, v in pupil.scheduled_reviews.items() if k != self.review_id}
        return replace(pupil, scheduled_reviews=remaining)


class RecordMissedReview(Command):
    """Record that a scheduled review was not held, and why; schedule the next one after it."""

    roles = SENDCOS

    review_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        scheduled = pupil.scheduled_reviews.get(self.review_id)
        if scheduled is None:
            raise NotFound(f"The pupil has no scheduled review {self.review_id}.")
        return [
            ReviewMissed(
                **self.entry(pupil, by),
                review_id=scheduled.id,
                planned_on=scheduled.planned_on,
                why=self.why,
            )
        ]
