"""Contacts: the adults in a pupil's life, what they may decide, and what a court has restricted.

    recorded ---> amended ---> removed

Parental responsibility decides who may agree to what (Children Act 1989 s.3).  A court's
restriction is recorded in its own words, for people to read before they share anything: no rule
here can judge it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import ROSTER, Few, Flag, Name, Role, Value, Words
from send_records.errors import NotFound, NotPermitted, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Contact:
    """One adult, as decisions need to know them."""

    id: UUID
    name: str
    relationship: str
    parental_responsibility: bool


class Party(Value):
    """A contact as they were when something was said to, or by, them: frozen into the event."""

    contact_id: UUID
    name: str
    relationship: str


class NoParentalResponsibility(RuleBroken):
    """Only somebody with parental responsibility can agree, refuse or withdraw."""

    basis = "Children Act 1989 s.3"


class AnswersForAnother(NotPermitted):
    """A parent who records something themself answers for nobody else: each who has parental
    responsibility acts alone."""

    basis = "Children Act 1989 s.2(7); UK GDPR Art 5(1)(d)"


def party(pupil: Pupil, contact_id: UUID) -> Party:
    """Return the pupil's contact as they are now; raise NotFound for a stranger."""
    contact = pupil.contacts.get(contact_id)
    if contact is None:
        raise NotFound(f"The pupil has no contact {contact_id}.")
    return Party(contact_id=contact.id, name=contact.name, relationship=contact.relationship)


def own_party(pupil: Pupil, contact_id: UUID, by: By) -> Party:
    """Return the contact whose words are recorded; raise AnswersForAnother if a parent records
    them, and is not that contact."""
    parent = by.metadata.recorded_by.role is Role.PARENT
    if parent and (by.contact_id is None or by.contact_id != contact_id):
        raise AnswersForAnother("Record it in your own name.")
    return party(pupil, contact_id)


def parties(pupil: Pupil, contact_ids: Few[UUID]) -> tuple[Party, ...]:
    """Return several of the pupil's contacts."""
    return tuple(party(pupil, contact_id) for contact_id in contact_ids)


def responsible_party(pupil: Pupil, contact_id: UUID) -> Party:
    """Return a contact who has parental responsibility; raise if they have not."""
    found = party(pupil, contact_id)
    if not pupil.contacts[contact_id].parental_responsibility:
        raise NoParentalResponsibility("Ask a contact who has parental responsibility.")
    return found


class ContactDetails(Value):
    """What is held about an adult in the pupil's life."""

    name: Name
    relationship: Name
    parental_responsibility: Flag
    restriction: Words | None = None
    """What a court order forbids or limits."""
    phone: Name | None = None
    email: Name | None = None
    language: Name | None = None
    interpreter: Flag = False


class ContactRecorded(PupilEvent):
    contact_id: UUID
    contact: ContactDetails

    def apply(self, pupil: Pupil) -> Pupil:
        contact = Contact(
            self.contact_id,
            self.contact.name,
            self.contact.relationship,
            self.contact.parental_responsibility,
        )
        return replace(pupil, contacts={**pupil.contacts, contact.id: contact})


class RecordContact(Command):
    """Record an adult in the pupil's life."""

    roles = ROSTER

    contact: ContactDetails

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = self.entry(pupil, by)
        return [ContactRecorded(**entry, contact_id=by.new_id, contact=self.contact)]


class ContactAmended(ContactRecorded):
    """A contact as they are from now on, whole."""


class AmendContact(Command):
    """Record a contact anew, whole: a new number, a restriction lifted, a change of name."""

    roles = ROSTER

    contact_id: UUID
    contact: ContactDetails

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        known = party(pupil, self.contact_id)
        entry = self.entry(pupil, by)
        return [ContactAmended(**entry, contact_id=known.contact_id, contact=self.contact)]


class ContactRemoved(PupilEvent):
    contact_id: UUID
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(
            pupil, contacts={k: v for k, v in pupil.contacts.items() if k != self.contact_id}
        )


class RemoveContact(Command):
    """Take an adult off the list; what they said and agreed stays in the record."""

    roles = ROSTER

    contact_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        known = party(pupil, self.contact_id)
        return [ContactRemoved(**self.entry(pupil, by), contact_id=known.contact_id, why=self.why)]
