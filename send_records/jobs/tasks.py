"""A task as it is kept until a worker takes it up: JSON, which the store seals."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import orjson
from pydantic import ValidationError

from send_records.aggregates.base import Actor
from send_records.aggregates.preparations import MakesPack
from send_records.aggregates.values import STORED, Source
from send_records.application import Request
from send_records.jobs import Task
from send_records.store.job_rows import Claimed
from send_records.store.jobs import TaskDamaged


def packed(command: MakesPack, request: Request) -> bytes:
    """Return what is asked, and in whose name; ``unpacked`` reads it back as it was, the fields
    that nobody named included."""
    return orjson.dumps(
        {
            "command": orjson.Fragment(command.model_dump_json(exclude_unset=True)),
            "actor": orjson.Fragment(request.actor.model_dump_json()),
            "correlation_id": request.correlation_id,
            "causation_id": request.causation_id,
            "source": request.source,
            "contact_id": request.contact_id,
        }
    )


def unpacked(claimed: Claimed, task: bytes, kinds: Mapping[str, type[MakesPack]]) -> Task:
    """Return the task of a job that was taken up; raise TaskDamaged if it cannot be read, as after
    a change of its command."""
    try:
        said = orjson.loads(task)
        command = kinds[claimed.kind].model_validate_json(
            orjson.dumps(said["command"]), context=STORED
        )
        request = Request(
            Actor.model_validate_json(orjson.dumps(said["actor"]), context=STORED),
            claimed.job_id,
            UUID(said["correlation_id"]),
            _id(said["causation_id"]),
            Source(said["source"]),
            _id(said["contact_id"]),
        )
    except (KeyError, ValueError, ValidationError):
        raise TaskDamaged("What was asked for cannot be read any more: ask again.") from None
    return Task(
        *(claimed.job_id, claimed.pupil_id, command, request),
        position=claimed.log_size,
        accesses=claimed.access_size,
    )


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
