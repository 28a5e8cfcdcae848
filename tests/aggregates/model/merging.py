"""Two records of one child that become one (UK GDPR Art 5(1)(d)).

The book is of the record that goes.  Beside it there is one other, which is kept and was never
merged itself; who confirms a merge has never the name of who records it: see ``test_merging``.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from send_records.aggregates.access_answers import RefuseRequest, SendDisclosure
from send_records.aggregates.access_clock import (
    ExtendDeadline,
    IdentifyRequester,
    ReceiveClarification,
    SeekClarification,
)
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.decisions import DiscloseItems, RedactItem, WithholdItem
from send_records.aggregates.details import CorrectPupilDetails
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.disputes import DisputeEntry, LiftRestriction, RestrictProcessing
from send_records.aggregates.merging import MergeRecords, SeparateRecords
from send_records.aggregates.retention import (
    AssignRetentionClass,
    PlaceLegalHold,
    ReleaseLegalHold,
)
from send_records.aggregates.searches import RecordSearch
from tests.aggregates.model.book import AFTER_LEAVING, AFTER_MERGING, Book, Desk, refuses, writes

AFTER_LEAVING |= {MergeRecords, SeparateRecords}
AFTER_MERGING |= {ReceiveAccessRequest, SeekClarification, ReceiveClarification, IdentifyRequester}
AFTER_MERGING |= {ExtendDeadline, SendDisclosure, RefuseRequest}
AFTER_MERGING |= {RecordSearch, DiscloseItems, WithholdItem, RedactItem}
AFTER_MERGING |= {PrepareDisclosure, PrepareBundle, ApproveDisclosure, ReturnDisclosure}
AFTER_MERGING |= {ServeBundle}
AFTER_MERGING |= {AssignRetentionClass, PlaceLegalHold, ReleaseLegalHold}
AFTER_MERGING |= {CorrectEntry, WithdrawEntry, DisputeEntry, RestrictProcessing, LiftRestriction}
AFTER_MERGING |= {CorrectPupilDetails, SeparateRecords}

OTHER = UUID(int=0)


def anything_open(book: Book) -> bool:
    """Whether somebody still waits for something, or something is still given, in a record."""
    standing = (book.register, book.monitoring, book.plan, book.draft, book.timetable)
    lists = (book.scheduled, book.adjustments, book.agencies, book.medical, book.holds)
    return (
        any(each is not None for each in (*standing, book.ehc_request))
        or any(lists)
        or any(concern.outcome is None for concern in book.concerns.values())
        or any(provision.ended_on is None for provision in book.provisions.values())
        or any(plan.ceased_on is None for plan in book.ehc_plans)
        or any(not decided for _, _, decided in book.appeals.values())
        or any(not answered for _, _, answered in book.complaints.values())
        or any(request.closed_on is None for request in book.access.values())
    )


@refuses(MergeRecords)
def merging(desk: Desk, said: MergeRecords) -> Iterator[str]:
    if said.into_pupil_id != OTHER:
        yield "NotFound"
    if anything_open(desk.book):
        yield "OpenMattersRemain"


@writes(MergeRecords)
def merged(desk: Desk, said: MergeRecords) -> None:
    desk.book.merged_into = said.into_pupil_id


@refuses(SeparateRecords)
def separating(desk: Desk, said: SeparateRecords) -> Iterator[str]:
    if desk.book.merged_into != said.into_pupil_id:
        yield "NotMergedInto"


@writes(SeparateRecords)
def separated(desk: Desk, said: SeparateRecords) -> None:
    desk.book.merged_into = None
