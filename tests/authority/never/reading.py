"""Whoever works with pupils, and those beside them: whom they never read."""

from __future__ import annotations

from httpx2 import Response

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from tests.authority.never.trust import (
    ALDER,
    BIRCH,
    DAY,
    HEALTH,
    TODAY,
    UPN,
    WORRY,
    Trust,
    directory,
    forbidden,
    hidden,
    never,
    shown,
    tells_nothing,
    without,
)
from tests.scenario import NOBODY

# Class teachers


@never("A class teacher never reads a pupil of another class")
def _(trust: Trust) -> None:
    teacher = trust.teacher("4B")
    shown(teacher.get(trust.aisha.at()))
    for path in ("", "/chronology", "/plan", "/lag"):
        hidden(teacher.get(trust.leo.at(path)))


@never("A class teacher never reads a class of the same name at another academy")
def _(trust: Trust) -> None:
    hidden(trust.teacher("4B").get(trust.tomasz.at()))


@never("A class teacher never finds a pupil of another class in a list")
def _(trust: Trust) -> None:
    teacher = trust.teacher("4B")
    for path in ("register", "concerns", "targets", "evidence-gaps", "duties", "agreements"):
        answer = teacher.get(f"/v1/{path}", limit=200)
        without(answer, trust.leo, trust.tomasz, trust.moved, trust.placed)


@never("A class teacher never finds a pupil of another class by name")
def _(trust: Trust) -> None:
    assert shown(trust.teacher("5A").finds(name="Okafor")).json()["data"]
    assert shown(trust.teacher("4B").finds(name="Okafor")).json()["data"] == []


@never("A class teacher never reads the events of a record as they were recorded")
def _(trust: Trust) -> None:
    forbidden(trust.teacher().get(trust.aisha.at("/history")))
    forbidden(trust.teacher().get(trust.aisha.at("/entries/3")))


@never("A class teacher never opens a professional's report")
def _(trust: Trust) -> None:
    assert shown(trust.senco().get(trust.aisha.letter_at)).content
    forbidden(trust.teacher().get(trust.aisha.at("/documents")))
    forbidden(trust.teacher().get(trust.aisha.letter_at))


@never("A class teacher never sees who has read a record")
def _(trust: Trust) -> None:
    forbidden(trust.teacher().get(trust.aisha.at("/accesses")))
    forbidden(trust.teacher().get(trust.aisha.at("/readers")))


@never("A class teacher never takes a record out")
def _(trust: Trust) -> None:
    forbidden(trust.teacher().get(trust.aisha.at("/extract")))


@never("A class teacher never reads a child who has gone up to another class")
def _(trust: Trust) -> None:
    hidden(trust.teacher("4B").get(trust.placed.at()))
    shown(trust.teacher("5A").get(trust.placed.at()))


@never("A class teacher never reads a child who has left")
def _(trust: Trust) -> None:
    hidden(trust.teacher("4B").get(trust.gone.at()))
    without(trust.teacher("4B").get("/v1/register", left="true"), trust.gone)


@never("A class teacher who was given a class yesterday never has it after its last day")
def _(trust: Trust) -> None:
    scope = {"academies": [ALDER], "classes": ["4B"], "until_on": TODAY}
    teacher = trust.somebody(Role.CLASS_TEACHER, ScopeKind.CLASSES, **scope)
    shown(teacher.get(trust.aisha.at()))
    with trust.later(DAY):
        forbidden(teacher.get(trust.aisha.at()))


@never("A class teacher never reads what a pupil's record was before it came to the class")
def _(trust: Trust) -> None:
    hidden(trust.teacher("4B").get(trust.placed.at(), as_of=str(TODAY - DAY)))


# Assistants


@never("A teaching assistant never reads a pupil who is not assigned to them")
def _(trust: Trust) -> None:
    assistant = trust.assistant(trust.aisha)
    shown(assistant.get(trust.aisha.at("/plan")))
    hidden(assistant.get(trust.leo.at("/plan")))


@never("A teaching assistant never sees a concern")
def _(trust: Trust) -> None:
    assistant = trust.assistant(trust.aisha)
    forbidden(assistant.get("/v1/concerns"))
    for path in (
        "/chronology",
        "/lag",
        "/history",
        "/entries/3",
    ):
        forbidden(assistant.get(trust.aisha.at(path)))
    assert WORRY not in shown(assistant.get(trust.aisha.at("/plan"))).text


@never("A teaching assistant never reads who supports whom across the academy")
def _(trust: Trust) -> None:
    assistant = trust.assistant(trust.aisha)
    for path in ("provision-map", "medical-register", "agreements", "caseload", "duties"):
        forbidden(assistant.get(f"/v1/{path}"))
    answer = assistant.get("/v1/register", limit=200)
    directory(answer)
    without(answer, trust.leo, trust.tomasz, trust.shared)


@never("A teaching assistant never sees the targets of others")
def _(trust: Trust) -> None:
    answer = trust.assistant(trust.aisha).get("/v1/targets", limit=200)
    assert str(trust.aisha.id) in shown(answer).text
    without(answer, trust.leo, trust.tomasz, trust.shared)


@never("A teaching assistant never finds a pupil by searching who is not assigned to them")
def _(trust: Trust) -> None:
    assistant = trust.assistant(trust.aisha)
    directory(assistant.finds(name="Rahman"))
    assert shown(assistant.finds(name="Okafor")).json()["data"] == []


@never("A specialist support assistant never opens a document")
def _(trust: Trust) -> None:
    assistant = trust.assistant(trust.aisha, role=Role.SUPPORT_ASSISTANT)
    forbidden(assistant.get(trust.aisha.at("/documents")))
    forbidden(assistant.get(trust.aisha.letter_at))


@never("A specialist support assistant never reads the whole story of a pupil")
def _(trust: Trust) -> None:
    assistant = trust.assistant(trust.aisha, role=Role.SUPPORT_ASSISTANT)
    for path in ("/chronology", "/history", "/lag"):
        forbidden(assistant.get(trust.aisha.at(path)))
    directory(assistant.get(trust.aisha.at()))


# SENDCos


@never("A SENDCo never reads a pupil of another academy")
def _(trust: Trust) -> None:
    senco = trust.senco(ALDER)
    shown(senco.get(trust.aisha.at("/history")))
    for path in ("", "/history", "/chronology", "/plan", "/documents", "/accesses", "/readers"):
        hidden(senco.get(trust.tomasz.at(path)))


@never("A SENDCo never takes out a record of another academy")
def _(trust: Trust) -> None:
    hidden(trust.senco(ALDER).get(trust.tomasz.at("/extract")))
    hidden(trust.senco(ALDER).get(trust.tomasz.at("/proofs")))


@never("Nobody ever learns from a refusal whether a pupil of another academy is on record")
def _(trust: Trust) -> None:
    senco = trust.senco(ALDER)
    for path in ("", "/history", "/documents", "/extract"):
        there = senco.get(trust.tomasz.at(path))
        nowhere = senco.get(f"/v1/pupils/{NOBODY}{path}")
        assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)


@never("A search never finds by UPN across academies")
def _(trust: Trust) -> None:
    assert shown(trust.senco(ALDER).finds(upn=UPN)).json()["data"]
    assert shown(trust.senco(BIRCH).finds(upn=UPN)).json()["data"] == []


@never("A search never finds by name across academies, whatever academy it names")
def _(trust: Trust) -> None:
    senco = trust.senco(ALDER)
    for wanted in ({"name": "Nowak"}, {"name": "Nowak", "academy": BIRCH}):
        assert shown(senco.finds(**wanted)).json()["data"] == []


@never("A SENDCo never gets a list of another academy by naming it")
def _(trust: Trust) -> None:
    for path in ("register", "concerns", "targets", "duties", "evidence-gaps", "provision-map"):
        answer = shown(trust.senco(ALDER).get(f"/v1/{path}", academy=BIRCH, limit=200))
        assert answer.json()["data"] == [], path


@never("A SENDCo never gets a pupil of another academy from a list by naming the pupil")
def _(trust: Trust) -> None:
    for path in ("concerns", "targets", "duties", "evidence-gaps"):
        answer = shown(trust.senco(ALDER).get(f"/v1/{path}", pupil_id=str(trust.tomasz.id)))
        assert answer.json()["data"] == [], path


@never("A list of the past never shows whoever a list of today would not")
def _(trust: Trust) -> None:
    answer = trust.senco(ALDER).get("/v1/register", as_of=str(TODAY), show="all", limit=200)
    assert trust.aisha.name in shown(answer).text
    without(answer, trust.tomasz, trust.moved)


@never("A list never shows a pupil of another academy on its second page")
def _(trust: Trust) -> None:
    senco, cursor, seen = trust.senco(ALDER), None, 0
    while seen < 20:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        answer = senco.get("/v1/register", limit=1, **more)
        without(answer, trust.tomasz, trust.moved)
        seen, cursor = seen + 1, answer.json()["meta"]["next"]
        if cursor is None:
            break
    assert seen > 2


@never("A SENDCo of the academy that a pupil has left for another never reads them again")
def _(trust: Trust) -> None:
    for path in ("", "/chronology", "/history", "/plan", "/extract"):
        hidden(trust.senco(ALDER).get(trust.moved.at(path)))
    shown(trust.senco(BIRCH).get(trust.moved.at("/history")))


@never("A moved pupil's documents never open at the old academy")
def _(trust: Trust) -> None:
    hidden(trust.senco(ALDER).get(trust.moved.at("/documents")))
    hidden(trust.senco(ALDER).get(trust.moved.letter_at))
    assert shown(trust.senco(BIRCH).get(trust.moved.letter_at)).content


@never("A SENDCo never reads a pupil who moved away as they were before they moved")
def _(trust: Trust) -> None:
    hidden(trust.senco(ALDER).get(trust.moved.at(), as_of=str(TODAY - DAY)))
    hidden(trust.senco(ALDER).get(trust.moved.at("/plan"), known_at="position:5"))


@never("A trust SENDCo never reads an academy that is not on their list")
def _(trust: Trust) -> None:
    senco = trust.somebody(Role.TRUST_SENCO, ScopeKind.ACADEMIES, academies=[BIRCH])
    shown(senco.get(trust.tomasz.at("/history")))
    hidden(senco.get(trust.aisha.at()))


@never("A SENDCo never sees what all the trust's programs and people recorded, event by event")
def _(trust: Trust) -> None:
    forbidden(trust.senco().get("/v1/events"))


# Leaders


def tells_nothing_of_health(answer: Response) -> None:
    for word in (HEALTH, '"medication"', '"condition"', '"diagnosed"'):
        assert word not in shown(answer).text


@never("A class teacher never reads a diagnosis, but what keeps a child safe")
def _(trust: Trust) -> None:
    tells_nothing_of_health(trust.teacher().get("/v1/medical-register"))


@never("A Principal never reads another academy")
def _(trust: Trust) -> None:
    hidden(trust.principal(ALDER).get(trust.tomasz.at()))
    without(trust.principal(ALDER).get("/v1/register", limit=200), trust.tomasz)


@never("A Principal never reads health and professionals' reports without a case")
def _(trust: Trust) -> None:
    principal = trust.principal()
    shown(principal.get(trust.aisha.at("/chronology")))
    assert HEALTH in shown(trust.senco().get("/v1/medical-register")).text
    tells_nothing_of_health(principal.get("/v1/medical-register"))
    for path in ("/documents", "/history"):
        forbidden(principal.get(trust.aisha.at(path)))
    forbidden(principal.get(trust.aisha.letter_at))


@never("A Principal never takes a record out without a case")
def _(trust: Trust) -> None:
    forbidden(trust.principal().get(trust.aisha.at("/extract")))


@never("A Principal with a case never reads the reports on another pupil")
def _(trust: Trust) -> None:
    principal = trust.principal().holding(
        Role.PRINCIPAL, ScopeKind.CASE, pupils=[trust.aisha.id], until_on=TODAY
    )
    assert shown(principal.get(trust.aisha.letter_at)).content
    forbidden(principal.get(trust.leo.letter_at))
    hidden(principal.get(trust.tomasz.letter_at))


@never("The head of inclusion never reads a pupil who was not referred")
def _(trust: Trust) -> None:
    head = trust.assistant(trust.aisha, role=Role.HEAD_OF_INCLUSION)
    shown(head.get(trust.aisha.at("/history")))
    for child in (trust.leo, trust.tomasz):
        hidden(head.get(child.at()))
    without(head.get("/v1/register", limit=200), trust.leo, trust.tomasz)


@never("A trust leader for SEND never reads beyond the academies of the engagement")
def _(trust: Trust) -> None:
    scope = {"academies": [BIRCH], "until_on": TODAY + DAY}
    leader = trust.somebody(Role.TRUST_SEND_LEADER, ScopeKind.ENGAGEMENT, **scope)
    shown(leader.get(trust.tomasz.at()))
    hidden(leader.get(trust.aisha.at()))


@never("An engagement never lasts longer than its last day")
def _(trust: Trust) -> None:
    scope = {"academies": [ALDER], "until_on": TODAY + DAY}
    leader = trust.somebody(Role.TRUST_SEND_LEADER, ScopeKind.ENGAGEMENT, **scope)
    with trust.later(DAY):
        shown(leader.get(trust.aisha.at()))
    with trust.later(2 * DAY):
        forbidden(leader.get(trust.aisha.at()))


@never("A trust leader for SEND never opens documents, nor takes a record out")
def _(trust: Trust) -> None:
    scope = {"academies": [ALDER], "until_on": TODAY + DAY}
    leader = trust.somebody(Role.TRUST_SEND_LEADER, ScopeKind.ENGAGEMENT, **scope)
    forbidden(leader.get(trust.aisha.letter_at))
    forbidden(leader.get(trust.aisha.at("/extract")))


@never("A phase leader never reads a year outside their phase")
def _(trust: Trust) -> None:
    scope = {"academies": [ALDER], "years": ["3", "4"]}
    leader = trust.somebody(Role.PHASE_LEADER, ScopeKind.PHASE, **scope)
    shown(leader.get(trust.aisha.at()))
    hidden(leader.get(trust.leo.at()))
    hidden(leader.get(trust.tomasz.at()))


@never("A phase leader never opens a report unless they are assigned to the case")
def _(trust: Trust) -> None:
    scope = {"academies": [ALDER], "years": ["4"]}
    leader = trust.somebody(Role.PHASE_LEADER, ScopeKind.PHASE, **scope)
    forbidden(leader.get(trust.aisha.letter_at))
    forbidden(leader.get(trust.aisha.at("/extract")))


# All


@never("Somebody without a role never reads anything")
def _(trust: Trust) -> None:
    nobody = trust.somebody(Role.SENCO)
    for path in ("", "/history", "/plan", "/extract"):
        forbidden(nobody.get(trust.aisha.at(path)))
    for path in ("register", "events", "roles", "activity", "anomalies"):
        forbidden(nobody.get(f"/v1/{path}"))


@never("A role never counts before its first day")
def _(trust: Trust) -> None:
    senco = trust.senco()
    trust.owner_.execute(
        "UPDATE grants SET from_on = %s WHERE person_id = %s", [TODAY + DAY, senco.actor.id]
    )
    forbidden(senco.get(trust.aisha.at()))
    with trust.later(DAY):
        shown(senco.get(trust.aisha.at()))


@never("Two roles of one person never add up to more than each of them")
def _(trust: Trust) -> None:
    both = trust.teacher("5A").holding(Role.SENCO, ScopeKind.ACADEMIES, academies=[BIRCH])
    assert shown(both.get(trust.tomasz.letter_at)).content
    forbidden(both.get(trust.leo.letter_at))
    hidden(both.get(trust.aisha.at()))


@never("Who reads is never left out of the access log")
def _(trust: Trust) -> None:
    teacher = trust.teacher()
    shown(teacher.get(trust.aisha.at()))
    forbidden(teacher.get(trust.aisha.letter_at))
    answer = trust.senco().get(trust.aisha.at("/accesses"), limit=200)
    assert str(teacher.actor.id) in shown(answer).text


@never("A refusal never tells a name or a word of the record")
def _(trust: Trust) -> None:
    for answer in (
        trust.teacher().get(trust.aisha.letter_at),
        trust.senco(BIRCH).get(trust.aisha.at()),
        trust.somebody(Role.SENCO).get(trust.aisha.at()),
    ):
        assert answer.status_code in (403, 404)
        tells_nothing(answer)


@never("A record never stays in a browser's or a proxy's memory")
def _(trust: Trust) -> None:
    for path in ("", "/history", "/extract"):
        assert shown(trust.senco().get(trust.aisha.at(path))).headers["Cache-Control"] == "no-store"
