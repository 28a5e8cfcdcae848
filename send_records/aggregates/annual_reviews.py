"""Annual reviews of an EHC plan: for when a meeting was called, and who was asked to it.

    called, 2 weeks' notice ---> held (``annual_review_meetings``)

Within 12 months of the plan and of each review (Children and Families Act 2014 s.44; SEND
Regulations 2014 reg 20; ``facts.md`` 2.3 and 6.9).  Notice that was too short, and whoever was not
invited, are shown and not refused: the record holds what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import require_ehc_plan
from send_records.aggregates.standing import DaysMiscounted
from send_records.aggregates.values import (
    SENDCOS,
    Day,
    Flag,
    Name,
    Some,
    Value,
    Words,
)
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class InviteePart(StrEnum):
    """In what part somebody is asked to an annual review."""

    PARENT = "parent"
    PUPIL = "pupil"
    HEAD = "head"
    LA_OFFICER = "la_send_officer"
    HEALTH = "health"
    SOCIAL_CARE = "social_care"
    STAFF = "staff"
    OTHER = "other"


STATUTORY = (
    InviteePart.PARENT,
    InviteePart.HEAD,
    InviteePart.LA_OFFICER,
    InviteePart.HEALTH,
    InviteePart.SOCIAL_CARE,
)
"""Who must be invited (SEND Regulations 2014 reg 20(2)); the young person stands for a parent."""


class ReviewInvitee(Value):
    """Somebody invited, in which part, and whether written advice was asked of them."""

    part: InviteePart
    name: Name
    advice_asked: Flag = False


class AnnualReviewCalled(PupilEvent):
    meeting_on: date
    notice_given_on: date
    notice_days: int
    short_notice: bool
    invited: tuple[ReviewInvitee, ...]
    not_invited: tuple[InviteePart, ...]
    """Those whom reg 20(2) names and who were not."""
    not_invited_because: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def require_valid(self, by: By) -> None:
        days = (self.meeting_on - self.notice_given_on).days
        short = is_short_notice(self.notice_given_on, self.meeting_on, by)
        if (self.notice_days, self.short_notice) != (days, short):
            raise DaysMiscounted("Its notice was counted: withdraw the entry and make it anew.")


def is_short_notice(given_on: date, meeting_on: date, by: By) -> bool:
    """Return whether notice is of less than 2 weeks (reg 20(3))."""
    return meeting_on < by.rules.interval("annual_review_notice", given_on).after(given_on)


class CallAnnualReview(Command):
    """Record that an annual review was called: for when, on what notice, and who was invited.

    Not refused: short notice (reg 20(3)), or an invitation that reg 20(2) wants and was not sent.
    Not checked: that no other meeting is called, for a meeting may be put off.
    """

    roles = SENDCOS

    meeting_on: Day
    notice_given_on: Day | None = None
    """The day of the entry, unless it is said."""
    invited: Some[ReviewInvitee]
    not_invited_because: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_ehc_plan(pupil, self.occurred_on)
        notice_on = self.notice_given_on or self.occurred_on
        require_past(notice_on, by)
        if self.meeting_on < notice_on:
            raise Invalid("The meeting is on the day of the notice or after it.")
        parts = {invitee.part for invitee in self.invited}
        if InviteePart.PUPIL in parts and self._young_person(pupil, by):
            parts.add(InviteePart.PARENT)
        return [
            AnnualReviewCalled(
                **self.entry(pupil, by),
                meeting_on=self.meeting_on,
                notice_given_on=notice_on,
                notice_days=(self.meeting_on - notice_on).days,
                short_notice=is_short_notice(notice_on, self.meeting_on, by),
                invited=self.invited,
                not_invited=tuple(part for part in STATUTORY if part not in parts),
                not_invited_because=self.not_invited_because,
            )
        ]

    def _young_person(self, pupil: Pupil, by: By) -> bool:
        code = by.rules.code("young_person_year", pupil.nc_year, self.occurred_on)
        return code is not None
