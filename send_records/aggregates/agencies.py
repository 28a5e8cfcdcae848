"""Agencies: professionals from outside, asked with the parents' agreement.

    referred ---> involved ---> advice received ---> involvement ended

"Advice from external support services and staff will be sought if appropriate and with the
agreement of the parents" (policy s.10.2); once one is involved, support is specialist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.consents import Purpose, agreement_in_force
from send_records.aggregates.days import require_past
from send_records.aggregates.values import SENDCOS, Day, Few, Name, Origin, Words, day_in_words
from send_records.errors import NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency now involved."""

    name: str
    since: date


class AgencyAlreadyInvolved(RuleBroken):
    """An agency is involved once at a time."""


def involved_agency(pupil: Pupil, name: str) -> Agency:
    """Return an agency now involved; raise NotFound if it is not."""
    agency = pupil.agencies.get(name)
    if agency is None:
        raise NotFound("That agency is not involved with the pupil now.")
    return agency


class AgencyReferred(PupilEvent):
    agency: str
    question: str
    agreement_given_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def recipients(self) -> tuple[str, ...]:
        return (self.agency,)


class ReferToAgency(Command):
    """Ask an outside agency about a pupil, with the parents' agreement for that agency."""

    roles = SENDCOS

    agency: Name
    question: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        agreement = agreement_in_force(
            pupil, Purpose.AGENCY_REFERRAL, self.agency, self.occurred_on
        )
        return [
            AgencyReferred(
                **self.entry(pupil, by),
                agency=self.agency,
                question=self.question,
                agreement_given_on=agreement.given_on,
            )
        ]


class AgencyInvolved(PupilEvent):
    agency: str
    professional: str
    first_seen_on: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        agency = Agency(self.agency, self.occurred_on)
        return replace(pupil, agencies={**pupil.agencies, agency.name: agency})


class RecordAgencyInvolvement(Command):
    """Record that an outside professional has begun to work with the pupil.

    Not checked: a referral of ours.  A pupil may come to us with an agency already involved.
    """

    roles = SENDCOS

    agency: Name
    professional: Name
    first_seen_on: Day | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.agency in pupil.agencies:
            raise AgencyAlreadyInvolved(
                f"Involved since {day_in_words(pupil.agencies[self.agency].since)}."
            )
        if self.first_seen_on is not None:
            require_past(self.first_seen_on, by)
        return [
            AgencyInvolved(
                **self.entry(pupil, by),
                agency=self.agency,
                professional=self.professional,
                first_seen_on=self.first_seen_on,
            )
        ]


class AgencyAdviceReceived(PupilEvent):
    agency: str
    report_dated: date
    summary: str
    recommendations: tuple[str, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordAgencyAdvice(Command):
    """Record advice that came from an agency; set its data class when it is about health.

    Not checked: that the agency is involved now.  Advice comes late, and from former settings.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    agency: Name
    report_dated: Day
    summary: Words
    recommendations: Few[Words] = ()

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_past(self.report_dated, by)
        return [
            AgencyAdviceReceived(
                **self.entry(pupil, by),
                agency=self.agency,
                report_dated=self.report_dated,
                summary=self.summary,
                recommendations=self.recommendations,
            )
        ]


class AgencyInvolvementEnded(PupilEvent):
    agency: str
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        remaining = {k: v for k, v in pupil.agencies.items() if k != self.agency}
        return replace(pupil, agencies=remaining)


class EndAgencyInvolvement(Command):
    """Record that an agency's work with the pupil has ended."""

    roles = SENDCOS

    agency: Name
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        agency = involved_agency(pupil, self.agency)
        return [AgencyInvolvementEnded(**self.entry(pupil, by), agency=agency.name, why=self.why)]
