"""The whole matrix: ``make matrix``.  It ends with how many cells there were and how many leaks.

The app is asked in two processes, each with a system of its own on the one database; then the
database itself, role by role (``tests/store/sql_matrix.py``).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from send_records.bootstrap import Database
from tests.authority.doors import doors
from tests.authority.lists import Lists
from tests.authority.matrix import Matrix, Tally
from tests.authority.world import READERS, opened, world
from tests.conftest import Cluster, begin_run, end_run, new_database, started
from tests.keys import OPENED, folder, held, keys_in
from tests.store.sql_matrix import fill, sql_cells

PROCESSES = 2
EVERY_DOOR = "credentials that open nothing"


@dataclass(frozen=True)
class Place:
    """Where the world is, for a process that is to join it."""

    database: Database
    data_dir: Path
    keys: Path


_stack = ExitStack()
_here: list[Matrix] = []


def join(place: Place) -> None:
    """Run the system in this process, to its end."""
    keys = keys_in(place.keys)
    _here.append(Matrix.of(_stack.enter_context(opened(place.database, place.data_dir, keys))))


def judged(what: str) -> Tally:
    """Do one part of the matrix in this process: somebody's, or all the doors."""
    [matrix] = _here
    if what == EVERY_DOOR:
        return matrix.knocked(doors(matrix.world), matrix.questions)
    reader = next(each for each in READERS if each.called == what)
    tally = matrix.judged(matrix.cells(reader))
    tally.add(Lists.of(matrix).judged(reader))
    return tally


def main() -> int:
    """Run the matrix; return 1 if anything leaked."""
    began, tally = time.perf_counter(), Tally()
    with running() as (cluster, place):
        for called, part in parts(place):
            tally.add(part)
            say(f"  {part.cells:6,}  {called}")
        cells, found = in_sql(cluster)
        say(f"  {cells:6,}  roles of the database")
        tally.add(Tally(cells, found))
    for each in tally.wrong[:100]:
        say(f"LEAK: {each}")
    say(f"{time.perf_counter() - began:.0f} seconds")
    say(f"{tally.cells} cells, {len(tally.wrong)} leaks")
    return 1 if tally.wrong else 0


def parts(place: Place) -> Iterator[tuple[str, Tally]]:
    """Yield each part of the matrix as it is done."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), join, (place,)) as processes:
        under_way: dict[Future[Tally], str] = {
            processes.submit(judged, what): what
            for what in (EVERY_DOOR, *(each.called for each in READERS))
        }
        for done in as_completed(under_way):
            yield under_way[done], done.result()


def in_sql(cluster: Cluster) -> tuple[int, list[str]]:
    """Ask the database itself."""
    with new_database(cluster) as database:
        fill(database)
        return sql_cells(database)


@contextmanager
def running() -> Iterator[tuple[Cluster, Place]]:
    """Tell the world on a PostgreSQL of its own, until the block is left."""
    begin_run()
    try:
        with (
            started() as cluster,
            new_database(cluster) as database,
            TemporaryDirectory() as data_dir,
            world(database, Path(data_dir), held()),
        ):
            yield cluster, Place(database, Path(data_dir), folder())
    finally:
        for store in OPENED:
            store.close()
        end_run()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
