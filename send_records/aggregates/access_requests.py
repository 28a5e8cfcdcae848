"""Access requests: somebody asks to see what is held of a pupil, and has a month to be answered.

    requested ---> (identified, clarified, extended: ``access_clock``)
              ---> (searched: ``searches``) ---> (decided on, item by item: ``decisions``)
              ---> (prepared, approved: ``disclosures``, ``approvals``) ---> (``access_answers``)

UK GDPR Art 15: the right is the pupil's, and a parent may act on their behalf; it is asked for in
any form, spoken too; parents of an academy's pupils have no right of their own to the educational
record (``facts.md`` 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import (
    SENDCOS,
    Day,
    Flag,
    Name,
    Origin,
    Role,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

OFFICERS = frozenset({Role.DPO})
"""Who answers for the trust as controller (UK GDPR Art 39(1))."""

REVIEWERS = SENDCOS | {Role.DPO}
"""Who looks for what is held and through it: who keeps the record, and who answers for it."""


class ClarificationOf(StrEnum):
    """What had to be asked back."""

    IDENTITY = "identity"
    SCOPE = "scope"


@dataclass(frozen=True, slots=True)
class Pause:
    """A clarification that was sought, and the day it came; None while it is awaited."""

    of: ClarificationOf
    sought_on: date
    received_on: date | None = None


def requester(*, on_behalf: bool) -> Origin:
    """Return whom a request comes from: the pupil, or a parent who asks for them."""
    return Origin.PARENT if on_behalf else Origin.PUPIL


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One request, as its clock needs to know it."""

    id: UUID
    received_on: date
    on_behalf: bool
    identified: bool = False
    pauses: tuple[Pause, ...] = ()
    extended_by: int = 0
    """Months."""
    closed_on: date | None = None
    searches: int = 0
    """How many searches are on record."""
    by_responsibility: bool = False
    """Whether it is known to come from somebody with parental responsibility."""
    workers: frozenset[UUID] = frozenset()
    """Who decided on items of it, and so does not approve what is made of that."""

    @property
    def made_by(self) -> Origin:
        """Whom the request comes from."""
        return requester(on_behalf=self.on_behalf)

    def awaited_since(self, what: ClarificationOf) -> date | None:
        """Return the day on which something was asked back that has not been answered."""
        open_since = [p.sought_on for p in self.pauses if p.of is what and p.received_on is None]
        return max(open_since, default=None)

    def paused_days(self, on: date) -> int:
        """Return for how many days, until a day, the clock stood; days of two pauses count once."""
        days: set[date] = set()
        for pause in self.pauses:
            until = min(pause.received_on or on, on)
            length = (until - pause.sought_on).days
            days.update(pause.sought_on + timedelta(days=n) for n in range(length))
        return len(days)

    def first_due_on(self, on: date, rules: Rules) -> date:
        """Return the end of the first month, as it stands on a day (UK GDPR Art 12(3)).  Weekends
        and holidays do not move it here: to tell of an extension by then is safe by any reading."""
        month = rules.interval("subject_access", self.received_on)
        return month.after(self.received_on) + timedelta(days=self.paused_days(on))


class RequestClosed(RuleBroken):
    """A request is answered once, with a disclosure or a refusal."""


class RequesterNotIdentified(RuleBroken):
    """Nothing is disclosed until it is known who asks, and that they may."""

    basis = "UK GDPR Art 12(6) and 5(1)(f)"


def changed(pupil: Pupil, request_id: UUID, **changes: Any) -> Pupil:
    """Return the pupil with one request otherwise; unchanged if it is not known."""
    request = pupil.access_requests.get(request_id)
    if request is None:
        return pupil
    request = replace(request, **changes)
    return replace(pupil, access_requests={**pupil.access_requests, request.id: request})


def open_request(pupil: Pupil, request_id: UUID, on: date) -> AccessRequest:
    """Return a request that was received by a day and is not closed; raise NotFound, RequestClosed,
    or Invalid."""
    request = pupil.access_requests.get(request_id)
    if request is None:
        raise NotFound(f"The pupil has no access request {request_id}.")
    if request.closed_on is not None:
        raise RequestClosed(f"It was closed on {day_in_words(request.closed_on)}.")
    if on < request.received_on:
        raise Invalid(f"It was received on {day_in_words(request.received_on)}.")
    return request


class RequestCommand(Command):
    """What is recorded of one request, open also after the pupil left."""

    roles = OFFICERS
    after_leaving = True
    after_merging = True

    request_id: UUID

    def request(self, pupil: Pupil) -> AccessRequest:
        """Return the request, received by the day of the entry and not closed yet."""
        return open_request(pupil, self.request_id, self.occurred_on)


class SubjectAccessRequested(PupilEvent):
    request_id: UUID
    received_on: date
    requester: str
    on_behalf: bool
    how: str
    scope: str

    def apply(self, pupil: Pupil) -> Pupil:
        request = AccessRequest(self.request_id, self.received_on, self.on_behalf)
        return replace(pupil, access_requests={**pupil.access_requests, request.id: request})


class ReceiveAccessRequest(Command):
    """Record a request, in whatever form it came (UK GDPR Art 12 and 15).

    Not checked: that it is the first.  Who asks again is answered again, or refused."""

    roles = OFFICERS
    after_leaving = True
    after_merging = True

    origin: Origin = Origin.PARENT
    requester: Name
    on_behalf: Flag
    """Whether somebody asks for the pupil, and not the pupil."""
    how: Words
    scope: Words
    """What is asked for, in the requester's words."""
    received_on: Day | None = None
    """The day it came to anybody in the trust, from which it runs, if before this entry's."""

    def comes_from(self, pupil: Pupil) -> Origin:
        return requester(on_behalf=self.on_behalf)

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        received_on = self.received_on or self.occurred_on
        if received_on > self.occurred_on:
            raise Invalid("A request is received on the day of this entry, or before.")
        return [
            SubjectAccessRequested(
                **self.entry(pupil, by),
                request_id=by.new_id,
                received_on=received_on,
                requester=self.requester,
                on_behalf=self.on_behalf,
                how=self.how,
                scope=self.scope,
            )
        ]
