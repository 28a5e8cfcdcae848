"""The concerns log: each worry that was raised, when it was noticed, and what was done about it.

Policy s.11 asks for an initial concern log.  A concern that nobody has answered is a row without a
decision; how long the others waited is counted from the day they were raised.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from send_records.aggregates.concern_answers import ConcernAnswered, ConcernClosed
from send_records.aggregates.concern_questionnaires import ConcernQuestionnaireCompleted
from send_records.aggregates.concerns import (
    Answer,
    ConcernDiscussedWithParents,
    ConcernRaised,
    Outcome,
)
from send_records.aggregates.values import DataClass
from send_records.projections.conditions import asked
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.several import Several, on

OfConcern = (
    ConcernDiscussedWithParents | ConcernQuestionnaireCompleted | ConcernAnswered | ConcernClosed
)


@dataclass(frozen=True, slots=True)
class ConcernRow:
    """One concern; see the comments on the table's columns."""

    concern_id: UUID
    pupil_id: UUID
    raised_on: date
    noticed_on: date
    areas: list[str]
    raised_role: str
    position: int
    raised_by: str = field(metadata=SEALED)
    description: str = field(metadata=SEALED)
    discussed_on: date | None = None
    parent_comment: str | None = field(default=None, metadata=SEALED)
    questionnaire_on: date | None = None
    answered_on: date | None = None
    days_to_answer: int | None = None
    decided_on: date | None = None
    decision: str | None = None
    why: str | None = field(default=None, metadata=SEALED)
    closed_on: date | None = None
    outcome: str | None = None
    data_class: str | None = field(default=None, metadata=SEALED)
    corrected: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConcernsState:
    """One pupil's concerns, in the order in which they were recorded."""

    pupil_id: UUID
    rows: tuple[ConcernRow, ...] = ()


def _raised(state: ConcernsState, event: ConcernRaised) -> ConcernsState:
    if event.position is None or any(r.concern_id == event.concern_id for r in state.rows):
        return state
    who = event.metadata.recorded_by
    row = ConcernRow(
        concern_id=event.concern_id,
        pupil_id=event.originator_id,
        raised_on=event.occurred_on,
        noticed_on=event.noticed_on,
        areas=sorted({str(area) for area in event.areas}),
        raised_role=who.role,
        position=event.position,
        raised_by=who.name,
        description=event.description,
        data_class=event.data_class,
    )
    return replace(state, rows=(*state.rows, row))


def _moved_on(state: ConcernsState, event: OfConcern) -> ConcernsState:
    """Return the state in which a concern has gone on."""
    return replace(
        state,
        rows=tuple(
            _classed(_after(row, event), event) if row.concern_id == event.concern_id else row
            for row in state.rows
        ),
    )


def _classed(row: ConcernRow, event: OfConcern) -> ConcernRow:
    """Return a row as what is known of health or care, once anything in it is."""
    if event.data_class == DataClass.EDUCATION or row.data_class != DataClass.EDUCATION:
        return row
    return replace(row, data_class=event.data_class)


def _after(row: ConcernRow, event: OfConcern) -> ConcernRow:
    """Return a row after an event of its concern: the first talk and the first questionnaire say
    when; of answers the first says how long it took, and the last given what was decided."""
    day = event.occurred_on
    if isinstance(event, ConcernDiscussedWithParents):
        comment = event.parent_comment or row.parent_comment
        return replace(row, discussed_on=_first(row.discussed_on, day), parent_comment=comment)
    if isinstance(event, ConcernQuestionnaireCompleted):
        return replace(row, questionnaire_on=_first(row.questionnaire_on, day))
    if isinstance(event, ConcernClosed):
        return replace(row, closed_on=day, outcome=event.outcome)
    first = _first(row.answered_on, day)
    row = replace(row, answered_on=first, days_to_answer=max(0, (first - row.raised_on).days))
    if row.decided_on is not None and day < row.decided_on:
        return row  # entered late: a later answer has said what is to be done
    return replace(row, decided_on=day, decision=event.decision, why=event.why)


def _first(before: date | None, day: date) -> date:
    return day if before is None else min(before, day)


class ConcernsLog(Several[ConcernsState, ConcernRow]):
    """What worried somebody, one row a concern."""

    name = "concerns_log"
    key = "concern_id"
    state = ConcernsState
    row = ConcernRow
    changes: ClassVar = dict(
        [
            on(ConcernRaised, _raised),
            on(ConcernDiscussedWithParents, _moved_on),
            on(ConcernQuestionnaireCompleted, _moved_on),
            on(ConcernAnswered, _moved_on),
            on(ConcernClosed, _moved_on),
        ]
    )

    def start(self, pupil_id: UUID) -> ConcernsState:
        return ConcernsState(pupil_id)

    def rows(self, state: ConcernsState) -> Iterable[ConcernRow]:
        return state.rows


def concerns_page(
    views: Views,
    *,
    academy: str | None,
    pupil_id: UUID | None,
    unanswered: bool,
    decision: Answer | None,
    outcome: Outcome | None,
    open_only: bool,
    after: UUID | None,
    limit: int,
) -> Page[ConcernRow]:
    """Return concerns by the day on which they were raised."""
    where = asked(academy, pupil_id=pupil_id, decision=decision, outcome=outcome)
    if unanswered:
        where["decision"] = None
    if open_only:
        where["closed_on"] = None
    return page_in_order(views, ConcernsLog, "raised_on", where, after=after, limit=limit)
