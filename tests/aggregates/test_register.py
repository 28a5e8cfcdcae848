from __future__ import annotations

from datetime import date

import pytest

from send_records.aggregates.agencies import RecordAgencyInvolvement
from send_records.aggregates.consents import Purpose, RecordAgreementRefused
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.ehc_plan_changes import RecordEhcPlanCeased
from send_records.aggregates.ehc_plans import EhcPlanNotIssued
from send_records.aggregates.monitoring import (
    MonitoringEnd,
    MonitoringEnded,
    StartMonitoring,
)
from send_records.aggregates.needs import PrimaryNeedMissing
from send_records.aggregates.register import (
    AddedToSendRegister,
    AgencyNotInvolved,
    AlreadyOnRegister,
    ChangeSupportLevel,
    EhcPlanMaintained,
    ExitCriterion,
    FamilyNotInReview,
    LevelUnchanged,
    NotOnRegister,
    ParentsNotInformed,
    RemovedFromSendRegister,
    RemoveFromSendRegister,
    ReviewMissing,
    SupportLevel,
    SupportLevelChanged,
)
from send_records.aggregates.reviews import Attendee, HoldReview, Part, ReviewKind
from send_records.aggregates.voices import RecordPupilVoice
from tests.scenario import ADD, EHC_PLAN, IDENTIFY, MOTHER, TELL, a_family, but, on_register

MONITOR = StartMonitoring(occurred_on=date(2023, 10, 18), focus="Reading accuracy")
REFUSE = RecordAgreementRefused(
    occurred_on=date(2023, 12, 13), purpose=Purpose.ANNUAL, contact_id=MOTHER
)
INVOLVE = RecordAgencyInvolvement(
    occurred_on=date(2024, 5, 20),
    agency="educational_psychology",
    professional="Link educational psychologist",
)
SPECIALIST = ChangeSupportLevel(
    occurred_on=date(2024, 5, 20),
    to_level=SupportLevel.SPECIALIST,
    why="External professional involved",
    parents_informed_on=date(2024, 5, 20),
)
LAST_REVIEW = HoldReview(
    occurred_on=date(2026, 2, 6),
    kind=ReviewKind.END_OF_REGISTER,
    attendees=(
        Attendee(part=Part.PUPIL, name="Aisha", invited=True, present=True),
        Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),
    ),
    impact="Expected progress sustained for a term",
    pupil_voice="I am fine now",
    parent_voice="She is herself again",
    next_steps="Remove from the register; universal monitoring",
)
REMOVE = RemoveFromSendRegister(
    occurred_on=date(2026, 2, 6),
    criterion=ExitCriterion.EXPECTED_PROGRESS,
    review_on=date(2026, 2, 6),
)


CEASED = RecordEhcPlanCeased(
    occurred_on=date(2026, 1, 30), ceased_on=date(2026, 1, 30), why="No longer necessary"
)


def test_a_pupil_is_added_with_the_primary_need_and_the_day_parents_were_told() -> None:
    added = (
        a_family()
        .given(IDENTIFY, TELL)
        .when(ADD)
        .then(
            AddedToSendRegister,
            level=SupportLevel.TARGETED,
            primary_need="SPLD",
            parents_informed_on=date(2023, 12, 13),
        )
    )

    assert added.pupil.registration is not None
    assert added.pupil.registration.added_on == date(2023, 12, 13)


def test_a_pupil_is_on_the_register_once() -> None:
    on_register().when(ADD).refused(AlreadyOnRegister)


def test_nobody_is_added_before_the_parents_are_told() -> None:
    identified = a_family().given(IDENTIFY)

    identified.when(ADD).refused(ParentsNotInformed)
    identified.given(but(TELL, occurred_on=date(2023, 12, 14))).when(ADD).refused(
        ParentsNotInformed
    )


def test_telling_parents_something_else_is_not_telling_them_this() -> None:
    other = but(TELL, notice_of="monitoring")

    a_family().given(IDENTIFY, other).when(ADD).refused(ParentsNotInformed)


def test_a_late_entry_is_judged_by_what_parents_knew_on_its_day() -> None:
    told_again = but(TELL, occurred_on=date(2024, 12, 13))

    a_family().given(IDENTIFY, TELL, told_again).when(ADD).then(
        AddedToSendRegister, parents_informed_on=date(2023, 12, 13)
    )


def test_the_parents_agreement_is_no_condition_and_their_refusal_no_obstacle() -> None:
    a_family().given(IDENTIFY, TELL, REFUSE).when(ADD).then(AddedToSendRegister)


def test_nobody_is_added_without_a_primary_need() -> None:
    a_family().given(TELL).when(ADD).refused(PrimaryNeedMissing)
    a_family().given(TELL, but(IDENTIFY, rank=2)).when(ADD).refused(PrimaryNeedMissing)


def test_adding_a_monitored_pupil_ends_the_monitoring_in_the_same_decision() -> None:
    adding = a_family().given(MONITOR, IDENTIFY, TELL).when(ADD)

    ended, added = adding.decided()

    assert isinstance(ended, MonitoringEnded)
    assert ended.outcome is MonitoringEnd.MOVED_TO_REGISTER
    assert isinstance(added, AddedToSendRegister)
    assert added.originator_version == ended.originator_version + 1


def test_specialist_support_needs_an_agency_involved() -> None:
    told = a_family().given(IDENTIFY, TELL)
    add = but(ADD, level=SupportLevel.SPECIALIST)

    told.when(add).refused(AgencyNotInvolved)
    told.given(but(INVOLVE, occurred_on=date(2023, 12, 1))).when(add).then(AddedToSendRegister)
    on_register().when(SPECIALIST).refused(AgencyNotInvolved)


def test_support_changes_from_one_level_to_another() -> None:
    changed = (
        on_register()
        .given(INVOLVE)
        .when(SPECIALIST)
        .then(
            SupportLevelChanged, from_level=SupportLevel.TARGETED, to_level=SupportLevel.SPECIALIST
        )
    )

    changed.when(SPECIALIST).refused(LevelUnchanged)


def test_only_a_pupil_on_the_register_changes_level_or_is_removed() -> None:
    a_family().given(INVOLVE).when(SPECIALIST).refused(NotOnRegister)
    a_family().given(LAST_REVIEW).when(REMOVE).refused(NotOnRegister)


def test_parents_are_not_recorded_as_informed_on_a_day_to_come() -> None:
    later = but(SPECIALIST, parents_informed_on=date(2026, 11, 24))

    on_register().given(INVOLVE).when(later).refused(NotYetHappened)


def test_a_pupil_leaves_the_register_by_a_review_with_the_family() -> None:
    removed = (
        on_register()
        .given(LAST_REVIEW)
        .when(REMOVE)
        .then(RemovedFromSendRegister, criterion=ExitCriterion.EXPECTED_PROGRESS)
    )

    assert removed.pupil.registration is None
    removed.when(REMOVE).refused(NotOnRegister)


def test_removal_needs_a_review_held_since_the_pupil_was_added() -> None:
    before = but(LAST_REVIEW, occurred_on=date(2023, 12, 12))

    on_register().when(REMOVE).refused(ReviewMissing)
    on_register().given(before).when(but(REMOVE, review_on=date(2023, 12, 12))).refused(
        ReviewMissing
    )


def test_a_review_on_the_day_of_adding_counts() -> None:
    review = but(LAST_REVIEW, occurred_on=ADD.occurred_on)
    remove = but(REMOVE, review_on=ADD.occurred_on)

    on_register().given(review).when(remove).then(RemovedFromSendRegister)


def test_a_removal_does_not_rest_on_a_review_held_after_it() -> None:
    reviewed = on_register().given(LAST_REVIEW)

    reviewed.when(but(REMOVE, occurred_on=date(2026, 2, 5))).refused(ReviewMissing)


@pytest.mark.parametrize("voice", ["pupil", "parent"])
def test_a_removal_rests_on_a_review_that_pupil_and_parents_took_part_in(voice: str) -> None:
    absent = {
        "attendees": (Attendee(part=Part.STAFF, name="The SENDCo", invited=True, present=True),),
        f"{voice}_voice": None,
        f"{voice}_voice_missing_because": "Did not attend; phoned twice",
    }

    on_register().given(but(LAST_REVIEW, **absent)).when(REMOVE).refused(FamilyNotInReview)


def test_a_pupil_heard_for_the_review_took_part_in_it() -> None:
    drawing = RecordPupilVoice(
        occurred_on=date(2026, 2, 4), how="drawing", likes="The word race", verbatim=True
    )
    parents_only = but(LAST_REVIEW, attendees=LAST_REVIEW.attendees[1:], pupil_voice=None)

    on_register().given(drawing, parents_only).when(REMOVE).then(RemovedFromSendRegister)


def test_a_pupil_with_an_ehc_plan_stays_on_the_register() -> None:
    ehcp = but(SPECIALIST, to_level=SupportLevel.EHCP)
    maintained = on_register().given(EHC_PLAN, ehcp, LAST_REVIEW)

    maintained.when(REMOVE).refused(EhcPlanMaintained)
    maintained.given(CEASED).when(REMOVE).then(RemovedFromSendRegister)


def test_a_pupil_whose_plan_ceases_after_the_review_stays_until_it_has() -> None:
    later = but(CEASED, ceased_on=date(2026, 2, 7), occurred_on=date(2026, 2, 7))

    on_register().given(EHC_PLAN, LAST_REVIEW, later).when(REMOVE).refused(EhcPlanMaintained)


def test_the_level_is_ehcp_once_a_plan_is_issued_and_until_it_ceases() -> None:
    ehcp = but(SPECIALIST, to_level=SupportLevel.EHCP)

    on_register().when(ehcp).refused(EhcPlanNotIssued)
    issued = on_register().given(EHC_PLAN)
    issued.when(but(ehcp, occurred_on=date(2024, 5, 16))).refused(EhcPlanNotIssued)
    issued.when(but(ehcp, occurred_on=EHC_PLAN.final_dated)).then(SupportLevelChanged)
    issued.given(CEASED).when(but(ehcp, occurred_on=CEASED.ceased_on)).refused(EhcPlanNotIssued)


def test_a_pupil_with_an_ehc_plan_is_at_no_other_level() -> None:
    ehcp = but(SPECIALIST, to_level=SupportLevel.EHCP)
    back = but(SPECIALIST, to_level=SupportLevel.TARGETED, occurred_on=date(2026, 1, 30))
    maintained = on_register().given(EHC_PLAN, ehcp)

    maintained.when(back).refused(EhcPlanMaintained)
    maintained.given(CEASED).when(back).then(SupportLevelChanged, from_level=SupportLevel.EHCP)


def test_a_pupil_is_added_at_the_level_of_the_plan_they_bring() -> None:
    told = a_family().given(IDENTIFY, TELL)
    brought = but(EHC_PLAN, final_dated=date(2023, 7, 3), occurred_on=date(2023, 9, 4))
    at_ehcp = but(ADD, level=SupportLevel.EHCP)

    told.when(at_ehcp).refused(EhcPlanNotIssued)
    told.given(brought).when(at_ehcp).then(AddedToSendRegister, level=SupportLevel.EHCP)
    told.given(brought).when(ADD).refused(EhcPlanMaintained)


def test_a_pupil_added_again_has_parents_told_again() -> None:
    removed = on_register().given(LAST_REVIEW, REMOVE)
    again = but(ADD, occurred_on=date(2026, 10, 1))

    removed.when(again).refused(ParentsNotInformed)
    told_at_removal = but(TELL, occurred_on=REMOVE.occurred_on)
    on_register().given(told_at_removal, LAST_REVIEW, REMOVE).when(again).refused(
        ParentsNotInformed
    )
    removed.given(but(TELL, occurred_on=date(2026, 10, 1))).when(again).then(
        AddedToSendRegister, parents_informed_on=date(2026, 10, 1)
    )
