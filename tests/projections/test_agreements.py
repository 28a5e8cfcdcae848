"""The agreements: each answer a row, from what was sought to what was withdrawn."""

from __future__ import annotations

from datetime import date

from send_records.aggregates.consents import (
    Purpose,
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
)
from send_records.projections.agreements import AgreementRow, Agreements
from send_records.projections.base import folded
from tests.projections.lives import Life
from tests.scenario import MOTHER, RECORD_MOTHER

SEEK = SeekParentalAgreement(
    occurred_on=date(2024, 1, 8), purpose=Purpose.ANNUAL, contact_ids=(MOTHER,), how="Letter"
)
AGREE = RecordAgreement(
    occurred_on=date(2024, 1, 10), purpose=Purpose.ANNUAL, contact_id=MOTHER, scope="Reading help"
)
REFUSE = RecordAgreementRefused(
    occurred_on=date(2024, 5, 2), purpose=Purpose.ANNUAL, contact_id=MOTHER, why="Not now"
)
WITHDRAW = WithdrawAgreement(
    occurred_on=date(2024, 6, 3), purpose=Purpose.ANNUAL, contact_id=MOTHER, why="Moving"
)


def family() -> Life:
    return Life().then(RECORD_MOTHER, key=MOTHER)


def rows(life: Life) -> list[AgreementRow]:
    made: list[AgreementRow] = list(folded(Agreements(), life.events).values())
    return sorted(made, key=lambda row: row.position)


def test_what_was_sought_is_answered_in_the_same_row() -> None:
    [row] = rows(family().then(SEEK, AGREE))

    assert (row.outcome, row.sought_on, row.answered_on, row.expires_on) == (
        "given",
        date(2024, 1, 8),
        date(2024, 1, 10),
        date(2025, 1, 10),
    )
    assert (row.answered_by, row.scope) == ("Nasreen Rahman", "Reading help")


def test_an_agreement_that_nobody_asked_for_has_a_row_as_well() -> None:
    [row] = rows(family().then(AGREE))

    assert (row.outcome, row.sought_on) == ("given", None)


def test_each_year_has_a_row() -> None:
    again = AGREE.model_copy(update={"occurred_on": date(2025, 1, 9)})

    assert [row.expires_on for row in rows(family().then(AGREE, again))] == [
        date(2025, 1, 10),
        date(2026, 1, 9),
    ]


def test_a_refusal_ends_what_was_agreed_before_it() -> None:
    given, refused = rows(family().then(AGREE, REFUSE))

    assert (given.outcome, given.ended_on) == ("given", date(2024, 5, 2))
    assert (refused.outcome, refused.why, refused.expires_on) == ("refused", "Not now", None)


def test_what_is_withdrawn_says_when_and_why() -> None:
    [row] = rows(family().then(AGREE, WITHDRAW))

    assert (row.outcome, row.ended_on, row.why) == ("withdrawn", date(2024, 6, 3), "Moving")


def test_one_agency_is_not_another() -> None:
    for_one = RecordAgreement(
        occurred_on=date(2024, 1, 10),
        purpose=Purpose.AGENCY_REFERRAL,
        agency="educational_psychology",
        contact_id=MOTHER,
    )
    other = for_one.model_copy(update={"agency": "speech_therapy"})
    refused = RecordAgreementRefused(
        occurred_on=date(2024, 2, 1),
        purpose=Purpose.AGENCY_REFERRAL,
        agency="speech_therapy",
        contact_id=MOTHER,
    )

    found = rows(family().then(for_one, other, refused))

    assert [(row.agency, row.ended_on) for row in found if row.outcome == "given"] == [
        ("educational_psychology", None),
        ("speech_therapy", date(2024, 2, 1)),
    ]


def test_an_event_seen_again_changes_nothing() -> None:
    events = family().then(SEEK, AGREE, WITHDRAW).events

    assert folded(Agreements(), [*events, *events]) == folded(Agreements(), events)
