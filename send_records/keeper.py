"""The keeper of the keys: rotation, destruction, recovery.  Each is an act of a person, and is in
the access log before it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from send_records.aggregates.base import Actor, Metadata
from send_records.aggregates.corrected import as_corrected, pupil_of
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.retention import PersonalDataErased, is_held
from send_records.aggregates.values import DataClass, Origin, Source, day_in_london
from send_records.bootstrap import Database, notary
from send_records.custody import Keys
from send_records.errors import NotFound, RuleBroken
from send_records.projections.engine import Engine
from send_records.rules import shipped_rules
from send_records.store.access import Access, AccessPurpose, Act, Tier, append_access
from send_records.store.appending import CommandRow, append_commands
from send_records.store.connections import one
from send_records.store.erasure import mark_destroyed
from send_records.store.mapper import EventMapper
from send_records.store.recorder import erased_among, select
from send_records.store.shares import split
from send_records.store.wrapping import Rotation


class RecordHeld(RuleBroken):
    """A hold beats every period, and so does a request for access or a complaint that is still to
    be answered, or an appeal that is to be decided: while there is one nothing is erased, in any
    of the records that were merged as one child's."""

    basis = (
        "Inquiries Act 2005 s.35; Civil Procedure Rules PD 31B; Data Protection Act 2018 s.173; "
        "SEND policy s.11"
    )


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What became of a pupil's key."""

    pupil_id: UUID
    already: bool
    """Whether the log had it as destroyed before; then what was left undone was done."""


class Keeper:
    """Does what is done with the keys of one trust, for one person."""

    def __init__(self, found: Database, keys: Keys, actor: Actor) -> None:
        self._found = found
        self._keys = keys
        self._actor = actor

    def rotate(self, progress: Callable[[int, int], None]) -> Rotation:
        """Wrap every key under the key of a new epoch, and destroy the old epochs' keys; an
        interrupted rotation is finished first."""
        self._record("rotate_keys")
        return self._keys.seals.keyring.rotate(progress)

    def shares(self) -> list[str]:
        """Return three shares of the present epoch's key, of which any two recover it."""
        self._record("make_recovery_shares")
        keks = self._keys.keks
        epoch = max(keks.epochs())
        return split(keks.secret_to_split(epoch), epoch)

    def destroy(self, pupil_id: UUID, authority: str, now: datetime) -> Destroyed:
        """Destroy a pupil's key, so that nobody can ever read the record again, from a backup
        either; the log, the proofs and everybody else's record stay as they are.

        ``authority`` is the decision by which it is done.  Raise NotFound, or RecordHeld while a
        hold is in force, or a request for access, a complaint or an appeal is open, in this record
        or in one merged with it.  May be interrupted at any point and done again.
        """
        self._record("destroy_key", pupil_id)
        newly = self._note(pupil_id, authority, now)
        self._keys.seals.keyring.destroy(pupil_id)
        Engine(self._found.as_projector(), self._keys.seals, self._found.projections).catch_up()
        notary(self._found, self._keys.signing, self._keys.places).sign_all()
        return Destroyed(pupil_id, already=not newly)

    def _note(self, pupil_id: UUID, authority: str, now: datetime) -> bool:
        """Mark the key as destroyed and append the note of it, or neither; False if it was."""
        seals, mapper = self._keys.seals, EventMapper(self._keys.seals)
        with one(self._found.as_owner()) as owner, owner.transaction():
            newly = mark_destroyed(owner, pupil_id)

            def record_of(record: UUID) -> Pupil | None:
                """Return a record as it stands; None if it was erased before."""
                if record != pupil_id and erased_among(owner, [record]):
                    return None
                rows = select(owner, "WHERE stream_id = %s ORDER BY version", [record])
                return pupil_of(as_corrected([mapper.to_domain_event(row) for row in rows]))

            if newly:
                pupil = record_of(pupil_id)
                if pupil is None or _is_held(pupil, record_of):
                    raise RecordHeld(
                        "Release the holds, and close requests, complaints and appeals first."
                    )
                note = self._tombstone(pupil, authority, now)
                mac = seals.mac(pupil_id, authority.encode())
                command = CommandRow(note.metadata.command_id, self._actor.id, mac)
                append_commands(owner, [([mapper.to_stored_event(note)], command)])
            elif not erased_among(owner, [pupil_id]):
                raise NotFound("No pupil has that id.")
        return newly

    def _tombstone(self, pupil: Pupil, authority: str, now: datetime) -> PersonalDataErased:
        today = day_in_london(now)
        metadata = Metadata(
            recorded_by=self._actor,
            command_id=uuid4(),
            correlation_id=uuid4(),
            source=Source.SYSTEM,
            policy_version=shipped_rules().edition(today).id,
        )
        return PersonalDataErased(
            originator_id=pupil.id,
            originator_version=pupil.version + 1,
            occurred_on=today,
            data_class=DataClass.EDUCATION,
            origin=Origin.STAFF,
            metadata=metadata,
            authority=authority,
        )

    def _record(self, what: str, *pupils: UUID) -> None:
        access = Access(
            actor=self._actor,
            request_id=uuid4(),
            act=Act.KEYS,
            what=what,
            tier=Tier.CONFIGURATION,
            purpose=AccessPurpose.ADMINISTRATION,
            pupils=pupils,
        )
        with one(self._found.app) as connection:
            append_access(connection, self._keys.seals, access)


def _is_held(pupil: Pupil, record_of: Callable[[UUID], Pupil | None]) -> bool:
    """Return whether a record of the child is held: the pupil's, or one that was merged with it, or
    with one of those.  Whoever placed the hold knew the child by one record, and meant the child.
    """
    seen, waiting = set[UUID](), [pupil]
    while waiting:
        record = waiting.pop()
        if is_held(record):
            return True
        seen.add(record.id)
        found = map(record_of, set(_merged_with(record)) - seen)
        waiting += [other for other in found if other is not None]
    return False


def _merged_with(pupil: Pupil) -> list[UUID]:
    """Return the records that a pupil's was merged with, in either direction."""
    into = [] if pupil.merged_into is None else [pupil.merged_into.into]
    return [*into, *pupil.merged]
