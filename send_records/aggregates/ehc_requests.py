"""Requests for an EHC needs assessment, and the evidence that goes with them.

    requested ---> answered (``ehc_answers``) ---> plan issued (``ehc_plans``)
             \\--> withdrawn

The school, a parent or the young person may ask (Children and Families Act 2014 s.36).  The day on
which the LA receives the request is day 0 of its 6, 16 and 20 weeks (SEND Regulations 2014 regs 5,
10 and 13; ``facts.md`` 2.2).  What the trust sends with a request of its own is in policy s.10.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field, ValidationInfo, model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.consents import Purpose, agreement_in_force
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import ehc_plan_on
from send_records.aggregates.values import (
    SENDCOS,
    STORED,
    Count,
    Day,
    Few,
    Flag,
    Name,
    Origin,
    Value,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class EhcRequester(StrEnum):
    """Who asks the local authority to assess (Children and Families Act 2014 s.36(1))."""

    SCHOOL = "school"
    PARENT = "parent"
    YOUNG_PERSON = "young_person"


ORIGINS = {
    EhcRequester.SCHOOL: Origin.STAFF,
    EhcRequester.PARENT: Origin.PARENT,
    EhcRequester.YOUNG_PERSON: Origin.PUPIL,
}
"""Whom a request comes from."""


class EhcEvidence(StrEnum):
    """What a request of the trust contains (policy s.10.3)."""

    PLANS = "plans_and_targets"
    REVIEWS = "reviews_and_outcomes"
    HEALTH = "health_history"
    ATTAINMENT = "attainment"
    SPECIALIST = "specialist_assessments"
    PARENT_VIEWS = "parent_views"
    PUPIL_VIEWS = "pupil_views"


class AssessDecision(StrEnum):
    """What the local authority decided about a request."""

    AGREED = "agreed"
    REFUSED = "refused"


class EvidenceHeld(Value):
    """Whether one kind of evidence goes with the request, and which entries of the record it is."""

    present: Flag
    entries: Few[Count] = ()
    """The versions of those entries."""
    note: Words | None = None

    @model_validator(mode="after")
    def _entries_of_what_is_there(self, info: ValidationInfo) -> EvidenceHeld:
        if self.entries and not self.present and info.context != STORED:
            raise ValueError("Point at entries of evidence that is present")
        return self


@dataclass(frozen=True, slots=True)
class EhcRequest:
    """The request now with the local authority, and its answer."""

    received_by_la_on: date
    reassessment: bool
    decision: AssessDecision | None = None


class EhcRequestOpen(RuleBroken):
    """One request for an assessment is before the local authority at a time."""

    basis = "Children and Families Act 2014 s.36; SEND Regulations 2014 reg 5"


class EhcRequestMissing(RuleBroken):
    """The local authority's answer is to a request, whose day starts its clock."""

    basis = "SEND Regulations 2014 reg 5 and 10"


class EhcEvidenceMissing(RuleBroken):
    """A request holds all the evidence of the policy, or the reason it does not."""

    basis = "SEND policy s.10.3"


def require_request(pupil: Pupil) -> EhcRequest:
    """Return the request before the local authority; raise EhcRequestMissing without one."""
    if pupil.ehc_request is None:
        raise EhcRequestMissing("Record who asked, and when the local authority received it.")
    return pupil.ehc_request


class EhcAssessmentRequested(PupilEvent):
    local_authority: str
    requested_by: EhcRequester
    received_by_la_on: date
    """Day 0 of the local authority's time limits."""
    reassessment: bool
    evidence: Mapping[EhcEvidence, EvidenceHeld]
    gaps: tuple[EhcEvidence, ...]
    gaps_explained: str | None
    agreement_given_on: date | None
    """The parents' agreement that the school's request rests on."""

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, ehc_request=EhcRequest(self.received_by_la_on, self.reassessment))

    def recipients(self) -> tuple[str, ...]:
        ours = self.requested_by is EhcRequester.SCHOOL
        return (self.local_authority,) if ours else ()


class RequestEhcAssessment(Command):
    """Record a request for an EHC needs assessment, with the checklist of its evidence.

    While a plan is in force it is one for re-assessment (Children and Families Act 2014 s.44).
    Not checked, when parents or the young person ask: our agreement and our evidence, which they
    need not have.
    """

    roles = SENDCOS

    local_authority: Name
    requested_by: EhcRequester = EhcRequester.SCHOOL
    received_by_la_on: Day | None = None
    """The day of the entry, unless it is said."""
    evidence: Mapping[EhcEvidence, EvidenceHeld] = Field(default_factory=dict)
    gaps_explained: Words | None = None
    """Why evidence is missing, when some is."""

    def comes_from(self, pupil: Pupil) -> Origin:
        return ORIGINS[self.requested_by]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        before = pupil.ehc_request
        if before is not None and before.decision is not AssessDecision.REFUSED:
            raise EhcRequestOpen(
                f"The request received on {day_in_words(before.received_by_la_on)} is still open."
            )
        received_on = self.received_by_la_on or self.occurred_on
        require_past(received_on, by)
        if received_on < self.occurred_on:
            raise Invalid("The local authority received the request when it was made, or later.")
        return [
            EhcAssessmentRequested(
                **self.entry(pupil, by),
                local_authority=self.local_authority,
                requested_by=self.requested_by,
                received_by_la_on=received_on,
                reassessment=ehc_plan_on(pupil, self.occurred_on) is not None,
                evidence=self.evidence,
                gaps=self._gaps(pupil),
                gaps_explained=self.gaps_explained,
                agreement_given_on=self._agreement_given_on(pupil),
            )
        ]

    def _gaps(self, pupil: Pupil) -> tuple[EhcEvidence, ...]:
        """Return what the school's evidence lacks; refuse gaps that nobody explains."""
        cited = [version for held in self.evidence.values() for version in held.entries]
        if any(not 1 <= version <= pupil.version for version in cited):
            raise NotFound("Point only at entries that are on this record.")
        if self.requested_by is not EhcRequester.SCHOOL:
            return ()
        held = {item for item, evidence in self.evidence.items() if evidence.present}
        gaps = tuple(item for item in EhcEvidence if item not in held)
        if gaps and self.gaps_explained is None:
            named = ", ".join(item.replace("_", " ") for item in gaps)
            raise EhcEvidenceMissing(f"Add this evidence, or say why it is missing: {named}.")
        return gaps

    def _agreement_given_on(self, pupil: Pupil) -> date | None:
        if self.requested_by is not EhcRequester.SCHOOL:
            return None
        return agreement_in_force(pupil, Purpose.EHC_REQUEST, None, self.occurred_on).given_on


class EhcRequestWithdrawn(PupilEvent):
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, ehc_request=None)


class WithdrawEhcRequest(Command):
    """Record that whoever asked for the assessment no longer asks for it."""

    roles = SENDCOS

    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_request(pupil)
        return [EhcRequestWithdrawn(**self.entry(pupil, by), why=self.why)]
