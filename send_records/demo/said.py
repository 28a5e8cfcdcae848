"""How each kind of entry in the case files is said to the API.

Contacts and plans are named there as people name them; the story remembers which ids they got.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from send_records.demo import said_corrections, said_ehcp, said_planning
from send_records.demo.cases import Details, Entry, Story
from send_records.demo.people import HEAD_OF_INCLUSION, PRINCIPAL
from send_records.demo.said_planning import Said, Say

LEADERS = {"principal": PRINCIPAL.name, "head_of_inclusion": HEAD_OF_INCLUSION.name}
"""Who approved, whom the case files name by their roles alone."""


@dataclass(frozen=True)
class Post:
    """What to send for an entry: where, what, and under which key."""

    path: str
    body: Details
    key: UUID


def post_for(entry: Entry) -> Post | None:
    """Return how an entry is recorded, or None if its kind cannot be recorded yet."""
    say = SAID.get(entry.kind)
    if say is None:
        return None
    key = uuid4()
    path, body = say(entry.story, dict(entry.details), str(key))
    body["occurred_on"] = entry.occurred_on
    if entry.reason:
        body["reason"] = entry.reason
    under = "/v1/pupils" if entry.story.pupil_id is None else f"/v1/pupils/{entry.story.pupil_id}/"
    return Post(under + path, body, key)


def _admitted(story: Story, details: Details, key: str) -> Said:
    details.pop("admitted_on")
    story.academy = details["academy"]
    return "", details


def _contact(story: Story, details: Details, key: str) -> Said:
    story.contacts[details["name"]] = key
    return "contacts/record", {"contact": details}


def _as_it_is(path: str) -> Say:
    return lambda story, details, key: (path, details)


def _moved(story: Story, details: Details, key: str) -> Said:
    story.academy = details["to"]
    return "move-academy", {
        "to_academy": details["to"],
        "nc_year": details["nc_year"],
        "accepted_by": details["accepted_by"],
    }


def _left(story: Story, details: Details, key: str) -> Said:
    return "leave", {"destination": details["destination"], "why": details["reason"]}


def _raised(story: Story, details: Details, key: str) -> Said:
    story.concern_id = key
    return "concerns/raise", details


def _of_concern(path: str) -> Say:
    return lambda story, details, key: (path, {"concern_id": story.concern_id, **details})


def _discussed(story: Story, details: Details, key: str) -> Said:
    contact_ids = story.contact_ids(details.pop("with"))
    return "concerns/discuss", {
        "concern_id": story.concern_id,
        "contact_ids": contact_ids,
        **details,
    }


def _monitoring_reviewed(story: Story, details: Details, key: str) -> Said:
    details["next_step"] = details.pop("next")
    return "monitoring/review", details


def _notice(story: Story, details: Details, key: str) -> Said:
    return "consents/notify", {
        "notice_of": "sen_provision",
        "contact_ids": story.contact_ids(details["to"]),
        "how": details["how"],
        "detail": details["what"],
    }


def _agreement(path: str) -> Say:
    def say(story: Story, details: Details, key: str) -> Said:
        [contact_id] = story.contact_ids([details.pop("by")])
        return path, {"contact_id": contact_id, **details}

    return say


def _added(story: Story, details: Details, key: str) -> Said:
    return "register/add", {"level": details["support_level"], "why": details["reason"]}


def _level(story: Story, details: Details, key: str) -> Said:
    details["to_level"] = details.pop("to")
    return "register/change-level", details


def _pupil_voice(story: Story, details: Details, key: str) -> Said:
    details["likes"] = details.pop("like")
    return "voices/pupil", details


def _advice(story: Story, details: Details, key: str) -> Said:
    details["report_dated"] = details.pop("report_date")
    return "agencies/advise", details


def _contact_with_family(story: Story, details: Details, key: str) -> Said:
    details["contact_ids"] = story.contact_ids([details.pop("with")])
    return "communications/contact", details


def _timetable_reduced(story: Story, details: Details, key: str) -> Said:
    details["ground"] = "re_induction"
    details["approved_by"] = [
        {"name": LEADERS[role], "role": role} for role in details["approved_by"]
    ]
    details["step_up"] = [
        {"from_on": step["from"], "sessions": step["sessions"]} for step in details["step_up"]
    ]
    return "reduced-timetables/agree", details


def _ehcp(kind: str) -> Say:
    path, say = said_ehcp.SAID[kind]
    return lambda story, details, key: (path, say(details, story.contacts))


def _corrected(story: Story, details: Details, key: str) -> Said:
    return "corrections/correct", said_corrections.corrected(story.told, details)


def _withdrawn(story: Story, details: Details, key: str) -> Said:
    return "corrections/withdraw", said_corrections.withdrawn(story.told, details)


SAID: dict[str, Say] = {
    "PupilAdmitted": _admitted,
    "ContactRecorded": _contact,
    "CircumstancesRecorded": _as_it_is("details/circumstances"),
    "PupilMovedAcademy": _moved,
    "UpnReplaced": _as_it_is("details/replace-upn"),
    "PupilLeft": _left,
    "ConcernRaised": _raised,
    "ConcernDiscussedWithParents": _discussed,
    "ConcernQuestionnaireCompleted": _of_concern("concerns/question"),
    "ConcernAnswered": _of_concern("concerns/answer"),
    "ConcernClosed": _of_concern("concerns/close"),
    "MonitoringStarted": _as_it_is("monitoring/start"),
    "MonitoringReviewed": _monitoring_reviewed,
    "AssessmentRecorded": _as_it_is("assessments/record"),
    "NeedIdentified": _as_it_is("needs/identify"),
    "AgencyReferred": _as_it_is("agencies/refer"),
    "AgencyInvolved": _as_it_is("agencies/involve"),
    "AgencyAdviceReceived": _advice,
    "ParentalAgreementGiven": _agreement("consents/give"),
    "ParentalAgreementRefused": _agreement("consents/refuse"),
    "NoticeGiven": _notice,
    "AddedToSendRegister": _added,
    "SupportLevelChanged": _level,
    "RemovedFromSendRegister": _as_it_is("register/remove"),
    "OnePageProfileWritten": _as_it_is("profiles/write"),
    "PlacedOnMedicalRegister": _as_it_is("medical/place"),
    "HealthcarePlanRecorded": _as_it_is("medical/record-plan"),
    "PupilVoiceRecorded": _pupil_voice,
    "ParentVoiceRecorded": _agreement("voices/parent"),
    "EntryCorrected": _corrected,
    "EntryWithdrawn": _withdrawn,
    "LegalHoldPlaced": _as_it_is("retention/hold"),
    "ContactWithFamilyRecorded": _contact_with_family,
    "HandoverSent": _as_it_is("transition/hand-over"),
    "ReducedTimetableAgreed": _timetable_reduced,
    "ReducedTimetableEnded": _as_it_is("reduced-timetables/end"),
    "SubjectAccessRequested": _as_it_is("access-requests/receive"),
    **said_planning.SAID,
    **{kind: _ehcp(kind) for kind in said_ehcp.SAID},
}
"""The kinds that can be recorded; an entry of another kind is counted and named, not hidden."""
