"""Jobs run to their end, once, whatever ends the worker; or are refused, and leave nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection

from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.preparations import MakesPack, PackPurpose
from send_records.aggregates.values import Source
from send_records.application import Request
from send_records.bootstrap import Database
from send_records.disclosure.child import WorkStopped
from send_records.errors import Erased, NotFound, RuleBroken, TooLarge
from send_records.execution import IdempotencyKeyReused
from send_records.jobs import Made, Task, Working
from send_records.jobs.asking import JobOver, JobPastCancelling, JobPlaceGone, NoMaker
from send_records.jobs.tasks import packed, unpacked
from send_records.store.connections import one
from send_records.store.contentcheck import check_contents
from send_records.store.contents import Contents
from send_records.store.crosschecks import cross_check
from send_records.store.erasure import mark_destroyed
from send_records.store.job_rows import Claimed
from send_records.store.jobs import LARGEST_TASK, JobStore, TaskDamaged
from send_records.store.scopes import NOBODY, WHOLE_TRUST, Scope, within
from tests.jobs.workshop import (
    HANDOVER,
    Workshop,
    asked,
    at_work,
    made_of,
    pack_maker,
    uploads,
    workshop_in,
)
from tests.keys import held, where_held
from tests.scenario import ADMIT, RECORD_MOTHER, SENCO, but

NEVER = threading.Event()
SHORT = timedelta(seconds=0.3)
"""A lease for tests that wait for its end."""

PATIENCE = 20.0


@pytest.fixture
def shop(database: Database) -> Iterator[Workshop]:
    with workshop_in(database) as made:
        yield made


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    with one(database.as_owner()) as connection:
        yield connection


def until(happened: Callable[[], bool]) -> float:
    """Wait until something has happened; return how many seconds that took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < PATIENCE, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - began


# To the end


def test_a_job_ends_with_its_result_kept_and_recorded(shop: Workshop) -> None:
    job_id = shop.ask()
    assert (shop.job(job_id).state, shop.prepared()) == ("waiting", [])

    assert shop.runner().do_one(NEVER)

    assert shop.complete(job_id)
    [event] = shop.prepared()
    assert (event.preparation_id, event.metadata.recorded_by) == (job_id, SENCO)
    assert event.metadata.command_id == job_id
    assert not shop.runner().do_one(NEVER)


def test_what_is_made_is_of_the_log_as_it_was_when_it_was_asked_for(shop: Workshop) -> None:
    job_id, size = shop.ask(), shop.records.size()
    shop.records.execute(shop.pupil, RECORD_MOTHER, asked())

    shop.runner().do_one(NEVER)

    [event] = shop.prepared()
    assert shop.complete(job_id)
    assert event.pack.position == size


def test_progress_is_shown_as_it_is_made(shop: Workshop) -> None:
    go_on = threading.Event()

    def maker(task: Task, working: Working) -> Made:
        working.at("redacting", 3, 40)
        assert go_on.wait(PATIENCE)
        return pack_maker(task, working)

    job_id = shop.ask()
    with at_work(shop.runner(maker)):
        until(lambda: shop.job(job_id).stage == "redacting")
        job = shop.job(job_id)
        assert (job.state, job.done, job.total) == ("running", 3, 40)
        go_on.set()
        until(lambda: shop.job(job_id).state == "done")


def test_the_task_is_what_was_asked_to_the_field(shop: Workshop) -> None:
    command = PrepareDisclosure(
        occurred_on=HANDOVER.occurred_on, purpose=PackPurpose.HANDOVER, reason="Čaj 🫖 <b>{x}\\"
    )
    request = Request(SENCO, uuid4(), uuid4(), uuid4(), Source.WEB, uuid4())
    claimed = Claimed(request.command_id, shop.pupil, "PrepareDisclosure", 1, 7, 9, b"")
    kinds: dict[str, type[MakesPack]] = {"PrepareDisclosure": PrepareDisclosure}

    task = unpacked(claimed, packed(command, request), kinds)

    assert (task.command, task.request) == (command, request)
    assert task.command.model_fields_set == command.model_fields_set
    assert (task.position, task.accesses) == (7, 9)
    with pytest.raises(TaskDamaged):
        unpacked(claimed, packed(command, request).replace(b"handover", b"anything"), kinds)
    with pytest.raises(TaskDamaged):
        unpacked(claimed, packed(command, request), {})


# Asked for twice


def test_the_same_request_again_is_the_same_job_in_any_state(shop: Workshop) -> None:
    key = uuid4()
    first, before = shop.jobs.ask(shop.pupil, HANDOVER, asked(key))
    again, replayed = shop.jobs.ask(shop.pupil, HANDOVER, asked(key))
    assert (before, replayed) == (False, True)
    assert again == first
    shop.runner().do_one(NEVER)
    ended, replayed = shop.jobs.ask(shop.pupil, HANDOVER, asked(key))

    assert (ended.state, replayed) == ("done", True)
    assert not shop.runner().do_one(NEVER)
    assert len(shop.prepared()) == 1


def test_a_key_is_for_one_request(shop: Workshop) -> None:
    key, recorded = shop.ask(), uuid4()
    another = shop.records.admit(but(ADMIT, upn=None), asked()).pupil_id
    advice = but(HANDOVER, purpose=PackPurpose.LA_ADVICE)
    shop.records.execute(shop.pupil, RECORD_MOTHER, asked(recorded))

    for pupil, command, used in (
        (shop.pupil, advice, key),
        (another, HANDOVER, key),
        (shop.pupil, HANDOVER, recorded),
    ):
        with pytest.raises(IdempotencyKeyReused):
            shop.jobs.ask(pupil, command, asked(used))


def test_many_who_ask_at_once_under_one_key_get_one_job(shop: Workshop) -> None:
    key, got = uuid4(), list[bool]()

    def ask() -> None:
        got.append(shop.jobs.ask(shop.pupil, HANDOVER, asked(key))[1])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == [False] + [True] * 7


def test_what_cannot_be_recorded_is_not_begun(shop: Workshop) -> None:
    unknown = but(HANDOVER, purpose=PackPurpose.SUBJECT_ACCESS, request_id=uuid4())
    with pytest.raises(NotFound):
        shop.jobs.ask(shop.pupil, unknown, asked())
    with pytest.raises(NotFound):
        shop.jobs.ask(uuid4(), HANDOVER, asked())

    assert not shop.runner().do_one(NEVER)


def test_what_nobody_makes_cannot_be_asked_for(shop: Workshop) -> None:
    class MakeTea(PrepareDisclosure):
        """Make what nobody here makes."""

    tea = MakeTea(occurred_on=HANDOVER.occurred_on, purpose=PackPurpose.HANDOVER)
    with pytest.raises(NoMaker):
        shop.jobs.ask(shop.pupil, tea, asked())


def test_a_task_over_the_limit_is_refused_and_leaves_nothing(shop: Workshop) -> None:
    key = uuid4()
    with pytest.raises(TooLarge):
        shop.store.add(
            *(shop.pupil, key, "PrepareDisclosure", SENCO.id),
            *(b"", b"x" * (LARGEST_TASK + 1), timedelta(days=1)),
        )
    assert shop.store.find(shop.scope, key) is None
    assert shop.store.add(
        *(shop.pupil, key, "PrepareDisclosure", SENCO.id),
        *(b"", b"x" * LARGEST_TASK, timedelta(days=1)),
    )


# Refused


class NotToday(RuleBroken):
    """It is not made on this day."""


def test_a_maker_that_refuses_fails_the_job_and_nothing_is_kept(
    shop: Workshop, owner: Connection
) -> None:
    def maker(task: Task, working: Working) -> Made:
        raise NotToday("with words about Aisha Rahman")

    job_id = shop.ask()
    shop.runner(maker).do_one(NEVER)

    job = shop.job(job_id)
    assert (job.state, job.refusal) == ("failed", "NotToday")
    assert (shop.prepared(), uploads(owner)) == ([], 0)
    [(text,)] = owner.execute("SELECT jobs::text FROM jobs").fetchall()
    assert "Aisha" not in text


def test_a_command_that_is_refused_fails_the_job_and_removes_what_was_kept(
    shop: Workshop, owner: Connection
) -> None:
    """Somebody put another result on record under the command's id meanwhile."""

    def maker(task: Task, working: Working) -> Made:
        shop.records.execute(shop.pupil, RECORD_MOTHER, asked(task.job_id))
        return pack_maker(task, working)

    job_id = shop.ask()
    shop.runner(maker).do_one(NEVER)

    job = shop.job(job_id)
    assert (job.state, job.refusal) == ("failed", "IdempotencyKeyReused")
    assert (shop.prepared(), uploads(owner)) == ([], 0)


def test_a_maker_that_lies_about_its_pack_fails(shop: Workshop, owner: Connection) -> None:
    def maker(task: Task, working: Working) -> Made:
        return Made(b"another", made_of(b"one", 1).pack)

    job_id = shop.ask()
    shop.runner(maker).do_one(NEVER)

    assert shop.job(job_id).refusal == "ResultDiffers"
    assert (shop.prepared(), uploads(owner)) == ([], 0)


def test_an_error_of_ours_is_tried_again_and_then_given_up(shop: Workshop) -> None:
    tried = []

    def maker(task: Task, working: Working) -> Made:
        tried.append(task)
        raise ZeroDivisionError

    job_id, runner = shop.ask(), shop.runner(maker)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            runner.do_one(NEVER)
        assert shop.job(job_id).state == "waiting"
    assert runner.do_one(NEVER)

    assert (len(tried), shop.job(job_id).refusal) == (3, "JobGivenUp")


def test_a_task_that_was_altered_is_not_done(shop: Workshop, owner: Connection) -> None:
    mine, other = shop.ask(), shop.ask(command=but(HANDOVER, purpose=PackPurpose.LA_ADVICE))
    owner.execute(
        "UPDATE jobs SET sealed = (SELECT sealed FROM jobs WHERE job_id = %s) WHERE job_id = %s",
        [other, mine],
    )
    shop.runner().do_one(NEVER)

    assert shop.job(mine).refusal == "TaskDamaged"
    assert shop.prepared() == []


# One at a time


def test_two_runners_never_do_one_job_at_once(shop: Workshop) -> None:
    at_it, met = dict[UUID, int](), list[UUID]()
    lock = threading.Lock()

    def maker(task: Task, working: Working) -> Made:
        with lock:
            at_it[task.job_id] = at_it.get(task.job_id, 0) + 1
            if at_it[task.job_id] > 1:
                met.append(task.job_id)
        time.sleep(0.05)
        return pack_maker(task, working)

    several = [shop.ask() for _ in range(12)]
    with at_work(shop.runner(maker)), at_work(shop.runner(maker)), at_work(shop.runner(maker)):
        until(lambda: all(shop.job(job_id).state == "done" for job_id in several))

    assert met == []
    assert set(at_it.values()) == {1}
    assert all(shop.complete(job_id) for job_id in several)


def test_without_its_beat_a_job_is_taken_over_and_would_be_done_twice(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defect planted: a worker that is not heard of loses its job, and then stops."""
    monkeypatch.setattr(JobStore, "beat", lambda *_: time.sleep(PATIENCE))
    monkeypatch.setattr("send_records.jobs.beating.Beating.__exit__", lambda *_: None)
    took = list[int]()

    def maker(task: Task, working: Working) -> Made:
        took.append(1)
        if len(took) == 1:
            time.sleep(SHORT.total_seconds() * 1.5)
            assert shop.runner(maker, SHORT).do_one(NEVER)
        return pack_maker(task, working)

    job_id = shop.ask()
    shop.runner(maker, SHORT).do_one(NEVER)

    assert len(took) == 2
    assert shop.complete(job_id), "and yet it is recorded once, and kept once"


def test_a_worker_that_is_heard_of_keeps_its_job_past_a_lease(shop: Workshop) -> None:
    lease = timedelta(seconds=0.8)

    def maker(task: Task, working: Working) -> Made:
        for _ in range(4):
            time.sleep(0.4)
            assert not shop.runner(pack_maker, lease).do_one(NEVER)
        return pack_maker(task, working)

    job_id = shop.ask()
    shop.runner(maker, lease).do_one(NEVER)

    assert (shop.job(job_id).attempts, shop.complete(job_id)) == (1, True)


# Cancelled


def test_a_job_is_cancelled_within_a_second_and_leaves_nothing(
    shop: Workshop, owner: Connection
) -> None:
    stopped = threading.Event()

    def maker(task: Task, working: Working) -> Made:
        until(working.stopped)
        stopped.set()
        raise WorkStopped("It was stopped.")

    job_id = shop.ask()
    with at_work(shop.runner(maker)):
        until(lambda: shop.job(job_id).state == "running")
        assert shop.jobs.cancel(shop.scope, job_id, SENCO.id).state == "cancelled"
        assert until(stopped.is_set) < 1.0
        assert shop.jobs.cancel(shop.scope, job_id, None).state == "cancelled"

    assert (shop.job(job_id).state, shop.prepared(), uploads(owner)) == ("cancelled", [], 0)
    assert not shop.runner().do_one(NEVER)


def test_one_cancelled_while_its_result_is_kept_is_not_recorded(
    shop: Workshop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, job_id = Contents.keep_all, shop.ask()

    def cancelled_meanwhile(*given: object) -> bool:
        kept = keep(*given)  # type: ignore[arg-type]
        assert uploads(owner) == 1
        shop.jobs.cancel(shop.scope, job_id, None)
        return kept

    monkeypatch.setattr(Contents, "keep_all", cancelled_meanwhile)
    shop.runner().do_one(NEVER)

    assert (shop.job(job_id).state, shop.prepared(), uploads(owner)) == ("cancelled", [], 0)


def test_one_that_is_being_recorded_or_has_ended_is_not_cancelled(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, job_id = shop.records.execute, shop.ask()

    def recording(*given: object, **named: object) -> object:
        with pytest.raises(JobPastCancelling):
            shop.jobs.cancel(shop.scope, job_id, None)
        return execute(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.records, "execute", recording)
    shop.runner().do_one(NEVER)

    assert shop.complete(job_id)
    with pytest.raises(JobPastCancelling):
        shop.jobs.cancel(shop.scope, job_id, None)


def test_a_program_that_ends_gives_its_job_back_without_counting(shop: Workshop) -> None:
    def maker(task: Task, working: Working) -> Made:
        until(working.stopped)
        raise WorkStopped("It was stopped.")

    job_id = shop.ask()
    for _ in range(4):
        with at_work(shop.runner(maker)):
            until(lambda: shop.job(job_id).state == "running")
        assert (shop.job(job_id).state, shop.job(job_id).attempts) == ("waiting", 0)

    shop.runner().do_one(NEVER)
    assert shop.complete(job_id)


# Whose


def test_a_job_is_shown_to_whoever_asked_and_only_in_scope(shop: Workshop) -> None:
    job_id = shop.ask()
    mine, all_ = SENCO.id, None

    assert shop.jobs.find(WHOLE_TRUST, job_id, mine).job_id == job_id
    for scope, asker in (
        (shop.scope, uuid4()),
        (Scope.of(uuid4()), mine),
        (Scope(places=("Elsewhere Academy",)), all_),
        (NOBODY, all_),
    ):
        with pytest.raises(NotFound):
            shop.jobs.find(scope, job_id, asker)
        with pytest.raises(NotFound):
            shop.jobs.cancel(scope, job_id, asker)
    assert shop.job(job_id).state == "waiting"


def test_a_list_is_of_ones_own_the_newest_first_page_by_page(
    shop: Workshop, owner: Connection
) -> None:
    several = [shop.ask() for _ in range(5)]
    first = shop.jobs.asked_by(shop.scope, SENCO.id, None, 3)
    second = shop.jobs.asked_by(shop.scope, SENCO.id, first[-1].job_id, 3)

    assert [job.job_id for job in first + second] == several[::-1]
    assert shop.jobs.asked_by(shop.scope, uuid4(), None, 3) == []
    assert shop.jobs.asked_by(NOBODY, SENCO.id, None, 3) == []
    with pytest.raises(JobPlaceGone):
        shop.jobs.asked_by(shop.scope, SENCO.id, uuid4(), 3)


# Over


def expire(owner: Connection, job_id: UUID) -> None:
    owner.execute("UPDATE jobs SET expires_at = clock_timestamp() WHERE job_id = %s", [job_id])


def test_a_job_that_expired_is_gone_with_its_result_and_its_event_stays(
    shop: Workshop, owner: Connection
) -> None:
    gone, stays = shop.ask(), shop.ask()
    runner = shop.runner()
    assert runner.do_one(NEVER)
    assert runner.do_one(NEVER)
    digest = shop.prepared()[0].pack.sha256
    expire(owner, gone)
    with pytest.raises(NotFound):
        shop.job(gone)

    assert shop.store.remove_expired() == 1

    assert (shop.kept(gone), uploads(owner)) == (None, 1)
    assert shop.complete(stays)
    assert shop.prepared()[0].pack.sha256 == digest
    with pytest.raises(JobOver):
        shop.ask(gone)


def test_one_that_was_never_begun_expires_too(shop: Workshop, owner: Connection) -> None:
    job_id = shop.ask()
    expire(owner, job_id)

    assert not shop.runner().do_one(NEVER)
    assert shop.store.remove_expired() == 1
    assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def age(owner: Connection) -> None:
    """Make every upload older by 40 hours."""
    for table, column in (("uploads", "begun_at"), ("contents", "stored_at")):
        owner.execute(f"ALTER TABLE document_{table} DISABLE TRIGGER as_it_was".encode())
        owner.execute(
            f"UPDATE document_{table} SET {column} = {column} - interval '40 hours'".encode()
        )
        owner.execute(f"ALTER TABLE document_{table} ENABLE ALWAYS TRIGGER as_it_was".encode())


def test_what_nobody_filed_is_removed_but_not_a_jobs_result(
    shop: Workshop, owner: Connection
) -> None:
    job_id = shop.ask()
    shop.runner().do_one(NEVER)
    lost = shop.contents.begin(shop.pupil)
    age(owner)
    newest = shop.contents.begin(shop.pupil)  # by which ``verify`` knows what should have gone
    with one(shop.database.as_owner()) as connection:
        assert len(cross_check(connection)) == 1

    assert shop.contents.remove_unfiled() == 1

    assert lost != newest
    assert shop.complete(job_id)
    with one(shop.database.as_owner()) as connection:
        assert cross_check(connection) + check_contents(connection, held().seals) == []
    expire(owner, job_id)
    assert shop.contents.remove_unfiled() == 1
    assert shop.kept(job_id) is None


def test_a_runner_sweeps(shop: Workshop, owner: Connection) -> None:
    job_id = shop.ask()
    shop.runner().do_one(NEVER)
    expire(owner, job_id)

    with at_work(shop.runner()):
        until(lambda: uploads(owner) == 0)
    assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


# Erased


def erase(shop: Workshop, owner: Connection) -> None:
    with owner.transaction():
        assert mark_destroyed(owner, shop.pupil)
    held().seals.keyring.destroy(shop.pupil)


def test_erasure_takes_jobs_and_results(shop: Workshop, owner: Connection) -> None:
    ended, waiting = shop.ask(), shop.ask()
    shop.runner().do_one(NEVER)

    erase(shop, owner)

    assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    assert uploads(owner) == 0
    assert not shop.runner().do_one(NEVER)
    for key in (ended, waiting, uuid4()):
        with pytest.raises(Erased):
            shop.ask(key)


def test_one_erased_while_at_work_comes_to_nothing(shop: Workshop, owner: Connection) -> None:
    def maker(task: Task, working: Working) -> Made:
        erase(shop, owner)
        return pack_maker(task, working)

    shop.ask()
    assert shop.runner(maker).do_one(NEVER)

    assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    assert uploads(owner) == 0


# In the database


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE jobs SET state = 'done'",
        "DELETE FROM jobs",
        "INSERT INTO jobs (job_id, pupil_id, kind, asked_by, expires_at, request_mac, state) "
        "VALUES (gen_random_uuid(), gen_random_uuid(), 'X', gen_random_uuid(), now(), '', 'done')",
        "SELECT remove_result(gen_random_uuid(), gen_random_uuid())",
        "SELECT remove_jobs()",
        "SELECT settle_job()",
    ],
)
def test_the_application_changes_no_job_but_by_the_functions(
    database: Database, sentence: LiteralString
) -> None:
    with one(database.app) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(sentence)


def test_the_application_sees_the_jobs_of_those_in_scope_and_asks_for_no_others(
    shop: Workshop, database: Database
) -> None:
    shop.ask()
    count: LiteralString = "SELECT count(*) FROM jobs"
    with one(database.app) as app:
        with within(app, shop.scope):
            assert app.execute(count).fetchone() == (1,)
        with within(app, Scope.of(uuid4())):
            assert app.execute(count).fetchone() == (0,)
        assert app.execute(count).fetchone() == (0,)
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            within(app, Scope.of(uuid4())),
        ):
            app.execute(
                "INSERT INTO jobs (job_id, pupil_id, kind, asked_by, expires_at, request_mac) "
                "VALUES (gen_random_uuid(), %s, 'X', gen_random_uuid(), now(), '')",
                [shop.pupil],
            )


# Killed


def worker(shop: Workshop, step: str) -> subprocess.Popen[bytes]:
    """Start a worker in a process of its own that kills itself at a step."""
    environment = dict(os.environ) | where_held()
    command = [sys.executable, "-m", "tests.jobs.killed", shop.database.app, step]
    return subprocess.Popen(command, env=environment)


STEPS = ("begun", "made", "kept", "fenced", "recorded", "ended")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_resumed_and_ends_with_one_event_and_one_result(
    shop: Workshop, owner: Connection, step: str
) -> None:
    job_id = shop.ask()
    assert worker(shop, step).wait(PATIENCE) == -signal.SIGKILL
    shop.records.execute(shop.pupil, RECORD_MOTHER, asked())  # the log goes on meanwhile

    with at_work(shop.runner(lease=SHORT)):
        until(lambda: shop.job(job_id).state == "done")

    assert shop.complete(job_id)
    assert len(shop.prepared()) == 1
    assert shop.job(job_id).attempts == (1 if step == "ended" else 2)
