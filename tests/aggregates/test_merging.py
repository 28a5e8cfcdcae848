"""Merging: two records of one child become one, and what was open in the other is not lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.adjustments import Adjustment
from send_records.aggregates.agencies import RecordAgencyInvolvement
from send_records.aggregates.appeals import Appeal
from send_records.aggregates.base import Actor, Command
from send_records.aggregates.complaints import ReceiveComplaint
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.corrected import EntryWithdrawn, WhyWithdrawn
from send_records.aggregates.corrections import WithdrawEntry
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.details import CorrectPupilDetails, PupilDetailsCorrected
from send_records.aggregates.ehc_requests import EhcRequest
from send_records.aggregates.enrolment import ReadmitPupil, RecordLeaving
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.medical import PlaceOnMedicalRegister
from send_records.aggregates.merging import (
    OPEN,
    ConfirmedByOneself,
    KeptRecordMerged,
    Merge,
    MergedIntoItself,
    MergeRecords,
    MergeStandsInBoth,
    NotMergedInto,
    OpenMattersRemain,
    RecordMerged,
    RecordMergedInto,
    RecordsMerged,
    SeparateRecords,
    open_matters,
)
from send_records.aggregates.monitoring import StartMonitoring
from send_records.aggregates.plan_contents import PlanKind
from send_records.aggregates.plans import Plan
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.reduced_timetables import ReducedTimetable
from send_records.aggregates.retention import (
    AssignRetentionClass,
    HoldKind,
    LegalHoldPlaced,
    PlaceLegalHold,
)
from send_records.aggregates.reviews import ReviewKind
from send_records.aggregates.scheduled_reviews import ScheduleReview
from send_records.aggregates.values import Area, Role
from send_records.errors import NotFound
from tests.aggregates.test_invariants import GIVEN, PLANNED, WITH_EHC_PLAN, leaves
from tests.scenario import (
    ADD,
    IDENTIFY,
    MOTHER,
    NOBODY,
    RECORD_MOTHER,
    SENCO,
    TELL,
    Scenario,
    a_pupil,
    but,
)

KEPT = UUID(int=580)
DAY = date(2024, 9, 5)

MERGE = MergeRecords(
    occurred_on=DAY,
    into_pupil_id=KEPT,
    why="Opened again by the import, which had no UPN",
    confirmed_by="Priya Shah",
)
SEPARATE = SeparateRecords(
    occurred_on=DAY, into_pupil_id=KEPT, explanation="Two cousins of one name"
)


def two_records(*commands: Command, kept: Pupil | None = None) -> Scenario:
    """A record with what was recorded in it, and beside it the one that may be kept."""
    scenario = a_pupil().given(*commands)
    other = kept or replace(scenario.pupil, id=KEPT, version=12)
    return replace(scenario, another=other)


def test_both_records_say_that_they_are_one() -> None:
    there, here = two_records().when(MERGE).decided()

    assert isinstance(there, RecordsMerged)
    assert isinstance(here, RecordMergedInto)
    assert (there.originator_id, there.originator_version) == (KEPT, 13)
    assert (there.from_pupil_id, there.from_version) == (here.originator_id, 2)
    assert (here.into_pupil_id, here.originator_version) == (KEPT, 3)
    assert {e.confirmed_by for e in (there, here)} == {"Priya Shah"}
    assert {e.why for e in (there, here)} == {MERGE.why}
    assert there.metadata == here.metadata


def test_each_record_knows_the_other() -> None:
    merged = two_records().given(MERGE)

    assert merged.pupil.merged_into == Merge(KEPT, 3)
    assert merged.another is not None
    assert merged.another.merged == {merged.pupil.id: 13}


def test_a_record_is_not_merged_into_itself() -> None:
    scenario = two_records()

    scenario.when(but(MERGE, into_pupil_id=scenario.pupil.id)).refused(MergedIntoItself)


def test_there_is_a_record_that_is_kept() -> None:
    """The application knows of none by that id, or it was erased."""
    replace(two_records(), another=None).when(MERGE).refused(NotFound)


def test_a_record_that_was_merged_is_not_the_one_to_keep() -> None:
    merged = replace(a_pupil().pupil, id=KEPT, merged_into=Merge(UUID(int=581), 2))

    two_records(kept=merged).when(MERGE).refused(KeptRecordMerged)


def test_a_record_is_merged_once() -> None:
    two_records().given(MERGE).when(MERGE).refused(RecordMerged)


def test_a_record_others_were_merged_into_may_be_merged_itself() -> None:
    scenario = two_records()
    kept_before = replace(scenario.pupil, merged={UUID(int=582): 2})

    assert len(replace(scenario, pupil=kept_before).when(MERGE).decided()) == 2


@pytest.mark.parametrize("name", [SENCO.name, SENCO.name.upper()])
def test_somebody_else_confirms_it(name: str) -> None:
    two_records().when(but(MERGE, confirmed_by=name)).refused(ConfirmedByOneself)


def test_a_merge_has_happened() -> None:
    two_records().when(but(MERGE, occurred_on=date(2026, 11, 24))).refused(NotYetHappened)


@pytest.mark.parametrize("role", [Role.SENCO, Role.TRUST_SENCO, Role.DPO])
def test_it_is_for_those_who_keep_the_record_or_answer_for_it(role: Role) -> None:
    assert role in MergeRecords.roles
    assert role in SeparateRecords.roles
    assert Role.INTEGRATION not in MergeRecords.roles  # an import opened the second one


def test_a_record_of_somebody_who_left_can_be_merged() -> None:
    left = two_records(RecordLeaving(occurred_on=date(2024, 7, 19), why="To secondary school"))

    assert len(left.when(MERGE).decided()) == 2


RAISED = RaiseConcern(
    occurred_on=DAY,
    areas=(Area.COGNITION,),
    noticed_on=DAY,
    description="Reads well below the class",
    strengths="Draws with care",
    factors_considered=(),
)

MATTERS: dict[str, list[Command]] = {
    "monitoring": [StartMonitoring(occurred_on=DAY, focus="Reading")],
    "a place on the SEND register": [RECORD_MOTHER, IDENTIFY, TELL, ADD],
    "a drafted plan": PLANNED,
    "a scheduled review": [
        ScheduleReview(
            occurred_on=DAY, kind=ReviewKind.TERMLY, planned_on=date(2027, 1, 8), invited=("All",)
        )
    ],
    "a concern": [RAISED],
    "a provision": GIVEN,
    "an agency's involvement": [
        RecordAgencyInvolvement(occurred_on=DAY, agency="EP", professional="Dr Marsh")
    ],
    "a place on the medical register": [
        PlaceOnMedicalRegister(occurred_on=DAY, condition="Asthma")
    ],
    "an EHC plan": WITH_EHC_PLAN,
    "a complaint": [
        RECORD_MOTHER,
        ReceiveComplaint(occurred_on=DAY, contact_id=MOTHER, about="A letter", how="By email"),
    ],
    "an access request": [
        ReceiveAccessRequest(
            occurred_on=DAY, requester="Her mother", on_behalf=True, how="Letter", scope="All"
        )
    ],
    "a hold": [PlaceLegalHold(occurred_on=DAY, kind=HoldKind.TRIBUNAL, why="Appeal 12")],
}


@pytest.mark.parametrize("matter", MATTERS)
def test_what_is_open_in_a_record_would_be_lost_with_it(matter: str) -> None:
    scenario = two_records()
    for place, command in enumerate(MATTERS[matter]):
        scenario = scenario.given(command, new_id=MOTHER if place == 0 else None)
    refused = scenario.when(MERGE)

    refused.refused(OpenMattersRemain)
    with pytest.raises(OpenMattersRemain, match=matter):
        refused.decided()


SHOWN: dict[str, Any] = {
    "a plan in force": {"plan": Plan(NOBODY, PlanKind.IP, (), DAY)},
    "an adjustment": {"adjustments": {NOBODY: Adjustment(NOBODY, DAY)}},
    "a reduced timetable": {"reduced_timetable": ReducedTimetable(DAY, DAY, DAY)},
    "a request for an EHC assessment": {"ehc_request": EhcRequest(DAY, False)},
    "an appeal": {"appeals": {NOBODY: Appeal(NOBODY, AppealGround.CONTENTS, DAY)}},
}


@pytest.mark.parametrize("matter", SHOWN)
def test_what_a_pupil_shows_to_be_open_is_an_open_matter(matter: str) -> None:
    pupil = replace(a_pupil().pupil, **SHOWN[matter])

    assert open_matters(pupil) == [matter]


def test_every_matter_is_tried_and_none_is_open_in_a_record_just_opened() -> None:
    assert set(OPEN) == set(MATTERS) | set(SHOWN)
    assert open_matters(a_pupil().pupil) == []


# Afterwards


@pytest.mark.parametrize(
    "command",
    [
        RAISED,
        RECORD_MOTHER,
        RecordLeaving(occurred_on=DAY, why="To secondary school"),
        ReadmitPupil(occurred_on=DAY, academy="Alder Park Academy", nc_year="3"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_is_new_goes_into_the_record_that_was_kept(command: Command) -> None:
    left = two_records(RecordLeaving(occurred_on=date(2024, 7, 19), why="Moved"))
    merged = (left if isinstance(command, ReadmitPupil) else two_records()).given(MERGE)

    merged.when(command).refused(RecordMerged)
    with pytest.raises(RecordMerged) as refused:
        merged.when(command).decided()
    assert refused.value.into == KEPT


def test_retention_disclosure_and_correction_go_on() -> None:
    merged = two_records().given(MERGE)

    hold = PlaceLegalHold(occurred_on=DAY, kind=HoldKind.SUBJECT_ACCESS, why="Asked for")
    merged.when(hold).then(LegalHoldPlaced)
    correct = CorrectPupilDetails(occurred_on=DAY, legal_name="Aysha Rahman", why="Misspelt")
    merged.when(correct).then(PupilDetailsCorrected)


def test_which_commands_those_are() -> None:
    """Each of them may be given after the pupil left, too; a line more is a decision."""
    open_to = {command for command in leaves(Command) if command.after_merging}

    assert {command.__name__ for command in open_to} == {
        "ApproveDisclosure",
        "AssignRetentionClass",
        "CorrectEntry",
        "CorrectPupilDetails",
        "DiscloseItems",
        "DisputeEntry",
        "ExtendDeadline",
        "IdentifyRequester",
        "LiftRestriction",
        "PlaceLegalHold",
        "PrepareBundle",
        "PrepareDisclosure",
        "ReceiveAccessRequest",
        "ReceiveClarification",
        "RecordSearch",
        "RedactItem",
        "RefuseRequest",
        "ReleaseLegalHold",
        "RestrictProcessing",
        "ReturnDisclosure",
        "ReviewEmergencyAccess",
        "SeekClarification",
        "SendDisclosure",
        "SeparateRecords",
        "ServeBundle",
        "WithdrawEntry",
        "WithholdItem",
    }
    assert all(command.after_leaving for command in open_to)
    assert AssignRetentionClass in open_to


# Undone


def test_a_merge_in_error_is_withdrawn_from_both_records() -> None:
    merged = two_records().given(MERGE)

    there, here = merged.when(SEPARATE).decided()

    assert isinstance(there, EntryWithdrawn)
    assert isinstance(here, EntryWithdrawn)
    assert (there.originator_id, there.entry_versions) == (KEPT, (13,))
    assert (here.originator_id, here.entry_versions) == (merged.pupil.id, (3,))
    assert (there.entry_event, here.entry_event) == ("RecordsMerged", "RecordMergedInto")
    assert here.why is WhyWithdrawn.ENTERED_IN_ERROR


def test_a_record_that_was_separated_is_one_of_its_own_again() -> None:
    separated = two_records().given(MERGE, SEPARATE)

    assert separated.pupil.merged_into is None
    separated.given(RECORD_MOTHER)
    separated.when(SEPARATE).refused(NotMergedInto)
    assert len(separated.when(MERGE).decided()) == 2


def test_only_what_was_merged_is_separated_and_from_what_it_was_merged_into() -> None:
    two_records().when(SEPARATE).refused(NotMergedInto)
    merged = two_records().given(MERGE)
    merged.when(but(SEPARATE, into_pupil_id=UUID(int=583))).refused(NotMergedInto)


def test_if_the_kept_record_was_erased_there_is_nothing_left_to_withdraw_in_it() -> None:
    merged = replace(two_records().given(MERGE), another=None)

    [here] = merged.when(SEPARATE).decided()

    assert here.originator_id == merged.pupil.id


@pytest.mark.parametrize("role", [Role.SENCO, Role.DPO])
def test_neither_side_of_a_merge_is_put_right_alone(role: Role) -> None:
    merged = two_records().given(MERGE).by(Actor(id=UUID(int=584), name="Kim Ade", role=role))
    withdraw = WithdrawEntry(
        occurred_on=DAY,
        entry_version=3,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="They are two children",
    )

    merged.when(withdraw).refused(MergeStandsInBoth)


def test_the_kept_side_is_not_put_right_alone_either() -> None:
    scenario = two_records()
    there, _ = scenario.when(MERGE).decided()
    kept = Scenario(
        scenario.pupil,
        events=(
            *scenario.events,
            there.model_copy(update={"originator_id": scenario.pupil.id, "originator_version": 3}),
        ),
    )
    withdraw = WithdrawEntry(
        occurred_on=DAY,
        entry_version=3,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="They are two children",
    )

    kept.when(withdraw).refused(MergeStandsInBoth)
