from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from send_records.aggregates.consents import ParentalAgreementMissing, Purpose, RecordAgreement
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.ehc_advice import (
    EhcAdviceRequested,
    EhcAdviceSubmitted,
    RecordEhcAdviceRequest,
    SubmitEhcAdvice,
)
from send_records.aggregates.ehc_answers import (
    DraftPlanReceived,
    EhcPlanRefused,
    LaAlreadyDecided,
    LaDecisionToAssessReceived,
    LaException,
    LaExceptionClaimed,
    RecordDraftEhcPlan,
    RecordEhcPlanRefusal,
    RecordLaDecisionToAssess,
    RecordLaException,
)
from send_records.aggregates.ehc_plans import EhcPlanIssued
from send_records.aggregates.ehc_requests import (
    AssessDecision,
    EhcAssessmentRequested,
    EhcEvidence,
    EhcEvidenceMissing,
    EhcRequester,
    EhcRequestMissing,
    EhcRequestOpen,
    EhcRequestWithdrawn,
    EvidenceHeld,
    RequestEhcAssessment,
    WithdrawEhcRequest,
)
from send_records.aggregates.la_decisions import AppealGround, LaDecision
from send_records.aggregates.values import STORED, Role
from send_records.errors import Invalid, NotFound
from tests.scenario import EHC_PLAN, MOTHER, Scenario, a_family, a_pupil, but

AGREE = RecordAgreement(
    occurred_on=date(2024, 1, 15), purpose=Purpose.EHC_REQUEST, contact_id=MOTHER
)
COMPLETE = {item: EvidenceHeld(present=True) for item in EhcEvidence}
REQUEST = RequestEhcAssessment(
    occurred_on=date(2024, 1, 22), local_authority="Oldham", evidence=COMPLETE
)
BY_PARENT = RequestEhcAssessment(
    occurred_on=date(2024, 1, 22),
    local_authority="Oldham",
    requested_by=EhcRequester.PARENT,
    received_by_la_on=date(2024, 1, 24),
)
REFUSED = RecordLaDecisionToAssess(
    occurred_on=date(2024, 3, 1), decision=AssessDecision.REFUSED, letter_dated=date(2024, 2, 28)
)
AGREED = but(REFUSED, decision=AssessDecision.AGREED)
NO_PLAN = RecordEhcPlanRefusal(occurred_on=date(2024, 5, 8), letter_dated=date(2024, 5, 7))


def requested() -> Scenario:
    return a_family().given(AGREE, REQUEST)


def test_a_request_of_the_school_rests_on_the_parents_agreement() -> None:
    a_family().given(AGREE).when(REQUEST).then(
        EhcAssessmentRequested,
        agreement_given_on=date(2024, 1, 15),
        received_by_la_on=date(2024, 1, 22),
        gaps=(),
        reassessment=False,
    )
    a_family().when(REQUEST).refused(ParentalAgreementMissing)
    another = but(AGREE, purpose=Purpose.ANNUAL)
    a_family().given(another).when(REQUEST).refused(ParentalAgreementMissing)


def test_the_agreement_is_in_force_on_the_day_of_the_request() -> None:
    agreed = a_family().given(AGREE)

    agreed.when(but(REQUEST, occurred_on=date(2024, 1, 14))).refused(ParentalAgreementMissing)
    agreed.when(but(REQUEST, occurred_on=date(2025, 1, 16))).refused(ParentalAgreementMissing)


def test_parents_and_young_people_ask_for_themselves() -> None:
    a_pupil().when(BY_PARENT).then(
        EhcAssessmentRequested,
        agreement_given_on=None,
        received_by_la_on=date(2024, 1, 24),
        gaps=(),
    )
    a_pupil().when(but(BY_PARENT, requested_by=EhcRequester.YOUNG_PERSON)).then(
        EhcAssessmentRequested
    )


@pytest.mark.parametrize("item", list(EhcEvidence))
def test_missing_evidence_is_named_unless_a_reason_is_given(item: EhcEvidence) -> None:
    absent = {**COMPLETE, item: EvidenceHeld(present=False)}
    unsaid = {name: held for name, held in COMPLETE.items() if name is not item}
    agreed = a_family().given(AGREE)

    for evidence in (absent, unsaid):
        lacking = but(REQUEST, evidence=evidence)
        agreed.when(lacking).refused(EhcEvidenceMissing)
        agreed.when(but(lacking, gaps_explained="None is held")).then(
            EhcAssessmentRequested, gaps=(item,), gaps_explained="None is held"
        )
    with pytest.raises(EhcEvidenceMissing, match=item.replace("_", " ")):
        agreed.when(but(REQUEST, evidence=absent)).decided()


def test_evidence_points_at_entries_that_are_on_record() -> None:
    agreed = a_family().given(AGREE)

    def citing(version: int) -> RequestEhcAssessment:
        held = EvidenceHeld(present=True, entries=(1, version))
        return but(REQUEST, evidence={**COMPLETE, EhcEvidence.REVIEWS: held})

    agreed.when(citing(agreed.pupil.version)).then(EhcAssessmentRequested)
    agreed.when(citing(agreed.pupil.version + 1)).refused(NotFound)
    agreed.when(citing(0)).refused(NotFound)


def test_entries_are_of_evidence_that_is_present() -> None:
    with pytest.raises(ValidationError):
        EvidenceHeld(present=False, entries=(1,))
    kept = EvidenceHeld.model_validate({"present": False, "entries": [1]}, context=STORED)
    assert kept.entries == (1,)


def test_the_local_authority_receives_a_request_once_it_is_made() -> None:
    early, to_come = date(2024, 1, 21), date(2026, 11, 24)

    a_pupil().when(but(BY_PARENT, received_by_la_on=early)).refused(Invalid)
    a_pupil().when(but(BY_PARENT, received_by_la_on=to_come)).refused(NotYetHappened)


def test_one_request_is_open_at_a_time() -> None:
    requested().when(BY_PARENT).refused(EhcRequestOpen)
    requested().given(AGREED).when(BY_PARENT).refused(EhcRequestOpen)


def test_another_request_may_follow_a_refusal_a_withdrawal_or_a_plan_refused() -> None:
    withdraw = WithdrawEhcRequest(occurred_on=date(2024, 2, 1), why="They move")

    requested().given(REFUSED).when(BY_PARENT).then(EhcAssessmentRequested)
    requested().given(AGREED, NO_PLAN).when(BY_PARENT).then(EhcAssessmentRequested)
    withdrawn = requested().when(withdraw).then(EhcRequestWithdrawn, why="They move")
    withdrawn.when(BY_PARENT).then(EhcAssessmentRequested)
    withdrawn.when(withdraw).refused(EhcRequestMissing)


def test_while_a_plan_is_in_force_a_request_is_for_re_assessment() -> None:
    again = but(BY_PARENT, occurred_on=date(2024, 9, 2), received_by_la_on=date(2024, 9, 3))

    a_pupil().given(EHC_PLAN).when(again).then(EhcAssessmentRequested, reassessment=True)


def test_a_refusal_to_assess_can_be_appealed_and_an_agreement_cannot() -> None:
    refused = requested().when(REFUSED).then(LaDecisionToAssessReceived, why=None)
    agreed = requested().given(AGREED)

    assert refused.pupil.la_decisions == (
        LaDecision(AppealGround.REFUSAL_TO_ASSESS, date(2024, 2, 28)),
    )
    assert agreed.pupil.la_decisions == ()


def test_a_refusal_to_re_assess_is_a_ground_of_its_own() -> None:
    again = but(BY_PARENT, occurred_on=date(2024, 9, 2), received_by_la_on=date(2024, 9, 3))
    no = but(REFUSED, occurred_on=date(2024, 9, 30), letter_dated=date(2024, 9, 27))
    record = a_pupil().given(EHC_PLAN, again, no).pupil

    assert record.la_decisions[-1].ground is AppealGround.REFUSAL_TO_REASSESS


def test_the_answer_is_to_a_request_and_comes_once() -> None:
    a_pupil().when(REFUSED).refused(EhcRequestMissing)
    requested().given(REFUSED).when(REFUSED).refused(LaAlreadyDecided)
    requested().given(AGREED).when(REFUSED).refused(LaAlreadyDecided)
    requested().given(AGREED).when(AGREED).refused(LaAlreadyDecided)


def test_after_mediation_the_local_authority_may_agree_after_all() -> None:
    yes = but(AGREED, occurred_on=date(2024, 4, 2), letter_dated=date(2024, 4, 1))

    requested().given(REFUSED).when(yes).then(LaDecisionToAssessReceived)


@pytest.mark.parametrize("answer", [REFUSED, NO_PLAN])
def test_a_letter_is_not_from_before_the_request_nor_to_come(
    answer: RecordLaDecisionToAssess | RecordEhcPlanRefusal,
) -> None:
    requested().when(but(answer, letter_dated=date(2024, 1, 21))).refused(Invalid)
    requested().when(but(answer, letter_dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_a_letter_is_dated_by_the_day_it_came() -> None:
    requested().when(but(REFUSED, letter_dated=date(2024, 3, 2))).refused(Invalid)
    requested().when(but(NO_PLAN, letter_dated=date(2024, 5, 9))).refused(Invalid)


def test_an_exception_is_claimed_of_a_request_and_moves_no_day_of_it() -> None:
    claim = RecordLaException(
        occurred_on=date(2024, 2, 20),
        exception=LaException.ABSENT,
        letter_dated=date(2024, 2, 19),
        explanation="The family was abroad for five weeks",
    )

    claimed = requested().when(claim).then(LaExceptionClaimed, exception=LaException.ABSENT)
    assert claimed.pupil.ehc_request == requested().pupil.ehc_request
    a_pupil().when(claim).refused(EhcRequestMissing)
    requested().when(but(claim, letter_dated=date(2024, 1, 21))).refused(Invalid)


def test_a_refusal_to_issue_a_plan_closes_the_request_and_can_be_appealed() -> None:
    refused = requested().given(AGREED).when(NO_PLAN).then(EhcPlanRefused)

    assert refused.pupil.ehc_request is None
    assert refused.pupil.la_decisions == (
        LaDecision(AppealGround.REFUSAL_TO_ISSUE, date(2024, 5, 7)),
    )
    refused.when(NO_PLAN).refused(EhcRequestMissing)


def test_a_plan_issued_closes_the_request() -> None:
    issued = requested().given(AGREED).when(EHC_PLAN).then(EhcPlanIssued)

    assert issued.pupil.ehc_request is None


def test_a_draft_has_its_date_and_the_day_it_came() -> None:
    draft = RecordDraftEhcPlan(
        occurred_on=date(2024, 5, 8), dated=date(2024, 5, 6), local_authority="Oldham"
    )

    requested().given(AGREED).when(draft).then(
        DraftPlanReceived, dated=date(2024, 5, 6), received_on=date(2024, 5, 8)
    )
    a_pupil().when(but(draft, dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_advice_is_asked_for_by_a_day_and_given() -> None:
    ask = RecordEhcAdviceRequest(
        occurred_on=date(2024, 3, 4), local_authority="Oldham", respond_by=date(2024, 4, 15)
    )
    advise = SubmitEhcAdvice(
        occurred_on=date(2024, 4, 10),
        local_authority="Oldham",
        written_by="Sam Okoro",
        needs="Reads two years below her age",
        provision="Daily structured phonics",
    )

    a_pupil().when(ask).then(EhcAdviceRequested, asked_on=date(2024, 3, 4))
    a_pupil().when(but(ask, respond_by=date(2024, 3, 3))).refused(Invalid)
    a_pupil().when(advise).then(
        EhcAdviceSubmitted, submitted_on=date(2024, 4, 10), advice_dated=date(2024, 4, 10)
    )
    a_pupil().when(but(advise, advice_dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_the_school_s_advice_is_the_head_s_or_the_senco_s_to_give() -> None:
    assert SubmitEhcAdvice.roles == {Role.SENCO, Role.TRUST_SENCO, Role.PRINCIPAL}


def test_an_answer_may_bear_the_day_of_the_request() -> None:
    at_once = but(REFUSED, letter_dated=REQUEST.occurred_on)

    requested().when(at_once).then(LaDecisionToAssessReceived, letter_dated=date(2024, 1, 22))


def test_advice_may_be_asked_for_by_the_same_day() -> None:
    ask = RecordEhcAdviceRequest(
        occurred_on=date(2024, 3, 4), local_authority="Oldham", respond_by=date(2024, 3, 4)
    )

    a_pupil().when(ask).then(EhcAdviceRequested, respond_by=date(2024, 3, 4))
