from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.base import Actor
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import NoSuchEntry, WithdrawEntry
from send_records.aggregates.disputes import (
    AlreadyRestricted,
    DisputeEntry,
    EntryDisputed,
    LiftRestriction,
    NotRestricted,
    NotToldBeforeLifting,
    ProcessingRestricted,
    RestrictionGround,
    RestrictionLifted,
    RestrictProcessing,
    restrictions,
)
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.values import DataClass, Origin, Role
from send_records.errors import NotFound
from tests.scenario import MOTHER, NOBODY, Scenario, a_family, but

DPO = Actor(id=UUID(int=500), name="Priya Shah", role=Role.DPO)
SEEN = RecordObservation(
    occurred_on=date(2024, 6, 3),
    setting="Phonics",
    observed="Will not try",
    data_class=DataClass.HEALTH,
)
DISPUTE = DisputeEntry(
    occurred_on=date(2024, 6, 10),
    entry_version=5,
    statement="She was ill that day",
    contact_id=MOTHER,
)
RESTRICT = RestrictProcessing(
    occurred_on=date(2024, 6, 10),
    entry_version=5,
    ground=RestrictionGround.ACCURACY_CONTESTED,
    why="Her mother says that she was ill",
)
LIFT = LiftRestriction(
    occurred_on=date(2024, 6, 24),
    entry_version=5,
    told_on=date(2024, 6, 20),
    why="The class teacher confirmed it",
)


def observed() -> Scenario:
    """A pupil of whom something was seen: entry 5, after admission, retention and two contacts."""
    return a_family().given(SEEN)


def test_a_dispute_is_in_the_words_of_whoever_disputes() -> None:
    disputed = (
        observed()
        .when(DISPUTE)
        .then(
            EntryDisputed,
            entry_event="ObservationRecorded",
            statement="She was ill that day",
            origin=Origin.PARENT,
            data_class=DataClass.HEALTH,
        )
    )

    event = disputed.events[-1]
    assert isinstance(event, EntryDisputed)
    assert event.disputed_by is not None
    assert event.disputed_by.name == "Nasreen Rahman"


def test_a_pupil_disputes_for_themself() -> None:
    observed().when(DISPUTE.model_copy(update={"contact_id": None})).then(
        EntryDisputed, disputed_by=None, origin=Origin.PUPIL
    )


def test_what_is_disputed_is_there_and_so_is_who_disputes_it() -> None:
    observed().when(but(DISPUTE, entry_version=6)).refused(NoSuchEntry)
    observed().when(but(DISPUTE, contact_id=NOBODY)).refused(NotFound)


def test_an_entry_may_be_disputed_again_and_also_after_leaving_or_withdrawal() -> None:
    left = observed().given(RecordLeaving(occurred_on=date(2024, 6, 5), why="Moved away"))
    withdrawn = observed().given(
        WithdrawEntry(
            occurred_on=date(2024, 6, 4),
            entry_version=5,
            why=WhyWithdrawn.DUPLICATE,
            explanation="Twice",
        )
    )

    left.given(DISPUTE).when(DISPUTE).then(EntryDisputed)
    withdrawn.when(DISPUTE).then(EntryDisputed)


def test_processing_is_restricted_once_at_a_time() -> None:
    restricted = (
        observed()
        .when(RESTRICT)
        .then(ProcessingRestricted, ground=RestrictionGround.ACCURACY_CONTESTED)
    )

    restricted.when(RESTRICT).refused(AlreadyRestricted)
    restricted.when(but(RESTRICT, entry_version=4)).then(ProcessingRestricted)
    observed().when(but(RESTRICT, entry_version=6)).refused(NoSuchEntry)


def test_a_restriction_is_lifted_once_they_were_told() -> None:
    restricted = observed().given(RESTRICT)

    restricted.when(LIFT).then(RestrictionLifted, told_on=date(2024, 6, 20))
    restricted.when(but(LIFT, told_on=date(2024, 6, 25))).refused(NotToldBeforeLifting)
    restricted.when(but(LIFT, told_on=date(2024, 6, 9))).refused(NotToldBeforeLifting)


def test_what_is_not_restricted_is_not_lifted() -> None:
    observed().when(LIFT).refused(NotRestricted)
    observed().when(but(LIFT, entry_version=6)).refused(NoSuchEntry)
    observed().given(RESTRICT, LIFT).when(LIFT).refused(NotRestricted)
    observed().given(RESTRICT, LIFT).when(RESTRICT).then(ProcessingRestricted)


def test_restrictions_in_force_are_known_by_their_entries() -> None:
    restricted = observed().given(RESTRICT, but(RESTRICT, entry_version=4))

    assert set(restrictions(restricted.events)) == {4, 5}
    assert set(restrictions(restricted.given(LIFT).events)) == {4}


def test_a_restriction_that_was_withdrawn_restricts_nothing() -> None:
    withdrawn = (
        observed()
        .given(RESTRICT)
        .given(
            WithdrawEntry(
                occurred_on=date(2024, 6, 11),
                entry_version=6,
                why=WhyWithdrawn.ENTERED_IN_ERROR,
                explanation="It was another entry that she asked about",
            )
        )
    )

    assert restrictions(withdrawn.events) == {}
    withdrawn.when(LIFT).refused(NotRestricted)
    withdrawn.when(RESTRICT).then(ProcessingRestricted)


def test_a_restriction_is_lifted_by_the_dpo_alone() -> None:
    assert LiftRestriction.roles == {Role.DPO}
