"""Commands that look (``find``, ``history``, ``psql``), and ``token``, which lets somebody look."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Annotated
from uuid import UUID, uuid4

import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from rich.table import Table

from send_records.aggregates.base import Actor
from send_records.api.entries import entry
from send_records.bootstrap import (
    database,
    running,
)
from send_records.cli.console import (
    AsJson,
    ByName,
    DataDir,
    access_of,
    add_row,
    operator,
    out,
    print_json,
    settings_for,
)
from send_records.cli.roles import (
    Academies,
    Classes,
    Contact,
    Over,
    Pupils,
    TheName,
    TheRole,
    Years,
    first_role,
    give_first,
)
from send_records.custody import open_keys
from send_records.projections.finding import find_pupils
from send_records.reception import issuer
from send_records.store.access import Act, Tier
from send_records.store.connections import libpq_environment
from send_records.store.programs import binary
from send_records.store.scopes import WHOLE, WHOLE_TRUST


def token(
    role: TheRole,
    name: TheName,
    academy: Academies = None,
    class_: Classes = None,
    year: Years = None,
    pupil: Pupils = None,
    contact: Contact = None,
    subject: Annotated[
        UUID | None, typer.Option(help="The actor's id; a new one if not given.")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How long it is valid.")] = 8,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a token of the local issuer, and give the person the role: for demo and tests."""
    settings = settings_for(data_dir)
    one_academy = academy[0] if academy else None
    actor = Actor(id=subject or uuid4(), name=name, role=role, academy=one_academy)
    if settings.local_issuer:
        over = Over(academy, class_, year, pupil, contact)
        why = "With a token of the local issuer"
        give_first(settings, actor.id, partial(first_role, role, name, over, why=why))
    text = issuer(settings).token(actor, seconds=int(hours * 3600))
    if as_json:
        print_json({"token": text, "actor": actor.model_dump(mode="json")})
    else:
        sys.stdout.write(text + "\n")


def history(
    pupil: Annotated[UUID, typer.Argument(help="The pupil's id.")],
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """Show everything ever recorded of a pupil, from the log, in the order it was recorded.

    That you looked is in the access log, as it is when the API shows it.
    """
    settings = settings_for(data_dir)
    access = access_of(operator(by), Act.READ, "history", Tier.RESTRICTED)
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        running(settings, found, held) as system,
    ):
        system.records.pupil(pupil)
        events = [entry(event) for event in system.records.history(pupil)]
        system.access.record(replace(access, pupils=[pupil]))
    if as_json:
        print_json(events)
        return
    made = Table("Version", "Recorded", "Happened", "What", "By", title=f"Pupil {pupil}")
    for row in events:
        who = row["metadata"]["recorded_by"]
        add_row(
            made,
            str(row["version"]),
            row["recorded_at"][:16].replace("T", " "),
            row["occurred_on"],
            row["event"],
            f"{who['name']} ({who['role'].replace('_', ' ')})",
        )
    out.print(made)


def find(
    name: Annotated[str | None, typer.Argument(help="Words of the name, in any order.")] = None,
    upn: Annotated[str | None, typer.Option(help="The UPN, exactly.")] = None,
    academy: Annotated[str | None, typer.Option(help="Only at this academy.")] = None,
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """Find a pupil's id, by name or UPN: the database itself holds no name to look for."""
    if not (name or upn):
        raise typer.BadParameter("Enter a name, or --upn.")
    settings = settings_for(data_dir)
    access = access_of(operator(by), Act.SEARCH, "find", Tier.DIRECTORY)
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        running(settings, found, held) as system,
    ):
        views = system.views.within(WHOLE_TRUST)
        rows = find_pupils(views, upn=upn, name=name, academy=academy, limit=50).rows
        system.access.record(replace(access, pupils=[row.pupil_id for row in rows]))
    if as_json:
        print_json([{"pupil_id": row.pupil_id, "legal_name": row.legal_name} for row in rows])
        return
    for row in rows:
        found_one = f"{row.pupil_id}  {row.legal_name}, {row.academy}, year {row.nc_year}"
        out.print(found_one, markup=False)
    if not rows:
        out.print("Nobody was found.")


def _seeing(conninfo: str) -> str:
    """Return the options by which an operator's own session, which nobody shares, sees every pupil
    of the trust: whoever has the database's passwords has that anyway."""
    return f"{conninfo_to_dict(conninfo).get('options', '')} -c send_records.places={{{WHOLE}}}"


class DatabaseRole(StrEnum):
    """Whose eyes to look through."""

    OWNER = "owner"
    APP = "app"
    PROJECTOR = "projector"
    NOTARY = "notary"


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
            DatabaseRole.NOTARY: found.as_notary,
        }[role]()
        own = make_conninfo(conninfo, options=_seeing(conninfo))
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # psql's to answer, not ours
        try:
            ended = subprocess.run(  # noqa: S603 - the user's own words to the user's own psql
                [binary("psql"), *context.args],
                env=os.environ | libpq_environment(own),
                check=False,
            )
        finally:
            signal.signal(signal.SIGINT, interrupt)
    raise typer.Exit(ended.returncode)
