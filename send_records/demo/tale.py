"""The demo from beginning to end: load the cases, then show what each reader would ask for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from rich.console import Console

from send_records.aggregates.values import Role
from send_records.bootstrap import Database, database
from send_records.custody import Keys, open_keys, signing_keys
from send_records.demo.cases import Post, entries
from send_records.demo.run import (
    Api,
    DemoFailed,
    Told,
    clock_that_can_be_set,
    serving,
    tell,
    throwaway,
)
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
from send_records.disclosure.extract import VERIFIER
from send_records.progress import Bar
from send_records.projections.checking import check_views
from send_records.settings import Settings
from send_records.store.connections import at_one_moment, one
from send_records.store.verify import verify

SHOWN = "Aisha Rahman"
"""Whose record is shown at length."""

CENSUS_DAYS = ("2024-01-18", "2026-01-15")
"""Spring census days (third Thursday of January), on which the register is shown as it stood."""

DUTIES_ON = "2026-01-15"
"""The day whose duties are shown, as they were known that evening."""
DUTIES_UNTIL = "2027-01-15"
"""How far ahead."""

ASKED_OF, KNOWN_ON = "2024-06-12", "2024-06-20"
"""A day of Aisha's, and the day on which it is asked what was known of it: her father's call."""

COUNTS = """
    SELECT academy, sen_provision, status, count(*) AS pupils
    FROM send_register WHERE left_on IS NULL
    GROUP BY academy, sen_provision, status ORDER BY academy, sen_provision, status
"""


def tell_and_show(data_dir: Path | None, out: Console, err: Console, *, as_json: bool) -> None:
    """Load the cases into a fresh database and print what they add up to.

    Raise DemoFailed if the named folder is not empty, or if an entry was refused.
    """
    with _fresh(data_dir) as folder:
        settings = throwaway(folder)
        with database(settings) as found:
            told = Told()
            with clock_that_can_be_set(found) as owner, serving(settings) as api:
                with Bar("Recording the cases", err) as bar:
                    tell(api, owner, told, entries(), bar.at)
                seen = _views(api, told)
                seen["refusal"] = _refused_removal(api, seen)
                seen["proof"] = _proof(api, seen, settings, folder)
            seen["counts"] = _counts(found)
            with open_keys(settings, found.app) as held:
                seen["verified"] = _verified(found, held)
        if as_json:
            out.print_json(orjson.dumps(seen).decode())
        else:
            _show(out, told, seen, data_dir)
    if told.refused:
        raise DemoFailed(f"{len(told.refused)} entries of the cases were refused.")
    if seen["proof"]["exit"] or seen["verified"]["findings"]:
        raise DemoFailed("The log, or the extract from it, did not verify.")


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


def _views(api: Api, told: Told) -> dict[str, Any]:
    """Ask the API what its users would, once the views show the last entry."""
    after = told.last_position
    everybody = api.get("/v1/register", show="all", left=True, limit=200, after=after)["data"]
    academies = sorted({row["academy"] for row in everybody})
    return {
        "pupils": everybody,
        "register": {
            academy: {
                show: api.get("/v1/register", academy=academy, show=show, left=show == "removed")[
                    "data"
                ]
                for show in ("on", "removed")
            }
            for academy in academies
        },
        "chronology": {
            row["legal_name"]: api.get(
                f"/v1/pupils/{row['pupil_id']}/chronology", limit=200, after=after
            )["data"]
            for row in everybody
        },
        "retention": api.get("/v1/retention", Role.DPO, after=after)["data"],
        "census": {day: api.get("/v1/register", as_of=day, limit=200) for day in CENSUS_DAYS},
        "duties": {
            academy: api.get(
                "/v1/duties",
                academy=academy,
                as_of=DUTIES_ON,
                known_at=DUTIES_ON,
                until=DUTIES_UNTIL,
                limit=200,
            )["data"]
            for academy in academies
        },
        "known": _what_was_known(api, everybody),
        "corrected": _corrected(api, everybody),
    }


def _what_was_known(api: Api, everybody: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the record says of a day now, and what it said of it at the end of another."""
    row = next(row for row in everybody if row["legal_name"] == SHOWN)
    path = f"/v1/pupils/{row['pupil_id']}/chronology"
    now = api.get(path, Role.DPO, limit=200)
    then = api.get(path, Role.DPO, limit=200, known_at=KNOWN_ON)
    return {
        "now": [entry for entry in now["data"] if entry["occurred_on"] == ASKED_OF],
        "then": [entry for entry in then["data"] if entry["occurred_on"] == ASKED_OF],
        "meta": then["meta"],
    }


def _corrected(api: Api, everybody: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each entry that was put right, with what was recorded, and who went by it."""
    row = next(row for row in everybody if row["legal_name"] == SHOWN)
    path = f"/v1/pupils/{row['pupil_id']}"
    story = api.get(f"{path}/chronology", Role.DPO, limit=200)["data"]
    return [
        api.get(f"{path}/entries/{entry['version']}", Role.DPO)
        for entry in story
        if entry["corrected"]
    ]


def _refused_removal(api: Api, seen: dict[str, Any]) -> dict[str, Any]:
    """Try to take a pupil off the register without a review, and return the refusal."""
    row = next(row for row in seen["pupils"] if row["status"] in ("targeted", "specialist"))
    body = {
        "occurred_on": "2026-07-01",
        "criterion": "expected_progress_sustained",
        "review_on": "2026-07-01",
    }
    post = Post(f"/v1/pupils/{row['pupil_id']}/register/remove", body, uuid4())
    answer = api.record(post, Role.SENCO, row["version"])
    return {"asked": f"Remove {row['legal_name']} from the register", "answer": answer.json()}


def _proof(api: Api, seen: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    """Ask for the extract that a tribunal would be given, and check it as a tribunal would: with
    the one file that comes with it, and nothing else of ours."""
    row = next(row for row in seen["pupils"] if row["legal_name"] == SHOWN)
    pupil = f"/v1/pupils/{row['pupil_id']}"
    extract = Path(folder, "extract.json")
    extract.write_bytes(orjson.dumps(api.get(f"{pupil}/extract", Role.DPO)))
    given = [f"--key={vkey}" for vkey in signing_keys(settings).vkeys()]
    checked = subprocess.run(  # noqa: S603 - our own file, in an interpreter that sees no more
        [sys.executable, "-I", str(VERIFIER), str(extract), *given],
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "exit": checked.returncode,
        "said": checked.stdout.splitlines(),
        "accesses": api.get(f"{pupil}/accesses", Role.DPO, limit=200)["data"],
    }


def _verified(found: Database, held: Keys) -> dict[str, Any]:
    """Read the whole log again, and compare it with what was signed."""
    outside = held.outside()
    with at_one_moment(found.app) as connection:
        verified = verify(connection, outside)
        findings = verified.findings + check_views(connection, held.seals)
    return {
        "entries": {each.log: each.entries for each in verified.walked},
        "checkpoints": {each.log: each.checkpoints for each in verified.walked},
        "findings": findings,
    }


def _counts(found: Database) -> list[dict[str, Any]]:
    with one(found.app) as connection:
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
    out.rule("For the data-protection officer")
    show_known(out, SHOWN, in_words(ASKED_OF), in_words(KNOWN_ON), seen["known"])
    show_corrected(out, SHOWN, seen["corrected"])
    for day, then in seen["census"].items():
        show_register_then(out, in_words(day), then)
    show_retention(out, seen["retention"])
    show_accesses(out, SHOWN, seen["proof"]["accesses"])
    show_proof(out, SHOWN, seen["proof"], seen["verified"])
    out.rule("For the analyst")
    show_counts(out, seen["counts"])
    if data_dir is not None:
        out.print(f"The database is left in {data_dir}.  Look closer with:")
        out.print(f"  send-records verify --data-dir {data_dir}")
        out.print(f"  send-records psql --data-dir {data_dir} -c 'TABLE send_register'")
