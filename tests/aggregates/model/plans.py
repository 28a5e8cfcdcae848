"""Plans of targets: one to four, dated, one in force (policy s.10.2; CoP 6.44-6.56)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from send_records.aggregates.plans import AgreePlan, AmendPlan, DraftPlan, EndPlan, SharePlan
from tests.aggregates.model.book import (
    Desk,
    Plan,
    changes_nothing,
    ehc_plan,
    refuses,
    strangers,
    writes,
)
from tests.aggregates.model.numbers import later

changes_nothing(SharePlan)


def plan_called(desk: Desk, plan_id: UUID) -> Plan | None:
    """Return the plan in force or in draft that has an id."""
    known = [plan for plan in (desk.book.plan, desk.book.draft) if plan is not None]
    return next((plan for plan in known if plan.id == plan_id), None)


def unsound(
    desk: Desk, said: DraftPlan | AmendPlan, kind: str, kept: Sequence[str]
) -> Iterator[str]:
    """Targets are SMART, and a review date is set; an EHCP target cites its outcome."""
    refs = [target.ref for target in said.targets]
    if len(refs) not in (1, 2, 3, 4) or len(refs) != len(set(refs)):
        yield "TargetsNotOneToFour"
    for target in said.targets:
        if target.ref not in kept and target.due_on <= said.occurred_on:
            yield "TargetNotDated"
        if kind == "ehcp" and not target.outcome_ref:
            yield "OutcomeNotCited"
    review_by = later(desk.rules, "plan_review_at_most", said.occurred_on)
    if said.review_on <= said.occurred_on or said.review_on > review_by:
        yield "ReviewTooFarAhead"
    maintained = ehc_plan(desk, said.occurred_on)
    if kind == "ehcp" and maintained is not None:
        for target in said.targets:
            if target.outcome_ref not in maintained.outcomes:
                yield "OutcomeNotInPlan"


@refuses(DraftPlan)
def drafting(desk: Desk, said: DraftPlan) -> Iterator[str]:
    if desk.book.draft is not None:
        yield "DraftAlreadyOpen"
    yield from unsound(desk, said, said.kind, ())


@writes(DraftPlan)
def drafted(desk: Desk, said: DraftPlan) -> None:
    refs = [target.ref for target in said.targets]
    desk.book.draft = Plan(desk.new_id, said.kind, refs, said.review_on)


@refuses(AmendPlan)
def amending(desk: Desk, said: AmendPlan) -> Iterator[str]:
    """What it kept from before keeps its day."""
    plan = plan_called(desk, said.plan_id)
    if plan is None:
        yield "NotFound"
    else:
        yield from unsound(desk, said, plan.kind, plan.targets)


@writes(AmendPlan)
def amended(desk: Desk, said: AmendPlan) -> None:
    plan = plan_called(desk, said.plan_id)
    assert plan is not None
    plan.targets = [target.ref for target in said.targets]
    plan.review_on = said.review_on


@refuses(AgreePlan)
def agreeing(desk: Desk, said: AgreePlan) -> Iterator[str]:
    if desk.book.draft is None or desk.book.draft.id != said.plan_id:
        yield "NotFound"
    yield from strangers(desk, said.contact_ids)


@writes(AgreePlan)
def agreed(desk: Desk, said: AgreePlan) -> None:
    """It supersedes the plan in force."""
    desk.book.plan, desk.book.draft = desk.book.draft, None


@refuses(SharePlan)
def sharing(desk: Desk, said: SharePlan) -> Iterator[str]:
    if plan_called(desk, said.plan_id) is None:
        yield "NotFound"


@refuses(EndPlan)
def ending(desk: Desk, said: EndPlan) -> Iterator[str]:
    if plan_called(desk, said.plan_id) is None:
        yield "NotFound"


@writes(EndPlan)
def ended(desk: Desk, said: EndPlan) -> None:
    if desk.book.draft is not None and desk.book.draft.id == said.plan_id:
        desk.book.draft = None
    else:
        desk.book.plan = None
