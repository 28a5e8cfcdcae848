"""Retention: how long a pupil's record is kept, and what holds it beyond that.

    class assigned, with admission ---> (hold placed ---> hold released) ---> erased, by people

Policy s.11 and s.22: until the pupil has reached the age of 25.  A hold always beats the schedule
(``facts.md`` 4.2).  Nothing is disposed of automatically.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from send_records.aggregates.base import By, Command, Envelope, Kept, PupilEvent
from send_records.aggregates.rules import RetentionRule
from send_records.aggregates.values import Clear, Day, Name, Role, Words
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class HoldKind(StrEnum):
    """What keeps a record beyond its period (``facts.md`` 4.2)."""

    PUBLIC_INQUIRY = "public_inquiry"
    LITIGATION = "litigation"
    TRIBUNAL = "tribunal"
    COMPLAINT = "complaint"
    GRIEVANCE = "grievance"
    SUBJECT_ACCESS = "subject_access"
    SAFEGUARDING = "safeguarding"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold in force."""

    id: UUID
    kind: HoldKind


def is_held(pupil: Pupil) -> bool:
    """Whether the record must be kept whatever the schedule says: a hold is in force, or a request
    for access, a complaint or an appeal is still open (``facts.md`` 4.2; Data Protection Act 2018
    s.173 for the first)."""
    return bool(
        pupil.holds
        or any(request.closed_on is None for request in pupil.access_requests.values())
        or any(not complaint.answered for complaint in pupil.complaints.values())
        or any(not appeal.decided for appeal in pupil.appeals.values())
    )


class RetentionClassUnchanged(RuleBroken):
    """The record is already in that class under that rule."""


class FrozenRule(Kept):
    """A row of the retention rules, as it read when it was applied."""

    id: str
    trigger: Literal["date_of_birth"]
    years: int
    leap_day: Literal["1 March", "28 February"]
    citation: str

    @classmethod
    def of(cls, rule: RetentionRule) -> FrozenRule:
        return cls(
            id=rule.id,
            trigger=rule.trigger,
            years=rule.years,
            leap_day=rule.leap_day,
            citation=rule.citation,
        )


class RetentionClassAssigned(PupilEvent):
    record_class: Clear[str]
    rule: Clear[FrozenRule]
    advice: Clear[FrozenRule | None]
    """What the sector advises where that is longer; shown, never applied."""

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, retention_class=self.record_class, retention_rule=self.rule.id)


def assigned(envelope: Envelope, record_class: str, by: By) -> RetentionClassAssigned:
    """Return the event that puts a record in a class, with the rule in force on that day."""
    rule = by.rules.retention_rule(record_class, by.today)
    advice = by.rules.retention_advice(record_class, by.today)
    return RetentionClassAssigned(
        **envelope,
        record_class=record_class,
        rule=FrozenRule.of(rule),
        advice=FrozenRule.of(advice) if advice else None,
    )


class AssignRetentionClass(Command):
    """Put the record in a retention class, by the rule now in force."""

    roles = frozenset({Role.DPO})
    after_leaving = True
    after_merging = True

    record_class: Literal["pupil_send_record"]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        event = assigned(self.entry(pupil, by), self.record_class, by)
        if (pupil.retention_class, pupil.retention_rule) == (event.record_class, event.rule.id):
            raise RetentionClassUnchanged(f"The record is kept by rule {event.rule.id} already.")
        return [event]


class LegalHoldPlaced(PupilEvent):
    hold_id: UUID
    kind: HoldKind
    why: str
    reference: str | None
    review_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, holds={**pupil.holds, self.hold_id: Hold(self.hold_id, self.kind)})


class PlaceLegalHold(Command):
    """Keep the record whatever the schedule says, until the hold is released."""

    roles = frozenset({Role.DPO})
    after_leaving = True
    after_merging = True

    kind: HoldKind
    why: Words
    reference: Name | None = None
    review_on: Day | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.review_on is not None and self.review_on <= self.occurred_on:
            raise Invalid("Set the review of the hold after the day of this entry.")
        interval = by.rules.interval("legal_hold_review", self.occurred_on)
        return [
            LegalHoldPlaced(
                **self.entry(pupil, by),
                hold_id=by.new_id,
                kind=self.kind,
                why=self.why,
                reference=self.reference,
                review_on=self.review_on or interval.after(self.occurred_on),
            )
        ]


class LegalHoldReleased(PupilEvent):
    hold_id: UUID
    kind: HoldKind
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, holds={k: v for k, v in pupil.holds.items() if k != self.hold_id})


class ReleaseLegalHold(Command):
    """Release a hold; the schedule counts again once no other hold is left."""

    roles = frozenset({Role.DPO})
    after_leaving = True
    after_merging = True

    hold_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        hold = pupil.holds.get(self.hold_id)
        if hold is None:
            raise NotFound(f"The record is under no hold {self.hold_id}.")
        return [
            LegalHoldReleased(
                **self.entry(pupil, by), hold_id=hold.id, kind=hold.kind, why=self.why
            )
        ]


class PersonalDataErased(PupilEvent):
    """The pupil's key was destroyed: nothing before this can be read again, and nothing follows it.

    No command of the API records it: ``send-records keys destroy`` does, in the transaction that
    destroys the key (UK GDPR Art 17; policy s.11).  It says nothing of the pupil.
    """

    under_trust_key = True

    authority: str
    """The decision by which it was done, as the trust refers to it."""

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil
