"""The chronology: each pupil's story, in the order in which it happened.

Policy s.11 asks for "a chronology which shows evidence of the assess, plan, do, review process".
Each event is one row: when it happened, when it was recorded, by whom, in which phase; a row that
was recorded later than it happened says by how many days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from send_records.aggregates import (
    agencies,
    assessments,
    concerns,
    consents,
    contacts,
    details,
    monitoring,
    needs,
    plans,
    pupil,
    register,
    retention,
    reviews,
    voices,
)
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import day_in_london, day_in_words
from send_records.projections.base import Key, Projection
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED

E = TypeVar("E", bound=DomainEvent)


class Phase(StrEnum):
    """The four-part cycle (Code of Practice 6.44), and what keeps the record itself."""

    ASSESS = "assess"
    PLAN = "plan"
    DO = "do"
    REVIEW = "review"
    RECORD = "record"


PHASES: dict[str, Phase] = {
    concerns.__name__: Phase.ASSESS,
    monitoring.__name__: Phase.ASSESS,
    assessments.__name__: Phase.ASSESS,
    needs.__name__: Phase.ASSESS,
    agencies.__name__: Phase.ASSESS,
    register.__name__: Phase.PLAN,
    plans.__name__: Phase.PLAN,
    consents.__name__: Phase.PLAN,
    reviews.__name__: Phase.REVIEW,
    voices.__name__: Phase.REVIEW,
    pupil.__name__: Phase.RECORD,
    details.__name__: Phase.RECORD,
    contacts.__name__: Phase.RECORD,
    retention.__name__: Phase.RECORD,
}
"""The phase of each kind of record; those below differ from their kind."""

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    monitoring.MonitoringStarted: Phase.DO,
    monitoring.MonitoringReviewed: Phase.REVIEW,
    monitoring.MonitoringEnded: Phase.REVIEW,
    agencies.AgencyReferred: Phase.DO,
    agencies.AgencyInvolved: Phase.DO,
    agencies.AgencyInvolvementEnded: Phase.REVIEW,
    register.RemovedFromSendRegister: Phase.REVIEW,
    plans.PlanShared: Phase.DO,
    plans.PlanEnded: Phase.REVIEW,
}


@dataclass(frozen=True, slots=True)
class ChronologyRow:
    """One event; see the comments on the table's columns."""

    position: int
    pupil_id: UUID
    version: int
    entry_id: UUID
    event: str
    phase: str
    occurred_on: date
    recorded_at: datetime
    days_late: int
    recorded_by: str = field(metadata=SEALED)
    role: str
    academy: str | None
    detail: str = field(metadata=SEALED)
    reason: str | None = field(metadata=SEALED)
    data_class: str = field(metadata=SEALED)
    origin: str = field(metadata=SEALED)


class Chronology(Projection[ChronologyRow]):
    """What was recorded, one row an event."""

    name = "chronology"
    row = ChronologyRow
    key = "position"
    row_an_event = True

    def key_of(self, event: DomainEvent) -> Key:
        return event.position

    def project(self, row: ChronologyRow | None, event: DomainEvent) -> ChronologyRow | None:
        if event.position is None or event.recorded_at is None:
            return row  # not recorded, so not part of the story
        recorded_on = day_in_london(event.recorded_at)
        who = event.metadata.recorded_by
        return ChronologyRow(
            position=event.position,
            pupil_id=event.originator_id,
            version=event.originator_version,
            entry_id=event.metadata.command_id,
            event=type(event).__name__,
            phase=phase_of(event),
            occurred_on=event.occurred_on,
            recorded_at=event.recorded_at,
            days_late=max(0, (recorded_on - event.occurred_on).days),
            recorded_by=who.name,
            role=who.role,
            academy=who.academy,
            detail=detail_of(event),
            reason=event.reason,
            data_class=event.data_class,
            origin=event.origin,
        )


def phase_of(event: DomainEvent) -> Phase:
    """Return the part of assess, plan, do, review that an event is evidence of."""
    return PHASES_OF_THEIR_OWN.get(type(event), PHASES[type(event).__module__])


Words = Callable[[E], str]


def _of(kind: type[E], words: Words[E]) -> tuple[type[DomainEvent], Words[Any]]:
    """Return what an event of a kind says, for the table below; both are of one type."""
    return kind, words


def _contact(event: contacts.ContactRecorded) -> str:
    return f"{event.contact.name}, {event.contact.relationship}"


def _questionnaire(event: concerns.ConcernQuestionnaireCompleted) -> str:
    marked = Counter(statement.score for statement in event.statements)
    return ", ".join(f"{in_plain_words(score)} {n}" for score, n in marked.items())


def _assessment(event: assessments.AssessmentRecorded) -> str:
    scores = ", ".join(f"{score.name} {score.value}" for score in event.scores)
    return f"{event.tool} ({event.edition}): {scores}"


def _given(event: consents.ParentalAgreementGiven) -> str:
    until = f"until {day_in_words(event.expires_on)}"
    return _coded(event.purpose, event.given_by.name, until)


def _level_change(event: register.SupportLevelChanged) -> str:
    change = f"{in_plain_words(event.from_level)} to {in_plain_words(event.to_level)}"
    return _joined(change, event.why)


def _plan(event: plans.PlanDrafted | plans.PlanAmended) -> str:
    targets = "; ".join(f"{target.ref} {target.text}" for target in event.targets)
    return _joined(f"Review on {day_in_words(event.review_on)}", targets)


def _circumstances(event: details.CircumstancesRecorded) -> str:
    said = {name: getattr(event, name) for name in CIRCUMSTANCES}
    return ", ".join(
        f"{in_plain_words(name)}: {'yes' if value else 'no'}"
        for name, value in said.items()
        if value is not None
    )


def _names(people: tuple[contacts.Party, ...]) -> str:
    return ", ".join(person.name for person in people)


CIRCUMSTANCES = [
    name
    for name in details.CircumstancesRecorded.model_fields
    if name not in DomainEvent.model_fields
]

ABBREVIATIONS = {"send", "sen", "ehc", "ehcp", "eal", "ip"}


def in_plain_words(code: str) -> str:
    """Return a code as people write it: annual_send_agreement is "annual SEND agreement"."""
    words = code.split("_")
    return " ".join(word.upper() if word in ABBREVIATIONS else word for word in words)


def _joined(*parts: str | None) -> str:
    return "; ".join(part.rstrip(".") for part in parts if part)


def _coded(code: str, *parts: str | None) -> str:
    return _joined(in_plain_words(code), *parts)


DETAILS: dict[type[DomainEvent], Words[Any]] = dict(
    [
        _of(pupil.PupilAdmitted, lambda e: f"{e.academy}, year {e.nc_year}"),
        _of(pupil.PupilMovedAcademy, lambda e: f"From {e.from_academy} to {e.to_academy}"),
        _of(pupil.PupilLeft, lambda e: _joined(e.destination, e.why)),
        _of(pupil.PupilReadmitted, lambda e: f"Year {e.nc_year}"),
        _of(details.YearGroupChanged, lambda e: f"Year {e.nc_year}"),
        _of(details.CircumstancesRecorded, _circumstances),
        _of(contacts.ContactRecorded, _contact),
        _of(contacts.ContactAmended, _contact),
        _of(concerns.ConcernRaised, lambda e: e.description),
        _of(
            concerns.ConcernDiscussedWithParents,
            lambda e: _joined(_names(e.discussed_with), e.parent_comment),
        ),
        _of(concerns.ConcernQuestionnaireCompleted, _questionnaire),
        _of(concerns.ConcernAnswered, lambda e: _coded(e.decision, e.why)),
        _of(concerns.ConcernClosed, lambda e: in_plain_words(e.outcome)),
        _of(monitoring.MonitoringStarted, lambda e: e.focus),
        _of(monitoring.MonitoringReviewed, lambda e: _coded(e.outcome, e.summary)),
        _of(monitoring.MonitoringEnded, lambda e: in_plain_words(e.outcome)),
        _of(assessments.AssessmentRecorded, _assessment),
        _of(assessments.AttainmentRecorded, lambda e: f"{e.subject}: {e.result} ({e.scale})"),
        _of(assessments.ObservationRecorded, lambda e: _joined(e.setting, e.observed)),
        _of(needs.NeedIdentified, lambda e: f"{e.label}, rank {e.rank}"),
        _of(needs.NeedReranked, lambda e: f"{e.sen_type}, rank {e.rank}"),
        _of(needs.NeedEnded, lambda e: _joined(e.sen_type, e.why)),
        _of(agencies.AgencyReferred, lambda e: _coded(e.agency, e.question)),
        _of(agencies.AgencyInvolved, lambda e: _coded(e.agency, e.professional)),
        _of(agencies.AgencyAdviceReceived, lambda e: _coded(e.agency, e.summary)),
        _of(agencies.AgencyInvolvementEnded, lambda e: _coded(e.agency, e.why)),
        _of(consents.ParentalAgreementSought, lambda e: _coded(e.purpose, _names(e.sought_from))),
        _of(consents.ParentalAgreementGiven, _given),
        _of(
            consents.ParentalAgreementRefused,
            lambda e: _coded(e.purpose, e.refused_by.name, e.why),
        ),
        _of(
            consents.ParentalAgreementWithdrawn,
            lambda e: _coded(e.purpose, e.withdrawn_by.name, e.why),
        ),
        _of(consents.NoticeGiven, lambda e: _coded(e.notice_of, _names(e.told), e.how)),
        _of(register.AddedToSendRegister, lambda e: _coded(e.level, e.why)),
        _of(register.SupportLevelChanged, _level_change),
        _of(
            register.RemovedFromSendRegister,
            lambda e: _coded(e.criterion, f"review of {day_in_words(e.review_on)}"),
        ),
        _of(plans.PlanDrafted, _plan),
        _of(plans.PlanAmended, _plan),
        _of(plans.PlanAgreed, lambda e: _names(e.agreed_with)),
        _of(
            plans.PlanShared,
            lambda e: _joined(", ".join(map(in_plain_words, e.shared_with)), e.how),
        ),
        _of(
            reviews.TargetReviewed,
            lambda e: _joined(e.ref, in_plain_words(e.outcome), e.evidence),
        ),
        _of(reviews.ReviewHeld, lambda e: _coded(e.kind, e.impact, e.next_steps)),
        _of(
            reviews.ReviewScheduled,
            lambda e: _coded(e.kind, f"for {day_in_words(e.planned_on)}"),
        ),
        _of(voices.PupilVoiceRecorded, lambda e: _joined(e.likes, e.hard, e.helps, e.hopes)),
        _of(
            voices.ParentVoiceRecorded,
            lambda e: _joined(e.given_by.name, e.going_well, e.worries, e.hopes),
        ),
        _of(retention.RetentionClassAssigned, lambda e: e.rule.citation),
        _of(retention.LegalHoldPlaced, lambda e: _coded(e.kind, e.why)),
        _of(retention.LegalHoldReleased, lambda e: _coded(e.kind, e.why)),
    ]
)
"""What each kind of event says; those not named say why, if they have a reason of their own."""


def detail_of(event: DomainEvent) -> str:
    """Return what the event says, in its own words and codes; "" where its name says it all."""
    words = DETAILS.get(type(event))
    return words(event) if words else getattr(event, "why", "")


def chronology_page(
    views: Views, pupil_id: UUID, *, after: int | None, limit: int
) -> Page[ChronologyRow]:
    """Return a pupil's story in the order in which it happened, then was recorded."""
    return page_in_order(
        views, Chronology, "occurred_on", {"pupil_id": pupil_id}, after=after, limit=limit
    )
