"""EHC assessments and plans, and their annual reviews (CFA 2014 s.36-45; SEND Regulations 2014;
policy s.10.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from send_records.aggregates.annual_review_meetings import HoldAnnualReview
from send_records.aggregates.annual_review_results import (
    RecordLaReviewDecision,
    RecordPhaseTransferReview,
    ReportAnnualReview,
)
from send_records.aggregates.annual_reviews import CallAnnualReview
from send_records.aggregates.ehc_advice import RecordEhcAdviceRequest, SubmitEhcAdvice
from send_records.aggregates.ehc_answers import (
    RecordDraftEhcPlan,
    RecordEhcPlanRefusal,
    RecordLaDecisionToAssess,
    RecordLaException,
)
from send_records.aggregates.ehc_plan_changes import AmendEhcPlan, RecordEhcPlanCeased
from send_records.aggregates.ehc_plans import RecordEhcPlan
from send_records.aggregates.ehc_requests import (
    EhcEvidence,
    RequestEhcAssessment,
    WithdrawEhcRequest,
)
from tests.aggregates.model.book import (
    Desk,
    EhcPlan,
    agreed,
    changes_nothing,
    ehc_plan,
    heard,
    not_standing,
    refuses,
    writes,
)
from tests.aggregates.model.numbers import is_code

changes_nothing(
    RecordEhcAdviceRequest,
    RecordLaException,
    RecordDraftEhcPlan,
    CallAnnualReview,
    ReportAnnualReview,
    RecordPhaseTransferReview,
)


def no_letter(desk: Desk, dated: date, came_on: date) -> Iterator[str]:
    """A letter is dated by the day on which it came, and not in the future."""
    if desk.ahead(dated):
        yield "NotYetHappened"
    if dated > came_on:
        yield "Invalid"


def no_answer(desk: Desk, dated: date, came_on: date) -> Iterator[str]:
    """An answer follows a request that the authority has."""
    yield from no_letter(desk, dated, came_on)
    if desk.book.ehc_request is None:
        yield "EhcRequestMissing"
    elif dated < desk.book.ehc_request[0]:
        yield "Invalid"


def appealable(desk: Desk, ground: str, letter_dated: date) -> None:
    """A decision can be appealed; one letter counts once."""
    if (ground, letter_dated) not in desk.book.decisions:
        desk.book.decisions.append((ground, letter_dated))


@refuses(RequestEhcAssessment)
def requesting(desk: Desk, said: RequestEhcAssessment) -> Iterator[str]:
    """One at a time; the school's with the parents' agreement and all evidence, or why not."""
    if desk.book.ehc_request is not None and desk.book.ehc_request[2] != "refused":
        yield "EhcRequestOpen"
    if desk.ahead(said.received_by_la_on):
        yield "NotYetHappened"
    if said.received_by_la_on is not None and said.received_by_la_on < said.occurred_on:
        yield "Invalid"
    cited = {version for held in said.evidence.values() for version in held.entries}
    if cited - desk.entries.keys():
        yield "NotFound"
    if said.requested_by == "school":
        present = {item for item, held in said.evidence.items() if held.present}
        if present != set(EhcEvidence) and said.gaps_explained is None:
            yield "EhcEvidenceMissing"
        if not agreed(desk, "ehc_request", None, said.occurred_on):
            yield "ParentalAgreementMissing"


@writes(RequestEhcAssessment)
def requested(desk: Desk, said: RequestEhcAssessment) -> None:
    anew = ehc_plan(desk, said.occurred_on) is not None
    desk.book.ehc_request = (said.received_by_la_on or said.occurred_on, anew, None)


@refuses(WithdrawEhcRequest)
def withdrawing(desk: Desk, said: WithdrawEhcRequest) -> Iterator[str]:
    if desk.book.ehc_request is None:
        yield "EhcRequestMissing"


@writes(WithdrawEhcRequest)
def withdrawn(desk: Desk, said: WithdrawEhcRequest) -> None:
    desk.book.ehc_request = None


@refuses(RecordEhcAdviceRequest)
def asked_for_advice(desk: Desk, said: RecordEhcAdviceRequest) -> Iterator[str]:
    if said.respond_by is not None and said.respond_by < said.occurred_on:
        yield "Invalid"


@refuses(SubmitEhcAdvice)
def advising(desk: Desk, said: SubmitEhcAdvice) -> Iterator[str]:
    if desk.ahead(said.advice_dated):
        yield "NotYetHappened"
    if said.preparation_id is not None:
        yield from not_standing(desk, said.preparation_id, {"la_advice"})


@writes(SubmitEhcAdvice)
def advised(desk: Desk, said: SubmitEhcAdvice) -> None:
    if said.preparation_id is not None:
        desk.book.preparations[said.preparation_id].sent = True


@refuses(RecordLaDecisionToAssess)
def deciding(desk: Desk, said: RecordLaDecisionToAssess) -> Iterator[str]:
    """Answered once; a refusal may be followed by an agreement."""
    yield from no_answer(desk, said.letter_dated, said.occurred_on)
    before = desk.book.ehc_request[2] if desk.book.ehc_request is not None else None
    if before is not None and (before, said.decision) != ("refused", "agreed"):
        yield "LaAlreadyDecided"


@writes(RecordLaDecisionToAssess)
def decided(desk: Desk, said: RecordLaDecisionToAssess) -> None:
    assert desk.book.ehc_request is not None
    received_on, anew, _ = desk.book.ehc_request
    desk.book.ehc_request = (received_on, anew, said.decision)
    if said.decision == "refused":
        again = "refusal_to_reassess" if anew else "refusal_to_assess"
        appealable(desk, again, said.letter_dated)


@refuses(RecordLaException)
def excusing(desk: Desk, said: RecordLaException) -> Iterator[str]:
    yield from no_answer(desk, said.letter_dated, said.occurred_on)


@refuses(RecordDraftEhcPlan)
def drafting(desk: Desk, said: RecordDraftEhcPlan) -> Iterator[str]:
    yield from no_letter(desk, said.dated, said.occurred_on)


@refuses(RecordEhcPlanRefusal)
def refusing(desk: Desk, said: RecordEhcPlanRefusal) -> Iterator[str]:
    yield from no_answer(desk, said.letter_dated, said.occurred_on)


@writes(RecordEhcPlanRefusal)
def refused(desk: Desk, said: RecordEhcPlanRefusal) -> None:
    desk.book.ehc_request = None
    appealable(desk, "refusal_to_issue", said.letter_dated)


def no_sections(desk: Desk, sections: Iterable[str], on: date) -> Iterator[str]:
    named = list(sections)
    if len(named) != len(set(named)):
        yield "SectionNotInForce"
    if not all(is_code(desk.rules, "ehc_section", section, on) for section in named):
        yield "SectionNotInForce"


def no_plan(desk: Desk, said: RecordEhcPlan | AmendEhcPlan) -> Iterator[str]:
    """What no final plan can say."""
    yield from no_letter(desk, said.final_dated, said.occurred_on)
    yield from no_sections(desk, said.sections, said.final_dated)
    if not is_code(desk.rules, "sen_type", said.primary_need, said.final_dated):
        yield "SenTypeNotInForce"
    refs = [outcome.ref for outcome in said.outcomes]
    if len(refs) != len(set(refs)):
        yield "Invalid"


@refuses(RecordEhcPlan)
def issuing(desk: Desk, said: RecordEhcPlan) -> Iterator[str]:
    """One plan at a time; a re-assessment replaces the one before (CFA 2014 s.44)."""
    yield from no_plan(desk, said)
    reassessed = desk.book.ehc_request is not None and desk.book.ehc_request[1]
    for plan in desk.book.ehc_plans:
        over = plan.ceased_on is not None and plan.ceased_on <= said.final_dated
        if not over and not (reassessed and plan.since < said.final_dated):
            yield "EhcPlanAlreadyIssued"


@writes(RecordEhcPlan)
def issued(desk: Desk, said: RecordEhcPlan) -> None:
    """What was before it ends with it at the latest: a child has one plan at a time."""
    for plan in desk.book.ehc_plans:
        plan.ceased_on = min(plan.ceased_on or said.final_dated, said.final_dated)
    refs = [outcome.ref for outcome in said.outcomes]
    desk.book.ehc_plans.append(EhcPlan(said.final_dated, refs))
    desk.book.ehc_request = None
    appealable(desk, "contents_of_plan", said.final_dated)


@refuses(AmendEhcPlan)
def amending(desk: Desk, said: AmendEhcPlan) -> Iterator[str]:
    yield from no_plan(desk, said)
    yield from no_sections(desk, said.sections_changed, said.final_dated)
    plan = ehc_plan(desk, said.occurred_on)
    if plan is None:
        yield "EhcPlanNotIssued"
    elif said.final_dated < plan.since:
        yield "Invalid"


@writes(AmendEhcPlan)
def amended(desk: Desk, said: AmendEhcPlan) -> None:
    """The plan that was in force on the day reads so from then on."""
    plan = ehc_plan(desk, said.occurred_on)
    assert plan is not None
    plan.outcomes = [outcome.ref for outcome in said.outcomes]
    appealable(desk, "contents_of_plan", said.final_dated)


@refuses(RecordEhcPlanCeased)
def ceasing(desk: Desk, said: RecordEhcPlanCeased) -> Iterator[str]:
    """Not while an appeal against ceasing it is open (CFA 2014 s.45(4))."""
    if desk.ahead(said.ceased_on):
        yield "NotYetHappened"
    maintained = [plan for plan in desk.book.ehc_plans if plan.ceased_on is None]
    if not maintained:
        yield "EhcPlanNotIssued"
    elif said.ceased_on < maintained[-1].since:
        yield "Invalid"
    if any(a[0] == "cease_to_maintain" and not a[2] for a in desk.book.appeals.values()):
        yield "EhcPlanUnderAppeal"
    if said.letter_dated is not None:
        yield from no_letter(desk, said.letter_dated, said.occurred_on)


@writes(RecordEhcPlanCeased)
def ceased(desk: Desk, said: RecordEhcPlanCeased) -> None:
    [plan] = [plan for plan in desk.book.ehc_plans if plan.ceased_on is None]
    plan.ceased_on = said.ceased_on
    if said.letter_dated is not None:
        appealable(desk, "cease_to_maintain", said.letter_dated)


@refuses(CallAnnualReview)
def calling(desk: Desk, said: CallAnnualReview) -> Iterator[str]:
    """Short notice is shown and not refused."""
    if ehc_plan(desk, said.occurred_on) is None:
        yield "EhcPlanNotIssued"
    if desk.ahead(said.notice_given_on):
        yield "NotYetHappened"
    if said.meeting_on < (said.notice_given_on or said.occurred_on):
        yield "Invalid"


@refuses(HoldAnnualReview)
def holding(desk: Desk, said: HoldAnnualReview) -> Iterator[str]:
    """Of every outcome, with both voices, and from Year 9 with adulthood (reg 20)."""
    plan = ehc_plan(desk, said.occurred_on)
    if plan is None:
        yield "EhcPlanNotIssued"
    elif sorted(outcome.ref for outcome in said.outcomes) != sorted(plan.outcomes):
        yield "OutcomesNotReviewed"
    if said.occurred_on in desk.book.annual_reviews:
        yield "AnnualReviewAlreadyHeld"
    yield from no_sections(desk, [c.section for c in said.changes], said.occurred_on)
    pupil = said.pupil_voice or said.pupil_voice_missing_because
    parents = said.parent_voice or said.parent_voice_missing_because
    if not pupil and not heard(desk, "pupil", said.occurred_on):
        yield "VoiceMissing"
    if not parents and not heard(desk, "parent", said.occurred_on):
        yield "VoiceMissing"
    from_year_9 = is_code(desk.rules, "adulthood_year", desk.book.nc_year, said.occurred_on)
    if from_year_9 and said.preparation_for_adulthood is None:
        yield "PreparationForAdulthoodMissing"
    if desk.ahead(said.advice_circulated_on):
        yield "NotYetHappened"


@writes(HoldAnnualReview)
def held(desk: Desk, said: HoldAnnualReview) -> None:
    desk.book.annual_reviews.append(said.occurred_on)


@refuses(ReportAnnualReview)
def reporting(desk: Desk, said: ReportAnnualReview) -> Iterator[str]:
    """Of a review that was held before it."""
    sent_on = said.sent_on or said.occurred_on
    if desk.ahead(sent_on):
        yield "NotYetHappened"
    before = [day for day in desk.book.annual_reviews if day <= sent_on]
    if said.held_on is None:
        if not before:
            yield "AnnualReviewNotHeld"
        return
    if said.held_on not in desk.book.annual_reviews:
        yield "AnnualReviewNotHeld"
    if said.held_on > sent_on:
        yield "Invalid"


@refuses(RecordLaReviewDecision)
def concluding(desk: Desk, said: RecordLaReviewDecision) -> Iterator[str]:
    yield from no_letter(desk, said.letter_dated, said.occurred_on)
    if ehc_plan(desk, said.letter_dated) is None:
        yield "EhcPlanNotIssued"


@writes(RecordLaReviewDecision)
def concluded(desk: Desk, said: RecordLaReviewDecision) -> None:
    """To maintain or to cease can be appealed at once; to amend, when the plan is final."""
    grounds = {"maintain": "refusal_to_amend", "cease": "cease_to_maintain"}
    if said.decision in grounds:
        appealable(desk, grounds[said.decision], said.letter_dated)


@refuses(RecordPhaseTransferReview)
def transferring(desk: Desk, said: RecordPhaseTransferReview) -> Iterator[str]:
    if desk.ahead(said.decided_on):
        yield "NotYetHappened"
    if not desk.book.ehc_plans:
        yield "EhcPlanNotIssued"
