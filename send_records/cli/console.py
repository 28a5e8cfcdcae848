"""What every command shares: options, where things are printed, who is at the keyboard."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import NAMESPACE_URL, uuid4, uuid5

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.settings import Settings
from send_records.store.access import Access, AccessPurpose, Act, Tier

out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, soft_wrap=True)

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where the embedded database and, unless set otherwise, the keys are kept.",
        envvar="SEND_RECORDS_DATA_DIR",
        show_default="the system's or the user's own place for data",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]
ByName = Annotated[
    str | None,
    typer.Option(
        "--by",
        help="Who does this, for the access log.",
        show_default="your name on this machine",
    ),
]


def settings_for(data_dir: Path | None) -> Settings:
    """Return the settings of the environment, with the data directory named if one is."""
    return Settings() if data_dir is None else Settings(data_dir=data_dir)


def print_json(value: object) -> None:
    """Print a value for machines."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def add_row(made: Table, *cells: str) -> None:
    """Add a row to a table, its words as they are: what stands in brackets is no markup."""
    made.add_row(*map(Text, cells))


def operator(name: str | None) -> Actor:
    """Return who is at the keyboard: the account on this machine, under the name they give."""
    user = _user()
    return Actor(
        id=uuid5(NAMESPACE_URL, f"urn:send-records:operator:{socket.gethostname()}:{user}"),
        name=name or user,
        role=Role.ADMINISTRATOR,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return f"user {os.geteuid()}"


def access_of(actor: Actor, act: Act, what: str, tier: Tier) -> Access:
    """Return the access log's line for something done at the keyboard; its pupils are to be
    named."""
    return Access(actor, uuid4(), act, what, tier, AccessPurpose.ADMINISTRATION)


@contextmanager
def ends_well() -> Iterator[None]:
    """Turn SIGTERM into an orderly end, so that every ``with`` is left and PostgreSQL stopped."""

    def end(*_: object) -> NoReturn:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        err.print("Stopped.")
    finally:
        signal.signal(signal.SIGTERM, before)
