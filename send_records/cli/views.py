"""``send-records project``: keep the views level with the log, tell how level, or rebuild them."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import Annotated

import typer

from send_records.bootstrap import Database, database
from send_records.cli.console import (
    AsJson,
    DataDir,
    ends_well,
    err,
    out,
    print_json,
    settings_for,
)
from send_records.custody import open_seals
from send_records.logs import configure_logs
from send_records.progress import Bar
from send_records.projections.engine import BATCH, PROJECTIONS, Engine, lag
from send_records.projections.processes import OpenSeals
from send_records.projections.rebuild import rebuild
from send_records.projections.rulings import outdated_under
from send_records.store.connections import one

PROJECTION_NAMES = [projection.name for projection in PROJECTIONS]

MOST_PROCESSES = 8
"""Unless more are asked for: each has a connection, and PostgreSQL a process beside it."""


def project(
    data_dir: DataDir = None,
    rebuild_name: Annotated[
        str | None,
        typer.Option("--rebuild", help=f"Fold one again: {', '.join(PROJECTION_NAMES)}, or all."),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(min=1, help="How many processes a rebuild may use, for a log that is long."),
    ] = min(os.cpu_count() or 1, MOST_PROCESSES),
    once: Annotated[bool, typer.Option("--once", help="Catch up, and end.")] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Say how far behind each view is; exit 1 if far.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep the views level with the log, until stopped; or rebuild one, or all, from nothing."""
    configure_logs()
    settings = settings_for(data_dir)
    with ends_well(), database(settings) as found:
        if status:
            show_lag(found, as_json=as_json)
            return
        if rebuild_name is not None:
            opening = partial(open_seals, settings, found.app)
            _rebuild(found, opening, rebuild_name, processes, as_json=as_json)
            return
        conninfo = found.as_projector()
        with open_seals(settings, found.app) as seals:
            engine = Engine(conninfo, seals, found.projections)
            if once:
                taken = engine.catch_up()
                print_json({"events": taken}) if as_json else out.print(
                    f"{taken} events projected."
                )
            else:
                engine.run(threading.Event())


def show_lag(found: Database, *, as_json: bool) -> None:
    """Show how many events each view has still to see, and which was made under other rules; exit
    1 if any is a batch or more behind, or is so."""
    with one(found.as_projector()) as connection:
        behind = lag(connection)
        outdated = outdated_under(connection, found.projections)
    if as_json:
        print_json(behind)
    else:
        for name, events in behind.items():
            out.print(f"{name}: {f'{events} events behind' if events else 'level with the log'}")
    for name in outdated:
        err.print(f"{name}: made under other clocks or terms; run project --rebuild {name}")
    if outdated or max(behind.values()) >= BATCH:
        raise typer.Exit(1)


def _rebuild(
    found: Database, opening: OpenSeals, name: str, processes: int, *, as_json: bool
) -> None:
    wanted = [p for p in found.projections if name in (p.name, "all")]
    if not wanted:
        raise typer.BadParameter(f"Choose one of {', '.join(PROJECTION_NAMES)}, or all.")
    what = ", ".join(projection.name for projection in wanted)
    with Bar(f"Rebuilding {what}", err) as bar:
        done = rebuild(found.as_owner(), wanted, opening, processes=processes, progress=bar.at)
    if as_json:
        print_json(done)
        return
    for each in done:
        same = "as before" if not each.differences else f"{each.differences} rows differ"
        out.print(f"{each.name}: {each.rows} rows from {each.events} events, {same}.")
