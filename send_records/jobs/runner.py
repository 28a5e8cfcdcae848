"""The runner: takes up jobs one after another, and brings each to its end, whatever ends it.

Each step can be done twice and is done once: content is kept once under the job's id, the command
is recorded once under it, and who comes after a worker that was killed is told so.  A job is

* done       - its command is recorded; its result is kept until the job expires
* failed     - it was refused, or given up after some attempts; nothing of it is kept
* waiting    - again, when the program ends or the database is away
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import structlog

from send_records.aggregates.contents import Content
from send_records.application import SendRecords
from send_records.disclosure.child import WorkStopped
from send_records.errors import Conflict, Damaged, NotReadyYet, SendRecordsError, TooLarge
from send_records.jobs import Made, Makers, Task
from send_records.jobs.beating import LEASE, Beating
from send_records.jobs.tasks import unpacked
from send_records.pupils import erased
from send_records.store.connections import AMBIGUOUS
from send_records.store.contents import Contents
from send_records.store.job_rows import Claimed
from send_records.store.jobs import JobStore
from send_records.store.keyring import KeyDestroyed

log = structlog.get_logger()

IDLE = 0.5
"""Seconds between two looks for a job, when there was none."""

PAUSE = 2.0
"""Seconds after which to go on, when the database was away or something else went wrong."""

SWEEP = 3600.0
"""Seconds between two looks for what has expired."""

ATTEMPTS = 3
"""How often a job is taken up: what ended three workers would end the fourth."""


class JobGivenUp(TooLarge):
    """It was begun three times and did not come to its end: ask for less at once, or have it looked
    into."""


class ResultDiffers(Damaged):
    """Made again, it was not the same as before: nothing is recorded of either."""


class Runner:
    """A worker: ``run`` it in a thread, or in a process of its own.  Several may run at once."""

    def __init__(
        self,
        store: JobStore,
        records: SendRecords,
        contents: Contents,
        makers: Makers,
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self._store, self._records, self._contents = store, records, contents
        self._makers = makers
        self._kinds = {command.__name__: command for command in makers}
        self._worker, self._lease = uuid4(), lease
        self._sweep_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Do what there is to do until told to stop; what is half done then is given back."""
        while not stop.is_set():
            try:
                self._sweep()
                if not self.do_one(stop):
                    stop.wait(IDLE)
            except (*AMBIGUOUS, NotReadyYet) as error:
                log.warning("worker_waits_for_database", error=type(error).__name__)
                stop.wait(PAUSE)
            except Exception as error:  # its message may hold words of a record: its kind will do
                log.error("worker_failed", error=type(error).__name__)
                stop.wait(PAUSE)

    def do_one(self, stop: threading.Event) -> bool:
        """Take up one job and bring it to its end; False if there is none."""
        claimed = self._store.claim(self._worker, self._lease, list(self._kinds))
        if claimed is None:
            return False
        job_id = claimed.job_id
        with Beating(self._store, job_id, self._worker, stop, self._lease) as beating:
            try:
                self._complete(claimed, beating)
            except (*AMBIGUOUS, NotReadyYet, Conflict):
                self._give_back(job_id, counts=False)
                raise
            except SendRecordsError as refusal:
                self._refused(claimed, refusal, beating, stop)
            except Exception:
                self._give_back(job_id, counts=True)
                raise
            else:
                self._store.end(claimed, self._worker)
        return True

    def _complete(self, claimed: Claimed, beating: Beating) -> None:
        """Make, keep and record; what a worker before has done is not done again."""
        try:
            task = unpacked(claimed, self._store.task(claimed), self._kinds)
            pupil_id, command, request = task.pupil_id, task.command, task.request
            if self._records.receipt_of(pupil_id, command, request) is not None:
                return
            if claimed.attempts > ATTEMPTS:
                raise JobGivenUp("It did not come to its end in three attempts.")
            made = self._makers[type(command)](task, beating)
            beating.at("keeping", 0, 0)
            self._keep(task, made)
        except KeyDestroyed:
            raise erased() from None
        if not self._store.fence(claimed.job_id, self._worker):
            raise WorkStopped("It was cancelled, or another worker has taken over.")
        beating.at("recording", 0, 0)
        self._records.execute(pupil_id, command, replace(request, pack=made.pack))

    def _keep(self, task: Task, made: Made) -> None:
        """Keep the result under the job's id, once; raise ResultDiffers if another is there."""
        hashed = sha256(made.content).hexdigest()
        content = Content(len(made.content), hashed, made.media_type, timedelta(0))
        same = (made.pack.sha256, made.pack.size) == (content.sha256, content.size)
        kept = self._contents.find(task.pupil_id, task.job_id)
        if kept is None and same:
            if self._contents.keep_all(task.pupil_id, task.job_id, made.content, content):
                return
            kept = self._contents.find(task.pupil_id, task.job_id)
        if not same or kept is None or replace(kept.content, age=content.age) != content:
            raise ResultDiffers("It was made again, and is not the same.")

    def _refused(
        self,
        claimed: Claimed,
        refusal: SendRecordsError,
        beating: Beating,
        stop: threading.Event,
    ) -> None:
        """End a job that was refused; one that was only to be stopped was cancelled, is another's
        now, or is given back."""
        told = isinstance(refusal, WorkStopped) and stop.is_set() and not beating.lost
        if told and self._store.release(claimed.job_id, self._worker, counts=False):
            return
        if not self._store.end(claimed, self._worker, refusal):
            self._store.remove_cancelled(claimed.job_id)

    def _give_back(self, job_id: UUID, *, counts: bool) -> None:
        with suppress(*AMBIGUOUS):  # then it is taken up when the lease is over
            self._store.release(job_id, self._worker, counts=counts)

    def _sweep(self) -> None:
        """Remove what has expired, and what nobody filed, now and then."""
        now = time.monotonic()
        if now >= self._sweep_at:
            self._store.remove_expired()
            self._contents.remove_unfiled()
            self._sweep_at = now + SWEEP
