"""Commands about proof: ``notarise``, ``verify`` and ``extract``."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from psycopg import Connection

from send_records.bootstrap import Database, database, notary
from send_records.cli.console import (
    AsJson,
    ByName,
    DataDir,
    access_of,
    ends_well,
    err,
    operator,
    out,
    print_json,
    settings_for,
)
from send_records.custody import open_keys, places, signing_keys
from send_records.disclosure.extract import VERIFIER, extract
from send_records.logs import configure_logs
from send_records.progress import Bar
from send_records.projections.checking import check_views
from send_records.settings import Settings
from send_records.store.access import Act, Tier, append_access
from send_records.store.connections import at_one_moment, at_that_moment, one
from send_records.store.contentcheck import check_contents
from send_records.store.crosschecks import check_receipt
from send_records.store.damage import Damage, Finding, Walked
from send_records.store.erasure import ErasureNotNoted
from send_records.store.ledger import Log
from send_records.store.outside import Outside
from send_records.store.places import Place
from send_records.store.scopes import Scope, within
from send_records.store.signing import OF_LOG, Purpose
from send_records.store.verify import Progress
from send_records.store.verify import verify as verify_logs


def notarise(
    data_dir: DataDir = None,
    once: Annotated[bool, typer.Option("--once", help="Sign what there is, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sign checkpoints of both logs and publish them, until stopped; as ``serve`` does.

    It needs the notary's database role and the signing keys, and no key that opens anything.
    """
    configure_logs()
    settings = settings_for(data_dir)
    with ends_well(), database(settings) as found:
        signing = notary(found, signing_keys(settings), places(settings))
        if not once:
            signing.run(threading.Event())
            return
        made = signing.sign_all()
        if as_json:
            print_json(
                {log.value: {"size": c.size, "root": c.root.hex()} for log, c in made.items()}
            )
        else:
            for log, checkpoint in made.items():
                out.print(f"{log}: {checkpoint.size} entries signed.")


PublishedAt = Annotated[
    list[Path] | None,
    typer.Option(
        help="A directory of published checkpoints; may be given again.",
        show_default="where they are published",
    ),
]
Receipts = Annotated[
    list[Path] | None,
    typer.Option(help="A receipt to check as well, as the API gave it; may be given again."),
]
ComparingViews = Annotated[
    bool,
    typer.Option(
        help="Open every entry and document, fold the views again and compare; needs the keys."
    ),
]


def verify(
    data_dir: DataDir = None,
    checkpoints: PublishedAt = None,
    receipt: Receipts = None,
    views: ComparingViews = True,
    as_json: AsJson = False,
) -> None:
    """Read and hash every stored byte again, and compare with what was signed outside.

    Names the first entry that is not as it was, and what is wrong with it.  Exit 1 if anything is.
    Works without the pupils' keys, after erasures too; ``--no-views`` leaves out what needs them.
    """
    settings = settings_for(data_dir)
    signing = signing_keys(settings)
    published = [Place(path) for path in checkpoints] if checkpoints else places(settings)
    outside = [Outside(log, published, signing.public(OF_LOG[log])) for log in Log]
    with database(settings) as found, at_one_moment(found.as_owner()) as connection:
        with at_that_moment(connection, found.as_owner()) as beside:
            verified = verify_logs(connection, outside, _bar, beside)
        findings = verified.findings
        for file in receipt or []:
            key = signing.public(Purpose.RECEIPTS)
            findings += check_receipt(connection, _note_of(file.read_text()), key)
        if views:
            findings += _opened(connection, settings, found)
    _tell(verified.walked, findings, published, as_json=as_json)
    if findings:
        raise typer.Exit(1)


@contextmanager
def _bar(log: Log) -> Iterator[Progress]:
    with Bar(f"Verifying {_named(log)}", err) as bar:
        yield bar.at


def _opened(connection: Connection, settings: Settings, found: Database) -> list[Finding]:
    """Return the findings of what needs the keys: the views compared, the documents opened."""
    try:
        with open_keys(settings, found.app) as held:
            with Bar("Comparing the views", err) as bar:
                findings = check_views(connection, held.seals, bar.at, found.projections)
            with Bar("Opening the documents", err) as bar:
                return findings + check_contents(connection, held.seals, bar.at)
    except ErasureNotNoted as error:
        return [Finding("data_keys", None, Damage.ALTERED, str(error).rstrip("."))]


def _named(log: Log) -> str:
    return {Log.EVENTS: "the log", Log.ACCESS: "the access log"}[log]


def _note_of(text: str) -> str:
    """Return the note of a receipt, be it as the API answered or the note alone."""
    try:
        return str(orjson.loads(text)["proof"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return text


def _tell(
    walked: list[Walked], findings: list[Finding], published: Sequence[Place], *, as_json: bool
) -> None:
    if as_json:
        said: dict[str, Any] = {
            "ok": not findings,
            "logs": {
                each.log.value: {
                    "entries": each.entries,
                    "checkpoints": each.checkpoints,
                    "root": each.root.hex(),
                }
                for each in walked
            },
            "findings": [asdict(finding) for finding in findings],
        }
        print_json(said)
        return
    for each in walked:
        out.print(
            f"{_named(each.log).capitalize()}: {each.entries} entries read and hashed again; "
            f"signed checkpoints that they agree with: {each.checkpoints}."
        )
    if not any(each.checkpoints for each in walked):
        where = ", ".join(str(place.folder) for place in published)
        err.print(f"No checkpoint was found in {where}: a log rewritten as a whole looks the same.")
    for finding in findings:
        at = "" if finding.position is None else f", entry {finding.position}"
        out.print(
            f"[bold]{finding.damage.capitalize()}[/bold]: {finding.where}{at}: {finding.detail}."
        )
    out.print("[bold]Damage was found.[/bold]" if findings else "Nothing is wrong.")


def extract_command(
    pupil: Annotated[UUID, typer.Argument(help="The pupil's id.")],
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    words: Annotated[
        bool, typer.Option(help="With what opens each entry's words; without, they stay sealed.")
    ] = True,
    seen: Annotated[
        int | None, typer.Option(help="The size of an earlier checkpoint the receiver holds.")
    ] = None,
    data_dir: DataDir = None,
    by: ByName = None,
) -> None:
    """Write a pupil's entries with their proofs, and the verifier that an outsider runs on them."""
    settings = settings_for(data_dir)
    act, tier = (Act.EXPORT, Tier.RESTRICTED) if words else (Act.PROOF, Tier.DIRECTORY)
    access = access_of(operator(by), act, "extract", tier)
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        one(found.app) as connection,
    ):
        notary(found, held.signing, held.places).sign_all()
        vkeys = held.signing.vkeys()
        with within(connection, Scope.of(pupil)):
            made = extract(connection, held.seals, vkeys, pupil, words=words, seen=seen)
        append_access(connection, held.seals, replace(access, pupils=[pupil]))
    to.mkdir(parents=True, exist_ok=True)
    with open(to / "extract.json", "wb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    (to / "verify_extract.py").write_bytes(VERIFIER.read_bytes())
    out.print(f"{len(made['entries'])} entries are in {to / 'extract.json'}.  To check them:")
    out.print(
        f"  python {to / 'verify_extract.py'} {to / 'extract.json'} --key ...", soft_wrap=True
    )
    out.print("with the trust's public keys, which come by another way: send-records keys public")
