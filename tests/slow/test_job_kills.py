"""Workers killed at random while there are jobs: each job ends with one event and one result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from random import Random

import pytest

from send_records.bootstrap import Database
from tests.jobs.workshop import Workshop, asked, workshop_in
from tests.keys import where_held
from tests.scenario import RECORD_MOTHER

JOBS, KILLS, WORKERS = 40, 50, 2


def started(shop: Workshop) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.jobs.killed", shop.database.app, "never"]
    return subprocess.Popen(command, env=dict(os.environ) | where_held())


@pytest.mark.slow
def test_workers_killed_at_random_lose_and_double_nothing(database: Database) -> None:
    chance, kills = Random(7), 0
    with workshop_in(database) as shop:
        several = [shop.ask() for _ in range(JOBS)]
        workers = [started(shop) for _ in range(WORKERS)]
        try:
            while kills < KILLS:
                time.sleep(1.0 + chance.random())  # as long as one takes to start, and more
                at = chance.randrange(WORKERS)
                workers[at].send_signal(signal.SIGKILL)
                workers[at].wait()
                kills += 1
                workers[at] = started(shop)
                if kills % 3 == 0:
                    several.append(shop.ask())
                    shop.records.execute(shop.pupil, RECORD_MOTHER, asked())
            until = time.monotonic() + 60
            while any(shop.job(each).state in ("waiting", "running") for each in several):
                assert time.monotonic() < until, "a job did not come to its end"
                time.sleep(0.1)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        ends = [shop.job(each) for each in several]
        done = [job.job_id for job in ends if job.state == "done"]
        sys.stdout.write(
            f"\n  {kills} kills, {len(done)} of {len(several)} jobs done, "
            f"{sum(job.attempts for job in ends)} attempts\n"
        )
        assert all(shop.complete(job_id) for job_id in done)
        assert {job.refusal for job in ends if job.state == "failed"} <= {"JobGivenUp"}
        assert len(shop.prepared()) == len(done)
        assert len(done) > len(several) * 3 // 4
        assert sum(job.attempts for job in ends) > len(several) + KILLS // 4, "few were hit"
