"""How much anybody may ask for and be told, and what is out of the ordinary: shipped as data; a
trust names a file of its own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from send_records.aggregates.rows import Row
from send_records.aggregates.rules import RuleMissing
from send_records.aggregates.values import day_in_london

R = TypeVar("R", bound=Row)

ANY_ROLE = "*"
"""The role of the quota for those that have none of their own."""


class WatchDamaged(Exception):
    """The file of limits does not say what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Row):
    """How many requests one caller of a kind may make: at once, and for good."""

    caller: str
    """person, service or failed: who is not signed in, by address."""
    per_minute: int
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota(Row):
    """How many pupils one person in a role may be told of within an hour, and how many exports
    they may make within a day."""

    role: str
    opened: int
    """Pupils, each told of alone."""
    listed: int
    """Pupils, told of with others."""
    exports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Row):
    """Above how much of something it is out of the ordinary."""

    name: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours(Row):
    """When people are at work, in London; outside is nights and weekends."""

    opens: time
    closes: time
    weekdays: tuple[int, ...]
    """ISO: Monday is 1."""
    exempt: tuple[str, ...]
    """Roles that may as well come at night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming(Row):
    """Whether a parent or pupil is told the names of staff who read the record."""

    staff_to_family: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    """Every row there is; each question names the day for which it is asked."""

    rates: tuple[Rate, ...]
    quotas: tuple[Quota, ...]
    thresholds: tuple[Threshold, ...]
    hours: tuple[WorkingHours, ...]
    namings: tuple[Naming, ...]

    def rate(self, caller: str, on: date) -> Rate:
        """Return the rate of a kind of caller; raise RuleMissing if none is in force."""
        return _latest([row for row in self.rates if row.caller == caller], on)

    def quota(self, role: str, on: date) -> Quota:
        """Return the quota of a role or, if it has none, everybody's; raise RuleMissing."""
        own = [row for row in self.quotas if row.role == role and row.in_force(on)]
        return _latest(own or [row for row in self.quotas if row.role == ANY_ROLE], on)

    def threshold(self, name: str, on: date) -> int:
        """Return above how much something is out of the ordinary; raise RuleMissing."""
        return _latest([row for row in self.thresholds if row.name == name], on).most

    def working_hours(self, on: date) -> WorkingHours:
        """Return when people are at work; raise RuleMissing."""
        return _latest(self.hours, on)

    def names_staff(self, on: date) -> bool:
        """Return whether families are told the names of staff; raise RuleMissing."""
        return _latest(self.namings, on).staff_to_family


@cache
def watch_rules(file: Path | None = None) -> WatchRules:
    """Return the rules shipped, but for the tables of which a file has its own; raise WatchDamaged
    if they cannot be used, or lack a row that is needed."""
    try:
        shipped = files(__package__).joinpath("watch.toml").read_text(encoding="utf-8")
        own = "" if file is None else file.read_text(encoding="utf-8")
        rules = _read(tomllib.loads(shipped) | tomllib.loads(own))
        _require_whole(rules)
    except (OSError, ValueError, TypeError, KeyError, RuleMissing) as error:
        raise WatchDamaged(f"{file or 'watch.toml'} cannot be used: {error}") from error
    return rules


def _read(tables: dict[str, list[dict[str, Any]]]) -> WatchRules:
    return WatchRules(
        rates=tuple(Rate(**row) for row in tables["rate"]),
        quotas=tuple(Quota(**row) for row in tables["quota"]),
        thresholds=tuple(Threshold(**row) for row in tables["threshold"]),
        hours=tuple(
            WorkingHours(
                **row | {"weekdays": tuple(row["weekdays"]), "exempt": tuple(row.get("exempt", ()))}
            )
            for row in tables["working_hours"]
        ),
        namings=tuple(Naming(**row) for row in tables["naming"]),
    )


def _require_whole(rules: WatchRules) -> None:
    """Raise what a request would meet later: RuleMissing, or ValueError for a rate of nothing."""
    today = day_in_london(datetime.now(UTC))
    for caller in ("person", "service", "failed"):
        rate = rules.rate(caller, today)
        if rate.per_minute < 1 or rate.burst < 1:
            raise ValueError(f"the rate of a {caller} lets nobody in")
    rules.quota(ANY_ROLE, today)
    for name in ("opened", "listed", "refused"):
        rules.threshold(name, today)
    rules.working_hours(today)
    rules.names_staff(today)


def _latest(rows: list[R] | tuple[R, ...], on: date) -> R:
    in_force = [row for row in rows if row.in_force(on)]
    if not in_force:
        raise RuleMissing("a row that is needed is not in force")
    return max(in_force, key=lambda row: row.effective_from)
