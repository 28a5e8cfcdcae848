"""How the demo's people come by their roles: the first two at the machine, all others over HTTP,
each proposed by one person and granted by another."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import httpx2
from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.grants import BootstrapRole
from send_records.aggregates.values import Role, Source
from send_records.application import Request
from send_records.demo import DemoFailed
from send_records.demo.cases import Entry, Story
from send_records.demo.client import Api
from send_records.demo.clock import set_clock
from send_records.demo.people import (
    ADMINISTRATOR,
    ASSISTANT,
    CLASSES,
    DPO,
    FEED,
    IN_THE_CASES,
    LED_BY_THE_TRUST,
    OF_THE_ACADEMIES,
    OPERATOR,
    PRINCIPAL,
    SENCO,
    TEACHERS,
    Appointment,
)
from send_records.demo.said import Post
from send_records.granting import Granting

FIRST_DAY = datetime(2021, 9, 1, 9, tzinfo=UTC)
"""Before the first case begins."""

CASE_LASTS = timedelta(days=60)


def begin(api: Api, owner: Connection, granting: Granting) -> None:
    """Give those roles that the cases need from the beginning."""
    set_clock(owner, FIRST_DAY)
    today = FIRST_DAY.date()
    for first in (ADMINISTRATOR, DPO):
        give_first(granting, first, today)
    for appointment in LED_BY_THE_TRUST:
        appoint(api, appointment, ADMINISTRATOR, DPO, today)
    for appointment in OF_THE_ACADEMIES:
        appoint(api, appointment, SENCO, PRINCIPAL, today)


def give_first(granting: Granting, who: Actor, today: date) -> None:
    """Give a role as ``send-records role bootstrap`` does: nobody is there yet to propose it."""
    command = BootstrapRole(
        name=who.name, role=who.role, kind=ScopeKind.TRUST, from_on=today, why="The first roles"
    )
    request = Request(OPERATOR, uuid4(), uuid4(), source=Source.SYSTEM)
    granting.bootstrap(who.id, command, request, local=True)


def appoint(api: Api, wanted: Appointment, by: Actor, granted_by: Actor, today: date) -> None:
    """Have a role proposed by one person, and granted by another; raise DemoFailed."""
    proposal = propose(api, wanted, by, today)
    done(grant(api, wanted, proposal, granted_by))


def propose(api: Api, wanted: Appointment, by: Actor, today: date) -> UUID:
    """Have a role proposed; return the proposal's id."""
    key = uuid4()
    path = f"/v1/people/{wanted.who.id}/roles/propose"
    done(api.record(Post(path, wanted.terms(today.isoformat()), key), by))
    return key


def grant(api: Api, wanted: Appointment, proposal: UUID, by: Actor) -> httpx2.Response:
    """Ask for a role to be granted as somebody, and return the answer."""
    path = f"/v1/people/{wanted.who.id}/roles/grant"
    return api.record(Post(path, {"proposal_id": str(proposal)}, uuid4()), by)


def done(answer: httpx2.Response) -> httpx2.Response:
    """Return the answer to what has to be recorded; raise DemoFailed."""
    if answer.status_code != 201:
        raise DemoFailed(f"{answer.request.url.path} was refused: {answer.json()}")
    return answer


def recorder_of(api: Api, entry: Entry, today: date) -> Actor:
    """Return who records an entry, once they may: an assistant with the pupil in their caseload,
    the officer with a case opened."""
    story, role = entry.story, Role(entry.by)
    if role is Role.CLASS_TEACHER:
        return TEACHERS[story.academy]
    who = IN_THE_CASES[role]
    if story.pupil_id is not None and role not in story.opened_for:
        if who is ASSISTANT:
            caseload = Appointment(who, ScopeKind.PUPILS, "Her caseload", pupils=(story.pupil_id,))
            appoint(api, caseload, SENCO, PRINCIPAL, today)
        elif who is DPO:
            open_case(api, story.pupil_id, entry.kind, today)
        story.opened_for.add(role)
    return who


def open_case(api: Api, pupil_id: UUID, reference: str, today: date) -> None:
    """Open a case of the officer's: the pupil's record can be read until its last day."""
    body = {
        "pupil_id": str(pupil_id),
        "case_kind": "rights_request",
        "reference": reference,
        "why": "To act on it",
        "until_on": (today + CASE_LASTS).isoformat(),
    }
    done(api.record(Post(f"/v1/people/{DPO.id}/cases/open", body, uuid4()), DPO))


def place_in_class(api: Api, story: Story, day: str) -> int:
    """Place a pupil who came to an academy in the class of the cases there; return the position."""
    path = f"/v1/pupils/{story.pupil_id}/class"
    body = {"occurred_on": day, "class_name": CLASSES[story.academy]}
    receipt = done(api.record(Post(path, body, uuid4()), FEED)).json()
    story.version = receipt["version"]
    return int(receipt["position"])
