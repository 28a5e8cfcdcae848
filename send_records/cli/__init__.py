"""The command line: ``send-records``.  Errors say what to do, on standard error, and exit 1."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID, uuid4

import orjson
import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.api import create_app
from send_records.api.entries import entry
from send_records.bootstrap import (
    RoleNotConfigured,
    database,
    issuer,
    mapper,
    now,
    on_server,
    prepare_server,
    projecting,
    running,
)
from send_records.demo.clock import demo_clock
from send_records.demo.run import DemoFailed
from send_records.demo.tale import tell_and_show
from send_records.errors import SendRecordsError
from send_records.logs import configure_logs
from send_records.progress import Bar
from send_records.projections.engine import BATCH, PROJECTIONS, Engine, lag
from send_records.projections.rebuild import Rebuilt, rebuild
from send_records.settings import Settings
from send_records.store.connections import libpq_environment, one, pool
from send_records.store.guards import UnsafeDatabase
from send_records.store.migrate import MigrationEdited, MigrationsPending
from send_records.store.programs import EmbeddedPostgresFailed, binary
from send_records.store.recorder import AMBIGUOUS

app = typer.Typer(
    help="SEND records: an event-sourced, audit-grade record for a multi-academy trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, soft_wrap=True)

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where the embedded database and the local issuer's key are kept.",
        envvar="SEND_RECORDS_DATA_DIR",
        show_default="the system's or the user's own place for data",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]
PROJECTION_NAMES = [projection.name for projection in PROJECTIONS]


def settings_for(data_dir: Path | None) -> Settings:
    """Return the settings of the environment, with the data directory named if one is."""
    return Settings() if data_dir is None else Settings(data_dir=data_dir)


def print_json(value: object) -> None:
    """Print a value for machines."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


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


@app.command()
def serve(
    data_dir: DataDir = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    projector: Annotated[
        bool, typer.Option(help="Keep the views level here; off where a worker of its own does.")
    ] = True,
    demo: Annotated[bool, typer.Option("--demo", hidden=True)] = False,
) -> None:
    """Run the API.  Ctrl-C or SIGTERM ends it, and the embedded database with it."""
    configure_logs()
    settings = settings_for(data_dir)
    with ends_well(), database(settings) as found, ExitStack() as stack:
        clock = demo_clock(stack.enter_context(pool(found.app))) if demo else now
        system = stack.enter_context(running(settings, found, clock=clock, throwaway=demo))
        if projector:
            stack.enter_context(projecting(found))
        err.print(
            f"SEND records on http://{host}:{port}, described in /openapi.json (Ctrl-C to stop)"
        )
        uvicorn.run(create_app(system), host=host, port=port, access_log=False, log_level="warning")


@app.command("migrate")
def migrate_command(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database to the shape this version needs.

    On a server this needs SEND_RECORDS_OWNER_URL; with SEND_RECORDS_ADMIN_URL too, the roles and
    the database are made first.  The embedded database is always brought up to date by itself.
    """
    settings = settings_for(data_dir)
    if settings.database_url is None:
        with database(settings):
            applied: list[str] = []
    else:
        applied = prepare_server(settings, on_server(settings))
    if as_json:
        print_json({"applied": applied})
    else:
        out.print(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")


@app.command()
def project(
    data_dir: DataDir = None,
    rebuild_name: Annotated[
        str | None,
        typer.Option("--rebuild", help=f"Fold one again: {', '.join(PROJECTION_NAMES)}, or all."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Catch up, and end.")] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Say how far behind each view is; exit 1 if far.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the views level with the log, until stopped; or rebuild one from nothing."""
    configure_logs()
    with ends_well(), database(settings_for(data_dir)) as found:
        if rebuild_name is not None:
            _rebuild(found.as_owner(), rebuild_name, as_json=as_json)
            return
        if status:
            _show_lag(found.as_projector(), as_json=as_json)
            return
        engine = Engine(found.as_projector(), mapper())
        if once:
            taken = engine.catch_up()
            print_json({"events": taken}) if as_json else out.print(f"{taken} events projected.")
        else:
            engine.run(threading.Event())


def _show_lag(conninfo: str, *, as_json: bool) -> None:
    """Show how many events each view has still to see; exit 1 if any is a batch or more behind."""
    with one(conninfo) as connection:
        behind = lag(connection)
    if as_json:
        print_json(behind)
    else:
        for name, events in behind.items():
            out.print(f"{name}: {f'{events} events behind' if events else 'level with the log'}")
    if max(behind.values()) >= BATCH:
        raise typer.Exit(1)


def _rebuild(conninfo: str, name: str, *, as_json: bool) -> None:
    wanted = [p for p in PROJECTIONS if name in (p.name, "all")]
    if not wanted:
        raise typer.BadParameter(f"Choose one of {', '.join(PROJECTION_NAMES)}, or all.")
    done: list[Rebuilt] = []
    for projection in wanted:
        with one(conninfo) as owner, Bar(f"Rebuilding {projection.name}", err) as bar:
            done.append(rebuild(owner, projection, mapper(), progress=bar.at))
    if as_json:
        print_json(done)
        return
    for found in done:
        same = "as before" if not found.differences else f"{found.differences} rows differ"
        out.print(f"{found.name}: {found.rows} rows from {found.events} events, {same}.")


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="The role to act in.")],
    name: Annotated[str, typer.Option(help="The name that entries will bear.")],
    academy: Annotated[str | None, typer.Option(help="The academy, if one.")] = None,
    subject: Annotated[
        UUID | None, typer.Option(help="The actor's id; a new one if not given.")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How long it is valid.")] = 8,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a token of the local issuer: for demo and tests."""
    settings = settings_for(data_dir)
    actor = Actor(id=subject or uuid4(), name=name, role=role, academy=academy)
    text = issuer(settings).token(actor, seconds=int(hours * 3600))
    if as_json:
        print_json({"token": text, "actor": actor.model_dump(mode="json")})
    else:
        sys.stdout.write(text + "\n")


@app.command()
def history(
    pupil: Annotated[UUID, typer.Argument(help="The pupil's id.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show everything ever recorded of a pupil, from the log, in the order it was recorded."""
    settings = settings_for(data_dir)
    with database(settings) as found, running(settings, found) as system:
        system.records.pupil(pupil)
        events = [entry(event) for event in system.records.history(pupil)]
    if as_json:
        print_json(events)
        return
    made = Table("Version", "Recorded", "Happened", "What", "By", title=f"Pupil {pupil}")
    for row in events:
        who = row["metadata"]["recorded_by"]
        made.add_row(
            str(row["version"]),
            row["recorded_at"][:16].replace("T", " "),
            row["occurred_on"],
            row["event"],
            f"{who['name']} ({who['role'].replace('_', ' ')})",
        )
    out.print(made)


class DatabaseRole(StrEnum):
    """Whose eyes to look through."""

    OWNER = "owner"
    APP = "app"
    PROJECTOR = "projector"


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context,
    role: Annotated[DatabaseRole, typer.Option("--as", help="The role.")] = DatabaseRole.APP,
    data_dir: DataDir = None,
) -> None:
    """Open psql on the database; what follows is given to psql: -c 'TABLE send_register'."""
    with database(settings_for(data_dir)) as found:
        conninfo = {
            DatabaseRole.OWNER: found.as_owner,
            DatabaseRole.APP: lambda: found.app,
            DatabaseRole.PROJECTOR: found.as_projector,
        }[role]()
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # psql's to answer, not ours
        try:
            ended = subprocess.run(  # noqa: S603 - the user's own words to the user's own psql
                [binary("psql"), *context.args],
                env=os.environ | libpq_environment(conninfo),
                check=False,
            )
        finally:
            signal.signal(signal.SIGINT, interrupt)
    raise typer.Exit(ended.returncode)


@app.command()
def demo(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Tell the worked cases over HTTP to a fresh database, and show what they add up to.

    With --data-dir the loaded database is left there for a closer look; otherwise nothing is.
    """
    with ends_well():
        tell_and_show(data_dir, out, err, as_json=as_json)


KNOWN = (
    SendRecordsError,
    EmbeddedPostgresFailed,
    UnsafeDatabase,
    MigrationsPending,
    MigrationEdited,
    RoleNotConfigured,
    DemoFailed,
)
"""Errors whose message says what to do."""


def main() -> None:
    """Run the command line; an error of a known kind is said in a line, without a traceback."""
    try:
        app()
    except KNOWN as error:
        err.print(f"[bold]Error:[/bold] {error}", highlight=False)
    except ValidationError as error:
        for item in error.errors(include_input=False):
            name = "_".join(str(part) for part in item["loc"]).upper()
            err.print(f"[bold]Error:[/bold] setting SEND_RECORDS_{name}: {item['msg']}")
    except AMBIGUOUS as error:
        said = str(error).splitlines()[0]
        err.print(f"[bold]Error:[/bold] the database cannot be reached: {said}", highlight=False)
    else:
        return
    sys.exit(1)


if __name__ == "__main__":
    main()
