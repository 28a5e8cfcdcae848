"""A trust of many academies, for benchmarks: pupils with duties that are open, late and done.

The lives lie about the day on which the bench runs, so that a part of what is open is overdue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from uuid import UUID, uuid4

from bench.installation import Subject
from bench.lives import COMMANDS, of_pupil, on_the_register
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.concern_answers import AnswerConcern
from send_records.aggregates.concerns import Answer
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.reviews import Attendee, HoldReview, Part, ReviewKind, TargetReview
from send_records.aggregates.scheduled_reviews import ScheduleReview
from send_records.aggregates.values import Area
from send_records.projections.engine import Engine
from send_records.store.connections import one
from tests.scenario import MOTHER, but, by

PUPILS = 50
"""Of an academy: the open duties of each, five, fill a page of 200."""

CONCERN = COMMANDS[0]
FIRST = uuid4()
"""The first concern, which is answered."""


def fill(subject: Subject, academies: Sequence[str]) -> int:
    """Record the pupils of some academies, and make every view of them; return how many events
    that was."""
    events = partial(_told, subject, academies)
    subject.record(events())
    taken = Engine(subject.found.as_projector(), subject.keys.seals).catch_up()
    with one(subject.found.as_owner()) as owner:
        owner.execute("VACUUM (ANALYZE) duties, send_register")
    return taken


def _told(subject: Subject, academies: Sequence[str]) -> Iterator[DomainEvent]:
    for academy in academies:
        for number in range(PUPILS):
            pupil_id = uuid4()
            subject.keys.seals.keyring.make(pupil_id)
            admitted, *later = of_pupil(life(number), pupil_id)
            named = {"legal_name": f"Pupil {number:03} of {academy}", "academy": academy}
            yield admitted.model_copy(update=named)
            yield from later


@cache
def life(number: int) -> Sequence[DomainEvent]:
    """Return the life of the pupil of a number, whose duties are about days of their own: two were
    met, in time or late, and five are open."""
    told = list(on_the_register(uuid4(), "A pupil", "Academy"))
    pupil: Pupil | None = None
    for event in told:
        pupil = event.mutate(pupil)
    today = datetime.now(UTC).date()
    for command, made in _commands(number, today):
        assert pupil is not None
        for event in command.decide(pupil, by(command_id=made, today=today)):
            pupil = event.mutate(pupil)
            told.append(event)
    return told


def _commands(number: int, today: date) -> Iterator[tuple[Command, UUID]]:
    def day(days: int) -> date:
        return began + timedelta(days=days)

    began = today - timedelta(days=100 + number)
    held = day(60 + number % 20)
    yield but(CONCERN, occurred_on=began, noticed_on=began), FIRST
    answer = AnswerConcern(
        occurred_on=day(5 + number % 20),
        concern_id=FIRST,
        decision=Answer.OBSERVE,
        why="To see whether it is so in other lessons, too.",
    )
    yield answer, uuid4()
    agree = RecordAgreement(occurred_on=began, purpose=Purpose.ANNUAL, contact_id=MOTHER)
    yield agree, uuid4()
    yield _plan(began, day(70)), uuid4()
    yield _review(held, held + timedelta(days=50)), uuid4()
    planned = ScheduleReview(
        occurred_on=held, kind=ReviewKind.TERMLY, planned_on=day(150), invited=("The mother",)
    )
    yield planned, uuid4()
    noticed = today - timedelta(days=number)
    yield but(CONCERN, occurred_on=noticed, noticed_on=noticed), uuid4()


def _plan(day: date, review_on: date) -> DraftPlan:
    target = Target(
        ref="T1",
        text="Reads 20 words at sight",
        area=Area.COGNITION,
        baseline="5 words",
        success="20 words, on three days",
        due_on=review_on,
        expected_impact="Reads instructions alone",
    )
    return DraftPlan(
        occurred_on=day,
        kind=PlanKind.IP,
        review_on=review_on,
        class_teacher="Ms Hall",
        targets=(target,),
    )


def _review(day: date, next_review_on: date) -> HoldReview:
    return HoldReview(
        occurred_on=day,
        kind=ReviewKind.TERMLY,
        attendees=(Attendee(part=Part.PARENT, name="The mother", invited=True, present=True),),
        targets=(TargetReview(ref="T1", outcome="met", evidence="Seen in class"),),
        impact="Reads instructions alone",
        pupil_voice="I like it",
        parent_voice="So do we",
        next_steps="Go on as planned",
        next_review_on=next_review_on,
    )
