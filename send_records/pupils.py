"""Pupils as they stand: replayed from the log, and kept in hand for the next command.

What is in hand is brought up to date by the events since, and never trusted alone: the log takes no
event of a version that is taken, so what was decided on an old pupil is not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import as_corrected, pupil_of
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.retention import PersonalDataErased
from send_records.errors import Erased, NotFound
from send_records.store.inhand import InHand
from send_records.store.keyring import KeyDestroyed, Keyring
from send_records.store.mapper import EventMapper
from send_records.store.recorder import PostgresRecorder

IN_HAND = 2000
"""Pupils in hand at most: some tens of megabytes, if all of them have long records."""


class Pupils:
    """The pupils of one trust."""

    def __init__(self, recorder: PostgresRecorder, mapper: EventMapper, keyring: Keyring) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._in_hand = InHand[UUID, Pupil](keyring, most=IN_HAND)

    def seen(self, pupil_id: UUID) -> Pupil | None:
        """Return the pupil as last seen here, or None; others may have moved it on since."""
        return self._in_hand.get(pupil_id)

    def now(self, pupil_id: UUID) -> Pupil:
        """Return the pupil as it stands, itself as last seen if nothing was recorded since; raise
        NotFound if there is none, and Erased if it is no more."""
        since, seen = self._in_hand.now(), self.seen(pupil_id)
        pupil = seen
        try:
            for row in self._recorder.stream(pupil_id, after=0 if seen is None else seen.version):
                event = self._mapper.to_domain_event(row)
                if isinstance(event, PersonalDataErased):
                    raise erased()
                pupil = event.mutate(pupil)
            if pupil is not None and pupil.corrections > (seen.corrections if seen else 0):
                pupil = pupil_of(as_corrected(self.history(pupil)))
        except (KeyDestroyed, Erased):
            self.drop(pupil_id)
            raise erased() from None
        if pupil is None:
            raise NotFound("No pupil has that id.")
        if pupil is not seen:
            self._in_hand.keep(pupil_id, pupil, since)
        return pupil

    def if_any(self, pupil_id: UUID) -> Pupil | None:
        """Return the pupil as it stands; None if there is none, or no more."""
        try:
            return self.now(pupil_id)
        except (NotFound, Erased):
            return None

    def history(self, pupil: Pupil) -> list[DomainEvent]:
        """Return what was recorded of a pupil up to its version, oldest first; raise Erased if it
        is no more."""
        rows = self._recorder.select_events(pupil.id, lte=pupil.version)
        try:
            return [self._mapper.to_domain_event(row) for row in rows]
        except KeyDestroyed:
            raise erased() from None

    def move_on(self, events: Sequence[DomainEvent], *pupils: Pupil | None) -> None:
        """Keep pupils as the newly recorded events leave each, if it is still in hand; not if they
        correct what came before, for then it is to be replayed."""
        for pupil in filter(None, pupils):
            moved = pupil
            for event in events:
                moved = event.mutate(moved) if event.originator_id == pupil.id else moved
            if moved.corrections > pupil.corrections:
                self.drop(pupil.id)
            else:
                self._in_hand.exchange(pupil.id, pupil, moved)

    def drop(self, pupil_id: UUID) -> None:
        """Keep the pupil no more: it was erased, or others moved it on."""
        self._in_hand.drop(pupil_id)


def erased() -> Erased:
    """Return the refusal of everything asked of a pupil who was erased."""
    return Erased("This record was erased, and cannot be read or added to.")
