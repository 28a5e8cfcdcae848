"""``send-records work``: do the jobs that are asked for, in a process of its own."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from send_records.bootstrap import database, running
from send_records.cli.console import DataDir, ends_well, out, settings_for
from send_records.custody import open_keys
from send_records.logs import configure_logs
from send_records.workers import working


def work(
    data_dir: DataDir = None,
    once: Annotated[bool, typer.Option("--once", help="Do what waits, and end.")] = False,
) -> None:
    """Do jobs until stopped; one that is half done then is given back, and begun again by whoever
    works next."""
    configure_logs()
    settings = settings_for(data_dir)
    with (
        ends_well(),
        database(settings) as found,
        open_keys(settings, found.app) as held,
        running(settings, found, held) as system,
    ):
        if not once:
            with working(system):
                threading.Event().wait()
        jobs = 0
        while system.runner.do_one(threading.Event()):
            jobs += 1
        out.print(f"{jobs} jobs ended.")
