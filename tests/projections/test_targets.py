"""The targets: each version of a plan keeps its own, with what became of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.plans import AmendPlan, EndPlan
from send_records.aggregates.reviews import TargetOutcome, TargetReview
from send_records.application import Request, SendRecords
from send_records.projections.base import folded
from send_records.projections.engine import Engine
from send_records.projections.pages import Views
from send_records.projections.targets import TargetRow, Targets, targets_page
from send_records.store.connections import Pool
from send_records.store.scopes import WHOLE_TRUST
from tests.keys import held
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
from tests.scenario import ADMIT, SENCO, but

AMEND = AmendPlan(
    occurred_on=date(2024, 2, 2),
    plan_id=PLAN,
    review_on=date(2024, 3, 22),
    class_teacher="Jo Whitfield",
    targets=(target("T2"), target("T3")),
    why="Too hard",
)


def rows(life: Life) -> list[TargetRow]:
    made: list[TargetRow] = list(folded(Targets(), life.events).values())
    return sorted(made, key=lambda row: (row.position, row.place))


def reviewed(*outcomes: TargetOutcome, **changes: Any) -> Any:
    looked_at = tuple(
        TargetReview(ref=ref, outcome=outcome, evidence=f"Seen: {outcome}")
        for ref, outcome in zip(("T1", "T2"), outcomes, strict=True)
    )
    return but(REVIEW, targets=looked_at, **changes)


def test_each_target_of_a_draft_is_a_row_that_is_worked_towards() -> None:
    first, second = rows(supported().then(DRAFT, key=PLAN))

    assert (first.ref, first.text, first.baseline, first.place) == (
        *("T1", "Reads 60 words a minute", "41 words"),
        1,
    )
    assert (first.plan_id, first.plan_version, first.plan_kind) == (PLAN, 1, "ip")
    assert (first.written_on, first.agreed_on, first.due_on) == (
        DRAFT.occurred_on,
        None,
        date(2024, 7, 12),
    )
    assert (second.ref, second.open, second.outcome) == ("T2", True, None)


def test_what_is_agreed_says_when() -> None:
    assert {row.agreed_on for row in rows(planned())} == {AGREE_PLAN.occurred_on}


def test_an_amended_plan_keeps_how_it_read_before() -> None:
    before_1, before_2, now_2, now_3 = rows(planned().then(AMEND))

    for row in (before_1, before_2):
        assert (row.plan_version, row.amended_on, row.open) == (1, AMEND.occurred_on, False)
    for row in (now_2, now_3):
        assert (row.plan_version, row.amended_on, row.open) == (2, None, True)
        assert (row.written_on, row.agreed_on) == (AMEND.occurred_on, AGREE_PLAN.occurred_on)


def test_a_review_says_what_became_of_each() -> None:
    life = planned().then(reviewed(TargetOutcome.MET, TargetOutcome.PARTLY_MET))
    first, second = rows(life)

    assert (first.outcome, first.reviewed_on, first.open) == ("met", REVIEW.occurred_on, False)
    assert (second.outcome, second.evidence, second.open) == (
        "partly_met",
        "Seen: partly_met",
        True,
    )


def test_of_two_reviews_the_last_held_counts_in_whatever_order_they_were_entered() -> None:
    late = date(2024, 6, 28)
    one = reviewed(TargetOutcome.NOT_MET, TargetOutcome.NOT_MET)
    other = reviewed(TargetOutcome.MET, TargetOutcome.WITHDRAWN, occurred_on=late)

    for both in ((one, other), (other, one)):
        assert [
            (row.outcome, row.reviewed_on, row.open) for row in rows(planned().then(*both))
        ] == [
            ("met", late, False),
            ("withdrawn", late, False),
        ]


def test_a_plan_that_is_over_says_since_when() -> None:
    life = planned().then(NEXT_DRAFT, key=NEXT_PLAN).then(AGREE_NEXT)
    life.then(EndPlan(occurred_on=date(2024, 5, 10), plan_id=NEXT_PLAN, why="Not needed"))
    old_1, old_2, new_1, new_2 = rows(life)

    for row in (old_1, old_2):
        assert (row.superseded_on, row.ended_on, row.open) == (AGREE_NEXT.occurred_on, None, False)
    for row in (new_1, new_2):
        assert (row.superseded_on, row.ended_on, row.open) == (None, date(2024, 5, 10), False)


def test_an_outcome_told_after_the_plan_is_over_is_kept() -> None:
    life = planned().then(REVIEW).then(NEXT_DRAFT, key=NEXT_PLAN).then(AGREE_NEXT)
    [reviews, others] = [
        [event for event in life.events if (type(event).__name__ == "TargetReviewed") is late]
        for late in (True, False)
    ]
    moved: list[DomainEvent] = [
        event.model_copy(update={"originator_version": 100 + place})
        for place, event in enumerate(reviews)
    ]
    made = folded(Targets(), [*others, *moved]).values()

    assert sorted(row.outcome or "" for row in made if row.plan_id == PLAN) == ["met", "met"]


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(any_events())
def test_whatever_happened_a_plan_reads_in_one_way_at_most(events: list[DomainEvent]) -> None:
    made: list[TargetRow] = list(folded(Targets(), events).values())

    versions = {(row.plan_id, row.plan_version) for row in made if row.stands}
    assert len({plan for plan, _ in versions}) == len(versions)
    assert all(row.stands or not row.open for row in made)


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


def test_targets_are_asked_for_by_what_became_of_them_and_when_they_are_due(
    records: SendRecords, engine: Engine, app_pool: Pool
) -> None:
    pupil = records.admit(ADMIT, asked()).pupil_id
    sooner = target("T1").model_copy(update={"due_on": date(2024, 6, 28)})
    records.execute(pupil, but(DRAFT, targets=(sooner, target("T2"))), asked(PLAN))
    records.execute(pupil, reviewed(TargetOutcome.MET, TargetOutcome.NOT_MET), asked())
    engine.catch_up()

    def refs(**more: Any) -> list[str]:
        anything: dict[str, Any] = {
            "academy": ADMIT.academy,
            "pupil_id": None,
            "outcome": None,
            "open_only": False,
            "due_before": None,
        }
        page = targets_page(
            Views(app_pool, held().seals).within(WHOLE_TRUST),
            after=None,
            limit=9,
            **(anything | more),
        )
        return [row.ref for row in page.rows]

    assert refs() == refs(pupil_id=pupil) == ["T1", "T2"]
    assert refs(outcome="met") == ["T1"]
    assert refs(outcome="none") == refs(academy="Elsewhere") == []
    assert refs(open_only=True) == ["T2"]
    assert refs(due_before=date(2024, 7, 12)) == ["T1"]
    assert refs(due_before=date(2024, 6, 28)) == []
