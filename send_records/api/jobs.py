"""Jobs: how far what was asked for has got, and cancelling it.

Whoever asked for a job follows it for as long as its pupil is in their scope, and so does whoever
may see what is restricted of that pupil; to all others there is no such job.
"""

from __future__ import annotations

from functools import partial
from inspect import getdoc
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Response
from fastapi import Request as HttpRequest

from send_records.aggregates.preparations import MakesPack
from send_records.api.access_rows import record_asking
from send_records.api.accounting import Accounting, DirectoryAccess
from send_records.api.callers import get_system
from send_records.api.dependencies import (
    Asked,
    Cursor,
    IfMatch,
    Limit,
    expected_version,
)
from send_records.api.jobs_shown import JobShown
from send_records.api.permits import Permitted, Recording
from send_records.api.recording import PupilId, router_for, snake_case
from send_records.api.views import Listing, cursor_of, listed, pupil_after
from send_records.application import Request
from send_records.authority.authorize import Permit
from send_records.jobs.asking import Jobs
from send_records.store.access import Tier
from send_records.store.job_rows import ENDED, Job
from send_records.threads import in_thread, threaded

router = router_for("jobs")


async def get_jobs_of(http: HttpRequest) -> Jobs:
    """Return the jobs of the trust."""
    return (await get_system(http)).jobs


JobsAsked = Annotated[Jobs, Depends(get_jobs_of)]
JobId = Annotated[UUID, Path(description="The job: the Idempotency-Key it was asked for under")]


@router.get("/jobs", operation_id="get_jobs", response_model=Listing[JobShown])
@threaded
def get_jobs(
    asked: JobsAsked,
    permit: Permitted,
    access: DirectoryAccess,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Return what you asked for, the newest first, until it expires."""
    jobs = asked.asked_by(permit.scope, permit.actor.id, pupil_after(cursor), limit)
    following = cursor_of(jobs[-1].job_id) if len(jobs) == limit else None
    rows = [JobShown.of(job).model_dump_json().encode() for job in jobs]
    return access.given((job.pupil_id for job in jobs), listed(rows, following))


@router.get("/jobs/{job_id}", operation_id="get_job", response_model=JobShown)
@threaded
def get_job(
    job_id: JobId, asked: JobsAsked, permit: Permitted, access: DirectoryAccess
) -> Response:
    """Return how far a job is; once it is done, where its result is; if it failed, why."""
    job = asked.find(permit.scope, job_id, _only_of(permit, access))
    return access.given([job.pupil_id], shown(job))


@router.post("/jobs/{job_id}/cancel", operation_id="cancel_job", response_model=JobShown)
@threaded
def cancel_job(
    job_id: JobId, asked: JobsAsked, permit: Permitted, access: DirectoryAccess
) -> Response:
    """Cancel a job that has not ended: whoever is at work on it stops, and nothing is kept."""
    job = asked.cancel(permit.scope, job_id, _only_of(permit, access))
    return access.given([job.pupil_id], shown(job))


def _only_of(permit: Permit, access: Accounting) -> UUID | None:
    """Return whose jobs alone somebody is shown: their own, unless they see what is restricted."""
    return None if Tier.RESTRICTED in access.tiers else permit.actor.id


def shown(job: Job, status: int = 200, **headers: str) -> Response:
    """Answer with a job, and in how many seconds to ask again if it has not ended."""
    again = {} if job.state in ENDED else {"Retry-After": "1"}
    body = JobShown.of(job).model_dump_json()
    return Response(body, status, {**again, **headers}, "application/json")


def makes(to: APIRouter, path: str, command_class: type[MakesPack]) -> None:
    """Add ``POST /pupils/{pupil_id}/<path>``, which asks for a job that makes what the command in
    its body records."""

    async def ask(
        pupil_id: PupilId,
        command: Any,
        http: HttpRequest,
        request: Asked,
        if_match: IfMatch = None,
    ) -> Response:
        version = expected_version(if_match)
        return await start_job(http, pupil_id, command, request, version)

    ask.__annotations__["command"] = Annotated[command_class, Body()]
    marker = Recording(command_class.roles, steps_up=command_class.steps_up)
    to.add_api_route(
        f"/pupils/{{pupil_id}}/{path}",
        ask,
        methods=["POST"],
        status_code=202,
        dependencies=[Depends(marker)],
        response_model=JobShown,
        operation_id=snake_case(command_class.__name__),
        summary=snake_case(command_class.__name__).replace("_", " ").capitalize(),
        description=getdoc(command_class),
    )


async def start_job(
    http: HttpRequest,
    pupil_id: UUID,
    command: MakesPack,
    request: Request,
    version: int | None = None,
) -> Response:
    """Ask for what a command records to be made, and answer 202 with the job; asked again under the
    same key, with the same job.  In the access log as read by whoever asks.  Raise as
    ``Jobs.ask``."""
    asked = await get_jobs_of(http)
    asking = partial(asked.ask, pupil_id, command, request, expected_version=version)
    job, replayed = await in_thread(asking)
    await in_thread(partial(record_asking, http, request.actor, pupil_id))
    headers = {"Location": f"/v1/jobs/{job.job_id}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return shown(job, 202, **headers)
