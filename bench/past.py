"""The past: the register as of a past day, folded from the whole log, beside a rebuild of today's.

The log is one of years: the entries of all pupils lie between each other's, each about a day of its
own, and half of them change the register.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import cache, partial
from itertools import cycle, islice
from uuid import UUID, uuid4

from bench.installation import Bench, Subject, process, said, started
from bench.lines import Line, Spread, Unit, at_least, at_most, compare
from bench.lives import COMMANDS, DAY, of_pupil, on_the_register
from bench.projecting import highest_memory
from bench.rounds import Variant, interleaved, tell, timed
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.details import RecordCircumstances
from send_records.aggregates.pupil import Pupil
from send_records.custody import open_seals
from send_records.projections.engine import Engine
from send_records.projections.moments import moment_at
from send_records.projections.past import rows_of_all
from send_records.projections.rebuild import rebuild
from send_records.projections.send_register import SendRegister
from send_records.settings import Settings
from send_records.store.connections import one
from send_records.store.scopes import WHOLE_TRUST, within
from tests.scenario import but, by

SMALL, LARGE = 50_000, 500_000
OF_A_PUPIL = 100
APART = timedelta(days=7)
"""Between two entries about a pupil."""
HALFWAY = (DAY + APART * OF_A_PUPIL / 2).isoformat()

THEN, NOW, REBUILD = "as of a past day", "as of today", "rebuild of today's"


@cache
def life() -> Sequence[DomainEvent]:
    """Return the entries of two years: every other one is of circumstances, which the register
    shows."""
    pupil: Pupil | None = None
    told = list(on_the_register(uuid4(), "A pupil", "Alder Park Academy"))
    for event in told:
        pupil = event.mutate(pupil)
    day = DAY
    for command in cycle(_commands()):
        assert pupil is not None
        if len(told) >= OF_A_PUPIL:
            return told
        day += APART
        for event in but(command, occurred_on=day).decide(pupil, by()):
            pupil = event.mutate(pupil)
            told.append(event)
    raise AssertionError("a cycle does not end")


def _commands() -> Iterator[Command]:
    for place, command in enumerate(COMMANDS):
        yield RecordCircumstances(occurred_on=DAY, eal=place % 2 == 0)
        yield command


def fill(subject: Subject, events: int) -> None:
    """Fill a log with lives that lie between each other."""
    tell(f"past: recording {events:,} events")
    pupils = [uuid4() for _ in range(events // OF_A_PUPIL)]
    for pupil in pupils:
        subject.keys.seals.keyring.make(pupil)
    subject.record(_in_turn(pupils))
    with one(subject.found.as_owner()) as owner:
        owner.execute("VACUUM (ANALYZE) events, data_keys")
    Engine(subject.found.as_projector(), subject.keys.seals, [SendRegister()]).catch_up()


def _in_turn(pupils: Sequence[UUID]) -> Iterator[DomainEvent]:
    for event in islice(life(), OF_A_PUPIL):
        for pupil in pupils:
            yield from of_pupil([event], pupil)


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of the past."""
    with ExitStack() as stack:
        sizes = [bench.pace.of(size) for size in (SMALL, LARGE)]
        small, large = (stack.enter_context(bench.subject(f"past_{size}")) for size in sizes)
        for subject, size in zip((small, large), sizes, strict=True):
            fill(subject, size)
        of_small, of_large = (f"{size:,} events" for size in sizes)
        variants: dict[str, Variant] = {
            REBUILD: partial(rebuild_rate, large, sizes[1]),
            THEN: partial(rate, large, sizes[1], HALFWAY),
            NOW: partial(rate, large, sizes[1], None),
            of_small: partial(rate, small, sizes[0], None),
        }
        taken = interleaved(f"past of {of_large}", variants, bench.pace.rounds)
        what = f"register of {sizes[1] // OF_A_PUPIL:,} pupils from {of_large}"
        for variant in (THEN, NOW):
            yield compare(f"{what}, {variant}", taken, variant, REBUILD, at_least(0.5))
        yield compare(f"{what}, {NOW}", taken, NOW, of_small, at_least(0.87))
        yield Line(f"{what}, memory, highest", Unit.MB, memory(large), target=at_most(300))


def rate(subject: Subject, events: int, as_of: str | None) -> float:
    """Return events a second that the register as of a day leaves behind it."""
    return events / timed(partial(register, subject, as_of))


def register(subject: Subject, as_of: str | None) -> None:
    """Fold the register as of a day from the log."""
    with one(subject.found.app) as connection, within(connection, WHOLE_TRUST):
        moment = moment_at(connection, as_of, None)
        found = rows_of_all(connection, subject.keys.seals, SendRegister(), moment)
    if len(found) * OF_A_PUPIL != moment.position:
        raise ValueError(f"{len(found)} rows of {moment.position} events")


def rebuild_rate(subject: Subject, events: int) -> float:
    """Return events a second of a rebuild of the register, in one process."""
    opened = partial(open_seals, subject.settings, subject.found.app)
    owner = subject.found.as_owner()
    return events / timed(partial(rebuild, owner, [SendRegister()], opened))


def memory(subject: Subject) -> Spread:
    """Return the most memory, in MB, that a process has which folds the register."""
    with process("bench.past", **subject.environment) as child:
        return Spread.of([float(said(child))])


def main() -> None:
    """Fold the register of today, and say how much memory that took."""
    with started(Settings()) as subject:
        register(subject, None)
        print(json.dumps(highest_memory()), flush=True)


if __name__ == "__main__":
    main()
