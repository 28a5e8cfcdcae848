"""From save to visible: how long after its receipt a command shows in the register, the projector
being a process of its own; with nobody else writing, and with 16 writers in another process."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID

from bench.commands import executor
from bench.installation import Bench, Subject, a_request, process, said, started
from bench.lines import Line, Spread, Unit, at_most
from bench.lives import OBSERVATION, life
from bench.rounds import tell
from send_records.projections.engine import wait_until_seen
from send_records.settings import Settings
from send_records.workers import projecting

WRITERS = 16
SAMPLES = 100
"""Of a round."""
PAUSE = 0.01
"""Seconds between samples, as nobody writes twice in a millisecond."""
PATIENCE = 60.0


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of visibility."""
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("visibility"))
        said(stack.enter_context(process("bench.visibility", "project", **subject.environment)))
        yield from lines_of(bench, subject, "nobody else writing", 5)
        writers = process("bench.visibility", "write", **subject.environment)
        said(stack.enter_context(writers))
        time.sleep(bench.pace.seconds)
        yield from lines_of(bench, subject, f"{WRITERS} writers", 50)


def lines_of(bench: Bench, subject: Subject, who: str, target: float) -> Iterator[Line]:
    """Yield the median and the 99th part of a hundred, of several rounds."""
    what = f"save to visible in the register, {who}"
    medians, slowest = [], []
    for number in range(bench.pace.rounds + 1):
        tell(f"{what}: round {number}")
        pupils = subject.pupils(bench.pace.of(SAMPLES), life(2))
        times = [sample_ms(subject, pupil) for pupil in pupils]
        if number:
            medians.append(statistics.median(times))
            slowest.append(statistics.quantiles(times, n=100)[-1])
    yield Line(f"{what}, p50", Unit.MS, Spread.of(medians), target=at_most(target))
    yield Line(f"{what}, p99", Unit.MS, Spread.of(slowest))


def sample_ms(subject: Subject, pupil: UUID) -> float:
    """Return milliseconds from the receipt of a command to its pupil's row in the register."""
    receipt = subject.system.records.execute(pupil, OBSERVATION, a_request())
    started = time.perf_counter()
    wait_until_seen(subject.system.views.pool, "send_register", receipt.position, patience=PATIENCE)
    elapsed = time.perf_counter() - started
    time.sleep(PAUSE)
    return elapsed * 1000


def write(subject: Subject) -> None:
    """Write until the process is ended, each writer to a few pupils."""
    for _ in range(WRITERS):
        execute = executor(subject.system.records, subject.pupils(4, life(2)))
        threading.Thread(target=for_ever, args=[execute], daemon=True).start()


def for_ever(work: Callable[[], None]) -> None:
    """Do something again and again."""
    while True:
        work()


def main(part: str) -> None:
    """Be the projector, or the writers, until the process is ended."""
    with started(Settings()) as subject, ExitStack() as stack:
        if part == "project":
            stack.enter_context(projecting(subject.found, subject.keys))
        else:
            write(subject)
        print(json.dumps(part), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
