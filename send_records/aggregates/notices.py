"""Notices: what parents were told, whether they agree or not.

    notice given, on a day; and again on another

To tell parents that SEN provision is being made is a duty (Children and Families Act 2014 s.68;
Code of Practice 6.43), whatever they agreed to (``consents``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.values import TEACHERS, Some, Words

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class NoticeOf(StrEnum):
    """What parents are told, whether they agree or not."""

    SEN_PROVISION = "sen_provision"
    MONITORING = "monitoring"
    SUPPORT_LEVEL = "support_level"
    REMOVAL_FROM_REGISTER = "removal_from_register"
    OTHER = "other"


def told_on(pupil: Pupil, notice_of: NoticeOf, by_day: date) -> date | None:
    """Return the day parents were last told of something by a day; None if they were not."""
    days = pupil.notices.get(notice_of, ())
    return max((day for day in days if day <= by_day), default=None)


class NoticeGiven(PupilEvent):
    notice_of: NoticeOf
    told: tuple[Party, ...]
    how: str
    detail: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        days = (*pupil.notices.get(self.notice_of, ()), self.occurred_on)
        return replace(pupil, notices={**pupil.notices, self.notice_of: days})


class GiveNotice(Command):
    """Record what parents were told, whom, how and when (CFA 2014 s.68; Code of Practice 6.43).

    Not checked: parental responsibility.  Whoever has care of the child is told too (Education
    Act 1996 s.576).
    """

    roles = TEACHERS

    notice_of: NoticeOf
    contact_ids: Some[UUID]
    how: Words
    detail: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            NoticeGiven(
                **self.entry(pupil, by),
                notice_of=self.notice_of,
                told=parties(pupil, self.contact_ids),
                how=self.how,
                detail=self.detail,
            )
        ]
