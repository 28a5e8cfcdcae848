"""What a pupil's record shows, put as the book puts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from tests.aggregates.model.book import (
    Access,
    AccessRequest,
    Book,
    Concern,
    EhcPlan,
    Plan,
    Preparation,
    Provision,
)

K = TypeVar("K")


def read(pupil: Any) -> Book:
    """Return the book that would be kept of a pupil."""
    register, monitoring, move = pupil.registration, pupil.monitoring, pupil.move
    timetable, request = pupil.reduced_timetable, pupil.ehc_request
    return Book(
        academy=pupil.academy,
        nc_year=pupil.nc_year,
        class_name=pupil.class_name,
        left_on=pupil.left_on,
        contacts={k: v.parental_responsibility for k, v in pupil.contacts.items()},
        concerns={
            k: Concern({str(f) for f in v.factors}, v.home_language_assessed, v.answer, v.outcome)
            for k, v in pupil.concerns.items()
        },
        monitoring=monitoring and (monitoring.since, monitoring.next_review_on),
        needs={k: v.rank for k, v in pupil.needs.items()},
        agencies={k: v.since for k, v in pupil.agencies.items()},
        register=register and (register.added_on, register.level),
        agreements=_some((k, _spans(v)) for k, v in pupil.agreements.items()),
        notices=_some((k, list(v)) for k, v in pupil.notices.items()),
        plan=_plan(pupil.plan),
        draft=_plan(pupil.draft),
        scheduled={k: (v.kind, v.planned_on) for k, v in pupil.scheduled_reviews.items()},
        reviews={k: (v.pupil_took_part, v.parents_took_part) for k, v in pupil.reviews.items()},
        voices={k: list(v) for k, v in pupil.voices.items()},
        provisions={k: _provision(v) for k, v in pupil.provisions.items()},
        adjustments={k: v.agreed_on for k, v in pupil.adjustments.items()},
        profiles=pupil.profiles,
        medical={k: v.placed_on for k, v in pupil.medical.items()},
        transitions={k: v.transfer_on for k, v in pupil.transitions.items()},
        handovers={k: (v.sent_on, v.acknowledged) for k, v in pupil.handovers.items()},
        move=move and (move.to_academy, move.moved_on),
        timetable=timetable and (timetable.agreed_on, timetable.start_on, timetable.end_on),
        complaints={
            k: (v.received_on, v.acknowledged, v.answered) for k, v in pupil.complaints.items()
        },
        access={k: _access(v) for k, v in pupil.access_requests.items()},
        preparations={k: _preparation(v) for k, v in pupil.preparations.items()},
        ehc_request=request and (request.received_by_la_on, request.reassessment, request.decision),
        ehc_plans=[EhcPlan(p.since, list(p.outcomes), p.ceased_on) for p in pupil.ehc_plans],
        annual_reviews=list(pupil.annual_reviews),
        decisions=[(d.ground, d.letter_dated) for d in pupil.la_decisions],
        certificates=[(m.about, m.certificate_dated) for m in pupil.mediations],
        appeals={k: (v.ground, v.letter_dated, v.decided) for k, v in pupil.appeals.items()},
        holds={k: v.kind for k, v in pupil.holds.items()},
        documents={k: (v.sha256, v.superseded_by) for k, v in pupil.documents.items()},
        retention=(pupil.retention_class, pupil.retention_rule),
        emergencies={
            k: Access(v.taken_by, v.until, v.reviewed) for k, v in pupil.emergency_accesses.items()
        },
        merged_into=pupil.merged_into and pupil.merged_into.into,
    )


def differences(book: Book, pupil: Any) -> list[str]:
    """Return what the record shows otherwise than the book."""
    shown = vars(read(pupil))
    return [
        f"{name}: {shown[name]} in the record, {kept} in the book"
        for name, kept in vars(book).items()
        if kept != shown[name]
    ]


def _some(found: Iterable[tuple[K, list[Any]]]) -> dict[K, list[Any]]:
    return {key: values for key, values in found if values}


def _spans(agreements: Iterable[Any]) -> list[tuple[date, date]]:
    spans = ((each.given_on, each.expires_on) for each in agreements)
    return [(first, last) for first, last in spans if first <= last]


def _plan(plan: Any) -> Plan | None:
    return plan and Plan(plan.id, plan.kind, list(plan.targets), plan.review_on)


def _provision(provision: Any) -> Provision:
    return Provision(
        [(each.since, each.weeks) for each in provision.stretches],
        provision.planned_to,
        [(each.first, each.last) for each in provision.logged],
        provision.ended_on,
    )


def _access(request: Any) -> AccessRequest:
    asked: list[Any] = [(p.of, p.sought_on, p.received_on) for p in request.pauses]
    return AccessRequest(
        request.received_on,
        request.on_behalf,
        request.identified,
        asked,
        request.extended_by,
        request.closed_on,
        request.by_responsibility,
        request.searches,
        set(request.workers),
    )


def _preparation(prepared: Any) -> Preparation:
    return Preparation(
        prepared.purpose,
        prepared.request_id,
        prepared.appeal_id,
        prepared.reference,
        prepared.sha256,
        prepared.prepared_by,
        prepared.approved_by,
        prepared.approved_on,
        prepared.void,
        prepared.sent,
    )


def restrictions(read_events: Iterable[Any]) -> dict[int, date]:
    """Return since when entries are restricted, as the record reads."""
    found: Mapping[int, date] = {}
    for event in read_events:
        kind = type(event).__name__
        if kind == "ProcessingRestricted":
            found = {**found, event.entry_version: event.occurred_on}
        elif kind == "RestrictionLifted":
            found = {k: v for k, v in found.items() if k != event.entry_version}
    return dict(found)
