from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from send_records.aggregates.base import Command
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.delivery import (
    Deliverer,
    Delivery,
    FundingElement,
    Tier,
    cost_per_pupil,
    delivered_cost,
    delivered_minutes,
    planned_cost,
    planned_sessions,
    stretch,
)
from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import DraftPlan, TargetNotInPlan
from send_records.aggregates.provision import (
    ChangeProvision,
    OutsideProvision,
    ProvisionChanged,
    ProvisionOver,
    ProvisionStarted,
    StartProvision,
    TargetNotNamed,
)
from send_records.aggregates.sessions import (
    EarlyEndUnexplained,
    EndProvision,
    ImpactRatingUnknown,
    LogProvisionSessions,
    MoreThanDelivered,
    ProvisionEnded,
    ProvisionSessionsLogged,
    SessionsAlreadyLogged,
)
from send_records.aggregates.values import Area, Role
from send_records.errors import Invalid, NotFound, SendRecordsError
from tests.scenario import NOBODY, Scenario, a_pupil, but

MONDAY = date(2024, 1, 8)
PLAN, PROVISION = UUID(int=370), UUID(int=371)

DRAFT = DraftPlan(
    occurred_on=date(2023, 12, 15),
    kind=PlanKind.IP,
    review_on=date(2024, 3, 22),
    class_teacher="Jo Whitfield",
    targets=(
        Target(
            ref="T1",
            text="Read 30 words a minute",
            area=Area.COGNITION,
            baseline="11 words",
            success="30 words on three days",
            due_on=date(2024, 3, 15),
            expected_impact="Closes a third of the gap",
        ),
    ),
)
ALONE = Delivery(
    deliverer=Deliverer(role="teaching_assistant"),
    group_size=1,
    sessions_per_week=Decimal(5),
    minutes=10,
    hourly_rate=Decimal("16.40"),
)
IN_FOURS = ALONE.model_copy(update={"group_size": 4})
START = StartProvision(
    occurred_on=MONDAY,
    intervention="Precision teaching",
    tier=Tier.TARGETED,
    area=Area.COGNITION,
    target="T1",
    delivery=ALONE,
    weeks=10,
    entry_data="11 words a minute",
)
CHANGE = ChangeProvision(
    occurred_on=date(2024, 2, 5), provision_id=PROVISION, delivery=IN_FOURS, why="Three more join"
)
LOG = LogProvisionSessions(
    occurred_on=date(2024, 2, 2),
    provision_id=PROVISION,
    first_day=date(2024, 1, 29),
    last_day=date(2024, 2, 2),
    planned=5,
    delivered=3,
    attended=2,
)
END = EndProvision(
    occurred_on=date(2024, 3, 22),
    provision_id=PROVISION,
    exit_data="22 words a minute",
    impact_rating=1,
)


PENNY = Decimal("0.01")


def planned() -> Scenario:
    return a_pupil().given(DRAFT, new_id=PLAN)


def provided() -> Scenario:
    """Precision teaching is given, from 8 January 2024 and for ten weeks."""
    return planned().given(START, new_id=PROVISION)


def test_provision_serves_a_target_of_the_plan_that_support_follows() -> None:
    planned().when(START).then(
        ProvisionStarted, plan_id=PLAN, target="T1", weeks=10, planned_to=date(2024, 3, 17)
    )

    planned().when(but(START, target="T2")).refused(TargetNotInPlan)
    a_pupil().when(START).refused(TargetNotInPlan)


def test_only_universal_provision_may_serve_no_target() -> None:
    for tier in (Tier.TARGETED, Tier.SPECIALIST):
        planned().when(but(START, tier=tier, target=None)).refused(TargetNotNamed)

    universal = but(START, tier=Tier.UNIVERSAL, target=None)
    a_pupil().when(universal).then(ProvisionStarted, plan_id=None, target=None)
    planned().when(but(universal, target="T2")).refused(TargetNotInPlan)


def test_provision_is_planned_for_weeks_or_until_a_day_or_both() -> None:
    until = date(2024, 3, 22)

    planned().when(but(START, weeks=None, ends_on=until)).then(
        ProvisionStarted, weeks=11, planned_to=until
    )
    planned().when(but(START, ends_on=until)).then(ProvisionStarted, weeks=10, planned_to=until)
    planned().when(but(START, weeks=None)).refused(Invalid)
    planned().when(but(START, weeks=12, ends_on=until)).refused(Invalid)
    planned().when(but(START, weeks=None, ends_on=date(2024, 1, 7))).refused(Invalid)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("group_size", n) for n in (0, -1, True)],
        *[("minutes", n) for n in (0, "ten")],
        *[("sessions_per_week", n) for n in (0, "0.0", 51, "NaN")],
        *[("hourly_rate", n) for n in (-1, "16.405", 10_001)],
        ("cost", "82.00"),
    ],
)
def test_how_it_is_given_is_within_bounds_and_its_cost_is_not_for_the_caller_to_say(
    field: str, value: object
) -> None:
    with pytest.raises(ValidationError):
        Delivery.model_validate({**ALONE.model_dump(), field: value})


def test_what_was_recorded_is_read_back_though_it_is_out_of_bounds_now() -> None:
    stored = {**ALONE.model_dump(mode="json"), "group_size": 0}

    delivery = Delivery.model_validate(stored, context="stored")

    assert cost_per_pupil(stretch(MONDAY, 10, delivery), 5) == 0


def test_cost_is_weeks_by_sessions_by_hours_by_rate_shared_by_the_group() -> None:
    alone = provided().pupil.provisions[PROVISION].stretches
    in_threes = ALONE.model_copy(update={"group_size": 3, "sessions_per_week": Decimal("0.5")})
    shared = planned().given(but(START, delivery=in_threes), new_id=PROVISION).pupil

    assert planned_sessions(alone) == 50
    assert planned_cost(alone) == Decimal("136.67")  # 10 x 5 x 1/6 x 16.40
    assert planned_cost(shared.provisions[PROVISION].stretches) == Decimal("4.56")


def test_sessions_are_logged_and_cost_what_was_delivered() -> None:
    logged = provided().when(LOG).then(ProvisionSessionsLogged, planned=5, delivered=3, attended=2)

    provision = logged.pupil.provisions[PROVISION]
    assert delivered_cost(provision.stretches, provision.logged) == Decimal("8.20")
    assert delivered_minutes(provision.stretches, provision.logged) == 30


def test_sessions_are_logged_once_for_a_day() -> None:
    logged = provided().given(LOG)
    overlapping = but(LOG, first_day=date(2024, 2, 2), last_day=date(2024, 2, 9))

    logged.when(LOG).refused(SessionsAlreadyLogged)
    logged.when(but(overlapping, occurred_on=date(2024, 2, 9))).refused(SessionsAlreadyLogged)
    logged.when(but(LOG, first_day=date(2024, 1, 22), last_day=date(2024, 1, 28))).then(
        ProvisionSessionsLogged
    )


def test_sessions_lie_within_the_provision_s_life_and_in_the_past() -> None:
    provided().when(but(LOG, first_day=date(2024, 1, 7))).refused(OutsideProvision)
    provided().when(but(LOG, first_day=date(2024, 2, 3))).refused(Invalid)
    provided().when(but(LOG, last_day=date(2024, 2, 3))).refused(Invalid)
    provided().when(but(LOG, last_day=date(2026, 11, 24))).refused(NotYetHappened)
    provided().when(but(LOG, provision_id=NOBODY)).refused(NotFound)


def test_sessions_of_provision_that_has_ended_may_be_logged_late() -> None:
    ended = provided().given(END)

    ended.when(but(LOG, occurred_on=date(2024, 4, 12))).then(ProvisionSessionsLogged)
    after = but(
        LOG,
        first_day=date(2024, 3, 18),
        last_day=date(2024, 3, 23),
        occurred_on=date(2024, 4, 12),
    )
    ended.when(after).refused(OutsideProvision)


def test_nobody_attends_what_was_not_delivered_but_more_may_be_delivered_than_planned() -> None:
    provided().when(but(LOG, attended=4)).refused(MoreThanDelivered)
    provided().when(but(LOG, delivered=6, attended=6)).then(ProvisionSessionsLogged)
    provided().when(but(LOG, attended=None)).then(ProvisionSessionsLogged, attended=None)


def test_a_change_holds_from_its_day_and_is_costed_from_it() -> None:
    changed = (
        provided()
        .when(CHANGE)
        .then(
            ProvisionChanged,
            delivery=IN_FOURS,
            weeks_before=4,
            weeks=6,
            planned_to=date(2024, 3, 17),
            plan_id=None,
        )
    )

    stretches = changed.pupil.provisions[PROVISION].stretches
    assert planned_sessions(stretches) == 50
    assert planned_cost(stretches) == Decimal("75.17")  # 20 sessions alone, 30 in fours


def test_a_change_that_is_entered_late_changes_what_earlier_logs_cost() -> None:
    late = but(CHANGE, occurred_on=date(2024, 1, 29))

    provision = provided().given(LOG, late).pupil.provisions[PROVISION]

    assert delivered_cost(provision.stretches, provision.logged) == Decimal("2.05")


def test_provision_may_go_on_for_longer_or_for_a_target_of_the_next_plan() -> None:
    longer = but(CHANGE, delivery=None, weeks=12)
    provided().when(longer).then(
        ProvisionChanged, delivery=None, weeks=12, planned_to=date(2024, 4, 28)
    )
    provided().when(but(CHANGE, target="T1")).then(ProvisionChanged, plan_id=PLAN, target="T1")
    provided().when(but(CHANGE, target="T2")).refused(TargetNotInPlan)


def test_a_change_after_all_planned_weeks_says_for_how_long_it_goes_on() -> None:
    overrun = but(CHANGE, occurred_on=date(2024, 4, 15))

    provided().when(overrun).refused(Invalid)
    provided().when(but(overrun, weeks=2)).then(ProvisionChanged, weeks_before=10, weeks=2)


def test_weeks_run_and_weeks_left_add_up_whichever_day_it_changes_on() -> None:
    for days in range(1, 67):
        changed = provided().given(but(CHANGE, occurred_on=MONDAY + timedelta(days=days)))

        stretches = changed.pupil.provisions[PROVISION].stretches
        assert sum(stretch.weeks for stretch in stretches) == 10, days


def test_changes_come_in_the_order_of_their_days_and_say_what_changed() -> None:
    provided().when(but(CHANGE, occurred_on=MONDAY)).refused(OutsideProvision)
    provided().given(CHANGE).when(CHANGE).refused(OutsideProvision)
    with pytest.raises(ValidationError):
        but(CHANGE, delivery=None)


def test_provision_ends_with_exit_data_and_a_rating_that_says_what_it_meant() -> None:
    ended = (
        provided()
        .when(END)
        .then(ProvisionEnded, impact_rating=1, impact="Some impact, short of the target", why=None)
    )

    ended.when(END).refused(ProvisionOver)
    ended.when(but(CHANGE, occurred_on=date(2024, 3, 22))).refused(ProvisionOver)
    provided().when(but(END, impact_rating=4)).refused(ImpactRatingUnknown)
    provided().when(but(END, provision_id=NOBODY)).refused(NotFound)


def test_provision_that_ends_early_says_why() -> None:
    early = but(END, occurred_on=date(2024, 3, 16))

    provided().when(early).refused(EarlyEndUnexplained)
    provided().when(but(early, why="Met the target")).then(ProvisionEnded)


def test_provision_does_not_end_before_what_is_known_of_it() -> None:
    early = but(END, occurred_on=date(2024, 2, 1), why="Moved")

    provided().when(but(early, occurred_on=date(2024, 1, 7))).refused(OutsideProvision)
    provided().given(LOG).when(early).refused(OutsideProvision)
    provided().given(CHANGE).when(early).refused(OutsideProvision)


days = st.dates(MONDAY, date(2024, 3, 31))
asked: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        lambda first, last, delivered: but(
            LOG,
            occurred_on=last,
            first_day=first,
            last_day=last,
            delivered=delivered,
            attended=None,
        ),
        days,
        days,
        st.integers(0, 9),
    ),
    st.builds(
        lambda day, size: but(
            CHANGE, occurred_on=day, delivery=ALONE.model_copy(update={"group_size": size})
        ),
        days,
        st.integers(1, 7),
    ),
    st.builds(lambda day: but(END, occurred_on=day, why="Moved"), days),
)


@given(st.lists(asked, max_size=12))
def test_whatever_is_asked_no_day_is_logged_twice_or_outside_and_sums_stay_right(
    commands: list[Command],
) -> None:
    so_far = provided()
    for command in commands:
        with suppress(SendRecordsError):
            so_far = so_far.given(command)
    provision = so_far.pupil.provisions[PROVISION]
    logged = sorted(provision.logged, key=lambda log: log.first)

    assert all(earlier.last < later.first for earlier, later in pairwise(logged))
    ended_on = provision.ended_on or date.max
    assert all(provision.started_on <= log.first <= log.last <= ended_on for log in logged)
    assert sum(stretch.weeks for stretch in provision.stretches) == 10
    assert planned_sessions(provision.stretches) == 50
    delivered = sum(log.delivered for log in logged)
    assert delivered_minutes(provision.stretches, provision.logged) == 10 * delivered
    alone = cost_per_pupil(stretch(MONDAY, 10, ALONE), delivered)
    cost = delivered_cost(provision.stretches, provision.logged)
    assert alone / 7 - PENNY <= cost <= alone + PENNY


def test_provision_says_what_pays_for_it() -> None:
    topped_up = but(START, funding_element=FundingElement.TOP_UP, section_f_ref="F3")

    planned().when(topped_up).then(
        ProvisionStarted, funding_element=FundingElement.TOP_UP, section_f_ref="F3"
    )


def test_specialist_support_assistants_determine_and_deliver_interventions() -> None:
    """Policy s.8.7; a teaching assistant, who gives them, logs what was given (s.8.8)."""
    for command in (StartProvision, ChangeProvision, EndProvision, LogProvisionSessions):
        assert Role.SUPPORT_ASSISTANT in command.roles
    assert Role.TEACHING_ASSISTANT not in StartProvision.roles
    assert Role.TEACHING_ASSISTANT in LogProvisionSessions.roles
