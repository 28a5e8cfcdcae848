"""An execution: the steps of a command, whoever waits for its commit.

A command is decided and sealed, yields what is to be appended, is told what became of that, and
ends with a receipt, or yields again.  Before it waits for the database or the key store it yields
WAITS.  So threads and tasks of an event loop go through the same steps, each in its own way.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

import orjson

from send_records.aggregates.base import Actor, Entry
from send_records.aggregates.pupil import Pupil
from send_records.errors import Invalid, NotPermitted, StaleVersion
from send_records.receipts import Receipt
from send_records.store.appending import CommandRow, RecordedCommand
from send_records.store.mapper import VersionedEvent


class IdempotencyKeyReused(Invalid):
    """A key stands for one request: another request needs a key of its own."""


@dataclass(frozen=True, slots=True)
class Appending:
    """What a command came to, sealed, and still to be appended."""

    events: Sequence[VersionedEvent]
    row: CommandRow


class Waits(Enum):
    """What comes next may wait."""

    HERE = "here"


WAITS = Waits.HERE

Step = Appending | Waits
Outcome = RecordedCommand | Exception | None
"""What became of a step: of WAITS, nothing."""

Execution = Generator[Step, RecordedCommand | None, Receipt]
"""A command on its way."""


def go_on(steps: Execution, outcome: Outcome = None) -> Step | Receipt:
    """Tell an execution what became of its last step, None at first; return its next, or its
    receipt."""
    try:
        return steps.throw(outcome) if isinstance(outcome, Exception) else steps.send(outcome)
    except StopIteration as ended:
        receipt: Receipt = ended.value
        return receipt


def require_role(entry: Entry | type[Entry], actor: Actor) -> None:
    """Raise NotPermitted unless the actor's role may give the command."""
    if actor.role not in entry.roles:
        wanted = ", ".join(sorted(role.replace("_", " ") for role in entry.roles))
        raise NotPermitted(f"This is for: {wanted}.")


def require_version(pupil: Pupil, expected: int | None) -> None:
    """Raise StaleVersion unless the pupil is at the version that the caller had read."""
    if expected not in (None, pupil.version):
        raise StaleVersion(f"The record is now at version {pupil.version}: read it again.")


def said(pupil_id: UUID, entry: Entry, actor: Actor) -> bytes:
    """Return what is asked, of whom and by whom, as bytes: equal for a retry only."""
    asked = [type(entry).__name__, pupil_id, actor.id, entry.model_dump(mode="json")]
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
