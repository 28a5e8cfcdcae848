"""What events say of how a need comes to be seen: concern, monitoring, assessment, need, agency."""

from __future__ import annotations

from collections import Counter

from send_records.aggregates import (
    agencies,
    assessments,
    attainments,
    concern_answers,
    concern_questionnaires,
    concerns,
    monitoring,
    needs,
)
from send_records.aggregates.base import DomainEvent
from send_records.projections.telling.base import (
    Phase,
    Sentence,
    coded,
    in_plain_words,
    joined,
    names,
    of,
)

PHASES: dict[str, Phase] = {
    concerns.__name__: Phase.ASSESS,
    concern_questionnaires.__name__: Phase.ASSESS,
    concern_answers.__name__: Phase.ASSESS,
    monitoring.__name__: Phase.ASSESS,
    assessments.__name__: Phase.ASSESS,
    attainments.__name__: Phase.ASSESS,
    needs.__name__: Phase.ASSESS,
    agencies.__name__: Phase.ASSESS,
}

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    monitoring.MonitoringStarted: Phase.DO,
    monitoring.MonitoringReviewed: Phase.REVIEW,
    monitoring.MonitoringEnded: Phase.REVIEW,
    agencies.AgencyReferred: Phase.DO,
    agencies.AgencyInvolved: Phase.DO,
    agencies.AgencyInvolvementEnded: Phase.REVIEW,
}


def _questionnaire(event: concern_questionnaires.ConcernQuestionnaireCompleted) -> str:
    marked = Counter(statement.score for statement in event.statements)
    return ", ".join(f"{in_plain_words(score)} {n}" for score, n in marked.items())


def _assessment(event: assessments.AssessmentRecorded) -> str:
    bands = {band.score: f" ({band.label})" for band in event.bands}
    said = [f"{each.name} {each.value}{bands.get(each.name, '')}" for each in event.scores]
    said += [f"{in_plain_words(each.area)}: {each.seen}" for each in event.told]
    return f"{event.tool} ({event.edition}): {', '.join(said)}"


SENTENCES: list[Sentence] = [
    of(concerns.ConcernRaised, lambda e: e.description),
    of(
        concerns.ConcernDiscussedWithParents,
        lambda e: joined(names(e.discussed_with), e.parent_comment),
    ),
    of(concern_questionnaires.ConcernQuestionnaireCompleted, _questionnaire),
    of(concern_answers.ConcernAnswered, lambda e: coded(e.decision, e.why)),
    of(concern_answers.ConcernClosed, lambda e: in_plain_words(e.outcome)),
    of(monitoring.MonitoringStarted, lambda e: e.focus),
    of(monitoring.MonitoringReviewed, lambda e: coded(e.outcome, e.summary)),
    of(monitoring.MonitoringEnded, lambda e: in_plain_words(e.outcome)),
    of(assessments.AssessmentRecorded, _assessment),
    of(attainments.AttainmentRecorded, lambda e: f"{e.subject}: {e.result} ({e.scale})"),
    of(attainments.ObservationRecorded, lambda e: joined(e.setting, e.observed)),
    of(needs.NeedIdentified, lambda e: f"{e.label}, rank {e.rank}"),
    of(needs.NeedReranked, lambda e: f"{e.sen_type}, rank {e.rank}"),
    of(needs.NeedEnded, lambda e: joined(e.sen_type, e.why)),
    of(agencies.AgencyReferred, lambda e: coded(e.agency, e.question)),
    of(agencies.AgencyInvolved, lambda e: coded(e.agency, e.professional)),
    of(agencies.AgencyAdviceReceived, lambda e: coded(e.agency, e.summary)),
    of(agencies.AgencyInvolvementEnded, lambda e: coded(e.agency, e.why)),
]
