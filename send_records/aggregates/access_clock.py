"""The access clock: who asks, what had to be asked back, and how much longer it takes.

    (requested) ---> clarification sought ---> received
                     requester identified
                     deadline extended

An answer is due one month after the request, and up to two months later if it is complex or one of
many, of which the requester is told within the first month (UK GDPR Art 12(3)).  What had to be
asked back stops the clock until it comes (Data (Use and Access) Act 2025 s.76: ``facts.md`` 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.access_requests import (
    ClarificationOf,
    Pause,
    RequestCommand,
    changed,
)
from send_records.aggregates.base import By, PupilEvent
from send_records.aggregates.contacts import Party, party, responsible_party
from send_records.aggregates.values import Count, Origin, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Authority(StrEnum):
    """By what right somebody asks."""

    PUPIL = "the_pupil"
    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    PUPILS_CONSENT = "consent_of_the_pupil"
    COURT = "court_or_deputy"


class ClarificationAlreadySought(RuleBroken):
    """One clarification of a kind is awaited at a time: the clock cannot be stopped twice."""


class ClarificationNotSought(RuleBroken):
    """What was not asked cannot be answered."""


class DeadlineAlreadyExtended(RuleBroken):
    """The deadline is extended once, by two months at most."""

    basis = "UK GDPR Art 12(3)"


class ExtensionToldTooLate(RuleBroken):
    """The requester is told of an extension, and why, within the first month."""

    basis = "UK GDPR Art 12(3)"


class ClarificationSought(PupilEvent):
    request_id: UUID
    of: ClarificationOf
    question: str
    how: str

    def apply(self, pupil: Pupil) -> Pupil:
        request = pupil.access_requests.get(self.request_id)
        if request is None:
            return pupil
        pauses = (*request.pauses, Pause(self.of, self.occurred_on))
        return changed(pupil, self.request_id, pauses=pauses)


class SeekClarification(RequestCommand):
    """Ask the requester who they are, or what they want to see; the clock stops until it comes.

    Not checked: that it had to be asked, and soon, which the trust must be able to show.
    """

    of: ClarificationOf
    question: Words
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        if request.awaited_since(self.of) is not None:
            raise ClarificationAlreadySought(f"The answer about {self.of} is awaited already.")
        return [
            ClarificationSought(
                **self.entry(pupil, by),
                request_id=request.id,
                of=self.of,
                question=self.question,
                how=self.how,
            )
        ]


class ClarificationReceived(PupilEvent):
    request_id: UUID
    of: ClarificationOf
    answer: str

    def apply(self, pupil: Pupil) -> Pupil:
        request = pupil.access_requests.get(self.request_id)
        if request is None:
            return pupil
        pauses = tuple(
            replace(pause, received_on=self.occurred_on)
            if pause.of is self.of and pause.received_on is None
            else pause
            for pause in request.pauses
        )
        return changed(pupil, self.request_id, pauses=pauses)


class ReceiveClarification(RequestCommand):
    """Record what the requester answered; the clock runs on from that day."""

    origin: Origin = Origin.PARENT
    of: ClarificationOf
    answer: Words

    def comes_from(self, pupil: Pupil) -> Origin:
        return self.request(pupil).made_by

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        since = self.request(pupil).awaited_since(self.of)
        if since is None:
            raise ClarificationNotSought(f"Nothing about {self.of} is awaited.")
        if self.occurred_on < since:
            raise Invalid(f"It was asked on {day_in_words(since)}.")
        return [
            ClarificationReceived(
                **self.entry(pupil, by), request_id=self.request_id, of=self.of, answer=self.answer
            )
        ]


class RequesterIdentified(PupilEvent):
    request_id: UUID
    evidence: str
    authority: Authority
    contact: Party | None
    reasoning: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        responsible = self.authority is Authority.PARENTAL_RESPONSIBILITY
        return changed(pupil, self.request_id, identified=True, by_responsibility=responsible)


class IdentifyRequester(RequestCommand):
    """Record how it is known who asks, and by what right they may (``facts.md`` 3.1).

    A parent acts on the pupil's behalf, so why that is right is recorded: the pupil's maturity and
    views, court orders, what would follow for the child.  No age decides it in England.  If the
    identity was asked for, this is its answer.
    """

    evidence: Words
    """What was seen or asked; not a copy of it."""
    authority: Authority
    contact_id: UUID | None = None
    reasoning: Words | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> IdentifyRequester:
        responsible = self.authority is Authority.PARENTAL_RESPONSIBILITY
        if responsible and (self.contact_id is None or self.reasoning is None):
            raise ValueError("Name the contact, and why they may act for the pupil")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        if request.on_behalf is (self.authority is Authority.PUPIL):
            raise Invalid("The pupil asks, or somebody on their behalf: not both.")
        contact = self._contact(pupil)
        events: list[PupilEvent] = []
        if request.awaited_since(ClarificationOf.IDENTITY) is not None:
            said = self.model_dump(include={*RequestCommand.model_fields}, exclude_unset=True)
            answer = ReceiveClarification(**said, of=ClarificationOf.IDENTITY, answer=self.evidence)
            for event in answer.decide(pupil, by):
                events.append(event)
                pupil = event.mutate(pupil)
        identified = RequesterIdentified(
            **self.entry(pupil, by),
            request_id=request.id,
            evidence=self.evidence,
            authority=self.authority,
            contact=contact,
            reasoning=self.reasoning,
        )
        return [*events, identified]

    def _contact(self, pupil: Pupil) -> Party | None:
        if self.contact_id is None:
            return None
        responsible = self.authority is Authority.PARENTAL_RESPONSIBILITY
        return (responsible_party if responsible else party)(pupil, self.contact_id)


class DeadlineExtended(PupilEvent):
    request_id: UUID
    months: int
    why: str
    how: str
    first_due_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        return changed(pupil, self.request_id, extended_by=self.months)


class ExtendDeadline(RequestCommand):
    """Record, on the day the requester was told, that the answer takes one or two months more.

    UK GDPR Art 12(3): where the request is complex, or there are many; told within the first month.
    """

    months: Count
    why: Words
    how: Words
    """How the requester was told."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        if request.extended_by:
            raise DeadlineAlreadyExtended(f"By {request.extended_by} months already.")
        most = by.rules.interval("subject_access_extension", request.received_on).months
        if not 1 <= self.months <= most:
            raise Invalid(f"Extend it by 1 to {most} months.")
        first_due_on = request.first_due_on(self.occurred_on, by.rules)
        if self.occurred_on > first_due_on:
            raise ExtensionToldTooLate(f"It had to be told by {day_in_words(first_due_on)}.")
        return [
            DeadlineExtended(
                **self.entry(pupil, by),
                request_id=request.id,
                months=self.months,
                why=self.why,
                how=self.how,
                first_due_on=first_due_on,
            )
        ]
