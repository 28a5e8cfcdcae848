"""The agreements: what parents were asked, what they answered, and until when it holds.

Each answer is a row of its own, so that an agreement that was renewed each year reads as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from send_records.aggregates.consents import (
    ParentalAgreementGiven,
    ParentalAgreementRefused,
    ParentalAgreementSought,
    ParentalAgreementWithdrawn,
)
from send_records.projections.conditions import asked
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.several import Several, on


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One request or answer; see the comments on the table's columns."""

    agreement_id: UUID
    pupil_id: UUID
    purpose: str
    outcome: str
    position: int
    agency: str | None = field(metadata=SEALED)
    answered_by: str | None = field(default=None, metadata=SEALED)
    why: str | None = field(default=None, metadata=SEALED)
    scope: str | None = field(default=None, metadata=SEALED)
    sought_on: date | None = None
    answered_on: date | None = None
    expires_on: date | None = None
    ended_on: date | None = None
    corrected: list[str] = field(default_factory=list)

    def is_of(self, event: Asked) -> bool:
        """Whether it is of an event's purpose and agency."""
        return (self.purpose, self.agency) == (event.purpose, event.agency)


@dataclass(frozen=True, slots=True)
class AgreementsState:
    """One pupil's agreements, in the order in which they were recorded."""

    pupil_id: UUID
    rows: tuple[AgreementRow, ...] = ()


Asked = (
    ParentalAgreementSought
    | ParentalAgreementGiven
    | ParentalAgreementRefused
    | ParentalAgreementWithdrawn
)


def _opened(state: AgreementsState, event: Asked, outcome: str, **more: Any) -> AgreementsState:
    """Return the state with the row that is still only sought answered, or with one more."""
    if event.position is None:
        return state
    waiting = [row for row in state.rows if row.outcome == "sought" and row.is_of(event)]
    new = AgreementRow(
        event.metadata.command_id,
        event.originator_id,
        event.purpose,
        outcome,
        event.position,
        event.agency,
    )
    before = waiting[-1] if waiting and outcome != "sought" else None
    row = replace(before or new, outcome=outcome, **more)
    return replace(state, rows=(*(each for each in state.rows if each is not before), row))


def _sought(state: AgreementsState, event: ParentalAgreementSought) -> AgreementsState:
    return _opened(state, event, "sought", sought_on=event.occurred_on)


def _given(state: AgreementsState, event: ParentalAgreementGiven) -> AgreementsState:
    return _opened(
        state,
        event,
        "given",
        answered_by=event.given_by.name,
        scope=event.scope,
        answered_on=event.occurred_on,
        expires_on=event.expires_on,
    )


def _refused(state: AgreementsState, event: ParentalAgreementRefused) -> AgreementsState:
    """As in the domain, a refusal ends what was agreed to before it."""
    return _opened(
        _ended(state, event),
        event,
        "refused",
        answered_by=event.refused_by.name,
        why=event.why,
        answered_on=event.occurred_on,
    )


def _withdrawn(state: AgreementsState, event: ParentalAgreementWithdrawn) -> AgreementsState:
    return _ended(state, event, outcome="withdrawn", why=event.why)


def _ended(state: AgreementsState, event: Asked, **more: Any) -> AgreementsState:
    """Return the state with every agreement to it ended that would hold on that day."""
    day = event.occurred_on

    def ended(row: AgreementRow) -> AgreementRow:
        holds = row.outcome == "given" and row.is_of(event) and row.ended_on is None
        if not holds or not (row.answered_on or day) <= day <= (row.expires_on or day):
            return row
        return replace(row, ended_on=day, **more)

    return replace(state, rows=tuple(map(ended, state.rows)))


class Agreements(Several[AgreementsState, AgreementRow]):
    """What parents agreed to, one row a request or answer."""

    name = "agreements"
    key = "agreement_id"
    state = AgreementsState
    row = AgreementRow
    changes: ClassVar = dict(
        [
            on(ParentalAgreementSought, _sought),
            on(ParentalAgreementGiven, _given),
            on(ParentalAgreementRefused, _refused),
            on(ParentalAgreementWithdrawn, _withdrawn),
        ]
    )

    def start(self, pupil_id: UUID) -> AgreementsState:
        return AgreementsState(pupil_id)

    def rows(self, state: AgreementsState) -> Iterable[AgreementRow]:
        return state.rows


def agreements_page(
    views: Views,
    *,
    academy: str | None,
    pupil_id: UUID | None,
    purpose: str | None,
    outcome: str | None,
    after: UUID | None,
    limit: int,
) -> Page[AgreementRow]:
    """Return agreements in the order in which they were first asked for or given."""
    where = asked(academy, pupil_id=pupil_id, purpose=purpose, outcome=outcome)
    return page_in_order(views, Agreements, "position", where, after=after, limit=limit)
