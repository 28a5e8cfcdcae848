"""``send-records keys``: what is done with the trust's keys, each recorded before it is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from send_records.bootstrap import database, now
from send_records.cli.console import (
    AsJson,
    ByName,
    DataDir,
    err,
    operator,
    out,
    print_json,
    settings_for,
)
from send_records.custody import kek_files, open_keys, signing_keys
from send_records.keeper import Keeper
from send_records.progress import Bar
from send_records.store.shares import recover

app = typer.Typer(
    help="The keys: rotate, destroy, recover; and the public halves that outsiders check by.",
    no_args_is_help=True,
)


@app.command()
def rotate(data_dir: DataDir = None, by: ByName = None, as_json: AsJson = False) -> None:
    """Wrap every pupil's key under a new epoch's key, and destroy the old one.

    Do it once a year, after anybody who could read the old key has left, and after an erasure:
    older copies of the key store are worth nothing from then on.  Interrupted, it is finished by
    running it again.  Make new recovery shares afterwards.
    """
    settings = settings_for(data_dir)
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        Bar("Wrapping keys", err) as bar,
    ):
        done = Keeper(found, held, operator(by)).rotate(bar.at)
    if as_json:
        print_json(done)
    else:
        out.print(
            f"Epoch {done.from_epoch} to {done.to_epoch}: {done.keys} keys wrapped anew.  "
            "Recovery shares made before are void: send-records keys shares."
        )


@app.command()
def destroy(
    pupil: Annotated[UUID, typer.Argument(help="The pupil's id.")],
    authority: Annotated[
        str,
        typer.Option(
            min=1, help="The decision by which it is done, such as the disposal's reference."
        ),
    ],
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """Destroy a pupil's key: nobody can read the record ever again, from a backup either.

    The log stays as it is and still verifies; other pupils' records are untouched.  Refused while
    a hold is in force.
    """
    if not sure:
        typer.confirm(f"Erase the record of pupil {pupil} for ever?", abort=True, err=True)
    settings = settings_for(data_dir)
    with database(settings) as found, open_keys(settings, found.app) as held:
        done = Keeper(found, held, operator(by)).destroy(pupil, authority, now())
    if as_json:
        print_json(done)
    else:
        again = "  It had been begun before, and is now finished." if done.already else ""
        out.print(f"The record of pupil {pupil} is erased.{again}")


@app.command()
def shares(
    to: Annotated[Path, typer.Argument(help="An empty folder for the three files.")],
    data_dir: DataDir = None,
    by: ByName = None,
) -> None:
    """Write three shares of the key that wraps all others: any two recover it, one says nothing.

    Give them to three people who keep them apart, and away from this machine.
    """
    settings = settings_for(data_dir)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(to.iterdir()):
        raise typer.BadParameter(f"{to} is not empty.")
    with database(settings) as found, open_keys(settings, found.app) as held:
        made = Keeper(found, held, operator(by)).shares()
    for number, share in enumerate(made, start=1):
        opened = os.open(to / f"share-{number}.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w") as file:
            file.write(share + "\n")
    out.print(f"Three shares are in {to}.  Move each to its holder, and keep none of them here.")


@app.command("recover")
def recover_command(
    shares: Annotated[list[Path], typer.Argument(help="Two or three files with a share each.")],
    data_dir: DataDir = None,
) -> None:
    """Restore the key that wraps all others from two of its three shares, where it was lost.

    It is recorded when the system next starts with it, for nothing can be before.
    """
    epoch, secret = recover([file.read_text() for file in shares])
    kek_files(settings_for(data_dir)).restore(epoch, secret)
    out.print(f"The key of epoch {epoch} is back.  Start the system: it checks that it fits.")


@app.command()
def public(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print the public keys by which outsiders check checkpoints and receipts.

    Publish them where the trust speaks for itself, such as its website, before they are needed.
    """
    found = signing_keys(settings_for(data_dir)).vkeys()
    if as_json:
        print_json(found)
    else:
        for vkey in found:
            out.print(vkey, soft_wrap=True, highlight=False)
