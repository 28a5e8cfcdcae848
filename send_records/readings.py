"""What is read back of the log, as the application gives it: pupils, their histories, the feed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import cast
from uuid import UUID

from send_records.aggregates import PEOPLE_EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import day_in_london
from send_records.errors import Erased, Moved, NotFound, SendRecordsError
from send_records.pupils import Pupils, erased
from send_records.store.mapper import EventMapper, Recorded
from send_records.store.recorder import PostgresRecorder


class Readings:
    """The questions that the application answers from the log itself."""

    _recorder: PostgresRecorder
    _mapper: EventMapper
    _pupils: Pupils
    _clock: Callable[[], datetime]

    def pupil(self, pupil_id: UUID) -> Pupil:
        """Return the pupil as it stands; raise NotFound if there is none, and Erased if it is
        no more."""
        return self._pupils.now(pupil_id)

    def history(
        self, pupil_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> list[DomainEvent]:
        """Return what was recorded of the pupil, oldest first, after a version; raise Erased if
        it is no more.  An id that is a person's stream is no pupil's, and has no history here."""
        rows = self._recorder.select_events(pupil_id, gt=after, limit=limit)
        if self._recorder.erased([pupil_id]):
            raise erased()
        of_pupil = (row for row in rows if row.topic not in PEOPLE_EVENTS)
        return [self._mapper.to_domain_event(row) for row in of_pupil]

    def absence(self, pupil_id: UUID) -> SendRecordsError:
        """Return why nothing is shown of a pupil of whom no view has a row."""
        try:
            self._pupils.now(pupil_id).require_unmerged()
        except (Erased, NotFound, Moved) as why:
            return why
        return NotFound("Nothing of that is on record of this pupil.")

    def feed(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events of all pupils in the order of the log, after a position, and miss none."""
        rows = self._recorder.feed(after=after, limit=limit, without=list(PEOPLE_EVENTS))
        gone = self._recorder.erased({cast(UUID, row.originator_id) for row in rows})
        return list(self._mapper.read(rows, gone))

    def today(self) -> date:
        """Return the day it is where the academies are."""
        return day_in_london(self._clock())

    def size(self) -> int:
        """Return how many events the log holds, which is the last one's position."""
        return self._recorder.head()[0]
