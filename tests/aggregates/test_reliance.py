from __future__ import annotations

from datetime import date

import pytest

from send_records.aggregates import EVENTS
from send_records.aggregates.agencies import ReferToAgency
from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, NoSuchEntry, WithdrawEntry
from send_records.aggregates.register import ExitCriterion, RemoveFromSendRegister
from send_records.aggregates.reliance import Because, Reliance, relied_on
from send_records.aggregates.reviews import Attendee, HoldReview, Part, ReviewKind
from tests.scenario import MOTHER, Scenario, a_family, a_pupil, on_register

SEEN = RecordObservation(occurred_on=date(2024, 1, 9), setting="Phonics", observed="Guesses")
AGREE = RecordAgreement(
    occurred_on=date(2024, 1, 10),
    purpose=Purpose.AGENCY_REFERRAL,
    agency="educational_psychology",
    contact_id=MOTHER,
)
REFER = ReferToAgency(
    occurred_on=date(2024, 1, 11), agency="educational_psychology", question="Why?"
)
HELD = HoldReview(
    occurred_on=date(2024, 3, 1),
    kind=ReviewKind.TERMLY,
    attendees=(Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),),
    impact="Some",
    pupil_voice="Fine",
    parent_voice="Fine",
    next_steps="Go on",
)
LEAVE = RemoveFromSendRegister(
    occurred_on=date(2024, 3, 4),
    criterion=ExitCriterion.EXPECTED_PROGRESS,
    review_on=HELD.occurred_on,
)


def correct(version: int) -> CorrectEntry:
    return CorrectEntry(
        occurred_on=date(2024, 4, 1),
        entry_version=version,
        field="reason",
        from_value=None,
        to_value="Late",
        why="Not said",
    )


def found(scenario: Scenario, version: int) -> dict[str, Reliance]:
    return {each.event: each for each in relied_on(scenario.events, version)}


def test_decisions_and_reviews_after_an_entry_went_by_it() -> None:
    told = on_register().given(SEEN, AGREE, REFER, HELD, LEAVE)
    seen = next(e for e in told.events if isinstance(e, EVENTS["ObservationRecorded"]))

    relied = found(told, seen.originator_version)

    assert {event: each.because for event, each in relied.items()} == {
        "AgencyReferred": (Because.GIVEN_TO_OTHERS, Because.DECISION),
        "ReviewHeld": (Because.REVIEW,),
        "RemovedFromSendRegister": (Because.DECISION,),
    }
    assert relied["AgencyReferred"].recipients == ("educational_psychology",)


def test_what_names_an_entry_its_day_or_its_code_went_by_it() -> None:
    told = on_register().given(HELD, LEAVE)
    review = next(e for e in told.events if isinstance(e, EVENTS["ReviewHeld"]))
    assert Because.NAMES_ITS_DAY in (
        found(told, review.originator_version)["RemovedFromSendRegister"].because
    )

    agreed = a_family().given(AGREE, REFER)
    assert found(agreed, 5)["AgencyReferred"].because == (
        Because.GIVEN_TO_OTHERS,
        Because.DECISION,
        Because.NAMES_ITS_DAY,
        Because.SAME_NEED_OR_AGENCY,
    )


def test_an_entry_of_the_same_thing_names_it() -> None:
    told = on_register().given(HELD)

    assert found(told, 3)["NoticeGiven"].because == (Because.NAMES_IT,)
    assert found(told, 3)["ReviewHeld"].because == (Because.REVIEW,)


def test_what_came_before_an_entry_or_after_it_was_put_right_did_not_go_by_it() -> None:
    told = a_family().given(AGREE, SEEN, REFER)

    assert set(found(told, 6)) == {"AgencyReferred"}
    assert set(found(a_family().given(AGREE, SEEN, correct(6), REFER), 6)) == set()
    assert set(found(told.given(correct(6)), 6)) == {"AgencyReferred"}


def test_what_was_recorded_between_two_corrections_went_by_what_was_corrected_since() -> None:
    again = CorrectEntry(
        occurred_on=date(2024, 4, 2),
        entry_version=6,
        field="reason",
        from_value="Late",
        to_value="Later",
        why="Not said",
    )

    assert set(found(a_family().given(AGREE, SEEN, correct(6), REFER, again), 6)) == {
        "AgencyReferred"
    }


def test_what_was_withdrawn_itself_is_not_listed() -> None:
    told = a_family().given(AGREE, SEEN, REFER)
    withdrawn = told.given(
        WithdrawEntry(
            occurred_on=date(2024, 4, 1),
            entry_version=7,
            why=WhyWithdrawn.DUPLICATE,
            explanation="Twice",
        )
    )

    assert relied_on(withdrawn.events, 6) == []


def test_of_an_entry_that_is_not_there_nothing_is_known() -> None:
    with pytest.raises(NoSuchEntry):
        relied_on(a_pupil().events, 9)


def test_the_events_that_tell_others_say_whom() -> None:
    """To find an event that was forgotten: who is told stands in a field of one of these names."""
    told, planned = {"to", "shared_with", "sent_to"}, {"TransitionPlanned"}
    saying = {
        name for name, event in EVENTS.items() if event.recipients is not DomainEvent.recipients
    }

    named = {name for name, event in EVENTS.items() if told & event.model_fields.keys()}
    assert saying >= named - planned
    assert {"AgencyReferred", "EhcAdviceSubmitted", "EhcAssessmentRequested"} <= saying
