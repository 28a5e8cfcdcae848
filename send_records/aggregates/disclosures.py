"""Disclosures: what is prepared for whoever asked, for the next school, for the local authority.

    (requested, identified, searched) ---> prepared ---> approved ---> sent: see ``access_answers``
    prepared ---> handed over, or given as advice: see ``handovers`` and ``ehc_advice``

UK GDPR Art 12 and 15; ``facts.md`` 3.2.  How far a preparation has come is in ``preparations``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.access_requests import RequesterNotIdentified, open_request
from send_records.aggregates.base import By
from send_records.aggregates.contents import Pack
from send_records.aggregates.preparations import (
    MakesPack,
    PackMade,
    PackPurpose,
    Preparation,
    Prepared,
    prepared,
)
from send_records.aggregates.values import SENDCOS
from send_records.errors import Invalid, NotPermitted, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class NotSearchedYet(RuleBroken):
    """What is disclosed was searched for, and the search is on record."""

    basis = "Data (Use and Access) Act 2025: a reasonable and proportionate search"


class ForTheSendco(NotPermitted):
    """The SENDCo deals with the next school and the local authority."""

    basis = "SEND policy s.8.6"


class DisclosurePrepared(Prepared):
    purpose: PackPurpose
    request_id: UUID | None

    def apply(self, pupil: Pupil) -> Pupil:
        preparation = Preparation(
            *(self.preparation_id, self.purpose, self.request_id, None, self.pack.sha256),
            prepared_by=self.metadata.recorded_by.id,
            position=self.pack.position,
        )
        return prepared(pupil, preparation)


class PrepareDisclosure(MakesPack):
    """Prepare what is to be sent: of a subject access, for a second person to approve.

    What goes to the next school or the local authority needs no second person: the school deals
    with both by statute (Education (Pupil Information) (England) Regulations 2005 reg 9; SEND
    Regulations 2014 reg 6(1)(b) and 8), and gives them the record as it is.  Not checked: that
    every item was decided on, which shows where the pack is made.
    """

    purpose: PackPurpose
    request_id: UUID | None = None
    """The request that it answers, of a subject access."""

    def require_ready(self, pupil: Pupil, by: By) -> None:
        if (self.request_id is not None) is not (self.purpose is PackPurpose.SUBJECT_ACCESS):
            raise Invalid("Name the request of a subject access, and of nothing else.")
        if self.request_id is None:
            if by.metadata.recorded_by.role not in SENDCOS:
                raise ForTheSendco("The SENDCo prepares what these are given.")
            return
        request = open_request(pupil, self.request_id, self.occurred_on)
        if not request.identified:
            raise RequesterNotIdentified("Record who the requester is, and that they may ask.")
        if not request.searches:
            raise NotSearchedYet("Record where it was searched, and for what.")

    def recorded(self, pupil: Pupil, by: By, pack: Pack) -> DisclosurePrepared:
        return DisclosurePrepared(
            **self.entry(pupil, by),
            preparation_id=by.new_id,
            known_on=self.known_on,
            pack=PackMade.of(pack),
            purpose=self.purpose,
            request_id=self.request_id,
        )
