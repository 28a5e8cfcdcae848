"""What parents were asked, agreed to, refused and were told (policy s.11; CFA 2014 s.68)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from send_records.aggregates.consents import (
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
)
from send_records.aggregates.notices import GiveNotice
from tests.aggregates.model.book import (
    Desk,
    agreed,
    changes_nothing,
    in_another_name,
    refuses,
    strangers,
    without_responsibility,
    writes,
)
from tests.aggregates.model.numbers import later

changes_nothing(SeekParentalAgreement)


@refuses(SeekParentalAgreement)
def asking(desk: Desk, said: SeekParentalAgreement) -> Iterator[str]:
    yield from strangers(desk, said.contact_ids)


@refuses(RecordAgreement)
def agreeing(desk: Desk, said: RecordAgreement) -> Iterator[str]:
    """A contact with parental responsibility agrees, for a year at most."""
    yield from in_another_name(desk, said.contact_id)
    yield from without_responsibility(desk, said.contact_id)
    year = later(desk.rules, "parental_agreement", said.occurred_on)
    if said.expires_on is not None and not said.occurred_on <= said.expires_on <= year:
        yield "Invalid"


@writes(RecordAgreement)
def given(desk: Desk, said: RecordAgreement) -> None:
    year = later(desk.rules, "parental_agreement", said.occurred_on)
    spans = desk.book.agreements.setdefault((said.purpose, said.agency), [])
    spans.append((said.occurred_on, said.expires_on or year))


def end(desk: Desk, purpose: str, agency: str | None, on: date) -> None:
    """No agreement given by that day is in force from it on."""
    spans = desk.book.agreements.get((purpose, agency), [])
    kept = [
        (first, last if first > on else min(last, on - timedelta(days=1))) for first, last in spans
    ]
    desk.book.agreements[(purpose, agency)] = [(a, b) for a, b in kept if a <= b]
    if not desk.book.agreements[(purpose, agency)]:
        del desk.book.agreements[(purpose, agency)]


@refuses(RecordAgreementRefused)
def refusing(desk: Desk, said: RecordAgreementRefused) -> Iterator[str]:
    yield from in_another_name(desk, said.contact_id)
    yield from without_responsibility(desk, said.contact_id)


@writes(RecordAgreementRefused)
def refused(desk: Desk, said: RecordAgreementRefused) -> None:
    """It ends any agreement before it, and nothing more: support goes on (facts 10.4)."""
    end(desk, said.purpose, said.agency, said.occurred_on)


@refuses(WithdrawAgreement)
def withdrawing(desk: Desk, said: WithdrawAgreement) -> Iterator[str]:
    if not agreed(desk, said.purpose, said.agency, said.occurred_on):
        yield "ParentalAgreementMissing"
    yield from in_another_name(desk, said.contact_id)
    yield from without_responsibility(desk, said.contact_id)


@writes(WithdrawAgreement)
def withdrawn(desk: Desk, said: WithdrawAgreement) -> None:
    end(desk, said.purpose, said.agency, said.occurred_on)


@refuses(GiveNotice)
def telling(desk: Desk, said: GiveNotice) -> Iterator[str]:
    """Whoever has care of the child is told: no parental responsibility is asked for."""
    yield from strangers(desk, said.contact_ids)


@writes(GiveNotice)
def told(desk: Desk, said: GiveNotice) -> None:
    desk.book.notices.setdefault(said.notice_of, []).append(said.occurred_on)
