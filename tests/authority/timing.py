"""Whether two questions can be told apart by how long their answers take."""

from __future__ import annotations

import asyncio
import gc
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from fastapi import FastAPI

from tests.authority.asking import Asked, ask

WARM = 20


@dataclass(frozen=True)
class Apart:
    """How far two samples are apart."""

    auc: float
    """How often one of the first takes longer than one of the second: 0.5 if that tells nothing."""
    p: float
    """How likely so much is by chance, two-sided (Mann and Whitney 1947)."""
    medians: tuple[float, float]
    """In microseconds."""

    @property
    def told(self) -> str:
        first, second = self.medians
        return f"AUC {self.auc:.3f}, p {self.p:.2f}, medians {first:.0f} and {second:.0f} us"


def apart(first: Sequence[float], second: Sequence[float]) -> Apart:
    """Compare two samples by their ranks; ties share theirs."""
    ranked = sorted([(each, 0) for each in first] + [(each, 1) for each in second])
    ranks, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        shared = (place + 1 + end) / 2
        ranks += shared * sum(whose == 0 for _, whose in ranked[place:end])
        place = end
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    p = math.erfc(abs(z) / math.sqrt(2))
    return Apart(u / (n * m), p, (median(first) / 1e3, median(second) / 1e3))


def timed(
    app: FastAPI, first: Callable[[], Asked], second: Callable[[], Asked], samples: int
) -> Apart:
    """Ask both so many times, one after the other, by turns in an order that chance decides."""

    async def once(asked: Asked) -> float:
        began = time.perf_counter_ns()
        await ask(app, asked)
        return time.perf_counter_ns() - began

    async def every() -> Apart:
        took: tuple[list[float], list[float]] = ([], [])
        chance = random.Random(6)
        for number in range(-WARM, samples):
            turn = [(0, first), (1, second)]
            chance.shuffle(turn)
            for whose, asked in turn:
                nanoseconds = await once(asked())
                if number >= 0:
                    took[whose].append(nanoseconds)
        return apart(*took)

    gc.collect()
    gc.disable()
    try:
        return asyncio.run(every())
    finally:
        gc.enable()
