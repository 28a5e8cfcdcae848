"""The demo from beginning to end: load the cases, then show what each reader would ask for."""

from __future__ import annotations

import os
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
    show_chronology,
    show_counts,
    show_refusal,
    show_register,
    show_retention,
    show_told,
)
from send_records.progress import Bar
from send_records.store.connections import one

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
            seen["counts"] = _counts(found)
        if as_json:
            out.print_json(orjson.dumps(seen).decode())
        else:
            _show(out, told, seen, data_dir)
    if told.refused:
        raise DemoFailed(f"{len(told.refused)} entries of the cases were refused.")


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
    }


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
    name = "Aisha Rahman"
    show_chronology(out, name, seen["chronology"][name])
    show_refusal(
        out,
        f"{seen['refusal']['asked']}, naming a review of {in_words('2026-07-01')}:",
        seen["refusal"]["answer"],
    )
    out.rule("For the data-protection officer")
    show_retention(out, seen["retention"])
    out.rule("For the analyst")
    show_counts(out, seen["counts"])
    if data_dir is not None:
        out.print(f"The database is left in {data_dir}.  Look closer with:")
        out.print(f"  send-records psql --data-dir {data_dir} -c 'TABLE send_register'")
