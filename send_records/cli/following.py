"""``send-records disclose follow``, ``jobs``, ``cancel``: what takes a while, and how far it is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from send_records.cli.calling import (
    HERE,
    Api,
    Refused,
    Token,
    TokenFile,
    Unanswered,
    Url,
    asking,
)
from send_records.cli.console import AsJson, add_row, err, out, print_json
from send_records.cli.prepared import lines_of, row_of, say, what_next
from send_records.cli.problems import tell
from send_records.disclosure.verify_extract import scrub
from send_records.progress import Bar
from send_records.store.job_rows import ENDED, JobState

LOST = 60.0
"""Seconds without an answer after which a job is not followed any further: a server that is
restarted answers before that, and goes on with its jobs."""

RARELY, OFTEN = 10.0, 1.0
"""Seconds from one question to the next, at most and at least."""

PASSING = (429, 503)
"""The statuses of refusals that pass by themselves."""

INTERRUPTED = 130
"""What a shell calls a program that Ctrl-C has ended."""


TheJob = Annotated[UUID, typer.Argument(help="The job's id, as it was printed.")]


class Telling:
    """Tells how far a job is: a bar for each of its stages, or lines where there is no terminal."""

    def __init__(self) -> None:
        self._stage = ""
        self._stack = ExitStack()
        self._bar: Bar | None = None

    def __enter__(self) -> Telling:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def at(self, job: dict[str, Any]) -> None:
        """Say how far it is."""
        stage = re.sub(r"[^\w ,.-]", "", job["stage"])[:60]
        if stage != self._stage:
            self._stack.close()
            self._stage, self._bar = stage, None
            err.print(f"{stage}.", highlight=False)
        if job["total"]:
            if self._bar is None:
                self._bar = self._stack.enter_context(Bar(stage, err))
            self._bar.at(job["done"], job["total"])


def to_its_end(api: Api, job_id: UUID | str) -> dict[str, Any]:
    """Return a job once it has ended, telling meanwhile how far it is; an API that is away for a
    moment is waited for.  Raise Refused or Unanswered."""
    heard = time.monotonic()
    with Telling() as telling:
        while True:
            pause = OFTEN
            try:
                job: dict[str, Any] = api.get(f"/v1/jobs/{job_id}")
                heard = time.monotonic()
                telling.at(job)
                if job["state"] in ENDED:
                    return job
            except Refused as refused:
                passing = isinstance(refused, Unanswered) or refused.problem["status"] in PASSING
                if not passing or time.monotonic() - heard > LOST:
                    raise
                pause = max(pause, min(refused.again, RARELY))
            time.sleep(pause)


@contextmanager
def goes_on(job_id: UUID | str) -> Iterator[None]:
    """On Ctrl-C, say that the job goes on without whoever watched it, and how it is cancelled."""
    try:
        yield
    except KeyboardInterrupt:
        err.print("Stopped looking.  If it was asked for, it goes on.  To follow or cancel it:")
        for what in ("follow", "cancel"):
            err.print(f"  send-records disclose {what} {job_id}", highlight=False)
        raise typer.Exit(INTERRUPTED) from None


def make(api: Api, path: str, body: Any, key: UUID, *, as_json: bool) -> None:
    """Ask for what a command prepares, follow the job, and tell how it ended."""
    with goes_on(key):
        job = api.post(path, body, key)
        err.print(f"Job {UUID(job['job_id'])}", highlight=False)
        job = to_its_end(api, job["job_id"])
    ended(api, job, as_json=as_json)


def ended(api: Api, job: dict[str, Any], *, as_json: bool) -> None:
    """Tell how a job ended: what was prepared and what comes next, or why not, and exit 1."""
    done = job["state"] == JobState.DONE
    row = row_of(api, job["pupil_id"], job["job_id"]) if done else None
    if as_json:
        print_json(job | {"disclosure": row})
    elif row is not None:
        say(*lines_of(row), *what_next(job["pupil_id"], row))
    elif job["problem"]:
        tell(job["problem"])
    else:
        say(f"{job['stage']}: nothing was prepared.")
    if not done:
        raise typer.Exit(1)


def follow(
    job: TheJob,
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Follow a job until it has ended, and say what came of it.  Ctrl-C stops the looking alone."""
    with asking(url, token, token_file, as_json=as_json) as api:
        with goes_on(job):
            found = to_its_end(api, job)
        ended(api, found, as_json=as_json)


def jobs(
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List the jobs that you asked for, the newest first, until they expire."""
    with asking(url, token, token_file, as_json=as_json) as api:
        found = api.listed("/v1/jobs")
    if as_json:
        print_json(found)
        return
    made = Table("Job", "What", "How far", "Asked", "Kept until", title="Your jobs")
    for job in found:
        far = (
            job["stage"] if job["percent"] in (None, 100) else f"{job['stage']}, {job['percent']} %"
        )
        asked, kept = (job[each][:16].replace("T", " ") for each in ("asked_at", "expires_at"))
        what = job["kind"].replace("_", " ").capitalize()
        add_row(made, *map(scrub, (job["job_id"], what, far, asked, kept)))
    out.print(made)


def cancel(
    job: TheJob,
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a job that has not ended: nothing is prepared, and nothing of it is kept."""
    with asking(url, token, token_file, as_json=as_json) as api:
        found = api.post(f"/v1/jobs/{job}/cancel")
    if as_json:
        print_json(found)
    else:
        say(f"{found['stage']}: nothing was prepared.")
