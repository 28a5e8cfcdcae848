from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.retention import (
    AssignRetentionClass,
    HoldKind,
    LegalHoldPlaced,
    LegalHoldReleased,
    PlaceLegalHold,
    ReleaseLegalHold,
    RetentionClassAssigned,
    RetentionClassUnchanged,
)
from send_records.aggregates.values import Role
from send_records.errors import Invalid, NotFound
from tests.scenario import ADMIT, NOBODY, TODAY, a_pupil, but, by

HOLD = UUID(int=41)
ASSIGN = AssignRetentionClass(occurred_on=TODAY, record_class="pupil_send_record")
PLACE = PlaceLegalHold(
    occurred_on=date(2025, 11, 3),
    kind=HoldKind.TRIBUNAL,
    why="Disability discrimination claim registered against the trust",
    reference="EH999/25/00001",
)
RELEASE = ReleaseLegalHold(occurred_on=date(2026, 6, 1), hold_id=HOLD, why="Claim withdrawn")
LEAVE = RecordLeaving(occurred_on=date(2024, 7, 19), why="Moved away")


def test_every_record_starts_in_a_class_with_the_rule_it_was_given() -> None:
    _, assigned = ADMIT.decide(by())

    assert isinstance(assigned, RetentionClassAssigned)
    assert (assigned.rule.id, assigned.rule.years) == ("send-record-dob-25", 25)
    assert assigned.rule.leap_day == "1 March"
    assert "25" in assigned.rule.citation


def test_the_sectors_longer_period_stands_beside_the_rule_as_advice() -> None:
    _, assigned = ADMIT.decide(by())

    assert isinstance(assigned, RetentionClassAssigned)
    assert assigned.advice is not None
    assert assigned.advice.years == 31


def test_a_class_is_assigned_again_only_when_its_rule_has_changed() -> None:
    a_pupil().when(ASSIGN).refused(RetentionClassUnchanged)

    now = by()
    longer = replace(
        now.rules.retention[0], id="send-record-dob-31", years=31, effective_from=TODAY
    )
    rules = replace(now.rules, retention=(*now.rules.retention, longer))
    [event] = ASSIGN.decide(a_pupil().pupil, replace(now, rules=rules))

    assert isinstance(event, RetentionClassAssigned)
    assert (event.rule.id, event.rule.years) == ("send-record-dob-31", 31)


def test_a_hold_says_why_and_when_it_is_looked_at_again() -> None:
    held = (
        a_pupil()
        .when(PLACE)
        .then(LegalHoldPlaced, kind=HoldKind.TRIBUNAL, review_on=date(2026, 5, 3))
    )

    assert len(held.pupil.holds) == 1


def test_the_review_of_a_hold_is_later_than_the_hold() -> None:
    a_pupil().when(but(PLACE, review_on=date(2025, 12, 1))).then(
        LegalHoldPlaced, review_on=date(2025, 12, 1)
    )
    a_pupil().when(but(PLACE, review_on=date(2025, 11, 3))).refused(Invalid)


def test_a_record_can_be_under_several_holds_each_released_by_itself() -> None:
    held = a_pupil().given(PLACE).given(PLACE, new_id=HOLD)

    released = held.when(RELEASE).then(LegalHoldReleased, kind=HoldKind.TRIBUNAL)

    assert len(released.pupil.holds) == 1
    released.when(RELEASE).refused(NotFound)


def test_only_a_hold_on_the_record_is_released() -> None:
    a_pupil().when(but(RELEASE, hold_id=NOBODY)).refused(NotFound)


def test_holds_are_placed_and_released_after_the_pupil_left() -> None:
    a_pupil().given(LEAVE).given(PLACE, new_id=HOLD).when(RELEASE).then(LegalHoldReleased)


@pytest.mark.parametrize("command", [AssignRetentionClass, PlaceLegalHold, ReleaseLegalHold])
def test_retention_is_the_data_protection_officers(
    command: type[AssignRetentionClass | PlaceLegalHold | ReleaseLegalHold],
) -> None:
    assert command.roles == {Role.DPO}
