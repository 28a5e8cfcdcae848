"""Provision: what is done for a pupil beside or beyond teaching, how often, and what it changed.

    started, for a target ---> changed ---> sessions logged, week by week ---> ended, rated

The DO of assess, plan, do, review (Code of Practice 6.52), and a row of the provision map (6.76;
``facts.md`` 6.8).  What it costs is derived: see ``delivery``.  Its sessions and its end are in
``sessions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.delivery import (
    INTERVENERS,
    Delivery,
    FundingElement,
    Logged,
    Stretch,
    Tier,
    Weeks,
    stretch,
    weeks_and_end,
)
from send_records.aggregates.plans import plan_with
from send_records.aggregates.values import Area, Clear, Day, Name, Words, day_in_words
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision, going on or ended: sessions of one that has ended may be logged late."""

    id: UUID
    planned_to: date
    stretches: tuple[Stretch, ...]
    logged: tuple[Logged, ...] = ()
    ended_on: date | None = None

    @property
    def started_on(self) -> date:
        return self.stretches[0].since


class TargetNotNamed(Invalid):
    """Support that is additional to what every pupil has names the target that it serves."""

    basis = "SEND policy s.10.2; SEND Code of Practice 6.48-6.52"


class ProvisionOver(RuleBroken):
    """What has ended is not changed and does not end again: start it anew."""


class OutsideProvision(Invalid):
    """Sessions are given, and changes made, between a provision's first day and its last."""


def provision_of(pupil: Pupil, provision_id: UUID, on: date) -> Provision:
    """Return a provision that had started by a day; raise NotFound or OutsideProvision."""
    provision = pupil.provisions.get(provision_id)
    if provision is None:
        raise NotFound(f"The pupil has no provision {provision_id}.")
    if on < provision.started_on:
        raise OutsideProvision(f"It started on {day_in_words(provision.started_on)}.")
    return provision


def provision_going_on(pupil: Pupil, provision_id: UUID, on: date) -> Provision:
    """Return a provision that has started and not ended; raise ProvisionOver if it has."""
    provision = provision_of(pupil, provision_id, on)
    if provision.ended_on is not None:
        raise ProvisionOver(f"It ended on {day_in_words(provision.ended_on)}.")
    return provision


def with_provision(pupil: Pupil, provision: Provision) -> Pupil:
    """Return the pupil with a provision as it is now."""
    return replace(pupil, provisions={**pupil.provisions, provision.id: provision})


class ProvisionStarted(PupilEvent):
    provision_id: UUID
    intervention: str
    tier: Clear[Tier]
    area: Area
    plan_id: UUID | None
    target: str | None
    section_f_ref: str | None
    delivery: Delivery
    weeks: int
    planned_to: Clear[date]
    entry_data: str
    evidence_base: str | None
    location: str | None
    resources: str | None
    funding_element: FundingElement | None

    def apply(self, pupil: Pupil) -> Pupil:
        return with_provision(pupil, begun(self))


def begun(event: ProvisionStarted) -> Provision:
    """Return a provision as it starts."""
    first = stretch(event.occurred_on, event.weeks, event.delivery)
    return Provision(event.provision_id, event.planned_to, (first,))


class StartProvision(Command):
    """Record that a provision began: what, for which target, given by whom, how often and until
    when, and where the pupil was before it.

    Not checked: that it is in section F of an EHC plan whose reference it gives, which the LA
    writes; and whether the pupil has the same intervention already, in another group.
    """

    roles = INTERVENERS

    intervention: Name
    tier: Tier
    area: Area
    target: Name | None = None
    """Of the plan that support follows; universal provision, which every pupil has, needs none."""
    section_f_ref: Name | None = None
    delivery: Delivery
    weeks: Weeks | None = None
    ends_on: Day | None = None
    entry_data: Words
    evidence_base: Words | None = None
    location: Name | None = None
    resources: Words | None = None
    funding_element: FundingElement | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.target is None and self.tier is not Tier.UNIVERSAL:
            raise TargetNotNamed("Name the target; only universal provision needs none.")
        weeks, planned_to = weeks_and_end(self.occurred_on, self.weeks, self.ends_on)
        return [
            ProvisionStarted(
                **self.entry(pupil, by),
                provision_id=by.new_id,
                intervention=self.intervention,
                tier=self.tier,
                area=self.area,
                plan_id=plan_with(pupil, self.target).id if self.target else None,
                target=self.target,
                section_f_ref=self.section_f_ref,
                delivery=self.delivery,
                weeks=weeks,
                planned_to=planned_to,
                entry_data=self.entry_data,
                evidence_base=self.evidence_base,
                location=self.location,
                resources=self.resources,
                funding_element=self.funding_element,
            )
        ]


class ProvisionChanged(PupilEvent):
    provision_id: UUID
    delivery: Delivery | None
    """How it is given from that day on; None if that is as it was."""
    weeks_before: int
    """For how many weeks it was given as before, by the calendar."""
    weeks: int
    planned_to: Clear[date]
    plan_id: UUID | None
    """The plan it serves from now on; None if that is as it was."""
    target: str | None
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        provision = pupil.provisions.get(self.provision_id)
        if provision is None:
            return pupil
        return with_provision(pupil, changed(provision, self))


def changed(provision: Provision, event: ProvisionChanged) -> Provision:
    """Return a provision after a change: the weeks before it as they were, those from it on as they
    are."""
    *earlier, last = provision.stretches
    new = replace(last, since=event.occurred_on, weeks=event.weeks)
    if event.delivery is not None:
        new = stretch(event.occurred_on, event.weeks, event.delivery)
    stretches = (*earlier, replace(last, weeks=event.weeks_before), new)
    return replace(provision, stretches=stretches, planned_to=event.planned_to)


class ChangeProvision(Command):
    """Record that a provision is given otherwise from a day on, for longer or less long, or for a
    target of the next plan.  What is left out stays as it was.

    Changes are entered in the order of their days.  One that is entered late is taken, and what it
    says holds for the sessions already logged since its day.
    """

    roles = INTERVENERS

    provision_id: UUID
    delivery: Delivery | None = None
    weeks: Weeks | None = None
    """From that day on."""
    ends_on: Day | None = None
    target: Name | None = None
    why: Words

    @model_validator(mode="after")
    def _something_changed(self) -> ChangeProvision:
        if not (self.delivery or self.weeks or self.ends_on or self.target):
            raise ValueError("Say what changed")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        provision = provision_going_on(pupil, self.provision_id, self.occurred_on)
        last = provision.stretches[-1]
        if self.occurred_on <= last.since:
            raise OutsideProvision(f"Set a day after {day_in_words(last.since)}, its last change.")
        run = min(last.weeks, ((self.occurred_on - last.since).days + 3) // 7)
        weeks, ends_on = self.weeks, self.ends_on
        if weeks is None and ends_on is None and run < last.weeks:
            weeks, ends_on = last.weeks - run, max(provision.planned_to, self.occurred_on)
        weeks, planned_to = weeks_and_end(self.occurred_on, weeks, ends_on)
        return [
            ProvisionChanged(
                **self.entry(pupil, by),
                provision_id=provision.id,
                delivery=self.delivery,
                weeks_before=run,
                weeks=weeks,
                planned_to=planned_to,
                plan_id=plan_with(pupil, self.target).id if self.target else None,
                target=self.target,
                why=self.why,
            )
        ]
