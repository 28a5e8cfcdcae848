"""Approvals: a second person looks at what was prepared, before anything of it is sent.

    prepared (``disclosures``, ``bundles``) ---> approved, by its hash ---> sent
                                            \\--> returned, to be prepared anew

Two persons answer for what leaves (UK GDPR Art 5(2), 24 and 32; ``security.md``): whoever prepared
it, or decided on what is in it, does not approve it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.access_requests import open_request
from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contents import Sha256
from send_records.aggregates.preparations import (
    WHY_VOID,
    DisclosureNotApproved,
    PackPurpose,
    Preparation,
    PreparationVoid,
    Void,
    require_unsent,
    with_preparation,
)
from send_records.aggregates.values import Role, Words
from send_records.errors import Invalid, NotPermitted, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

APPROVERS = frozenset({Role.DPO, Role.PRINCIPAL})
"""Who answers for the trust, or for the academy (UK GDPR Art 39; policy s.8.3)."""


BY_STATUTE = frozenset({PackPurpose.HANDOVER, PackPurpose.LA_ADVICE})
"""What needs no second person: see ``disclosures.PrepareDisclosure``."""


class ApproverPrepared(NotPermitted):
    """Whoever prepared something, or decided on what is in it, does not approve it."""

    basis = "UK GDPR Art 5(2), 24 and 32"


class PackDiffers(Invalid):
    """What is approved is the very file that was prepared, and will be sent: by its hash."""

    basis = "UK GDPR Art 5(1)(f)"


class AlreadyApproved(RuleBroken):
    """What was prepared is approved once."""


class DisclosureApproved(PupilEvent):
    preparation_id: UUID
    sha256: str

    def apply(self, pupil: Pupil) -> Pupil:
        found = pupil.preparations.get(self.preparation_id)
        if found is None:
            return pupil
        approver = self.metadata.recorded_by.id
        return with_preparation(
            pupil, replace(found, approved_by=approver, approved_on=self.occurred_on)
        )


class ApproveDisclosure(Command):
    """Approve what was prepared, as the second person, by the hash of what one has looked at.

    It is of the day on which it is recorded, whatever day it names.  Not checked: that the file was
    opened; who opened it is in the access log.
    """

    roles = APPROVERS
    after_leaving = True
    after_merging = True
    steps_up = True  # what leaves does not come back

    preparation_id: UUID
    sha256: Sha256

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = self.entry(pupil, by)
        entry["occurred_on"] = by.today
        found = require_unsent(pupil, self.preparation_id)
        if found.approved_by is not None:
            raise AlreadyApproved("It was approved before.")
        if by.metadata.recorded_by.id in self._first_persons(pupil, found, by):
            raise ApproverPrepared("Somebody else approves what you prepared or decided on.")
        if self.sha256 != found.sha256:
            raise PackDiffers("That is not the file which was prepared: look at that one.")
        return [DisclosureApproved(**entry, preparation_id=found.id, sha256=found.sha256)]

    def _first_persons(self, pupil: Pupil, found: Preparation, by: By) -> frozenset[UUID]:
        """Return who prepared it, and who decided on what is in it; raise RequestClosed for what
        answers a request that is closed."""
        if found.request_id is None:
            return frozenset({found.prepared_by})
        request = open_request(pupil, found.request_id, by.today)
        return request.workers | {found.prepared_by}


class DisclosureReturned(PupilEvent):
    preparation_id: UUID
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        found = pupil.preparations.get(self.preparation_id)
        if found is None:
            return pupil
        return with_preparation(pupil, replace(found, why_void=Void.RETURNED))


class ReturnDisclosure(Command):
    """Send back what was prepared, and say why: it is neither approved nor sent, and prepared anew.

    What was approved can be returned until it is sent.
    """

    roles = APPROVERS
    after_leaving = True
    after_merging = True

    preparation_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = self.entry(pupil, by)
        entry["occurred_on"] = by.today
        found = require_unsent(pupil, self.preparation_id)
        return [DisclosureReturned(**entry, preparation_id=found.id, why=self.why)]


def require_to_leave(found: Preparation) -> None:
    """Raise PreparationVoid or DisclosureNotApproved for what is not to be locked for sending; what
    was sent already may be locked again."""
    if found.sent:
        return
    if found.why_void is not None:
        raise PreparationVoid(WHY_VOID[found.why_void])
    if found.approved_by is None and found.purpose not in BY_STATUTE:
        raise DisclosureNotApproved("A second person is to approve it first.")
