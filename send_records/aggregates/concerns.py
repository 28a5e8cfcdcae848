"""Concerns: a worry about a pupil, and what was said to the parents about it.

    raised ---> discussed with parents ---> (``concern_questionnaires``) ---> (``concern_answers``)

A concern is a referral for SEND monitoring (policy s.10.1 and 11).  "Schools should take seriously
any concerns raised by a parent" (Code of Practice 6.45), so one is never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.days import require_past
from send_records.aggregates.values import (
    STAFF,
    Area,
    Day,
    Few,
    Flag,
    Origin,
    Role,
    Some,
    Value,
    Words,
)
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Factor(StrEnum):
    """What is looked at first, and is not in itself SEND (policy s.6)."""

    DISABILITY = "disability"
    ATTENDANCE = "attendance_and_punctuality"
    HEALTH = "health_and_welfare"
    EAL = "eal"
    PUPIL_PREMIUM = "pupil_premium"
    LOOKED_AFTER = "looked_after"
    SERVICE_CHILD = "service_child"
    BEHAVIOUR = "behaviour"
    TRAUMA = "trauma_and_childhood_experience"


class ProgressTest(StrEnum):
    """The four marks of less than expected progress (Code of Practice 6.17); policy s.10.1 has
    all but the last."""

    SLOWER_THAN_PEERS = "slower_than_peers_same_baseline"
    BELOW_OWN_RATE = "below_own_previous_rate"
    GAP_NOT_CLOSING = "gap_not_closing"
    GAP_WIDENING = "gap_widening"


class Answer(StrEnum):
    """What the SENDCo decides to do about a concern."""

    OBSERVE = "observe"
    ADVISE = "advise"
    MONITOR = "monitor"
    ASSESS = "assess"
    REFER = "refer"
    NO_ACTION = "no_action"


class Outcome(StrEnum):
    """How a concern ended."""

    RESOLVED = "resolved"
    MOVED_TO_MONITORING = "moved_to_monitoring"
    MOVED_TO_REGISTER = "moved_to_register"
    EAL_NOT_SEN = "eal_not_sen"
    DISABILITY_NOT_SEN = "disability_not_sen"
    NO_ACTION = "no_action"


@dataclass(frozen=True, slots=True)
class Concern:
    """One concern, as it stands."""

    id: UUID
    factors: frozenset[Factor]
    home_language_assessed: bool | None
    answer: Answer | None = None
    outcome: Outcome | None = None


class ConcernAlreadyClosed(RuleBroken):
    """A concern has one outcome; raise a new concern to reopen the matter."""


def known_concern(pupil: Pupil, concern_id: UUID) -> Concern:
    """Return the pupil's concern, open or closed."""
    concern = pupil.concerns.get(concern_id)
    if concern is None:
        raise NotFound(f"The pupil has no concern {concern_id}.")
    return concern


def open_concern(pupil: Pupil, concern_id: UUID) -> Concern:
    """Return the pupil's concern, which must still be open."""
    concern = known_concern(pupil, concern_id)
    if concern.outcome is not None:
        raise ConcernAlreadyClosed(f"The concern was closed: {concern.outcome}.")
    return concern


def with_concern(pupil: Pupil, concern: Concern) -> Pupil:
    """Return the pupil with one concern added or replaced."""
    return replace(pupil, concerns={**pupil.concerns, concern.id: concern})


class Strategy(Value):
    """Something tried in class before asking for help (quality first teaching)."""

    what: Words
    since: Day
    effect: Words


class ConcernRaised(PupilEvent):
    concern_id: UUID
    areas: tuple[Area, ...]
    noticed_on: date
    description: str
    strengths: str
    strategies_tried: tuple[Strategy, ...]
    progress_tests: tuple[ProgressTest, ...]
    factors_considered: tuple[Factor, ...]
    home_language_assessed: bool | None
    hearing_checked: bool | None
    vision_checked: bool | None

    def apply(self, pupil: Pupil) -> Pupil:
        factors = frozenset(self.factors_considered)
        return with_concern(pupil, Concern(self.concern_id, factors, self.home_language_assessed))


class RaiseConcern(Command):
    """Refer a worry about a pupil to the SENDCo.  Anyone on the staff may, and the parents and the
    pupil, in one call with four fields: the day, the areas, what is seen, and the pupil's
    strengths."""

    roles = STAFF | {Role.PARENT, Role.PUPIL}

    areas: Some[Area]
    description: Words
    """What is seen, how often, how strongly, how long."""
    strengths: Words
    noticed_on: Day | None = None
    """The day of this entry, unless it was noticed before."""
    strategies_tried: Few[Strategy] = ()
    progress_tests: Few[ProgressTest] = ()
    factors_considered: Few[Factor] = ()
    home_language_assessed: Flag | None = None
    hearing_checked: Flag | None = None
    vision_checked: Flag | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        noticed_on = self.noticed_on or self.occurred_on
        require_past(noticed_on, by)
        if noticed_on > self.occurred_on:
            raise Invalid("A concern is noticed on the day it is raised, or before.")
        return [
            ConcernRaised(
                **self.entry(pupil, by),
                concern_id=by.new_id,
                areas=self.areas,
                noticed_on=noticed_on,
                description=self.description,
                strengths=self.strengths,
                strategies_tried=self.strategies_tried,
                progress_tests=self.progress_tests,
                factors_considered=self.factors_considered,
                home_language_assessed=self.home_language_assessed,
                hearing_checked=self.hearing_checked,
                vision_checked=self.vision_checked,
            )
        ]


class ConcernDiscussedWithParents(PupilEvent):
    concern_id: UUID
    discussed_with: tuple[Party, ...]
    how: str
    parent_comment: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class DiscussConcernWithParents(Command):
    """Record what was said to the parents about a concern, and what they said (policy s.10.1).

    A closed concern may be discussed too: parents are told how it ended.
    """

    roles = STAFF

    concern_id: UUID
    contact_ids: Some[UUID]
    how: Words
    parent_comment: Words | None = None

    def comes_from(self, pupil: Pupil) -> Origin:
        return self.origin if self.parent_comment is None else Origin.PARENT

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        concern = known_concern(pupil, self.concern_id)
        return [
            ConcernDiscussedWithParents(
                **self.entry(pupil, by),
                concern_id=concern.id,
                discussed_with=parties(pupil, self.contact_ids),
                how=self.how,
                parent_comment=self.parent_comment,
            )
        ]
