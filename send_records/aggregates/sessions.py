"""Sessions: what of a provision was given, and what it had changed when it ended.

    sessions logged, week by week ---> ended: exit data beside entry data, impact rated

Code of Practice 6.53-6.56: the impact and quality of the support are evaluated; 6.76 (provision
maps; ``facts.md`` 6.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.delivery import INTERVENERS, Logged
from send_records.aggregates.provision import (
    OutsideProvision,
    Provision,
    provision_going_on,
    provision_of,
    with_provision,
)
from send_records.aggregates.values import STAFF, Count, Day, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class SessionsAlreadyLogged(RuleBroken):
    """The sessions of a day are logged once."""


class MoreThanDelivered(Invalid):
    """A pupil attends at most the sessions that are delivered."""


class EarlyEndUnexplained(Invalid):
    """Provision that ends before the day it was planned to says why."""

    basis = "SEND Code of Practice 6.53-6.56"


class ImpactRatingUnknown(Invalid):
    """Impact is rated by the codes in force, so that one provision can be held against another."""

    basis = "SEND Code of Practice 6.53 and 6.76"


class ProvisionSessionsLogged(PupilEvent):
    provision_id: UUID
    first_day: date
    last_day: date
    planned: int
    delivered: int
    attended: int | None
    note: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        provision = pupil.provisions.get(self.provision_id)
        if provision is None:
            return pupil
        return with_provision(pupil, logged(provision, self))


def logged(provision: Provision, event: ProvisionSessionsLogged) -> Provision:
    """Return a provision with one more log."""
    log = Logged(event.first_day, event.last_day, event.planned, event.delivered, event.attended)
    return replace(provision, logged=(*provision.logged, log))


class LogProvisionSessions(Command):
    """Record how many sessions were planned, delivered and attended, of a week or another period.

    More may be delivered than were planned: what was missed is made up for.
    Not checked: that the days are school days.  Term dates are for clocks, and no ground to refuse.
    """

    roles = STAFF

    provision_id: UUID
    first_day: Day
    last_day: Day
    planned: Count
    delivered: Count
    attended: Count | None = None
    """Left out where it was not taken down."""
    note: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        provision = provision_of(pupil, self.provision_id, self.first_day)
        self._require_days_within(provision, by)
        if self.attended is not None and self.attended > self.delivered:
            raise MoreThanDelivered("Enter at most as many attended as were delivered.")
        return [
            ProvisionSessionsLogged(
                **self.entry(pupil, by),
                provision_id=provision.id,
                first_day=self.first_day,
                last_day=self.last_day,
                planned=self.planned,
                delivered=self.delivered,
                attended=self.attended,
                note=self.note,
            )
        ]

    def _require_days_within(self, provision: Provision, by: By) -> None:
        require_past(self.last_day, by)
        if not self.first_day <= self.last_day <= self.occurred_on:
            raise Invalid("Set the first day, the last and the day of this entry in that order.")
        if provision.ended_on is not None and self.last_day > provision.ended_on:
            raise OutsideProvision(f"It ended on {day_in_words(provision.ended_on)}.")
        for log in provision.logged:
            if log.first <= self.last_day and self.first_day <= log.last:
                days = f"{day_in_words(log.first)} to {day_in_words(log.last)}"
                raise SessionsAlreadyLogged(f"Those of {days} are on record.")


class ProvisionEnded(PupilEvent):
    provision_id: UUID
    exit_data: str
    impact_rating: int
    impact: str
    """What the rating meant on the day."""
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        provision = pupil.provisions.get(self.provision_id)
        if provision is None:
            return pupil
        return with_provision(pupil, ended(provision, self))


def ended(provision: Provision, event: ProvisionEnded) -> Provision:
    """Return a provision that is over."""
    return replace(provision, ended_on=event.occurred_on)


class EndProvision(Command):
    """Record that a provision ended, on its last day: where the pupil was then, and its impact.

    Sessions until that day may still be logged after it.
    """

    roles = INTERVENERS

    provision_id: UUID
    exit_data: Words
    impact_rating: Count
    why: Words | None = None
    """Needed where it ends before the day it was planned to."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        provision = provision_going_on(pupil, self.provision_id, self.occurred_on)
        last = max(
            [provision.stretches[-1].since, *(log.last for log in provision.logged)],
        )
        if self.occurred_on < last:
            raise OutsideProvision(f"It went on until {day_in_words(last)} at least.")
        if self.why is None and self.occurred_on < provision.planned_to:
            raise EarlyEndUnexplained(
                f"It was planned to {day_in_words(provision.planned_to)}: say why it ended."
            )
        code = by.rules.code("impact_rating", str(self.impact_rating), self.occurred_on)
        if code is None:
            raise ImpactRatingUnknown("Rate the impact by one of the codes in force.")
        return [
            ProvisionEnded(
                **self.entry(pupil, by),
                provision_id=provision.id,
                exit_data=self.exit_data,
                impact_rating=self.impact_rating,
                impact=code.label,
                why=self.why,
            )
        ]
