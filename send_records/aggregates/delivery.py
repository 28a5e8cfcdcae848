"""Delivery: how provision is given, and so what it costs; costs are derived and never entered.

The parts of a provision map (Code of Practice 6.76; ``facts.md`` 6.8): who, in what group, how
often, how long, at what rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated

from send_records.aggregates.values import TEACHERS, Count, Measure, Name, Role, Value, judge
from send_records.errors import Invalid

INTERVENERS = TEACHERS | {Role.SUPPORT_ASSISTANT}
"""Who decides on interventions: teachers, and Specialist Support Assistants, who "determine and if
needed deliver" them (policy s.8.7)."""


class Tier(StrEnum):
    """The waves of a provision map (``facts.md`` 6.8)."""

    UNIVERSAL = "universal"
    TARGETED = "targeted"
    SPECIALIST = "specialist"


class FundingElement(StrEnum):
    """What pays for support beyond each pupil's own funding: the notional budget, up to £6,000 a
    pupil, or the local authority's top-up (``facts.md`` 6.8)."""

    NOTIONAL = "element_2"
    TOP_UP = "element_3"


def _positive(number: int) -> int:
    if number < 1:
        raise ValueError("Enter a whole number from 1 to 100,000")
    return number


def _pounds(amount: Decimal) -> Decimal:
    if not 0 <= amount <= 10_000 or amount != round(amount, 2):
        raise ValueError("Enter pounds, from 0 to 10,000, with at most two decimals")
    return amount


def _per_week(sessions: Decimal) -> Decimal:
    if not 0 < sessions <= 50:
        raise ValueError("Enter a number above 0, up to 50")
    return sessions


def _weeks(number: int) -> int:
    if not 1 <= number <= 104:
        raise ValueError("Enter a whole number of weeks from 1 to 104")
    return number


Positive = Annotated[Count, *judge(_positive, minimum=1)]
"""A whole number from 1 to 100,000."""

Pounds = Annotated[Measure, *judge(_pounds)]
"""An amount of money in pounds and pence."""

PerWeek = Annotated[Measure, *judge(_per_week)]
"""Sessions in a week: a half is one session each fortnight."""

Weeks = Annotated[Count, *judge(_weeks, minimum=1, maximum=104)]
"""A number of weeks, of two years at most."""


class Deliverer(Value):
    """Who gives it: in which role and, where one person does, by name."""

    role: Name
    name: Name | None = None


class Delivery(Value):
    """How one provision is given."""

    deliverer: Deliverer
    group_size: Positive
    sessions_per_week: PerWeek
    minutes: Positive
    """Of each session."""
    hourly_rate: Pounds
    """What an hour of whoever gives it costs the school, on-costs included."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A number of weeks for which it is planned to be given in one way: what of it costs depend on;
    who gives it stays in the events."""

    since: date
    weeks: int
    group_size: int
    sessions_per_week: Decimal
    minutes: int
    hourly_rate: Decimal


def stretch(since: date, weeks: int, delivery: Delivery) -> Stretch:
    """Return the stretch of weeks from a day, given in one way."""
    return Stretch(
        since,
        weeks,
        delivery.group_size,
        delivery.sessions_per_week,
        delivery.minutes,
        delivery.hourly_rate,
    )


@dataclass(frozen=True, slots=True)
class Logged:
    """What was given from one day to another."""

    first: date
    last: date
    planned: int
    delivered: int
    attended: int | None


def weeks_and_end(first: date, weeks: int | None, ends_on: date | None) -> tuple[int, date]:
    """Return for how many weeks, until which day.

    A command is not told of term dates, so without both, weeks are those of the calendar.  With
    both, the weeks are those taught: 10 weeks with a half term among them end in the eleventh.
    """
    if ends_on is None:
        if weeks is None:
            raise Invalid("Say for how many weeks it is planned, or until when, or both.")
        return weeks, first + timedelta(weeks=weeks, days=-1)
    begun = (ends_on - first).days // 7 + 1
    if ends_on < first or (weeks or 1) > begun:
        raise Invalid("Set the last day planned so that the weeks fit before it.")
    return weeks or begun, ends_on


def cost_per_pupil(given: Stretch, sessions: Decimal | int) -> Decimal:
    """Return what a number of sessions costs for each pupil of the group, exactly: sessions x
    hours x rate / group."""
    if given.group_size < 1:
        return Decimal(0)
    return sessions * given.minutes * given.hourly_rate / (60 * given.group_size)


def planned_sessions(stretches: Iterable[Stretch]) -> Decimal:
    """Return how many sessions are planned: weeks x sessions a week."""
    return sum((each.weeks * each.sessions_per_week for each in stretches), Decimal(0))


def planned_cost(stretches: Iterable[Stretch]) -> Decimal:
    """Return the cost per pupil of what is planned: weeks x sessions x hours x rate / group, of
    each stretch, in pounds and pence."""
    return in_pence(cost_per_pupil(each, planned_sessions([each])) for each in stretches)


def delivered_cost(stretches: Iterable[Stretch], logged: Iterable[Logged]) -> Decimal:
    """Return the cost per pupil of what was given, each log by how it was given on its first day;
    a change that is entered late so changes what earlier logs cost."""
    return in_pence(
        cost_per_pupil(given, log.delivered) for given, log in as_given(stretches, logged)
    )


def delivered_minutes(stretches: Iterable[Stretch], logged: Iterable[Logged]) -> int:
    """Return for how many minutes it was given, as its cost is found."""
    return sum(given.minutes * log.delivered for given, log in as_given(stretches, logged))


def as_given(
    stretches: Iterable[Stretch], logged: Iterable[Logged]
) -> Iterator[tuple[Stretch, Logged]]:
    """Yield each log with the stretch in which its first day falls."""
    begun = sorted(stretches, key=lambda each: each.since)
    for log in logged:
        given = [each for each in begun if each.since <= log.first]
        if given:
            yield given[-1], log


def in_pence(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts, rounded once to the penny."""
    return sum(amounts, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
