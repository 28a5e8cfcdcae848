"""``python -m bench``: measure some subjects, or all; print a table; keep the figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench import (
    append,
    authorising,
    carrying,
    commands,
    duties_page,
    growth,
    leaving,
    past,
    posting,
    projecting,
    register_page,
    replay,
    typesetting,
    verifying,
    visibility,
)
from bench.installation import ROOT, Bench, bench
from bench.lines import NOISE, Failure, Line, Unit, as_json, table
from bench.machine import described, sentence
from bench.rounds import QUICK, THOROUGH, tell

Subjects = Mapping[str, Callable[[Bench], Iterator[Line]]]

SUBJECTS: Subjects = {
    "append": append.measure,
    "commands": commands.measure,
    "http": posting.measure,
    "replay": replay.measure,
    "projections": projecting.measure,
    "authorising": authorising.measure,
    "register": register_page.measure,
    "duties": duties_page.measure,
    "past-register": past.measure,
    "visibility": visibility.measure,
    "verify": verifying.measure,
    "documents": carrying.measure,
    "pages": typesetting.measure,
    "leaving": leaving.measure,
    "growth": growth.measure,
}


def measured(bench: Bench, subjects: Subjects) -> Iterator[Line]:
    """Yield the lines of each subject.  One that breaks off is a line too, and the others go on."""
    for name, measure in subjects.items():
        started = time.perf_counter()
        try:
            yield from measure(bench)
        except Exception as error:
            yield Line(name, Unit.RATE, failure=Failure(f"{type(error).__name__}: {error}"))
        tell(f"{name}: done in {time.perf_counter() - started:.0f} s")


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; return what to exit with."""
    asked = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server is stopped, too
    with bench(QUICK if asked.quick else THOROUGH, full=asked.full) as found:
        machine = described(found.server)
        tell(sentence(machine))
        lines = list(measured(found, {name: SUBJECTS[name] for name in asked.rows or SUBJECTS}))
    machine["load_at_the_end"] = [round(figure, 2) for figure in os.getloadavg()]
    print(f"{sentence(machine)}\n\n{table(lines)}")
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps({"machine": machine, "lines": as_json(lines)}, indent=1))
    return verdict(lines) if asked.check else 0


def verdict(lines: list[Line]) -> int:
    """Name every line that failed or misses its target by more than noise; return 1 if any."""
    faults = [line.fault for line in lines if line.fault]
    for fault in faults:
        tell(f"bench-check: {fault}")
    tell(f"bench-check: {len(faults)} of {len(lines)} lines at fault, {NOISE:.0%} given to noise")
    return 1 if faults else 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    found = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    found.add_argument("rows", nargs="*", metavar="ROW", choices=[*SUBJECTS, []])
    found.add_argument("--quick", action="store_true", help="2 short rounds: to see that it runs")
    found.add_argument(
        "--full", action="store_true", help="rebuild a million events, too: minutes more"
    )
    found.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    found.add_argument("--json", type=Path, default=ROOT / ".bench" / "latest.json")
    return found


if __name__ == "__main__":
    sys.exit(main())
