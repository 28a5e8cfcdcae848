"""What the demo asks of the API, as a SENDCo, a data-protection officer and a tribunal would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from send_records.custody import signing_keys
from send_records.demo.cases import Entry
from send_records.demo.client import Api
from send_records.demo.doors import doors
from send_records.demo.leaving import leaves
from send_records.demo.people import DPO, MOTHER, SENCO
from send_records.demo.run import Told
from send_records.demo.said import Post
from send_records.disclosure.extract import VERIFIER
from send_records.settings import Settings

SHOWN = "Aisha Rahman"
"""Whose record is shown at length."""

REFERRED = "Leo Bennett-Okafor"
"""Who was referred to the head of inclusion."""

CENSUS_DAYS = ("2024-01-18", "2026-01-15")
"""Spring census days (third Thursday of January), on which the register is shown as it stood."""

DUTIES_ON = "2026-01-15"
"""The day whose duties are shown, as they were known that evening."""
DUTIES_UNTIL = "2027-01-15"
"""How far ahead."""

ASKED_OF, KNOWN_ON = "2024-06-12", "2024-06-20"
"""A day of Aisha's, and the day on which it is asked what was known of it: her father's call."""


def views(api: Api, told: Told) -> dict[str, Any]:
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
        "retention": api.get("/v1/retention", DPO, after=after)["data"],
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
    now = api.get(path, DPO, limit=200)
    then = api.get(path, DPO, limit=200, known_at=KNOWN_ON)
    return {
        "now": [entry for entry in now["data"] if entry["occurred_on"] == ASKED_OF],
        "then": [entry for entry in then["data"] if entry["occurred_on"] == ASKED_OF],
        "meta": then["meta"],
    }


def _corrected(api: Api, everybody: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each entry that was put right, with what was recorded, and who went by it."""
    row = next(row for row in everybody if row["legal_name"] == SHOWN)
    path = f"/v1/pupils/{row['pupil_id']}"
    story = api.get(f"{path}/chronology", DPO, limit=200)["data"]
    return [
        api.get(f"{path}/entries/{entry['version']}", DPO) for entry in story if entry["corrected"]
    ]


def refused_removal(api: Api, seen: dict[str, Any]) -> dict[str, Any]:
    """Try to take a pupil off the register without a review, and return the refusal."""
    row = next(row for row in seen["pupils"] if row["status"] in ("targeted", "specialist"))
    body = {
        "occurred_on": "2026-07-01",
        "criterion": "expected_progress_sustained",
        "review_on": "2026-07-01",
    }
    post = Post(f"/v1/pupils/{row['pupil_id']}/register/remove", body, uuid4())
    answer = api.record(post, SENCO, row["version"])
    return {"asked": f"Remove {row['legal_name']} from the register", "answer": answer.json()}


def who_sees_aisha(api: Api, told: Sequence[Entry], seen: dict[str, Any]) -> dict[str, Any]:
    """Let others ask for her record; see ``doors``."""
    return doors(api, *_the_two(told, seen))


def what_leaves(
    api: Api, told: Sequence[Entry], seen: dict[str, Any], to: Path, settings: Settings
) -> dict[str, Any]:
    """Have a subject access answered and a bundle made; see ``leaving``."""
    return leaves(api, *_the_two(told, seen), to, signing_keys(settings).vkeys())


def _the_two(told: Sequence[Entry], seen: dict[str, Any]) -> tuple[str, str, str]:
    """Return the ids of Aisha, of Leo, and of the contact who is Aisha's mother."""
    rows = {row["legal_name"]: row for row in seen["pupils"]}
    aisha, leo = rows[SHOWN]["pupil_id"], rows[REFERRED]["pupil_id"]
    [contacts] = {
        id(entry.story): entry.story.contacts
        for entry in told
        if str(entry.story.pupil_id) == aisha
    }.values()
    return aisha, leo, contacts[MOTHER.name]


def proof(api: Api, seen: dict[str, Any], settings: Settings, folder: Path) -> dict[str, Any]:
    """Ask for the extract that a tribunal would be given, and check it as a tribunal would: with
    the one file that comes with it, and nothing else of ours."""
    row = next(row for row in seen["pupils"] if row["legal_name"] == SHOWN)
    pupil = f"/v1/pupils/{row['pupil_id']}"
    extract = Path(folder, "extract.json")
    extract.write_bytes(orjson.dumps(api.get(f"{pupil}/extract", DPO)))
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
        "accesses": api.get(f"{pupil}/accesses", DPO, limit=200)["data"],
    }
