"""One-page profiles: what whoever meets a pupil should know first, in positive words.

    written ---> written anew, each term and at each transition

What people like and admire about me, what is important to me, how best to support me: policy s.11
asks for it, ``facts.md`` 6.6 says what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.consents import Purpose, agreement_in_force
from send_records.aggregates.values import STAFF, Day, Few, Flag, Name, Origin, Some, Words
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class MoreThanOnePage(Invalid):
    """A one-page profile is one A4 page, so that it is read."""

    basis = "SEND policy s.11 (one-page profiles)"


class OnePageProfileWritten(PupilEvent):
    profile_version: int
    like_and_admire: tuple[str, ...]
    important_to: tuple[str, ...]
    how_to_support: tuple[str, ...]
    goals: tuple[str, ...]
    worries: tuple[str, ...]
    communication: tuple[str, ...]
    interests: tuple[str, ...]
    authors: tuple[str, ...]
    photo_agreement_given_on: date | None
    """When parents agreed to the photograph that it bears; None if it bears none."""
    review_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, profiles=pupil.profiles + 1)


class WriteOnePageProfile(Command):
    """Record the profile as it reads from now on, whole; earlier versions are kept.

    A photograph on it needs the parents' agreement in force (``Purpose.PHOTOGRAPH``).
    Not checked: who the authors are.  It is written with the pupil, who may show rather than say.
    """

    roles = STAFF

    origin: Origin = Origin.PUPIL
    like_and_admire: Some[Words]
    important_to: Some[Words]
    how_to_support: Some[Words]
    goals: Few[Words] = ()
    worries: Few[Words] = ()
    communication: Few[Words] = ()
    interests: Few[Words] = ()
    authors: Few[Name] = ()
    """Who wrote it, besides whoever records it."""
    photo: Flag = False
    review_on: Day | None = None
    """A term on, unless another day is set."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        self._require_one_page(by)
        agreed = None
        if self.photo:
            agreed = agreement_in_force(pupil, Purpose.PHOTOGRAPH, None, self.occurred_on).given_on
        return [
            OnePageProfileWritten(
                **self.entry(pupil, by),
                profile_version=pupil.profiles + 1,
                like_and_admire=self.like_and_admire,
                important_to=self.important_to,
                how_to_support=self.how_to_support,
                goals=self.goals,
                worries=self.worries,
                communication=self.communication,
                interests=self.interests,
                authors=self.authors,
                photo_agreement_given_on=agreed,
                review_on=self._review_day(by),
            )
        ]

    def _require_one_page(self, by: By) -> None:
        parts = (
            *(self.like_and_admire, self.important_to, self.how_to_support),
            *(self.goals, self.worries, self.communication, self.interests),
        )
        written = sum(len(line) for part in parts for line in part)
        most = by.rules.limit("one_page_profile_characters", self.occurred_on).most
        if written > most:
            raise MoreThanOnePage(f"Use {most:,} characters in all: there are {written:,}.")

    def _review_day(self, by: By) -> date:
        if self.review_on is None:
            interval = by.rules.interval("one_page_profile_review", self.occurred_on)
            return interval.after(self.occurred_on)
        if self.review_on <= self.occurred_on:
            raise Invalid("Set the review after the day of this entry.")
        return self.review_on
