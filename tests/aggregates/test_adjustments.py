from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.adjustments import (
    AdjustmentAgreed,
    AdjustmentEnded,
    AdjustmentKind,
    AgreeAdjustment,
    EndAdjustment,
)
from send_records.aggregates.contacts import Party
from send_records.errors import Invalid, NotFound
from tests.scenario import GRANDMOTHER, NOBODY, a_family, a_pupil, but

ADJUSTMENT = UUID(int=380)

AGREE = AgreeAdjustment(
    occurred_on=date(2024, 1, 10),
    kind=AdjustmentKind.AUXILIARY_AID,
    adjustment="Texts in large print",
    barrier="Loses the line",
)
END = EndAdjustment(
    occurred_on=date(2024, 5, 24), adjustment_id=ADJUSTMENT, why="Reads any size of print"
)


def test_an_adjustment_is_made_for_a_pupil_on_no_register_and_waits_for_nobody() -> None:
    a_pupil().when(AGREE).then(AdjustmentAgreed, agreed_with=(), pupil_agreed=None)


def test_whoever_has_care_of_the_pupil_may_agree_an_adjustment() -> None:
    agreed = Party(contact_id=GRANDMOTHER, name="Salma Rahman", relationship="grandmother")

    a_family().when(but(AGREE, contact_ids=(GRANDMOTHER,), pupil_agreed=True)).then(
        AdjustmentAgreed, agreed_with=(agreed,), pupil_agreed=True
    )
    a_family().when(but(AGREE, contact_ids=(NOBODY,))).refused(NotFound)


def test_an_adjustment_is_reviewed_after_it_was_agreed() -> None:
    a_pupil().when(but(AGREE, review_on=date(2024, 1, 10))).refused(Invalid)
    a_pupil().when(but(AGREE, review_on=date(2024, 1, 11))).then(AdjustmentAgreed)


def test_an_adjustment_ends_once_and_not_before_it_began() -> None:
    agreed = a_pupil().given(AGREE, new_id=ADJUSTMENT)

    agreed.when(but(END, occurred_on=date(2024, 1, 9))).refused(Invalid)
    ended = agreed.when(END).then(AdjustmentEnded, adjustment_id=ADJUSTMENT)
    ended.when(END).refused(NotFound)
