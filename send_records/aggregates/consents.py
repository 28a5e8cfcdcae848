"""Consents: what parents were asked to agree to, and what they answered.

    sought ---> given, for a year ---> withdrawn
           \\--> refused

Agreement and notice (``notices``) are different facts.  Parents' agreement to SEN provision is good
practice (policy s.11), and its refusal neither stops SEN support nor blanks the record
(``facts.md`` 10.4).  Each purpose, and each agency, has an agreement of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, Entry, PupilEvent
from send_records.aggregates.contacts import Party, own_party, parties, responsible_party
from send_records.aggregates.values import (
    TEACHERS,
    Day,
    Name,
    Origin,
    Role,
    Some,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Purpose(StrEnum):
    """What parents are asked to agree to, one at a time."""

    ANNUAL = "annual_send_agreement"
    AGENCY_REFERRAL = "agency_referral"
    INFORMATION_SHARING = "information_sharing"
    EHC_REQUEST = "ehc_request"
    REDUCED_TIMETABLE = "reduced_timetable"
    PHOTOGRAPH = "photograph"


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement given, and until when it holds."""

    given_on: date
    expires_on: date

    def in_force(self, on: date) -> bool:
        return self.given_on <= on <= self.expires_on


class ParentalAgreementMissing(RuleBroken):
    """What parents must agree to first needs their agreement in force, for that very purpose."""

    basis = "SEND policy s.10.2, 10.3 and 17"


def agreement_in_force(pupil: Pupil, purpose: Purpose, agency: str | None, on: date) -> Agreement:
    """Return the agreement for a purpose on a day, the last word of the parents if they gave more
    than one; raise ParentalAgreementMissing without one."""
    given = pupil.agreements.get((purpose, agency), ())
    in_force = [agreement for agreement in given if agreement.in_force(on)]
    if not in_force:
        what = purpose.replace("_", " ") + (", for this very agency," if agency else "")
        raise ParentalAgreementMissing(f"Record the parents' agreement for {what} first.")
    return max(reversed(in_force), key=lambda agreement: agreement.given_on)


BY_AGENCY = {Purpose.AGENCY_REFERRAL, Purpose.INFORMATION_SHARING}
"""The purposes for which one agency may be agreed to and another not."""


class AgreementEntry(Entry):
    """The purpose of an agreement, and the agency where there is one for each."""

    purpose: Purpose
    agency: Name | None = None

    @model_validator(mode="after")
    def _one_agency_for_a_referral(self) -> AgreementEntry:
        if self.purpose is Purpose.AGENCY_REFERRAL and self.agency is None:
            raise ValueError("Name the agency: each has an agreement of its own")
        if self.agency is not None and self.purpose not in BY_AGENCY:
            raise ValueError("Leave out the agency: this purpose has none")
        return self


class AnswerEntry(AgreementEntry, Command):
    """What the three answers of a parent have in common."""

    roles = TEACHERS | {Role.PARENT}

    origin: Origin = Origin.PARENT
    contact_id: UUID
    """Who answers: one who has parental responsibility and, if a parent records it, themself."""

    def answerer(self, pupil: Pupil, by: By) -> Party:
        """Return who answers."""
        own_party(pupil, self.contact_id, by)
        return responsible_party(pupil, self.contact_id)


class ParentalAgreementSought(PupilEvent):
    purpose: Purpose
    agency: str | None
    sought_from: tuple[Party, ...]
    how: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class SeekParentalAgreement(AgreementEntry, Command):
    """Record that parents were asked to agree."""

    roles = TEACHERS

    contact_ids: Some[UUID]
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            ParentalAgreementSought(
                **self.entry(pupil, by),
                purpose=self.purpose,
                agency=self.agency,
                sought_from=parties(pupil, self.contact_ids),
                how=self.how,
            )
        ]


class ParentalAgreementGiven(PupilEvent):
    purpose: Purpose
    agency: str | None
    given_by: Party
    scope: str | None
    expires_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        key = (self.purpose, self.agency)
        given = (*pupil.agreements.get(key, ()), Agreement(self.occurred_on, self.expires_on))
        return replace(pupil, agreements={**pupil.agreements, key: given})


class RecordAgreement(AnswerEntry):
    """Record that a parent agreed; it holds for a year at most (policy s.11)."""

    scope: Words | None = None
    expires_on: Day | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        given_by = self.answerer(pupil, by)
        year = by.rules.interval("parental_agreement", self.occurred_on).after(self.occurred_on)
        expires_on = self.expires_on or year
        if not self.occurred_on <= expires_on <= year:
            raise Invalid(f"An agreement of this day ends by {day_in_words(year)}.")
        return [
            ParentalAgreementGiven(
                **self.entry(pupil, by),
                purpose=self.purpose,
                agency=self.agency,
                given_by=given_by,
                scope=self.scope,
                expires_on=expires_on,
            )
        ]


class ParentalAgreementRefused(PupilEvent):
    purpose: Purpose
    agency: str | None
    refused_by: Party
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return without_agreement(pupil, self.purpose, self.agency, self.occurred_on)


def without_agreement(pupil: Pupil, purpose: Purpose, agency: str | None, on: date) -> Pupil:
    """Return the pupil with no agreement given by a day in force from that day on."""
    key, last = (purpose, agency), on - timedelta(days=1)
    given = tuple(
        replace(agreement, expires_on=min(agreement.expires_on, last))
        if agreement.given_on <= on
        else agreement
        for agreement in pupil.agreements.get(key, ())
    )
    return replace(pupil, agreements={**pupil.agreements, key: given})


class RecordAgreementRefused(AnswerEntry):
    """Record that a parent did not agree.  It ends any agreement before it, and nothing more:
    SEN support goes on (``facts.md`` 10.4)."""

    why: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            ParentalAgreementRefused(
                **self.entry(pupil, by),
                purpose=self.purpose,
                agency=self.agency,
                refused_by=self.answerer(pupil, by),
                why=self.why,
            )
        ]


class ParentalAgreementWithdrawn(PupilEvent):
    purpose: Purpose
    agency: str | None
    withdrawn_by: Party
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return without_agreement(pupil, self.purpose, self.agency, self.occurred_on)


class WithdrawAgreement(AnswerEntry):
    """Record that a parent withdrew an agreement; what was done under it stays done."""

    why: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        agreement_in_force(pupil, self.purpose, self.agency, self.occurred_on)
        return [
            ParentalAgreementWithdrawn(
                **self.entry(pupil, by),
                purpose=self.purpose,
                agency=self.agency,
                withdrawn_by=self.answerer(pupil, by),
                why=self.why,
            )
        ]
