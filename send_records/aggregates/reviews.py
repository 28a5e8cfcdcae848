"""Reviews: did the plan work, who was there, and what pupil and parents had to say.

    (``scheduled_reviews``) ---> held: every target reviewed, both voices heard ---> next one due

Code of Practice 6.53-6.56 and 6.65 (at least three times a year); policy s.10.2, 11 (voice of
parent and pupil collected at termly reviews) and 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import (
    TEACHERS,
    Clear,
    Day,
    Few,
    Flag,
    Name,
    Some,
    Value,
    Words,
    day_in_words,
)
from send_records.aggregates.voices import Voice, heard_for_review, require_heard
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class ReviewKind(StrEnum):
    """What kind of review it is; half-termly reviews of monitoring are in ``monitoring``, those of
    an EHC plan in ``annual_reviews``."""

    TERMLY = "termly"
    PERSON_CENTRED = "person_centred"
    END_OF_REGISTER = "end_of_register"
    EHCP_ANNUAL = "ehcp_annual"
    """Known so that it is refused by its name; see ``AnnualReviewIsItsOwnEntry``."""


class TargetOutcome(StrEnum):
    """What became of a target."""

    MET = "met"
    PARTLY_MET = "partly_met"
    NOT_MET = "not_met"
    WITHDRAWN = "withdrawn"


class Part(StrEnum):
    """In what part somebody comes to a review."""

    PUPIL = "pupil"
    PARENT = "parent"
    STAFF = "staff"
    PROFESSIONAL = "professional"


class Attendee(Value):
    """Somebody invited to a review, or present at it, or both."""

    part: Part
    name: Name
    invited: Flag
    present: Flag


class TargetReview(Value):
    """What became of one target, and how that is known."""

    ref: Name
    outcome: TargetOutcome
    evidence: Words


@dataclass(frozen=True, slots=True)
class Review:
    """A review held, as later decisions need to know it."""

    kind: ReviewKind
    pupil_took_part: bool
    parents_took_part: bool


class TargetsNotReviewed(RuleBroken):
    """A review evaluates every target of the plan that support follows, and no other."""

    basis = "SEND policy s.10.2 and 11; SEND Code of Practice 6.53-6.56"


class AnnualReviewIsItsOwnEntry(RuleBroken):
    """The annual review of an EHC plan is called and held as one: its notice, its advice, its
    outcomes and its report are the law's, and its clocks follow from it."""

    basis = "Children and Families Act 2014 s.44; SEND Regulations 2014 reg 20"


class AlreadyReviewed(RuleBroken):
    """One review is held with a family on a day."""


def require_not_annual(kind: ReviewKind) -> None:
    """Refuse the annual review of an EHC plan, which is recorded as one: ``annual_reviews``."""
    if kind is ReviewKind.EHCP_ANNUAL:
        raise AnnualReviewIsItsOwnEntry("Call or hold it as an annual review of the EHC plan.")


class TargetReviewed(PupilEvent):
    plan_id: UUID
    ref: str
    outcome: TargetOutcome
    evidence: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class ReviewHeld(PupilEvent):
    kind: ReviewKind
    attendees: tuple[Attendee, ...]
    impact: str
    pupil_voice: str | None
    pupil_voice_missing_because: str | None
    parent_voice: str | None
    parent_voice_missing_because: str | None
    next_steps: str
    next_review_on: Clear[date | None]

    def apply(self, pupil: Pupil) -> Pupil:
        """Being there counts as taking part, and so do words said at the review or for it."""
        present = {attendee.part for attendee in self.attendees if attendee.present}
        review = Review(
            self.kind,
            pupil_took_part=Part.PUPIL in present
            or self.pupil_voice is not None
            or heard_for_review(pupil, Voice.PUPIL, self.occurred_on),
            parents_took_part=Part.PARENT in present
            or self.parent_voice is not None
            or heard_for_review(pupil, Voice.PARENT, self.occurred_on),
        )
        remaining = {
            k: v
            for k, v in pupil.scheduled_reviews.items()
            if v.kind is not self.kind or v.planned_on > self.occurred_on
        }
        return replace(
            pupil,
            reviews={**pupil.reviews, self.occurred_on: review},
            scheduled_reviews=remaining,
        )

    def require_valid(self, by: By) -> None:
        require_not_annual(self.kind)


class HoldReview(Command):
    """Record a review that was held: targets, impact, both voices, and what follows."""

    roles = TEACHERS

    kind: ReviewKind
    attendees: Some[Attendee]
    targets: Few[TargetReview] = ()
    impact: Words
    pupil_voice: Words | None = None
    pupil_voice_missing_because: Words | None = None
    parent_voice: Words | None = None
    parent_voice_missing_because: Words | None = None
    next_steps: Words
    next_review_on: Day | None = None
    """A term on, unless another day is set."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_not_annual(self.kind)
        if self.occurred_on in pupil.reviews:
            raise AlreadyReviewed(
                f"A review held on {day_in_words(self.occurred_on)} is on record."
            )
        self._require_targets(pupil)
        heard, because = self.pupil_voice, self.pupil_voice_missing_because
        require_heard(pupil, Voice.PUPIL, heard or because, self.occurred_on)
        heard, because = self.parent_voice, self.parent_voice_missing_because
        require_heard(pupil, Voice.PARENT, heard or because, self.occurred_on)
        events: list[PupilEvent] = []
        if pupil.working_plan is not None:
            for target in self.targets:
                reviewed = TargetReviewed(
                    **self.entry(pupil, by),
                    plan_id=pupil.working_plan.id,
                    ref=target.ref,
                    outcome=target.outcome,
                    evidence=target.evidence,
                )
                events.append(reviewed)
                pupil = reviewed.mutate(pupil)
        held = ReviewHeld(
            **self.entry(pupil, by),
            kind=self.kind,
            attendees=self.attendees,
            impact=self.impact,
            pupil_voice=self.pupil_voice,
            pupil_voice_missing_because=self.pupil_voice_missing_because,
            parent_voice=self.parent_voice,
            parent_voice_missing_because=self.parent_voice_missing_because,
            next_steps=self.next_steps,
            next_review_on=self._next_review(by),
        )
        return [*events, held]

    def _require_targets(self, pupil: Pupil) -> None:
        plan = pupil.working_plan
        wanted = sorted(plan.targets) if plan is not None else []
        if sorted(target.ref for target in self.targets) != wanted:
            raise TargetsNotReviewed(
                f"Review each of these once: {', '.join(wanted)}." if wanted else "No plan is open."
            )

    def _next_review(self, by: By) -> date | None:
        if self.next_review_on is not None and self.next_review_on <= self.occurred_on:
            raise Invalid("The next review must be later than this one.")
        if self.next_review_on is not None or self.kind is ReviewKind.END_OF_REGISTER:
            return self.next_review_on
        return by.rules.interval("plan_review", self.occurred_on).after(self.occurred_on)
