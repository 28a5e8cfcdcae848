from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from send_records.aggregates.consents import (
    ParentalAgreementGiven,
    ParentalAgreementMissing,
    ParentalAgreementRefused,
    ParentalAgreementSought,
    ParentalAgreementWithdrawn,
    Purpose,
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
    agreement_in_force,
)
from send_records.aggregates.contacts import NoParentalResponsibility
from send_records.aggregates.notices import GiveNotice, NoticeGiven, NoticeOf, told_on
from send_records.aggregates.values import Origin
from send_records.errors import Invalid, NotFound
from tests.scenario import GRANDMOTHER, MOTHER, NOBODY, TELL, Scenario, a_family, but, on_register

SEEK = SeekParentalAgreement(
    occurred_on=date(2023, 12, 11),
    purpose=Purpose.ANNUAL,
    contact_ids=(MOTHER,),
    how="The form, in Bengali",
)
AGREE = RecordAgreement(occurred_on=date(2023, 12, 13), purpose=Purpose.ANNUAL, contact_id=MOTHER)
REFUSE = RecordAgreementRefused(
    occurred_on=date(2024, 5, 19),
    purpose=Purpose.ANNUAL,
    contact_id=MOTHER,
    why="Does not want the word SEND on the record",
)
WITHDRAW = WithdrawAgreement(
    occurred_on=date(2024, 5, 19), purpose=Purpose.ANNUAL, contact_id=MOTHER
)


def in_force(scenario: Scenario, on: date, purpose: Purpose = Purpose.ANNUAL) -> bool:
    try:
        agreement_in_force(scenario.pupil, purpose, None, on)
    except ParentalAgreementMissing:
        return False
    return True


def test_asking_is_not_agreeing() -> None:
    asked = a_family().when(SEEK).then(ParentalAgreementSought, how="The form, in Bengali")

    assert not in_force(asked, date(2023, 12, 13))


def test_an_agreement_holds_for_a_year_from_the_day_it_is_given() -> None:
    agreed = (
        a_family()
        .when(AGREE)
        .then(ParentalAgreementGiven, expires_on=date(2024, 12, 13), origin=Origin.PARENT)
    )

    assert [
        in_force(agreed, day)
        for day in (
            date(2023, 12, 12),
            date(2023, 12, 13),
            date(2024, 12, 13),
            date(2024, 12, 14),
        )
    ] == [False, True, True, False]


def test_an_agreement_may_end_sooner_and_never_later() -> None:
    a_family().when(but(AGREE, expires_on=date(2024, 1, 31))).then(ParentalAgreementGiven)
    a_family().when(but(AGREE, expires_on=date(2023, 12, 13))).then(ParentalAgreementGiven)
    a_family().when(but(AGREE, expires_on=date(2024, 12, 14))).refused(Invalid)
    a_family().when(but(AGREE, expires_on=date(2023, 12, 12))).refused(Invalid)


def test_an_agreement_of_29_february_ends_on_28_february() -> None:
    a_family().when(but(AGREE, occurred_on=date(2024, 2, 29))).then(
        ParentalAgreementGiven, expires_on=date(2025, 2, 28)
    )


def test_each_purpose_has_an_agreement_of_its_own() -> None:
    agreed = a_family().given(AGREE)

    assert in_force(agreed, date(2024, 1, 8))
    assert not in_force(agreed, date(2024, 1, 8), Purpose.PHOTOGRAPH)


def test_of_two_agreements_of_a_day_the_one_recorded_last_counts() -> None:
    shorter = but(AGREE, expires_on=date(2024, 1, 31))
    agreed = a_family().given(AGREE, shorter)

    in_force_now = agreement_in_force(agreed.pupil, Purpose.ANNUAL, None, date(2024, 1, 8))

    assert in_force_now.expires_on == date(2024, 1, 31)


def test_an_agreement_renewed_late_does_not_undo_the_one_in_force() -> None:
    entered_late = a_family().given(but(AGREE, occurred_on=date(2025, 12, 1)), AGREE)

    assert in_force(entered_late, date(2026, 1, 12))
    assert in_force(entered_late, date(2024, 1, 12))


@pytest.mark.parametrize("command", [AGREE, REFUSE, WITHDRAW])
def test_somebody_with_parental_responsibility_decides(
    command: RecordAgreement | RecordAgreementRefused | WithdrawAgreement,
) -> None:
    agreed = a_family().given(AGREE)

    agreed.when(but(command, contact_id=GRANDMOTHER)).refused(NoParentalResponsibility)
    agreed.when(but(command, contact_id=NOBODY)).refused(NotFound)


def test_a_referral_names_its_agency_and_a_photograph_has_none() -> None:
    with pytest.raises(ValidationError, match="Name the agency"):
        but(AGREE, purpose=Purpose.AGENCY_REFERRAL)
    with pytest.raises(ValidationError, match="Leave out the agency"):
        but(AGREE, purpose=Purpose.PHOTOGRAPH, agency="educational_psychology")


def test_a_refusal_ends_the_agreement_from_its_day() -> None:
    refused = a_family().given(AGREE).when(REFUSE).then(ParentalAgreementRefused)

    assert in_force(refused, date(2024, 5, 18))
    assert not in_force(refused, date(2024, 5, 19))


def test_an_agreement_refused_on_the_day_it_was_given_was_never_in_force() -> None:
    same_day = a_family().given(AGREE, but(REFUSE, occurred_on=date(2023, 12, 13)))

    assert not in_force(same_day, date(2023, 12, 13))


def test_a_refusal_entered_late_leaves_the_agreement_that_followed_it() -> None:
    later = but(AGREE, occurred_on=date(2024, 9, 2))

    assert in_force(a_family().given(later, REFUSE), date(2024, 9, 2))


def test_a_refusal_takes_nothing_else_from_the_record() -> None:
    supported = on_register()

    refused = supported.when(REFUSE).then(ParentalAgreementRefused)

    assert refused.pupil.registration == supported.pupil.registration
    assert refused.pupil.needs == supported.pupil.needs


def test_only_an_agreement_in_force_is_withdrawn_and_only_once() -> None:
    a_family().when(WITHDRAW).refused(ParentalAgreementMissing)

    withdrawn = a_family().given(AGREE).when(WITHDRAW).then(ParentalAgreementWithdrawn)

    withdrawn.when(WITHDRAW).refused(ParentalAgreementMissing)
    withdrawn.when(but(AGREE, occurred_on=date(2024, 5, 20))).then(ParentalAgreementGiven)


def test_a_notice_says_who_was_told_and_how_and_is_no_agreement() -> None:
    told = a_family().when(TELL).then(NoticeGiven, notice_of=NoticeOf.SEN_PROVISION)

    assert told_on(told.pupil, NoticeOf.SEN_PROVISION, date(2023, 12, 13)) == date(2023, 12, 13)
    assert not in_force(told, date(2023, 12, 13))


def test_parents_may_be_told_again() -> None:
    again = a_family().given(TELL, but(TELL, occurred_on=date(2024, 12, 13)))

    assert told_on(again.pupil, NoticeOf.SEN_PROVISION, date(2024, 1, 8)) == date(2023, 12, 13)
    assert told_on(again.pupil, NoticeOf.SEN_PROVISION, date(2026, 1, 8)) == date(2024, 12, 13)
    assert told_on(again.pupil, NoticeOf.SEN_PROVISION, date(2023, 12, 12)) is None


def test_whoever_cares_for_the_child_can_be_told_and_a_stranger_cannot() -> None:
    a_family().when(but(TELL, contact_ids=(GRANDMOTHER,))).then(NoticeGiven)
    a_family().when(but(TELL, contact_ids=(MOTHER, NOBODY))).refused(NotFound)
    with pytest.raises(ValidationError):
        GiveNotice.model_validate({**dict(TELL), "contact_ids": []})
