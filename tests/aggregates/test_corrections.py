from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from send_records.aggregates.assessments import (
    AssessmentRecorded,
    Informant,
    RecordAssessment,
    Score,
    ScoreOutOfRange,
    ToolHasNoScore,
)
from send_records.aggregates.base import Actor
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.corrected import EntryCorrected, EntryWithdrawn, WhyWithdrawn
from send_records.aggregates.corrections import (
    AlreadyWithdrawn,
    CorrectEntry,
    NoSuchEntry,
    NothingCorrected,
    NotPutRightThisWay,
    NotWhatIsSaid,
    RecordedByTheDpo,
    WithdrawEntry,
)
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.details import NotAPupilNumber, ReplaceUpn
from send_records.aggregates.enrolment import ReadmitPupil, RecordLeaving
from send_records.aggregates.monitoring import EndMonitoring, StartMonitoring
from send_records.aggregates.needs import IdentifyNeed, SenTypeNotInForce
from send_records.aggregates.paths import FieldNotCorrectable, FieldNotThere, Said, ValueNotValid
from send_records.aggregates.register import ChangeSupportLevel, SupportLevel
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.aggregates.reviews import Attendee, HoldReview, Part, ReviewKind
from send_records.aggregates.scheduled_reviews import ScheduleReview
from send_records.aggregates.standing import (
    LaterEntryReliesOnIt,
    RecordContradictsItself,
    WouldSayNothing,
)
from send_records.aggregates.values import Area, DataClass, Role
from tests.scenario import (
    ADD,
    EHC_PLAN,
    IDENTIFY,
    MOTHER,
    TELL,
    Scenario,
    a_family,
    a_pupil,
    but,
    on_register,
)

DPO = Actor(id=UUID(int=500), name="Priya Shah", role=Role.DPO)
TESTED = RecordAssessment(
    occurred_on=date(2023, 11, 14),
    tool="NGRT",
    edition="2",
    informant=Informant.SENCO,
    scores=(Score(name="percentile", value=Decimal(7)), Score(name="sas", value=Decimal(78))),
    note="Tired",
)
CORRECT = CorrectEntry(
    occurred_on=date(2024, 6, 20),
    entry_version=3,
    field="scores.0.value",
    from_value=7,
    to_value=8,
    why="Misread the table",
)
WITHDRAW = WithdrawEntry(
    occurred_on=date(2024, 6, 17),
    entry_version=3,
    why=WhyWithdrawn.WRONG_PUPIL,
    explanation="Of another child in the class",
)
WATCH = StartMonitoring(occurred_on=date(2023, 9, 26), focus="Reading")
DAY = date(2024, 7, 1)
HELD = HoldReview(
    occurred_on=date(2024, 3, 1),
    kind=ReviewKind.TERMLY,
    attendees=(Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),),
    impact="Some",
    pupil_voice="Fine",
    parent_voice="Fine",
    next_steps="Go on",
)


def assessed() -> Scenario:
    """A pupil with one assessment: entry 3, after the admission and its retention class."""
    return a_pupil().given(TESTED)


def last(scenario: Scenario) -> int:
    return scenario.pupil.version


def withdrawal(version: int) -> WithdrawEntry:
    return but(WITHDRAW, entry_version=version, occurred_on=DAY)


def correction(version: int, field: str, said: Any, should: Any) -> CorrectEntry:
    changes = {"entry_version": version, "field": field, "from_value": said, "to_value": should}
    return but(CORRECT, occurred_on=DAY, **changes)


def test_a_correction_says_what_was_said_and_what_it_should_have_been() -> None:
    assessed().when(CORRECT).then(
        EntryCorrected,
        entry_version=3,
        entry_event="AssessmentRecorded",
        field="scores.0.value",
        from_value="7",
        to_value="8",
    )


def test_a_correction_is_of_the_kind_of_information_that_its_entry_is() -> None:
    health = a_pupil().given(but(TESTED, data_class=DataClass.HEALTH))
    otherwise = but(CORRECT, data_class=DataClass.EDUCATION)

    health.when(CORRECT).then(EntryCorrected, data_class=DataClass.HEALTH)
    health.when(otherwise).then(EntryCorrected, data_class=DataClass.EDUCATION)


def test_after_leaving_an_entry_can_still_be_put_right() -> None:
    left = assessed().given(RecordLeaving(occurred_on=date(2024, 1, 5), why="Moved away"))

    left.when(CORRECT).then(EntryCorrected)
    left.when(WITHDRAW).then(EntryWithdrawn)


def test_an_entry_that_is_not_there_cannot_be_put_right() -> None:
    assessed().when(but(CORRECT, entry_version=4)).refused(NoSuchEntry)
    assessed().when(but(WITHDRAW, entry_version=4)).refused(NoSuchEntry)


@pytest.mark.parametrize("path", ["marks", "scores.2.value", "scores.value", "note.0", "scores.-1"])
def test_a_field_that_is_not_there_cannot_be_put_right(path: str) -> None:
    assessed().when(but(CORRECT, field=path)).refused(FieldNotThere)


@pytest.mark.parametrize("path", ["metadata.recorded_by.name", "recorded_at", "originator_id"])
def test_who_recorded_it_and_when_cannot_be_put_right(path: str) -> None:
    assessed().when(but(CORRECT, field=path)).refused(FieldNotCorrectable)


def test_ids_cannot_be_put_right_wherever_they_stand() -> None:
    family = a_family()
    told = family.given(TELL)
    other = {"contact_id": str(DPO.id), "name": "Nasreen Rahman", "relationship": "mother"}

    family.when(correction(3, "contact_id", str(MOTHER), str(DPO.id))).refused(FieldNotCorrectable)
    told.when(
        correction(last(told), "told.0", {**other, "contact_id": str(MOTHER)}, other)
    ).refused(FieldNotCorrectable)


def test_the_day_the_reason_the_kind_and_the_origin_can_be_put_right() -> None:
    assessed().when(
        but(CORRECT, field="occurred_on", from_value="2023-11-14", to_value="2023-11-13")
    ).then(EntryCorrected)
    assessed().when(but(CORRECT, field="reason", from_value=None, to_value="Late")).then(
        EntryCorrected
    )
    assessed().when(
        but(CORRECT, field="data_class", from_value="education", to_value="health")
    ).then(EntryCorrected)
    assessed().when(but(CORRECT, field="origin", from_value="staff", to_value="parent")).then(
        EntryCorrected
    )


def test_nobody_puts_right_what_is_not_said() -> None:
    assessed().when(but(CORRECT, from_value=6)).refused(NotWhatIsSaid)
    assessed().when(but(CORRECT, from_value="seven")).refused(NotWhatIsSaid)
    assessed().given(CORRECT).when(CORRECT).refused(NotWhatIsSaid)


def test_a_correction_corrects_something() -> None:
    assessed().when(but(CORRECT, to_value=7)).refused(NothingCorrected)


@pytest.mark.parametrize(
    ("path", "said", "should"),
    [
        ("scores.0.value", 7, "eight"),
        ("scores.0.value", 7, None),
        ("scores.0.confidence", None, 2.5),
        ("scores.0.confidence", None, -1),
        ("tool", "NGRT", 5),
        ("tool", "NGRT", None),
        ("informant", "senco", "the caretaker"),
        ("occurred_on", "2023-11-14", "14 November 2023"),
        ("occurred_on", "2023-11-14", 19000),
        ("occurred_on", "2023-11-14", "1823-11-14"),
        ("scores", [{"name": "percentile", "value": "7"}], []),
    ],
)
def test_a_value_that_the_entry_could_not_have_said_is_refused(
    path: str, said: Any, should: Any
) -> None:
    pupil = a_pupil().given(but(TESTED, scores=TESTED.scores[:1]))
    whole = {"low": None, "high": None, "confidence": None}
    said = [{**each, **whole} for each in said] if isinstance(said, list) else said

    given = pupil.when(but(CORRECT, field=path, from_value=said, to_value=should))

    given.refused(ToolHasNoScore if should == [] else ValueNotValid)


@pytest.mark.parametrize(
    "value",
    ["x" * 8001, "", "\u202eesrever", ["x"] * 41, {"\u202e": 1}, 1e9, 0.0001, [[[[[[[[1]]]]]]]]],
    ids=str,
)
def test_a_value_without_bounds_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Said).validate_python(value)


def test_a_value_outside_the_range_of_its_tool_is_refused() -> None:
    boxed = a_pupil().given(
        but(TESTED, tool="SDQ", edition="4-17", scores=(Score(name="total", value=Decimal(14)),))
    )

    boxed.when(but(CORRECT, from_value=14, to_value=41)).refused(ScoreOutOfRange)
    boxed.when(but(CORRECT, from_value=14, to_value=15)).then(EntryCorrected)


def test_a_number_or_a_code_that_cannot_be_one_is_refused() -> None:
    numbered = a_pupil().given(ReplaceUpn(occurred_on=DAY, upn="G001000026003", why="Permanent"))
    needy = a_pupil().given(IDENTIFY)

    numbered.when(correction(3, "upn", "G001000026003", "A001000026003")).refused(NotAPupilNumber)
    numbered.when(correction(1, "upn", "D001000026001", "A001000026001")).refused(NotAPupilNumber)
    needy.when(correction(3, "sen_type", "SPLD", "SLCN")).refused(SenTypeNotInForce)


def test_what_happened_did_not_happen_on_a_day_to_come() -> None:
    assessed().when(
        but(CORRECT, field="occurred_on", from_value="2023-11-14", to_value="2026-11-24")
    ).refused(NotYetHappened)


def test_a_correction_can_be_corrected_by_another_and_not_itself() -> None:
    corrected = assessed().given(CORRECT)

    corrected.when(but(CORRECT, from_value=8, to_value=7)).then(EntryCorrected)
    corrected.when(correction(4, "to_value", "8", "9")).refused(NotPutRightThisWay)
    corrected.when(withdrawal(4)).refused(NotPutRightThisWay)


def test_a_retention_class_is_not_put_right_but_assigned_again() -> None:
    assessed().when(correction(2, "rule.years", 25, 1)).refused(NotPutRightThisWay)


def test_the_admission_stays() -> None:
    assessed().when(withdrawal(1)).refused(NotPutRightThisWay)


def test_what_the_dpo_recorded_is_theirs_to_put_right() -> None:
    hold = PlaceLegalHold(occurred_on=DAY, kind=HoldKind.COMPLAINT, why="Complaint 12")
    held = assessed().by(DPO).given(hold)

    held.when(withdrawal(4)).then(EntryWithdrawn)
    held.by(a_pupil().actor).when(withdrawal(4)).refused(RecordedByTheDpo)


def test_a_withdrawal_says_why_and_takes_all_that_one_command_recorded() -> None:
    watched = a_family().given(WATCH, IDENTIFY, TELL, ADD)
    ended, added = last(watched) - 1, last(watched)

    for version in (ended, added):
        watched.when(withdrawal(version)).then(
            EntryWithdrawn, entry_versions=(ended, added), why=WhyWithdrawn.WRONG_PUPIL
        )
    withdrawn = watched.given(withdrawal(added)).pupil
    assert withdrawn.registration is None
    assert withdrawn.monitoring is not None


def test_what_was_withdrawn_is_not_put_right_any_more() -> None:
    withdrawn = assessed().given(WITHDRAW)

    withdrawn.when(WITHDRAW).refused(AlreadyWithdrawn)
    withdrawn.when(CORRECT).refused(AlreadyWithdrawn)


def test_a_pupil_is_decided_on_as_corrected() -> None:
    registered = on_register()

    wrong = registered.given(correction(last(registered), "level", "targeted", "ehcp"))

    assert wrong.pupil.registration is not None
    assert wrong.pupil.registration.level is SupportLevel.EHCP


def test_an_entry_that_ends_what_would_not_have_begun_is_put_right_first() -> None:
    watched = a_pupil().given(WATCH, EndMonitoring(occurred_on=date(2023, 12, 1)))

    watched.when(withdrawal(3)).refused(LaterEntryReliesOnIt)
    watched.given(withdrawal(4)).when(withdrawal(3)).then(EntryWithdrawn)


def test_an_entry_that_begins_what_would_have_begun_already_is_put_right_first() -> None:
    again = a_pupil().given(
        WATCH, EndMonitoring(occurred_on=date(2023, 12, 1)), but(WATCH, occurred_on=DAY)
    )

    again.when(withdrawal(4)).refused(LaterEntryReliesOnIt)
    again.given(withdrawal(5)).when(withdrawal(4)).then(EntryWithdrawn)


def test_what_was_said_of_a_concern_goes_before_the_concern() -> None:
    raised = a_pupil().given(
        RaiseConcern(
            occurred_on=DAY,
            areas=(Area.COGNITION,),
            noticed_on=DAY,
            description="Reads well below the class",
            strengths="Draws with care",
        )
    )

    raised.when(withdrawal(3)).then(EntryWithdrawn)


def test_leaving_stays_while_a_readmission_follows_it() -> None:
    back = a_pupil().given(
        RecordLeaving(occurred_on=date(2024, 1, 5), why="Moved away"),
        ReadmitPupil(occurred_on=date(2024, 4, 15), academy="Alder Park Academy", nc_year="2"),
    )

    back.when(withdrawal(3)).refused(LaterEntryReliesOnIt)


def test_a_review_moved_to_the_day_of_another_is_refused() -> None:
    twice = a_pupil().given(HELD, but(HELD, occurred_on=date(2024, 3, 8)))

    twice.when(correction(3, "occurred_on", "2024-03-01", "2024-03-08")).refused(
        LaterEntryReliesOnIt
    )
    twice.when(correction(4, "occurred_on", "2024-03-08", "2024-03-01")).refused(WouldSayNothing)
    twice.when(correction(4, "occurred_on", "2024-03-08", "2024-03-09")).then(EntryCorrected)


def test_a_review_that_was_held_does_not_rely_on_having_been_scheduled() -> None:
    schedule = ScheduleReview(
        occurred_on=date(2024, 2, 1),
        kind=ReviewKind.TERMLY,
        planned_on=date(2024, 3, 1),
        invited=("Nasreen Rahman",),
    )

    a_pupil().given(schedule, HELD).when(withdrawal(3)).then(EntryWithdrawn)


def test_a_level_corrected_to_what_it_was_before_says_nothing() -> None:
    registered = on_register().given(
        EHC_PLAN, ChangeSupportLevel(occurred_on=DAY, to_level=SupportLevel.EHCP, why="Plan issued")
    )
    changed = last(registered)

    registered.when(correction(changed, "to_level", "ehcp", "targeted")).refused(WouldSayNothing)
    registered.when(correction(changed - 2, "level", "targeted", "ehcp")).refused(
        LaterEntryReliesOnIt
    )


def test_a_pupil_on_the_register_keeps_a_primary_need() -> None:
    registered = on_register()
    identified = last(registered) - 2

    registered.when(withdrawal(identified)).refused(RecordContradictsItself)
    registered.when(correction(identified, "rank", 1, 2)).refused(RecordContradictsItself)


def test_no_two_needs_come_to_one_rank() -> None:
    second = IdentifyNeed(occurred_on=DAY, sen_type="SLCN", rank=2, areas=(Area.COMMUNICATION,))
    needy = a_pupil().given(IDENTIFY, second)

    needy.when(correction(4, "rank", 2, 1)).refused(RecordContradictsItself)
    needy.when(correction(4, "rank", 2, 3)).then(EntryCorrected)


def test_nobody_comes_to_be_monitored_and_on_the_register() -> None:
    registered = a_family().given(
        WATCH, EndMonitoring(occurred_on=date(2023, 12, 1)), IDENTIFY, TELL, ADD
    )

    registered.when(withdrawal(last(registered) - 3)).refused(RecordContradictsItself)


def test_a_decision_that_relied_on_it_is_no_reason_to_leave_it_wrong() -> None:
    """UK GDPR Art 16 knows no such exception: whoever relied on it is listed instead."""
    told = on_register()

    told.when(withdrawal(last(told) - 1)).then(EntryWithdrawn)


def test_an_assessment_reads_as_corrected() -> None:
    [event] = [e for e in assessed().given(CORRECT).read() if isinstance(e, AssessmentRecorded)]

    assert [str(score.value) for score in event.scores] == ["8", "78"]
