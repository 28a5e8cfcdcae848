"""The SEND register: where every pupil with a record stands on it, and what is due next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
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
from send_records.aggregates.reviews import ReviewHeld
from send_records.aggregates.scheduled_reviews import ReviewScheduled
from send_records.projections.base import Projection
from send_records.projections.names import by_name
from send_records.projections.pages import Opened, Page, Views, all_by, page_by
from send_records.projections.rows import SEALED, found_by

E = TypeVar("E", bound=DomainEvent)


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


@dataclass(frozen=True)
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
    needs: list[NeedRow] = field(default_factory=list)
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
    corrected: list[str] = field(default_factory=list)

    def at(self, version: int) -> RegisterRow:
        """Return the row at a version.  This is ``replace`` spelled out: it is done once for each
        event, and the library's way takes six times as long."""
        moved = object.__new__(RegisterRow)
        moved.__dict__.update(self.__dict__, version=version)
        return moved


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
        after = CHANGES.get(type(event))
        return (after(row, event) if after else row).at(event.originator_version)

    def topics(self) -> frozenset[str]:
        """Return the kinds that ``project`` looks up, and that of admission: it knows no others."""
        return frozenset({PupilAdmitted.__name__, *(kind.__name__ for kind in CHANGES)})


def _corrected(row: RegisterRow, event: PupilDetailsCorrected) -> RegisterRow:
    return replace(
        row,
        legal_name=event.legal_name or row.legal_name,
        preferred_name=event.preferred_name or row.preferred_name,
        date_of_birth=event.date_of_birth or row.date_of_birth,
    )


def _moved(row: RegisterRow, event: PupilMovedAcademy) -> RegisterRow:
    return replace(row, academy=event.to_academy, nc_year=event.nc_year)


def _readmitted(row: RegisterRow, event: PupilReadmitted) -> RegisterRow:
    return replace(row, academy=event.academy, nc_year=event.nc_year, left_on=None)


def _monitored(row: RegisterRow, event: MonitoringStarted) -> RegisterRow:
    row = replace(row, monitored_since=event.occurred_on, next_review_on=event.next_review_on)
    return _at(row, Status.MONITORING)


def _monitored_no_more(row: RegisterRow, _: MonitoringEnded) -> RegisterRow:
    row = replace(row, monitored_since=None, next_review_on=None)
    return _at(row, Status.REMOVED if row.removed_on else Status.NONE)


def _reviewed(row: RegisterRow, event: MonitoringReviewed | ReviewHeld) -> RegisterRow:
    on = event.occurred_on
    if row.last_review_on is not None and on < row.last_review_on:
        return row  # entered late: a later review has said what is due
    return replace(row, last_review_on=on, next_review_on=event.next_review_on)


def _added(row: RegisterRow, event: AddedToSendRegister) -> RegisterRow:
    row = replace(
        row,
        added_on=event.occurred_on,
        added_because=event.why,
        parents_informed_on=event.parents_informed_on,
        level_since=event.occurred_on,
        removed_on=None,
        removal_criterion=None,
    )
    return _at(row, Status(event.level))


def _changed_level(row: RegisterRow, event: SupportLevelChanged) -> RegisterRow:
    return _at(replace(row, level_since=event.occurred_on), Status(event.to_level))


def _removed(row: RegisterRow, event: RemovedFromSendRegister) -> RegisterRow:
    row = replace(
        row, removed_on=event.occurred_on, removal_criterion=event.criterion, next_review_on=None
    )
    return _at(row, Status.REMOVED)


def _planned(row: RegisterRow, event: PlanDrafted | PlanAmended) -> RegisterRow:
    return replace(row, class_teacher=event.class_teacher, next_review_on=event.review_on)


def _at(row: RegisterRow, status: Status) -> RegisterRow:
    return replace(row, status=status, sen_provision=SEN_PROVISION[status])


def _without_agency(row: RegisterRow, event: AgencyInvolvementEnded) -> RegisterRow:
    return replace(row, agencies=[a for a in row.agencies if a != event.agency])


def _identified(row: RegisterRow, event: NeedIdentified) -> RegisterRow:
    need = NeedRow(
        sen_type=event.sen_type,
        label=event.label,
        rank=event.rank,
        areas=[str(area) for area in event.areas],
        since=event.occurred_on.isoformat(),
    )
    others, _ = _apart(row, event.sen_type)
    return _with_needs(row, [*others, need])


def _reranked(row: RegisterRow, event: NeedReranked) -> RegisterRow:
    others, of_it = _apart(row, event.sen_type)
    return _with_needs(row, [*(NeedRow({**need, "rank": event.rank}) for need in of_it), *others])


def _ended(row: RegisterRow, event: NeedEnded) -> RegisterRow:
    others, _ = _apart(row, event.sen_type)
    return _with_needs(row, others)


def _apart(row: RegisterRow, sen_type: str) -> tuple[list[NeedRow], list[NeedRow]]:
    """Return the needs of other types, and those of the type."""
    others = [need for need in row.needs if need["sen_type"] != sen_type]
    return others, [need for need in row.needs if need["sen_type"] == sen_type]


def _with_needs(row: RegisterRow, needs: list[NeedRow]) -> RegisterRow:
    needs = sorted(needs, key=lambda need: need["rank"])
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


After = Callable[[RegisterRow, E], RegisterRow]


def _on(kind: type[E], after: After[E]) -> tuple[type[DomainEvent], After[Any]]:
    """Return what an event of a kind makes of a row, for the table below; both are of one type."""
    return kind, after


CHANGES: dict[type[DomainEvent], After[Any]] = dict(
    [
        _on(PupilDetailsCorrected, _corrected),
        _on(UpnReplaced, lambda row, event: replace(row, upn=event.upn)),
        _on(YearGroupChanged, lambda row, event: replace(row, nc_year=event.nc_year)),
        _on(PupilMovedAcademy, _moved),
        _on(PupilLeft, lambda row, e: replace(row, left_on=e.occurred_on, next_review_on=None)),
        _on(PupilReadmitted, _readmitted),
        _on(CircumstancesRecorded, _with_circumstances),
        _on(NeedIdentified, _identified),
        _on(NeedReranked, _reranked),
        _on(NeedEnded, _ended),
        _on(AgencyInvolved, lambda row, e: replace(row, agencies=[*row.agencies, e.agency])),
        _on(AgencyInvolvementEnded, _without_agency),
        _on(MonitoringStarted, _monitored),
        _on(MonitoringReviewed, _reviewed),
        _on(MonitoringEnded, _monitored_no_more),
        _on(AddedToSendRegister, _added),
        _on(SupportLevelChanged, _changed_level),
        _on(RemovedFromSendRegister, _removed),
        _on(PlanDrafted, _planned),
        _on(PlanAmended, _planned),
        _on(PlanEnded, lambda row, _: replace(row, next_review_on=None)),
        _on(ReviewHeld, _reviewed),
        _on(ReviewScheduled, lambda row, event: replace(row, next_review_on=event.planned_on)),
    ]
)
"""What each kind of event changes in a row, its version aside; those not named change nothing."""


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
