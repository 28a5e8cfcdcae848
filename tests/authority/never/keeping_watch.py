"""Trustees, officers, auditors, administrators and programs: what they never see of a child."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from send_records.aggregates.cases import CaseKind, CloseCase, OpenCase
from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.needs import IdentifyNeed
from send_records.aggregates.values import Role
from tests.api.story import EXAMPLES
from tests.authority.never.granting import given, role
from tests.authority.never.trust import (
    ALDER,
    BIRCH,
    DAY,
    TODAY,
    WORRY,
    Child,
    Person,
    Trust,
    directory,
    forbidden,
    hidden,
    never,
    refused,
    shown,
    tells_nothing,
    without,
)
from tests.scenario import ADMIT, NOBODY, but

LISTS = (
    "register",
    "concerns",
    "targets",
    "agreements",
    "provision-map",
    "medical-register",
    "evidence-gaps",
)
OF_A_PUPIL = ("", "/plan", "/chronology", "/history", "/documents", "/lag", "/extract")


def officer_of(trust: Trust) -> Person:
    """Somebody made data protection officer by two others."""
    officer = trust.somebody(Role.DPO)
    given(
        trust,
        officer.actor.id,
        role(role=Role.DPO, kind=ScopeKind.TRUST, academies=(), classes=()),
    )
    return officer


def opened(trust: Trust, officer: Person, child: Child, days: int = 30) -> UUID:
    """Have a data protection officer open a case."""
    key = uuid4()
    case = OpenCase(
        pupil_id=child.id,
        case_kind=CaseKind.SUBJECT_ACCESS,
        reference="SAR-14",
        why="Request of Monday",
        until_on=TODAY + timedelta(days=days),
    )
    shown(officer.asks_of(officer.actor.id, case, key=key))
    return key


# Trustees and those who lead the trust


def sees_numbers_only(trust: Trust, role: Role) -> None:
    person = trust.trustwide(role)
    tells_nothing(shown(person.get("/v1/activity")))
    for path in LISTS:
        forbidden(person.get(f"/v1/{path}"))
    for path in OF_A_PUPIL:
        forbidden(person.get(trust.aisha.at(path)))
    forbidden(person.finds(name="Rahman"))


@never("A trustee never sees a name")
def _(trust: Trust) -> None:
    sees_numbers_only(trust, Role.TRUSTEE)


@never("The chief executive never reads a record")
def _(trust: Trust) -> None:
    sees_numbers_only(trust, Role.CEO)


@never("The director of education never reads a record")
def _(trust: Trust) -> None:
    sees_numbers_only(trust, Role.DIRECTOR_OF_EDUCATION)


@never("An analyst never reads a record")
def _(trust: Trust) -> None:
    sees_numbers_only(trust, Role.ANALYST)


@never("An analyst never gets the ids of pupils from the feed of events")
def _(trust: Trust) -> None:
    forbidden(trust.trustwide(Role.ANALYST).get("/v1/events"))


@never("A trustee never learns whether a child has a record")
def _(trust: Trust) -> None:
    trustee = trust.trustwide(Role.TRUSTEE)
    there, nowhere = trustee.get(trust.aisha.at()), trustee.get(f"/v1/pupils/{NOBODY}")
    assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)


@never("A trustee never asks who holds which role")
def _(trust: Trust) -> None:
    forbidden(trust.trustwide(Role.TRUSTEE).get("/v1/roles"))


# The data protection officer


@never("A data protection officer never reads a record without an open case")
def _(trust: Trust) -> None:
    officer = trust.trustwide(Role.DPO)
    for path in OF_A_PUPIL[1:]:
        forbidden(officer.get(trust.aisha.at(path)))
    forbidden(officer.get(trust.aisha.letter_at))
    directory(officer.get(trust.aisha.at()))


@never("A data protection officer never reads a record once the case is closed")
def _(trust: Trust) -> None:
    officer = officer_of(trust)
    case = opened(trust, officer, trust.aisha)
    assert WORRY in shown(officer.get(trust.aisha.at("/history"))).text
    shown(officer.asks_of(officer.actor.id, CloseCase(grant_id=case, why="Answered")))
    forbidden(officer.get(trust.aisha.at("/history")))


@never("A data protection officer never reads a record after the last day of the case")
def _(trust: Trust) -> None:
    officer = officer_of(trust)
    opened(trust, officer, trust.aisha, days=3)
    with trust.later(3 * DAY):
        shown(officer.get(trust.aisha.at("/history")))
    with trust.later(4 * DAY):
        forbidden(officer.get(trust.aisha.at("/history")))


@never("A case never opens the record of another pupil")
def _(trust: Trust) -> None:
    officer = officer_of(trust)
    opened(trust, officer, trust.aisha)
    for child in (trust.leo, trust.tomasz):
        forbidden(officer.get(child.at("/history")))
        forbidden(officer.get(child.letter_at))


@never("A data protection officer never finds more of a pupil than opens a case")
def _(trust: Trust) -> None:
    directory(trust.trustwide(Role.DPO).finds(name="Rahman"))


@never("A data protection officer never browses what worried people about pupils")
def _(trust: Trust) -> None:
    for path in ("concerns", "medical-register", "targets", "agreements", "provision-map"):
        forbidden(trust.trustwide(Role.DPO).get(f"/v1/{path}"))


@never("A data protection officer never keeps the record of a child's learning")
def _(trust: Trust) -> None:
    officer = officer_of(trust)
    opened(trust, officer, trust.aisha)
    forbidden(officer.raises_concern(trust.aisha))
    forbidden(officer.record(trust.aisha.id, EXAMPLES[IdentifyNeed].entry))


@never("Nobody but the data protection officer ever opens a case")
def _(trust: Trust) -> None:
    case: dict[str, Any] = {
        "pupil_id": trust.aisha.id,
        "case_kind": CaseKind.AUDIT,
        "reference": "A-1",
        "why": "To look",
        "until_on": TODAY,
    }
    for named in (Role.ADMINISTRATOR, Role.AUDITOR, Role.CEO):
        person = trust.trustwide(named)
        forbidden(person.asks_of(person.actor.id, OpenCase(**case)))
    for person in (trust.senco(), trust.principal()):
        forbidden(person.asks_of(person.actor.id, OpenCase(**case)))


@never("A data protection officer never opens a case for somebody else")
def _(trust: Trust) -> None:
    officer, other = trust.trustwide(Role.DPO), trust.trustwide(Role.DPO)
    case = OpenCase(
        pupil_id=trust.aisha.id,
        case_kind=CaseKind.AUDIT,
        reference="A-1",
        why="To look",
        until_on=TODAY,
    )
    forbidden(officer.asks_of(other.actor.id, case))


# Auditors and administrators


@never("An auditor never reads words")
def _(trust: Trust) -> None:
    auditor = trust.trustwide(Role.AUDITOR)
    tells_nothing(shown(auditor.get("/v1/events", limit=200)))
    tells_nothing(shown(auditor.get(trust.aisha.at("/proofs"))))
    for path in OF_A_PUPIL:
        forbidden(auditor.get(trust.aisha.at(path)))
    forbidden(auditor.get(trust.aisha.letter_at))


@never("An auditor never lists pupils")
def _(trust: Trust) -> None:
    for path in (*LISTS, "duties", "retention"):
        forbidden(trust.trustwide(Role.AUDITOR).get(f"/v1/{path}"))
    forbidden(trust.trustwide(Role.AUDITOR).finds(name="Rahman"))


@never("An auditor never records anything")
def _(trust: Trust) -> None:
    auditor = trust.trustwide(Role.AUDITOR)
    forbidden(auditor.raises_concern(trust.aisha))
    forbidden(auditor.admit(but(ADMIT, upn=None)))


@never("The platform administrator never reads a record")
def _(trust: Trust) -> None:
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    shown(administrator.get("/v1/roles"))
    for path in (*OF_A_PUPIL, "/accesses", "/readers", "/proofs"):
        forbidden(administrator.get(trust.aisha.at(path)))
    forbidden(administrator.get(trust.aisha.letter_at))


@never("The platform administrator never searches or lists pupils")
def _(trust: Trust) -> None:
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    forbidden(administrator.finds(name="Rahman"))
    for path in (*LISTS, "duties", "retention", "events", "anomalies", "activity"):
        forbidden(administrator.get(f"/v1/{path}"))


@never("The platform administrator never records of a pupil")
def _(trust: Trust) -> None:
    forbidden(trust.trustwide(Role.ADMINISTRATOR).raises_concern(trust.aisha))
    forbidden(trust.trustwide(Role.ADMINISTRATOR).admit(but(ADMIT, upn=None)))


@never("Nobody but the data protection officer ever sees what is out of the ordinary in who reads")
def _(trust: Trust) -> None:
    shown(trust.trustwide(Role.DPO).get("/v1/anomalies"))
    for person in (trust.senco(), trust.principal(), trust.trustwide(Role.ADMINISTRATOR)):
        forbidden(person.get("/v1/anomalies"))


# Programs


def key_of(trust: Trust, person: Person, *operations: str, days: float = 1) -> dict[str, str]:
    """Return the headers of a program with a key for some operations."""
    keys = trust.system.door.api_keys
    by = person.actor.id
    _, text = keys.make(by, "MIS sync", operations, made_by=by, lasts=timedelta(days=days))
    return {"Authorization": f"Bearer {text}"}


def sent(trust: Trust, key: dict[str, str], child: Child) -> Any:
    """Have a program say in which class a pupil is."""
    body = {"occurred_on": str(TODAY), "class_name": uuid4().hex}
    headers = key | {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    return trust.client.http.post(child.at("/class"), json=body, headers=headers)


@never("An integration never reads a chronology")
def _(trust: Trust) -> None:
    feed = trust.feed()
    for path in ("/chronology", "/history", "/lag"):
        forbidden(feed.get(trust.aisha.at(path)))


@never("An integration never reads a plan, a document or a concern")
def _(trust: Trust) -> None:
    feed = trust.feed()
    for path in ("/plan", "/documents", "/extract"):
        forbidden(feed.get(trust.aisha.at(path)))
    for path in set(LISTS) - {"register"}:
        forbidden(feed.get(f"/v1/{path}"))
    directory(feed.get(trust.aisha.at()))
    directory(feed.get("/v1/register", limit=200))
    without(feed.get("/v1/register", limit=200), trust.tomasz)


@never("An integration never decides what a child needs")
def _(trust: Trust) -> None:
    forbidden(trust.feed().record(trust.aisha.id, EXAMPLES[IdentifyNeed].entry))
    forbidden(trust.feed().raises_concern(trust.aisha))


@never("An integration never admits a pupil to an academy that it does not name")
def _(trust: Trust) -> None:
    shown(trust.feed(ALDER).admit(but(ADMIT, upn=None, legal_name="New Child")))
    forbidden(trust.feed(ALDER).admit(but(ADMIT, upn=None, academy=BIRCH)))


@never("An integration never moves a pupil of another academy")
def _(trust: Trust) -> None:
    hidden(trust.feed(ALDER).record(trust.tomasz.id, EXAMPLES[PlaceInClass].entry))


@never("An API key never does more than it names")
def _(trust: Trust) -> None:
    person = trust.senco()
    key = key_of(trust, person, "place_in_class")
    shown(sent(trust, key, trust.kit))
    forbidden(trust.client.http.get(trust.aisha.at(), headers=key))
    forbidden(trust.client.http.get("/v1/register", headers=key))


@never("An API key never reaches further than whose key it is")
def _(trust: Trust) -> None:
    key = key_of(trust, trust.feed(ALDER), "place_in_class", "get_chronology")
    shown(sent(trust, key, trust.kit))
    hidden(sent(trust, key, trust.tomasz))
    forbidden(trust.client.http.get(trust.aisha.at("/chronology"), headers=key))


@never("An API key never works once it was ended")
def _(trust: Trust) -> None:
    feed = trust.feed()
    key = key_of(trust, feed, "place_in_class")
    shown(sent(trust, key, trust.kit))
    trust.system.door.api_keys.end_all(feed.actor.id)
    refused(sent(trust, key, trust.kit), 401)


@never("An API key never works after its last day")
def _(trust: Trust) -> None:
    feed = trust.feed()
    key = key_of(trust, feed, "place_in_class")
    trust.owner_.execute(
        "UPDATE api_keys SET made_at = now() - interval '3 days', "
        "expires_at = now() - interval '1 second' WHERE person_id = %s",
        [feed.actor.id],
    )
    refused(sent(trust, key, trust.kit), 401)


@never("An API key never outlives the role that it works in")
def _(trust: Trust) -> None:
    feed = trust.feed()
    key = key_of(trust, feed, "place_in_class")
    shown(sent(trust, key, trust.kit))
    trust.owner_.execute("UPDATE grants SET ended_at = now() WHERE person_id = %s", [feed.actor.id])
    forbidden(sent(trust, key, trust.kit))


# Calendars


def calendar(person: Person) -> str:
    answer = person.http.post("/v1/duties/calendar", json={}, headers=person.token)
    return str(shown(answer).json()["path"])


@never("A calendar never outlives the role of whoever made it")
def _(trust: Trust) -> None:
    senco = trust.senco()
    path = calendar(senco)
    shown(trust.client.http.get(path))
    trust.owner_.execute(
        "UPDATE grants SET ended_at = now() WHERE person_id = %s", [senco.actor.id]
    )
    hidden(trust.client.http.get(path))


@never("A calendar never names a pupil")
def _(trust: Trust) -> None:
    answer = trust.client.http.get(calendar(trust.senco()))
    without(answer, *trust.children.values())
    tells_nothing(answer)


@never("A calendar that was ended never opens again, and nobody ends another's")
def _(trust: Trust) -> None:
    senco, other = trust.senco(), trust.senco()
    path = calendar(senco)
    [feed] = senco.get("/v1/duties/calendar").json()["data"]
    at = f"/v1/duties/calendar/{feed['feed_id']}"
    assert other.get("/v1/duties/calendar").json()["data"] == []
    hidden(other.http.delete(at, headers=other.token))
    assert senco.http.delete(at, headers=senco.token).status_code == 204
    hidden(trust.client.http.get(path))
