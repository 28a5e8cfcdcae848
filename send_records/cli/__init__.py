"""The command line: ``send-records``.  Errors say what to do, on standard error, and exit 1."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from send_records.bootstrap import (
    RoleNotConfigured,
    System,
    database,
    now,
    on_server,
    prepare_server,
    running,
)
from send_records.cli.api_keys import app as api_keys_app
from send_records.cli.api_keys import sign_out
from send_records.cli.console import (
    AsJson,
    DataDir,
    ends_well,
    err,
    out,
    print_json,
    settings_for,
)
from send_records.cli.disclose import app as disclose_app
from send_records.cli.keys import app as keys_app
from send_records.cli.looking import find, history, psql, token
from send_records.cli.past import chronology, register
from send_records.cli.proof import extract_command, notarise, verify
from send_records.cli.roles import app as roles_app
from send_records.cli.views import project
from send_records.cli.work import work
from send_records.collector import set_apart
from send_records.custody import open_keys
from send_records.demo import DemoFailed
from send_records.demo.clock import demo_clock
from send_records.errors import SendRecordsError
from send_records.logs import configure_logs
from send_records.projections.processes import WorkerDied
from send_records.reception import NoIdentityProvider, require_provider
from send_records.rules.clocks import AcademiesDamaged
from send_records.rules.watch import WatchDamaged
from send_records.store.connections import AMBIGUOUS, pool
from send_records.store.erasure import ErasureNotNoted
from send_records.store.guards import UnsafeDatabase
from send_records.store.keks import KekExposed, KekMissing, WrongKek
from send_records.store.keystore import KeyStoreExposed
from send_records.store.migrate import MigrationEdited, MigrationsPending, OtherTrust
from send_records.store.notary import LogContradicted
from send_records.store.places import PlaceAway, PlaceDamaged
from send_records.store.programs import EmbeddedPostgresFailed
from send_records.store.shares import ShareDamaged, SharesDoNotMatch
from send_records.workers import notarising, projecting, working

app = typer.Typer(
    help="SEND records: an event-sourced, audit-grade record for a multi-academy trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys_app, name="keys")
app.add_typer(api_keys_app, name="api-key")
app.add_typer(roles_app, name="role")
app.add_typer(disclose_app, name="disclose")
app.command()(notarise)
app.command()(verify)
app.command("extract")(extract_command)
app.command()(project)
app.command()(work)
app.command()(token)
app.command("sign-out")(sign_out)
app.command()(find)
app.command()(history)
app.command()(register)
app.command()(chronology)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(psql)


@app.command()
def serve(
    data_dir: DataDir = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    projector: Annotated[
        bool, typer.Option(help="Keep the views level here; off where a worker of its own does.")
    ] = True,
    notary: Annotated[
        bool, typer.Option(help="Sign checkpoints here; off where a notary of its own does.")
    ] = True,
    worker: Annotated[
        bool, typer.Option(help="Do jobs here; off where a worker of its own does.")
    ] = True,
    demo: Annotated[
        bool, typer.Option("--demo", help="Believe the tokens that `send-records token` makes.")
    ] = False,
    demo_clock_: Annotated[bool, typer.Option("--demo-clock", hidden=True)] = False,
) -> None:
    """Run the API.  Ctrl-C or SIGTERM ends it, and the embedded database with it."""
    configure_logs()
    settings = settings_for(data_dir)
    require_provider(settings, demo=demo)
    with (
        ends_well(),
        database(settings) as found,
        open_keys(settings, found.app) as held,
        ExitStack() as stack,
    ):
        clock = demo_clock(stack.enter_context(pool(found.app))) if demo_clock_ else now
        system = stack.enter_context(
            running(settings, found, held, clock=clock, throwaway=demo_clock_)
        )
        wanted = {projecting: projector, notarising: notary}
        for going_on in (each for each, here in wanted.items() if here):
            stack.enter_context(going_on(found, held))
        if worker:
            stack.enter_context(working(system))
        if settings.keys_beside_the_log and not demo_clock_:
            err.print(BESIDE_THE_LOG)
        _answer(system, host, port)


BESIDE_THE_LOG = (
    "Keys and checkpoints are in the data directory, beside the log: good for trying it out; for a "
    "trust see “On a server” in the README."
)


def _answer(system: System, host: str, port: int) -> None:
    """Answer requests until told to stop.  Imported here: to make every route takes longer than
    most commands do."""
    import uvicorn

    from send_records.api.app import create_app

    err.print(f"SEND records on http://{host}:{port}, described in /openapi.json (Ctrl-C to stop)")
    api = create_app(system)
    set_apart()
    uvicorn.run(api, host=host, port=port, access_log=False, log_level="warning")


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


LEFT_IN = Path("demo-output")


@app.command()
def demo(
    data_dir: DataDir = None,
    to: Annotated[
        Path, typer.Option(help="Where what leaves is left as files: a pack, and a bundle.")
    ] = LEFT_IN,
    as_json: AsJson = False,
) -> None:
    """Tell the worked cases over HTTP to a fresh database, and show what they add up to.

    With --data-dir the loaded database is left there for a closer look; otherwise nothing of it is.
    """
    from send_records.demo.tale import tell_and_show

    with ends_well():
        tell_and_show(data_dir, to, out, err, as_json=as_json)


KNOWN = (
    SendRecordsError,
    AcademiesDamaged,
    WatchDamaged,
    EmbeddedPostgresFailed,
    UnsafeDatabase,
    MigrationsPending,
    MigrationEdited,
    OtherTrust,
    RoleNotConfigured,
    LogContradicted,
    ErasureNotNoted,
    PlaceAway,
    PlaceDamaged,
    KekExposed,
    KekMissing,
    WrongKek,
    KeyStoreExposed,
    ShareDamaged,
    SharesDoNotMatch,
    DemoFailed,
    NoIdentityProvider,
    WorkerDied,
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
