"""Decisions of the local authority that can be appealed, each by its ground and its letter.

    decided, by letter ---> mediated, appealed

A family may appeal to the First-tier Tribunal against six kinds of decision (Children and Families
Act 2014 s.51; ``facts.md`` 2.4); the letter's date opens the window in which it may.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By
from send_records.aggregates.days import require_past
from send_records.aggregates.values import day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class AppealGround(StrEnum):
    """What may be appealed against (Children and Families Act 2014 s.51(2))."""

    REFUSAL_TO_ASSESS = "refusal_to_assess"
    REFUSAL_TO_ISSUE = "refusal_to_issue"
    CONTENTS = "contents_of_plan"
    REFUSAL_TO_REASSESS = "refusal_to_reassess"
    REFUSAL_TO_AMEND = "refusal_to_amend"
    CEASING = "cease_to_maintain"


@dataclass(frozen=True, slots=True)
class LaDecision:
    """One decision that can be appealed."""

    ground: AppealGround
    letter_dated: date


class NothingToAppeal(RuleBroken):
    """Mediation and appeal are about a decision that can be appealed, and is on record."""

    basis = "Children and Families Act 2014 s.51 and s.52"


def require_letter(dated: date, came_on: date, by: By) -> None:
    """Refuse a letter dated on a day to come, or after the day on which it came."""
    require_past(dated, by)
    if dated > came_on:
        raise Invalid(f"A letter that came on {day_in_words(came_on)} is not dated later.")


def with_decision(pupil: Pupil, ground: AppealGround, letter_dated: date) -> Pupil:
    """Return the pupil with one more decision that can be appealed; a letter counts once."""
    decision = LaDecision(ground, letter_dated)
    if decision in pupil.la_decisions:
        return pupil
    return replace(pupil, la_decisions=(*pupil.la_decisions, decision))
