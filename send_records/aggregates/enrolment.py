"""Enrolment: a pupil comes on roll, moves between the trust's academies, leaves, and comes back.

    admitted ---> moved, year after year ---> left ---> readmitted

The trust is the controller, so a pupil who moves between its academies keeps the one stream (UK
GDPR Art 4(7); policy s.22).  After leaving, the record takes only disclosure, retention and
correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from send_records.aggregates.base import By, Command, DomainEvent, Entry, PupilEvent
from send_records.aggregates.details import (
    Sex,
    Uln,
    Upn,
    require_born_by,
    require_pupil_numbers,
    year_group,
)
from send_records.aggregates.handovers import Move
from send_records.aggregates.pupil import Pupil, PupilNotOnRoll
from send_records.aggregates.retention import RetentionClassAssigned, assigned
from send_records.aggregates.values import ROSTER, Clear, Day, Few, Name, Words, day_in_words
from send_records.errors import RuleBroken


class PupilStillOnRoll(RuleBroken):
    """Only a pupil who has left can be readmitted."""


class AcademyUnchanged(RuleBroken):
    """A move is from one academy to another."""


class PupilAdmitted(DomainEvent):
    legal_name: str
    preferred_name: str | None
    date_of_birth: date
    sex: Sex
    upn: str | None
    uln: str | None
    academy: Clear[str]
    nc_year: Clear[str]
    previous_setting: str | None
    home_languages: tuple[str, ...]

    def mutate(self, pupil: Pupil | None) -> Pupil:
        if pupil is not None:
            raise ValueError("A pupil's stream has one first event.")
        return Pupil(
            self.originator_id, self.originator_version, self.academy, nc_year=self.nc_year
        )

    def require_valid(self, by: By) -> None:
        require_born_by(self.date_of_birth, self.occurred_on)
        require_pupil_numbers(self.upn, self.uln)
        year_group(self.nc_year, self.occurred_on, by)


class AdmitPupil(Entry):
    """Open a pupil's record, with the retention class that every SEND record starts in.

    Not a ``Command``: there is no pupil yet to decide about.  Not checked here: whether another
    record has the same UPN, which is a question to the register and not to one pupil.
    """

    roles = ROSTER

    legal_name: Name
    preferred_name: Name | None = None
    date_of_birth: Day
    sex: Sex
    upn: Upn | None = None
    uln: Uln | None = None
    academy: Name
    nc_year: Name
    previous_setting: Name | None = None
    home_languages: Few[Name] = ()

    def decide(self, by: By) -> Sequence[DomainEvent]:
        require_born_by(self.date_of_birth, self.occurred_on)
        admitted = PupilAdmitted(
            **self.envelope(by.new_id, 1, by),
            legal_name=self.legal_name,
            preferred_name=self.preferred_name,
            date_of_birth=self.date_of_birth,
            sex=self.sex,
            upn=self.upn,
            uln=self.uln,
            academy=self.academy,
            nc_year=year_group(self.nc_year, self.occurred_on, by),
            previous_setting=self.previous_setting,
            home_languages=self.home_languages,
        )
        return [admitted, self._retention(by)]

    def _retention(self, by: By) -> RetentionClassAssigned:
        return assigned(self.envelope(by.new_id, 2, by), "pupil_send_record", by)


class PupilMovedAcademy(PupilEvent):
    from_academy: str
    to_academy: Clear[str]
    nc_year: Clear[str]
    accepted_by: str

    def apply(self, pupil: Pupil) -> Pupil:
        move = Move(pupil.academy, self.to_academy, self.occurred_on)
        return replace(
            pupil, academy=self.to_academy, nc_year=self.nc_year, class_name=None, move=move
        )

    def require_valid(self, by: By) -> None:
        year_group(self.nc_year, self.occurred_on, by)


class MovePupilAcademy(Command):
    """Record that a pupil moved to another academy of the trust; the record goes with them, and
    the SENDCo there accepts it (see ``handovers``)."""

    roles = ROSTER

    to_academy: Name
    nc_year: Name
    accepted_by: Name
    """Who received the record there."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.to_academy == pupil.academy:
            raise AcademyUnchanged(f"The pupil is already at {pupil.academy}.")
        return [
            PupilMovedAcademy(
                **self.entry(pupil, by),
                from_academy=pupil.academy,
                to_academy=self.to_academy,
                nc_year=year_group(self.nc_year, self.occurred_on, by),
                accepted_by=self.accepted_by,
            )
        ]


class PupilLeft(PupilEvent):
    destination: str | None
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, left_on=self.occurred_on, class_name=None)


class RecordLeaving(Command):
    """Record that a pupil has left the trust, on their last day on roll."""

    roles = ROSTER

    destination: Name | None = None
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.left_on is not None:
            raise PupilNotOnRoll(f"The pupil left on {day_in_words(pupil.left_on)}.")
        return [PupilLeft(**self.entry(pupil, by), destination=self.destination, why=self.why)]


class PupilReadmitted(PupilEvent):
    academy: Clear[str]
    nc_year: Clear[str]

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(
            pupil,
            academy=self.academy,
            nc_year=self.nc_year,
            class_name=None,
            left_on=None,
            move=None,
        )

    def require_valid(self, by: By) -> None:
        year_group(self.nc_year, self.occurred_on, by)


class ReadmitPupil(Command):
    """Record that a pupil who had left is on roll again; the record continues."""

    roles = ROSTER
    after_leaving = True

    academy: Name
    nc_year: Name

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.left_on is None:
            raise PupilStillOnRoll(f"The pupil is on roll at {pupil.academy}.")
        if self.occurred_on < pupil.left_on:
            raise PupilStillOnRoll(f"The pupil was on roll until {day_in_words(pupil.left_on)}.")
        return [
            PupilReadmitted(
                **self.entry(pupil, by),
                academy=self.academy,
                nc_year=year_group(self.nc_year, self.occurred_on, by),
            )
        ]
