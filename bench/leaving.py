"""What leaves: a tribunal's bundle of 350 pages, and a case of 2,000 events and 150 documents
prepared whole for whoever asked for a copy, which its own verifier then accepts; in how long, and
in how much memory.

Each round is a process of its own, which makes none of the papers.  Memory is the most that it had
itself, and the most that one of its children had, by the kernel's account.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid4

from bench.a_case import EVENTS, Case, Filling
from bench.carrying import highest_memory_of
from bench.installation import Bench, Subject, process, said, started
from bench.lines import Line, Spread, Unit, alone, at_most
from bench.papers import Paper, left
from bench.rounds import interleaved, tell, timed
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.preparations import PackPurpose
from send_records.disclosure.answer import GivenEntry
from send_records.disclosure.bundle.making import bundle
from send_records.disclosure.bundle.parts import (
    Bundle,
    BundleOf,
    DocumentItem,
    Limits,
    Section,
    SheetItem,
    SheetKind,
)
from send_records.disclosure.held import Cut
from send_records.disclosure.preparing import Asked, Preparing, Proof
from send_records.settings import Settings
from send_records.store.connections import one, pool
from send_records.store.signing import Purpose
from tests.disclosure import answers
from tests.scenario import TODAY

WHOLE, CHILD, OWN = "whole", "memory of its largest child", "memory of its own"
ROUNDS = 2
"""At most, for a case takes most of a minute."""
HEADS = "SELECT (SELECT size FROM log_head), (SELECT size FROM access_head)"
PAGES = 350
CHRONOLOGY, ENTRIES = 700, 90
"""Entries on the sheets of the bundle, which make up its pages."""


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of what leaves."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        papers = str(Path(folder, "papers"))
        with process("bench.papers", papers) as making:
            making.wait(120)
        yield from _lines(bench, "a bundle", 10_000, 700, ["bundle", papers], {})
    with bench.subject("leaving") as subject:
        tell("leaving: recording a case")
        case = Filling(subject).case()
        arguments = ["case", str(case.pupil_id), str(case.request_id)]
        yield from _lines(bench, f"a case of {EVENTS:,} events", 60_000, None, arguments, subject)


def _lines(
    bench: Bench,
    what: str,
    milliseconds: float,
    megabytes: float | None,
    arguments: list[str],
    subject: Subject | Mapping[str, str],
) -> Iterator[Line]:
    environment = subject.environment if isinstance(subject, Subject) else subject
    found: list[dict[str, float]] = []

    def once() -> float:
        with process("bench.leaving", *arguments, **environment) as child:
            found.append(said(child))
        return found[-1][WHOLE]

    taken = interleaved(what, {WHOLE: once}, min(bench.pace.rounds, ROUNDS))
    what = f"{what}, {found[-1].pop('pages'):.0f} pages" if found else what
    yield alone(what, taken, WHOLE, at_most(milliseconds), unit=Unit.MS)
    for part in found[-1] if found else ():
        if part == WHOLE:
            continue
        unit = Unit.MB if part in (CHILD, OWN) else Unit.MS
        most = at_most(megabytes) if megabytes and unit is Unit.MB else None
        figures = Spread.of([each[part] for each in found[1:] or found])
        yield Line(f"{what}: {part}", unit, figures, target=most)


# In a process of its own


def main(what: str, *arguments: str) -> None:
    """Make what is asked for, and say of how many pages it is, in how long and in how much."""
    figures = _bundle(*arguments) if what == "bundle" else _case(*arguments)
    figures[CHILD] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    figures[OWN] = highest_memory_of(os.getpid())
    print(json.dumps(figures), flush=True)


def _bundle(papers: str) -> dict[str, float]:
    of, made = _bundle_of(list(left(papers))), list[Bundle]()
    seconds = timed(lambda: made.append(bundle(of, Limits(text_points=12))))
    if len(made[0].pages) < PAGES:
        raise RuntimeError(f"The bundle has {len(made[0].pages)} pages, not {PAGES}.")
    return {"pages": len(made[0].pages), WHOLE: seconds * 1_000}


def _bundle_of(papers: list[Paper]) -> BundleOf:
    """Return a bundle of sheets of the record and all papers, in sections of each kind."""
    entries = [GivenEntry(answers.entry(version)) for version in range(1, CHRONOLOGY + 1)]
    sheets = (
        SheetItem("Chronology", entries),
        SheetItem("Observations", entries[:ENTRIES], SheetKind.ENTRIES),
    )
    kinds = dict.fromkeys(paper.media_type for paper in papers)
    documents = {
        kind: tuple(_item(paper) for paper in papers if paper.media_type == kind) for kind in kinds
    }
    return BundleOf(
        titles=("Bundle for a claim of disability discrimination", "Leo Marsh"),
        tribunal="First-tier Tribunal (Special Educational Needs and Disability)",
        reference="DD/26/00123",
        child="Leo Marsh",
        parties=("Claimant: Ms Marsh",),
        kind="Bundle for a claim of disability discrimination",
        cut=Cut(4711, 50, None),
        known_at=answers.KNOWN,
        sections=(
            Section("The record", sheets),
            *(Section(f"Documents: {kind}", items) for kind, items in documents.items()),
        ),
        hearing_on=TODAY,
    )


def _item(paper: Paper) -> DocumentItem:
    return DocumentItem(paper.title, TODAY, None, paper.media_type, paper.content)


class _Stages:
    """How long each stage of the work took, in milliseconds."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}
        self._stage, self._since = "", time.perf_counter()

    def at(self, stage: str, done: int, total: int) -> None:
        """Begin a stage, unless it is going on."""
        if stage != self._stage:
            now = time.perf_counter()
            if self._stage:
                self.found[self._stage] = (now - self._since) * 1_000
            self._stage, self._since = stage, now

    def stopped(self) -> bool:
        """Nobody stops it."""
        return False


def _case(pupil: str, request: str) -> dict[str, float]:
    case = Case(UUID(pupil), UUID(request))
    with started(Settings()) as subject, pool(subject.found.app) as reading:
        system, keys = subject.system, subject.keys
        named = system.watch.rules.names_staff
        proof = Proof(keys.signing.signer(Purpose.PACKS), keys.signing.vkeys(), named)
        preparing = Preparing(
            system.records, system.documents, system.access, reading, keys.seals, proof
        )
        command = PrepareDisclosure(
            occurred_on=TODAY, purpose=PackPurpose.SUBJECT_ACCESS, request_id=case.request_id
        )
        asked, stages = _asked(subject, case), _Stages()
        began = time.perf_counter()
        data, pack = preparing.disclosure(asked, command, stages)
        taken = (time.perf_counter() - began) * 1_000
        stages.at("", 0, 0)
        checking = timed(lambda: _require_accepted(data, keys.signing.vkeys()))
    return {"pages": pack.pages, WHOLE: taken, **stages.found, "checking": checking * 1_000}


def _asked(subject: Subject, case: Case) -> Asked:
    """Return what is asked for: of both logs as they are now."""
    with one(subject.found.app) as connection:
        [(events, accesses)] = connection.execute(HEADS).fetchall()
    return Asked(uuid4(), case.pupil_id, events, accesses)


def _require_accepted(pack: bytes, vkeys: Sequence[str]) -> None:
    """Raise RuntimeError unless the verifier in the pack accepts it, away from this project."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pack.zip").write_bytes(pack)
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            for name in ("verify_pack.py", "verify_extract.py"):
                Path(folder, name).write_bytes(archive.read(f"proof/{name}"))
        keys = [part for vkey in vkeys for part in ("--key", vkey)]
        command = [sys.executable, "-I", "verify_pack.py", *keys, "pack.zip"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The verifier does not accept the pack: {done.stdout[-500:]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
