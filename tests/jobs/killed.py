"""A worker that kills itself at a step of its job: ``python -m tests.jobs.killed URL STEP``; or,
with the step ``never``, works until somebody kills it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.application import SendRecords
from send_records.bootstrap import now
from send_records.custody import open_keys
from send_records.jobs import Made, Task, Working
from send_records.jobs.runner import Runner
from send_records.rules import shipped_rules
from send_records.settings import Settings
from send_records.store.connections import pool
from send_records.store.contents import Contents
from send_records.store.jobs import JobStore
from send_records.store.recorder import PostgresRecorder
from send_records.store.signing import Purpose
from tests.jobs.workshop import pack_maker

LEASE = timedelta(seconds=3)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(done: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does something, and does not come back."""

    def dying(*given: Any, **named: Any) -> Any:
        result = done(*given, **named)
        die()
        return result

    return dying


def then_rest(done: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does something, and comes back after long enough to be killed meanwhile."""

    def resting(*given: Any, **named: Any) -> Any:
        result = done(*given, **named)
        time.sleep(0.3)
        return result

    return resting


def dying_maker(task: Task, working: Working) -> Made:
    die()
    return pack_maker(task, working)


AT: dict[str, tuple[type, str]] = {
    "kept": (Contents, "keep_all"),
    "fenced": (JobStore, "fence"),
    "recorded": (SendRecords, "execute"),
    "ended": (JobStore, "end"),
}


def main(url: str, step: str) -> None:
    maker = {"begun": dying_maker, "made": then_die(pack_maker)}.get(step, pack_maker)
    for of, name in AT.values() if step == "never" else ():
        setattr(of, name, then_rest(getattr(of, name)))
    if step in AT:
        of, name = AT[step]
        setattr(of, name, then_die(getattr(of, name)))
    with open_keys(Settings(), url) as keys, pool(url) as connections:
        records = SendRecords(
            PostgresRecorder(connections),
            keys.seals,
            keys.signing.signer(Purpose.RECEIPTS),
            shipped_rules(),
            now,
        )
        store, contents = JobStore(connections, keys.seals), Contents(connections, keys.seals)
        runner = Runner(store, records, contents, {PrepareDisclosure: maker}, lease=LEASE)
        if step == "never":
            runner.run(threading.Event())
        runner.do_one(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
