"""The SEND register: where every pupil with a record stands on it, and what is due next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict  # typing's own is not enough for pydantic before 3.12

from send_records.aggregates.agencies import AgencyInvolved, AgencyInvolvementEnded
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.details import (
    CircumstancesRecorded,
    PupilDetailsCorrected,
    UpnReplaced,
    YearGroupChanged,
)
from send_records.aggregates.monitoring import (
    MonitoringEnded,
    MonitoringReviewed,
    MonitoringStarted,
)
from send_records.aggregates.needs import NeedEnded, NeedIdentified, NeedReranked
from send_records.aggregates.plans import PlanAmended, PlanDrafted, PlanEnded
from send_records.aggregates.pupil import (
    PupilAdmitted,
    PupilLeft,
    PupilMovedAcademy,
    PupilReadmitted,
)
from send_records.aggregates.register import (
    AddedToSendRegister,
    RemovedFromSendRegister,
    SupportLevelChanged,
)
from send_records.aggregates.reviews import ReviewHeld, ReviewScheduled
from send_records.projections.base import Projection
from send_records.projections.names import by_name
from send_records.projections.rows import JSON, SEALED, found_by
from send_records.projections.tables import Page, Table, Views


class Status(StrEnum):
    """The trust's own levels, finer than the DfE's codes (policy s.10; ``facts.md`` 0)."""

    NONE = "none"
    MONITORING = "monitoring"
    TARGETED = "targeted"
    SPECIALIST = "specialist"
    EHCP = "ehcp"
    REMOVED = "removed"


SEN_PROVISION = {
    Status.NONE: "N",
    Status.MONITORING: "N",
    Status.TARGETED: "K",
    Status.SPECIALIST: "K",
    Status.EHCP: "E",
    Status.REMOVED: "N",
}
"""The DfE code that follows (school census; ``facts.md`` 1.1: N includes those once on support)."""


class NeedRow(TypedDict):
    """One need of a row, as JSON."""

    sen_type: str
    label: str
    rank: int
    areas: list[str]
    since: str


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One pupil; see the comments on the table's columns."""

    pupil_id: UUID
    legal_name: str = field(metadata=SEALED)
    preferred_name: str | None = field(metadata=SEALED)
    date_of_birth: date = field(metadata=SEALED)
    upn: str | None = field(metadata=SEALED | found_by("upn_tag"))
    academy: str
    nc_year: str
    version: int
    status: str = Status.NONE
    sen_provision: str = SEN_PROVISION[Status.NONE]
    needs: list[NeedRow] = field(default_factory=list, metadata=JSON)
    primary_need: str | None = None
    areas: list[str] = field(default_factory=list)
    agencies: list[str] = field(default_factory=list, metadata=SEALED)
    monitored_since: date | None = None
    added_on: date | None = None
    added_because: str | None = field(default=None, metadata=SEALED)
    parents_informed_on: date | None = None
    level_since: date | None = None
    removed_on: date | None = None
    removal_criterion: str | None = None
    class_teacher: str | None = field(default=None, metadata=SEALED)
    last_review_on: date | None = None
    next_review_on: date | None = None
    eal: bool | None = None
    pupil_premium: bool | None = None
    looked_after: bool | None = None
    previously_looked_after: bool | None = None
    service_child: bool | None = None
    young_carer: bool | None = None
    disability: bool | None = None
    left_on: date | None = None


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
        if row is None:
            return None
        return replace(_with(row, event), version=event.originator_version)


def _with(row: RegisterRow, event: DomainEvent) -> RegisterRow:
    """Return the row after an event, its version aside."""
    on = event.occurred_on
    match event:
        case PupilDetailsCorrected():
            return replace(
                row,
                legal_name=event.legal_name or row.legal_name,
                preferred_name=event.preferred_name or row.preferred_name,
                date_of_birth=event.date_of_birth or row.date_of_birth,
            )
        case UpnReplaced():
            return replace(row, upn=event.upn)
        case YearGroupChanged():
            return replace(row, nc_year=event.nc_year)
        case PupilMovedAcademy():
            return replace(row, academy=event.to_academy, nc_year=event.nc_year)
        case PupilLeft():
            return replace(row, left_on=on, next_review_on=None)
        case PupilReadmitted():
            return replace(row, academy=event.academy, nc_year=event.nc_year, left_on=None)
        case CircumstancesRecorded():
            return _with_circumstances(row, event)
        case NeedIdentified() | NeedReranked() | NeedEnded():
            return _with_needs(row, event)
        case AgencyInvolved():
            return replace(row, agencies=[*row.agencies, event.agency])
        case AgencyInvolvementEnded():
            return replace(row, agencies=[a for a in row.agencies if a != event.agency])
        case MonitoringStarted():
            row = replace(row, monitored_since=on, next_review_on=event.next_review_on)
            return _at(row, Status.MONITORING)
        case MonitoringReviewed() | ReviewHeld():
            if row.last_review_on is not None and on < row.last_review_on:
                return row  # entered late: a later review has said what is due
            return replace(row, last_review_on=on, next_review_on=event.next_review_on)
        case MonitoringEnded():
            row = replace(row, monitored_since=None, next_review_on=None)
            return _at(row, Status.REMOVED if row.removed_on else Status.NONE)
        case AddedToSendRegister():
            row = replace(
                row,
                added_on=on,
                added_because=event.why,
                parents_informed_on=event.parents_informed_on,
                level_since=on,
                removed_on=None,
                removal_criterion=None,
            )
            return _at(row, Status(event.level))
        case SupportLevelChanged():
            return _at(replace(row, level_since=on), Status(event.to_level))
        case RemovedFromSendRegister():
            row = replace(
                row, removed_on=on, removal_criterion=event.criterion, next_review_on=None
            )
            return _at(row, Status.REMOVED)
        case PlanDrafted() | PlanAmended():
            return replace(row, class_teacher=event.class_teacher, next_review_on=event.review_on)
        case PlanEnded():
            return replace(row, next_review_on=None)
        case ReviewScheduled():
            return replace(row, next_review_on=event.planned_on)
        case _:
            return row


def _at(row: RegisterRow, status: Status) -> RegisterRow:
    return replace(row, status=status, sen_provision=SEN_PROVISION[status])


def _with_needs(row: RegisterRow, event: NeedIdentified | NeedReranked | NeedEnded) -> RegisterRow:
    others = [need for need in row.needs if need["sen_type"] != event.sen_type]
    match event:
        case NeedIdentified():
            added = NeedRow(
                sen_type=event.sen_type,
                label=event.label,
                rank=event.rank,
                areas=[str(area) for area in event.areas],
                since=event.occurred_on.isoformat(),
            )
            needs = [*others, added]
        case NeedReranked():
            needs = [
                NeedRow({**need, "rank": event.rank})
                for need in row.needs
                if need["sen_type"] == event.sen_type
            ] + others
        case NeedEnded():
            needs = others
    needs.sort(key=lambda need: need["rank"])
    return replace(
        row,
        needs=needs,
        primary_need=next((n["sen_type"] for n in needs if n["rank"] == 1), None),
        areas=sorted({area for need in needs for area in need["areas"]}),
    )


def _with_circumstances(row: RegisterRow, event: CircumstancesRecorded) -> RegisterRow:
    def latest(said: bool | None, before: bool | None) -> bool | None:
        return before if said is None else said

    return replace(
        row,
        eal=latest(event.eal, row.eal),
        pupil_premium=latest(event.pupil_premium, row.pupil_premium),
        looked_after=latest(event.looked_after, row.looked_after),
        previously_looked_after=latest(event.previously_looked_after, row.previously_looked_after),
        service_child=latest(event.service_child, row.service_child),
        young_carer=latest(event.young_carer, row.young_carer),
        disability=latest(event.disability, row.disability),
    )


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
    with views.pool.connection() as connection:
        return Table(SendRegister(), views.seals).page_by(
            connection, where=where, order=by_name, after=after, limit=limit
        )


def register_row(views: Views, pupil_id: UUID) -> RegisterRow | None:
    """Return where one pupil stands."""
    with views.pool.connection() as connection:
        return Table(SendRegister(), views.seals).load(connection, [pupil_id]).get(pupil_id)
