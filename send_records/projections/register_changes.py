"""Register changes: what each kind of event makes of a pupil's row in the SEND register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from send_records.aggregates.agencies import AgencyInvolved, AgencyInvolvementEnded
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.details import (
    CircumstancesRecorded,
    PupilDetailsCorrected,
    UpnReplaced,
    YearGroupChanged,
)
from send_records.aggregates.enrolment import PupilLeft, PupilMovedAcademy, PupilReadmitted
from send_records.aggregates.monitoring import (
    MonitoringEnded,
    MonitoringReviewed,
    MonitoringStarted,
)
from send_records.aggregates.needs import NeedEnded, NeedIdentified, NeedReranked
from send_records.aggregates.plans import PlanAmended, PlanDrafted, PlanEnded
from send_records.aggregates.register import (
    AddedToSendRegister,
    RemovedFromSendRegister,
    SupportLevelChanged,
)
from send_records.aggregates.reviews import ReviewHeld
from send_records.aggregates.scheduled_reviews import ReviewScheduled
from send_records.projections.register_rows import SEN_PROVISION, NeedRow, RegisterRow, Status

E = TypeVar("E", bound=DomainEvent)


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
