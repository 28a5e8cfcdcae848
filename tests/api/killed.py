"""A worker with the real makers that kills itself half way, by ``python -m tests.api.killed``.

It is told the database's URL and a step: a stage of making, or ``kept``, when the pack is kept and
not yet recorded."""

from __future__ import annotations

import sys
import threading
from typing import Any

from send_records.bootstrap import Database, running
from send_records.custody import open_keys
from send_records.jobs.beating import Beating
from send_records.jobs.runner import Runner
from send_records.settings import Settings
from send_records.store.contents import Contents
from tests.conftest import ROLES
from tests.jobs.killed import LEASE, die, then_die


def main(url: str, step: str) -> None:
    said = Beating.at

    def at(self: Beating, stage: str, done: int, total: int) -> None:
        said(self, stage, done, total)
        if stage == step:
            die()

    patched: Any = Beating
    patched.at = at
    if step == "kept":
        kept: Any = Contents
        kept.keep_all = then_die(Contents.keep_all)
    settings, found = Settings(), Database(ROLES, url, None, None, None)
    with open_keys(settings, url) as keys, running(settings, found, keys) as system:
        of = system.runner
        runner = Runner(of._store, of._records, of._contents, of._makers, lease=LEASE)
        runner.do_one(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
