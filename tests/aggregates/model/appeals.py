"""Mediation and appeals (CFA 2014 s.51-55; facts 2.4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.mediations import RecordMediation
from send_records.aggregates.tribunal import RecordAppealDecision, RecordAppealDirections
from tests.aggregates.model.book import Desk, changes_nothing, refuses, writes
from tests.aggregates.model.ehcp import no_letter
from tests.aggregates.model.numbers import is_code, later

changes_nothing(RecordAppealDirections)


def mediated_about(desk: Desk, said: RecordMediation) -> str | None:
    """Return the ground of the decision that a certificate is about: the last before it."""
    known = [
        (dated, ground)
        for ground, dated in desk.book.decisions
        if dated <= said.certificate_dated and (said.about is None or said.about == ground)
    ]
    last = max((dated for dated, _ in known), default=None)
    return next((ground for dated, ground in known if dated == last), None)


@refuses(RecordMediation)
def mediating(desk: Desk, said: RecordMediation) -> Iterator[str]:
    yield from no_letter(desk, said.certificate_dated, said.occurred_on)
    if desk.ahead(said.held_on):
        yield "NotYetHappened"
    if mediated_about(desk, said) is None:
        yield "NothingToAppeal"


@writes(RecordMediation)
def mediated(desk: Desk, said: RecordMediation) -> None:
    about = mediated_about(desk, said)
    assert about is not None
    desk.book.certificates.append((about, said.certificate_dated))


@refuses(LodgeAppeal)
def lodging(desk: Desk, said: LodgeAppeal) -> Iterator[str]:
    """Against a decision on record, once; two months from its letter or one from the certificate,
    whichever is later, or with the reason why it is late."""
    letter = said.decision_letter_dated
    if (said.ground, letter) not in desk.book.decisions:
        yield "NothingToAppeal"
    if said.occurred_on < letter:
        yield "Invalid"
    if desk.ahead(said.registered_on):
        yield "NotYetHappened"
    if said.registered_on is not None and said.registered_on < said.occurred_on:
        yield "Invalid"
    if any((ground, day) == (said.ground, letter) for ground, day, _ in desk.book.appeals.values()):
        yield "AlreadyAppealed"
    if not all(is_code(desk.rules, "ehc_section_appealable", s, letter) for s in said.sections):
        yield "SectionNotInForce"
    ends = [later(desk.rules, "appeal_from_letter", letter)]
    of_use = [
        dated
        for about, dated in desk.book.certificates
        if about == said.ground and letter <= dated <= said.occurred_on
    ]
    if of_use:
        ends.append(later(desk.rules, "appeal_from_certificate", max(of_use)))
    if said.late_because is None and said.occurred_on > max(ends):
        yield "AppealWindowClosed"


@writes(LodgeAppeal)
def lodged(desk: Desk, said: LodgeAppeal) -> None:
    desk.book.appeals[desk.new_id] = (said.ground, said.decision_letter_dated, False)


def not_open(desk: Desk, appeal_id: UUID) -> Iterator[str]:
    appeal = desk.book.appeals.get(appeal_id)
    if appeal is None:
        yield "NotFound"
    elif appeal[2]:
        yield "AppealAlreadyDecided"


@refuses(RecordAppealDirections)
def directing(desk: Desk, said: RecordAppealDirections) -> Iterator[str]:
    yield from not_open(desk, said.appeal_id)
    yield from no_letter(desk, said.dated, said.occurred_on)


@refuses(RecordAppealDecision)
def deciding(desk: Desk, said: RecordAppealDecision) -> Iterator[str]:
    yield from not_open(desk, said.appeal_id)
    yield from no_letter(desk, said.order_dated or said.occurred_on, said.occurred_on)


@writes(RecordAppealDecision)
def decided(desk: Desk, said: RecordAppealDecision) -> None:
    ground, letter, _ = desk.book.appeals[said.appeal_id]
    desk.book.appeals[said.appeal_id] = (ground, letter, True)
