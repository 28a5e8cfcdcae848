"""What is noted of a pupil to see what is missing: the facts that a gap begins or ends with.

Noted in the order in which they were recorded, and looked at in the order in which they happened:
so an entry that comes late closes a gap as from the day it tells of, and the same list answers for
any day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from send_records.aggregates.agencies import AgencyInvolved, AgencyInvolvementEnded
from send_records.aggregates.annual_review_meetings import AnnualReviewHeld
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.consents import (
    ParentalAgreementGiven,
    ParentalAgreementRefused,
    ParentalAgreementWithdrawn,
    Purpose,
)
from send_records.aggregates.enrolment import PupilLeft, PupilReadmitted
from send_records.aggregates.merging import RecordMergedInto
from send_records.aggregates.monitoring import (
    MonitoringEnded,
    MonitoringReviewed,
    MonitoringStarted,
)
from send_records.aggregates.notices import NoticeGiven, NoticeOf
from send_records.aggregates.plans import (
    PlanAgreed,
    PlanAmended,
    PlanDrafted,
    PlanEnded,
    PlanSuperseded,
)
from send_records.aggregates.register import (
    AddedToSendRegister,
    RemovedFromSendRegister,
    SupportLevelChanged,
)
from send_records.aggregates.reviews import ReviewHeld, TargetReviewed
from send_records.aggregates.values import day_in_london
from send_records.aggregates.voices import ParentVoiceRecorded, PupilVoiceRecorded, Voice
from send_records.rules import shipped_rules

E = TypeVar("E", bound=DomainEvent)

RELIED_ON = ("late_entry", "monitoring_review", "parental_agreement")
"""The intervals of the rules that gaps follow from; every other day is frozen in an event."""

LATE = "entry made late"
"""The fact that an entry came late; no event says so."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened: as much of an event as the gaps need."""

    event: str
    on: date
    position: int
    what: str | None = None
    """The plan, the level, the agency or the notice that it is about."""
    until: date | None = None
    """The day that it sets: of the next review, of an agreement's end, of an entry's recording."""
    parts: tuple[str, ...] = ()
    """The targets of a plan, or the voices in a review."""


@dataclass(frozen=True, slots=True)
class GapsState:
    """What is noted of one pupil, in the order in which it was recorded."""

    pupil_id: UUID
    facts: tuple[Fact, ...] = ()
    late_entry: UUID | None = None
    """The entry last found late: the events of one entry are late once."""


def matters(event: DomainEvent) -> bool:
    """Return whether an event is noted."""
    return type(event) in NOTED or is_late(event)


def is_late(event: DomainEvent) -> bool:
    """Return whether an event was recorded later than the rules give for an entry."""
    if event.recorded_at is None:
        return False
    return day_in_london(event.recorded_at) > last_day_for(event.occurred_on)


@lru_cache(maxsize=4096)
def last_day_for(day: date) -> date:
    """Return until when what happened on a day is recorded in time."""
    return shipped_rules().interval("late_entry", day).after(day)


def noted(state: GapsState, event: DomainEvent) -> GapsState:
    """Return the state with what an event says."""
    position = event.position
    if position is None or event.recorded_at is None:
        return state  # not recorded, so not part of the story
    entry = event.metadata.command_id
    if is_late(event) and entry != state.late_entry:
        recorded_on = day_in_london(event.recorded_at)
        late = Fact(LATE, event.occurred_on, position, until=recorded_on)
        state = replace(state, facts=(*state.facts, late), late_entry=entry)
    note = NOTED.get(type(event))
    if note is None:
        return state
    facts = [Fact(_name(event), event.occurred_on, position, **said) for said in note(event)]
    if isinstance(event, SupportLevelChanged) and event.parents_informed_on is not None:
        told = event.parents_informed_on
        facts.append(Fact(NoticeGiven.__name__, told, position, NoticeOf.SUPPORT_LEVEL))
    return replace(state, facts=(*state.facts, *facts))


def _name(event: DomainEvent) -> str:
    """Return what a fact is known by: nothing more is to be closed in a record that was merged into
    another, as in one of a pupil who left."""
    return (PupilLeft if isinstance(event, RecordMergedInto) else type(event)).__name__


def fingerprint() -> str:
    """Return what the rows of the rules that gaps follow from are known by: otherwise if any is."""
    rows = [row for row in shipped_rules().intervals if row.name in RELIED_ON]
    return sha256(repr(rows).encode()).hexdigest()[:32]


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts in the order in which they happened, then were recorded."""
    return sorted(facts, key=lambda fact: (fact.on, fact.position))


Said = dict[str, Any]
Note = Callable[[Any], list[Said]]


def _on(kind: type[E], note: Callable[[E], list[Said]]) -> tuple[type[DomainEvent], Note]:
    """Return what is noted of an event of a kind, for the table below; both are of one type."""
    return kind, note


def _that(_: DomainEvent) -> list[Said]:
    return [{}]


def _plan(event: PlanDrafted | PlanAmended) -> list[Said]:
    refs = tuple(target.ref for target in event.targets)
    return [{"what": str(event.plan_id), "until": event.review_on, "parts": refs}]


def _annual(
    event: ParentalAgreementGiven | ParentalAgreementRefused | ParentalAgreementWithdrawn,
) -> list[Said]:
    """Note the answer of a year; an answer that was a no holds as long: parents were asked."""
    if event.purpose is not Purpose.ANNUAL:
        return []
    if isinstance(event, ParentalAgreementGiven):
        return [{"until": event.expires_on}]
    return [{"until": _after("parental_agreement", event.occurred_on)}]


def _review(event: ReviewHeld | AnnualReviewHeld) -> list[Said]:
    """Note the voices in a review, or why they are not; an annual one sets no day for a plan's."""
    heard = {
        Voice.PUPIL: event.pupil_voice or event.pupil_voice_missing_because,
        Voice.PARENT: event.parent_voice or event.parent_voice_missing_because,
    }
    voices = tuple(str(voice) for voice, said in heard.items() if said)
    due = event.next_review_on if isinstance(event, ReviewHeld) else None
    return [{"until": due, "parts": voices}]


def _monitored(event: MonitoringReviewed) -> list[Said]:
    """Note when the next review is due: half a term on, where a next step left the day open."""
    due = event.next_review_on or _after("monitoring_review", event.occurred_on)
    return [{"until": due}]


def _after(interval: str, day: date) -> date:
    return shipped_rules().interval(interval, day).after(day)


NOTED: dict[type[DomainEvent], Note] = dict(
    [
        _on(PlanDrafted, _plan),
        _on(PlanAmended, _plan),
        _on(PlanAgreed, lambda e: [{"what": str(e.plan_id)}]),
        _on(PlanSuperseded, lambda e: [{"what": str(e.plan_id)}]),
        _on(PlanEnded, lambda e: [{"what": str(e.plan_id)}]),
        _on(TargetReviewed, lambda e: [{"what": str(e.plan_id), "parts": (e.ref,)}]),
        _on(ReviewHeld, _review),
        _on(AnnualReviewHeld, _review),
        _on(PupilVoiceRecorded, _that),
        _on(ParentVoiceRecorded, _that),
        _on(MonitoringStarted, lambda e: [{"until": e.next_review_on}]),
        _on(MonitoringReviewed, _monitored),
        _on(MonitoringEnded, _that),
        _on(AddedToSendRegister, lambda e: [{"what": str(e.level)}]),
        _on(
            SupportLevelChanged,
            lambda e: [{"what": str(e.to_level), "until": e.parents_informed_on}],
        ),
        _on(RemovedFromSendRegister, _that),
        _on(AgencyInvolved, lambda e: [{"what": e.agency}]),
        _on(AgencyInvolvementEnded, lambda e: [{"what": e.agency}]),
        _on(ParentalAgreementGiven, _annual),
        _on(ParentalAgreementRefused, _annual),
        _on(ParentalAgreementWithdrawn, _annual),
        _on(NoticeGiven, lambda e: [{"what": str(e.notice_of)}]),
        _on(PupilLeft, _that),
        _on(RecordMergedInto, _that),
        _on(PupilReadmitted, _that),
    ]
)
"""What is noted of each kind of event; the others are noted only when they come late."""

ONE_DAY = timedelta(days=1)


def day_after(day: date | None) -> date | None:
    """Return the day after a day: on which what was to be by that day is missing."""
    return None if day is None else day + ONE_DAY
