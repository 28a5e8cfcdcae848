"""The domain: what may be recorded of a pupil, and what it adds up to; and who may record it.

Importing this package makes every event known, so that the log can be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates import (
    access_answers,
    access_clock,
    access_requests,
    adjustments,
    agencies,
    annual_review_meetings,
    annual_review_results,
    annual_reviews,
    appeals,
    approvals,
    assessments,
    attainments,
    bundles,
    cases,
    classes,
    communications,
    complaints,
    concern_answers,
    concern_questionnaires,
    concerns,
    consents,
    contacts,
    corrected,
    corrections,
    decisions,
    details,
    disclosures,
    disputes,
    documents,
    ehc_advice,
    ehc_answers,
    ehc_plan_changes,
    ehc_plans,
    ehc_requests,
    emergencies,
    enrolment,
    grants,
    handovers,
    healthcare,
    la_decisions,
    mediations,
    medical,
    merging,
    monitoring,
    needs,
    notices,
    plans,
    preparations,
    profiles,
    provision,
    reduced_timetables,
    register,
    reliance,
    retention,
    reviews,
    role_endings,
    scheduled_reviews,
    searches,
    sessions,
    timetable_reviews,
    transition,
    tribunal,
    voices,
)
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.people import PersonEvent

__all__ = [
    "ALL_EVENTS",
    "EVENTS",
    "PEOPLE_EVENTS",
    "access_answers",
    "access_clock",
    "access_requests",
    "adjustments",
    "agencies",
    "annual_review_meetings",
    "annual_review_results",
    "annual_reviews",
    "appeals",
    "approvals",
    "assessments",
    "attainments",
    "bundles",
    "cases",
    "classes",
    "communications",
    "complaints",
    "concern_answers",
    "concern_questionnaires",
    "concerns",
    "consents",
    "contacts",
    "corrected",
    "corrections",
    "decisions",
    "details",
    "disclosures",
    "disputes",
    "documents",
    "ehc_advice",
    "ehc_answers",
    "ehc_plan_changes",
    "ehc_plans",
    "ehc_requests",
    "emergencies",
    "enrolment",
    "grants",
    "handovers",
    "healthcare",
    "la_decisions",
    "mediations",
    "medical",
    "merging",
    "monitoring",
    "needs",
    "notices",
    "plans",
    "preparations",
    "profiles",
    "provision",
    "reduced_timetables",
    "register",
    "reliance",
    "retention",
    "reviews",
    "role_endings",
    "scheduled_reviews",
    "searches",
    "sessions",
    "timetable_reviews",
    "transition",
    "tribunal",
    "voices",
]


def _descendants(base: type[DomainEvent]) -> Iterator[type[DomainEvent]]:
    for event_class in base.__subclasses__():
        yield event_class
        yield from _descendants(event_class)


ALL_EVENTS: dict[str, type[DomainEvent]] = {
    event_class.__name__: event_class
    for base in DomainEvent.__subclasses__()
    for event_class in [base, *_descendants(base)]
    if not event_class.__abstractmethods__
}
"""Every event that can be recorded, by the name under which the log keeps it: the allow-list."""

PEOPLE_EVENTS: dict[str, type[PersonEvent]] = {
    name: event_class
    for name, event_class in ALL_EVENTS.items()
    if issubclass(event_class, PersonEvent)
}
"""The events of people's streams: who may see and do what."""

EVENTS: dict[str, type[DomainEvent]] = {
    name: event_class
    for name, event_class in ALL_EVENTS.items()
    if not issubclass(event_class, PersonEvent)
}
"""The events of pupils' streams: all that is ever shown, counted or folded of a pupil."""
