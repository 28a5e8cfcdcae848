"""Append: events sealed, leafed, in one order and idempotent, beside inserts that are none of it.

Every caller is a thread that writes one pupil, version after version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from eventsourcing.application import Application

from bench.installation import Bench, Subject, a_command
from bench.lines import Line, at_least, compare
from bench.lives import life, observation
from bench.peers import library, message_db, raw
from bench.rounds import Variant, interleaved, rate_for, task_rate_for
from send_records.store.mapper import COLUMNS

CACHE = Path(__file__).parents[1] / ".bench" / "npm"

TASKS, THREADS, RAW, PGBENCH = "tasks", "threads", "raw psycopg", "pgbench"
LIBRARY, MESSAGE_DB = "eventsourcing", "message-db"

OF_RAW = {1: 0.35, 8: 0.7, 16: 1.0, 64: 1.5}
OF_LIBRARY = {8: 10.0, 16: 15.0}
OF_MESSAGE_DB = {8: 3.0}


def appender(subject: Subject, pupil_id: UUID) -> Callable[[], None]:
    """Return a caller that seals and appends the next event of a pupil who was just admitted."""
    version = len(life(2))

    def append_next() -> None:
        nonlocal version
        version += 1
        stored = subject.mapper.to_stored_event(observation(pupil_id, version))
        subject.recorder.append([stored], a_command())

    return append_next


def task_appender(subject: Subject, pupil_id: UUID) -> Callable[[], Awaitable[object]]:
    """Return the same, as the API appends: a task that waits."""
    version = len(life(2))

    async def append_next() -> None:
        nonlocal version
        version += 1
        stored = subject.mapper.to_stored_event(observation(pupil_id, version))
        await subject.recorder.append_soon([stored], a_command())

    return append_next


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of append."""
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("append"))
        pupil = uuid4()
        subject.keys.seals.keyring.make(pupil)
        told = observation(pupil, 3)
        event, fields = subject.mapper.to_stored_event(told), library.fields_of(told)
        data = told.model_dump_json(exclude=COLUMNS)
        conninfo = stack.enter_context(bench.peer("raw"))
        raw.make_table(conninfo)
        application = stack.enter_context(
            library.application(stack.enter_context(bench.peer("library")))
        )
        messages = stack.enter_context(bench.peer("messages"))
        seconds = bench.pace.seconds
        for callers in OF_RAW:
            variants: dict[str, Variant] = {
                TASKS: partial(by_tasks, bench, subject, callers),
                THREADS: partial(by_threads, bench, subject, callers),
                RAW: partial(raw.rate, conninfo, event, callers, seconds),
                PGBENCH: partial(raw.pgbench_rate, conninfo, event, callers, seconds, bench.folder),
            }
            if callers in OF_LIBRARY:
                variants[LIBRARY] = partial(saves, bench, application, fields, callers)
            if callers in OF_MESSAGE_DB:
                variants[MESSAGE_DB] = partial(messages_rate, bench, messages, data, callers)
            yield from lines_of(bench, callers, variants)


def lines_of(bench: Bench, callers: int, variants: dict[str, Variant]) -> Iterator[Line]:
    """Measure so many callers, and yield what came of it."""
    what = f"append, {callers} caller{'s' * (callers > 1)}"
    taken = interleaved(what, variants, bench.pace.rounds)
    if callers == 1:  # alone, it is a command of the program's own: a thread
        yield compare(what, taken, THREADS, RAW, at_least(OF_RAW[callers]))
    else:
        yield compare(f"{what}, as tasks", taken, TASKS, RAW, at_least(OF_RAW[callers]))
        yield compare(f"{what}, as threads", taken, THREADS, RAW)
    yield compare(f"{what}, as tasks", taken, TASKS, PGBENCH)
    if LIBRARY in taken:
        yield compare(f"{what}, as tasks", taken, TASKS, LIBRARY, at_least(OF_LIBRARY[callers]))
    if MESSAGE_DB in taken:
        target = at_least(OF_MESSAGE_DB[callers])
        yield compare(f"{what}, as tasks", taken, TASKS, MESSAGE_DB, target)


def by_threads(bench: Bench, subject: Subject, callers: int) -> float:
    """Return appends a second by some callers, each with a new pupil."""
    pupils = subject.pupils(callers, life(2))
    return rate_for([appender(subject, pupil) for pupil in pupils], bench.pace.seconds)


def by_tasks(bench: Bench, subject: Subject, callers: int) -> float:
    """Return the same, where every caller is a task of one event loop."""
    pupils = subject.pupils(callers, life(2))
    return task_rate_for([task_appender(subject, pupil) for pupil in pupils], bench.pace.seconds)


def saves(
    bench: Bench, application: Application[UUID], fields: library.Fields, callers: int
) -> float:
    """Return the library's saves a second."""
    savers = [library.saver(application, fields) for _ in range(callers)]
    return rate_for(savers, bench.pace.seconds)


def messages_rate(bench: Bench, conninfo: str, data: str, callers: int) -> float:
    """Return message-db's writes a second."""
    message_db.prepare(conninfo, message_db.installed(CACHE))
    with raw.connections(conninfo, callers) as opened:
        writers = [message_db.writer(connection, data) for connection in opened]
        return rate_for(writers, bench.pace.seconds)
