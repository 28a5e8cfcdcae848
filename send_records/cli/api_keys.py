"""``send-records api-key`` and ``sign-out``: the keys of integrations, and who is put out; each is
in the access log before it is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.table import Table

from send_records.bootstrap import database
from send_records.cli.console import (
    AsJson,
    ByName,
    DataDir,
    access_of,
    add_row,
    err,
    operator,
    out,
    print_json,
    settings_for,
)
from send_records.custody import open_keys
from send_records.store.access import AccessLog, Act, Tier
from send_records.store.api_keys import ApiKey, ApiKeys
from send_records.store.connections import Pool, pool
from send_records.store.sealing import Seals
from send_records.store.sessions import Sessions

app = typer.Typer(help="The keys by which integrations call the API.", no_args_is_help=True)


@app.command("make")
def make_key(
    name: Annotated[str, typer.Option(help="The integration's name.")],
    only: Annotated[
        str, typer.Option(help="The operations it can call, by commas: admit_pupil,place_in_class")
    ],
    service: Annotated[
        UUID | None, typer.Option(help="Whose grants count; a new id if not given.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it lasts.")] = 365,
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it once: only its hash is kept.  What it can do is what it is for and
    what its service was granted, both."""
    actor = operator(by)
    operations = [part.strip() for part in only.split(",") if part.strip()]
    with _keys(data_dir, by, "make_api_key") as keys:
        key, text = keys.make(
            service or uuid4(), name, operations, made_by=actor.id, lasts=timedelta(days=days)
        )
    if as_json:
        print_json({"key": text, **described(key)})
    else:
        err.print(f"For service {key.person_id}, until {key.expires_at:%Y-%m-%d}:")
        sys.stdout.write(text + "\n")


@app.command("list")
def list_keys(data_dir: DataDir = None, by: ByName = None, as_json: AsJson = False) -> None:
    """List the keys, those that are over too, without their secrets."""
    with _keys(data_dir, by, "list_api_keys") as keys:
        found = [described(key) for key in keys.all()]
    if as_json:
        print_json(found)
        return
    table = Table("Key", "Name", "Service", "Only", "Until", "Ended", "Last used")
    for key in found:
        ended, used = key["ended_at"] or "", key["last_used_on"] or "never"
        until, only = key["expires_at"][:10], ", ".join(key["operations"])
        add_row(table, key["key_id"], key["name"], key["person_id"], only, until, ended[:10], used)
    out.print(table)


@app.command("end")
def end_key(
    key: Annotated[UUID, typer.Argument(help="The key's id, as it stands in the key itself.")],
    data_dir: DataDir = None,
    by: ByName = None,
) -> None:
    """End a key: whoever has it is refused from then on."""
    with _keys(data_dir, by, "end_api_key") as keys:
        keys.end(key)
    out.print("Ended.")


def sign_out(
    person: Annotated[UUID, typer.Argument(help="Whose sessions and keys.")],
    data_dir: DataDir = None,
    by: ByName = None,
) -> None:
    """End whatever sessions and keys somebody has, at once: a laptop was lost, or somebody left.

    Tokens of the identity provider end by themselves, within a day at most; what somebody may do
    is taken away by ending their roles.
    """
    with _opened(data_dir, by, "sign_out") as (connections, seals):
        sessions = Sessions(connections, seals, idle=timedelta(0), longest=timedelta(0))
        ended = sessions.end_all(person) + ApiKeys(connections, seals).end_all(person)
    out.print(f"Ended: {ended}.")


def described(key: ApiKey) -> dict[str, Any]:
    """Return what a key is, as JSON has it."""
    return {
        "key_id": str(key.key_id),
        "person_id": str(key.person_id),
        "name": key.name,
        "operations": sorted(key.operations),
        "made_by": str(key.made_by),
        "made_at": key.made_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "ended_at": None if key.ended_at is None else key.ended_at.isoformat(),
        "last_used_on": None if key.last_used_on is None else key.last_used_on.isoformat(),
    }


@contextmanager
def _keys(data_dir: Path | None, by: str | None, what: str) -> Iterator[ApiKeys]:
    with _opened(data_dir, by, what) as (connections, seals):
        yield ApiKeys(connections, seals)


@contextmanager
def _opened(data_dir: Path | None, by: str | None, what: str) -> Iterator[tuple[Pool, Seals]]:
    """Open the database, once it is in the access log who does what."""
    settings = settings_for(data_dir)
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        pool(found.app) as connections,
    ):
        access = access_of(operator(by), Act.KEYS, what, Tier.CONFIGURATION)
        AccessLog(connections, held.seals).record(access)
        yield connections, held.seals
