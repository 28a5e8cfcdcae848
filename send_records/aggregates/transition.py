"""Transition: a change of class, academy or school, and the meetings that prepare it.

    planned ---> meetings, before and after ---> (handed over, accepted: see ``handovers``)

"When a pupil moves to a different class/school there are meetings between the teachers/SENCOs so
that information can be handed over about pupils' needs" (policy s.17); "schools should agree with
parents and pupils the information to be shared as part of this planning" (Code of Practice 6.57).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.communications import Action, require_somebody_present
from send_records.aggregates.reviews import Attendee
from send_records.aggregates.values import TEACHERS, Day, Few, Name, Some, Words
from send_records.errors import Invalid, NotFound

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class TransitionKind(StrEnum):
    """What changes."""

    CLASS = "class"
    PHASE = "phase"
    ACADEMY = "academy_of_the_trust"
    SCHOOL = "another_school"
    SPECIALIST = "specialist_setting"
    INDUCTION = "induction"


@dataclass(frozen=True, slots=True)
class Transition:
    """A change that is planned."""

    id: UUID
    transfer_on: date


class TransitionPlanned(PupilEvent):
    transition_id: UUID
    to: str
    kind: TransitionKind
    transfer_on: date
    plan: str | None
    information_to_share: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        planned = Transition(self.transition_id, self.transfer_on)
        return replace(pupil, transitions={**pupil.transitions, planned.id: planned})


class PlanTransition(Command):
    """Plan a pupil's change of class, academy or school (policy s.17).

    Not checked: that one plan is made at a time.  A pupil changes class and school in one summer.
    """

    roles = TEACHERS

    to: Name
    kind: TransitionKind
    transfer_on: Day
    plan: Words | None = None
    """Visits, who leads, what pupil and parents need."""
    information_to_share: Words | None = None
    """What pupil and parents agreed is shared with the next setting (Code of Practice 6.57)."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.transfer_on < self.occurred_on:
            raise Invalid("Set the transfer on the day of this entry or after it.")
        return [
            TransitionPlanned(
                **self.entry(pupil, by),
                transition_id=by.new_id,
                to=self.to,
                kind=self.kind,
                transfer_on=self.transfer_on,
                plan=self.plan,
                information_to_share=self.information_to_share,
            )
        ]


class TransitionMeetingHeld(PupilEvent):
    transition_id: UUID
    attendees: tuple[Attendee, ...]
    summary: str
    actions: tuple[Action, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class HoldTransitionMeeting(Command):
    """Record a meeting between those who hand over and those who receive (policy s.17).

    Not checked: that it comes before the transfer.  Teachers meet again once the pupil is there.
    """

    roles = TEACHERS

    transition_id: UUID
    attendees: Some[Attendee]
    summary: Words
    actions: Few[Action] = ()

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        planned = pupil.transitions.get(self.transition_id)
        if planned is None:
            raise NotFound(f"The pupil has no transition {self.transition_id}.")
        require_somebody_present(self.attendees)
        return [
            TransitionMeetingHeld(
                **self.entry(pupil, by),
                transition_id=planned.id,
                attendees=self.attendees,
                summary=self.summary,
                actions=self.actions,
            )
        ]
