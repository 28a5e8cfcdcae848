from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.agencies import EndAgencyInvolvement, RecordAgencyInvolvement
from send_records.aggregates.base import Command
from send_records.aggregates.details import (
    ChangeYearGroup,
    CorrectPupilDetails,
    RecordCircumstances,
    ReplaceUpn,
)
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from send_records.aggregates.monitoring import (
    EndMonitoring,
    MonitoringOutcome,
    NextStep,
    ReviewMonitoring,
    StartMonitoring,
)
from send_records.aggregates.needs import EndNeed, IdentifyNeed, RerankNeeds
from send_records.aggregates.plan_contents import PlanKind
from send_records.aggregates.plans import DraftPlan, EndPlan
from send_records.aggregates.register import (
    ChangeSupportLevel,
    ExitCriterion,
    RemoveFromSendRegister,
    SupportLevel,
)
from send_records.aggregates.reviews import Attendee, HoldReview, Part, ReviewKind
from send_records.aggregates.scheduled_reviews import ScheduleReview
from send_records.aggregates.values import Area
from send_records.projections.base import folded
from send_records.projections.register_rows import SEN_PROVISION, Status
from send_records.projections.send_register import SendRegister
from tests.api.story import TARGET, upn_of
from tests.projections.lives import Life, storied
from tests.scenario import ADD, ADMIT, EHC_PLAN, IDENTIFY, MOTHER, RECORD_MOTHER, TELL, but

REGISTER = SendRegister()

MONITOR = StartMonitoring(
    occurred_on=date(2023, 10, 2), focus="Reading", next_review_on=date(2023, 11, 13)
)
INVOLVE = RecordAgencyInvolvement(
    occurred_on=date(2024, 1, 22), agency="Educational psychology", professional="Dr Ines Marsh"
)
CHANGED_ON = date(2024, 6, 3)
REVIEW = HoldReview(
    occurred_on=date(2024, 5, 3),
    kind=ReviewKind.TERMLY,
    attendees=(
        Attendee(part=Part.PUPIL, name="Aisha Rahman", invited=True, present=True),
        Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),
    ),
    impact="Reads with the class",
    pupil_voice="I like reading now",
    parent_voice="She reads to her brother",
    next_steps="Go on",
    next_review_on=date(2024, 9, 27),
)
REMOVE = RemoveFromSendRegister(
    occurred_on=date(2024, 5, 10),
    criterion=ExitCriterion.EXPECTED_PROGRESS,
    review_on=date(2024, 5, 3),
)


def on_register() -> Life:
    return Life().then(RECORD_MOTHER, key=MOTHER).then(IDENTIFY, TELL, ADD)


def test_a_pupil_appears_with_admission_and_no_need() -> None:
    life = Life()
    row = life.row(REGISTER)

    assert row.pupil_id == life.events[0].originator_id
    assert (row.legal_name, row.academy, row.nc_year) == (ADMIT.legal_name, ADMIT.academy, "2")
    assert (row.status, row.sen_provision, row.needs, row.version) == ("none", "N", [], 2)


def test_a_pupil_monitored_is_not_on_the_register() -> None:
    row = Life().then(MONITOR).row(REGISTER)

    assert (row.status, row.sen_provision) == ("monitoring", "N")
    assert (row.monitored_since, row.next_review_on) == (date(2023, 10, 2), date(2023, 11, 13))


def test_monitoring_that_ends_leaves_nothing_due() -> None:
    row = Life().then(MONITOR, EndMonitoring(occurred_on=date(2023, 11, 20))).row(REGISTER)

    assert (row.status, row.monitored_since, row.next_review_on) == ("none", None, None)


def test_a_pupil_added_is_on_sen_support_since_that_day() -> None:
    row = on_register().row(REGISTER)

    assert (row.status, row.sen_provision) == ("targeted", "K")
    assert (row.added_on, row.level_since) == (ADD.occurred_on, ADD.occurred_on)
    assert (row.added_because, row.parents_informed_on) == (ADD.why, TELL.occurred_on)


@pytest.mark.parametrize(
    ("level", "provision", "plans"),
    [(SupportLevel.SPECIALIST, "K", []), (SupportLevel.EHCP, "E", [EHC_PLAN])],
)
def test_a_change_of_level_is_shown_since_when(
    level: SupportLevel, provision: str, plans: list[Command]
) -> None:
    change = ChangeSupportLevel(occurred_on=CHANGED_ON, to_level=level, why="Advice")
    row = on_register().then(INVOLVE, *plans, change).row(REGISTER)

    assert (row.status, row.sen_provision) == (level.value, provision)
    assert (row.added_on, row.level_since) == (ADD.occurred_on, CHANGED_ON)


def test_every_status_has_its_sen_provision() -> None:
    assert {status.value: code for status, code in SEN_PROVISION.items()} == {
        "none": "N",
        "monitoring": "N",
        "targeted": "K",
        "specialist": "K",
        "ehcp": "E",
        "removed": "N",
    }
    assert set(SEN_PROVISION) == set(Status)
    assert {level.value for level in SupportLevel} < {status.value for status in Status}


def test_a_pupil_removed_is_shown_from_when_to_when() -> None:
    row = on_register().then(REVIEW, REMOVE).row(REGISTER)

    assert (row.status, row.sen_provision) == ("removed", "N")
    assert (row.added_on, row.removed_on) == (ADD.occurred_on, REMOVE.occurred_on)
    assert row.removal_criterion == "expected_progress_sustained"
    assert (row.last_review_on, row.next_review_on) == (REVIEW.occurred_on, None)


def test_a_pupil_monitored_after_removal_is_removed_again_when_that_ends() -> None:
    life = on_register().then(REVIEW, REMOVE)
    life.then(but(MONITOR, occurred_on=date(2024, 9, 9), next_review_on=date(2024, 10, 21)))
    assert life.row(REGISTER).status == "monitoring"

    life.then(EndMonitoring(occurred_on=date(2024, 10, 21)))

    row = life.row(REGISTER)
    assert (row.status, row.removed_on) == ("removed", REMOVE.occurred_on)


def test_a_pupil_added_again_is_shown_since_then() -> None:
    life = on_register().then(REVIEW, REMOVE)
    life.then(but(TELL, occurred_on=date(2025, 1, 7)), but(ADD, occurred_on=date(2025, 1, 8)))

    row = life.row(REGISTER)
    assert (row.status, row.added_on, row.removed_on) == ("targeted", date(2025, 1, 8), None)
    assert row.removal_criterion is None


def test_needs_stand_by_rank_with_the_areas_they_show_in() -> None:
    third = IdentifyNeed(
        occurred_on=date(2024, 1, 8), sen_type="SEMH", rank=3, areas=(Area.WELLBEING,)
    )
    second = IdentifyNeed(
        occurred_on=date(2024, 1, 9),
        sen_type="SLCN",
        rank=2,
        areas=(Area.COMMUNICATION, Area.COGNITION),
    )
    row = Life().then(third, IDENTIFY, second).row(REGISTER)

    assert [(need["sen_type"], need["rank"]) for need in row.needs] == [
        ("SPLD", 1),
        ("SLCN", 2),
        ("SEMH", 3),
    ]
    assert row.primary_need == "SPLD"
    assert row.areas == [
        "cognition_and_learning",
        "communication_and_interaction",
        "social_emotional_mental_health",
    ]


def test_needs_put_in_another_order_keep_since_when() -> None:
    other = IdentifyNeed(
        occurred_on=date(2024, 1, 9), sen_type="SLCN", rank=2, areas=(Area.COMMUNICATION,)
    )
    rerank = RerankNeeds(occurred_on=date(2024, 2, 1), order=("SLCN", "SPLD"))
    row = Life().then(IDENTIFY, other, rerank).row(REGISTER)

    assert [(n["sen_type"], n["rank"], n["since"]) for n in row.needs] == [
        ("SLCN", 1, "2024-01-09"),
        ("SPLD", 2, "2023-12-12"),
    ]
    assert row.primary_need == "SLCN"


def test_a_need_that_ended_is_gone_with_its_area() -> None:
    end = EndNeed(occurred_on=date(2024, 2, 1), sen_type="SPLD", why="Not confirmed")
    row = Life().then(IDENTIFY, end).row(REGISTER)

    assert (row.needs, row.primary_need, row.areas) == ([], None, [])


def test_agencies_are_shown_while_they_are_involved() -> None:
    life = Life().then(INVOLVE, but(INVOLVE, agency="CAMHS"))
    assert life.row(REGISTER).agencies == ["Educational psychology", "CAMHS"]

    life.then(
        EndAgencyInvolvement(
            occurred_on=date(2024, 3, 1), agency="Educational psychology", why="Done"
        )
    )

    assert life.row(REGISTER).agencies == ["CAMHS"]


def test_moving_academy_moves_the_row() -> None:
    move = MovePupilAcademy(
        occurred_on=date(2024, 9, 2),
        to_academy="Birch Lane Academy",
        nc_year="3",
        accepted_by="Kim Ade",
    )
    row = on_register().then(move).row(REGISTER)

    assert (row.academy, row.nc_year, row.status) == ("Birch Lane Academy", "3", "targeted")


def test_a_pupil_who_left_has_nothing_due_until_readmitted() -> None:
    life = on_register().then(REVIEW)
    assert life.row(REGISTER).next_review_on == date(2024, 9, 27)

    life.then(RecordLeaving(occurred_on=date(2024, 7, 19), why="Moved"))
    row = life.row(REGISTER)
    assert (row.left_on, row.next_review_on, row.status) == (date(2024, 7, 19), None, "targeted")

    life.then(ReadmitPupil(occurred_on=date(2025, 1, 6), academy="Birch Lane Academy", nc_year="3"))
    row = life.row(REGISTER)
    assert (row.left_on, row.academy, row.nc_year) == (None, "Birch Lane Academy", "3")


def test_what_a_correction_does_not_name_stays() -> None:
    correct = CorrectPupilDetails(
        occurred_on=date(2023, 9, 8), date_of_birth=date(2017, 3, 12), why="Birth certificate"
    )
    row = Life().then(correct).row(REGISTER)

    assert (row.date_of_birth, row.legal_name) == (date(2017, 3, 12), ADMIT.legal_name)


def test_a_new_upn_and_year_group_are_shown() -> None:
    upn = upn_of("801200001001")
    row = (
        Life()
        .then(
            ReplaceUpn(occurred_on=date(2023, 9, 8), upn=upn, why="Permanent"),
            ChangeYearGroup(occurred_on=date(2023, 9, 8), nc_year="1"),
        )
        .row(REGISTER)
    )

    assert (row.upn, row.nc_year) == (upn, "1")


def test_circumstances_not_spoken_of_stay_as_they_were() -> None:
    said = RecordCircumstances(occurred_on=date(2023, 9, 8), eal=True, young_carer=True)
    later = RecordCircumstances(occurred_on=date(2024, 9, 8), young_carer=False)
    row = Life().then(said, later).row(REGISTER)

    assert (row.eal, row.young_carer, row.looked_after) == (True, False, None)


def test_the_next_review_is_the_one_last_set() -> None:
    life = on_register()
    plan = uuid4()
    life.then(
        DraftPlan(
            occurred_on=date(2024, 1, 8),
            review_on=date(2024, 4, 26),
            class_teacher="Jo Whitfield",
            targets=(TARGET.model_copy(update={"due_on": date(2024, 4, 19)}),),
            kind=PlanKind.IP,
        ),
        key=plan,
    )
    row = life.row(REGISTER)
    assert (row.class_teacher, row.next_review_on) == ("Jo Whitfield", date(2024, 4, 26))

    life.then(
        ScheduleReview(
            occurred_on=date(2024, 4, 1),
            kind=ReviewKind.TERMLY,
            planned_on=date(2024, 5, 3),
            invited=("Nasreen Rahman",),
        )
    )
    assert life.row(REGISTER).next_review_on == date(2024, 5, 3)

    life.then(EndPlan(occurred_on=date(2024, 4, 2), plan_id=plan, why="Moved"))
    assert life.row(REGISTER).next_review_on is None


def test_a_review_entered_late_does_not_undo_a_later_one() -> None:
    earlier = but(REVIEW, occurred_on=date(2024, 1, 26), next_review_on=date(2024, 4, 26))
    row = on_register().then(REVIEW, earlier).row(REGISTER)

    assert row.last_review_on == REVIEW.occurred_on
    assert row.next_review_on == REVIEW.next_review_on


def test_a_review_of_monitoring_says_when_the_next_one_is() -> None:
    review = ReviewMonitoring(
        occurred_on=date(2023, 11, 13),
        present=("Jo Whitfield",),
        outcome=MonitoringOutcome.SOME_PROGRESS,
        summary="Two more sounds",
        next_step=NextStep.CONTINUE,
        next_review_on=date(2024, 1, 8),
    )
    late = but(review, occurred_on=date(2023, 10, 20), next_review_on=date(2023, 11, 13))
    row = Life().then(MONITOR, review, late).row(REGISTER)

    assert (row.last_review_on, row.next_review_on) == (date(2023, 11, 13), date(2024, 1, 8))


def test_the_row_shows_the_pupils_version() -> None:
    life = storied()
    assert life.pupil is not None

    assert life.row(REGISTER).version == life.pupil.version


def test_an_event_of_a_pupil_without_admission_makes_no_row() -> None:
    [_, _, *later] = Life().then(IDENTIFY).events

    assert [REGISTER.project(None, event) for event in later] == [None]
    assert REGISTER.key_of(later[0]) == UUID(str(later[0].originator_id))


def test_a_record_that_was_merged_into_another_has_no_row_whatever_follows() -> None:
    life = Life().merged(date(2024, 9, 5))
    assert folded(REGISTER, life.events) == {}

    corrected = CorrectPupilDetails(
        occurred_on=date(2024, 9, 6), legal_name="Aysha Rahman", why="Misspelt"
    )
    assert folded(REGISTER, life.then(corrected).events) == {}
