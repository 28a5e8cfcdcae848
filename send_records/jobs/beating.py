"""A worker's heartbeat: says twice a second that it is at work, and hears whether to go on."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import TracebackType
from uuid import UUID

import structlog

from send_records.store.connections import AMBIGUOUS
from send_records.store.jobs import JobStore

log = structlog.get_logger()

BEAT = 0.4
"""Seconds between two beats: whoever cancels a job is heard within half a second."""

LEASE = timedelta(seconds=15)
"""A worker that was not heard of for so long is taken to be no more, and another takes over."""


class Beating:
    """The heartbeat of a worker at one job, until the block is left; what its maker sees of it is
    ``Working``."""

    def __init__(
        self, store: JobStore, job_id: UUID, worker: UUID, stop: threading.Event, lease: timedelta
    ) -> None:
        self._store, self._job_id, self._worker = store, job_id, worker
        self._stop = stop
        self._lease = lease.total_seconds()
        self._far = ("beginning", 0, 0)
        self._lost, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Beating:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def at(self, stage: str, done: int, total: int) -> None:
        """Say how far the work is; told with the next beat."""
        self._far = (stage, done, total)

    def stopped(self) -> bool:
        """Whether to stop: the job is another's or nobody's now, or the program is to end."""
        return self.lost or self._stop.is_set()

    @property
    def lost(self) -> bool:
        """Whether the job is not this worker's any more."""
        return self._lost.is_set()

    def _beat(self) -> None:
        """Beat until over.  Without an answer for two thirds of a lease the job is given up: at its
        end another worker may begin."""
        heard = time.monotonic()
        while not self._over.wait(BEAT):
            try:
                if not self._store.beat(self._job_id, self._worker, *self._far):
                    self._lost.set()
                    return
                heard = time.monotonic()
            except AMBIGUOUS as error:
                log.warning("worker_waits_for_database", error=type(error).__name__)
            if time.monotonic() - heard > self._lease * 2 / 3:
                self._lost.set()
                return
