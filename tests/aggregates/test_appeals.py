from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.appeals import (
    AlreadyAppealed,
    AppealLodged,
    AppealWindowClosed,
    LodgeAppeal,
)
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.ehc_answers import RecordLaDecisionToAssess
from send_records.aggregates.ehc_plans import SectionNotInForce
from send_records.aggregates.ehc_requests import (
    AssessDecision,
    EhcRequester,
    RequestEhcAssessment,
)
from send_records.aggregates.la_decisions import AppealGround, NothingToAppeal
from send_records.aggregates.mediations import MediationRecorded, RecordMediation
from send_records.aggregates.tribunal import (
    AppealAlreadyDecided,
    AppealDecided,
    AppealDirectionsReceived,
    AppealOutcome,
    AppealStep,
    Direction,
    RecordAppealDecision,
    RecordAppealDirections,
)
from send_records.aggregates.values import Origin
from send_records.errors import Invalid, NotFound
from tests.scenario import EHC_PLAN, NOBODY, Scenario, a_pupil, but

APPEAL = UUID(int=310)
REQUEST = RequestEhcAssessment(
    occurred_on=date(2024, 11, 18), local_authority="Oldham", requested_by=EhcRequester.PARENT
)
REFUSED = RecordLaDecisionToAssess(
    occurred_on=date(2025, 1, 2),
    decision=AssessDecision.REFUSED,
    letter_dated=date(2024, 12, 31),
)
MEDIATE = RecordMediation(
    occurred_on=date(2025, 2, 10),
    certificate_dated=date(2025, 2, 7),
    outcome="The local authority does not change its mind",
)
LODGE = LodgeAppeal(
    occurred_on=date(2025, 2, 28),
    ground=AppealGround.REFUSAL_TO_ASSESS,
    decision_letter_dated=date(2024, 12, 31),
)
CONTENTS = LodgeAppeal(
    occurred_on=date(2024, 6, 3),
    ground=AppealGround.CONTENTS,
    sections=("F", "I"),
    decision_letter_dated=EHC_PLAN.final_dated,
)
DIRECT = RecordAppealDirections(
    occurred_on=date(2025, 3, 20),
    appeal_id=APPEAL,
    dated=date(2025, 3, 19),
    directions=(
        Direction(what="Response", due_on=date(2025, 5, 2), step=AppealStep.LA_RESPONSE),
        Direction(what="Hearing", due_on=date(2027, 6, 1), step=AppealStep.HEARING),
    ),
)
DECIDE = RecordAppealDecision(
    occurred_on=date(2025, 7, 1),
    appeal_id=APPEAL,
    outcome=AppealOutcome.ALLOWED,
    ordered="The local authority assesses",
)


def refused() -> Scenario:
    return a_pupil().given(REQUEST, REFUSED)


def appealed() -> Scenario:
    return refused().given(LODGE, new_id=APPEAL)


def test_two_months_from_the_end_of_december_end_with_february() -> None:
    refused().when(LODGE).then(
        AppealLodged,
        window_ends_on=date(2025, 2, 28),
        late=False,
        certificate_dated=None,
        certificate_needed=True,
        origin=Origin.PARENT,
    )


def test_an_appeal_after_its_time_is_recorded_with_the_reason() -> None:
    day_after = but(LODGE, occurred_on=date(2025, 3, 1))

    refused().when(day_after).refused(AppealWindowClosed)
    refused().when(but(day_after, late_because="The letter came in February")).then(
        AppealLodged, late=True, late_because="The letter came in February"
    )


def test_a_month_from_the_certificate_counts_when_it_is_later() -> None:
    mediated = refused().given(MEDIATE)

    mediated.when(but(LODGE, occurred_on=date(2025, 3, 7))).then(
        AppealLodged,
        window_ends_on=date(2025, 3, 7),
        certificate_dated=date(2025, 2, 7),
        late=False,
    )
    mediated.when(but(LODGE, occurred_on=date(2025, 3, 8))).refused(AppealWindowClosed)


def test_a_certificate_that_came_early_shortens_nothing() -> None:
    early = but(MEDIATE, occurred_on=date(2025, 1, 10), certificate_dated=date(2025, 1, 10))

    refused().given(early).when(LODGE).then(
        AppealLodged, window_ends_on=date(2025, 2, 28), certificate_dated=date(2025, 1, 10)
    )


def test_a_certificate_about_something_else_or_of_another_time_does_not_count() -> None:
    plan = but(EHC_PLAN, occurred_on=date(2025, 1, 20), final_dated=date(2025, 1, 17))
    about_plan = but(MEDIATE, about=AppealGround.CONTENTS)
    afterwards = but(MEDIATE, occurred_on=date(2025, 3, 3), certificate_dated=date(2025, 3, 3))
    uncounted = {"certificate_dated": None, "window_ends_on": date(2025, 2, 28)}

    refused().given(plan, about_plan).when(LODGE).then(AppealLodged, **uncounted)
    refused().given(afterwards).when(LODGE).then(AppealLodged, **uncounted)


def test_an_appeal_is_against_a_decision_that_is_on_record() -> None:
    a_pupil().when(LODGE).refused(NothingToAppeal)
    a_pupil().given(REQUEST).when(LODGE).refused(NothingToAppeal)
    refused().when(but(LODGE, decision_letter_dated=date(2024, 12, 30))).refused(NothingToAppeal)
    refused().when(but(LODGE, ground=AppealGround.REFUSAL_TO_ISSUE)).refused(NothingToAppeal)


def test_an_appeal_follows_the_letter_and_comes_once() -> None:
    refused().when(but(LODGE, occurred_on=date(2024, 12, 30))).refused(Invalid)
    refused().when(but(LODGE, registered_on=date(2025, 2, 27))).refused(Invalid)
    refused().when(but(LODGE, registered_on=date(2026, 11, 24))).refused(NotYetHappened)
    appealed().when(LODGE).refused(AlreadyAppealed)


@pytest.mark.parametrize("sections", [("A",), ("F", "G"), ("X",)])
def test_only_sections_b_f_and_i_can_be_appealed(sections: tuple[str, ...]) -> None:
    a_pupil().given(EHC_PLAN).when(but(CONTENTS, sections=sections)).refused(SectionNotInForce)


@pytest.mark.parametrize(
    ("sections", "needed"), [(("I",), False), (("F", "I"), True), (("B",), True)]
)
def test_no_certificate_is_needed_about_the_placement_alone(
    sections: tuple[str, ...], needed: bool
) -> None:
    a_pupil().given(EHC_PLAN).when(but(CONTENTS, sections=sections)).then(
        AppealLodged, sections=sections, certificate_needed=needed
    )


def test_sections_go_with_an_appeal_against_the_contents_and_no_other() -> None:
    with pytest.raises(ValidationError):
        but(CONTENTS, sections=())
    with pytest.raises(ValidationError):
        but(LODGE, sections=("B",))


def test_mediation_is_about_the_decision_received_last_unless_it_is_said() -> None:
    plan = but(EHC_PLAN, occurred_on=date(2025, 1, 20), final_dated=date(2025, 1, 17))
    decided = refused().given(plan)

    decided.when(MEDIATE).then(MediationRecorded, about=AppealGround.CONTENTS)
    decided.when(but(MEDIATE, about=AppealGround.REFUSAL_TO_ASSESS)).then(
        MediationRecorded, about=AppealGround.REFUSAL_TO_ASSESS
    )


def test_mediation_follows_a_decision() -> None:
    before = but(MEDIATE, certificate_dated=date(2024, 12, 30))

    a_pupil().when(MEDIATE).refused(NothingToAppeal)
    refused().when(before).refused(NothingToAppeal)
    refused().when(but(MEDIATE, about=AppealGround.CEASING)).refused(NothingToAppeal)
    refused().when(but(MEDIATE, certificate_dated=date(2026, 11, 24))).refused(NotYetHappened)
    refused().when(but(MEDIATE, held_on=date(2026, 11, 24))).refused(NotYetHappened)


def test_directions_name_days_to_come() -> None:
    appealed().when(DIRECT).then(
        AppealDirectionsReceived, directions=DIRECT.directions, origin=Origin.COURT
    )
    appealed().when(but(DIRECT, dated=date(2026, 11, 24))).refused(NotYetHappened)
    appealed().when(but(DIRECT, appeal_id=NOBODY)).refused(NotFound)


def test_an_appeal_is_decided_once() -> None:
    decided = (
        appealed()
        .when(DECIDE)
        .then(
            AppealDecided,
            order_dated=date(2025, 7, 1),
            ground=AppealGround.REFUSAL_TO_ASSESS,
        )
    )

    decided.when(DECIDE).refused(AppealAlreadyDecided)
    decided.when(DIRECT).refused(AppealAlreadyDecided)
    appealed().when(but(DECIDE, appeal_id=NOBODY)).refused(NotFound)
    appealed().when(but(DECIDE, order_dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_an_appeal_may_be_made_and_registered_on_the_day_of_the_letter() -> None:
    at_once = but(LODGE, occurred_on=date(2024, 12, 31), registered_on=date(2024, 12, 31))

    refused().when(at_once).then(AppealLodged, registered_on=date(2024, 12, 31), late=False)


def test_the_latest_certificate_counts_and_one_of_the_letter_s_own_day() -> None:
    on_the_day = but(MEDIATE, occurred_on=date(2024, 12, 31), certificate_dated=date(2024, 12, 31))

    refused().given(on_the_day).when(LODGE).then(AppealLodged, certificate_dated=date(2024, 12, 31))
    refused().given(MEDIATE, on_the_day).when(LODGE).then(
        AppealLodged, certificate_dated=date(2025, 2, 7), window_ends_on=date(2025, 3, 7)
    )
