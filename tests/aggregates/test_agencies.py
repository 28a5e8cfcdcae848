from __future__ import annotations

from datetime import date

from send_records.aggregates.agencies import (
    AgencyAdviceReceived,
    AgencyAlreadyInvolved,
    AgencyInvolved,
    AgencyInvolvementEnded,
    AgencyReferred,
    EndAgencyInvolvement,
    RecordAgencyAdvice,
    RecordAgencyInvolvement,
    ReferToAgency,
)
from send_records.aggregates.consents import (
    ParentalAgreementMissing,
    Purpose,
    RecordAgreement,
    WithdrawAgreement,
)
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.values import Origin
from send_records.errors import NotFound
from tests.scenario import MOTHER, a_family, a_pupil, but

AGREE = RecordAgreement(
    occurred_on=date(2024, 3, 25),
    purpose=Purpose.AGENCY_REFERRAL,
    agency="educational_psychology",
    contact_id=MOTHER,
)
REFER = ReferToAgency(
    occurred_on=date(2024, 3, 26),
    agency="educational_psychology",
    question="Profile of reading and memory",
)
INVOLVE = RecordAgencyInvolvement(
    occurred_on=date(2024, 5, 20),
    agency="educational_psychology",
    professional="Link educational psychologist",
    first_seen_on=date(2024, 5, 20),
)
ADVISE = RecordAgencyAdvice(
    occurred_on=date(2024, 6, 10),
    agency="educational_psychology",
    report_dated=date(2024, 6, 7),
    summary="Phonological processing is weak",
    recommendations=("Daily phonics", "A reader in tests"),
)
END = EndAgencyInvolvement(
    occurred_on=date(2024, 12, 18), agency="educational_psychology", why="Advice given"
)


def test_a_referral_names_the_agreement_it_rests_on() -> None:
    a_family().given(AGREE).when(REFER).then(AgencyReferred, agreement_given_on=date(2024, 3, 25))


def test_a_referral_needs_the_parents_agreement_for_that_very_agency() -> None:
    speech = but(AGREE, agency="speech_and_language")
    annual = but(AGREE, purpose=Purpose.ANNUAL, agency=None)

    a_family().when(REFER).refused(ParentalAgreementMissing)
    a_family().given(speech, annual).when(REFER).refused(ParentalAgreementMissing)


def test_an_agreement_to_share_information_is_not_one_to_refer() -> None:
    share = but(AGREE, purpose=Purpose.INFORMATION_SHARING)

    a_family().given(share).when(REFER).refused(ParentalAgreementMissing)


def test_a_referral_needs_the_agreement_to_be_in_force_on_its_day() -> None:
    agreed = a_family().given(AGREE)

    agreed.when(but(REFER, occurred_on=date(2024, 3, 24))).refused(ParentalAgreementMissing)
    agreed.when(but(REFER, occurred_on=date(2025, 3, 25))).then(AgencyReferred)
    agreed.when(but(REFER, occurred_on=date(2025, 3, 26))).refused(ParentalAgreementMissing)


def test_a_withdrawn_agreement_carries_no_referral() -> None:
    withdraw = WithdrawAgreement(
        occurred_on=date(2024, 3, 26),
        purpose=Purpose.AGENCY_REFERRAL,
        agency="educational_psychology",
        contact_id=MOTHER,
    )

    a_family().given(AGREE, withdraw).when(REFER).refused(ParentalAgreementMissing)


def test_a_referral_of_last_year_can_be_entered_late_after_the_agreement_was_renewed() -> None:
    renewed = but(AGREE, occurred_on=date(2025, 3, 20))

    a_family().given(AGREE, renewed).when(REFER).then(
        AgencyReferred, agreement_given_on=date(2024, 3, 25)
    )


def test_an_agency_is_involved_once_at_a_time() -> None:
    involved = (
        a_pupil().when(INVOLVE).then(AgencyInvolved, professional="Link educational psychologist")
    )

    involved.when(INVOLVE).refused(AgencyAlreadyInvolved)
    involved.given(but(INVOLVE, agency="speech_and_language"))


def test_nobody_was_first_seen_on_a_day_to_come() -> None:
    a_pupil().when(but(INVOLVE, first_seen_on=date(2026, 11, 24))).refused(NotYetHappened)


def test_advice_comes_from_a_professional() -> None:
    a_pupil().when(ADVISE).then(
        AgencyAdviceReceived, report_dated=date(2024, 6, 7), origin=Origin.PROFESSIONAL
    )
    a_pupil().when(but(ADVISE, report_dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_involvement_ends_once_and_may_begin_again() -> None:
    ended = a_pupil().given(INVOLVE).when(END).then(AgencyInvolvementEnded, why="Advice given")

    ended.when(END).refused(NotFound)
    ended.when(but(INVOLVE, occurred_on=date(2025, 1, 13))).then(AgencyInvolved)
