"""What is told with a copy of a record, in words: shipped; a trust names a file of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from send_records.aggregates.items import Ground
from send_records.aggregates.rows import Row
from send_records.aggregates.rules import RuleMissing
from send_records.aggregates.values import day_in_london

R = TypeVar("R", bound=Row)


class DisclosureDamaged(Exception):
    """The file of what is told does not say what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller(Row):
    """Who answers for the record, and to whom one complains of it."""

    name: str
    contact: str
    complaints: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Row):
    """One thing that whoever asks for a copy is told (UK GDPR Art 15(1) and (2))."""

    key: str
    title: str
    text: str
    """Empty for what the record itself says: how long it is kept, and where it comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundWords(Row):
    """A ground on which something is not given, as whoever asked is told of it."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Row):
    """One kind of evidence that goes to a local authority with a request or advice."""

    key: str
    title: str
    events: tuple[str, ...]
    """Topics of the entries that are of it."""
    where_appropriate: bool
    """Whether it may well be that there is none to send."""


@dataclass(frozen=True, slots=True)
class DisclosureRules:
    """Every row there is; each question names the day for which it is asked."""

    controllers: tuple[Controller, ...]
    tellings: tuple[Told, ...]
    grounds: tuple[GroundWords, ...]
    evidences: tuple[Evidence, ...]

    def controller(self, on: date) -> Controller:
        """Return who answers for the record; raise RuleMissing if no row is in force."""
        return _newest(self.controllers, on, lambda _: "")[0]

    def told(self, on: date) -> list[Told]:
        """Return what is told beside the copy, in its order; raise RuleMissing."""
        return _newest(self.tellings, on, lambda row: row.key)

    def ground(self, ground: Ground, on: date) -> GroundWords:
        """Return a ground in words; raise RuleMissing."""
        rows = [row for row in self.grounds if row.code == ground]
        return _newest(rows, on, lambda row: row.code)[0]

    def evidence(self, on: date) -> list[Evidence]:
        """Return which evidence goes to a local authority, in its order; raise RuleMissing."""
        return _newest(self.evidences, on, lambda row: row.key)


@cache
def disclosure_rules(file: Path | None = None) -> DisclosureRules:
    """Return the rules shipped, but for the tables of which a file has its own; raise
    DisclosureDamaged if they cannot be used, or lack a row that is needed."""
    try:
        shipped = files(__package__).joinpath("disclosure.toml").read_text(encoding="utf-8")
        own = "" if file is None else file.read_text(encoding="utf-8")
        rules = _read(tomllib.loads(shipped) | tomllib.loads(own))
        _require_whole(rules)
    except (OSError, ValueError, TypeError, KeyError, RuleMissing) as error:
        raise DisclosureDamaged(f"{file or 'disclosure.toml'} cannot be used: {error}") from error
    return rules


def _read(tables: dict[str, list[dict[str, Any]]]) -> DisclosureRules:
    return DisclosureRules(
        controllers=tuple(Controller(**row) for row in tables["controller"]),
        tellings=tuple(Told(**row) for row in tables["told"]),
        grounds=tuple(GroundWords(**row) for row in tables["ground"]),
        evidences=tuple(
            Evidence(**row | {"events": tuple(row["events"])}) for row in tables["evidence"]
        ),
    )


def _require_whole(rules: DisclosureRules) -> None:
    """Raise RuleMissing, which a pack would meet later."""
    today = day_in_london(datetime.now(UTC))
    rules.controller(today)
    rules.told(today)
    rules.evidence(today)
    for ground in Ground:
        rules.ground(ground, today)


def _newest(rows: Sequence[R], on: date, key: Callable[[R], str]) -> list[R]:
    """Of the rows of each key return that in force from latest on, in the order of the keys."""
    found: dict[str, R] = {}
    for row in sorted(
        (row for row in rows if row.in_force(on)), key=lambda row: row.effective_from
    ):
        found[key(row)] = row
    if not found:
        raise RuleMissing("a row that is needed is not in force")
    order = list(dict.fromkeys(key(row) for row in rows))
    return [found[one] for one in order if one in found]
