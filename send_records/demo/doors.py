"""Who may see what: what the demo's people are shown of Aisha's record, and at which doors they
stay outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx2

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.demo.client import Api
from send_records.demo.people import (
    ADMINISTRATOR,
    ALDER,
    BROOK,
    DPO,
    FEED,
    HEAD_OF_INCLUSION,
    MOTHER,
    PRINCIPAL,
    SENCO,
    SENCO_ACROSS_TOWN,
    TEACHER_NEXT_DOOR,
    TEACHERS,
    TRUSTEE,
    Appointment,
)
from send_records.demo.roles import appoint, done, grant, propose
from send_records.demo.run import LAST_DAY
from send_records.demo.said import Post

WHY = "Aisha ran out of school; her mother cannot be reached"
"""Why the glass is broken, as whoever does it says."""

ON = LAST_DAY.isoformat()


def doors(api: Api, aisha: str, leo: str, mother: str) -> dict[str, Any]:
    """Let people ask for a record, and return what each was shown; ``mother``: which contact."""
    own_grant = _newcomers(api, aisha, leo, mother)
    return {
        "own_grant": own_grant,
        "teacher": names(api, TEACHERS[ALDER]),
        "outside": _outside(api, aisha),
        "across_town": names(api, SENCO_ACROSS_TOWN),
        "trustee": {
            "counted": api.get("/v1/activity", TRUSTEE)["meta"]["events"],
            "refused": refusal(api.ask("/v1/register", TRUSTEE)),
        },
        "glass": _glass(api, aisha),
        "leaver": _leaver(api),
        "readers": api.get(f"/v1/pupils/{aisha}/readers", MOTHER, limit=200)["data"],
    }


def _newcomers(api: Api, aisha: str, leo: str, mother: str) -> dict[str, Any]:
    """Give whoever asks their roles; return how it went when one person tried it alone."""
    of_the_trust = (
        Appointment(SENCO_ACROSS_TOWN, ScopeKind.ACADEMIES, "SENCo", academies=(BROOK,)),
        Appointment(TRUSTEE, ScopeKind.TRUST, "Trustee"),
    )
    for wanted in of_the_trust:
        appoint(api, wanted, ADMINISTRATOR, DPO, LAST_DAY)
    next_door = Appointment(
        TEACHER_NEXT_DOOR, ScopeKind.CLASSES, "Teacher", academies=(ALDER,), classes=("Rowan",)
    )
    parent = Appointment(
        MOTHER,
        ScopeKind.RELATIONSHIP,
        "She asks to see it",
        pupils=(UUID(aisha),),
        more={"contact_id": mother, "verified_how": "Passport seen at the office"},
    )
    for wanted in (next_door, parent):
        appoint(api, wanted, SENCO, PRINCIPAL, LAST_DAY)
    referred = Appointment(
        HEAD_OF_INCLUSION, ScopeKind.PUPILS, "Leo was referred", pupils=(UUID(leo),)
    )
    proposal = propose(api, referred, ADMINISTRATOR, LAST_DAY)
    alone = refusal(grant(api, referred, proposal, ADMINISTRATOR))
    done(grant(api, referred, proposal, DPO))
    return alone


def _outside(api: Api, aisha: str) -> dict[str, Any]:
    """Return what those are told in whose scope Aisha is not, and whether it is word for word what
    they are told of a pupil who does not exist."""
    told = {}
    for who in (TEACHER_NEXT_DOOR, SENCO_ACROSS_TOWN):
        hers = api.ask(f"/v1/pupils/{aisha}/chronology", who)
        nobodys = api.ask(f"/v1/pupils/{uuid4()}/chronology", who)
        same = (hers.status_code, hers.content) == (nobodys.status_code, nobodys.content)
        told[who.name] = {**refusal(hers), "same": same}
    return told


def _glass(api: Api, aisha: str) -> dict[str, Any]:
    """Break the glass, and return what was seen before and then, and what follows of it."""
    record = f"/v1/pupils/{aisha}"
    before = refusal(api.ask(f"{record}/chronology", HEAD_OF_INCLUSION))
    post = Post(f"{record}/break-glass", {"occurred_on": ON, "reason_given": WHY}, uuid4())
    taken = done(api.record(post, HEAD_OF_INCLUSION)).json()
    seen = api.get(f"{record}/chronology", HEAD_OF_INCLUSION, limit=200)["data"]
    asked = {"kind": "emergency_access_review", "after": taken["position"]}
    told = api.get("/v1/emergency-access", PRINCIPAL)["data"]
    return {
        "before": before,
        "entries": len(seen),
        "listed": names(api, HEAD_OF_INCLUSION),
        "extract": refusal(api.ask(f"{record}/extract", HEAD_OF_INCLUSION)),
        "duties": api.get("/v1/duties", DPO, pupil_id=aisha, **asked)["data"],
        "told": [access for access in told if access["pupil_id"] == aisha],
    }


def _leaver(api: Api) -> dict[str, Any]:
    """Record that a teacher left, and return what he is shown before and after."""
    who = TEACHERS[BROOK]
    before = names(api, who)
    done(api.record(Post(f"/v1/people/{who.id}/leave", {"left_on": ON}, uuid4()), FEED))
    return {"before": before, "after": refusal(api.ask("/v1/register", who))}


def names(api: Api, who: Actor) -> list[str]:
    """Return the names of all whom somebody's register shows."""
    rows = api.get("/v1/register", who, show="all", left=True, limit=200)["data"]
    return [row["legal_name"] for row in rows]


def refusal(answer: httpx2.Response) -> dict[str, Any]:
    """Return a refusal as it is shown; an answer that is none, too, by its status."""
    detail = answer.json().get("detail") if answer.is_error else None
    return {"status": answer.status_code, "detail": detail}
