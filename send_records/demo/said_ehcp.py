"""How the case files' entries about an EHC plan are said to the API.

The case files name people and bodies as a SENDCo would in passing; the API asks in what part each
of them comes.  What a case file does not tell is said to be missing, and never made up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

Details = dict[str, Any]

PARTS = {
    "pupil": "pupil",
    "principal": "head",
    "LA SEND officer": "la_send_officer",
    "health": "health",
    "social care": "social_care",
    "class_teacher": "staff",
    "senco": "staff",
}
"""In what part somebody comes to an annual review who is no contact of the pupil's."""


def _part(name: str, parents: Collection[str]) -> str:
    return "parent" if name in parents else PARTS.get(name, "other")


def _people(names: list[str], parents: Collection[str]) -> list[Details]:
    return [{"part": _part(name, parents), "name": name.replace("_", " ")} for name in names]


def requested(details: Details, parents: Collection[str]) -> Details:
    """Return the request as the API has it, with its checklist."""
    evidence = {item: {"present": held} for item, held in details["evidence"].items()}
    return {**details, "evidence": evidence}


def called(details: Details, parents: Collection[str]) -> Details:
    """Return the invitation to an annual review, with the part of everyone invited."""
    return {**details, "invited": _people(details["invited"], parents)}


def held(details: Details, parents: Collection[str]) -> Details:
    """Return the annual review that was held; the views of those present are not in the file."""
    untold = "Was present; what was said is not in the case file"
    return {
        **details,
        "present": _people(details["present"], parents),
        "pupil_voice_missing_because": untold,
        "parent_voice_missing_because": untold,
    }


def as_it_is(details: Details, parents: Collection[str]) -> Details:
    """Return an entry that the API has as the case file has it."""
    return details


SAID: dict[str, tuple[str, Callable[[Details, Collection[str]], Details]]] = {
    "EhcAssessmentRequested": ("ehc-requests/make", requested),
    "LaDecisionToAssessReceived": ("ehc-requests/decide", as_it_is),
    "MediationRecorded": ("appeals/mediate", as_it_is),
    "EhcPlanIssued": ("ehc-plans/issue", as_it_is),
    "AnnualReviewCalled": ("annual-reviews/call", called),
    "AnnualReviewHeld": ("annual-reviews/hold", held),
    "AnnualReviewReported": ("annual-reviews/report", as_it_is),
}
"""Where each kind of entry is sent, and as what; told besides the names of the pupil's parents."""
