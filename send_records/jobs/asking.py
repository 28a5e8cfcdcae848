"""How a job is asked for, looked at and cancelled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from send_records.aggregates.preparations import MakesPack
from send_records.aggregates.rules import Rules
from send_records.application import Request, SendRecords
from send_records.documents.uploads import unless_erased
from send_records.errors import Invalid, NotFound, RuleBroken
from send_records.execution import IdempotencyKeyReused, said
from send_records.jobs.tasks import packed
from send_records.store.job_rows import ENDED, Job
from send_records.store.jobs import JobKeyTaken, JobStore
from send_records.store.scopes import Scope

KEPT = "job_result_days"
"""The limit, by name, of how many days a job and its result are kept (``rules/limits.toml``)."""


class NoMaker(Exception):
    """A job was asked for that nobody here does: a defect of ours."""


class JobOver(RuleBroken):
    """What was asked for under this key was made, and is kept no longer: ask again under a new
    one."""

    basis = "UK GDPR Art 5(1)(e)"


class JobPastCancelling(RuleBroken):
    """The job has ended, or its result is being recorded: it cannot be cancelled any more."""


class JobPlaceGone(Invalid):
    """The job at which the last page ended has expired: begin again with the first page."""


class Jobs:
    """The jobs of one trust, for whoever asks for them."""

    def __init__(
        self,
        store: JobStore,
        records: SendRecords,
        rules: Rules,
        kinds: Collection[type[MakesPack]],
    ) -> None:
        self._store, self._records = store, records
        self._rules = rules
        self._kinds = frozenset(kinds)

    def ask(
        self,
        pupil_id: UUID,
        command: MakesPack,
        request: Request,
        *,
        expected_version: int | None = None,
    ) -> tuple[Job, bool]:
        """Ask for what a command records to be made and recorded, under the request's key; return
        the job, and whether it was asked for before.

        Raise as ``SendRecords.require_ready``, IdempotencyKeyReused, TooLarge or JobOver.
        """
        if type(command) not in self._kinds:
            raise NoMaker(type(command).__name__)
        asked, job_id = said(pupil_id, command, request.actor), request.command_id
        with unless_erased():
            if found := self._asked(pupil_id, job_id, asked):
                return found, True
            if self._records.receipt_of(pupil_id, command, request) is not None:
                raise JobOver("It was made before: ask again under another Idempotency-Key.")
            self._records.require_ready(
                pupil_id, command, request, expected_version=expected_version
            )
            keep = timedelta(days=self._rules.limit(KEPT, self._records.today()).most)
            kind, task = type(command).__name__, packed(command, request)
            added = self._store.add(pupil_id, job_id, kind, request.actor.id, asked, task, keep)
            found = self._asked(pupil_id, job_id, asked)
        if found is None:  # another pupil's, or removed in this moment
            raise IdempotencyKeyReused("That Idempotency-Key was used for another request.")
        return found, not added

    def find(self, scope: Scope, job_id: UUID, asked_by: UUID | None) -> Job:
        """Return a job of a pupil in a scope, and of a person if one is named; raise NotFound."""
        found = self._store.find(scope, job_id, asked_by)
        if found is None:
            raise unknown()
        return found

    def asked_by(self, scope: Scope, asked_by: UUID, after: UUID | None, limit: int) -> list[Job]:
        """Return what somebody asked for, of pupils in a scope, the newest first, from after a job
        on; raise JobPlaceGone if that is no more."""
        last = None if after is None else self._store.find(scope, after, asked_by)
        if after is not None and last is None:
            raise JobPlaceGone("The list has changed: begin again with its first page.")
        return self._store.of(scope, asked_by, last, limit)

    def cancel(self, scope: Scope, job_id: UUID, asked_by: UUID | None) -> Job:
        """Cancel a job that ``find`` returns, and return it; once cancelled, the same again.  Raise
        NotFound, or JobPastCancelling."""
        cancelled = self._store.cancel(scope, job_id, asked_by)
        found = self.find(scope, job_id, asked_by)
        if not cancelled and found.state != "cancelled":
            why = "It has ended." if found.state in ENDED else "Its result is being recorded."
            raise JobPastCancelling(why)
        return found

    def _asked(self, pupil_id: UUID, job_id: UUID, asked: bytes) -> Job | None:
        try:
            return self._store.asked(pupil_id, job_id, asked)
        except JobKeyTaken:
            raise IdempotencyKeyReused(
                "That Idempotency-Key was used for another request."
            ) from None


def unknown() -> NotFound:
    """Return the refusal of a job that is not there, or not for whoever asks: one and the same."""
    return NotFound("No job has that id.")
