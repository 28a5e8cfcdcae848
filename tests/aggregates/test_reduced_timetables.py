from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from send_records.aggregates.consents import (
    ParentalAgreementMissing,
    Purpose,
    RecordAgreement,
    WithdrawAgreement,
)
from send_records.aggregates.corrections import CorrectEntry
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.paths import FieldNotCorrectable, value_at
from send_records.aggregates.reduced_timetables import (
    AgreeReducedTimetable,
    Approval,
    BegunBeforeAgreed,
    NotApprovedByBoth,
    NotForBehaviour,
    ReducedTimetableAgreed,
    StepUp,
    TimetableAlreadyReduced,
    TimetableGround,
    TimetableTooLong,
)
from send_records.aggregates.timetable_reviews import (
    EndReducedTimetable,
    NotifyReducedTimetable,
    ReducedTimetableEnded,
    ReducedTimetableNotified,
    ReducedTimetableReviewed,
    ReviewOutcome,
    ReviewReducedTimetable,
    TimetableNotReduced,
)
from send_records.aggregates.values import Role
from send_records.aggregates.voices import VoiceMissing
from send_records.errors import Invalid
from tests.scenario import MOTHER, Scenario, a_family, but

PRINCIPAL = Approval(name="Ruth Amos", role=Role.PRINCIPAL)
HEAD = Approval(name="Paul Grey", role=Role.HEAD_OF_INCLUSION)

CONSENT = RecordAgreement(
    occurred_on=date(2025, 9, 15), purpose=Purpose.REDUCED_TIMETABLE, contact_id=MOTHER
)
AGREE = AgreeReducedTimetable(
    occurred_on=date(2025, 9, 15),
    ground=TimetableGround.REINDUCTION,
    why="Anxious after a long absence",
    start_on=date(2025, 9, 16),
    end_on=date(2025, 10, 24),
    sessions="Mornings",
    step_up=(StepUp(from_on=date(2025, 10, 6), sessions="Until two"),),
    approved_by=(PRINCIPAL, HEAD),
)
REVIEW = ReviewReducedTimetable(
    occurred_on=date(2025, 9, 30),
    outcome=ReviewOutcome.CONTINUE,
    summary="Comes in gladly",
    pupil_view="Likes mornings",
    parent_view="Sleeps again",
)
END = EndReducedTimetable(occurred_on=date(2025, 10, 24), returned_full_time_on=date(2025, 10, 28))
WITHDRAW = WithdrawAgreement(
    occurred_on=date(2025, 9, 22), purpose=Purpose.REDUCED_TIMETABLE, contact_id=MOTHER
)


def consented() -> Scenario:
    return a_family().given(CONSENT)


def reduced() -> Scenario:
    return consented().given(AGREE)


def test_a_reduced_timetable_keeps_what_it_rests_on() -> None:
    agreed = consented().when(AGREE)

    agreed.then(
        ReducedTimetableAgreed,
        agreement_given_on=date(2025, 9, 15),
        review_on=date(2025, 9, 30),
        end_on=date(2025, 10, 24),
        approved_by=(PRINCIPAL, HEAD),
    )
    [event] = agreed.decided()
    assert isinstance(event, ReducedTimetableAgreed)
    assert (event.limit.local_authority, event.limit.days) == ("*", 42)


def test_a_reduced_timetable_needs_the_parents_agreement_to_that_very_thing() -> None:
    annual = but(CONSENT, purpose=Purpose.ANNUAL)

    a_family().when(AGREE).refused(ParentalAgreementMissing)
    a_family().given(annual).when(AGREE).refused(ParentalAgreementMissing)
    consented().given(but(WITHDRAW, occurred_on=date(2025, 9, 15))).when(AGREE).refused(
        ParentalAgreementMissing
    )


def test_the_parents_agreement_holds_until_the_end() -> None:
    a_family().given(but(CONSENT, expires_on=date(2025, 10, 24))).when(AGREE).then(
        ReducedTimetableAgreed
    )
    a_family().given(but(CONSENT, expires_on=date(2025, 10, 23))).when(AGREE).refused(
        ParentalAgreementMissing
    )


@pytest.mark.parametrize(
    "approved_by",
    [
        (PRINCIPAL,),
        (HEAD,),
        (PRINCIPAL, HEAD.model_copy(update={"name": "Ruth Amos"})),
        (PRINCIPAL, HEAD.model_copy(update={"name": "ruth  AMOS"})),
        (PRINCIPAL, PRINCIPAL.model_copy(update={"name": "Paul Grey"})),
    ],
    ids=["principal", "head", "one in two roles", "one written twice", "two principals"],
)
def test_principal_and_head_of_inclusion_approve_and_are_two_people(
    approved_by: tuple[Approval, ...],
) -> None:
    consented().when(but(AGREE, approved_by=approved_by)).refused(NotApprovedByBoth)


def test_no_correction_changes_who_approved_or_what_the_rule_said() -> None:
    """Nor makes one person of two, or longer the time that the local authority allows."""
    agreed = reduced().events[-1]
    assert isinstance(agreed, ReducedTimetableAgreed)
    approvals = value_at(agreed, "approved_by")
    assert isinstance(approvals, list)
    limit = agreed.limit.days

    for path, said, should in [
        ("approved_by.0.name", agreed.approved_by[0].name, "Somebody else"),
        ("approved_by", approvals, approvals[:1]),
        ("limit.days", limit, 365),
    ]:
        correct = CorrectEntry(
            occurred_on=date(2025, 10, 1),
            entry_version=agreed.originator_version,
            field=path,
            from_value=said,
            to_value=should,
            why="Misread",
        )
        reduced().when(correct).refused(FieldNotCorrectable)


def test_nobody_else_s_approval_stands_for_theirs() -> None:
    with pytest.raises(ValidationError):
        Approval.model_validate({"name": "Sam Okoro", "role": "senco"})


def test_both_approve_by_the_day_on_which_it_is_agreed() -> None:
    on_the_day = Approval(name="Paul Grey", role=Role.HEAD_OF_INCLUSION, approved_on=AGREE.start_on)
    approved = but(AGREE, approved_by=(PRINCIPAL, on_the_day))

    consented().when(approved).refused(NotApprovedByBoth)
    consented().when(but(approved, occurred_on=AGREE.start_on)).then(ReducedTimetableAgreed)


def test_a_local_authority_that_was_told_is_among_those_who_know() -> None:
    [untold] = consented().when(but(AGREE, local_authority="Oldham")).decided()
    told = but(AGREE, local_authority="Oldham", la_notified_on=date(2025, 9, 15))
    [at_once] = consented().when(told).decided()
    [unnamed] = consented().when(but(AGREE, la_notified_on=date(2025, 9, 15))).decided()
    later = NotifyReducedTimetable(
        occurred_on=date(2025, 9, 17), local_authority="Derby", how="Its form"
    )
    [afterwards] = reduced().when(later).decided()

    assert [e.recipients() for e in (untold, at_once, afterwards)] == [(), ("Oldham",), ("Derby",)]
    assert unnamed.recipients() == ("Local authority",)


def test_a_timetable_is_never_reduced_for_behaviour() -> None:
    consented().when(but(AGREE, ground=TimetableGround.BEHAVIOUR)).refused(NotForBehaviour)


def test_a_reduced_timetable_starts_once_it_is_agreed() -> None:
    consented().when(but(AGREE, start_on=date(2025, 9, 15))).then(ReducedTimetableAgreed)
    consented().when(but(AGREE, start_on=date(2025, 9, 14))).refused(BegunBeforeAgreed)


def test_it_ends_within_six_weeks_where_no_other_limit_is_known() -> None:
    consented().when(but(AGREE, end_on=date(2025, 10, 27))).then(ReducedTimetableAgreed)
    consented().when(but(AGREE, end_on=date(2025, 10, 28))).refused(TimetableTooLong)


def test_a_local_authority_has_a_limit_of_its_own() -> None:
    there = but(AGREE, local_authority="gloucestershire", end_on=date(2025, 12, 7))

    consented().when(there).then(ReducedTimetableAgreed)
    consented().when(but(there, end_on=date(2025, 12, 8))).refused(TimetableTooLong)
    consented().when(but(there, local_authority="Shropshire")).refused(TimetableTooLong)
    consented().when(but(there, local_authority="Nowhere")).refused(TimetableTooLong)


def test_an_end_is_always_set() -> None:
    with pytest.raises(ValidationError, match="end_on"):
        but(AGREE, end_on=None)


@pytest.mark.parametrize(
    "changes",
    [
        {"end_on": date(2025, 9, 15), "step_up": ()},
        {"step_up": (StepUp(from_on=date(2025, 9, 15), sessions="Until two"),)},
        {"step_up": (StepUp(from_on=date(2025, 10, 25), sessions="Until two"),)},
        {"review_on": date(2025, 9, 15)},
        {"review_on": date(2025, 10, 25)},
    ],
)
def test_steps_and_review_lie_between_start_and_end(changes: dict[str, object]) -> None:
    consented().when(but(AGREE, **changes)).refused(Invalid)


def test_the_local_authority_was_told_on_a_day_that_has_been() -> None:
    consented().when(but(AGREE, la_notified_on=date(2026, 11, 24))).refused(NotYetHappened)


def test_the_local_authority_may_be_told_afterwards() -> None:
    tell = NotifyReducedTimetable(
        occurred_on=date(2025, 9, 17),
        local_authority="Oldham",
        la_reference="PT-12",
        how="Its form",
    )

    reduced().when(tell).then(
        ReducedTimetableNotified, la_notified_on=date(2025, 9, 17), la_reference="PT-12"
    )
    reduced().when(but(tell, occurred_on=date(2025, 9, 14))).refused(Invalid)
    consented().when(tell).refused(TimetableNotReduced)


def test_a_short_one_is_reviewed_by_its_end() -> None:
    short = but(AGREE, end_on=date(2025, 9, 19), step_up=())

    consented().when(short).then(ReducedTimetableAgreed, review_on=date(2025, 9, 19))


def test_one_timetable_is_in_force_at_a_time() -> None:
    again = but(AGREE, occurred_on=date(2025, 11, 3), start_on=date(2025, 11, 3))
    again = but(again, end_on=date(2025, 11, 14), step_up=())

    reduced().when(again).refused(TimetableAlreadyReduced)
    reduced().given(END).when(again).then(ReducedTimetableAgreed)


def test_a_review_sets_the_next_one_by_the_end() -> None:
    reduced().when(REVIEW).then(ReducedTimetableReviewed, next_review_on=date(2025, 10, 14))
    late = but(REVIEW, occurred_on=date(2025, 10, 17))
    reduced().when(late).then(ReducedTimetableReviewed, next_review_on=date(2025, 10, 24))
    reduced().when(but(REVIEW, next_review_on=date(2025, 10, 25))).refused(Invalid)
    reduced().when(but(REVIEW, next_review_on=date(2025, 9, 30))).refused(Invalid)


def test_a_review_hears_pupil_and_parents_or_says_why_not() -> None:
    reduced().when(but(REVIEW, pupil_view=None)).refused(VoiceMissing)
    reduced().when(but(REVIEW, parent_view=None)).refused(VoiceMissing)
    reduced().when(
        but(REVIEW, parent_view=None, parent_view_missing_because="Telephoned twice")
    ).then(ReducedTimetableReviewed)


def test_it_goes_on_only_while_the_parents_agree() -> None:
    withdrawn = reduced().given(WITHDRAW)

    withdrawn.when(REVIEW).refused(ParentalAgreementMissing)
    withdrawn.when(but(REVIEW, outcome=ReviewOutcome.FULL_TIME)).then(
        ReducedTimetableReviewed, next_review_on=None
    )


def test_it_does_not_go_on_after_its_end() -> None:
    reduced().when(but(REVIEW, occurred_on=date(2025, 10, 24))).refused(TimetableTooLong)


def test_it_ends_with_the_day_of_return_or_why_there_is_none() -> None:
    reduced().when(END).then(ReducedTimetableEnded, returned_full_time_on=date(2025, 10, 28))
    left = but(END, returned_full_time_on=None, why="Moved away")
    reduced().when(left).then(ReducedTimetableEnded, returned_full_time_on=None)
    with pytest.raises(ValidationError, match="Say from when"):
        but(END, returned_full_time_on=None)


def test_what_is_not_reduced_is_neither_reviewed_nor_ended() -> None:
    consented().when(REVIEW).refused(TimetableNotReduced)
    consented().when(END).refused(TimetableNotReduced)
    reduced().given(END).when(END).refused(TimetableNotReduced)


def test_it_does_not_end_before_it_was_agreed() -> None:
    reduced().when(but(END, occurred_on=date(2025, 9, 14))).refused(Invalid)
    reduced().when(but(END, returned_full_time_on=date(2025, 9, 14))).refused(Invalid)


def test_it_is_not_reviewed_before_it_was_agreed() -> None:
    early = but(REVIEW, occurred_on=date(2025, 9, 14), outcome=ReviewOutcome.FULL_TIME)

    reduced().when(early).refused(Invalid)
