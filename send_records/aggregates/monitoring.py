"""Monitoring: watched and helped in class, recorded, and not on the SEND register.

    started ---> reviewed, each half term ---> ended: resolved, or moved to the register

Policy s.10.1: "The child is recorded as being monitored; this does not mean they will
automatically be placed on the SEND register."
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import SENDCOS, Clear, Day, Name, Some, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class MonitoringOutcome(StrEnum):
    """What a half-termly review found."""

    EXPECTED_PROGRESS = "expected_progress"
    SOME_PROGRESS = "some_progress"
    LITTLE_PROGRESS = "little_progress"


class NextStep(StrEnum):
    """What follows a half-termly review."""

    CONTINUE = "continue"
    END = "end"
    MOVE_TO_REGISTER = "move_to_register"


class MonitoringEnd(StrEnum):
    """How monitoring ended."""

    RESOLVED = "resolved"
    MOVED_TO_REGISTER = "moved_to_register"


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The monitoring now going on."""

    since: date
    next_review_on: date


class AlreadyMonitored(RuleBroken):
    """A pupil is monitored once at a time: review it, or end it."""


class NotMonitored(RuleBroken):
    """The pupil is not being monitored."""


class AlreadySupported(RuleBroken):
    """A pupil on the register has a plan and its reviews; monitoring is for those who are not."""

    basis = "SEND policy s.10.1"


def current_monitoring(pupil: Pupil) -> Monitoring:
    """Return the monitoring now going on; raise NotMonitored if there is none."""
    if pupil.monitoring is None:
        raise NotMonitored("Start monitoring first.")
    return pupil.monitoring


def review_day(given: date | None, held_on: date, by: By) -> date:
    """Return the day of the next review: the one given, or half a term on (policy 10.1)."""
    if given is None:
        return by.rules.interval("monitoring_review", held_on).after(held_on)
    if given <= held_on:
        raise Invalid("The next review must be later than the day of this entry.")
    return given


class MonitoringStarted(PupilEvent):
    focus: str
    next_review_on: Clear[date]

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, monitoring=Monitoring(self.occurred_on, self.next_review_on))


class StartMonitoring(Command):
    """Record that a pupil's progress is watched; half-termly reviews follow."""

    roles = SENDCOS

    focus: Words
    next_review_on: Day | None = None
    """Half a term from now, unless another day is set."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.monitoring is not None:
            raise AlreadyMonitored(f"Monitored since {day_in_words(pupil.monitoring.since)}.")
        if pupil.registration is not None:
            raise AlreadySupported(
                f"On the register since {day_in_words(pupil.registration.added_on)}."
            )
        next_review_on = review_day(self.next_review_on, self.occurred_on, by)
        return [
            MonitoringStarted(
                **self.entry(pupil, by), focus=self.focus, next_review_on=next_review_on
            )
        ]


class MonitoringReviewed(PupilEvent):
    present: tuple[str, ...]
    outcome: MonitoringOutcome
    summary: str
    next_step: NextStep
    next_review_on: Clear[date | None]

    def apply(self, pupil: Pupil) -> Pupil:
        if pupil.monitoring is None or self.next_review_on is None:
            return pupil
        monitoring = replace(pupil.monitoring, next_review_on=self.next_review_on)
        return replace(pupil, monitoring=monitoring)


class ReviewMonitoring(Command):
    """Record a half-termly review with the class teacher and the Principal (policy s.10.1).

    Not checked: that both are among those present.  They are named there in words, and the policy
    lets the Principal be spoken to at another time.
    """

    roles = SENDCOS

    present: Some[Name]
    outcome: MonitoringOutcome
    summary: Words
    next_step: NextStep
    next_review_on: Day | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        current_monitoring(pupil)
        continues = self.next_step is NextStep.CONTINUE
        return [
            MonitoringReviewed(
                **self.entry(pupil, by),
                present=self.present,
                outcome=self.outcome,
                summary=self.summary,
                next_step=self.next_step,
                next_review_on=review_day(self.next_review_on, self.occurred_on, by)
                if continues
                else None,
            )
        ]


class MonitoringEnded(PupilEvent):
    outcome: MonitoringEnd

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, monitoring=None)


class EndMonitoring(Command):
    """Record that monitoring ended because the concern is resolved.

    Moving to the register is recorded by ``AddToSendRegister``, which ends monitoring itself.
    """

    roles = SENDCOS

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        current_monitoring(pupil)
        return [MonitoringEnded(**self.entry(pupil, by), outcome=MonitoringEnd.RESOLVED)]
