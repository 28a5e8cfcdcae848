"""What events say of the pupil and of the record itself."""

from __future__ import annotations

from send_records.aggregates import (
    classes,
    contacts,
    details,
    emergencies,
    enrolment,
    merging,
    retention,
)
from send_records.aggregates.base import DomainEvent
from send_records.projections.telling.base import Phase, Sentence, coded, in_plain_words, joined, of

PHASES: dict[str, Phase] = {
    enrolment.__name__: Phase.RECORD,
    classes.__name__: Phase.RECORD,
    emergencies.__name__: Phase.RECORD,
    merging.__name__: Phase.RECORD,
    details.__name__: Phase.RECORD,
    contacts.__name__: Phase.RECORD,
    retention.__name__: Phase.RECORD,
}


def _contact(event: contacts.ContactRecorded) -> str:
    return f"{event.contact.name}, {event.contact.relationship}"


def _circumstances(event: details.CircumstancesRecorded) -> str:
    said = {name: getattr(event, name) for name in CIRCUMSTANCES}
    return ", ".join(
        f"{in_plain_words(name)}: {'yes' if value else 'no'}"
        for name, value in said.items()
        if value is not None
    )


def _merged(event: merging.RecordsMerged) -> str:
    other = f"With record {event.from_pupil_id}, of {event.from_version} entries"
    return joined(other, event.why, f"confirmed by {event.confirmed_by}")


def _taken(event: emergencies.EmergencyAccessTaken) -> str:
    """Who took it and why: what the duties leave out."""
    who = event.metadata.recorded_by
    return joined(
        f"{who.name}, {in_plain_words(event.role)}, for {event.minutes} minutes",
        event.reason_given,
    )


CIRCUMSTANCES = [
    name
    for name in details.CircumstancesRecorded.model_fields
    if name not in DomainEvent.model_fields
]

SENTENCES: list[Sentence] = [
    of(enrolment.PupilAdmitted, lambda e: f"{e.academy}, year {e.nc_year}"),
    of(enrolment.PupilMovedAcademy, lambda e: f"From {e.from_academy} to {e.to_academy}"),
    of(enrolment.PupilLeft, lambda e: joined(e.destination, e.why)),
    of(enrolment.PupilReadmitted, lambda e: f"Year {e.nc_year}"),
    of(classes.PlacedInClass, lambda e: f"Class {e.class_name}" if e.class_name else "In no class"),
    of(emergencies.EmergencyAccessTaken, _taken),
    of(emergencies.EmergencyAccessReviewed, lambda e: coded(e.finding, e.explanation)),
    of(merging.RecordsMerged, _merged),
    of(
        merging.RecordMergedInto,
        lambda e: joined(f"Into record {e.into_pupil_id}", e.why, f"confirmed by {e.confirmed_by}"),
    ),
    of(details.YearGroupChanged, lambda e: f"Year {e.nc_year}"),
    of(details.CircumstancesRecorded, _circumstances),
    of(contacts.ContactRecorded, _contact),
    of(contacts.ContactAmended, _contact),
    of(retention.RetentionClassAssigned, lambda e: e.rule.citation),
    of(retention.LegalHoldPlaced, lambda e: coded(e.kind, e.why)),
    of(retention.LegalHoldReleased, lambda e: coded(e.kind, e.why)),
]
