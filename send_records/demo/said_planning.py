"""How the case files' entries about plans, reviews and provision are said to the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from send_records.demo.cases import Details, Story
from send_records.demo.people import TEACHERS

Said = tuple[str, Details]
"""Where an entry is sent, and as what."""

Say = Callable[[Story, Details, str], Said]
"""How a kind of entry is said: to whom it happened, what it says, and its key."""


def _drafted(story: Story, details: Details, key: str) -> Said:
    story.plan_id = key
    story.targets = {target["ref"]: target["area"] for target in details["targets"]}
    return "plans/draft", {
        "kind": details["plan"],
        "review_on": details["review_on"],
        "class_teacher": TEACHERS[story.academy].name,
        "targets": details["targets"],
    }


def _agreed(story: Story, details: Details, key: str) -> Said:
    return "plans/agree", {
        "plan_id": story.plan_id,
        "contact_ids": story.contact_ids(details["with"]),
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


SAID: dict[str, Say] = {
    "PlanDrafted": _drafted,
    "PlanAgreed": _agreed,
    "PlanShared": _shared,
    "ProvisionStarted": _provision,
    "ProvisionSessionsLogged": _sessions,
    "ProvisionEnded": _provision_ended,
    "ReviewHeld": _reviewed,
}
"""How each of these kinds is said."""
