"""Searches: where it was looked for what is held, for what, and why no further.

    (requested) ---> searched ---> searched elsewhere ---> ...

A search is as wide as is reasonable and proportionate, and whoever limits it must be able to show
why (``facts.md`` 3.2).  What is in this record is found by the machine, each entry and each
document; a search is of what may lie elsewhere: mail, cupboards, other systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.access_requests import REVIEWERS, RequestCommand, changed
from send_records.aggregates.base import By, PupilEvent
from send_records.aggregates.values import Few, Flag, Name, Words
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class SearchLimitNotExplained(Invalid):
    """A search that was limited has its reason on record: the volume, the difficulty, what the
    requester asked for."""

    basis = "Data (Use and Access) Act 2025: a reasonable and proportionate search"


class SearchRecorded(PupilEvent):
    request_id: UUID
    where: str
    terms: tuple[str, ...]
    found: str
    limited: bool
    why_limited: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        request = pupil.access_requests.get(self.request_id)
        if request is None:
            return pupil
        return changed(pupil, self.request_id, searches=request.searches + 1)


class RecordSearch(RequestCommand):
    """Record one search for what a request asks for; there may be several.

    Not checked: that it was wide enough, which people judge.  What it found that belongs on the
    record is filed there: see ``documents``.
    """

    roles = REVIEWERS

    where: Words
    """Which system, mailbox or cupboard."""
    terms: Few[Name] = ()
    """By which words it was searched; none, if it was gone through by hand."""
    found: Words
    """How much, and what; or that there was nothing."""
    limited: Flag
    why_limited: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        if self.limited is (self.why_limited is None):
            raise SearchLimitNotExplained("Say why the search was limited, or that it was not.")
        return [
            SearchRecorded(
                **self.entry(pupil, by),
                request_id=request.id,
                where=self.where,
                terms=self.terms,
                found=self.found,
                limited=self.limited,
                why_limited=self.why_limited,
            )
        ]
