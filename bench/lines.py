"""What comes of a measurement: lines of a table, each with its spread, its target and a verdict."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

NOISE = 0.10
"""By how much of it a target may be missed before ``--check`` fails: neighbours are noisy."""


class Unit(StrEnum):
    """What is counted."""

    RATE = "/s"
    MS = "ms"
    MB = "MB"
    SPEED = "MB/s"
    BYTES = "bytes"
    SHARE = "%"


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures of several rounds, or ratios of their pairs."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        return cls(statistics.median(figures), min(figures), max(figures))


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio (or, where there is no peer, a figure) is to be at least, or at most."""

    bound: float
    at_most: bool = False

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"

    def met(self, figure: float, *, margin: float = 0.0) -> bool:
        """Whether a figure is as it is to be, or misses that by no more than a part of it."""
        if self.at_most:
            return figure <= self.bound * (1 + margin)
        return figure >= self.bound * (1 - margin)


def at_least(bound: float) -> Target:
    """Return the target of a ratio that is the better the higher it is."""
    return Target(bound)


def at_most(bound: float) -> Target:
    """Return the target of a cost."""
    return Target(bound, at_most=True)


@dataclass(frozen=True, slots=True)
class Failure:
    """A variant that could not be run to its end."""

    error: str
    skipped: bool = False
    """It is not here (a peer that cannot be installed), which is nobody's fault."""


class PeerAway(Exception):
    """A peer cannot be had on this machine; the message says why."""


Taken = Mapping[str, "list[float] | Failure"]
"""The figures of each variant, round by round, or why there are none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.  ``failure`` says why there are no figures."""

    what: str
    unit: Unit
    ours: Spread | None = None
    peer_name: str = ""
    peer: Spread | None = None
    ratio: Spread | None = None
    target: Target | None = None
    failure: Failure | None = None

    @property
    def decisive(self) -> float | None:
        """What the target is about: the ratio, or the figure itself where there is no peer."""
        decisive = self.ratio or self.ours
        return decisive.median if decisive else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none, or nothing to judge by."""
        if self.target is None or self.failure or self.decisive is None:
            return None
        return self.target.met(self.decisive)

    @property
    def fault(self) -> str | None:
        """Why the check fails on this line, if it does: it failed, or misses its target by more
        than noise explains."""
        if self.failure is not None:
            return None if self.failure.skipped else f"{self.what}: {self.failure.error}"
        if self.target is None or self.decisive is None:
            return None
        if self.target.met(self.decisive, margin=NOISE):
            return None
        beside = f", beside {self.peer_name}" if self.peer_name else ""
        return f"{self.what}{beside}: {self.decisive:.3g}, to be {self.target}"


def compare(
    what: str,
    taken: Taken,
    ours: str,
    peer: str,
    target: Target | None = None,
    *,
    unit: Unit = Unit.RATE,
    times_faster: bool = False,
) -> Line:
    """Return a line of two variants.  The ratio of each round is ours by the peer's or, if
    ``times_faster`` (of times, not rates), the peer's by ours."""
    mine, theirs = taken[ours], taken[peer]
    for each in (mine, theirs):
        if isinstance(each, Failure):
            return Line(what, unit, peer_name=peer, target=target, failure=each)
    pairs = list(zip(_figures(mine), _figures(theirs), strict=True))
    ratios = [them / us if times_faster else us / them for us, them in pairs]
    mine_spread, theirs_spread = Spread.of(_figures(mine)), Spread.of(_figures(theirs))
    return Line(what, unit, mine_spread, peer, theirs_spread, Spread.of(ratios), target)


def alone(
    what: str, taken: Taken, variant: str, target: Target | None = None, *, unit: Unit = Unit.RATE
) -> Line:
    """Return a line of one variant, whose target is about the figure itself."""
    figures = taken[variant]
    if isinstance(figures, Failure):
        return Line(what, unit, target=target, failure=figures)
    return Line(what, unit, Spread.of(figures), target=target)


def _figures(taken: list[float] | Failure) -> list[float]:
    if isinstance(taken, Failure):
        raise TypeError("a failure has no figures")
    return taken


# As text


def table(lines: Iterable[Line]) -> str:
    """Return lines as a table in Markdown."""
    head = "| what | ours | peer | ratio (lowest to highest) | target | met? |"
    return "\n".join([head, "|---|---|---|---|---|---|", *map(_row, lines)])


def _row(line: Line) -> str:
    target = str(line.target or "")
    if line.target is not None and not line.peer_name:
        target += f" {line.unit}"
    if line.failure is not None:
        said = " ".join(line.failure.error.split()).replace("|", "\\|")
        kind = "skipped" if line.failure.skipped else "FAILED"
        return f"| {line.what} | {kind}: {said} | {line.peer_name} | | {target} | |"
    ours = _figure(line.ours, line.unit)
    peer = f"{line.peer_name}: {_figure(line.peer, line.unit)}" if line.peer else ""
    met = {True: "yes", False: "no", None: ""}[line.met]
    return f"| {line.what} | {ours} | {peer} | {_ratio(line.ratio)} | {target} | {met} |"


def _figure(spread: Spread | None, unit: Unit) -> str:
    if spread is None:
        return ""
    low, high = _number(spread.lowest), _number(spread.highest)
    around = f" ({low} to {high})" if low != high else ""
    return f"{_number(spread.median)}{'' if unit is Unit.RATE else ' '}{unit}{around}"


def _number(figure: float) -> str:
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.3g}"


def _ratio(ratio: Spread | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio.median:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"


def as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return lines as JSON values, with their verdicts."""
    return [{**asdict(line), "met": line.met, "fault": line.fault} for line in lines]
