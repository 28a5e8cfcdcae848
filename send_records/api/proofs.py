"""Proofs: a pupil's entries with what shows an outsider that they are in the log, unchanged."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from send_records.api.accounting import ExportAccess, ProofAccess
from send_records.api.dependencies import CurrentSystem
from send_records.api.recording import PupilId, router_for
from send_records.bootstrap import System
from send_records.disclosure.extract import extract
from send_records.disclosure.signed import when_signed

router = router_for("proofs")

Seen = Annotated[
    int | None,
    Query(ge=0, le=2**53, description="The size of a checkpoint you hold from before."),
]


@router.get("/pupils/{pupil_id}/extract", operation_id="get_extract")
def get_extract(
    pupil_id: PupilId,
    system: CurrentSystem,
    access: ExportAccess,
    seen: Seen = None,
) -> dict[str, Any]:
    """Return the pupil's entries with their proofs, and with what opens their words.  Whoever
    receives it checks it with verify_extract.py, without our database or our program."""
    return access.given([pupil_id], made(system, pupil_id, words=True, seen=seen))


@router.get("/pupils/{pupil_id}/proofs", operation_id="get_proofs")
def get_proofs(
    pupil_id: PupilId,
    system: CurrentSystem,
    access: ProofAccess,
    seen: Seen = None,
) -> dict[str, Any]:
    """Return the pupil's entries as they are stored, sealed, with their proofs.  It shows that they
    are there and unchanged, to somebody who may not read them; also of a pupil who was erased."""
    return access.given([pupil_id], made(system, pupil_id, words=False, seen=seen))


def made(system: System, pupil_id: UUID, *, words: bool, seen: int | None) -> dict[str, Any]:
    """Return an extract, as soon as the notary has signed."""
    seals, vkeys = system.keys.seals, system.keys.signing.vkeys()
    make = partial(extract, seals=seals, vkeys=vkeys, pupil_id=pupil_id, words=words, seen=seen)
    return when_signed(system.views.pool, pupil_id, make)
