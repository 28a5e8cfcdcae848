"""Looking: a record as it is gone through item by item, with what somebody might wish to look at
twice, and what was decided so far.  Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from send_records.aggregates.access_clock import RequesterIdentified
from send_records.aggregates.access_requests import SubjectAccessRequested
from send_records.aggregates.base import DomainEvent
from send_records.disclosure.document_texts import texts_of_all
from send_records.disclosure.gathering import cut_at, gather
from send_records.disclosure.held import Held
from send_records.disclosure.listing import ItemShown, items_shown
from send_records.disclosure.naming import KnownPerson
from send_records.disclosure.papers import content_of, require_size
from send_records.disclosure.preparing import Preparing
from send_records.disclosure.review import review_of
from send_records.errors import NotFound
from send_records.projections.pages import Views
from send_records.projections.send_register import SendRegister
from send_records.store.scopes import WHOLE_TRUST, Scope, within


class Looking:
    """Goes through the records of one trust."""

    def __init__(self, preparing: Preparing, views: Views) -> None:
        self._preparing = preparing
        self._views = views

    def items(self, pupil_id: UUID, request_id: UUID) -> tuple[ItemShown, ...]:
        """Return what is to be decided on for a request, what is undecided first; raise NotFound or
        Erased.

        The names of the trust's other pupils are looked for in the record, and of those only what
        stands in it already is shown.
        """
        history = self._preparing.records.history(pupil_id)
        asked = tuple(_requesters(history, request_id))
        held = self._held(pupil_id)
        return items_shown(
            held,
            review_of(history, request_id),
            requester=asked,
            others=self._others(pupil_id),
            texts=texts_of_all(self._files(held)),
        )

    def _held(self, pupil_id: UUID) -> Held:
        pool, seals = self._preparing.pool, self._preparing.seals
        with pool.connection() as connection:
            cut = cut_at(connection, pupil_id, None, None)
        with pool.connection() as connection, within(connection, Scope.of(pupil_id)):
            return gather(connection, seals, self._preparing.access, pupil_id, cut)

    def _files(self, held: Held) -> dict[UUID, tuple[bytes, str]]:
        require_size(each.row.size for each in held.documents)
        documents, pupil_id = self._preparing.documents, held.subject.pupil_id
        return {
            each.row.document_id: (
                content_of(documents, pupil_id, each.row.document_id),
                each.row.media_type,
            )
            for each in held.documents
        }

    def _others(self, pupil_id: UUID) -> Sequence[KnownPerson]:
        everybody = self._views.within(WHOLE_TRUST)
        rows = everybody.every(SendRegister, lambda row: row.legal_name, {})
        return [KnownPerson(row.row.legal_name) for row in rows if row.row.pupil_id != pupil_id]


def _requesters(history: Sequence[DomainEvent], request_id: UUID) -> Iterator[str]:
    """Yield the names of whoever asks, and of whoever asks for them; raise NotFound."""
    known = False
    for event in history:
        if isinstance(event, SubjectAccessRequested) and event.request_id == request_id:
            known = True
            yield event.requester
        elif (
            isinstance(event, RequesterIdentified)
            and event.request_id == request_id
            and event.contact is not None
        ):
            yield event.contact.name
    if not known:
        raise NotFound(f"The pupil has no access request {request_id}.")
