"""The demo from beginning to end: load the cases, then show what each reader would ask for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from send_records.bootstrap import Database, database
from send_records.custody import Keys, open_keys
from send_records.demo import DemoFailed
from send_records.demo.asking import (
    ASKED_OF,
    DUTIES_ON,
    KNOWN_ON,
    SHOWN,
    proof,
    refused_removal,
    views,
    what_leaves,
    who_sees_aisha,
)
from send_records.demo.cases import entries
from send_records.demo.roles import begin
from send_records.demo.run import Told, clock_that_can_be_set, granting, serving, tell, throwaway
from send_records.demo.show import (
    in_words,
    show_accesses,
    show_chronology,
    show_corrected,
    show_counts,
    show_duties,
    show_known,
    show_proof,
    show_refusal,
    show_register,
    show_register_then,
    show_retention,
    show_told,
)
from send_records.demo.show_doors import show_doors
from send_records.demo.show_leaving import show_leaving
from send_records.progress import Bar
from send_records.projections.checking import check_views
from send_records.store.connections import at_one_moment, one
from send_records.store.scopes import WHOLE_TRUST, within
from send_records.store.verify import verify

COUNTS = """
    SELECT academy, sen_provision, status, count(*) AS pupils
    FROM send_register WHERE left_on IS NULL
    GROUP BY academy, sen_provision, status ORDER BY academy, sen_provision, status
"""


def tell_and_show(
    data_dir: Path | None, to: Path, out: Console, err: Console, *, as_json: bool
) -> None:
    """Load the cases into a fresh database and print what they add up to.

    Raise DemoFailed if the named folder is not empty, or if an entry was refused.
    """
    with _fresh(data_dir) as folder:
        settings = throwaway(folder)
        with database(settings) as found, open_keys(settings, found.app) as held:
            told, wanted = Told(), entries()
            with (
                clock_that_can_be_set(found) as owner,
                granting(settings, found, held) as roles,
                serving(settings) as api,
            ):
                begin(api, owner, roles)
                with Bar("Recording the cases", err) as bar:
                    tell(api, owner, told, wanted, bar.at)
                seen = views(api, told)
                seen["refusal"] = refused_removal(api, seen)
                seen["doors"] = who_sees_aisha(api, wanted, seen)
                seen["leaving"] = what_leaves(api, wanted, seen, to, settings)
                seen["proof"] = proof(api, seen, settings, folder)
            seen["counts"] = _counts(found)
            seen["verified"] = _verified(found, held)
        if as_json:
            out.print_json(orjson.dumps(seen).decode())
        else:
            _show(out, told, seen, data_dir)
    if told.refused:
        raise DemoFailed(f"{len(told.refused)} entries of the cases were refused.")
    checks = (seen["proof"], *(part["check"] for part in seen["leaving"].values()))
    if any(check["exit"] for check in checks) or seen["verified"]["findings"]:
        raise DemoFailed("The log, or what was made of it, did not verify.")


@contextmanager
def _fresh(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        if data_dir.exists() and any(data_dir.iterdir()):
            raise DemoFailed(
                f"{data_dir} is not empty: name a folder that is, or that is not there."
            )
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="send-records-demo-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103 - passable for PostgreSQL's account, and no more
        yield Path(folder) / "data"


def _verified(found: Database, held: Keys) -> dict[str, Any]:
    """Read the whole log again, and compare it with what was signed."""
    outside = held.outside()
    with at_one_moment(found.as_owner()) as connection:
        verified = verify(connection, outside)
        findings = verified.findings + check_views(connection, held.seals)
    return {
        "entries": {each.log: each.entries for each in verified.walked},
        "checkpoints": {each.log: each.checkpoints for each in verified.walked},
        "findings": findings,
    }


def _counts(found: Database) -> list[dict[str, Any]]:
    with one(found.app) as connection, within(connection, WHOLE_TRUST):
        cursor = connection.execute(COUNTS)
        names = [column.name for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def _show(out: Console, told: Told, seen: dict[str, Any], data_dir: Path | None) -> None:
    show_told(out, told)
    out.rule("For the SENDCo")
    for academy, part in seen["register"].items():
        show_register(out, academy, part["on"], part["removed"])
    for academy, duties in seen["duties"].items():
        show_duties(out, academy, DUTIES_ON, duties)
    show_chronology(out, SHOWN, seen["chronology"][SHOWN])
    show_refusal(
        out,
        f"{seen['refusal']['asked']}, naming a review of {in_words('2026-07-01')}:",
        seen["refusal"]["answer"],
    )
    out.rule("Who may see what")
    show_doors(out, seen["doors"])
    out.rule("For the data-protection officer")
    show_known(out, SHOWN, in_words(ASKED_OF), in_words(KNOWN_ON), seen["known"])
    show_corrected(out, SHOWN, seen["corrected"])
    for day, then in seen["census"].items():
        show_register_then(out, in_words(day), then)
    show_retention(out, seen["retention"])
    show_leaving(out, seen["leaving"])
    show_accesses(out, SHOWN, seen["proof"]["accesses"])
    show_proof(out, SHOWN, seen["proof"], seen["verified"])
    out.rule("For the analyst")
    show_counts(out, seen["counts"])
    if data_dir is not None:
        out.print(f"The database is left in {data_dir}.  Look closer with:")
        out.print(f"  send-records verify --data-dir {data_dir}")
        out.print(f"  send-records psql --data-dir {data_dir} -c 'TABLE send_register'")
