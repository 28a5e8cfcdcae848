"""``send-records disclose``: what leaves, from what is decided to what is sent.

Each command asks the API, in the name of whoever the token is: roles, the second factor and the
access log are as they are for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import typer
from rich.table import Table

from send_records.aggregates.values import LONDON
from send_records.cli.calling import HERE, Token, TokenFile, Url, asking
from send_records.cli.console import AsJson, add_row, out, print_json
from send_records.cli.following import cancel, follow, jobs, make
from send_records.cli.packs import Preparation, ThePupil, fetch, lock, verify
from send_records.cli.prepared import lines_of, row_of, rows_of, say, what_next
from send_records.disclosure.verify_extract import scrub

app = typer.Typer(
    help="What leaves: look through what was asked for, prepare, approve, lock and check packs.",
    no_args_is_help=True,
)

Happened = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], show_default="today", help="The day it is dated."),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Leave out what happened after this day."),
]
KnownOn = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Leave out what was recorded after this day."),
]


class Purpose(StrEnum):
    """What a pack is made for, as it is typed."""

    SUBJECT_ACCESS = "subject-access"
    HANDOVER = "handover"
    LA_ADVICE = "la-advice"


@app.command()
def items(
    pupil: ThePupil,
    request: Annotated[UUID, typer.Argument(help="The subject access request's id.")],
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List what is to be decided on before a subject access is answered: undecided items first.

    What is suggested is for a person to decide: nothing is left out by itself.  Once all of it is
    decided, words that are taken out of one item and stand in another are told of.  --json has the
    words of each item too.
    """
    with asking(url, token, token_file, as_json=as_json) as api:
        found = api.listed(f"/v1/pupils/{pupil}/access-requests/{request}/items")
    if as_json:
        print_json(found)
        return
    left = sum(item["decision"] is None for item in found)
    made = Table("Item", "On", "What", "Suggested", "Decided", title=f"{left} to decide on")
    for item in found:
        cells = (_which(item["item"]), item["day"], f"{item['kind']}: {item['title']}")
        lines = ("\n".join(map(scrub, told(item))) for told in (_suggested, _decided))
        add_row(made, *map(scrub, cells), *lines)
    out.print(made)


def _which(item: Mapping[str, Any]) -> str:
    if item["document_id"]:
        return f"document {item['document_id']}"
    return f"entry {item['entry']}"


def _suggested(item: Mapping[str, Any]) -> Iterator[str]:
    for each in item["suggestions"]:
        ground = f" ({each['ground'].replace('_', ' ')})" if each["ground"] else ""
        phrases = f": {'; '.join(each['phrases'])}" if each["phrases"] else ""
        yield f"{each['why']}{ground}{phrases}"


def _decided(item: Mapping[str, Any]) -> Iterator[str]:
    if item["decision"] is not None:
        yield item["decision"]["fate"]
    for each in item["elsewhere"]:
        yield f"{each['phrase']}: still stands elsewhere, {each['times']} times"


@app.command()
def prepare(
    pupil: ThePupil,
    purpose: Annotated[Purpose, typer.Option(help="What the pack is for.")],
    request: Annotated[
        UUID | None, typer.Option(help="Which request it answers, of a subject access.")
    ] = None,
    as_of: AsOf = None,
    known_on: KnownOn = None,
    on: Happened = None,
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Prepare a pack: for a subject access, the next school, or the local authority's request.

    It is made by a job, which is followed to its end; Ctrl-C stops the looking alone.  What answers
    a subject access is then looked at and approved by a second person.
    """
    body = {
        "occurred_on": _day(on) or _today(),
        "purpose": purpose.replace("-", "_"),
        "request_id": request and str(request),
        "as_of": _day(as_of),
        "known_on": _day(known_on),
    }
    with asking(url, token, token_file, as_json=as_json) as api:
        path = f"/v1/pupils/{pupil}/disclosures/prepare"
        make(api, path, body, uuid4(), as_json=as_json)


@app.command()
def bundle(
    pupil: ThePupil,
    spec: Annotated[Path, typer.Argument(help="A JSON file: its sections, and what is in each.")],
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Prepare a bundle for the Tribunal, as a file says: see PrepareBundle in /openapi.json.

    One that breaks the rules for its pages is refused, unless the file gives a reason for each.
    """
    try:
        body = orjson.loads(spec.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"It cannot be read: {error.strerror}.") from None
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise typer.BadParameter(f"It is not JSON: look at {where}.") from None
    if not isinstance(body, dict):
        raise typer.BadParameter("It is no JSON object: it begins with {.")
    body.setdefault("occurred_on", _today())
    with asking(url, token, token_file, as_json=as_json) as api:
        make(api, f"/v1/pupils/{pupil}/bundles/prepare", body, uuid4(), as_json=as_json)


@app.command("list")
def list_command(
    pupil: ThePupil,
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List all that was ever prepared of a pupil's record, who approved it and to whom it went."""
    with asking(url, token, token_file, as_json=as_json) as api:
        found = rows_of(api, pupil)
    if as_json:
        print_json(found)
        return
    for row in found:
        say(*lines_of(row))
    if not found:
        say("Nothing was prepared of this pupil's record.")


@app.command()
def approve(
    pupil: ThePupil,
    preparation: Preparation,
    sha256: Annotated[str, typer.Option(help="The hash of the file that you looked at.")],
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve what was prepared, as the second person, by the hash of the file you looked at.

    For a DPO or principal who neither prepared it nor decided on what is in it.
    """
    _answer(pupil, preparation, "approve", {"sha256": sha256.strip().lower()},
            url, token, token_file, as_json=as_json)  # fmt: skip


@app.command("return")
def return_command(
    pupil: ThePupil,
    preparation: Preparation,
    why: Annotated[str, typer.Option(help="What is to be put right; kept with it.")],
    url: Url = HERE,
    token: Token = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Send back what was prepared: it is neither approved nor sent, and is prepared anew."""
    _answer(pupil, preparation, "return", {"why": why},
            url, token, token_file, as_json=as_json)  # fmt: skip


def _answer(
    pupil: UUID,
    preparation: UUID,
    how: str,
    said: Mapping[str, str],
    *door: Any,
    as_json: bool,
) -> None:
    """Record what a second person says of a preparation, and tell how it stands now."""
    body = {"occurred_on": _today(), "preparation_id": str(preparation), **said}
    with asking(*door, as_json=as_json) as api:
        receipt = api.post(f"/v1/pupils/{pupil}/disclosures/{how}", body)
        row = row_of(api, pupil, preparation)
    if as_json:
        print_json({"receipt": receipt, "disclosure": row})
    else:
        say(*lines_of(row), *what_next(pupil, row))


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def _today() -> str:
    return datetime.now(LONDON).date().isoformat()


app.command()(follow)
app.command()(jobs)
app.command()(cancel)
app.command()(fetch)
app.command()(lock)
app.command()(verify)
