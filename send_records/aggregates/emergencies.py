"""Break-glass: one record opened in an emergency, by somebody who may not see it otherwise.

    taken, with a reason ---> over after an hour ---> reviewed, by somebody else

What may be seen by it, and by whom, is for the policy table; here is who took it, when and why.
When it was taken and reviewed is what the clock says, whatever day the request names, for that is
what is judged; and neither is corrected or withdrawn: see ``corrections``.
It is told to the data protection officer and the principal at once and reviewed within five school
days, which the clocks see to (``security.md``, "Break-glass"; UK GDPR Art 5(1)(f) and 5(2)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import STAFF, Clear, Role, Words
from send_records.errors import Invalid, NotFound, NotPermitted, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

SECURITY = "UK GDPR Art 5(1)(f) and 5(2)"


class Finding(StrEnum):
    """What the review of an access came to."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class EmergencyAccess:
    """One access, as decisions need to know it."""

    id: UUID
    taken_by: UUID
    until: datetime
    reviewed: bool = False


class ReasonTooShort(Invalid):
    """Why a record must be seen now is said so that somebody else can judge it."""

    basis = SECURITY


class AccessAlreadyOpen(RuleBroken):
    """A person has one emergency access to a record at a time, so that its end cannot be put off
    unseen."""

    basis = SECURITY


class ReviewedByOneself(NotPermitted):
    """An emergency access is reviewed by somebody else than who took it."""

    basis = SECURITY


class AccessAlreadyReviewed(RuleBroken):
    """An emergency access is reviewed once."""


class EmergencyAccessTaken(PupilEvent):
    access_id: UUID
    role: Clear[Role]
    """In which role it was taken."""
    minutes: Clear[int]
    """For how long, by the rule in force."""
    until: datetime
    reason_given: str

    def apply(self, pupil: Pupil) -> Pupil:
        taken_by = self.metadata.recorded_by.id
        access = EmergencyAccess(self.access_id, taken_by, self.until)
        return with_access(pupil, access)


def with_access(pupil: Pupil, access: EmergencyAccess) -> Pupil:
    """Return the pupil with one access added or replaced."""
    accesses: Mapping[UUID, EmergencyAccess] = pupil.emergency_accesses
    return replace(pupil, emergency_accesses={**accesses, access.id: access})


class BreakGlass(Command):
    """See one record in an emergency: for an hour, to read, with a reason that others will judge.

    The data protection officer and the principal are told at once.  Not checked here: whether the
    record could be seen without it.
    """

    roles = STAFF | {Role.TRUST_SEND_LEADER}
    after_leaving = True
    beyond_scope = True
    steps_up = True  # a child who left can come to harm too

    reason_given: Words
    """What has happened, and why it cannot wait: at least 20 characters."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = self.entry(pupil, by)
        entry["occurred_on"] = by.today
        rule = by.rules.emergency_limit(by.today)
        if len(" ".join(self.reason_given.split())) < rule.reason_characters:
            raise ReasonTooShort(f"Say why in {rule.reason_characters} characters or more.")
        who = by.metadata.recorded_by
        for access in pupil.emergency_accesses.values():
            if access.taken_by == who.id and access.until > by.now:
                raise AccessAlreadyOpen("You may see this record already: wait for its end.")
        return [
            EmergencyAccessTaken(
                **entry,
                access_id=by.new_id,
                role=who.role,
                minutes=rule.minutes,
                until=by.now + timedelta(minutes=rule.minutes),
                reason_given=self.reason_given,
            )
        ]


class EmergencyAccessReviewed(PupilEvent):
    access_id: UUID
    finding: Finding
    explanation: str

    def apply(self, pupil: Pupil) -> Pupil:
        access = pupil.emergency_accesses.get(self.access_id)
        return pupil if access is None else with_access(pupil, replace(access, reviewed=True))


class ReviewEmergencyAccess(Command):
    """Judge an emergency access: whether it was called for, and what follows.

    Not checked: whether the access is over.  One that should not go on is ended by ending what the
    person may do.
    """

    roles = frozenset({Role.DPO, Role.PRINCIPAL})
    after_leaving = True
    after_merging = True  # what was seen of a record that was merged was seen

    access_id: UUID
    finding: Finding
    explanation: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = self.entry(pupil, by)
        entry["occurred_on"] = by.today
        access = pupil.emergency_accesses.get(self.access_id)
        if access is None:
            raise NotFound("No emergency access of that id is on record of this pupil.")
        if access.taken_by == by.metadata.recorded_by.id:
            raise ReviewedByOneself("Somebody else reviews what you took.")
        if access.reviewed:
            raise AccessAlreadyReviewed("It was reviewed before.")
        return [
            EmergencyAccessReviewed(
                **entry,
                access_id=access.id,
                finding=self.finding,
                explanation=self.explanation,
            )
        ]
