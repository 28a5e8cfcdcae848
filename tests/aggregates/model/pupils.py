"""The pupil on paper, on roll and off it, and the adults in the pupil's life."""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.contacts import AmendContact, RecordContact, RemoveContact
from send_records.aggregates.details import (
    ChangeYearGroup,
    CorrectPupilDetails,
    RecordCircumstances,
    ReplaceUpn,
)
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    Desk,
    changes_nothing,
    never_refused,
    refuses,
    strangers,
    writes,
)
from tests.aggregates.model.numbers import is_code

AFTER_LEAVING |= {CorrectPupilDetails, ReadmitPupil}
never_refused(ReplaceUpn, RecordCircumstances, RecordContact)
changes_nothing(CorrectPupilDetails, ReplaceUpn, RecordCircumstances)


Placed = ChangeYearGroup | MovePupilAcademy | ReadmitPupil


def not_a_year(desk: Desk, said: Placed) -> Iterator[str]:
    if not is_code(desk.rules, "nc_year", said.nc_year, said.occurred_on):
        yield "NotACode"


@refuses(CorrectPupilDetails)
def details(desk: Desk, said: CorrectPupilDetails) -> Iterator[str]:
    """Nobody is born after the day of an entry."""
    if said.date_of_birth is not None and said.date_of_birth > said.occurred_on:
        yield "Invalid"


refuses(ChangeYearGroup)(not_a_year)


@writes(ChangeYearGroup)
def year_changed(desk: Desk, said: ChangeYearGroup) -> None:
    desk.book.nc_year = said.nc_year


@refuses(PlaceInClass)
def placing(desk: Desk, said: PlaceInClass) -> Iterator[str]:
    """Who has left is in no class, and nobody is placed where they are."""
    if desk.book.left_on is not None:
        yield "InNoClassAfterLeaving"
    if said.class_name == desk.book.class_name:
        yield "ClassUnchanged"


@writes(PlaceInClass)
def placed(desk: Desk, said: PlaceInClass) -> None:
    desk.book.class_name = said.class_name


@refuses(MovePupilAcademy)
def moving(desk: Desk, said: MovePupilAcademy) -> Iterator[str]:
    """A move is from one academy to another, into a year group."""
    if said.to_academy == desk.book.academy:
        yield "AcademyUnchanged"
    yield from not_a_year(desk, said)


@writes(MovePupilAcademy)
def moved(desk: Desk, said: MovePupilAcademy) -> None:
    """The custody changes, and the receiving SENDCo is to accept it (policy s.17); the class is
    one of the academy that was left."""
    desk.book.class_name = None
    desk.book.academy = said.to_academy
    desk.book.nc_year = said.nc_year
    desk.book.move = (said.to_academy, said.occurred_on)


@refuses(RecordLeaving)
def leaving(desk: Desk, said: RecordLeaving) -> Iterator[str]:
    """Nobody leaves twice."""
    if desk.book.left_on is not None:
        yield "PupilNotOnRoll"


@writes(RecordLeaving)
def left(desk: Desk, said: RecordLeaving) -> None:
    desk.book.left_on = said.occurred_on
    desk.book.class_name = None


@refuses(ReadmitPupil)
def returning(desk: Desk, said: ReadmitPupil) -> Iterator[str]:
    """Only who has left comes back, and not before."""
    if desk.book.left_on is None or said.occurred_on < desk.book.left_on:
        yield "PupilStillOnRoll"
    yield from not_a_year(desk, said)


@writes(ReadmitPupil)
def returned(desk: Desk, said: ReadmitPupil) -> None:
    desk.book.academy = said.academy
    desk.book.nc_year = said.nc_year
    desk.book.left_on = None
    desk.book.class_name = None
    desk.book.move = None


@writes(RecordContact)
def recorded(desk: Desk, said: RecordContact) -> None:
    desk.book.contacts[desk.new_id] = said.contact.parental_responsibility


@refuses(AmendContact)
def amending(desk: Desk, said: AmendContact) -> Iterator[str]:
    yield from strangers(desk, [said.contact_id])


@writes(AmendContact)
def amended(desk: Desk, said: AmendContact) -> None:
    desk.book.contacts[said.contact_id] = said.contact.parental_responsibility


@refuses(RemoveContact)
def removing(desk: Desk, said: RemoveContact) -> Iterator[str]:
    yield from strangers(desk, [said.contact_id])


@writes(RemoveContact)
def removed(desk: Desk, said: RemoveContact) -> None:
    del desk.book.contacts[said.contact_id]
