"""What leaves: prepared by a job, looked at and approved by a second person, and fetched as it was
made; and what became of all that was ever prepared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Response
from fastapi import Request as HttpRequest
from fastapi.responses import StreamingResponse

from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.values import Name, Value
from send_records.api.accounting import ExportAccess, RestrictedAccess
from send_records.api.callers import get_system
from send_records.api.dependencies import Records
from send_records.api.documents import in_turn
from send_records.api.jobs import makes
from send_records.api.recording import PupilId, records, router_for
from send_records.api.views import Listing, listed
from send_records.disclosure.ledger import DisclosureRow, prepared_of
from send_records.disclosure.packs import PackKept, Packs
from send_records.disclosure.sending import encrypted
from send_records.threads import threaded

router = router_for("disclosures")


async def get_packs(http: HttpRequest) -> Packs:
    """Return the packs that are kept."""
    return (await get_system(http)).packs


PacksKept = Annotated[Packs, Depends(get_packs)]
PreparationId = Annotated[UUID, Path(description="What was prepared: the id of its job")]

makes(router, "disclosures/prepare", PrepareDisclosure)
makes(router, "bundles/prepare", PrepareBundle)
records(router, "disclosures/approve", ApproveDisclosure)
records(router, "disclosures/return", ReturnDisclosure)
records(router, "bundles/serve", ServeBundle)


class Locking(Value):
    """What a pack is locked with."""

    passphrase: Name
    """Of 12 characters or more; told to the receiver by another way than the pack."""


@router.get(
    "/pupils/{pupil_id}/disclosures",
    operation_id="get_disclosures",
    response_model=Listing[DisclosureRow],
)
@threaded
def get_disclosures(pupil_id: PupilId, service: Records, access: RestrictedAccess) -> Response:
    """Return all that was prepared of the record, in that order: by whom, of how much of the log,
    its hash, who approved it, and to whom it was sent."""
    pupil = service.pupil(pupil_id)
    rows = prepared_of(pupil, service.history(pupil_id))
    answer = listed([row.model_dump_json().encode() for row in rows], None)
    return access.given([pupil_id], answer)


@router.get(
    "/pupils/{pupil_id}/packs/{preparation_id}/content",
    operation_id="get_pack_content",
    response_class=Response,
)
@threaded
def get_pack_content(
    pupil_id: PupilId, preparation_id: PreparationId, packs: PacksKept, access: ExportAccess
) -> Response:
    """Return a pack as it was made, a zip, to look at before it is approved.  All of it is checked
    before the first byte is sent.  What is sent on is the locked one."""
    kept = packs.kept(pupil_id, preparation_id)
    return access.given([pupil_id], _as_a_file(kept, kept.size, kept.pieces))


@router.post(
    "/pupils/{pupil_id}/packs/{preparation_id}/locked",
    operation_id="get_locked_pack",
    response_class=Response,
)
@threaded
def get_locked_pack(
    pupil_id: PupilId,
    preparation_id: PreparationId,
    locking: Locking,
    packs: PacksKept,
    access: ExportAccess,
) -> Response:
    """Return a pack to be sent, once a second person has approved it where that is needed: the same
    files, in a zip locked with a passphrase (AES-256), which is kept nowhere."""
    kept = packs.to_send(pupil_id, preparation_id)
    locked = encrypted(b"".join(kept.pieces), locking.passphrase, _name(kept))
    return access.given([pupil_id], _as_a_file(kept, len(locked), iter([locked])))


def _as_a_file(kept: PackKept, size: int, pieces: Iterator[bytes]) -> Response:
    """Answer with a pack, to be kept as a file under a name that names nobody."""
    headers = {
        "Content-Type": "application/zip",
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{_name(kept)}"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(in_turn(pieces), 200, headers)


def _name(kept: PackKept) -> str:
    return f"{kept.preparation.purpose.replace('_', '-')}-{kept.preparation.id}.zip"
