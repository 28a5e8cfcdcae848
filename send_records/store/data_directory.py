"""The data directory of the embedded PostgreSQL: its cluster, its secrets, its socket and its log.

    postgres/        the cluster            server.conf    our settings, written at every start
    secrets/<role>   a password             postgres.log   what the server says
    run/             the socket             *.lock         who may do what

What the locks mean, and who starts and stops the server: ``embedded``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from contextlib import suppress
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from psycopg.conninfo import make_conninfo

from send_records.store.locks import open_private, sync
from send_records.store.programs import MAJOR, SERVER_ACCOUNT, EmbeddedPostgresFailed, Programs

SUPERUSER = "postgres"
PORT = 5432  # names the socket file; nothing listens on the network
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
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


class DataDirectory:
    """One data directory: made, or refused if it is not ours to use."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.cluster = self.path / "postgres"
        self.start_lock = self.path / "start.lock"
        self.users_lock = self.path / "users.lock"
        self.server_lock = self.path / "server.lock"
        self.programs = Programs(self.path)

    def password(self, role: str) -> str:
        """Return the role's password, made up when first asked for; the role itself is not made."""
        file = self.path / "secrets" / role
        if not file.exists():
            self.prepare()
            with tempfile.NamedTemporaryFile("w", dir=file.parent) as fresh:
                fresh.write(secrets.token_urlsafe(32))
                fresh.flush()
                sync(Path(fresh.name))
                with suppress(FileExistsError):  # made by another process in this very moment
                    os.link(fresh.name, file)
            sync(file.parent)
        return file.read_text()

    @property
    def log_file(self) -> Path:
        """What the server says; never a statement nor its values."""
        return self.path / "postgres.log"

    def prepare(self) -> None:
        """Make the data directory, or refuse one that is not ours to use."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not any(self.path.iterdir()) and self.path.stat().st_uid == os.geteuid():
                self.path.chmod(0o711 if self.programs.account else 0o700)
            self._refuse_what_is_not_ours()
            (self.path / "secrets").mkdir(mode=0o700, exist_ok=True)
            open_private(self.start_lock).close()
        except PermissionError as error:
            raise EmbeddedPostgresFailed(
                f"The data directory {self.path} is not ours to use: {error}.",
                advice="Run as the user it belongs to, or choose another --data-dir.",
            ) from error

    def _refuse_what_is_not_ours(self) -> None:
        made_by = self.cluster / "PG_VERSION"
        if self.cluster.exists() and (owner := self.cluster.stat().st_uid) != self.programs.uid:
            raise PermissionError(
                f"{self.cluster} belongs to user {owner}, not {self.programs.uid}"
            )
        if made_by.exists() and (major := made_by.read_text().strip()) != MAJOR:
            raise EmbeddedPostgresFailed(
                f"{self.cluster} was made by PostgreSQL {major}; this is PostgreSQL {MAJOR}.",
                advice="Upgrade it with pg_upgrade, or choose another --data-dir.",
            )
        if closed := self.programs.closed_to_them(self.path):
            raise EmbeddedPostgresFailed(
                f"Run by root, PostgreSQL runs as {SERVER_ACCOUNT}, to whom the folder "
                f"{closed} on the way to {self.path} is closed.",
                advice="Open it (chmod o+x) or choose another --data-dir: /var/lib/send-records.",
            )

    def make_cluster(self) -> None:
        """Make the cluster aside and move it into place: a kill leaves all of it or nothing."""
        for leftover in self.path.glob("draft-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            prefix="draft-", dir=self.path, ignore_cleanup_errors=True
        ) as folder:
            cluster, pwfile = Path(folder, "postgres"), Path(folder, "password")
            pwfile.write_text(self.password(SUPERUSER))
            self.programs.hand_over(pwfile)
            self.programs.hand_over(Path(folder))
            self.programs.run(
                "initdb", *INITDB, f"-U{SUPERUSER}", f"--pwfile={pwfile}", f"-D{cluster}"
            )
            with (cluster / "postgresql.conf").open("a") as conf:
                conf.write("include = '../server.conf'\n")
            sync(cluster / "postgresql.conf")  # initdb has seen to all the rest
            cluster.rename(self.cluster)
        sync(self.path)

    def write_settings(self) -> None:
        """Write the server's settings, as this release has them."""
        conf = self.path / "server.conf"
        socket_dir = str(self.socket_dir).replace("'", "''")
        conf.write_text(SETTINGS.format(port=PORT, socket_dir=socket_dir))
        conf.chmod(0o644)

    @property
    def address(self) -> str:
        """What libpq is told to find the socket."""
        return make_conninfo(host=str(self.socket_dir), port=PORT)

    @cached_property
    def socket_dir(self) -> Path:
        """`run` in the data directory; too long a path has a name that anyone derives from it."""
        near = self.path / "run"
        if len(os.fsencode(near / SOCKET)) <= LONGEST_SOCKET_PATH:
            return near
        name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path(tempfile.gettempdir(), f"send-records-{name}")

    def make_socket_dir(self) -> None:
        """Make the socket's directory; one found there may be a trap laid in the temp directory."""
        with suppress(FileExistsError):
            self.socket_dir.mkdir(mode=0o700)
        found = self.socket_dir.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in (self.programs.uid, os.geteuid())
        if not ours or stat.S_IMODE(found.st_mode) != 0o700:
            raise EmbeddedPostgresFailed(
                f"{self.socket_dir}, the place for the socket, is not a private folder of ours.",
                advice="Find out who made it and remove it, or choose a shorter --data-dir.",
            )
        self.programs.hand_over(self.socket_dir)

    def remove_socket_dir(self) -> None:
        """Remove the socket's directory, unless it is in the data directory."""
        if self.socket_dir.parent != self.path:
            with suppress(OSError):
                self.socket_dir.rmdir()

    def log_tail(self) -> str:
        """Return the last lines of what the server said."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-20:])
