"""Receipts: what whoever recorded something keeps, to show later that it was recorded, and when."""

from __future__ import annotations

import base64
from uuid import UUID

from pydantic import Field

from send_records.aggregates.values import Value
from send_records.store.appending import RecordedCommand
from send_records.store.notes import Signer


class Receipt(Value):
    """Proof of recording: where the pupil now stands, and where to wait for on the read side."""

    pupil_id: UUID
    version: int
    """The pupil's version after it, for the next ``If-Match``."""
    position: int
    """Its last event's place in the whole log, for ``?after=``."""
    proof: str
    """The trust's signed promise (a C2SP note) that the log holds these entries, all of this pupil,
    at these places."""
    replayed: bool = Field(default=False, exclude=True)
    """Whether it had been recorded before, and this is the first answer again."""


def receipt(signer: Signer, command_id: UUID, recorded: RecordedCommand) -> Receipt:
    """Return the receipt of a recorded command, signed; the same each time it is asked for."""
    return Receipt(
        pupil_id=recorded.stream_id,
        version=recorded.version,
        position=recorded.last_position,
        proof=signer.sign(promise(signer.name, command_id, recorded)),
        replayed=recorded.found,
    )


def promise(name: str, command_id: UUID, recorded: RecordedCommand) -> str:
    """Return what is signed: the command, and place and leaf of each of its events in the pupil's
    record; what it recorded in another pupil's is not in an extract of this one.

    The leaf tells nothing of what was recorded.  Whoever is given the entry itself later, with
    its path in the ledger, can see that it is the one promised here.
    """
    places = enumerate(recorded.leaves, start=recorded.first_position)
    lines = [f"{position} {base64.b64encode(leaf).decode()}" for position, leaf in places]
    return "\n".join([name, str(command_id), *lines, ""])
