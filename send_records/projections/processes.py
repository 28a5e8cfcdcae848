"""Folding the log from nothing, some pupils at a time, in this process or in several.

A row is of one pupil, so what order matters is the order within a pupil.  Pupils are therefore
handed out, with all their events; nothing is shared between processes, and no more than one handful
of pupils is in memory in each.  All see the database at the same moment.

A process is a worker of ours for as long as its pipe is open.  It is told of pupils, and answers
with what it found; its work is one transaction, committed when there are no more.  If we die, its
pipe ends and it undoes what it did; if it dies, WorkerDied is raised here.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any, cast
from uuid import UUID

from psycopg import Connection, IsolationLevel
from psycopg.sql import SQL, Literal

from send_records.collector import collector_off
from send_records.projections.base import Projection, fold_whole
from send_records.projections.several_tables import table_of
from send_records.projections.shadows import shadow_of
from send_records.projections.tables import Table
from send_records.store.connections import one
from send_records.store.mapper import EventMapper, Recorded
from send_records.store.recorder import select
from send_records.store.sealing import Seals

OpenSeals = Callable[[], AbstractContextManager[Seals]]
"""Opens the keys; can be pickled, if it is to be done in another process."""

PATIENCE = 10.0
"""Seconds that a process has to end when there is no more for it to do."""


class WorkerDied(Exception):
    """A process of a rebuild ended before its work was done.  Nothing has changed; try again, with
    fewer processes if memory is short."""


@dataclass(frozen=True, slots=True)
class Handful:
    """Some pupils, and how many events they have together."""

    pupils: Sequence[UUID]
    events: int


HANDFUL = 2000
"""Events in one handful of pupils, unless one pupil has more."""


def handfuls(counted: Iterable[tuple[UUID, int]]) -> Iterator[Handful]:
    """Yield pupils, each given with how many events it has, some at a time."""
    pupils, events = [], 0
    for pupil, number in counted:
        pupils.append(pupil)
        events += number
        if events >= HANDFUL:
            yield Handful(pupils, events)
            pupils, events = [], 0
    if pupils:
        yield Handful(pupils, events)


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of a handful: how many events it had, and how many rows each projection's table
    had otherwise, or had not, or should not have had."""

    events: int
    differences: Sequence[int]


@dataclass(frozen=True, slots=True)
class Job:
    """What every process is to do: fold these projections, each up to a position, as the database
    was at one moment, which somebody keeps open."""

    conninfo: str
    snapshot: str
    projections: Sequence[tuple[Projection[Any], int]]

    @contextmanager
    def begun(self, seals: Seals) -> Iterator[Folding]:
        """Begin with it; what is done is committed at the end."""
        with one(self.conninfo) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                connection.execute(
                    SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(self.snapshot))
                )
                yield Folding(connection, seals, self.projections)


class Folding:
    """Folds the events of pupils into shadow tables, and compares with the tables as they are."""

    def __init__(
        self,
        connection: Connection,
        seals: Seals,
        projections: Sequence[tuple[Projection[Any], int]],
    ) -> None:
        self._connection = connection
        self._mapper = EventMapper(seals)
        self._tables = [
            (table_of(projection, seals, shadow_of(projection.name)), until)
            for projection, until in projections
        ]

    @collector_off()
    def take(self, handful: Handful) -> Folded:
        """Fold some pupils, whose events are read and opened once for all projections."""
        pupils = list(handful.pupils)
        rows = select(
            self._connection,
            "WHERE stream_id = ANY(%s) AND position <= %s ORDER BY stream_id, version",
            [pupils, max(until for _, until in self._tables)],
        )
        events = list(self._mapper.read(rows))
        found = [
            self._fold(shadow, pupils, [e for e in events if (e.position or 0) <= until])
            for shadow, until in self._tables
        ]
        return Folded(handful.events, found)

    def _fold(self, shadow: Table[Any], pupils: Sequence[UUID], events: Sequence[Recorded]) -> int:
        parts = shadow.parts(fold_whole(shadow.projection, events))
        return sum(table.fill(self._connection, made, pupils) for table, made in parts)


def fold_here(job: Job, seals: Seals, handfuls: Iterable[Handful]) -> Generator[Folded, None, None]:
    """Yield what became of each handful, folded in this process."""
    with job.begun(seals) as folding:
        yield from map(folding.take, handfuls)


def fold_in(
    processes: int, job: Job, open_seals: OpenSeals, handfuls: Iterable[Handful]
) -> Generator[Folded, None, None]:
    """Yield what became of each handful, folded in several processes, as they finish.

    Raise WorkerDied if one ends before it has said so, and whatever one of them raised.
    """
    left = iter(handfuls)
    with ExitStack() as stack:
        busy = {stack.enter_context(_worker(job, open_seals)) for _ in range(processes)}
        while busy:
            for pipe in cast("list[Pipe]", wait(busy)):
                said = _heard(pipe)
                if said is DONE:
                    busy.remove(pipe)
                    continue
                if isinstance(said, Folded):
                    yield said
                pipe.send(next(left, None))


READY, DONE = None, True
"""What a process says when it has begun, and when what it did is committed."""


def _heard(pipe: Pipe) -> Folded | bool | None:
    try:
        said: Folded | bool | BaseException | None = pipe.recv()
    except (EOFError, OSError):
        raise WorkerDied(
            "A process of the rebuild died; nothing has changed.  Try again, with fewer of them "
            "(--processes) if memory was short."
        ) from None
    if isinstance(said, BaseException):
        raise said
    return said


@contextmanager
def _worker(job: Job, open_seals: OpenSeals) -> Iterator[Pipe]:
    """Start a process, and yield the pipe to it; at the end see that it has ended.

    It is spawned, not forked: a fork would share our connections, locks and threads.
    """
    spawning = multiprocessing.get_context("spawn")
    ours, its = spawning.Pipe()
    process = spawning.Process(target=_work, args=(job, open_seals, its), daemon=True)
    with _ctrl_c_held():
        process.start()
    its.close()  # so that the pipe ends with the process
    try:
        yield ours
    finally:
        ours.close()
        process.join(PATIENCE)
        process.kill()
        process.join()
        process.close()


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Hold a Ctrl-C back for a moment.  What is started meanwhile never hears one, from its first
    instruction on: it is for us, and when we end its pipe does."""
    resource_tracker.ensure_running()  # starting that would let it through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(job: Job, open_seals: OpenSeals, pipe: Pipe) -> None:
    """Fold what we are told of, until there is no more; undo it if we are told nothing more."""
    try:
        with open_seals() as seals, job.begun(seals) as folding:
            pipe.send(READY)
            while handful := pipe.recv():
                pipe.send(folding.take(handful))
        pipe.send(DONE)
    except EOFError:
        return  # nobody is there any more
    except Exception as error:
        with suppress(Exception):  # nobody is there, or it is of a kind that cannot be sent
            pipe.send(error)
