"""The local authority's answers to a request: assess or not, issue a plan or not, and its draft.

    request ---> decision to assess ---> draft received ---> plan issued (``ehc_plans``)
            \\--> refusal to assess  \\--> plan refused

Due 6, 16 and 20 weeks from the day it received the request (SEND Regulations 2014 regs 5, 10 and
13; ``facts.md`` 2.2).  A refusal can be appealed (``la_decisions``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.ehc_requests import AssessDecision, EhcRequest, require_request
from send_records.aggregates.la_decisions import AppealGround, require_letter, with_decision
from send_records.aggregates.values import SENDCOS, Day, Name, Origin, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class LaException(StrEnum):
    """Why the local authority need not keep to its time (SEND Regulations 2014 reg 10(4))."""

    SCHOOL_CLOSED = "school_closed"
    EARLY_YEARS_CLOSED = "early_years_provider_closed"
    CIRCUMSTANCES = "exceptional_personal_circumstances"
    ABSENT = "absent_from_the_area"


class LaAlreadyDecided(RuleBroken):
    """A request is answered once; a refusal may be followed by an agreement to assess."""


def require_answer(letter_dated: date, came_on: date, request: EhcRequest, by: By) -> None:
    """Refuse a letter still to come, or from before the request that it answers."""
    require_letter(letter_dated, came_on, by)
    if letter_dated < request.received_by_la_on:
        raise Invalid(f"The request was received on {day_in_words(request.received_by_la_on)}.")


class LaDecisionToAssessReceived(PupilEvent):
    decision: AssessDecision
    letter_dated: date
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        request = pupil.ehc_request
        if request is not None:
            pupil = replace(pupil, ehc_request=replace(request, decision=self.decision))
        if self.decision is AssessDecision.AGREED:
            return pupil
        again = request is not None and request.reassessment
        ground = AppealGround.REFUSAL_TO_REASSESS if again else AppealGround.REFUSAL_TO_ASSESS
        return with_decision(pupil, ground, self.letter_dated)


class RecordLaDecisionToAssess(Command):
    """Record whether the local authority will assess, due 6 weeks from the request (reg 5)."""

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    decision: AssessDecision
    letter_dated: Day
    why: Words | None = None
    """The local authority's reasons."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = require_request(pupil)
        if request.decision in (self.decision, AssessDecision.AGREED):
            raise LaAlreadyDecided(f"The local authority has {request.decision} to assess.")
        require_answer(self.letter_dated, self.occurred_on, request, by)
        return [
            LaDecisionToAssessReceived(
                **self.entry(pupil, by),
                decision=self.decision,
                letter_dated=self.letter_dated,
                why=self.why,
            )
        ]


class LaExceptionClaimed(PupilEvent):
    exception: LaException
    letter_dated: date
    explanation: str
    expected_by: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordLaException(Command):
    """Record that the local authority says it need not keep to its time, and why.

    Its claim, and no more: no clock moves by it, so that a family sees how long it waits.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    exception: LaException
    letter_dated: Day
    explanation: Words
    expected_by: Day | None = None
    """The day that it names instead."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = require_request(pupil)
        require_answer(self.letter_dated, self.occurred_on, request, by)
        return [
            LaExceptionClaimed(
                **self.entry(pupil, by),
                exception=self.exception,
                letter_dated=self.letter_dated,
                explanation=self.explanation,
                expected_by=self.expected_by,
            )
        ]


class DraftPlanReceived(PupilEvent):
    dated: date
    received_on: date
    local_authority: str
    views_by: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordDraftEhcPlan(Command):
    """Record the draft of an EHC plan, on the day it came; parents have 15 days (reg 13).

    Not checked: a request on record.  Not stored: the draft's text, which is a document.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    dated: Day
    local_authority: Name
    views_by: Day | None = None
    """The day that its letter names for views and for a choice of school."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_letter(self.dated, self.occurred_on, by)
        return [
            DraftPlanReceived(
                **self.entry(pupil, by),
                dated=self.dated,
                received_on=self.occurred_on,
                local_authority=self.local_authority,
                views_by=self.views_by,
            )
        ]


class EhcPlanRefused(PupilEvent):
    letter_dated: date
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        closed = replace(pupil, ehc_request=None)
        return with_decision(closed, AppealGround.REFUSAL_TO_ISSUE, self.letter_dated)


class RecordEhcPlanRefusal(Command):
    """Record that the local authority, having assessed, issues no plan: due by week 16 (reg 10).

    Not checked: its decision to assess, which may have gone to the parents alone.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    letter_dated: Day
    why: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = require_request(pupil)
        require_answer(self.letter_dated, self.occurred_on, request, by)
        return [
            EhcPlanRefused(**self.entry(pupil, by), letter_dated=self.letter_dated, why=self.why)
        ]
