"""Our own pages: a record that leaves, set as one tagged PDF, in how long and in how much memory.

Each round is a process of its own, whose children are only those that set and read the pages: the
most memory that one of them had is the kernel's account of them (``getrusage``).
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from functools import partial

from bench.installation import Bench, process, said
from bench.lines import Line, Spread, Unit, alone, at_most
from bench.rounds import interleaved, timed
from send_records.disclosure.record_pages import RecordPdf, record_pdf
from tests.disclosure import answers

PAGES = 350
"""What the issue asks for, in under 10 seconds and 700 MB."""
ENTRIES, DOCUMENTS = 1_020, 150
"""Which come to as many pages."""
CASE = 2_000
"""Entries of a large case."""

SETTING = "record_pdf"


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of setting a record."""
    for entries in (ENTRIES, CASE):
        pages, _, _ = once(entries)
        what = f"a record of {entries:,} entries, {pages:.0f} pages"
        judged = entries == ENTRIES
        memory: list[float] = []
        taken = interleaved(what, {SETTING: partial(_ms, entries, memory)}, bench.pace.rounds)
        yield alone(what, taken, SETTING, at_most(10_000) if judged else None, unit=Unit.MS)
        most = at_most(700) if judged else None
        yield Line(f"{what}, memory", Unit.MB, Spread.of(memory), target=most)


def _ms(entries: int, memory: list[float]) -> float:
    _, seconds, megabytes = once(entries)
    memory.append(megabytes)
    return seconds * 1_000


def once(entries: int) -> tuple[float, float, float]:
    """Return how many pages some entries come to, in how many seconds and MB, in a new process."""
    with process("bench.typesetting", str(entries)) as child:
        pages, seconds, megabytes = said(child)
        return pages, seconds, megabytes


def main() -> None:
    """Set a record of some entries, and say to how many pages it came, in how long and how much."""
    answer, made = answers.answer(int(sys.argv[1]), DOCUMENTS), answers.made()
    found: list[RecordPdf] = []
    seconds = timed(lambda: found.append(record_pdf(answer, made)))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps([len(found[0].pages), seconds, most]), flush=True)


if __name__ == "__main__":
    main()
