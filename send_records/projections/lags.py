"""From knowing to acting: what the trust knew of a pupil, when it knew it, and what it did.

The question of a tribunal and of an ombudsman.  Each thing that was known, by a concern, a need, an
agency's advice or a parent's worry, is followed by the first entry of each kind that came after it:
in time, and whether it was because of it is for a person to say.  An answer and a talk with parents
name their concern, and so count for that one alone.  Every line names its entry: its version, the
day it tells of, and the day it was recorded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from send_records.aggregates.agencies import AgencyAdviceReceived, AgencyReferred
from send_records.aggregates.annual_review_meetings import AnnualReviewHeld
from send_records.aggregates.assessments import AssessmentRecorded
from send_records.aggregates.attainments import ObservationRecorded
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.concern_answers import ConcernAnswered
from send_records.aggregates.concerns import ConcernDiscussedWithParents, ConcernRaised
from send_records.aggregates.ehc_requests import EhcAssessmentRequested
from send_records.aggregates.monitoring import MonitoringStarted
from send_records.aggregates.needs import NeedIdentified
from send_records.aggregates.notices import NoticeGiven
from send_records.aggregates.plans import PlanDrafted
from send_records.aggregates.provision import ProvisionStarted
from send_records.aggregates.register import AddedToSendRegister
from send_records.aggregates.reviews import ReviewHeld
from send_records.aggregates.values import day_in_london
from send_records.aggregates.voices import ParentVoiceRecorded
from send_records.projections.telling import detail_of


class KnownBy(StrEnum):
    """How the trust came to know something."""

    CONCERN = "concern"
    NEED = "need"
    ADVICE = "agency_advice"
    PARENT = "parent_worry"


class Step(StrEnum):
    """What may be done about it."""

    PARENTS_SPOKEN_TO = "parents_spoken_to"
    CONCERN_ANSWERED = "concern_answered"
    MONITORED = "monitoring_started"
    ASSESSED = "assessed"
    NEED_IDENTIFIED = "need_identified"
    REFERRED = "agency_referred"
    PARENTS_TOLD = "notice_given"
    REGISTERED = "added_to_register"
    PLANNED = "plan_drafted"
    PROVIDED = "provision_started"
    REVIEWED = "review_held"
    EHC_REQUESTED = "ehc_assessment_requested"


OF_ONE_CONCERN = {Step.PARENTS_SPOKEN_TO, Step.CONCERN_ANSWERED}
STEPS: dict[type[DomainEvent], Step] = {
    ConcernDiscussedWithParents: Step.PARENTS_SPOKEN_TO,
    ConcernAnswered: Step.CONCERN_ANSWERED,
    MonitoringStarted: Step.MONITORED,
    AssessmentRecorded: Step.ASSESSED,
    ObservationRecorded: Step.ASSESSED,
    NeedIdentified: Step.NEED_IDENTIFIED,
    AgencyReferred: Step.REFERRED,
    NoticeGiven: Step.PARENTS_TOLD,
    AddedToSendRegister: Step.REGISTERED,
    PlanDrafted: Step.PLANNED,
    ProvisionStarted: Step.PROVIDED,
    ReviewHeld: Step.REVIEWED,
    AnnualReviewHeld: Step.REVIEWED,
    EhcAssessmentRequested: Step.EHC_REQUESTED,
}
"""Which step an entry of a kind is."""


@dataclass(frozen=True, slots=True)
class EntryNamed:
    """An entry, so that it is found again: in the history, and in an extract."""

    version: int
    event: str
    occurred_on: date
    recorded_on: date
    days_late: int
    role: str
    corrected: bool
    """Whether it was put right since it was recorded."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The first entry of its kind that came after something was known."""

    step: Step
    entry: EntryNamed
    days_from_noticing: int
    days_from_recording: int
    """Below nothing where it was done before what was known was entered."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was in place already, and did not come again: the last entry of its kind."""

    step: Step
    entry: EntryNamed


@dataclass(frozen=True, slots=True)
class Known:
    """Something that the trust knew, and what came of it."""

    known_by: KnownBy
    noticed_on: date
    """When somebody noticed; of what came from outside, when it came."""
    entry: EntryNamed
    detail: str
    followed: list[Followed]
    """In the order in which it was done."""
    before: list[Before]
    not_on_record: list[Step]
    """Of what there is no entry, before or after."""


@dataclass(frozen=True, slots=True)
class Lag:
    """What was known of a pupil, and what was done, from the first thing known."""

    version: int
    """The pupil's version that it was read at."""
    first_noticed_on: date | None
    first_recorded_on: date | None
    known: list[Known]


def lag_in(
    events: Iterable[DomainEvent], corrected: Collection[int] = (), steps: Iterable[Step] = Step
) -> Lag:
    """Return what was known, when, and what followed, of one pupil's recorded events as they read;
    some versions are of entries that were put right.  Of no other step is it said what it was, nor
    that it is not on record."""
    record = sorted(
        (event for event in events if event.recorded_at is not None),
        key=lambda event: (event.occurred_on, event.originator_version),
    )
    taken = _taken_in(record)
    known = sorted(
        (_known(*learnt, taken, corrected, set(steps)) for learnt in _learnt(record)),
        key=lambda each: (each.noticed_on, each.entry.version),
    )
    return Lag(
        version=max((event.originator_version for event in record), default=0),
        first_noticed_on=min((each.noticed_on for each in known), default=None),
        first_recorded_on=min((each.entry.recorded_on for each in known), default=None),
        known=known,
    )


def _learnt(record: Sequence[DomainEvent]) -> Iterator[tuple[DomainEvent, KnownBy, date]]:
    """Yield the entries by which something came to be known, and since when it was."""
    for event in record:
        if isinstance(event, ConcernRaised):
            yield event, KnownBy.CONCERN, min(event.noticed_on, event.occurred_on)
        elif isinstance(event, NeedIdentified):
            yield event, KnownBy.NEED, event.occurred_on
        elif isinstance(event, AgencyAdviceReceived):
            yield event, KnownBy.ADVICE, event.occurred_on
        elif isinstance(event, ParentVoiceRecorded) and event.worries:
            yield event, KnownBy.PARENT, event.occurred_on


Taken = Mapping[tuple[Step, UUID | None], Sequence[DomainEvent]]
"""The entries by which each step was taken, as they happened: for one concern, or for any."""


def _taken_in(record: Iterable[DomainEvent]) -> Taken:
    """Return by which entries which steps were taken: sought out once for all that was known."""
    taken = defaultdict[tuple[Step, UUID | None], list[DomainEvent]](list)
    for event in record:
        if step := STEPS.get(type(event)):
            taken[_of(event, step)].append(event)
    return taken


def _of(event: DomainEvent, step: Step) -> tuple[Step, UUID | None]:
    return step, getattr(event, "concern_id", None) if step in OF_ONE_CONCERN else None


def _known(
    learnt: DomainEvent, by: KnownBy, noticed_on: date, taken_in: Taken,
    corrected: Collection[int], steps: Collection[Step],
) -> Known:  # fmt: skip
    entry = named(learnt, corrected)
    followed, before, missing = list[Followed](), list[Before](), list[Step]()
    for step in filter(steps.__contains__, _steps_after(by)):
        taken = taken_in.get(_of(learnt, step), ())
        before_it = bisect_left(taken, noticed_on, key=attrgetter("occurred_on"))
        if before_it < len(taken):
            first = named(taken[before_it], corrected)
            followed.append(
                Followed(
                    step,
                    first,
                    days_from_noticing=(first.occurred_on - noticed_on).days,
                    days_from_recording=(first.occurred_on - entry.recorded_on).days,
                )
            )
        elif taken:
            before.append(Before(step, named(taken[-1], corrected)))
        else:
            missing.append(step)
    followed.sort(key=lambda each: (each.entry.occurred_on, each.entry.version))
    return Known(by, noticed_on, entry, detail_of(learnt), followed, before, missing)


def _steps_after(by: KnownBy) -> Iterator[Step]:
    """Yield the steps that may follow: a concern alone is answered, and a need is one already."""
    for step in Step:
        if step in OF_ONE_CONCERN and by is not KnownBy.CONCERN:
            continue
        if step is Step.NEED_IDENTIFIED and by is KnownBy.NEED:
            continue
        yield step


def named(event: DomainEvent, corrected: Collection[int] = ()) -> EntryNamed:
    """Return the name of an entry that was recorded."""
    if event.recorded_at is None:
        raise ValueError("It was not recorded.")
    recorded_on = day_in_london(event.recorded_at)
    return EntryNamed(
        version=event.originator_version,
        event=type(event).__name__,
        occurred_on=event.occurred_on,
        recorded_on=recorded_on,
        days_late=max(0, (recorded_on - event.occurred_on).days),
        role=event.metadata.recorded_by.role,
        corrected=event.originator_version in corrected,
    )
