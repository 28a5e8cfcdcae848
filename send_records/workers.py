"""What goes on beside the answering of requests: each in a thread, until the block is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from send_records.bootstrap import Database, System, notary
from send_records.custody import Keys
from send_records.projections.engine import Engine


@contextmanager
def projecting(found: Database, keys: Keys) -> Iterator[None]:
    """Keep the projections level."""
    with _in_a_thread("projector", Engine(found.as_projector(), keys.seals, found.projections).run):
        yield


@contextmanager
def notarising(found: Database, keys: Keys) -> Iterator[None]:
    """Sign and publish checkpoints."""
    with _in_a_thread("notary", notary(found, keys.signing, keys.places).run):
        yield


@contextmanager
def working(system: System) -> Iterator[None]:
    """Do the jobs that are asked for; what is half done at the end is given back."""
    with _in_a_thread("worker", system.runner.run):
        yield


@contextmanager
def _in_a_thread(name: str, run: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(target=run, args=[stop], name=name)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()
