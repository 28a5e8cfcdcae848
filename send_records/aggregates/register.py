"""The SEND register: who is on it, at which level of support, from when to when.

    added (targeted) ---> level changed (specialist, EHCP) ---> removed

The trust's levels are finer than the DfE's codes, and both are kept: monitoring is N, targeted and
specialist are K, an EHC plan is E (school census; ``facts.md`` 0 and 1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import ehc_plan_on, require_ehc_plan
from send_records.aggregates.monitoring import MonitoringEnd, MonitoringEnded
from send_records.aggregates.needs import PrimaryNeedMissing
from send_records.aggregates.notices import NoticeOf, told_on
from send_records.aggregates.values import SENDCOS, Clear, Day, Words, day_in_words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class SupportLevel(StrEnum):
    """The levels of support on the register (policy s.10)."""

    TARGETED = "targeted"
    SPECIALIST = "specialist"
    EHCP = "ehcp"


class ExitCriterion(StrEnum):
    """Why a pupil leaves the register (policy s.14)."""

    EXPECTED_PROGRESS = "expected_progress_sustained"
    ACCELERATED_PROGRESS = "accelerated_progress"


@dataclass(frozen=True, slots=True)
class Registration:
    """The pupil's place on the register now."""

    added_on: date
    level: SupportLevel


class AlreadyOnRegister(RuleBroken):
    """A pupil is on the register once at a time."""

    basis = "DfE school census: only one SEN provision open at a time"


class NotOnRegister(RuleBroken):
    """The pupil is not on the SEND register."""


class ParentsNotInformed(RuleBroken):
    """Parents are told that SEN provision is being made, before or as the pupil is added."""

    basis = "Children and Families Act 2014 s.68; SEND Code of Practice 6.43; SEND policy s.10.2"


class AgencyNotInvolved(RuleBroken):
    """Support is specialist once an external professional is involved."""

    basis = "SEND policy s.10.2"


class LevelUnchanged(RuleBroken):
    """A change of level is to another level."""


class ReviewMissing(RuleBroken):
    """A pupil leaves the register by a review held with the pupil and the parents."""

    basis = "SEND policy s.14"


class FamilyNotInReview(RuleBroken):
    """The review that decides it is one in which pupil and parents took part."""

    basis = "SEND policy s.14; Children and Families Act 2014 s.19"


class EhcPlanMaintained(RuleBroken):
    """While an EHC plan is maintained the pupil stays on the register; the LA ceases a plan."""

    basis = "Children and Families Act 2014 s.42 and s.45"


def registration(pupil: Pupil) -> Registration:
    """Return the pupil's place on the register; raise NotOnRegister if there is none."""
    if pupil.registration is None:
        raise NotOnRegister("The pupil is not on the SEND register.")
    return pupil.registration


def require_level(level: SupportLevel, pupil: Pupil, on: date) -> None:
    """Refuse specialist support without an agency, and the level EHCP without an EHC plan; and
    any other level while there is one."""
    if level is SupportLevel.SPECIALIST and not pupil.agencies:
        raise AgencyNotInvolved("Record which external professional is involved first.")
    if level is SupportLevel.EHCP:
        require_ehc_plan(pupil, on)
    elif ehc_plan_on(pupil, on) is not None:
        raise EhcPlanMaintained("An EHC plan is maintained on that day: the level is EHCP.")


class AddedToSendRegister(PupilEvent):
    level: Clear[SupportLevel]
    why: str
    primary_need: str
    parents_informed_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, registration=Registration(self.occurred_on, self.level))


class AddToSendRegister(Command):
    """Add a pupil to the SEND register; monitoring, if it goes on, ends with it.

    The parents' agreement is not a condition: telling them is (``facts.md`` 10.4).
    """

    roles = SENDCOS

    level: SupportLevel
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.registration is not None:
            raise AlreadyOnRegister(
                f"On the register since {day_in_words(pupil.registration.added_on)}."
            )
        primary = next((n.sen_type for n in pupil.needs.values() if n.rank == 1), None)
        if primary is None:
            raise PrimaryNeedMissing("Identify the primary need, of rank 1, first.")
        informed_on = told_on(pupil, NoticeOf.SEN_PROVISION, self.occurred_on)
        if informed_on is None:
            raise ParentsNotInformed("Record when, how and by whom the parents were told first.")
        require_level(self.level, pupil, self.occurred_on)
        events: list[PupilEvent] = []
        if pupil.monitoring is not None:
            ended = MonitoringEnded(
                **self.entry(pupil, by), outcome=MonitoringEnd.MOVED_TO_REGISTER
            )
            events.append(ended)
            pupil = ended.mutate(pupil)
        added = AddedToSendRegister(
            **self.entry(pupil, by),
            level=self.level,
            why=self.why,
            primary_need=primary,
            parents_informed_on=informed_on,
        )
        return [*events, added]


class SupportLevelChanged(PupilEvent):
    from_level: SupportLevel
    to_level: Clear[SupportLevel]
    why: str
    parents_informed_on: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        if pupil.registration is None:
            return pupil
        return replace(pupil, registration=replace(pupil.registration, level=self.to_level))


class ChangeSupportLevel(Command):
    """Record a change between targeted support, specialist support and an EHC plan."""

    roles = SENDCOS

    to_level: SupportLevel
    why: Words
    parents_informed_on: Day | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        current = registration(pupil)
        if current.level is self.to_level:
            raise LevelUnchanged(f"The level of support is already {self.to_level}.")
        require_level(self.to_level, pupil, self.occurred_on)
        if self.parents_informed_on is not None:
            require_past(self.parents_informed_on, by)
        return [
            SupportLevelChanged(
                **self.entry(pupil, by),
                from_level=current.level,
                to_level=self.to_level,
                why=self.why,
                parents_informed_on=self.parents_informed_on,
            )
        ]


class RemovedFromSendRegister(PupilEvent):
    criterion: Clear[ExitCriterion]
    review_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        """Parents are told anew should provision begin again: what they were told has ended."""
        told = pupil.notices.get(NoticeOf.SEN_PROVISION, ())
        since = tuple(day for day in told if day > self.occurred_on)
        notices = {**pupil.notices, NoticeOf.SEN_PROVISION: since}
        return replace(pupil, registration=None, notices=notices)


class RemoveFromSendRegister(Command):
    """Take a pupil off the register, as a review with pupil and parents decided (policy s.14).

    Universal support and monitoring of progress go on, and so does the record.
    """

    roles = SENDCOS

    criterion: ExitCriterion
    review_on: Day
    """The day of the review that decided it."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        current = registration(pupil)
        ehcp = current.level is SupportLevel.EHCP and not pupil.ehc_plans
        if ehcp or ehc_plan_on(pupil, self.occurred_on) is not None:
            raise EhcPlanMaintained("The local authority decides when an EHC plan ceases.")
        review = pupil.reviews.get(self.review_on)
        if review is None or not current.added_on <= self.review_on <= self.occurred_on:
            raise ReviewMissing(f"No review held on {day_in_words(self.review_on)} is on record.")
        if not (review.pupil_took_part and review.parents_took_part):
            raise FamilyNotInReview("Hold a review that pupil and parents take part in.")
        return [
            RemovedFromSendRegister(
                **self.entry(pupil, by), criterion=self.criterion, review_on=self.review_on
            )
        ]
