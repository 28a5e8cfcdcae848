"""A pupil's life, told in commands and kept as the events that the log would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import TypeVar
from uuid import UUID, uuid4

from send_records.aggregates.base import Actor, Command, DomainEvent
from send_records.aggregates.corrected import as_corrected, pupil_of
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.merging import MergeRecords, RecordMergedInto
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import day_in_london
from send_records.projections.base import Projection, folded
from tests.api import story_merging
from tests.api.story import PUPIL, REFUSED, STORY
from tests.scenario import ADMIT, SENCO, TODAY, but, by

R = TypeVar("R")


class Life:
    """What was recorded of one pupil; each event at noon of its day, unless it is said when."""

    def __init__(self, admit: AdmitPupil = ADMIT, *, key: UUID | None = None) -> None:
        self.events: list[DomainEvent] = []
        self.pupil: Pupil | None = None
        self._take(admit.decide(by(command_id=key)), None)

    def then(
        self,
        *commands: Command,
        key: UUID | None = None,
        actor: Actor = SENCO,
        recorded_at: datetime | None = None,
    ) -> Life:
        for command in commands:
            assert self.pupil is not None
            today = max(TODAY, day_in_london(datetime.now(UTC)))
            who = by(actor, today=today, command_id=key or uuid4(), history=self.events)
            self._take(command.decide(self.pupil, who), recorded_at)
        return self

    def merged(self, on: date) -> Life:
        """Merge the record into another on a day, whatever is open in it."""
        assert self.pupil is not None
        said = but(story_merging.MERGE, occurred_on=on)
        event = RecordMergedInto(
            **said.envelope(self.pupil.id, self.pupil.version + 1, by()),
            into_pupil_id=said.into_pupil_id,
            why=said.why,
            confirmed_by=said.confirmed_by,
        )
        self._take([event], None)
        return self

    def _take(self, events: Sequence[DomainEvent], recorded_at: datetime | None) -> None:
        before = self.pupil
        for event in events:
            self.pupil = event.mutate(self.pupil)
            noon = datetime.combine(event.occurred_on, time(12), UTC)
            recorded = {"position": len(self.events) + 1, "recorded_at": recorded_at or noon}
            self.events.append(event.model_copy(update=recorded))
        if self.pupil and before and self.pupil.corrections > before.corrections:
            self.pupil = pupil_of(as_corrected(self.events))

    def row(self, projection: Projection[R]) -> R:
        """Return the row of the last event, folded from nothing."""
        row: R = folded(projection, self.events)[projection.key_of(self.events[-1])]
        return row


def storied() -> Life:
    """The story in which every command, and so every event, has its turn."""
    admission, *later = STORY
    assert isinstance(admission.entry, AdmitPupil)
    life = Life(admission.entry, key=admission.key)
    for step in later:
        if type(step.entry) not in REFUSED:
            assert isinstance(step.entry, Command)
            life.then(step.entry, key=step.key, actor=step.actor)
    return life


def beside() -> list[DomainEvent]:
    """What is recorded in two records at once, which is no one pupil's story."""
    admission, merge, *_ = story_merging.STEPS
    record, kept = Life(key=admission.key), Life(key=PUPIL)
    assert isinstance(merge.entry, MergeRecords)
    assert record.pupil is not None
    return [*merge.entry.decide(record.pupil, by(another=kept.pupil))]
