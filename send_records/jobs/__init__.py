"""Jobs: work that takes longer than a request may, with progress, cancelling and safe resumption.

A job's result is bytes, kept sealed as content under the job's id, and a command that records what
they are: ``Task``, ``Made``.  Makers do the work (``disclosure``); the ``Runner`` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from send_records.aggregates.contents import Pack
from send_records.aggregates.preparations import MakesPack
from send_records.application import Request

ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be made: what a command records, as whoever asked for it asked."""

    job_id: UUID
    """Also the id of the command, and of the content that the result is kept as."""
    pupil_id: UUID
    command: MakesPack
    request: Request
    position: int
    """The last position of the log when it was asked for.  A maker reads no further, so that what
    is made a second time, after a worker was killed, is the same."""
    accesses: int
    """The last position of the access log then."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and what is recorded of it.  The same task, on the same log, makes the same
    bytes."""

    content: bytes
    pack: Pack
    media_type: str = ZIP


class Working(Protocol):
    """By which a maker says how far it is, and is told to stop."""

    def at(self, stage: str, done: int, total: int) -> None:
        """Say what is being done, as a code of small letters and underscores, and how many of how
        many steps of it are; ``total`` is 0 if that is not known."""
        ...

    def stopped(self) -> bool:
        """Whether nobody wants it any more: the maker then raises WorkStopped."""
        ...


Maker = Callable[[Task, Working], Made]
"""Makes what a task asks for; raises what it is refused with, and WorkStopped once told to stop."""

Makers = Mapping[type[MakesPack], Maker]
"""Who makes what which command records."""
