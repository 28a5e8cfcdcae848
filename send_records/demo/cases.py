"""The case files, and how each kind of entry is said to the API.

A case file tells a pupil's story, one entry a line: when it happened, when it was recorded, by
which role, and what.  Contacts and plans are named there as people name them; the story remembers
which ids they got.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid4

import orjson

from send_records.demo import said_corrections, said_ehcp
from send_records.demo.said_corrections import ToldEntry, label_of

Details = dict[str, Any]

TEACHER = "Jo Whitfield"
"""The class teacher, whom the case files do not name."""

LEADERS = {"principal": "Ruth Amos", "head_of_inclusion": "Paul Grey"}
"""Who approved, whom the case files name by their roles alone."""


@dataclass
class Story:
    """One pupil's case, and what has become of it so far."""

    name: str
    pupil_id: UUID | None = None
    version: int = 0
    contacts: dict[str, str] = field(default_factory=dict)
    concern_id: str | None = None
    plan_id: str | None = None
    targets: dict[str, str] = field(default_factory=dict)
    """Of the plan drafted last: the area of each."""
    provisions: dict[str, str] = field(default_factory=dict)
    told: dict[str, ToldEntry] = field(default_factory=dict)
    """The entries recorded so far, by the names that later ones call them by."""


@dataclass(frozen=True)
class Entry:
    """One line of a case file."""

    story: Story
    occurred_on: str
    recorded_on: str
    by: str
    kind: str
    details: Details
    reason: str | None
    label: str | None = None

    def recorded(self, version: int) -> None:
        """Take note that it was recorded, as which version of the record."""
        label = label_of(self.kind, self.occurred_on, self.label)
        self.story.version = version
        self.story.told[label] = ToldEntry(version, self.details)


@dataclass(frozen=True)
class Post:
    """What to send for an entry: where, what, and under which key."""

    path: str
    body: Details
    key: UUID


def entries() -> list[Entry]:
    """Return every entry of every case in the order in which they were recorded."""
    told = [entry for story in _stories() for entry in story]
    return sorted(told, key=lambda entry: entry.recorded_on)


def _stories() -> Iterator[list[Entry]]:
    folder = files(__package__).joinpath("cases")
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        story = Story(file.name.removesuffix(".jsonl"))
        lines = [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]
        yield [
            Entry(
                story,
                line["occurred_on"],
                line["recorded_on"],
                line["by"],
                line["kind"],
                line["details"],
                line.get("reason"),
                line.get("label"),
            )
            for line in lines
        ]


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


Said = tuple[str, Details]


def _admitted(story: Story, details: Details, key: str) -> Said:
    details.pop("admitted_on")
    return "", details


def _contact(story: Story, details: Details, key: str) -> Said:
    story.contacts[details["name"]] = key
    return "contacts/record", {"contact": details}


def _as_it_is(path: str) -> Callable[[Story, Details, str], Said]:
    return lambda story, details, key: (path, details)


def _moved(story: Story, details: Details, key: str) -> Said:
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


def _of_concern(path: str) -> Callable[[Story, Details, str], Said]:
    return lambda story, details, key: (path, {"concern_id": story.concern_id, **details})


def _discussed(story: Story, details: Details, key: str) -> Said:
    contact_ids = _contacts(story, details.pop("with"))
    return "concerns/discuss", {
        "concern_id": story.concern_id,
        "contact_ids": contact_ids,
        **details,
    }


def _contacts(story: Story, names: list[str]) -> list[str]:
    return [story.contacts[name] for name in names if name in story.contacts]


def _monitoring_reviewed(story: Story, details: Details, key: str) -> Said:
    details["next_step"] = details.pop("next")
    return "monitoring/review", details


def _notice(story: Story, details: Details, key: str) -> Said:
    return "consents/notify", {
        "notice_of": "sen_provision",
        "contact_ids": _contacts(story, details["to"]),
        "how": details["how"],
        "detail": details["what"],
    }


def _agreement(path: str) -> Callable[[Story, Details, str], Said]:
    def say(story: Story, details: Details, key: str) -> Said:
        [contact_id] = _contacts(story, [details.pop("by")])
        return path, {"contact_id": contact_id, **details}

    return say


def _added(story: Story, details: Details, key: str) -> Said:
    return "register/add", {"level": details["support_level"], "why": details["reason"]}


def _level(story: Story, details: Details, key: str) -> Said:
    details["to_level"] = details.pop("to")
    return "register/change-level", details


def _drafted(story: Story, details: Details, key: str) -> Said:
    story.plan_id = key
    story.targets = {target["ref"]: target["area"] for target in details["targets"]}
    return "plans/draft", {
        "kind": details["plan"],
        "review_on": details["review_on"],
        "class_teacher": TEACHER,
        "targets": details["targets"],
    }


def _agreed(story: Story, details: Details, key: str) -> Said:
    return "plans/agree", {
        "plan_id": story.plan_id,
        "contact_ids": _contacts(story, details["with"]),
        "pupil_agreed": details["pupil_agreed"],
    }


def _shared(story: Story, details: Details, key: str) -> Said:
    details["shared_with"] = details.pop("with")
    return "plans/share", {"plan_id": story.plan_id, **details}


def _reviewed(story: Story, details: Details, key: str) -> Said:
    invited, present = details.pop("invited"), details.pop("present")
    details["attendees"] = [
        {
            "part": _part(story, who),
            "name": who.replace("_", " "),
            "invited": who in invited,
            "present": who in present,
        }
        for who in dict.fromkeys([*invited, *present])
    ]
    details["next_steps"] = details.pop("next")
    return "reviews/hold", details


def _part(story: Story, who: str) -> str:
    if who in story.contacts:
        return "parent"
    return "pupil" if who == "pupil" else "staff"


def _pupil_voice(story: Story, details: Details, key: str) -> Said:
    details["likes"] = details.pop("like")
    return "voices/pupil", details


def _advice(story: Story, details: Details, key: str) -> Said:
    details["report_dated"] = details.pop("report_date")
    return "agencies/advise", details


def _provision(story: Story, details: Details, key: str) -> Said:
    story.provisions[details["intervention"]] = key
    return "provision/start", {
        **{name: details[name] for name in ("intervention", "tier", "target", "weeks")},
        "area": story.targets[details["target"]],
        "entry_data": details["entry"],
        "delivery": {
            "deliverer": {"role": details["deliverer"]},
            "group_size": details["group_size"],
            "sessions_per_week": details["sessions_per_week"],
            "minutes": details["minutes"],
            "hourly_rate": details["hourly_cost"],
        },
    }


def _sessions(story: Story, details: Details, key: str) -> Said:
    monday = date.fromisoformat(details["week_of"])
    return "provision/log", {
        "provision_id": story.provisions[details["intervention"]],
        "first_day": monday.isoformat(),
        "last_day": (monday + timedelta(days=4)).isoformat(),
        "planned": details["planned"],
        "delivered": details["delivered"],
        "note": details["reason"],
    }


def _provision_ended(story: Story, details: Details, key: str) -> Said:
    return "provision/end", {
        "provision_id": story.provisions[details["intervention"]],
        "exit_data": details["exit"],
        "impact_rating": details["impact_rating"],
    }


def _contact_with_family(story: Story, details: Details, key: str) -> Said:
    details["contact_ids"] = _contacts(story, [details.pop("with")])
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


def _ehcp(kind: str) -> Callable[[Story, Details, str], Said]:
    path, say = said_ehcp.SAID[kind]
    return lambda story, details, key: (path, say(details, story.contacts))


def _corrected(story: Story, details: Details, key: str) -> Said:
    return "corrections/correct", said_corrections.corrected(story.told, details)


def _withdrawn(story: Story, details: Details, key: str) -> Said:
    return "corrections/withdraw", said_corrections.withdrawn(story.told, details)


SAID: dict[str, Callable[[Story, Details, str], Said]] = {
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
    "PlanDrafted": _drafted,
    "PlanAgreed": _agreed,
    "PlanShared": _shared,
    "OnePageProfileWritten": _as_it_is("profiles/write"),
    "ProvisionStarted": _provision,
    "ProvisionSessionsLogged": _sessions,
    "ProvisionEnded": _provision_ended,
    "PlacedOnMedicalRegister": _as_it_is("medical/place"),
    "HealthcarePlanRecorded": _as_it_is("medical/record-plan"),
    "ReviewHeld": _reviewed,
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
    **{kind: _ehcp(kind) for kind in said_ehcp.SAID},
}
"""The kinds that can be recorded; an entry of another kind is counted and named, not hidden."""
