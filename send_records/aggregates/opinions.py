"""Opinions: whether what is held of a pupil's health would do serious harm, if it were disclosed.

A school is no health professional.  So it neither withholds data concerning health because of
serious harm, nor discloses any, before the appropriate health professional has said whether the
test is met (Data Protection Act 2018 Sch 3 Part 2: ``facts.md`` 3.3).
"""

from __future__ import annotations

from datetime import date

from send_records.aggregates.rules import Rules
from send_records.aggregates.values import Day, Flag, Name, Value, day_in_words
from send_records.errors import Invalid, RuleBroken


class Opinion(Value):
    """What the appropriate health professional said of the serious harm test."""

    by: Name
    profession: Name
    dated: Day
    test_met: Flag
    """Whether disclosure is likely to cause serious harm to anybody's health."""


class HealthOpinionMissing(RuleBroken):
    """What is held of somebody's health waits for the appropriate health professional, unless it
    has been seen or is known already."""

    basis = "Data Protection Act 2018 Sch 3 Part 2, paras 5 and 6"


class HealthOpinionContrary(RuleBroken):
    """What is decided is what the health professional's opinion allows."""

    basis = "Data Protection Act 2018 Sch 3 Part 2, paras 5 and 6"


class HealthOpinionOutdated(RuleBroken):
    """An opinion is relied on while it is six months old or less; then it is asked for again."""

    basis = "Data Protection Act 2018 Sch 3 Part 2, para 6"


def require_opinion(opinion: Opinion | None, on: date, rules: Rules, *, met: bool) -> None:
    """Refuse to rely on an opinion on a day, unless there is one that says of the test what is
    needed, given by that day and not too long before it."""
    if opinion is None:
        raise HealthOpinionMissing("Ask the appropriate health professional first.")
    if opinion.test_met is not met:
        said = "is" if opinion.test_met else "is not"
        raise HealthOpinionContrary(f"The opinion is that the serious harm test {said} met.")
    if opinion.dated > on:
        raise Invalid("An opinion was given on the day of the decision, or before.")
    until = rules.interval("health_opinion", opinion.dated).after(opinion.dated)
    if on > until:
        raise HealthOpinionOutdated(
            f"The opinion could be relied on until {day_in_words(until)}: ask again."
        )
