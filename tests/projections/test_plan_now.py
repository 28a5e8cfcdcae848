"""The plan as a SENDCo opens it: what is in force, what is in draft, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hypothesis import HealthCheck, given, settings

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrections import CorrectEntry
from send_records.aggregates.plans import AmendPlan, EndPlan, PlanDrafted, SharePlan
from send_records.aggregates.reviews import TargetOutcome, TargetReview
from send_records.projections.plan_now import PlansNow, TargetNow, plans_now, plans_read
from send_records.projections.reading import record_of
from tests.projections.lives import Life
from tests.projections.planned import (
    AGREE_NEXT,
    AGREE_PLAN,
    DRAFT,
    NEXT_DRAFT,
    NEXT_PLAN,
    PLAN,
    REVIEW,
    any_events,
    planned,
    supported,
    target,
)
from tests.scenario import MOTHER, but

AMEND = AmendPlan(
    occurred_on=date(2024, 4, 2),
    plan_id=PLAN,
    review_on=date(2024, 6, 28),
    class_teacher="Kim Ade",
    targets=(target("T2"), target("T3")),
    why="T1 is met",
)
MIXED = but(
    REVIEW,
    targets=(
        TargetReview(ref="T1", outcome=TargetOutcome.MET, evidence="62 words"),
        TargetReview(ref="T2", outcome=TargetOutcome.PARTLY_MET, evidence="51 words"),
    ),
)


def now(life: Life) -> PlansNow:
    return plans_now(life.events)


def outcomes(targets: list[TargetNow]) -> dict[str, str | None]:
    return {each.ref: each.outcome for each in targets}


def test_without_a_plan_there_is_none() -> None:
    life = supported()

    assert now(life) == PlansNow(version=len(life.events))


def test_a_draft_is_shown_as_one() -> None:
    plans = now(supported().then(DRAFT, key=PLAN))

    assert plans.in_force is None
    assert plans.draft is not None
    assert (plans.draft.plan_id, plans.draft.class_teacher) == (PLAN, "Jo Whitfield")
    assert (plans.draft.review_on, plans.draft.agreed_on) == (DRAFT.review_on, None)
    assert [each.ref for each in plans.draft.targets] == ["T1", "T2"]


def test_an_agreed_plan_says_with_whom_and_who_was_given_it() -> None:
    agreed = but(AGREE_PLAN, contact_ids=(MOTHER,))
    share = SharePlan(
        occurred_on=date(2024, 1, 11), plan_id=PLAN, shared_with=("Jo Whitfield",), how="On paper"
    )
    plan = now(supported().then(DRAFT, key=PLAN).then(agreed, share)).in_force

    assert plan is not None
    assert (plan.agreed_on, plan.agreed_with, plan.pupil_agreed) == (
        AGREE_PLAN.occurred_on,
        ["Nasreen Rahman"],
        True,
    )
    assert [(each.on, each.shared_with, each.how) for each in plan.shared] == [
        (date(2024, 1, 11), ["Jo Whitfield"], "On paper")
    ]


def test_a_review_tells_of_each_target_and_when_the_next_is() -> None:
    plans = now(planned().then(MIXED))

    assert plans.last_review_on == MIXED.occurred_on
    assert plans.in_force is not None
    assert outcomes(plans.in_force.targets) == {"T1": "met", "T2": "partly_met"}
    assert plans.in_force.targets[1].evidence == "51 words"
    assert (plans.in_force.review_on, plans.in_force.review_due_on) == (
        DRAFT.review_on,
        MIXED.next_review_on,
    )


def test_a_review_entered_late_tells_nothing_that_a_later_one_has_told() -> None:
    later = but(
        MIXED,
        occurred_on=date(2024, 7, 5),
        targets=tuple(
            TargetReview(ref=ref, outcome=TargetOutcome.MET, evidence="70 words")
            for ref in ("T1", "T2")
        ),
        next_review_on=date(2024, 11, 1),
    )
    in_force = now(planned().then(later, MIXED)).in_force

    assert in_force is not None
    assert outcomes(in_force.targets) == {"T1": "met", "T2": "met"}
    assert in_force.review_due_on == date(2024, 11, 1)


def test_an_amended_plan_reads_as_it_does_now_and_keeps_what_was_found() -> None:
    plan = now(planned().then(MIXED, AMEND)).in_force

    assert plan is not None
    assert (plan.version, plan.written_on, plan.drafted_on) == (
        2,
        AMEND.occurred_on,
        DRAFT.occurred_on,
    )
    assert (plan.class_teacher, plan.review_due_on) == ("Kim Ade", date(2024, 6, 28))
    assert outcomes(plan.targets) == {"T2": "partly_met", "T3": None}
    assert plan.agreed_on == AGREE_PLAN.occurred_on


def test_the_next_plan_is_beside_the_one_in_force_until_it_takes_its_place() -> None:
    life = planned().then(NEXT_DRAFT, key=NEXT_PLAN)
    both = now(life)
    assert both.in_force is not None
    assert both.draft is not None
    assert (both.in_force.plan_id, both.draft.plan_id) == (PLAN, NEXT_PLAN)

    after = now(life.then(AGREE_NEXT))
    assert after.in_force is not None
    assert (after.in_force.plan_id, after.draft) == (NEXT_PLAN, None)


def test_a_plan_that_ended_is_not_shown() -> None:
    end = EndPlan(occurred_on=date(2024, 5, 10), plan_id=PLAN, why="Not needed")

    assert now(planned().then(end)).in_force is None


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(any_events())
def test_whatever_happened_it_is_the_plans_that_decisions_are_made_on(
    events: Sequence[DomainEvent],
) -> None:
    pupil = None
    for event in events:
        pupil = event.mutate(pupil)
    assert pupil is not None
    plans = plans_now(events)

    for shown, decided_on in ((plans.in_force, pupil.plan), (plans.draft, pupil.draft)):
        if shown is not None:
            assert decided_on is not None
            assert (shown.plan_id, shown.review_on) == (decided_on.id, decided_on.review_on)
            assert tuple(each.ref for each in shown.targets) == decided_on.targets


def test_what_was_put_right_is_read_and_marked() -> None:
    life = planned()
    drafted = next(e.originator_version for e in life.events if isinstance(e, PlanDrafted))
    other = CorrectEntry(
        occurred_on=date(2024, 2, 1),
        entry_version=drafted,
        field="class_teacher",
        from_value="Jo Whitfield",
        to_value="Kim Ade",
        why="Taught by another",
    )
    record = record_of(life.then(other).events, None)
    plan = plans_read(record).in_force

    assert plan is not None
    assert (plan.class_teacher, plan.corrected) == ("Kim Ade", ["class_teacher"])
    as_recorded = plans_now(record.recorded).in_force
    assert as_recorded is not None
    assert (as_recorded.class_teacher, as_recorded.corrected) == ("Jo Whitfield", [])
