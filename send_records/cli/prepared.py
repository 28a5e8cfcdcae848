"""What was prepared, as the ledger has it, in plain words; and what is to be done next with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from send_records.aggregates.approvals import APPROVERS, BY_STATUTE
from send_records.aggregates.preparations import WHY_VOID, Void
from send_records.cli.calling import Api, Refused
from send_records.cli.console import out
from send_records.disclosure.ledger import State
from send_records.disclosure.verify_extract import scrub

Row = Mapping[str, Any]


def rows_of(api: Api, pupil: UUID) -> list[dict[str, Any]]:
    """Return what was prepared of a pupil's record, in that order; raise Refused."""
    return api.listed(f"/v1/pupils/{pupil}/disclosures")


def row_of(api: Api, pupil: UUID, preparation: UUID | str) -> dict[str, Any]:
    """Return one preparation; raise Refused, also where there is none of that id."""
    for row in rows_of(api, pupil):
        if row["preparation_id"] == str(preparation):
            return row
    told = "Nothing was prepared of this pupil's record under that id: see disclose list."
    raise Refused({"title": "Not found", "detail": told, "status": 404})


def waits(row: Row) -> bool:
    """Whether a second person is to approve it before it is sent."""
    return row["state"] == State.PREPARED and row["purpose"] not in BY_STATUTE


def say(*lines: str) -> None:
    """Print lines as they are, each whole: what is in them is neither markup nor acts on a
    terminal."""
    for line in lines:
        out.print(scrub(line), markup=False, highlight=False, soft_wrap=True)


def lines_of(row: Row) -> Iterator[str]:
    """Yield what is known of a preparation, line by line."""
    purpose = row["purpose"].replace("_", " ").capitalize()
    yield f"{purpose}, prepared on {row['prepared_on']} by {row['prepared_by']}: {row['state']}"
    yield f"  preparation  {row['preparation_id']}"
    yield f"  sha256       {row['sha256']}"
    yield f"  holds        {_holds(row)}"
    for named, name in (
        ("request", "request_id"),
        ("appeal", "appeal_id"),
        ("reference", "reference"),
        ("as of", "as_of"),
        ("known on", "known_on"),
        ("returned", "returned_because"),
    ):
        if row.get(name):
            yield f"  {named:<11}  {row[name]}"
    for breach in row.get("breaches") or ():
        yield f"  breaks       {breach['code']}: {breach['detail']}  Why: {breach['why']}"
    if row.get("approved_on"):
        yield f"  approved     {row['approved_on']} by {row['approved_by']}"
    if row.get("sent_on"):
        yield f"  sent         {row['sent_on']} to {row['sent_to']}"


def _holds(row: Row) -> str:
    told = f"{row['pages']} pages, {row['entries']} entries, {row['documents']} documents; "
    return f"{told}{row['withheld']} withheld, {row['redacted']} redacted; log to {row['position']}"


def what_next(pupil: UUID | str, row: Row) -> Iterator[str]:
    """Yield what is to be done next, and by whom."""
    which = f"{pupil} {row['preparation_id']}"
    if row["state"] == State.VOID:
        yield WHY_VOID[Void(row["why_void"])]
    elif waits(row):
        who = " or ".join(sorted(role.replace("_", " ") for role in APPROVERS))
        yield f"Next, a {who}, who neither prepared it nor decided on what is in it, looks at it:"
        yield f"  send-records disclose fetch {which} --to FILE"
        yield "and approves it, or returns it:"
        yield f"  send-records disclose approve {which} --sha256 {row['sha256']}"
        yield f"  send-records disclose return {which} --why ..."
    elif row["state"] != State.SENT:
        yield "Next, lock it, send it, and record to whom it was sent:"
        yield f"  send-records disclose lock {which} --to FILE"
