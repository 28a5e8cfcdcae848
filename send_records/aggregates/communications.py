"""Communications: what was said with the family, who met, and where the family was pointed to.

    contact, meeting, signposting: each a fact of its own, in no order

"The views of the parents" are heard throughout (Children and Families Act 2014 s.19); schools meet
parents at least three times a year (Code of Practice 6.65), and point them to the local offer and
to independent advice (Children and Families Act 2014 s.30 and 32; policy s.15 and 20).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.reviews import Attendee
from send_records.aggregates.values import (
    STAFF,
    Day,
    Few,
    Name,
    Origin,
    Some,
    Value,
    Words,
)
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class InitiatedBy(StrEnum):
    """Who sought the contact."""

    FAMILY = "family"
    STAFF = "staff"
    PROFESSIONAL = "professional"


class MeetingKind(StrEnum):
    """What kind of meeting it is; a review is in ``reviews``, a handing over in ``transition``."""

    PARENTS = "parents"
    MULTI_AGENCY = "multi_agency"
    STAFF = "staff"
    EARLY_HELP = "early_help"
    RESTORATIVE = "restorative"
    OTHER = "other"


class Service(StrEnum):
    """Where families are pointed to."""

    SENDIASS = "sendiass"
    LOCAL_OFFER = "local_offer"
    PARENT_CARER_FORUM = "parent_carer_forum"
    EARLY_HELP = "early_help"
    MEDIATION = "mediation"
    DISAGREEMENT_RESOLUTION = "disagreement_resolution"
    TRIBUNAL = "send_tribunal"
    HEALTH = "health_service"
    OTHER = "other"


class NobodyWasThere(RuleBroken):
    """A meeting that was held names somebody who was present."""


class Action(Value):
    """Something that somebody said they would do."""

    what: Words
    who: Name
    due_on: Day | None = None


def require_somebody_present(attendees: Some[Attendee]) -> None:
    """Refuse a meeting to which people were only invited."""
    if not any(attendee.present for attendee in attendees):
        raise NobodyWasThere("Say who was present, or record the meeting when it has been held.")


class ContactWithFamilyRecorded(PupilEvent):
    contacts: tuple[Party, ...]
    how: str
    summary: str
    initiated_by: InitiatedBy | None
    actions: tuple[Action, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordContactWithFamily(Command):
    """Record a call, a message or a talk at the gate: with whom, how, and what was said.

    Not checked: parental responsibility, nor a court's restriction.  What was said was said; who
    may be told what is for the person who speaks to judge (see ``contacts``).
    """

    roles = STAFF

    origin: Origin = Origin.PARENT
    contact_ids: Some[UUID]
    how: Words
    summary: Words
    initiated_by: InitiatedBy | None = None
    """Who sought it, where that was noted."""
    actions: Few[Action] = ()

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            ContactWithFamilyRecorded(
                **self.entry(pupil, by),
                contacts=parties(pupil, self.contact_ids),
                how=self.how,
                summary=self.summary,
                initiated_by=self.initiated_by,
                actions=self.actions,
            )
        ]


class MeetingHeld(PupilEvent):
    kind: MeetingKind
    attendees: tuple[Attendee, ...]
    summary: str
    actions: tuple[Action, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordMeeting(Command):
    """Record a meeting about the pupil that is not a review of a plan: who came, what was agreed.

    Not checked: that those who came are contacts.  Professionals and interpreters come too.
    """

    roles = STAFF

    kind: MeetingKind
    attendees: Some[Attendee]
    summary: Words
    actions: Few[Action] = ()

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_somebody_present(self.attendees)
        return [
            MeetingHeld(
                **self.entry(pupil, by),
                kind=self.kind,
                attendees=self.attendees,
                summary=self.summary,
                actions=self.actions,
            )
        ]


class SignpostingGiven(PupilEvent):
    services: tuple[Service, ...]
    contacts: tuple[Party, ...]
    how: str
    detail: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class GiveSignposting(Command):
    """Record that the family was pointed to advice and support outside the trust.

    Children and Families Act 2014 s.30 (local offer) and s.32 (advice and information, which is
    SENDIASS); policy s.15 and 20.
    """

    roles = STAFF

    services: Some[Service]
    contact_ids: Some[UUID]
    how: Words
    detail: Words | None = None

    @model_validator(mode="after")
    def _other_is_named(self) -> GiveSignposting:
        if Service.OTHER in self.services and self.detail is None:
            raise ValueError("Name the other service in the detail")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            SignpostingGiven(
                **self.entry(pupil, by),
                services=self.services,
                contacts=parties(pupil, self.contact_ids),
                how=self.how,
                detail=self.detail,
            )
        ]
