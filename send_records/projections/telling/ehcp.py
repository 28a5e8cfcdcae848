"""What events say of an EHC plan: requests, answers, plans, annual reviews, mediation, appeals."""

from __future__ import annotations

from send_records.aggregates import (
    annual_review_meetings,
    annual_review_results,
    annual_reviews,
    appeals,
    ehc_advice,
    ehc_answers,
    ehc_plan_changes,
    ehc_plans,
    ehc_requests,
    mediations,
    tribunal,
)
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import day_in_words
from send_records.projections.telling.base import (
    Phase,
    Sentence,
    coded,
    in_plain_words,
    joined,
    of,
)

PHASES: dict[str, Phase] = {
    ehc_requests.__name__: Phase.ASSESS,
    ehc_advice.__name__: Phase.ASSESS,
    ehc_answers.__name__: Phase.ASSESS,
    ehc_plans.__name__: Phase.PLAN,
    ehc_plan_changes.__name__: Phase.PLAN,
    annual_reviews.__name__: Phase.REVIEW,
    annual_review_meetings.__name__: Phase.REVIEW,
    annual_review_results.__name__: Phase.REVIEW,
    mediations.__name__: Phase.RECORD,
    appeals.__name__: Phase.RECORD,
    tribunal.__name__: Phase.RECORD,
}

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    ehc_answers.DraftPlanReceived: Phase.PLAN,
    ehc_plan_changes.EhcPlanCeased: Phase.REVIEW,
}


def _requested(event: ehc_requests.EhcAssessmentRequested) -> str:
    gaps = ", ".join(map(in_plain_words, event.gaps))
    return joined(
        f"By {in_plain_words(event.requested_by)}, of {event.local_authority}",
        f"received on {day_in_words(event.received_by_la_on)}",
        f"missing: {gaps}" if gaps else None,
        event.gaps_explained,
    )


def _letter(
    event: ehc_answers.LaDecisionToAssessReceived | annual_review_results.LaReviewDecisionReceived,
) -> str:
    return coded(event.decision, f"letter of {day_in_words(event.letter_dated)}", event.why)


def _plan(event: ehc_plans.EhcPlanIssued | ehc_plan_changes.EhcPlanAmended) -> str:
    outcomes = "; ".join(f"{outcome.ref} {outcome.text}" for outcome in event.outcomes)
    absent = ", ".join(event.sections_absent)
    return joined(
        f"{event.local_authority}, {day_in_words(event.final_dated)}",
        event.primary_need,
        event.placement,
        outcomes,
        f"without section {absent}" if absent else None,
    )


def _called(event: annual_reviews.AnnualReviewCalled) -> str:
    missing = ", ".join(map(in_plain_words, event.not_invited))
    notice = f"{event.notice_days} days' notice"
    return joined(
        f"For {day_in_words(event.meeting_on)}",
        f"{notice}, too short" if event.short_notice else notice,
        f"not invited: {missing}" if missing else None,
    )


def _held(event: annual_review_meetings.AnnualReviewHeld) -> str:
    progress = "; ".join(f"{outcome.ref} {outcome.progress}" for outcome in event.outcomes)
    return coded(event.recommendation, progress, event.differences)


def _reported(event: annual_review_results.AnnualReviewReported) -> str:
    after = f"{event.days_after_meeting} days after the meeting"
    return joined(", ".join(event.to), f"{after}, late" if event.late else after)


def _lodged(event: appeals.AppealLodged) -> str:
    sections = ", ".join(event.sections)
    return coded(
        event.ground,
        f"section {sections}" if sections else None,
        f"letter of {day_in_words(event.decision_letter_dated)}",
        f"late: {event.late_because}" if event.late else None,
    )


def _directed(event: tribunal.AppealDirectionsReceived) -> str:
    return "; ".join(f"{d.what} by {day_in_words(d.due_on)}" for d in event.directions)


SENTENCES: list[Sentence] = [
    of(ehc_requests.EhcAssessmentRequested, _requested),
    of(
        ehc_advice.EhcAdviceRequested,
        lambda e: joined(
            e.local_authority,
            e.asked_by,
            f"by {day_in_words(e.respond_by)}" if e.respond_by else None,
        ),
    ),
    of(ehc_advice.EhcAdviceSubmitted, lambda e: joined(e.written_by, e.needs, e.provision)),
    of(ehc_answers.LaDecisionToAssessReceived, _letter),
    of(
        ehc_answers.LaExceptionClaimed,
        lambda e: coded(e.exception, e.explanation),
    ),
    of(
        ehc_answers.DraftPlanReceived,
        lambda e: f"{e.local_authority}, {day_in_words(e.dated)}",
    ),
    of(
        ehc_answers.EhcPlanRefused,
        lambda e: joined(f"Letter of {day_in_words(e.letter_dated)}", e.why),
    ),
    of(ehc_plans.EhcPlanIssued, _plan),
    of(ehc_plan_changes.EhcPlanAmended, _plan),
    of(
        ehc_plan_changes.EhcPlanCeased,
        lambda e: joined(f"From {day_in_words(e.ceased_on)}", e.why),
    ),
    of(annual_reviews.AnnualReviewCalled, _called),
    of(annual_review_meetings.AnnualReviewHeld, _held),
    of(annual_review_results.AnnualReviewReported, _reported),
    of(annual_review_results.LaReviewDecisionReceived, _letter),
    of(
        annual_review_results.PhaseTransferReviewed,
        lambda e: coded(e.phase, in_plain_words(e.outcome), e.placement),
    ),
    of(
        mediations.MediationRecorded,
        lambda e: coded(e.about, f"certificate of {day_in_words(e.certificate_dated)}", e.outcome),
    ),
    of(appeals.AppealLodged, _lodged),
    of(tribunal.AppealDirectionsReceived, _directed),
    of(tribunal.AppealDecided, lambda e: coded(e.outcome, e.ordered)),
]
