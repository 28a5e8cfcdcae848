"""The register and a pupil's story, as they are or as they were, without the API being served.

Both are folded from the log, today's as well: what the views show is not asked.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from rich.table import Table

from send_records.bootstrap import System, database, running
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
from send_records.errors import NotFound
from send_records.progress import Bar
from send_records.projections.chronology import ChronologyRow, chronology_page
from send_records.projections.moments import Moment, moment_at
from send_records.projections.pages import Page
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import Show, register_page
from send_records.projections.then import Then
from send_records.store.access import Access, Act, Tier
from send_records.store.scopes import WHOLE_TRUST

AsOf = Annotated[
    str | None, typer.Option(help="What had happened by the end of this day (YYYY-MM-DD).")
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        help="What had been recorded by then: an instant with its offset, a day (its end in "
        "London), or position:1234."
    ),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Answer as CSV, for a spreadsheet.")]

EVERY = 1_000_000_000
"""Rows of a page that holds all of them."""


def register(
    as_of: AsOf = None,
    known_at: KnownAt = None,
    academy: Annotated[str | None, typer.Option(help="Only this academy.")] = None,
    show: Annotated[Show, typer.Option(help="Which part of it.")] = Show.ON,
    left: Annotated[bool, typer.Option("--left", help="Those who left as well.")] = False,
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the register by name: as it is or, with --as-of or --known-at, as it was.

    It is folded from the log.  What is printed to standard error says how to ask the same again.
    """

    def asked(then: Then) -> Page[RegisterRow]:
        return register_page(then, academy=academy, show=show, left=left, after=None, limit=EVERY)

    access = access_of(operator(by), Act.READ, "register", Tier.PROVISION)
    page, moment = _answered(data_dir, as_of, known_at, access, asked)
    if as_json:
        _print_list(page, moment)
    elif as_csv:
        _print_csv(RegisterRow, page.rows)
    else:
        made = Table("Name", "Academy", "Year", "Status", "Needs", "Since", "Next review")
        for row in page.rows:
            needs = ", ".join(need["sen_type"] for need in row.needs)
            days = (str(day or "") for day in (row.level_since, row.next_review_on))
            add_row(made, row.legal_name, row.academy, row.nc_year, row.status, needs, *days)
        out.print(made)


def chronology(
    pupil: Annotated[UUID, typer.Argument(help="The pupil's id.")],
    as_of: AsOf = None,
    known_at: KnownAt = None,
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show a pupil's story in the order in which it happened.

    With --known-at it is without what was recorded later; with --as-of, up to that day.
    """

    def asked(then: Then) -> Page[ChronologyRow]:
        return chronology_page(then, pupil, after=None, limit=EVERY)

    access = access_of(operator(by), Act.READ, "chronology", Tier.ASSESSMENT)
    page, moment = _answered(data_dir, as_of, known_at, replace(access, pupils=[pupil]), asked)
    if as_json:
        _print_list(page, moment)
    elif as_csv:
        _print_csv(ChronologyRow, page.rows)
    else:
        made = Table("Happened", "Recorded", "Phase", "What", "Detail", "By")
        for row in page.rows:
            late = f"{row.recorded_at:%Y-%m-%d}" + (f" (+{row.days_late})" if row.days_late else "")
            told = (row.phase, row.event, row.detail, row.recorded_by)
            add_row(made, str(row.occurred_on), late, *told)
        out.print(made)


def _answered(
    data_dir: Path | None,
    as_of: str | None,
    known_at: str | None,
    access: Access,
    ask: Callable[[Then], Page[Any]],
) -> tuple[Page[Any], Moment]:
    """Return the answer of a moment, once it is in the access log."""
    with _read_side(data_dir) as system, Bar("Reading the log", err) as bar:
        views = system.views.within(WHOLE_TRUST)
        with views.connection() as connection:
            moment = moment_at(connection, as_of, known_at)
        page = ask(Then.of(views, moment, progress=bar.at))
        if access.pupils and not page.rows:
            raise NotFound("Nothing was on record of this pupil at that moment.")
        seen = access.pupils or [row.pupil_id for row in page.rows]
        system.access.record(replace(access, pupils=seen))
    again = f"--known-at position:{moment.position}"
    if moment.as_of is not None:
        again = f"--as-of {moment.as_of} {again}"
    err.print(f"To ask the same again: {again}", highlight=False)
    return page, moment


@contextmanager
def _read_side(data_dir: Path | None) -> Iterator[System]:
    settings = settings_for(data_dir)
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        running(settings, found, held) as system,
    ):
        yield system


def _print_list(page: Page[Any], moment: Moment) -> None:
    """Print what the API answers: the same rows, to the byte, and of when they are."""
    meta = {"as_of": moment.as_of, "known_at": moment.known_at, "position": moment.position}
    print_json({"data": [orjson.Fragment(each.json) for each in page.opened], "meta": meta})


def _print_csv(kind: type[Any], rows: list[Any]) -> None:
    names = [each.name for each in fields(kind)]
    written = csv.writer(sys.stdout, lineterminator="\r\n")
    written.writerow(names)
    written.writerows([_cell(getattr(row, name)) for name in names] for row in rows)


FORMULAE = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""


def _cell(value: Any) -> str:
    """Return a value as a cell: nothing for null, lists with semicolons, and no formula."""
    if isinstance(value, list):
        text = "; ".join(each["sen_type"] if isinstance(each, dict) else each for each in value)
    else:
        text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULAE) else text
