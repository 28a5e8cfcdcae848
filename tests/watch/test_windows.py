"""The sliding window, against what it promises: never more than a quota in any hour, whatever is
asked for and when; and what is over is forgotten."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.watch.windows import Window

HOUR = 3600.0
PUPILS = [UUID(int=number) for number in range(1, 9)]

asking = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 60.0, 599.0, 1800.0, 3599.0, 3600.0, 3601.0, 9000.0]),
        st.lists(st.sampled_from(PUPILS), min_size=1, max_size=5, unique=True),
    ),
    max_size=40,
)
"""Seconds since the last request, and the pupils of this one."""

Given = list[tuple[float, list[UUID]]]


def let_through(window: Window, asked: Given, most: int) -> Given:
    """Return what was given, with when."""
    now, through = 1000.0, Given()
    for later, pupils in asked:
        now += later
        if window.wait(pupils, most, now) == 0.0:
            through.append((now, pupils))
            for pupil in pupils:
                window.add(pupil, now)
    return through


def most_in_an_hour(through: Given) -> int:
    """Count, as somebody would with pencil and paper, the pupils of each hour that ends with an
    answer."""
    return max(
        (
            len({p for at, pupils in through if end - HOUR <= at <= end for p in pupils})
            for end, _ in through
        ),
        default=0,
    )


@given(asking, st.integers(1, 6))
def test_no_hour_has_more_pupils_than_the_quota(asked: Given, most: int) -> None:
    assert most_in_an_hour(let_through(Window(HOUR), asked, most)) <= most


@given(asking, st.integers(1, 6))
def test_nothing_is_refused_that_would_not_be_too_much(asked: Given, most: int) -> None:
    window, now, through = Window(HOUR), 1000.0, Given()
    for later, pupils in asked:
        now += later
        if window.wait(pupils, most, now) == 0.0:
            through.append((now, pupils))
            for pupil in pupils:
                window.add(pupil, now)
        else:
            assert most_in_an_hour([*through, (now, pupils)]) > most


@given(asking, st.integers(5, 8))
def test_whoever_waits_as_long_as_told_is_let_through(asked: Given, most: int) -> None:
    window, now = Window(HOUR), 1000.0
    for later, pupils in asked:
        now += later
        wait = window.wait(pupils, most, now)
        assert 0.0 <= wait <= HOUR + 0.01
        now += wait
        assert window.wait(pupils, most, now) == 0.0
        for pupil in pupils:
            window.add(pupil, now)


@given(asking, st.integers(1, 6))
def test_after_an_hour_of_nothing_all_is_forgotten(asked: Given, most: int) -> None:
    window = Window(HOUR)
    through = let_through(window, asked, most)
    end = max((at for at, _ in through), default=0.0)

    window.forget(end + HOUR + 1)

    assert len(window) == 0


@given(st.lists(st.floats(0, 5000), min_size=2, max_size=20))
def test_what_the_log_tells_out_of_order_counts_no_shorter(times: list[float]) -> None:
    """Another process's rows are read after one's own are counted."""
    window = Window(HOUR)
    for number, at in enumerate(times):
        window.add(UUID(int=number), at)
    now = max(times)

    window.forget(now)

    assert len(window) >= sum(at >= now - HOUR for at in times)


def test_a_pupil_counts_from_the_last_time_and_once() -> None:
    window = Window(HOUR)
    for at in (0.0, 3000.0, 1000.0):
        window.add(PUPILS[0], at)

    window.forget(3700.0)
    assert len(window) == 1
    window.forget(6601.0)
    assert len(window) == 0


class FromTheFirst(Window):
    """A planted defect: a pupil counts from when they were first told of."""

    def add(self, key: UUID, at: float) -> None:
        self._told.setdefault(key, at)


class Tumbling(Window):
    """A planted defect: the count begins anew with each hour of the clock."""

    def forget(self, now: float) -> None:
        start = now - now % self._seconds
        self._told = {key: at for key, at in self._told.items() if at >= start}


@pytest.mark.parametrize("planted", [FromTheFirst, Tumbling])
def test_a_window_that_forgets_too_soon_would_be_found(planted: type[Window]) -> None:
    a, b, c = PUPILS[:3]
    asked = [(0.0, [a]), (2500.0, [a, b]), (1200.0, [c]), (600.0, [b])]

    assert most_in_an_hour(let_through(planted(HOUR), asked, 2)) > 2
    assert most_in_an_hour(let_through(Window(HOUR), asked, 2)) == 2
