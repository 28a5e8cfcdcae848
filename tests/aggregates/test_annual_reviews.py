from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from send_records.aggregates.annual_review_meetings import (
    AnnualReviewAlreadyHeld,
    AnnualReviewHeld,
    HoldAnnualReview,
    OutcomeProgress,
    OutcomesNotReviewed,
    PreparationForAdulthoodMissing,
    Recommendation,
    ReviewAttendee,
    SectionChange,
)
from send_records.aggregates.annual_review_results import (
    AnnualReviewNotHeld,
    AnnualReviewReported,
    LaReviewDecisionReceived,
    PhaseOutcome,
    PhaseTransfer,
    PhaseTransferReviewed,
    RecordLaReviewDecision,
    RecordPhaseTransferReview,
    ReportAnnualReview,
)
from send_records.aggregates.annual_reviews import (
    AnnualReviewCalled,
    CallAnnualReview,
    InviteePart,
    ReviewInvitee,
)
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.details import ChangeYearGroup
from send_records.aggregates.ehc_plan_changes import RecordEhcPlanCeased
from send_records.aggregates.ehc_plans import EhcPlanNotIssued, SectionNotInForce
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from send_records.aggregates.la_decisions import AppealGround, LaDecision
from send_records.aggregates.voices import RecordPupilVoice, VoiceMissing
from send_records.errors import Invalid
from tests.scenario import EHC_PLAN, Scenario, a_pupil, but

EVERYONE = tuple(ReviewInvitee(part=part, name=part.value) for part in InviteePart)
CALL = CallAnnualReview(
    occurred_on=date(2025, 4, 14), meeting_on=date(2025, 5, 14), invited=EVERYONE
)
HOLD = HoldAnnualReview(
    occurred_on=date(2025, 5, 14),
    present=(ReviewAttendee(part=InviteePart.PARENT, name="Nasreen Rahman"),),
    outcomes=(
        OutcomeProgress(ref="E1", progress="On track"),
        OutcomeProgress(ref="E2", progress="Reached", still_right=False),
    ),
    pupil_voice="I like the word race",
    parent_voice="She reads signs on the bus",
    recommendation=Recommendation.AMEND,
    differences="Parents want speech and language in section F",
)
REPORT = ReportAnnualReview(occurred_on=date(2025, 5, 28), to=("Oldham", "Nasreen Rahman"))
DECIDE = RecordLaReviewDecision(
    occurred_on=date(2025, 6, 12),
    decision=Recommendation.AMEND,
    letter_dated=date(2025, 6, 11),
    amendments_enclosed=True,
)
TRANSFER = RecordPhaseTransferReview(
    occurred_on=date(2026, 2, 10),
    phase=PhaseTransfer.PRIMARY_TO_SECONDARY,
    transfer_on=date(2028, 9, 1),
    outcome=PhaseOutcome.AMENDED,
    decided_on=date(2026, 2, 9),
)


def with_plan() -> Scenario:
    return a_pupil().given(EHC_PLAN)


def in_year(code: str) -> Scenario:
    return with_plan().given(ChangeYearGroup(occurred_on=date(2024, 9, 2), nc_year=code))


def test_a_review_is_called_on_notice_that_is_counted() -> None:
    with_plan().when(CALL).then(
        AnnualReviewCalled,
        notice_given_on=date(2025, 4, 14),
        notice_days=30,
        short_notice=False,
        not_invited=(),
    )


@pytest.mark.parametrize(
    ("notice_on", "days", "short"), [(date(2025, 4, 30), 14, False), (date(2025, 5, 1), 13, True)]
)
def test_notice_of_less_than_two_weeks_is_shown_and_not_refused(
    notice_on: date, days: int, short: bool
) -> None:
    late = but(CALL, occurred_on=date(2025, 5, 2), notice_given_on=notice_on)

    with_plan().when(late).then(AnnualReviewCalled, notice_days=days, short_notice=short)


def test_whoever_must_be_invited_and_was_not_is_named() -> None:
    few = but(CALL, invited=(EVERYONE[1], *EVERYONE[4:]), not_invited_because="Asked by phone")

    with_plan().when(few).then(
        AnnualReviewCalled,
        not_invited=(InviteePart.PARENT, InviteePart.HEAD, InviteePart.LA_OFFICER),
        not_invited_because="Asked by phone",
    )


def test_a_young_person_is_invited_in_the_parents_place() -> None:
    without_parent = but(CALL, invited=EVERYONE[1:])

    in_year("11").when(without_parent).then(AnnualReviewCalled, not_invited=(InviteePart.PARENT,))
    in_year("12").when(without_parent).then(AnnualReviewCalled, not_invited=())


def test_a_meeting_is_not_before_its_notice_nor_notice_given_on_a_day_to_come() -> None:
    with_plan().when(but(CALL, meeting_on=date(2025, 4, 13))).refused(Invalid)
    to_come = but(CALL, notice_given_on=date(2026, 11, 24), meeting_on=date(2026, 12, 24))
    with_plan().when(to_come).refused(NotYetHappened)


@pytest.mark.parametrize("command", [CALL, HOLD, DECIDE])
def test_what_is_reviewed_is_a_plan_in_force(
    command: CallAnnualReview | HoldAnnualReview | RecordLaReviewDecision,
) -> None:
    ceased = RecordEhcPlanCeased(
        occurred_on=date(2025, 1, 6), ceased_on=date(2025, 1, 6), why="No longer necessary"
    )

    a_pupil().when(command).refused(EhcPlanNotIssued)
    with_plan().given(ceased).when(command).refused(EhcPlanNotIssued)


def test_a_review_recommends_and_keeps_what_differs() -> None:
    held = with_plan().when(HOLD).then(AnnualReviewHeld, recommendation=Recommendation.AMEND)

    assert held.pupil.annual_reviews == (date(2025, 5, 14),)
    held.when(HOLD).refused(AnnualReviewAlreadyHeld)


@pytest.mark.parametrize("refs", [(), ("E1",), ("E1", "E2", "E3"), ("E1", "E1")])
def test_a_review_considers_every_outcome_of_the_plan(refs: tuple[str, ...]) -> None:
    outcomes = tuple(OutcomeProgress(ref=ref, progress="On track") for ref in refs)

    with_plan().when(but(HOLD, outcomes=outcomes)).refused(OutcomesNotReviewed)


@pytest.mark.parametrize("voice", ["pupil", "parent"])
def test_a_review_holds_both_voices_or_the_reason_it_does_not(voice: str) -> None:
    unheard = but(HOLD, **{f"{voice}_voice": None})
    because = but(unheard, **{f"{voice}_voice_missing_because": "Unwell; will write"})

    with_plan().when(unheard).refused(VoiceMissing)
    with_plan().when(because).then(AnnualReviewHeld)


def test_a_voice_recorded_for_the_review_is_heard() -> None:
    drawing = RecordPupilVoice(
        occurred_on=date(2025, 5, 12), how="drawing", likes="The word race", verbatim=True
    )

    with_plan().given(drawing).when(but(HOLD, pupil_voice=None)).then(AnnualReviewHeld)


def test_what_was_said_for_the_last_annual_review_is_not_said_for_this_one() -> None:
    drawing = RecordPupilVoice(
        occurred_on=date(2025, 5, 12), how="drawing", likes="The word race", verbatim=True
    )
    next_year = but(HOLD, occurred_on=date(2026, 5, 13), pupil_voice=None)

    with_plan().given(drawing, HOLD).when(next_year).refused(VoiceMissing)


@pytest.mark.parametrize(("year", "needed"), [("8", False), ("9", True), ("13", True)])
def test_from_year_nine_a_review_considers_adulthood(year: str, needed: bool) -> None:
    pupil = in_year(year)

    if needed:
        pupil.when(HOLD).refused(PreparationForAdulthoodMissing)
    else:
        pupil.when(HOLD).then(AnnualReviewHeld)
    pupil.when(but(HOLD, preparation_for_adulthood="Wants to cook")).then(AnnualReviewHeld)


def test_changes_are_of_sections_that_there_are_each_once() -> None:
    change = SectionChange(section="F", change="Speech and language, weekly")
    unknown = SectionChange(section="L", change="More")

    with_plan().when(but(HOLD, changes=(change,))).then(AnnualReviewHeld)
    with_plan().when(but(HOLD, changes=(unknown,))).refused(SectionNotInForce)
    with_plan().when(but(HOLD, changes=(change, change))).refused(SectionNotInForce)


def test_advice_went_round_on_a_day_that_has_been() -> None:
    sent = but(HOLD, advice_circulated_on=date(2025, 4, 28))

    with_plan().when(sent).then(AnnualReviewHeld, advice_circulated_on=date(2025, 4, 28))
    to_come = but(HOLD, advice_circulated_on=date(2026, 11, 24))
    with_plan().when(to_come).refused(NotYetHappened)


@pytest.mark.parametrize(
    ("sent_on", "days", "late"), [(date(2025, 5, 28), 14, False), (date(2025, 5, 29), 15, True)]
)
def test_a_report_after_two_weeks_is_shown_as_late(sent_on: date, days: int, late: bool) -> None:
    sent = but(REPORT, occurred_on=sent_on)

    with_plan().given(HOLD).when(sent).then(
        AnnualReviewReported,
        held_on=date(2025, 5, 14),
        sent_on=sent_on,
        days_after_meeting=days,
        late=late,
    )


def test_a_report_is_of_a_review_that_was_held() -> None:
    held = with_plan().given(HOLD)

    with_plan().when(REPORT).refused(AnnualReviewNotHeld)
    held.when(but(REPORT, held_on=date(2025, 5, 13))).refused(AnnualReviewNotHeld)
    held.when(but(REPORT, sent_on=date(2025, 5, 13))).refused(AnnualReviewNotHeld)
    held.when(but(REPORT, held_on=HOLD.occurred_on, sent_on=date(2025, 5, 13))).refused(Invalid)
    held.when(but(REPORT, sent_on=date(2026, 11, 24))).refused(NotYetHappened)


@pytest.mark.parametrize(
    ("letter_dated", "late"), [(date(2025, 6, 11), False), (date(2025, 6, 12), True)]
)
def test_a_decision_after_four_weeks_is_shown_as_late(letter_dated: date, late: bool) -> None:
    with_plan().given(HOLD).when(but(DECIDE, letter_dated=letter_dated)).then(
        LaReviewDecisionReceived, held_on=date(2025, 5, 14), late=late
    )


def test_a_decision_on_a_review_held_elsewhere_is_taken() -> None:
    with_plan().when(DECIDE).then(LaReviewDecisionReceived, held_on=None, late=None)
    with_plan().when(but(DECIDE, letter_dated=date(2026, 11, 24))).refused(NotYetHappened)


@pytest.mark.parametrize(
    ("decision", "ground"),
    [
        (Recommendation.MAINTAIN, AppealGround.REFUSAL_TO_AMEND),
        (Recommendation.CEASE, AppealGround.CEASING),
        (Recommendation.AMEND, None),
    ],
)
def test_what_can_be_appealed_follows_from_the_decision(
    decision: Recommendation, ground: AppealGround | None
) -> None:
    enclosed = True if decision is Recommendation.AMEND else None
    decided = with_plan().given(but(DECIDE, decision=decision, amendments_enclosed=enclosed))

    expected = [] if ground is None else [LaDecision(ground, date(2025, 6, 11))]
    assert list(decided.pupil.la_decisions[1:]) == expected


@pytest.mark.parametrize(
    ("decision", "enclosed"),
    [
        (Recommendation.AMEND, None),
        (Recommendation.MAINTAIN, True),
        (Recommendation.CEASE, False),
    ],
)
def test_a_decision_to_amend_says_whether_the_amendments_came(
    decision: Recommendation, enclosed: bool | None
) -> None:
    with pytest.raises(ValidationError):
        but(DECIDE, decision=decision, amendments_enclosed=enclosed)


def test_a_plan_is_reviewed_for_the_next_phase() -> None:
    with_plan().when(TRANSFER).then(PhaseTransferReviewed, transfer_on=date(2028, 9, 1))
    a_pupil().when(TRANSFER).refused(EhcPlanNotIssued)
    with_plan().when(but(TRANSFER, decided_on=date(2026, 11, 24))).refused(NotYetHappened)


def test_the_year_group_follows_a_move_and_a_readmission() -> None:
    move = MovePupilAcademy(
        occurred_on=date(2024, 9, 2),
        to_academy="Birch Lane Academy",
        nc_year="9",
        accepted_by="Kim Ade",
    )
    leave = RecordLeaving(occurred_on=date(2024, 9, 30), why="Moved to Leeds")
    back = ReadmitPupil(occurred_on=date(2025, 1, 6), academy="Alder Park Academy", nc_year="8")

    moved = with_plan().given(move)
    moved.when(HOLD).refused(PreparationForAdulthoodMissing)
    moved.given(leave, back).when(HOLD).then(AnnualReviewHeld)


def test_a_report_is_of_the_last_review_and_may_go_on_its_day() -> None:
    next_year = but(HOLD, occurred_on=date(2026, 5, 13), pupil_voice="I read")
    twice = with_plan().given(HOLD, next_year)

    twice.when(but(REPORT, occurred_on=date(2026, 5, 13))).then(
        AnnualReviewReported, held_on=date(2026, 5, 13), days_after_meeting=0, late=False
    )
    twice.when(REPORT).then(AnnualReviewReported, held_on=date(2025, 5, 14))
    twice.when(but(REPORT, occurred_on=date(2026, 5, 27), held_on=HOLD.occurred_on)).then(
        AnnualReviewReported, held_on=date(2025, 5, 14), late=True
    )


def test_a_meeting_may_be_on_the_day_of_its_notice() -> None:
    with_plan().when(but(CALL, meeting_on=CALL.occurred_on)).then(
        AnnualReviewCalled, notice_days=0, short_notice=True
    )


def test_attendance_is_a_share_of_a_hundred() -> None:
    with_plan().when(but(HOLD, attendance_percent=Decimal("93.4"))).then(
        AnnualReviewHeld, attendance_percent=Decimal("93.4")
    )
    for number in ("-0.1", "100.1"):
        with pytest.raises(ValidationError, match="from 0 to 100"):
            but(HOLD, attendance_percent=Decimal(number))
