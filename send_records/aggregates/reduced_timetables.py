"""Reduced timetables: less than full-time school, for a while, with everybody's agreement.

    agreed by parents and two leaders ---> (reviewed, ended: see ``timetable_reviews``)

Children are entitled to full-time education, so this is for very exceptional circumstances, never
to manage behaviour, and ends on a day that is set (``facts.md`` 8.1).  Principal and Head of
Inclusion agree to it, with parental consent, and full time is aimed at (policy s.17).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from send_records.aggregates.base import By, Command, Kept, PupilEvent
from send_records.aggregates.consents import (
    Agreement,
    ParentalAgreementMissing,
    Purpose,
    agreement_in_force,
)
from send_records.aggregates.days import require_past
from send_records.aggregates.values import (
    SENDCOS,
    DataClass,
    Day,
    Few,
    Name,
    Role,
    Some,
    Value,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

LEADERS = SENDCOS | {Role.PRINCIPAL, Role.HEAD_OF_INCLUSION}
"""The SENDCo recommends; the two who approve may record it themselves (policy s.17)."""

APPROVERS = {Role.PRINCIPAL, Role.HEAD_OF_INCLUSION}


class TimetableGround(StrEnum):
    """What a reduced timetable is for; ``why`` says more."""

    INDUCTION = "induction"
    REINDUCTION = "re_induction"
    MEDICAL = "medical"
    MENTAL_HEALTH = "mental_health"
    BEREAVEMENT = "bereavement_or_trauma"
    OTHER = "other_exceptional"
    BEHAVIOUR = "behaviour"
    """Known so that it is refused by its name; see ``NotForBehaviour``."""


@dataclass(frozen=True, slots=True)
class ReducedTimetable:
    """The reduced timetable in force."""

    agreed_on: date
    start_on: date
    end_on: date


class NotForBehaviour(RuleBroken):
    """A reduced timetable must not be used to manage behaviour: that may be unlawful exclusion."""

    basis = "Education Act 2002 s.51A; SEND policy s.17 (facts.md 8.1)"


class NotApprovedByBoth(RuleBroken):
    """The Principal and the Head of Inclusion both approve, and are two people."""

    basis = "SEND policy s.17"


class TimetableTooLong(RuleBroken):
    """A reduced timetable is short, and its end is set before it begins."""

    basis = "SEND policy s.17 (facts.md 8.1)"


class BegunBeforeAgreed(RuleBroken):
    """A reduced timetable starts once it is agreed: imposed, it may be an unlawful exclusion."""

    basis = "Education Act 2002 s.51A; SEND policy s.17 (facts.md 8.1)"


class TimetableAlreadyReduced(RuleBroken):
    """One reduced timetable is in force at a time; another is agreed when it has ended."""


class Approval(Kept):
    """Who approved, in which of the two roles."""

    name: Name
    role: Literal[Role.PRINCIPAL, Role.HEAD_OF_INCLUSION]
    approved_on: Day | None = None


class StepUp(Value):
    """More time in school, from a day."""

    from_on: Day
    sessions: Words


class FrozenLimit(Kept):
    """The row that limited the timetable, as it read when it was applied."""

    local_authority: str
    days: int
    citation: str


def agreed_until(pupil: Pupil, on: date, until: date) -> Agreement:
    """Return the parents' agreement, in force on a day and until another; raise without one."""
    agreement = agreement_in_force(pupil, Purpose.REDUCED_TIMETABLE, None, on)
    if agreement.expires_on < until:
        raise ParentalAgreementMissing(
            f"The parents agreed until {day_in_words(agreement.expires_on)}: end it by then."
        )
    return agreement


class ReducedTimetableAgreed(PupilEvent):
    ground: TimetableGround
    why: str
    start_on: date
    end_on: date
    review_on: date
    sessions: str
    step_up: tuple[StepUp, ...]
    alternatives_tried: str | None
    risk_assessment: str | None
    safeguarding_off_site: str | None
    local_authority: str | None
    la_notified_on: date | None
    la_reference: str | None
    approved_by: tuple[Approval, ...]
    agreement_given_on: date
    limit: FrozenLimit

    def apply(self, pupil: Pupil) -> Pupil:
        agreed = ReducedTimetable(self.occurred_on, self.start_on, self.end_on)
        return replace(pupil, reduced_timetable=agreed)

    def recipients(self) -> tuple[str, ...]:
        return (self.local_authority or "Local authority",) if self.la_notified_on else ()


class AgreeReducedTimetable(Command):
    """Put a reduced timetable in place (policy s.17, ``facts.md`` 8.1).

    Not checked: that the words say nothing of behaviour; that the local authority was told, which
    may be recorded later, for its own rules time it; and how many went before, which the chronology
    shows and no source counts.
    """

    roles = LEADERS

    ground: TimetableGround
    why: Words
    start_on: Day
    end_on: Day
    review_on: Day | None = None
    """Two weeks on, or the end if that is sooner, unless another day is set."""
    sessions: Words
    step_up: Few[StepUp] = ()
    alternatives_tried: Words | None = None
    risk_assessment: Words | None = None
    safeguarding_off_site: Words | None = None
    """How the pupil is kept safe, and taught, when not in school, and who sees to it."""
    local_authority: Name | None = None
    """Whose limit applies, where it has one of its own."""
    la_notified_on: Day | None = None
    la_reference: Name | None = None
    approved_by: Some[Approval]

    def classed(self) -> DataClass:
        health = self.ground in (TimetableGround.MEDICAL, TimetableGround.MENTAL_HEALTH)
        return DataClass.HEALTH if health else self.data_class

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        self._require_allowed(pupil, by)
        return [
            ReducedTimetableAgreed(
                **self.entry(pupil, by),
                ground=self.ground,
                why=self.why,
                start_on=self.start_on,
                end_on=self.end_on,
                review_on=self._review(by),
                sessions=self.sessions,
                step_up=self.step_up,
                alternatives_tried=self.alternatives_tried,
                risk_assessment=self.risk_assessment,
                safeguarding_off_site=self.safeguarding_off_site,
                local_authority=self.local_authority,
                la_notified_on=self.la_notified_on,
                la_reference=self.la_reference,
                approved_by=self.approved_by,
                agreement_given_on=agreed_until(pupil, self.occurred_on, self.end_on).given_on,
                limit=self._limit(by),
            )
        ]

    def _require_allowed(self, pupil: Pupil, by: By) -> None:
        if pupil.reduced_timetable is not None:
            ends = day_in_words(pupil.reduced_timetable.end_on)
            raise TimetableAlreadyReduced(f"One is agreed until {ends}: end it first.")
        if self.ground is TimetableGround.BEHAVIOUR:
            raise NotForBehaviour("Support behaviour in school, in a full week.")
        if self.start_on < self.occurred_on:
            raise BegunBeforeAgreed("Set the start on the day it is agreed, or after it.")
        days = [self.start_on, *(step.from_on for step in self.step_up), self.end_on]
        if days != sorted(days):
            raise Invalid("Put the steps in order, between the start and the end.")
        if self.la_notified_on is not None:
            require_past(self.la_notified_on, by)
        self._require_approved()

    def _require_approved(self) -> None:
        names = {" ".join(each.name.split()).casefold() for each in self.approved_by}
        if {each.role for each in self.approved_by} != APPROVERS or len(names) < 2:
            raise NotApprovedByBoth("Name the Principal and the Head of Inclusion who approved.")
        if max(each.approved_on or date.min for each in self.approved_by) > self.occurred_on:
            raise NotApprovedByBoth("Both approve by the day on which it is agreed.")

    def _limit(self, by: By) -> FrozenLimit:
        limit = by.rules.timetable_limit(self.local_authority, self.start_on)
        if (self.end_on - self.start_on).days >= limit.days:
            last = self.start_on + timedelta(days=limit.days - 1)
            raise TimetableTooLong(f"End it by {day_in_words(last)}: {limit.citation}.")
        return FrozenLimit(
            local_authority=limit.local_authority, days=limit.days, citation=limit.citation
        )

    def _review(self, by: By) -> date:
        interval = by.rules.interval("reduced_timetable_review", self.start_on)
        review_on = self.review_on or min(interval.after(self.start_on), self.end_on)
        if not self.start_on <= review_on <= self.end_on:
            raise Invalid("Review a reduced timetable between its start and its end.")
        return review_on
