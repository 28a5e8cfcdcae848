"""Details: who the pupil is on paper, put right and kept up to date, and their circumstances.

    given at admission ---> corrected, replaced, changed from a day on

A detail that was wrong stays in the history beside what it should have been (UK GDPR Art 16).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import model_validator

from send_records.aggregates.base import By, Command, Entry, PupilEvent
from send_records.aggregates.upn import is_uln, is_upn
from send_records.aggregates.values import (
    ROSTER,
    Clear,
    Day,
    Few,
    Flag,
    Name,
    Words,
    judge,
)
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class NotACode(Invalid):
    """The code is not in the set on that day."""


def year_group(code: str, on: date, by: By) -> str:
    """Return the NC year code, which must be one of the set in force on the day."""
    if by.rules.code("nc_year", code, on) is None:
        raise NotACode("Enter the NC year as E1, E2, N1, N2, R, 1 to 14 or X.")
    return code


class NotAPupilNumber(Invalid):
    """A UPN or a ULN agrees with its own check character (DfE UPN guide 1.2)."""


def require_pupil_numbers(upn: str | None, uln: str | None) -> None:
    """Refuse a UPN or a ULN that cannot be one."""
    if not (upn is None or is_upn(upn)) or not (uln is None or is_uln(uln)):
        raise NotAPupilNumber("Check the number: its check character does not agree with it.")


def _upn(text: str) -> str:
    if not is_upn(text):
        raise ValueError("Check the UPN: its letter does not agree with its digits, or its form")
    return text


def _uln(text: str) -> str:
    if not is_uln(text):
        raise ValueError("Check the ULN: ten digits, the last a check digit")
    return text


Upn = Annotated[str, *judge(_upn)]


Uln = Annotated[str, *judge(_uln)]


def require_born_by(born: date, day: date) -> None:
    """Refuse a date of birth later than the day of the entry."""
    if born > day:
        raise Invalid("The date of birth is after the day of this entry.")


class Sex(StrEnum):
    """As the school census records it."""

    FEMALE = "F"
    MALE = "M"


class PupilDetailsCorrected(PupilEvent):
    """Details that were wrong; None where a detail stands as it was."""

    legal_name: str | None
    preferred_name: str | None
    date_of_birth: date | None
    sex: Sex | None
    uln: str | None
    home_languages: tuple[str, ...] | None
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def require_valid(self, by: By) -> None:
        if self.date_of_birth is not None:
            require_born_by(self.date_of_birth, self.occurred_on)
        require_pupil_numbers(None, self.uln)


class CorrectPupilDetails(Command):
    """Put right a detail that was recorded wrongly; what was recorded stays in the history."""

    roles = ROSTER
    after_leaving = True  # UK GDPR Art 16 does not end when a pupil leaves
    after_merging = True

    legal_name: Name | None = None
    preferred_name: Name | None = None
    date_of_birth: Day | None = None
    sex: Sex | None = None
    uln: Uln | None = None
    home_languages: Few[Name] | None = None
    why: Words

    @model_validator(mode="after")
    def _something_to_correct(self) -> CorrectPupilDetails:
        details = self.model_dump(exclude={*Entry.model_fields, "why"})
        if all(value is None for value in details.values()):
            raise ValueError("Enter the detail that was wrong, as it should be")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.date_of_birth is not None:
            require_born_by(self.date_of_birth, self.occurred_on)
        return [
            PupilDetailsCorrected(
                **self.entry(pupil, by),
                legal_name=self.legal_name,
                preferred_name=self.preferred_name,
                date_of_birth=self.date_of_birth,
                sex=self.sex,
                uln=self.uln,
                home_languages=self.home_languages,
                why=self.why,
            )
        ]


class UpnReplaced(PupilEvent):
    upn: str
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def require_valid(self, by: By) -> None:
        require_pupil_numbers(self.upn, None)


class ReplaceUpn(Command):
    """Record a new UPN: a permanent one for a temporary, or a fresh one for a child at risk.

    DfE UPN guide 1.2: adopted and at-risk children may be given one that leads to no other, so
    the old number is not repeated here; it stays in the event that recorded it.
    """

    roles = ROSTER

    upn: Upn
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [UpnReplaced(**self.entry(pupil, by), upn=self.upn, why=self.why)]


class CircumstancesRecorded(PupilEvent):
    """Circumstances from a day on; None where nothing is said of one."""

    eal: bool | None
    pupil_premium: bool | None
    looked_after: bool | None
    previously_looked_after: bool | None
    service_child: bool | None
    young_carer: bool | None
    disability: bool | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordCircumstances(Command):
    """Record circumstances that may bear on progress and are not themselves SEND (policy s.6)."""

    roles = ROSTER

    eal: Flag | None = None
    pupil_premium: Flag | None = None
    looked_after: Flag | None = None
    previously_looked_after: Flag | None = None
    service_child: Flag | None = None
    young_carer: Flag | None = None
    disability: Flag | None = None

    @model_validator(mode="after")
    def _something_to_record(self) -> RecordCircumstances:
        said = self.model_dump(exclude=set(Entry.model_fields))
        if all(value is None for value in said.values()):
            raise ValueError("Say yes or no of at least one circumstance")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            CircumstancesRecorded(
                **self.entry(pupil, by),
                eal=self.eal,
                pupil_premium=self.pupil_premium,
                looked_after=self.looked_after,
                previously_looked_after=self.previously_looked_after,
                service_child=self.service_child,
                young_carer=self.young_carer,
                disability=self.disability,
            )
        ]


class YearGroupChanged(PupilEvent):
    nc_year: Clear[str]

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, nc_year=self.nc_year)

    def require_valid(self, by: By) -> None:
        year_group(self.nc_year, self.occurred_on, by)


class ChangeYearGroup(Command):
    """Record the year group the pupil is now taught in, which need not follow age."""

    roles = ROSTER

    nc_year: Name

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        nc_year = year_group(self.nc_year, self.occurred_on, by)
        return [YearGroupChanged(**self.entry(pupil, by), nc_year=nc_year)]
