"""Advice for an EHC needs assessment, which the local authority asks the school for.

    asked ---> submitted, within 6 weeks

The school gives advice on the child's needs, the provision they may require and the outcomes
(SEND Regulations 2014 reg 6(1)(b)), within 6 weeks of being asked (reg 8; ``facts.md`` 2.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.preparations import PackPurpose, as_sent, require_unsent
from send_records.aggregates.values import SENDCOS, Day, Few, Name, Origin, Role, Words
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class EhcAdviceRequested(PupilEvent):
    asked_on: date
    local_authority: str
    asked_by: str | None
    respond_by: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordEhcAdviceRequest(Command):
    """Record that the local authority asked the school for its advice, on the day it asked.

    Not checked: a request on record.  Where parents asked for the assessment, the local
    authority's letter may be the first the school hears of it.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    local_authority: Name
    asked_by: Name | None = None
    """The officer who asked."""
    respond_by: Day | None = None
    """The day the letter names, where it names one."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.respond_by is not None and self.respond_by < self.occurred_on:
            raise Invalid("The day to respond by is before the day of asking.")
        return [
            EhcAdviceRequested(
                **self.entry(pupil, by),
                asked_on=self.occurred_on,
                local_authority=self.local_authority,
                asked_by=self.asked_by,
                respond_by=self.respond_by,
            )
        ]


class EhcAdviceSubmitted(PupilEvent):
    class_version = 2
    measured = frozenset({"preparation_id", "sha256"})

    submitted_on: date
    local_authority: str
    written_by: str
    needs: str
    provision: str
    outcomes: tuple[str, ...]
    advice_dated: date
    preparation_id: UUID | None
    sha256: str | None
    """Of the pack that was made of the record, if that was sent with it."""

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state |= {"preparation_id": None, "sha256": None}

    def apply(self, pupil: Pupil) -> Pupil:
        return as_sent(pupil, self.preparation_id)

    def recipients(self) -> tuple[str, ...]:
        return (self.local_authority,)


class SubmitEhcAdvice(Command):
    """Record the advice that the school sent: needs, provision, outcomes (reg 6(1)(b)).

    It is the head's to give, or the SENDCo's, who speaks for the academy with the local authority
    (policy s.8.6), and needs no second person, for the school owes it by statute.  Not checked:
    that it was asked for.  Advice may go with the request itself.
    """

    roles = SENDCOS | {Role.PRINCIPAL}

    local_authority: Name
    written_by: Name
    needs: Words
    provision: Words
    outcomes: Few[Words] = ()
    advice_dated: Day | None = None
    """The day on which it was sent, unless it bears another."""
    preparation_id: UUID | None = None
    """The pack of evidence that was prepared for it and sent with it, if one was."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        advice_dated = self.advice_dated or self.occurred_on
        require_past(advice_dated, by)
        pack = self.preparation_id and require_unsent(
            pupil, self.preparation_id, PackPurpose.LA_ADVICE
        )
        return [
            EhcAdviceSubmitted(
                **self.entry(pupil, by),
                submitted_on=self.occurred_on,
                local_authority=self.local_authority,
                written_by=self.written_by,
                needs=self.needs,
                provision=self.provision,
                outcomes=self.outcomes,
                advice_dated=advice_dated,
                preparation_id=self.preparation_id,
                sha256=pack.sha256 if pack else None,
            )
        ]
