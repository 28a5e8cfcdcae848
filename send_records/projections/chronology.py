"""The chronology: each pupil's story, in the order in which it happened.

Policy s.11 asks for "a chronology which shows evidence of the assess, plan, do, review process".
Each event is one row: when it happened, when it was recorded, by whom, in which phase; a row that
was recorded later than it happened says by how many days.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
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
from send_records.projections.rows import SEALED
from send_records.projections.tables import Page, Table, Views


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


def detail_of(event: DomainEvent) -> str:
    """Return what the event says, in its own words and codes; "" where its name says it all."""
    match event:
        case pupil.PupilAdmitted():
            return f"{event.academy}, year {event.nc_year}"
        case pupil.PupilMovedAcademy():
            return f"From {event.from_academy} to {event.to_academy}"
        case pupil.PupilLeft():
            return _joined(event.destination, event.why)
        case details.YearGroupChanged() | pupil.PupilReadmitted():
            return f"Year {event.nc_year}"
        case details.CircumstancesRecorded():
            return _circumstances(event)
        case contacts.ContactRecorded():
            return f"{event.contact.name}, {event.contact.relationship}"
        case concerns.ConcernRaised():
            return event.description
        case concerns.ConcernDiscussedWithParents():
            return _joined(_names(event.discussed_with), event.parent_comment)
        case concerns.ConcernQuestionnaireCompleted():
            marked = Counter(statement.score for statement in event.statements)
            return ", ".join(f"{in_plain_words(score)} {n}" for score, n in marked.items())
        case concerns.ConcernAnswered():
            return _joined(in_plain_words(event.decision), event.why)
        case concerns.ConcernClosed() | monitoring.MonitoringEnded():
            return in_plain_words(event.outcome)
        case monitoring.MonitoringStarted():
            return event.focus
        case monitoring.MonitoringReviewed():
            return _joined(in_plain_words(event.outcome), event.summary)
        case assessments.AssessmentRecorded():
            scores = ", ".join(f"{score.name} {score.value}" for score in event.scores)
            return f"{event.tool} ({event.edition}): {scores}"
        case assessments.AttainmentRecorded():
            return f"{event.subject}: {event.result} ({event.scale})"
        case assessments.ObservationRecorded():
            return _joined(event.setting, event.observed)
        case needs.NeedIdentified():
            return f"{event.label}, rank {event.rank}"
        case needs.NeedReranked():
            return f"{event.sen_type}, rank {event.rank}"
        case needs.NeedEnded():
            return _joined(event.sen_type, event.why)
        case agencies.AgencyReferred():
            return _joined(in_plain_words(event.agency), event.question)
        case agencies.AgencyInvolved():
            return _joined(in_plain_words(event.agency), event.professional)
        case agencies.AgencyAdviceReceived():
            return _joined(in_plain_words(event.agency), event.summary)
        case agencies.AgencyInvolvementEnded():
            return _joined(in_plain_words(event.agency), event.why)
        case consents.ParentalAgreementSought():
            return _joined(in_plain_words(event.purpose), _names(event.sought_from))
        case consents.ParentalAgreementGiven():
            until = f"until {day_in_words(event.expires_on)}"
            return _joined(in_plain_words(event.purpose), event.given_by.name, until)
        case consents.ParentalAgreementRefused():
            return _joined(in_plain_words(event.purpose), event.refused_by.name, event.why)
        case consents.ParentalAgreementWithdrawn():
            return _joined(in_plain_words(event.purpose), event.withdrawn_by.name, event.why)
        case consents.NoticeGiven():
            return _joined(in_plain_words(event.notice_of), _names(event.told), event.how)
        case register.AddedToSendRegister():
            return _joined(in_plain_words(event.level), event.why)
        case register.SupportLevelChanged():
            change = f"{in_plain_words(event.from_level)} to {in_plain_words(event.to_level)}"
            return _joined(change, event.why)
        case register.RemovedFromSendRegister():
            return _joined(
                in_plain_words(event.criterion), f"review of {day_in_words(event.review_on)}"
            )
        case plans.PlanDrafted() | plans.PlanAmended():
            targets = "; ".join(f"{target.ref} {target.text}" for target in event.targets)
            return _joined(f"Review on {day_in_words(event.review_on)}", targets)
        case plans.PlanAgreed():
            return _names(event.agreed_with)
        case plans.PlanShared():
            return _joined(", ".join(map(in_plain_words, event.shared_with)), event.how)
        case reviews.TargetReviewed():
            return _joined(event.ref, in_plain_words(event.outcome), event.evidence)
        case reviews.ReviewHeld():
            return _joined(in_plain_words(event.kind), event.impact, event.next_steps)
        case reviews.ReviewScheduled():
            return _joined(in_plain_words(event.kind), f"for {day_in_words(event.planned_on)}")
        case voices.PupilVoiceRecorded():
            return _joined(event.likes, event.hard, event.helps, event.hopes)
        case voices.ParentVoiceRecorded():
            return _joined(event.given_by.name, event.going_well, event.worries, event.hopes)
        case retention.RetentionClassAssigned():
            return event.rule.citation
        case retention.LegalHoldPlaced() | retention.LegalHoldReleased():
            return _joined(in_plain_words(event.kind), event.why)
        case _:
            return getattr(event, "why", "")


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


def chronology_page(
    views: Views, pupil_id: UUID, *, after: int | None, limit: int
) -> Page[ChronologyRow]:
    """Return a pupil's story in the order in which it happened, then was recorded."""
    with views.pool.connection() as connection:
        return Table(Chronology(), views.seals).page(
            connection,
            where={"pupil_id": pupil_id},
            order="occurred_on",
            after=after,
            limit=limit,
        )
