"""Jobs as they are kept: how far each is, and what a worker takes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class JobState(StrEnum):
    """How far a job has got."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Job:
    """A job as whoever asked for it is shown it; none of it is a word of the record."""

    job_id: UUID
    pupil_id: UUID
    kind: str
    """The name of the command that records its result."""
    asked_by: UUID
    asked_at: datetime
    expires_at: datetime
    """When it and its result are removed."""
    state: str
    stage: str
    """What is being done, as a code; empty before anything is."""
    done: int
    total: int
    """Of how many steps of the stage; 0 if that is not known."""
    attempts: int
    cancellable: bool
    """False from when its result is being recorded."""
    ended_at: datetime | None
    refusal: str | None
    """Why it failed: the name of the refusal."""
    said: str | None = None
    """What that said, where it is kept."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that a worker has taken up."""

    job_id: UUID
    pupil_id: UUID
    kind: str
    attempts: int
    """How often it was taken up, this time included."""
    log_size: int
    """How many events the log held when it was asked for."""
    access_size: int
    """How many rows the access log held then."""
    sealed: bytes
