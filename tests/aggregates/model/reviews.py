"""Reviews, and the voices heard at them (policy s.10.2, 11, 16; CFA 2014 s.19)."""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates.reviews import HoldReview
from send_records.aggregates.scheduled_reviews import RecordMissedReview, ScheduleReview
from send_records.aggregates.voices import RecordParentVoice, RecordPupilVoice
from tests.aggregates.model.book import (
    Desk,
    heard,
    in_another_name,
    never_refused,
    refuses,
    strangers,
    writes,
)

never_refused(RecordPupilVoice)


@refuses(ScheduleReview)
def scheduling(desk: Desk, said: ScheduleReview) -> Iterator[str]:
    if said.kind == "ehcp_annual":
        yield "AnnualReviewIsItsOwnEntry"
    if said.planned_on < said.occurred_on:
        yield "Invalid"


@writes(ScheduleReview)
def scheduled(desk: Desk, said: ScheduleReview) -> None:
    desk.book.scheduled[desk.new_id] = (said.kind, said.planned_on)


@refuses(HoldReview)
def holding(desk: Desk, said: HoldReview) -> Iterator[str]:
    """It evaluates every target of the plan worked with, and holds both voices or why not."""
    if said.kind == "ehcp_annual":
        yield "AnnualReviewIsItsOwnEntry"
    if said.occurred_on in desk.book.reviews:
        yield "AlreadyReviewed"
    plan = desk.book.plan or desk.book.draft
    if sorted(t.ref for t in said.targets) != (sorted(plan.targets) if plan else []):
        yield "TargetsNotReviewed"
    pupil = said.pupil_voice or said.pupil_voice_missing_because
    parents = said.parent_voice or said.parent_voice_missing_because
    if not pupil and not heard(desk, "pupil", said.occurred_on):
        yield "VoiceMissing"
    if not parents and not heard(desk, "parent", said.occurred_on):
        yield "VoiceMissing"
    if said.next_review_on is not None and said.next_review_on <= said.occurred_on:
        yield "Invalid"


@writes(HoldReview)
def held(desk: Desk, said: HoldReview) -> None:
    """Whoever was there, or was heard at it or for it, took part."""
    there = {str(each.part) for each in said.attendees if each.present}
    desk.book.reviews[said.occurred_on] = (
        "pupil" in there or said.pupil_voice is not None or heard(desk, "pupil", said.occurred_on),
        "parent" in there
        or said.parent_voice is not None
        or heard(desk, "parent", said.occurred_on),
    )
    for review_id, (kind, planned_on) in [*desk.book.scheduled.items()]:
        if kind == said.kind and planned_on <= said.occurred_on:
            del desk.book.scheduled[review_id]


@refuses(RecordMissedReview)
def missing(desk: Desk, said: RecordMissedReview) -> Iterator[str]:
    if said.review_id not in desk.book.scheduled:
        yield "NotFound"


@writes(RecordMissedReview)
def missed(desk: Desk, said: RecordMissedReview) -> None:
    del desk.book.scheduled[said.review_id]


@writes(RecordPupilVoice)
def pupil_said(desk: Desk, said: RecordPupilVoice) -> None:
    desk.book.voices.setdefault("pupil", []).append(said.occurred_on)


@refuses(RecordParentVoice)
def parent_saying(desk: Desk, said: RecordParentVoice) -> Iterator[str]:
    """Whoever has care of the child is heard, each in their own name."""
    yield from in_another_name(desk, said.contact_id)
    yield from strangers(desk, [said.contact_id])


@writes(RecordParentVoice)
def parent_said(desk: Desk, said: RecordParentVoice) -> None:
    desk.book.voices.setdefault("parent", []).append(said.occurred_on)
