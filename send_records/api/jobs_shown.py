"""A job as it is shown: how far it is, in plain words, and why it failed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from uuid import UUID

from send_records.aggregates.values import Value
from send_records.errors import SendRecordsError
from send_records.store.job_rows import Job, JobState

RESULT = "/v1/pupils/{pupil_id}/packs/{job_id}/content"
"""Where what a job made is fetched."""

STATES = {
    JobState.WAITING: "Waiting to begin",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
"""What is said of a job that nobody is at work on."""


class JobProblem(Value):
    """Why a job failed, and what to do."""

    title: str
    detail: str
    basis: str
    """The statute, guidance or policy section; empty if it is merely good sense."""


class JobShown(Value):
    """A job: work that goes on after the answer to whoever asked for it."""

    job_id: UUID
    """The Idempotency-Key under which it was asked for, and the id of what it makes."""
    pupil_id: UUID
    kind: str
    """What is recorded when it is done, by its operation."""
    state: JobState
    stage: str
    """What is being done, in plain words."""
    done: int
    total: int
    """Of how many steps of the stage; 0 if that is not known."""
    percent: int | None
    """How much of the stage is done; null if that is not known."""
    asked_by: UUID
    asked_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    """When the job and its result are removed."""
    result: str | None
    """Where the result is fetched, once it is done."""
    problem: JobProblem | None
    """Why it failed, if it did."""

    @classmethod
    def of(cls, job: Job) -> JobShown:
        """Return a job as it is shown."""
        state = JobState(job.state)
        ended = state is JobState.DONE
        percent = 100 if ended else 100 * job.done // job.total if job.total else None
        made = RESULT.format(pupil_id=job.pupil_id, job_id=job.job_id)
        return cls(
            job_id=job.job_id,
            pupil_id=job.pupil_id,
            kind=re.sub(r"(?<=[a-z])(?=[A-Z])", "_", job.kind).lower(),
            state=state,
            stage=STATES.get(state) or in_words(job.stage),
            done=job.done,
            total=job.total,
            percent=None if percent is None else min(percent, 100),
            asked_by=job.asked_by,
            asked_at=job.asked_at,
            ended_at=job.ended_at,
            expires_at=job.expires_at,
            result=made if ended else None,
            problem=None if job.refusal is None else problem_named(job.refusal, job.said),
        )


def in_words(code: str) -> str:
    """Return a code as people read it: "Removing what is withheld"."""
    return code.replace("_", " ").capitalize()


def problem_named(refusal: str, said: str | None) -> JobProblem:
    """Return what a refusal is, given its name and what it said; if that is not kept, what its
    class says of it."""
    title = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", refusal).capitalize()
    kind = refusals().get(refusal, SendRecordsError)
    told = said or (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
    return JobProblem(title=title, detail=told, basis=kind.basis)


@cache
def refusals() -> dict[str, type[SendRecordsError]]:
    """Return every refusal there is, by its name."""
    return {kind.__name__: kind for kind in _under(SendRecordsError)}


def _under(kind: type[SendRecordsError]) -> Iterator[type[SendRecordsError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _under(each)
