"""Voices: what pupil and parents have to say, in their own words where they can be had.

    recorded, before a review or for it ---> heard at the review

Policy s.11 (parent and pupil voice collected during termly reviews) and 16; Children and Families
Act 2014 s.19; Code of Practice 6.54.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, own_party
from send_records.aggregates.values import (
    STAFF,
    Flag,
    Name,
    Origin,
    Role,
    Words,
)
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Voice(StrEnum):
    """Whose view it is."""

    PUPIL = "pupil"
    PARENT = "parent"


class VoiceMissing(RuleBroken):
    """A review holds the pupil's and the parents' views, or the reason it does not."""

    basis = "SEND policy s.11; Children and Families Act 2014 s.19; SEND Code of Practice 6.54"


def heard_for_review(pupil: Pupil, voice: Voice, on: date) -> bool:
    """Tell whether a voice was recorded by the day of a review, since the review before it."""
    reviews = (*pupil.reviews, *pupil.annual_reviews)
    last_review = max((day for day in reviews if day < on), default=date.min)
    return any(last_review < day <= on for day in pupil.voices.get(voice, ()))


def require_heard(pupil: Pupil, voice: Voice, said: str | None, on: date) -> None:
    """Refuse a review that holds neither a voice, said at it or for it, nor why it does not."""
    if said is None and not heard_for_review(pupil, voice, on):
        raise VoiceMissing(f"Record the {voice}'s view, or why there is none.")


def with_voice(pupil: Pupil, voice: Voice, on: date) -> Pupil:
    """Return the pupil with a voice heard on one more day."""
    days = (*pupil.voices.get(voice, ()), on)
    return replace(pupil, voices={**pupil.voices, voice: days})


class PupilVoiceRecorded(PupilEvent):
    how: str
    likes: str | None
    hard: str | None
    helps: str | None
    hopes: str | None
    verbatim: bool
    wants_to_attend_review: bool | None

    def apply(self, pupil: Pupil) -> Pupil:
        return with_voice(pupil, Voice.PUPIL, self.occurred_on)


class RecordPupilVoice(Command):
    """Record what the pupil said, drew or showed, and whether the words are the pupil's own."""

    roles = STAFF | {Role.PUPIL}

    origin: Origin = Origin.PUPIL
    how: Name
    likes: Words | None = None
    hard: Words | None = None
    helps: Words | None = None
    hopes: Words | None = None
    verbatim: Flag
    wants_to_attend_review: Flag | None = None

    @model_validator(mode="after")
    def _something_said(self) -> RecordPupilVoice:
        if not (self.likes or self.hard or self.helps or self.hopes):
            raise ValueError("Record something that the pupil said, drew or showed")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            PupilVoiceRecorded(
                **self.entry(pupil, by),
                how=self.how,
                likes=self.likes,
                hard=self.hard,
                helps=self.helps,
                hopes=self.hopes,
                verbatim=self.verbatim,
                wants_to_attend_review=self.wants_to_attend_review,
            )
        ]


class ParentVoiceRecorded(PupilEvent):
    given_by: Party
    interpreter: bool
    going_well: str | None
    worries: str | None
    hopes: str | None
    happy_to_share: bool

    def apply(self, pupil: Pupil) -> Pupil:
        return with_voice(pupil, Voice.PARENT, self.occurred_on)


class RecordParentVoice(Command):
    """Record what a parent said, and whether it may be shared at the review.

    A parent here is whoever has care of the child, a grandparent or a foster carer too
    (Education Act 1996 s.576): parental responsibility is not asked for.  One who records it
    themself does so in their own name.
    """

    roles = STAFF | {Role.PARENT}

    origin: Origin = Origin.PARENT
    contact_id: UUID
    interpreter: Flag = False
    going_well: Words | None = None
    worries: Words | None = None
    hopes: Words | None = None
    happy_to_share: Flag

    @model_validator(mode="after")
    def _something_said(self) -> RecordParentVoice:
        if not (self.going_well or self.worries or self.hopes):
            raise ValueError("Record something that the parent said")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            ParentVoiceRecorded(
                **self.entry(pupil, by),
                given_by=own_party(pupil, self.contact_id, by),
                interpreter=self.interpreter,
                going_well=self.going_well,
                worries=self.worries,
                hopes=self.hopes,
                happy_to_share=self.happy_to_share,
            )
        ]
