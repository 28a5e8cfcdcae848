"""How long answers take when requests arrive at a rate, answered or not, beside a bare route's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bench.lines import Line, Spread, Taken, Target, Unit, compare
from bench.posting import CONNECTIONS, Loader
from bench.rounds import Pace, interleaved


@dataclass(frozen=True, slots=True)
class Asked:
    """A server, and what it is asked."""

    port: int
    requests: Sequence[str]


def beside(
    what: str,
    load: Loader,
    ours: tuple[str, Asked],
    bare: tuple[str, Asked],
    pace: Pace,
    target: Target | None = None,
) -> Iterator[Line]:
    """Yield ours beside a bare route: answers a second, all connections asking; then how long each
    takes, both at half of what ours can do."""
    (name, _), (bare_name, _) = ours, bare
    seconds = 1.5 * pace.seconds
    rates = interleaved(
        f"{what}, {CONNECTIONS} connections",
        {
            each: partial(load.rate, asked.port, asked.requests, seconds)
            for each, asked in (ours, bare)
        },
        pace.rounds,
    )
    yield compare(f"{what}, {CONNECTIONS} connections", rates, name, bare_name, target)
    if isinstance(figures := rates[name], list):
        half = Spread.of(figures).median / 2
        at_half = f"{what}, {half:,.0f} arrivals a second (half of capacity)"
        for part, taken in percentiles(at_half, load, dict([ours, bare]), half, pace).items():
            yield compare(f"{at_half}, {part}", taken, name, bare_name, unit=Unit.MS)


def percentiles(
    what: str, load: Loader, servers: Mapping[str, Asked], rate: float, pace: Pace
) -> dict[str, Taken]:
    """Return the medians and the 99th percentiles of each server's answers, round by round."""
    medians: dict[str, list[float]] = {name: [] for name in servers}

    def p99(name: str) -> float:
        asked = servers[name]
        found = load.put(asked.port, asked.requests, 2 * pace.seconds, rate=rate)
        medians[name].append(found["p50_ms"])
        return float(found["p99_ms"])

    taken = interleaved(what, {name: partial(p99, name) for name in servers}, pace.rounds)
    p50 = {
        name: medians[name][1:] if isinstance(figures, list) else figures
        for name, figures in taken.items()
    }
    return {"p50": p50, "p99": taken}
