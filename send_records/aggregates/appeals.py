"""Appeals: what a family asks of the Tribunal about a decision of the local authority.

    decision (``la_decisions``) ---> mediated (``mediations``) ---> lodged ---> heard (``tribunal``)

An appeal to the First-tier Tribunal (SEND) is made within 2 months of the decision letter or 1
month of the mediation certificate, whichever is later (``facts.md`` 2.4).  The family appeals and
the local authority answers; the school keeps what it learns, for the bundle asks it for evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import SectionNotInForce
from send_records.aggregates.la_decisions import AppealGround, LaDecision, NothingToAppeal
from send_records.aggregates.standing import DaysMiscounted
from send_records.aggregates.values import (
    SENDCOS,
    Day,
    Few,
    Flag,
    Name,
    Origin,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Appellant(StrEnum):
    """Who may appeal: a parent, or the young person once past compulsory school age."""

    PARENT = "parent"
    YOUNG_PERSON = "young_person"


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal."""

    id: UUID
    ground: AppealGround
    letter_dated: date
    decided: bool = False


class AppealWindowClosed(RuleBroken):
    """An appeal made after its time is recorded with the reason why it is late."""

    basis = (
        "SEND Tribunal: 2 months from the decision letter or 1 month from the mediation "
        "certificate, whichever is later"
    )


class AlreadyAppealed(RuleBroken):
    """A decision is appealed against once."""


class AppealLodged(PupilEvent):
    appeal_id: UUID
    ground: AppealGround
    sections: tuple[str, ...]
    extended: bool
    lodged_by: Appellant
    decision_letter_dated: date
    registered_on: date | None
    certificate_dated: date | None
    certificate_needed: bool
    window_ends_on: date
    late: bool
    late_because: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        appeal = Appeal(self.appeal_id, self.ground, self.decision_letter_dated)
        return replace(pupil, appeals={**pupil.appeals, appeal.id: appeal})

    def require_valid(self, by: By) -> None:
        ends_on = window_ends_on(self.decision_letter_dated, self.certificate_dated, by)
        if (self.window_ends_on, self.late) != (ends_on, self.occurred_on > ends_on):
            raise DaysMiscounted("Its window was counted: withdraw the entry and make it anew.")


def window_ends_on(letter: date, certificate: date | None, by: By) -> date:
    """Return the last day for an appeal: 2 months from the letter or 1 month from the mediation
    certificate, whichever is later (``facts.md`` 2.4)."""
    ends_on = by.rules.interval("appeal_from_letter", letter).after(letter)
    if certificate is None:
        return ends_on
    month = by.rules.interval("appeal_from_certificate", certificate)
    return max(ends_on, month.after(certificate))


class LodgeAppeal(Command):
    """Record that the family appealed to the Tribunal, and whether within its time.

    Not checked: the mediation certificate (s.55), which the family holds and the school may never
    see; the entry says whether one was needed and which is known.
    """

    roles = SENDCOS

    origin: Origin = Origin.PARENT
    ground: AppealGround
    sections: Few[Name] = ()
    """Of an appeal against the contents of a plan: B, F or I."""
    extended: Flag = False
    """Whether it asks for recommendations on health or social care as well."""
    lodged_by: Appellant = Appellant.PARENT
    decision_letter_dated: Day
    registered_on: Day | None = None
    """The day on which the Tribunal registered it, where its letter is at hand."""
    late_because: Words | None = None

    @model_validator(mode="after")
    def _sections_of_a_plan(self) -> LodgeAppeal:
        if bool(self.sections) is not (self.ground is AppealGround.CONTENTS):
            raise ValueError("Name the sections of an appeal against the contents, of no other")
        return self

    def comes_from(self, pupil: Pupil) -> Origin:
        return Origin.PARENT if self.lodged_by is Appellant.PARENT else Origin.PUPIL

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        self._require_sound(pupil, by)
        certificate = self._certificate(pupil)
        ends_on = window_ends_on(self.decision_letter_dated, certificate, by)
        late = self.occurred_on > ends_on
        if late and self.late_because is None:
            raise AppealWindowClosed(
                f"The time for this appeal ended on {day_in_words(ends_on)}: say why it is late."
            )
        return [
            AppealLodged(
                **self.entry(pupil, by),
                appeal_id=by.new_id,
                ground=self.ground,
                sections=self.sections,
                extended=self.extended,
                lodged_by=self.lodged_by,
                decision_letter_dated=self.decision_letter_dated,
                registered_on=self.registered_on,
                certificate_dated=certificate,
                certificate_needed=set(self.sections) != {"I"},
                window_ends_on=ends_on,
                late=late,
                late_because=self.late_because,
            )
        ]

    def _require_sound(self, pupil: Pupil, by: By) -> None:
        if LaDecision(self.ground, self.decision_letter_dated) not in pupil.la_decisions:
            raise NothingToAppeal("Record that decision of the local authority first.")
        if self.registered_on is not None:
            require_past(self.registered_on, by)
            if self.registered_on < self.occurred_on:
                raise Invalid("The Tribunal registers an appeal once it is made.")
        if self.occurred_on < self.decision_letter_dated:
            raise Invalid("An appeal is made after the letter that it is against.")
        against = {(appeal.ground, appeal.letter_dated) for appeal in pupil.appeals.values()}
        if (self.ground, self.decision_letter_dated) in against:
            raise AlreadyAppealed("An appeal against that decision is on record.")
        day = self.decision_letter_dated
        if any(by.rules.code("ehc_section_appealable", s, day) is None for s in self.sections):
            raise SectionNotInForce("The sections that can be appealed are B, F and I.")

    def _certificate(self, pupil: Pupil) -> date | None:
        """Return the day of the certificate that counts; None if none is known."""
        known = (
            mediation.certificate_dated
            for mediation in pupil.mediations
            if mediation.about is self.ground
            and self.decision_letter_dated <= mediation.certificate_dated <= self.occurred_on
        )
        return max(known, default=None)
