from __future__ import annotations

from datetime import date

import pytest

from send_records.aggregates.annual_review_meetings import Recommendation
from send_records.aggregates.annual_review_results import RecordLaReviewDecision
from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.ehc_plan_changes import (
    AmendedAfter,
    AmendEhcPlan,
    EhcPlanAmended,
    EhcPlanCeased,
    EhcPlanUnderAppeal,
    RecordEhcPlanCeased,
)
from send_records.aggregates.ehc_plans import (
    EhcPlanAlreadyIssued,
    EhcPlanIssued,
    EhcPlanNotIssued,
    PlanOutcome,
    SectionNotInForce,
    ehc_plan_on,
)
from send_records.aggregates.ehc_requests import EhcRequester, RequestEhcAssessment
from send_records.aggregates.la_decisions import AppealGround, LaDecision
from send_records.aggregates.needs import SenTypeNotInForce
from send_records.aggregates.tribunal import AppealOutcome, RecordAppealDecision
from send_records.errors import Invalid
from tests.scenario import EHC_PLAN, MOTHER, a_pupil, but

SPEAKS = PlanOutcome(ref="E3", text="Speaks to the class")
AMEND = AmendEhcPlan(
    **dict(EHC_PLAN)
    | {
        "occurred_on": date(2025, 7, 10),
        "final_dated": date(2025, 7, 8),
        "outcomes": (*EHC_PLAN.outcomes, SPEAKS),
    },
    sections_changed=("E", "F"),
    following=AmendedAfter.ANNUAL_REVIEW,
)
CEASE = RecordEhcPlanCeased(
    occurred_on=date(2026, 1, 30),
    ceased_on=date(2026, 1, 30),
    letter_dated=date(2025, 11, 20),
    why="No longer necessary",
)
REASSESS = RequestEhcAssessment(
    occurred_on=date(2025, 1, 13), local_authority="Oldham", requested_by=EhcRequester.PARENT
)
NEXT = but(EHC_PLAN, occurred_on=date(2025, 6, 2), final_dated=date(2025, 5, 30))


def test_a_pupil_may_bring_a_plan_that_we_did_not_ask_for() -> None:
    issued = (
        a_pupil()
        .when(EHC_PLAN)
        .then(
            EhcPlanIssued,
            final_dated=date(2024, 5, 17),
            primary_need="SPLD",
            sections_absent=("C", "D", "G", "H1", "H2", "J", "K"),
        )
    )

    assert issued.pupil.la_decisions == (LaDecision(AppealGround.CONTENTS, date(2024, 5, 17)),)


def test_a_plan_is_in_force_from_its_date_until_the_day_it_ceases() -> None:
    ceased = a_pupil().given(EHC_PLAN, CEASE).pupil

    days = [date(2024, 5, 16), date(2024, 5, 17), date(2026, 1, 29), date(2026, 1, 30)]
    assert [ehc_plan_on(ceased, day) is not None for day in days] == [False, True, True, False]


@pytest.mark.parametrize("sections", [("A", "L"), ("A", "H"), ("b",), ("A", "A")])
def test_sections_are_those_of_the_regulations_each_once(sections: tuple[str, ...]) -> None:
    a_pupil().when(but(EHC_PLAN, sections=sections)).refused(SectionNotInForce)


def test_a_plan_says_its_primary_need_by_a_code_in_force() -> None:
    a_pupil().when(but(EHC_PLAN, primary_need="PLD")).refused(SenTypeNotInForce)
    a_pupil().when(but(EHC_PLAN, primary_need="DS")).refused(SenTypeNotInForce)


def test_outcomes_have_references_of_their_own() -> None:
    twice = (EHC_PLAN.outcomes[0], EHC_PLAN.outcomes[0])

    a_pupil().when(but(EHC_PLAN, outcomes=twice)).refused(Invalid)


def test_a_final_plan_is_not_dated_to_come() -> None:
    a_pupil().when(but(EHC_PLAN, final_dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_a_final_plan_is_dated_by_the_day_it_came() -> None:
    a_pupil().when(but(EHC_PLAN, occurred_on=date(2024, 5, 16))).refused(Invalid)


def test_a_child_has_one_plan_at_a_time() -> None:
    a_pupil().given(EHC_PLAN).when(NEXT).refused(EhcPlanAlreadyIssued)
    a_pupil().given(EHC_PLAN, but(CEASE, ceased_on=date(2025, 5, 31))).when(NEXT).refused(
        EhcPlanAlreadyIssued
    )
    a_pupil().given(EHC_PLAN, but(CEASE, ceased_on=date(2025, 5, 30))).when(NEXT).then(
        EhcPlanIssued
    )


def test_a_re_assessment_may_end_in_a_new_plan_which_follows_the_old() -> None:
    replaced = a_pupil().given(EHC_PLAN, REASSESS).when(NEXT).then(EhcPlanIssued).pupil

    old, new = replaced.ehc_plans
    assert (old.ceased_on, new.since, new.ceased_on) == (NEXT.final_dated, NEXT.final_dated, None)
    a_pupil().given(EHC_PLAN, REASSESS).when(but(NEXT, final_dated=EHC_PLAN.final_dated)).refused(
        EhcPlanAlreadyIssued
    )


def test_a_plan_that_was_to_cease_later_ends_with_the_one_that_follows_it() -> None:
    day = date(2025, 8, 31)
    ceasing = but(CEASE, occurred_on=day, ceased_on=day, letter_dated=None)

    replaced = a_pupil().given(EHC_PLAN, REASSESS, ceasing).when(NEXT).then(EhcPlanIssued).pupil

    old, new = replaced.ehc_plans
    assert (old.ceased_on, new.since) == (NEXT.final_dated, NEXT.final_dated)


def test_an_amended_plan_reads_whole_and_can_be_appealed_anew() -> None:
    amended = (
        a_pupil()
        .given(EHC_PLAN)
        .when(AMEND)
        .then(EhcPlanAmended, following=AmendedAfter.ANNUAL_REVIEW)
    ).pupil

    [plan] = amended.ehc_plans
    assert (plan.since, plan.outcomes) == (EHC_PLAN.final_dated, ("E1", "E2", "E3"))
    assert amended.la_decisions[-1] == LaDecision(AppealGround.CONTENTS, date(2025, 7, 8))


def test_an_amendment_entered_late_is_of_the_plan_that_was_in_force() -> None:
    replaced = a_pupil().given(EHC_PLAN, REASSESS, NEXT)
    late = but(AMEND, occurred_on=date(2025, 2, 3), final_dated=date(2025, 1, 31))

    old, new = replaced.when(late).then(EhcPlanAmended).pupil.ehc_plans

    assert (old.outcomes, new.outcomes) == (("E1", "E2", "E3"), ("E1", "E2"))


def test_what_is_amended_is_a_plan_in_force() -> None:
    a_pupil().when(AMEND).refused(EhcPlanNotIssued)
    a_pupil().given(EHC_PLAN, but(CEASE, ceased_on=date(2025, 7, 1))).when(AMEND).refused(
        EhcPlanNotIssued
    )
    issued = a_pupil().given(EHC_PLAN)
    issued.when(but(AMEND, final_dated=date(2024, 5, 16))).refused(Invalid)
    issued.when(but(AMEND, sections_changed=("Z",))).refused(SectionNotInForce)
    issued.when(but(AMEND, sections=("Z",))).refused(SectionNotInForce)


def test_a_plan_ceases_once_and_the_notice_of_it_can_be_appealed() -> None:
    ceased = a_pupil().given(EHC_PLAN).when(CEASE).then(EhcPlanCeased, why="No longer necessary")

    assert ceased.pupil.la_decisions[-1] == LaDecision(AppealGround.CEASING, date(2025, 11, 20))
    ceased.when(CEASE).refused(EhcPlanNotIssued)
    a_pupil().when(CEASE).refused(EhcPlanNotIssued)


def test_a_plan_does_not_cease_before_it_is_issued_nor_on_a_day_to_come() -> None:
    issued = a_pupil().given(EHC_PLAN)

    issued.when(but(CEASE, ceased_on=date(2024, 5, 16))).refused(Invalid)
    issued.when(but(CEASE, ceased_on=date(2026, 11, 24))).refused(NotYetHappened)
    issued.when(but(CEASE, letter_dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_a_plan_is_maintained_until_an_appeal_against_ceasing_it_is_decided() -> None:
    notice = RecordLaReviewDecision(
        occurred_on=date(2025, 11, 21),
        decision=Recommendation.CEASE,
        letter_dated=date(2025, 11, 20),
    )
    appeal = LodgeAppeal(
        occurred_on=date(2025, 12, 1),
        ground=AppealGround.CEASING,
        decision_letter_dated=date(2025, 11, 20),
    )
    decided = RecordAppealDecision(
        occurred_on=date(2026, 1, 20), appeal_id=MOTHER, outcome=AppealOutcome.DISMISSED
    )
    appealed = a_pupil().given(EHC_PLAN, notice).given(appeal, new_id=MOTHER)

    appealed.when(CEASE).refused(EhcPlanUnderAppeal)
    appealed.given(decided).when(CEASE).then(EhcPlanCeased)


def test_an_appeal_against_what_a_plan_says_does_not_keep_it_from_ceasing() -> None:
    appeal = LodgeAppeal(
        occurred_on=date(2024, 6, 3),
        ground=AppealGround.CONTENTS,
        sections=("B",),
        decision_letter_dated=EHC_PLAN.final_dated,
    )

    a_pupil().given(EHC_PLAN, appeal).when(CEASE).then(EhcPlanCeased)


def test_a_plan_may_be_amended_and_cease_on_its_own_day() -> None:
    issued = a_pupil().given(EHC_PLAN)

    issued.when(but(AMEND, final_dated=EHC_PLAN.final_dated)).then(EhcPlanAmended)
    same_day = but(CEASE, ceased_on=EHC_PLAN.final_dated)
    assert ehc_plan_on(issued.given(same_day).pupil, EHC_PLAN.final_dated) is None
