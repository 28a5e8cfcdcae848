"""``send-records disclose fetch``, ``lock`` and ``verify``: a pack as a file, to be looked at
before it is approved, to be sent, and to be checked by whoever has it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import typer

from send_records.cli.calling import HERE, Refused, Token, TokenFile, Url, asking
from send_records.cli.console import AsJson, DataDir, print_json, settings_for
from send_records.cli.prepared import Row, row_of, say, waits, what_next
from send_records.custody import signing_keys
from send_records.disclosure import verify_pack
from send_records.disclosure.ledger import State
from send_records.disclosure.sending import passphrase as new_passphrase
from send_records.disclosure.sending import require_strong, sha256_within

ThePupil = Annotated[UUID, typer.Argument(help="The pupil's id.")]
Preparation = Annotated[
    UUID, typer.Argument(help="What was prepared, as `disclose list` shows it.")
]
ToFile = Annotated[Path, typer.Option("--to", help="The file to write, which only you can read.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]

BY_ANOTHER_WAY = (
    "Tell it by another way than the file: by telephone or in person, never in the same message."
    "  It is kept nowhere, and is not shown again."
)


@contextmanager
def new_file(to: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file that nobody else can read, and which has its name once the block is left without
    an error: whole, or not there.  Raise BadParameter if another has the name, unless by force."""
    if to.is_dir() or not to.absolute().parent.is_dir():
        raise typer.BadParameter("Name a file, in a folder that is there.", param_hint="--to")
    there = typer.BadParameter(f"{to} is there already: --force writes over it.", param_hint="--to")
    if not force and os.path.lexists(to):
        raise there
    draft = None
    try:
        number, draft = tempfile.mkstemp(prefix=".", suffix=".part", dir=to.absolute().parent)
        with os.fdopen(number, "w+b") as file:
            yield file
            file.flush()
            os.fsync(number)
        if force:
            os.replace(draft, to)
        else:
            os.link(draft, to)
    except FileExistsError:
        raise there from None
    except OSError as error:
        told = f"It cannot be written: {error.strerror}."
        raise typer.BadParameter(told, param_hint="--to") from None
    finally:
        if draft is not None:
            with suppress(FileNotFoundError):
                os.unlink(draft)


def require_sha256(found: str, row: Row) -> None:
    """Raise Refused if what came is not what was prepared."""
    if found != row["sha256"]:
        told = "What came is not what was prepared, and was not kept: its SHA-256 is " + found
        raise Refused({"title": "Another file", "detail": f"{told}.", "basis": INTEGRITY})


INTEGRITY = "UK GDPR Art 5(1)(f)"


def fetch(
    pupil: ThePupil,
    preparation: Preparation,
    to: ToFile,
    force: Force = False,
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what was prepared, as it was made, to look at it before it is approved.

    It is a zip that is not locked, of a child's record: keep it on this machine, delete it when you
    are done, and send nobody this file: `lock` makes the one that is sent.
    """
    with asking(url, token, token_file, as_json=as_json) as api:
        row, digest = row_of(api, pupil, preparation), sha256()
        with (
            new_file(to, force=force) as file,
            api.pieces("GET", f"/v1/pupils/{pupil}/packs/{preparation}/content") as pieces,
        ):
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            require_sha256(digest.hexdigest(), row)
    if as_json:
        print_json({"file": str(to), "sha256": row["sha256"], "state": row["state"]})
    else:
        say(f"{to}: as it was prepared.", f"  sha256  {row['sha256']}", *what_next(pupil, row))


def lock(
    pupil: ThePupil,
    preparation: Preparation,
    to: ToFile,
    force: Force = False,
    passphrase_prompt: Annotated[
        bool,
        typer.Option("--passphrase-prompt", help="Ask for a passphrase, instead of making one."),
    ] = False,
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Fetch what was approved in a zip locked with a passphrase, to be sent.

    The passphrase is made here and shown once.  The file opens with 7-Zip, WinZip and the like, and
    is opened here once, to see that it holds what was approved.
    """
    with asking(url, token, token_file, as_json=as_json) as api:
        row = row_of(api, pupil, preparation)
        _require_sendable(row)
        chosen = _prompted() if passphrase_prompt else new_passphrase()
        path = f"/v1/pupils/{pupil}/packs/{preparation}/locked"
        with (
            new_file(to, force=force) as file,
            api.pieces("POST", path, {"passphrase": chosen}) as pieces,
        ):
            for piece in pieces:
                file.write(piece)
            require_sha256(sha256_within(file, chosen), row)
    shown = None if passphrase_prompt else chosen
    if as_json:
        print_json({"file": str(to), "sha256": row["sha256"], "passphrase": shown})
        return
    say(f"{to}: locked, with what was prepared inside.", f"  sha256 within  {row['sha256']}")
    if shown is not None:
        say(f"  passphrase     {shown}")
    say(BY_ANOTHER_WAY, "Once it is sent, record to whom and how: nothing does so by itself.")


def _prompted() -> str:
    """Return a passphrase that was typed twice; raise as ``require_strong``."""
    typed: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    require_strong(typed)
    return typed


def _require_sendable(row: Row) -> None:
    """Raise Refused if it is not to be sent as it stands: the API refuses to record that it was."""
    slug = "preparation-void" if row["state"] == State.VOID else "disclosure-not-approved"
    if row["state"] == State.VOID or waits(row):
        void = row["state"] == State.VOID
        title = "Preparation void" if void else "Disclosure not approved"
        told = "It does not stand any more." if void else "A second person is to approve it first."
        basis = "UK GDPR Art 5(2), 24 and 32"
        raise Refused({"type": f":{slug}", "title": title, "detail": told, "basis": basis})


def verify(
    pack: Annotated[
        Path, typer.Argument(help="The pack: its zip, or the folder it was opened to.")
    ],
    key: Annotated[
        list[str] | None, typer.Option(help="A public key of the trust's; again for each.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check a pack as whoever receives it does: that each file is as it was signed, and each entry
    in the trust's log.

    Exit 0 if all is well, 1 if something is wrong, 2 if nothing was checked.
    The keys are those of --key or, without one, of this machine's own trust.  It asks no server.
    """
    keys = key or _own_keys(data_dir)
    arguments = [os.path.abspath(pack), *(f"--key={each}" for each in keys)]
    program = [sys.executable, "-I", verify_pack.__file__]
    ended = subprocess.run(  # noqa: S603 - our own verifier, which others wrote the input of
        [*program, *arguments, *(["--json"] if as_json else [])], check=False
    )
    raise typer.Exit(ended.returncode)


def _own_keys(data_dir: Path | None) -> list[str]:
    """Return the public keys of the trust of this machine, none of which are made by asking; raise
    BadParameter if there are none."""
    settings = settings_for(data_dir)
    folder = settings.signing_dir or settings.data_dir / "signing"
    if not any(folder.glob("*.vkey")):
        raise typer.BadParameter(f"There are no keys in {folder}: name them.", param_hint="--key")
    return signing_keys(settings).vkeys()
