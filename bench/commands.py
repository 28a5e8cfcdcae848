"""One command through the application: authorise, replay 50 events, decide, seal, append, sign."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from uuid import UUID, uuid4

from bench.installation import Bench, Subject, a_request
from bench.lines import Line, at_least, compare
from bench.lives import OBSERVATION, life, observation
from bench.peers import raw
from bench.rounds import interleaved, rate_of, task_rate_of
from send_records.application import SendRecords

CALLERS = 16
EVENTS = 50
"""Of a pupil, when a round begins."""
PUPILS = 4
"""Of each caller, in turn."""
COMMANDS = 40
"""Of each caller in a round, so that a pupil grows by 10."""

TASKS, OURS, RAW = "execute, tasks", "execute", "raw psycopg"


def task_executor(records: SendRecords, pupils: Sequence[UUID]) -> Callable[[], Awaitable[object]]:
    """Return the same, as the API executes: a task that waits."""
    each = cycle(pupils)

    async def execute_next() -> None:
        await records.execute_soon(next(each), OBSERVATION, a_request())

    return execute_next


def executor(records: SendRecords, pupils: Sequence[UUID]) -> Callable[[], None]:
    """Return a caller that gives one command after another, to its pupils in turn."""
    each = cycle(pupils)

    def execute_next() -> None:
        records.execute(next(each), OBSERVATION, a_request())

    return execute_next


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the line of commands."""
    with bench.subject("commands") as subject, bench.peer("raw") as conninfo:
        raw.make_table(conninfo)
        pupil = uuid4()
        subject.keys.seals.keyring.make(pupil)
        event = subject.mapper.to_stored_event(observation(pupil, 3))
        what = f"command on a pupil of {EVENTS} events, {CALLERS} callers"
        variants = {
            TASKS: partial(by_tasks, bench, subject),
            OURS: partial(commands_rate, bench, subject),
            RAW: partial(raw.rate, conninfo, event, CALLERS, bench.pace.seconds),
        }
        taken = interleaved(what, variants, bench.pace.rounds)
        yield compare(what, taken, TASKS, RAW, at_least(0.25))
        yield compare(f"{what}, as threads", taken, OURS, RAW)


def commands_rate(bench: Bench, subject: Subject) -> float:
    """Return commands a second, on pupils that the application has not met."""
    pupils = subject.pupils(CALLERS * PUPILS, life(EVENTS))
    records = subject.system.records
    executors = [executor(records, pupils[number::CALLERS]) for number in range(CALLERS)]
    return rate_of(executors, bench.pace.of(COMMANDS))


def by_tasks(bench: Bench, subject: Subject) -> float:
    """Return the same, where every caller is a task of one event loop."""
    pupils = subject.pupils(CALLERS * PUPILS, life(EVENTS))
    records = subject.system.records
    executors = [task_executor(records, pupils[number::CALLERS]) for number in range(CALLERS)]
    return task_rate_of(executors, bench.pace.of(COMMANDS))
