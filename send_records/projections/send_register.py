"""The SEND register: where every pupil with a record stands on it, and what is due next."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.enrolment import PupilAdmitted
from send_records.aggregates.merging import RecordMergedInto
from send_records.projections.base import Projection
from send_records.projections.names import by_name
from send_records.projections.pages import Opened, Page, Views, all_by, page_by
from send_records.projections.register_changes import CHANGES
from send_records.projections.register_rows import RegisterRow, Status


class SendRegister(Projection[RegisterRow]):
    """Where pupils stand, one row each."""

    name = "send_register"
    row = RegisterRow

    def project(self, row: RegisterRow | None, event: DomainEvent) -> RegisterRow | None:
        if isinstance(event, PupilAdmitted):
            return RegisterRow(
                pupil_id=event.originator_id,
                legal_name=event.legal_name,
                preferred_name=event.preferred_name,
                date_of_birth=event.date_of_birth,
                upn=event.upn,
                academy=event.academy,
                nc_year=event.nc_year,
                version=event.originator_version,
            )
        if row is None or isinstance(event, RecordMergedInto):
            return None
        after = CHANGES.get(type(event))
        return (after(row, event) if after else row).at(event.originator_version)

    def topics(self) -> frozenset[str]:
        """Return the kinds that ``project`` looks up, and those that begin and end a row."""
        kinds: set[type[DomainEvent]] = {PupilAdmitted, RecordMergedInto, *CHANGES}
        return frozenset(kind.__name__ for kind in kinds)


class Show(StrEnum):
    """Which part of the register to show."""

    ON = "on"
    MONITORING = "monitoring"
    REMOVED = "removed"
    ALL = "all"


SHOWN = {
    Show.ON: [Status.TARGETED, Status.SPECIALIST, Status.EHCP],
    Show.MONITORING: [Status.MONITORING],
    Show.REMOVED: [Status.REMOVED],
    Show.ALL: list(Status),
}


def register_page(
    views: Views,
    *,
    academy: str | None,
    show: Show,
    left: bool,
    after: UUID | None,
    limit: int,
) -> Page[RegisterRow]:
    """Return pupils by legal name: on roll, unless those who left are asked for."""
    where: dict[str, Any] = {"status": [str(status) for status in SHOWN[show]]}
    if academy is not None:
        where["academy"] = academy
    if not left:
        where["left_on"] = None
    return page_by(views, SendRegister, by_name, where, after=after, limit=limit)


def register_row(views: Views, pupil_id: UUID) -> Opened[RegisterRow] | None:
    """Return where one pupil stands."""
    return next(iter(all_by(views, SendRegister, by_name, {"pupil_id": pupil_id})), None)
