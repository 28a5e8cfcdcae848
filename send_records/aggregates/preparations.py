"""Preparations: what is made of the record in order to leave it, before anything does.

    prepared ---> approved or returned (``approvals``) ---> sent, as it was approved
            \\--> void: prepared anew, or something was decided since

A pack is made once, from the log up to a position, and known by its hash ever after: what was
approved is what is sent (UK GDPR Art 5(1)(f) and 5(2), 24 and 32).  The event is recorded when the
pack exists, by whoever made it: until then a preparation is a job, and nothing in the record.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, Kept, PupilEvent
from send_records.aggregates.contents import Pack
from send_records.aggregates.values import SENDCOS, Day, Role
from send_records.errors import NotFound, NotReadyYet, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class PackPurpose(StrEnum):
    """What a pack is made for."""

    SUBJECT_ACCESS = "subject_access"
    HANDOVER = "handover"
    LA_ADVICE = "la_advice"


class Void(StrEnum):
    """Why a preparation does not stand any more."""

    PREPARED_ANEW = "prepared_anew"
    DECIDED_SINCE = "decided_since"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Preparation:
    """One pack or bundle that was made, and how far it has come."""

    id: UUID
    purpose: str
    """A purpose of a pack, or a kind of bundle."""
    request_id: UUID | None
    appeal_id: UUID | None
    sha256: str
    prepared_by: UUID
    position: int
    """The last position of the log that it was made from."""
    reference: str | None = None
    """The number of the claim or appeal of a bundle, where it was said."""
    approved_by: UUID | None = None
    approved_on: date | None = None
    why_void: Void | None = None
    sent: bool = False

    @property
    def void(self) -> bool:
        """Whether it can neither be approved nor sent any more."""
        return self.why_void is not None

    @property
    def dealing(self) -> tuple[str, UUID | None, UUID | None, str | None]:
        """What it is for: of two unsent preparations for the same, the later one stands."""
        return self.purpose, self.request_id, self.appeal_id, self.reference


class PackNotMade(NotReadyYet):
    """What is to be prepared is made first, by a job: its preparation is recorded after that."""


class PackOutdated(RuleBroken):
    """A pack holds all that was decided on: what was decided while it was made is not in it."""

    basis = "UK GDPR Art 5(1)(d) and 15"


class PreparationVoid(RuleBroken):
    """What was prepared anew, returned, or overtaken by a later decision is neither approved nor
    sent."""

    basis = "UK GDPR Art 5(1)(f) and 5(2)"


class DisclosureNotApproved(RuleBroken):
    """Nothing is sent before a second person has approved it."""

    basis = "UK GDPR Art 5(2), 24 and 32"


class AlreadySent(RuleBroken):
    """What was prepared is sent once; to send again, prepare anew."""


WHY_VOID = {
    Void.PREPARED_ANEW: "It was prepared anew: the later one stands.",
    Void.DECIDED_SINCE: "Something was decided since: prepare it anew.",
    Void.RETURNED: "It was returned: prepare it anew.",
}


def voided(pupil: Pupil, request_id: UUID) -> Pupil:
    """Return the pupil with all that was prepared for a request and not sent void, for something
    was decided since."""
    return _without(pupil, Void.DECIDED_SINCE, lambda each: each.request_id == request_id)


def prepared(pupil: Pupil, preparation: Preparation) -> Pupil:
    """Return the pupil with what was prepared, and what was prepared for the same before it void
    unless it was sent."""
    dealing = preparation.dealing
    pupil = _without(pupil, Void.PREPARED_ANEW, lambda each: each.dealing == dealing)
    return with_preparation(pupil, preparation)


def with_preparation(pupil: Pupil, preparation: Preparation) -> Pupil:
    """Return the pupil with a preparation, new or otherwise than it was."""
    return replace(pupil, preparations={**pupil.preparations, preparation.id: preparation})


def as_sent(pupil: Pupil, preparation_id: UUID | None) -> Pupil:
    """Return the pupil with a preparation sent; unchanged if it is not known."""
    found = pupil.preparations.get(preparation_id) if preparation_id else None
    return pupil if found is None else with_preparation(pupil, replace(found, sent=True))


def _without(pupil: Pupil, why: Void, meant: Callable[[Preparation], bool]) -> Pupil:
    changed = {
        each.id: replace(each, why_void=why)
        for each in pupil.preparations.values()
        if not each.sent and not each.void and meant(each)
    }
    if not changed:
        return pupil
    return replace(pupil, preparations={**pupil.preparations, **changed})


def require_unsent(pupil: Pupil, preparation_id: UUID, *purposes: str) -> Preparation:
    """Return a preparation that stands and was not sent, for one of some purposes or for any; raise
    NotFound, AlreadySent or PreparationVoid."""
    found = pupil.preparations.get(preparation_id)
    if found is None or (purposes and found.purpose not in purposes):
        raise NotFound("Nothing of that id was prepared for this.")
    if found.sent:
        raise AlreadySent("It was sent before: prepare anew what is to be sent again.")
    if found.why_void is not None:
        raise PreparationVoid(WHY_VOID[found.why_void])
    return found


def require_approved(pupil: Pupil, preparation_id: UUID, *purposes: str) -> Preparation:
    """Return a preparation that may be sent; raise as ``require_unsent``, or
    DisclosureNotApproved."""
    found = require_unsent(pupil, preparation_id, *purposes)
    if found.approved_by is None:
        raise DisclosureNotApproved("A second person is to approve it first.")
    return found


class PackMade(Kept):
    """What every event of a preparation keeps of its pack: see ``Pack``."""

    sha256: str
    size: int
    pages: int
    position: int
    """The last position of the log that was read for it."""
    accesses: int
    as_of: date | None
    entries: int
    documents: int
    withheld: int
    redacted: int

    @classmethod
    def of(cls, pack: Pack) -> PackMade:
        """Return what is kept of what was made."""
        return cls(**{name: getattr(pack, name) for name in cls.model_fields})


class Prepared(PupilEvent):
    """A pack was made of the record, and is to be sent as it was made, or not at all."""

    preparation_id: UUID
    known_on: date | None
    pack: PackMade


class MakesPack(Command):
    """What is prepared by a job, and recorded once its pack exists.

    It is told the history, to see what was decided while the pack was made."""

    roles = SENDCOS | {Role.DPO}
    after_leaving = True
    after_merging = True
    needs_history = True

    as_of: Day | None = None
    """The day for which the record is read, if not for now."""
    known_on: Day | None = None
    """The day by whose end the record knew what is read, if not by now."""

    @abstractmethod
    def require_ready(self, pupil: Pupil, by: By) -> None:
        """Refuse what could not be recorded once its pack were made: asked before, and after."""

    @abstractmethod
    def recorded(self, pupil: Pupil, by: By, pack: Pack) -> Prepared:
        """Return what records that the pack was made; raise what only the pack tells."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        self.require_ready(pupil, by)
        if by.pack is None:
            raise PackNotMade("It is being made: it is recorded once it is.")
        event = self.recorded(pupil, by, by.pack)
        decided_to = by.pack.decided_to or event.pack.position
        meanwhile = (e for e in by.history if (e.position or 0) > decided_to)
        with_it = event.apply(pupil)
        for each in meanwhile:
            if isinstance(each, PupilEvent) and _undoes(each, with_it, event.preparation_id):
                raise PackOutdated("Something was decided while it was made: prepare it anew.")
        return [event]


def _undoes(event: PupilEvent, pupil: Pupil, preparation_id: UUID) -> bool:
    """Whether an event, had it come after a preparation, would have made it void as one that does
    not hold what was decided."""
    return event.apply(pupil).preparations[preparation_id].why_void is Void.DECIDED_SINCE
