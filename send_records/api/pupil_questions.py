"""What is asked of one pupil's record as a whole: what was known and done, and the plan of now."""

from __future__ import annotations

from fastapi import Response

from send_records.api.accounting import AssessmentAccess, ProvisionAccess
from send_records.api.dependencies import Records
from send_records.api.moments import AtAnyTime, Question
from send_records.api.recording import PupilId, router_for
from send_records.api.views import json_response
from send_records.projections.lags import STEPS, Lag, lag_in
from send_records.projections.pages import as_json
from send_records.projections.plan_now import PlansNow, plans_read
from send_records.threads import threaded

router = router_for("questions")


@router.get(
    "/pupils/{pupil_id}/lag",
    operation_id="get_lag",
    summary="Get from knowing to acting",
    response_model=Lag,
)
@threaded
def get_lag(
    pupil_id: PupilId, asked: AtAnyTime, service: Records, access: AssessmentAccess
) -> Response:
    """Return what the trust knew of the pupil, when it knew it, and what it did, each line with its
    entry and with the days from noticing, and from recording, until something was done."""
    record = asked.record(service, pupil_id)
    steps = {step for kind, step in STEPS.items() if access.showing.shows_entry(kind.__name__)}
    lag = lag_in(access.entries(record.read), record.corrected, steps)
    return access.given([pupil_id], _answer(asked, lag))


@router.get(
    "/pupils/{pupil_id}/plan",
    operation_id="get_plan",
    summary="Get the plan",
    response_model=PlansNow,
)
@threaded
def get_plan(
    pupil_id: PupilId, asked: AtAnyTime, service: Records, access: ProvisionAccess
) -> Response:
    """Return the plan in force and the one in draft: targets with what the last review found of
    them, the next review, the class teacher, and with whom it was agreed and shared."""
    plans = access.shared(plans_read(asked.record(service, pupil_id)))
    return access.given([pupil_id], _answer(asked, plans))


def _answer(asked: Question, found: Lag | PlansNow) -> Response:
    response = json_response(as_json(found))
    response.headers.update(asked.headers_of(found))
    return response
