"""Projections: all of ours catching up, and rebuilt, beside the library's runner for one.

The runner takes one transaction an event, as it comes; its projection writes one row an event.
Everything is folded from the same number of pupils' lives, sealed in ours and in clear in its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from uuid import uuid4

from bench.installation import Bench, Subject, process, said, started
from bench.lines import Line, Spread, Unit, at_least, at_most, compare
from bench.lives import life, observation
from bench.peers import library
from bench.rounds import Variant, interleaved, tell, timed
from send_records.custody import open_seals
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.rebuild import rebuild
from send_records.settings import Settings
from send_records.store.connections import one

EVENTS = 50_000
OF_A_PUPIL = 50
OF_THE_LIBRARY = 3_000
"""Events of the library's log: at its rate more would take minutes."""
MILLION = 1_000_000

CATCHING_UP, REBUILD, TWO = "catching up", "rebuild", "rebuild, two processes"
LIBRARY = "eventsourcing's runner, one projection"


def rebuild_every(subject: Subject, processes: int = 1) -> None:
    """Rebuild every projection, by so many processes."""
    opened = partial(open_seals, subject.settings, subject.found.app)
    rebuild(subject.found.as_owner(), PROJECTIONS, opened, processes=processes)


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of projections."""
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("projections"))
        events, theirs = bench.pace.of(EVENTS), bench.pace.of(OF_THE_LIBRARY)
        events -= events % OF_A_PUPIL
        tell(f"projections: recording {events:,} events")
        subject.pupils(events // OF_A_PUPIL, life(OF_A_PUPIL))
        conninfo = stack.enter_context(bench.peer("library"))
        fill_library(conninfo, theirs)
        variants: dict[str, Variant] = {
            LIBRARY: partial(library.projection_rate, conninfo, theirs),
            CATCHING_UP: partial(catching_up_rate, subject, events),
            REBUILD: partial(rebuild_rate, subject, events, 1),
            TWO: partial(rebuild_rate, subject, events, 2),
        }
        taken = interleaved(f"projections of {events:,} events", variants, bench.pace.rounds)
        every = f"all {len(PROJECTIONS)} projections"
        yield compare(f"{every} catching up", taken, CATCHING_UP, LIBRARY, at_least(25))
        yield compare(f"{every} rebuilt", taken, REBUILD, LIBRARY, at_least(45))
        yield compare(f"{every} rebuilt by two processes", taken, TWO, REBUILD, at_least(1.6))
        if bench.full:
            tell(f"projections: recording {MILLION - events:,} events more")
            subject.pupils((MILLION - events) // OF_A_PUPIL, life(OF_A_PUPIL))
            events = MILLION
        target = at_most(300) if bench.full else None
        what = f"memory of rebuilding {events:,} events, highest"
        yield Line(what, Unit.MB, Spread.of([memory(subject)]), target=target)


def fill_library(conninfo: str, events: int) -> None:
    """Record lives of as many events each, through the library."""
    fields = library.fields_of(observation(uuid4(), 3))
    with library.application(conninfo) as application:
        for _ in range(events // OF_A_PUPIL):
            library.record_of(application, OF_A_PUPIL, fields)


def catching_up_rate(subject: Subject, events: int) -> float:
    """Return events a second that the engine folds into every table, from nothing."""
    tables = ", ".join(["projection_positions", *(t for each in PROJECTIONS for t in each.tables)])
    with one(subject.found.as_owner()) as owner:
        owner.execute(f"TRUNCATE {tables}".encode())
    engine = Engine(subject.found.as_projector(), subject.keys.seals)
    return events / timed(engine.catch_up)


def rebuild_rate(subject: Subject, events: int, processes: int) -> float:
    """Return events a second of a rebuild of every projection."""
    return events / timed(partial(rebuild_every, subject, processes))


def memory(subject: Subject) -> float:
    """Return the most memory, in MB, that a process has which rebuilds every projection."""
    Engine(subject.found.as_projector(), subject.keys.seals).catch_up()
    with process("bench.projecting", **subject.environment) as child:
        return float(said(child))


def highest_memory() -> float:
    """Return the most memory, in MB, that this process has had, by the kernel's account."""
    with open("/proc/self/status", encoding="utf-8") as status:
        [line] = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Rebuild every projection, and say how much memory that took."""
    with started(Settings()) as subject:
        rebuild_every(subject)
        print(json.dumps(highest_memory()), flush=True)


if __name__ == "__main__":
    main()
