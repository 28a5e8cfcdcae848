"""The Tribunal: what it directs in an appeal, and how the appeal ends.

    lodged (``appeals``) ---> directions ---> decided

First-tier Tribunal (SEND), HESC Practice Direction No. 1 of 2025 (``facts.md`` 5).  The directions
of the case stand above every table of days, so their dates are kept as they were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.appeals import Appeal
from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.la_decisions import AppealGround, require_letter
from send_records.aggregates.values import SENDCOS, Day, Name, Origin, Some, Value, Words
from send_records.errors import NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class AppealStep(StrEnum):
    """What the Tribunal directs to be done by a day (``facts.md`` 5)."""

    LA_RESPONSE = "la_response"
    EVIDENCE = "final_evidence"
    ATTENDANCE_FORM = "attendance_form"
    CASE_REVIEW_FORM = "case_review_form"
    WORKING_DOCUMENT = "working_document"
    BUNDLE = "bundle"
    HEARING = "hearing"
    OTHER = "other"


class AppealOutcome(StrEnum):
    """How an appeal ends."""

    ALLOWED = "allowed"
    ALLOWED_IN_PART = "allowed_in_part"
    DISMISSED = "dismissed"
    CONSENT_ORDER = "consent_order"
    CONCEDED = "conceded"
    WITHDRAWN = "withdrawn"
    STRUCK_OUT = "struck_out"


class Direction(Value):
    """One thing to be done by a day; the Tribunal's own dates stand above any table's."""

    what: Words
    due_on: Day
    step: AppealStep = AppealStep.OTHER
    by_whom: Name | None = None


class AppealAlreadyDecided(RuleBroken):
    """Directions and a decision come to an appeal that is open."""


def open_appeal(pupil: Pupil, appeal_id: UUID) -> Appeal:
    """Return an appeal not yet decided; raise NotFound, or AppealAlreadyDecided."""
    appeal = pupil.appeals.get(appeal_id)
    if appeal is None:
        raise NotFound(f"The pupil has no appeal {appeal_id}.")
    if appeal.decided:
        raise AppealAlreadyDecided("The appeal is decided.")
    return appeal


class AppealDirectionsReceived(PupilEvent):
    appeal_id: UUID
    dated: date
    directions: tuple[Direction, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordAppealDirections(Command):
    """Record what the Tribunal directed, each thing with its day."""

    roles = SENDCOS

    origin: Origin = Origin.COURT
    appeal_id: UUID
    dated: Day
    directions: Some[Direction]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        appeal = open_appeal(pupil, self.appeal_id)
        require_letter(self.dated, self.occurred_on, by)
        return [
            AppealDirectionsReceived(
                **self.entry(pupil, by),
                appeal_id=appeal.id,
                dated=self.dated,
                directions=self.directions,
            )
        ]


class AppealDecided(PupilEvent):
    appeal_id: UUID
    ground: AppealGround
    outcome: AppealOutcome
    order_dated: date
    ordered: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        appeal = pupil.appeals.get(self.appeal_id)
        if appeal is None:
            return pupil
        decided = replace(appeal, decided=True)
        return replace(pupil, appeals={**pupil.appeals, decided.id: decided})


class RecordAppealDecision(Command):
    """Record how an appeal ended, and what the Tribunal ordered.

    Not done: what the order leads to.  The local authority's decision or plan, when it comes, is
    an entry of its own.
    """

    roles = SENDCOS

    origin: Origin = Origin.COURT
    appeal_id: UUID
    outcome: AppealOutcome
    order_dated: Day | None = None
    """The day of the entry, unless the order bears another: its time limits run from it."""
    ordered: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        appeal = open_appeal(pupil, self.appeal_id)
        order_dated = self.order_dated or self.occurred_on
        require_letter(order_dated, self.occurred_on, by)
        return [
            AppealDecided(
                **self.entry(pupil, by),
                appeal_id=appeal.id,
                ground=appeal.ground,
                outcome=self.outcome,
                order_dated=order_dated,
                ordered=self.ordered,
            )
        ]
