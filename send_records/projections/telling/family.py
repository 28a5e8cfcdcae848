"""What events say of the family, of changes of school, and of who asked to see the record."""

from __future__ import annotations

from send_records.aggregates import (
    access_answers,
    access_clock,
    access_requests,
    communications,
    complaints,
    decisions,
    handovers,
    reduced_timetables,
    searches,
    timetable_reviews,
    transition,
)
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.items import ItemRef
from send_records.aggregates.reviews import Attendee
from send_records.aggregates.values import day_in_words
from send_records.projections.telling.base import (
    Phase,
    Sentence,
    coded,
    in_plain_words,
    joined,
    names,
    of,
)

PHASES: dict[str, Phase] = {
    access_clock.__name__: Phase.RECORD,
    access_answers.__name__: Phase.RECORD,
    access_requests.__name__: Phase.RECORD,
    communications.__name__: Phase.RECORD,
    complaints.__name__: Phase.RECORD,
    decisions.__name__: Phase.RECORD,
    handovers.__name__: Phase.RECORD,
    reduced_timetables.__name__: Phase.PLAN,
    searches.__name__: Phase.RECORD,
    timetable_reviews.__name__: Phase.REVIEW,
    transition.__name__: Phase.PLAN,
}

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    timetable_reviews.ReducedTimetableNotified: Phase.DO,
    transition.TransitionMeetingHeld: Phase.DO,
}


def _present(attendees: tuple[Attendee, ...]) -> str:
    return ", ".join(attendee.name for attendee in attendees if attendee.present)


def _planned(event: transition.TransitionPlanned) -> str:
    return coded(event.kind, f"to {event.to} on {day_in_words(event.transfer_on)}", event.plan)


def _reduced(event: reduced_timetables.ReducedTimetableAgreed) -> str:
    days = f"{day_in_words(event.start_on)} to {day_in_words(event.end_on)}"
    steps = (f"from {day_in_words(step.from_on)} {step.sessions}" for step in event.step_up)
    return coded(event.ground, event.why, days, event.sessions, *steps)


def _timetable_reviewed(event: timetable_reviews.ReducedTimetableReviewed) -> str:
    return coded(event.outcome, event.summary, event.pupil_view, event.parent_view)


def _full_time(event: timetable_reviews.ReducedTimetableEnded) -> str:
    returned = event.returned_full_time_on
    return joined(f"Full time from {day_in_words(returned)}" if returned else None, event.why)


def _complaint(event: complaints.ComplaintReceived) -> str:
    complainant = event.from_contact.name if event.from_contact else event.from_other
    kind = "about personal data" if event.data_protection else None
    return joined(complainant, kind, event.about)


def _search(event: searches.SearchRecorded) -> str:
    return joined(event.where, event.found, "limited" if event.limited else None)


def _item(item: ItemRef) -> str:
    return "A document" if item.entry is None else f"Entry {item.entry}"


def _items(items: tuple[ItemRef, ...]) -> str:
    return _item(items[0]) if len(items) == 1 else f"{len(items):,} items"


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


SENTENCES: list[Sentence] = [
    of(transition.TransitionPlanned, _planned),
    of(transition.TransitionMeetingHeld, lambda e: joined(_present(e.attendees), e.summary)),
    of(handovers.HandoverSent, lambda e: joined(f"To {e.to}", ", ".join(e.what), e.how)),
    of(handovers.HandoverAcknowledged, lambda e: f"By {e.by} on {day_in_words(e.on)}"),
    of(
        handovers.PupilMoveAccepted,
        lambda e: joined(f"From {e.from_academy} to {e.to_academy}", e.note),
    ),
    of(reduced_timetables.ReducedTimetableAgreed, _reduced),
    of(
        timetable_reviews.ReducedTimetableNotified,
        lambda e: joined(e.local_authority, e.la_reference, e.how),
    ),
    of(timetable_reviews.ReducedTimetableReviewed, _timetable_reviewed),
    of(timetable_reviews.ReducedTimetableEnded, _full_time),
    of(
        communications.ContactWithFamilyRecorded,
        lambda e: joined(names(e.contacts), e.how, e.summary),
    ),
    of(communications.MeetingHeld, lambda e: coded(e.kind, _present(e.attendees), e.summary)),
    of(
        communications.SignpostingGiven,
        lambda e: joined(", ".join(map(in_plain_words, e.services)), names(e.contacts), e.detail),
    ),
    of(complaints.ComplaintReceived, _complaint),
    of(complaints.ComplaintAcknowledged, lambda e: e.how),
    of(complaints.ComplaintAnswered, lambda e: coded(e.outcome, e.answer)),
    of(access_requests.SubjectAccessRequested, lambda e: joined(e.requester, e.how, e.scope)),
    of(searches.SearchRecorded, _search),
    # Of what is kept from whoever asked, neither the words nor why they are: that is in the entry.
    of(decisions.ItemsDisclosed, lambda e: f"{_items(e.items)} disclosed"),
    of(
        decisions.ItemWithheld,
        lambda e: f"{_item(e.item)} withheld: {in_plain_words(e.ground)}",
    ),
    of(
        decisions.ItemRedacted,
        lambda e: f"{_item(e.item)} redacted: {in_plain_words(e.ground)}",
    ),
    of(access_answers.DisclosureSent, lambda e: joined(f"To {e.sent_to}", e.how)),
    of(access_answers.RequestRefused, lambda e: coded(e.ground, e.why)),
    of(access_clock.ClarificationSought, lambda e: coded(e.of, e.question)),
    of(access_clock.ClarificationReceived, lambda e: coded(e.of, e.answer)),
    of(
        access_clock.RequesterIdentified,
        lambda e: joined(e.contact.name if e.contact else None, in_plain_words(e.authority)),
    ),
    of(access_clock.DeadlineExtended, lambda e: joined(f"By {_months(e.months)}", e.why)),
]
