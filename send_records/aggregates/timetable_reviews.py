"""Timetable reviews: a reduced timetable looked at with pupil and parents, and brought to its end.

    (agreed: see ``reduced_timetables``) ---> local authority told, reviewed ---> ended: full time

It is reviewed with pupil and parents and is not long-term (``facts.md`` 8.1); "the aim should be to
build the child to full time provision as soon as reasonably possible" (policy s.17).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.reduced_timetables import (
    LEADERS,
    ReducedTimetable,
    TimetableTooLong,
    agreed_until,
)
from send_records.aggregates.values import Day, Name, Words, day_in_words
from send_records.aggregates.voices import VoiceMissing
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class TimetableNotReduced(RuleBroken):
    """No reduced timetable is in force."""


def timetable_in_force(pupil: Pupil) -> ReducedTimetable:
    """Return the reduced timetable in force; raise TimetableNotReduced without one."""
    if pupil.reduced_timetable is None:
        raise TimetableNotReduced("The pupil has no reduced timetable now.")
    return pupil.reduced_timetable


def _require_agreed_by(timetable: ReducedTimetable, day: date) -> None:
    if day < timetable.agreed_on:
        raise Invalid(f"It was agreed on {day_in_words(timetable.agreed_on)}.")


class ReducedTimetableNotified(PupilEvent):
    local_authority: str
    la_notified_on: date
    la_reference: str | None
    how: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def recipients(self) -> tuple[str, ...]:
        return (self.local_authority,)


class NotifyReducedTimetable(Command):
    """Record that the local authority was told of a reduced timetable after it was agreed.

    Councils want to know within a day to two weeks (``facts.md`` 8.1).  Not checked: which, and
    whether another was told; a pupil may live in one area and learn in the next.
    """

    roles = LEADERS

    local_authority: Name
    la_reference: Name | None = None
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        timetable = timetable_in_force(pupil)
        _require_agreed_by(timetable, self.occurred_on)
        return [
            ReducedTimetableNotified(
                **self.entry(pupil, by),
                local_authority=self.local_authority,
                la_notified_on=self.occurred_on,
                la_reference=self.la_reference,
                how=self.how,
            )
        ]


class ReviewOutcome(StrEnum):
    """What a review of a reduced timetable decided."""

    CONTINUE = "continue"
    MORE_TIME = "more_time_in_school"
    FULL_TIME = "return_to_full_time"


class ReducedTimetableReviewed(PupilEvent):
    outcome: ReviewOutcome
    summary: str
    sessions: str | None
    pupil_view: str | None
    pupil_view_missing_because: str | None
    parent_view: str | None
    parent_view_missing_because: str | None
    next_review_on: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class ReviewReducedTimetable(Command):
    """Review a reduced timetable with pupil and parents (``facts.md`` 8.1).

    Parents may withdraw: a timetable that goes on has their agreement on the day of the review.
    """

    roles = LEADERS

    outcome: ReviewOutcome
    summary: Words
    sessions: Words | None = None
    """The sessions from now on, if they change."""
    pupil_view: Words | None = None
    pupil_view_missing_because: Words | None = None
    parent_view: Words | None = None
    parent_view_missing_because: Words | None = None
    next_review_on: Day | None = None
    """Two weeks on, or the end if that is sooner, unless another day is set or it is to end."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        timetable = timetable_in_force(pupil)
        _require_agreed_by(timetable, self.occurred_on)
        if self.pupil_view is None and self.pupil_view_missing_because is None:
            raise VoiceMissing("Record the pupil's view, or why there is none.")
        if self.parent_view is None and self.parent_view_missing_because is None:
            raise VoiceMissing("Record the parents' view, or why there is none.")
        return [
            ReducedTimetableReviewed(
                **self.entry(pupil, by),
                outcome=self.outcome,
                summary=self.summary,
                sessions=self.sessions,
                pupil_view=self.pupil_view,
                pupil_view_missing_because=self.pupil_view_missing_because,
                parent_view=self.parent_view,
                parent_view_missing_because=self.parent_view_missing_because,
                next_review_on=self._next_review(pupil, timetable, by),
            )
        ]

    def _next_review(self, pupil: Pupil, timetable: ReducedTimetable, by: By) -> date | None:
        if self.outcome is ReviewOutcome.FULL_TIME:
            return None
        if self.occurred_on >= timetable.end_on:
            raise TimetableTooLong(f"It ended on {day_in_words(timetable.end_on)}: record that.")
        agreed_until(pupil, self.occurred_on, timetable.end_on)
        interval = by.rules.interval("reduced_timetable_review", self.occurred_on)
        next_on = self.next_review_on or min(interval.after(self.occurred_on), timetable.end_on)
        if not self.occurred_on < next_on <= timetable.end_on:
            raise Invalid("Set the next review after this one, by the end of the timetable.")
        return next_on


class ReducedTimetableEnded(PupilEvent):
    returned_full_time_on: date | None
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, reduced_timetable=None)


class EndReducedTimetable(Command):
    """End a reduced timetable, with the day from which the pupil is in school full time.

    That day may be the first after a holiday, so it may be still to come.
    """

    roles = LEADERS

    returned_full_time_on: Day | None = None
    why: Words | None = None
    """Needed where the pupil did not return to full time: as when they left."""

    @model_validator(mode="after")
    def _returned_or_why_not(self) -> EndReducedTimetable:
        if self.returned_full_time_on is None and self.why is None:
            raise ValueError("Say from when the pupil is full time, or why they are not")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        timetable = timetable_in_force(pupil)
        _require_agreed_by(timetable, self.occurred_on)
        returned = self.returned_full_time_on
        if returned is not None and returned < timetable.agreed_on:
            raise Invalid("The pupil returns to full time after the timetable was reduced.")
        return [
            ReducedTimetableEnded(
                **self.entry(pupil, by),
                returned_full_time_on=returned,
                why=self.why,
            )
        ]
