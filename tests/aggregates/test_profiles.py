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
from send_records.aggregates.profiles import (
    MoreThanOnePage,
    OnePageProfileWritten,
    WriteOnePageProfile,
)
from send_records.aggregates.values import Origin
from send_records.errors import Invalid
from tests.scenario import MOTHER, a_family, a_pupil, but

WRITE = WriteOnePageProfile(
    occurred_on=date(2023, 12, 15),
    like_and_admire=("Kind to new children",),
    important_to=("Knowing what comes next",),
    how_to_support=("One instruction at a time",),
)
AGREE = RecordAgreement(
    occurred_on=date(2023, 12, 1), purpose=Purpose.PHOTOGRAPH, contact_id=MOTHER
)


def test_a_profile_is_a_numbered_version_reviewed_in_a_term() -> None:
    first = (
        a_pupil()
        .when(WRITE)
        .then(
            OnePageProfileWritten,
            profile_version=1,
            review_on=date(2024, 4, 15),
            origin=Origin.PUPIL,
            photo_agreement_given_on=None,
        )
    )

    first.when(WRITE).then(OnePageProfileWritten, profile_version=2)


def test_a_profile_says_what_is_liked_what_is_important_and_how_to_support() -> None:
    for part in ("like_and_admire", "important_to", "how_to_support"):
        with pytest.raises(ValidationError):
            but(WRITE, **{part: ()})


def test_a_profile_is_one_page_whatever_it_is_filled_with() -> None:
    rest = sum(len(lines[0]) for lines in (WRITE.important_to, WRITE.how_to_support))
    full = but(WRITE, like_and_admire=("x" * (3000 - rest),))

    a_pupil().when(full).then(OnePageProfileWritten)
    a_pupil().when(but(full, worries=("x",))).refused(MoreThanOnePage)


def test_a_photograph_needs_the_agreement_to_it_in_force() -> None:
    pictured = but(WRITE, photo=True)
    withdraw = WithdrawAgreement(
        occurred_on=date(2023, 12, 10), purpose=Purpose.PHOTOGRAPH, contact_id=MOTHER
    )

    a_family().when(pictured).refused(ParentalAgreementMissing)
    a_family().given(but(AGREE, purpose=Purpose.ANNUAL)).when(pictured).refused(
        ParentalAgreementMissing
    )
    agreed = a_family().given(AGREE)
    agreed.when(pictured).then(OnePageProfileWritten, photo_agreement_given_on=date(2023, 12, 1))
    agreed.given(withdraw).when(pictured).refused(ParentalAgreementMissing)
    agreed.given(withdraw).when(WRITE).then(OnePageProfileWritten)


def test_a_profile_is_reviewed_after_it_was_written() -> None:
    a_pupil().when(but(WRITE, review_on=WRITE.occurred_on)).refused(Invalid)
    a_pupil().when(but(WRITE, review_on=date(2024, 2, 9))).then(
        OnePageProfileWritten, review_on=date(2024, 2, 9)
    )
