from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from send_records.aggregates.plan_contents import (
    Helper,
    OutcomeNotCited,
    OutcomeNotInPlan,
    PlanKind,
    ReviewTooFarAhead,
    Target,
    TargetNotDated,
    TargetsNotOneToFour,
)
from send_records.aggregates.plans import (
    AgreePlan,
    AmendPlan,
    DraftAlreadyOpen,
    DraftPlan,
    EndPlan,
    PlanAgreed,
    PlanAmended,
    PlanDrafted,
    PlanEnded,
    PlanShared,
    PlanSuperseded,
    SharePlan,
)
from send_records.aggregates.values import Area
from send_records.errors import NotFound
from send_records.rules import shipped_rules
from tests.scenario import EHC_PLAN, MOTHER, NOBODY, Scenario, a_family, a_pupil, but

FIRST, SECOND = UUID(int=21), UUID(int=22)
READING = Target(
    ref="T1",
    text="Read 30 Phase 4 words a minute with no more than 2 errors",
    area=Area.COGNITION,
    baseline="11 words, 5 errors",
    success="30 words, 2 errors on three days",
    due_on=date(2024, 3, 15),
    expected_impact="Closes a third of the gap to the class",
    strategies={Helper.CLASS: "Paired reading", Helper.HOME: "Shared reading"},
)
LISTENING = READING.model_copy(update={"ref": "T2", "text": "Carry out a two-step instruction"})
DRAFT = DraftPlan(
    occurred_on=date(2023, 12, 15),
    kind=PlanKind.IP,
    review_on=date(2024, 3, 22),
    class_teacher="Mr Hughes",
    targets=(READING, LISTENING),
)
AMEND = AmendPlan(
    occurred_on=date(2024, 1, 8),
    plan_id=FIRST,
    review_on=date(2024, 3, 22),
    class_teacher="Ms Green",
    targets=(READING,),
    why="A new class teacher",
)
AGREE = AgreePlan(
    occurred_on=date(2023, 12, 18), plan_id=FIRST, contact_ids=(MOTHER,), pupil_agreed=True
)
SHARE = SharePlan(
    occurred_on=date(2023, 12, 18),
    plan_id=FIRST,
    shared_with=("Mr Hughes", "Nasreen Rahman", "Aisha"),
    how="Printed, explained with an interpreter",
)
END = EndPlan(occurred_on=date(2024, 3, 22), plan_id=FIRST, why="Off the register")


def drafted() -> Scenario:
    return a_family().given(DRAFT, new_id=FIRST)


def test_a_draft_has_targets_a_teacher_and_a_review_day() -> None:
    drafting = (
        a_pupil()
        .when(DRAFT)
        .then(PlanDrafted, class_teacher="Mr Hughes", review_on=date(2024, 3, 22))
    )

    assert drafting.pupil.plan is None
    assert drafting.pupil.working_plan is drafting.pupil.draft


def test_one_plan_is_drafted_at_a_time() -> None:
    drafted().when(DRAFT).refused(DraftAlreadyOpen)


@pytest.mark.parametrize(
    "targets",
    [
        (),
        (READING, READING),
        tuple(READING.model_copy(update={"ref": f"T{n}"}) for n in range(5)),
    ],
)
def test_a_plan_has_one_to_four_targets_each_with_its_own_reference(
    targets: tuple[Target, ...],
) -> None:
    a_pupil().when(but(DRAFT, targets=targets)).refused(TargetsNotOneToFour)


def test_a_target_is_due_after_the_plan_is_written() -> None:
    a_pupil().when(but(DRAFT, occurred_on=date(2024, 3, 15))).refused(TargetNotDated)


@pytest.mark.parametrize("review_on", [date(2023, 12, 15), date(2024, 9, 2)])
def test_the_review_is_after_the_plan_and_by_the_end_of_the_next_term(review_on: date) -> None:
    a_pupil().when(but(DRAFT, review_on=review_on)).refused(ReviewTooFarAhead)


def test_the_last_day_for_the_review_is_that_of_the_rule() -> None:
    written_on = DRAFT.occurred_on
    last = shipped_rules().interval("plan_review_at_most", written_on).after(written_on)

    a_pupil().when(but(DRAFT, review_on=last)).then(PlanDrafted, review_on=last)


def test_a_target_under_an_ehc_plan_cites_its_outcome() -> None:
    cited = READING.model_copy(update={"outcome_ref": "E1"})

    a_pupil().when(but(DRAFT, kind=PlanKind.EHCP)).refused(OutcomeNotCited)
    a_pupil().when(but(DRAFT, kind=PlanKind.EHCP, targets=(cited,))).then(PlanDrafted)


def test_a_target_cites_an_outcome_that_the_ehc_plan_has() -> None:
    issued = a_pupil().given(EHC_PLAN)
    this_year = but(DRAFT, occurred_on=date(2024, 6, 3), review_on=date(2024, 9, 27))

    def cites(ref: str) -> DraftPlan:
        target = READING.model_copy(update={"outcome_ref": ref, "due_on": date(2024, 9, 20)})
        return but(this_year, kind=PlanKind.EHCP, targets=(target,))

    issued.when(cites("E2")).then(PlanDrafted)
    issued.when(cites("E3")).refused(OutcomeNotInPlan)
    drafted = issued.given(cites("E2"), new_id=FIRST)
    amend = but(AMEND, occurred_on=date(2024, 6, 10), review_on=date(2024, 9, 27), plan_id=FIRST)
    drafted.when(but(amend, targets=cites("E1").targets)).then(PlanAmended)
    drafted.when(but(amend, targets=cites("E9").targets)).refused(OutcomeNotInPlan)


def test_a_target_of_an_individual_plan_may_cite_what_it_likes() -> None:
    target = READING.model_copy(update={"outcome_ref": "E9", "due_on": date(2024, 9, 20)})
    plan = but(DRAFT, occurred_on=date(2024, 6, 3), review_on=date(2024, 9, 27), targets=(target,))

    a_pupil().given(EHC_PLAN).when(plan).then(PlanDrafted)


def test_an_amended_plan_reads_whole_and_says_why() -> None:
    amended = drafted().when(AMEND).then(PlanAmended, kind=PlanKind.IP, why="A new class teacher")

    assert amended.pupil.draft is not None
    assert amended.pupil.draft.targets == ("T1",)


def test_a_plan_in_force_is_amended_in_force() -> None:
    amended = drafted().given(AGREE).when(AMEND).then(PlanAmended)

    assert (amended.pupil.plan is not None, amended.pupil.draft) == (True, None)


def test_an_amendment_keeps_targets_that_have_fallen_due_and_dates_new_ones() -> None:
    after = but(AMEND, occurred_on=date(2024, 3, 18))
    new = READING.model_copy(update={"ref": "T3"})

    drafted().when(after).then(PlanAmended)
    drafted().when(but(after, targets=(READING, new))).refused(TargetNotDated)


def test_a_plan_agreed_is_in_force_and_is_agreed_once() -> None:
    agreed = drafted().when(AGREE).then(PlanAgreed, pupil_agreed=True)

    assert agreed.pupil.plan is not None
    assert agreed.pupil.plan.id == FIRST
    assert agreed.pupil.draft is None
    agreed.when(AGREE).refused(NotFound)


def test_a_plan_can_come_into_force_without_the_parents() -> None:
    drafted().when(but(AGREE, contact_ids=())).then(PlanAgreed, agreed_with=())


def test_the_next_plan_supersedes_the_one_in_force() -> None:
    both = drafted().given(AGREE).given(DRAFT, new_id=SECOND)

    superseded, agreed = both.when(but(AGREE, plan_id=SECOND)).decided()

    assert isinstance(superseded, PlanSuperseded)
    assert (superseded.plan_id, superseded.by_plan_id) == (FIRST, SECOND)
    assert isinstance(agreed, PlanAgreed)


def test_support_follows_the_plan_in_force_while_the_next_is_drafted() -> None:
    both = drafted().given(AGREE).given(DRAFT, new_id=SECOND)

    assert both.pupil.working_plan is both.pupil.plan


def test_a_plan_is_shared_with_staff_parents_and_pupil_as_often_as_needed() -> None:
    shared = drafted().when(SHARE).then(PlanShared, how="Printed, explained with an interpreter")

    shared.when(SHARE).then(PlanShared)


def test_a_plan_ends_once() -> None:
    drafted().given(END).when(END).refused(NotFound)

    ended = drafted().given(AGREE).when(END).then(PlanEnded)

    assert ended.pupil.working_plan is None


@pytest.mark.parametrize("command", [AMEND, AGREE, SHARE, END])
def test_only_a_plan_of_the_pupil_is_worked_with(
    command: AmendPlan | AgreePlan | SharePlan | EndPlan,
) -> None:
    drafted().when(but(command, plan_id=NOBODY)).refused(NotFound)
