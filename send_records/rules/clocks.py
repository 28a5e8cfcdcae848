"""The clocks and the academies, shipped as data; a trust names a file of its own academies.

Bank holidays are those of England by the package ``holidays``, which knows those that were
proclaimed once, as in September 2022.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from holidays import country_holidays

from send_records.aggregates.calendars import Academy, Calendars, Term
from send_records.aggregates.clocks import Clock, Clocks, Signal, Verb

VERBS = get_args(Verb)

YEARS = range(2014, 2046)
"""The years whose bank holidays are counted with."""


class AcademiesDamaged(Exception):
    """The file of academies does not say what it should."""


@cache
def clocks_of(academies: Path | None = None) -> Clocks:
    """Return the clocks, by the terms of the academies in a file or, without one, of the worked
    cases; raise AcademiesDamaged if it cannot be used."""
    holidays = country_holidays("GB", subdiv="ENG", years=YEARS)
    return Clocks(
        tuple(_clock(row) for row in _shipped("clocks")["clock"]),
        Calendars(_academies(academies), frozenset(holidays)),
    )


def _shipped(name: str) -> dict[str, Any]:
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _clock(row: dict[str, Any]) -> Clock:
    signals: dict[str, Any] = {verb: tuple(map(_signal, row.pop(verb, ()))) for verb in VERBS}
    return Clock(**{**row, **signals, "years": tuple(row.get("years", ()))})


def _signal(row: dict[str, Any]) -> Signal:
    where = {name: tuple(codes) for name, codes in row.pop("where", {}).items()}
    return Signal(where=where, same=tuple(row.pop("same", ())), **row)


def _academies(file: Path | None) -> tuple[Academy, ...]:
    if file is None:
        return tuple(_academy(row) for row in _shipped("academies")["academy"])
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))["academy"]
        academies = tuple(_academy(row) for row in rows)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise AcademiesDamaged(f"{file} cannot be used: {error}") from error
    return academies


def _academy(row: dict[str, Any]) -> Academy:
    terms = tuple(Term(**term) for term in row.pop("term", ()))
    closed = tuple(row.pop("closed", ()))
    academy = Academy(terms=terms, closed=closed, **row)
    _require_in_order(academy)
    return academy


def _require_in_order(academy: Academy) -> None:
    for term in academy.terms:
        if term.first > term.last:
            raise ValueError(f"{academy.name}: a term ends on {term.last}, before it begins")
    for before, after in pairwise(academy.terms):
        if before.last >= after.first:
            raise ValueError(f"{academy.name}: the term of {after.first} begins within another")
