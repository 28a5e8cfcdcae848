"""Turns: a burst at once, then as many a minute as the rate says, for each caller by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.rules.watch import Rate
from send_records.watch import neighbourhood
from send_records.watch.turns import Turns


def rate(per_minute: int = 60, burst: int = 5) -> Rate:
    return Rate(
        caller="person",
        per_minute=per_minute,
        burst=burst,
        citation="test",
        effective_from=date(2015, 1, 1),
    )


class Clock:
    """A monotonic clock that stands until it is told."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_goes_through_and_then_one_a_second() -> None:
    clock = Clock()
    turns = Turns(clock)

    waits = [turns.take("somebody", rate()).wait for _ in range(7)]

    assert waits[:5] == [0.0] * 5
    assert waits[5:] == [pytest.approx(1.0)] * 2
    clock.now += 1.0
    assert turns.take("somebody", rate()).wait == 0.0
    assert turns.take("somebody", rate()).wait == pytest.approx(1.0)


def test_whoever_asks_on_is_told_that_they_were_told() -> None:
    clock = Clock()
    turns = Turns(clock)
    for _ in range(5):
        turns.take("somebody", rate())

    assert [turns.take("somebody", rate()).again for _ in range(3)] == [False, True, True]
    clock.now += 1.0
    turns.take("somebody", rate())
    assert turns.take("somebody", rate()).again is False


def test_one_caller_does_not_pay_for_another() -> None:
    turns = Turns(Clock())
    for _ in range(6):
        turns.take("a", rate())

    assert turns.take("b", rate()).wait == 0.0


def test_a_caller_who_asked_long_ago_makes_room() -> None:
    turns = Turns(Clock(), most=3)
    for caller in "abcad":
        turns.take(caller, rate())

    assert len(turns) == 3
    assert [turns.take("a", rate()).wait for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(1.0)]


@given(
    st.lists(st.floats(0, 90), max_size=60),
    st.integers(1, 600),
    st.integers(1, 20),
)
def test_in_no_span_are_there_more_than_a_burst_and_what_came_in(
    gaps: list[float], per_minute: int, burst: int
) -> None:
    clock, through = Clock(), list[float]()
    turns = Turns(clock)
    for gap in gaps:
        clock.now += gap
        if turns.take("somebody", rate(per_minute, burst)).wait == 0.0:
            through.append(clock.now)

    for first, start in enumerate(through):
        for last, end in enumerate(through[first:], first):
            allowed = burst + (end - start) * per_minute / 60
            assert last - first + 1 <= allowed + 1e-6


def test_threads_share_one_bucket() -> None:
    turns, through = Turns(Clock()), list[bool]()

    def ask() -> None:
        for _ in range(200):
            through.append(turns.take("somebody", rate(burst=100)).wait == 0.0)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(through) == 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        (None, "testclient", True),
    ],
)
def test_a_network_is_one_caller(one: str | None, other: str | None, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is same


def test_the_clock_is_one_that_nobody_sets() -> None:
    now: Callable[[], float] = Turns.__init__.__defaults__[0]  # type: ignore[index]

    assert now.__name__ == "monotonic"
