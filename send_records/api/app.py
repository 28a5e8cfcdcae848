"""The HTTP API: a translation of requests into commands and queries, with no rules of its own."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from send_records.api import (
    access_requests,
    accesses,
    activity,
    agencies,
    annual_reviews,
    anomalies,
    appeals,
    assessments,
    calendars,
    caseload,
    communications,
    complaints,
    concerns,
    consents,
    contacts,
    corrections,
    details,
    differences,
    disclosures,
    disputes,
    documents,
    duties,
    ehc_plans,
    ehc_requests,
    emergencies,
    events,
    health,
    jobs,
    medical,
    monitoring,
    needs,
    people,
    plans,
    profiles,
    proofs,
    provision,
    pupil_questions,
    pupils,
    questions,
    readers,
    reduced_timetables,
    register,
    retention,
    reviews,
    search,
    sessions,
    transition,
    voices,
    working_documents,
)
from send_records.api.describing import describe
from send_records.api.errors import add_error_handlers
from send_records.api.lastresort import LastResort
from send_records.bootstrap import System

KINDS = (
    pupils,
    contacts,
    details,
    concerns,
    monitoring,
    assessments,
    needs,
    agencies,
    consents,
    register,
    plans,
    profiles,
    provision,
    medical,
    reviews,
    voices,
    ehc_requests,
    ehc_plans,
    annual_reviews,
    appeals,
    retention,
    transition,
    reduced_timetables,
    communications,
    complaints,
    access_requests,
    disclosures,
    working_documents,
    corrections,
    disputes,
    emergencies,
    questions,
    pupil_questions,
    activity,
    documents,
    search,
    accesses,
    readers,
    anomalies,
    proofs,
    events,
    caseload,
    differences,
    duties,
    calendars,
    jobs,
    sessions,
    people,
)

QUIET: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
}
"""FastAPI's own telemetry records addresses and queries: off (``security.md``, measured 8)."""


def create_app(system: System) -> FastAPI:
    """Return the API of a running system."""
    app = FastAPI(
        title="SEND records",
        version="1",
        description=__doc__,
        docs_url=None,  # its pages are fetched from elsewhere; /openapi.json is ours
        redoc_url=None,
        redirect_slashes=False,  # a redirect repeats the query, and where to in the caller's words
        telemetry=QUIET,
    )
    app.state.system = system
    add_error_handlers(app)
    app.add_middleware(LastResort)
    for kind in KINDS:
        app.include_router(kind.router, prefix="/v1")
    app.include_router(health.router)
    describe(app)
    return app
