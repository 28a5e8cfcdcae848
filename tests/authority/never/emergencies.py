"""Broken glass: how little it opens, for how short, and before how many eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from send_records.aggregates.assessments import RecordAssessment
from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.emergencies import Finding, ReviewEmergencyAccess
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from tests.api.client import problem_of
from tests.api.story import EXAMPLES
from tests.authority.never.trust import (
    ALDER,
    BIRCH,
    TODAY,
    WORRY,
    Person,
    Trust,
    forbidden,
    hidden,
    never,
    shown,
    without,
)
from tests.scenario import NOBODY

WHY = "At the hospital with him, and they ask what he takes"


def breaks(trust: Trust) -> Person:
    """A class teacher of Alder who has broken the glass for a pupil of Birch."""
    teacher = trust.teacher("5A")
    hidden(teacher.get(trust.tomasz.at()))
    shown(teacher.breaks_glass(trust.tomasz, WHY))
    assert WORRY in shown(teacher.get(trust.tomasz.at("/history"))).text
    return teacher


@never("Broken glass never lets anybody record")
def _(trust: Trust) -> None:
    teacher = breaks(trust)
    forbidden(teacher.raises_concern(trust.tomasz))
    forbidden(teacher.record(trust.tomasz.id, EXAMPLES[RecordAssessment].entry))
    senco = trust.senco(ALDER)
    shown(senco.breaks_glass(trust.tomasz))
    forbidden(senco.raises_concern(trust.tomasz))
    forbidden(senco.record(trust.tomasz.id, EXAMPLES[PlaceInClass].entry))


@never("Broken glass never puts anybody on a list")
def _(trust: Trust) -> None:
    teacher = breaks(trust)
    for path in ("register", "concerns", "targets", "duties", "evidence-gaps"):
        without(teacher.get(f"/v1/{path}", limit=200), trust.tomasz)
    assert shown(teacher.finds(name="Nowak")).json()["data"] == []
    assistant = trust.assistant(trust.aisha)
    shown(assistant.breaks_glass(trust.tomasz))
    without(assistant.get("/v1/register", limit=200), trust.tomasz)


@never("Broken glass never lets a record be taken out")
def _(trust: Trust) -> None:
    forbidden(breaks(trust).get(trust.tomasz.at("/extract")))
    senco = trust.senco(ALDER)
    shown(senco.breaks_glass(trust.tomasz))
    forbidden(senco.get(trust.tomasz.at("/extract")))
    forbidden(senco.get(trust.tomasz.at("/proofs")))


@never("Broken glass never opens a second record")
def _(trust: Trust) -> None:
    hidden(breaks(trust).get(trust.moved.at()))


@never("Broken glass never opens anything for another person")
def _(trust: Trust) -> None:
    breaks(trust)
    hidden(trust.teacher("5A").get(trust.tomasz.at()))


@never("Broken glass is never open after 60 minutes")
def _(trust: Trust) -> None:
    teacher = breaks(trust)
    with trust.later(timedelta(minutes=59)):
        shown(teacher.get(trust.tomasz.at("/history")))
    with trust.later(timedelta(minutes=61)):
        for path in ("", "/plan", "/chronology"):
            hidden(teacher.get(trust.tomasz.at(path)))
        for path in ("/history", "/documents"):
            forbidden(teacher.get(trust.tomasz.at(path)))


@never("Nobody ever puts off the end of an emergency access by breaking the glass again")
def _(trust: Trust) -> None:
    problem_of(breaks(trust).breaks_glass(trust.tomasz), 409)


@never("The glass is never broken without a reason that others can judge")
def _(trust: Trust) -> None:
    for reason in ("Need it", "                        x", "Just to look at it"):
        problem_of(trust.teacher("5A").breaks_glass(trust.tomasz, reason), 422)


@never("Whoever is not staff never breaks the glass")
def _(trust: Trust) -> None:
    for person in (
        trust.mother(trust.shared),
        trust.child(trust.shared),
        trust.professional(trust.shared),
        trust.feed(),
        trust.trustwide(Role.TRUSTEE),
        trust.trustwide(Role.AUDITOR),
        trust.trustwide(Role.ADMINISTRATOR),
        trust.trustwide(Role.ANALYST),
        trust.trustwide(Role.CEO),
        trust.somebody(Role.SENCO),
    ):
        forbidden(person.breaks_glass(trust.tomasz))


@never("The glass is never broken for a child who has no record")
def _(trust: Trust) -> None:
    hidden(trust.teacher().breaks_glass(replace(trust.aisha, id=NOBODY)))


@never("Broken glass never shows who else has read the record")
def _(trust: Trust) -> None:
    teacher = breaks(trust)
    forbidden(teacher.get(trust.tomasz.at("/accesses")))
    forbidden(teacher.get(trust.tomasz.at("/readers")))


@never("Broken glass never passes unreported")
def _(trust: Trust) -> None:
    teacher = breaks(trust)
    for person in (trust.trustwide(Role.DPO), trust.principal(BIRCH)):
        rows = shown(person.get("/v1/emergency-access", limit=200)).json()["data"]
        assert any(row["taken_by_id"] == str(teacher.actor.id) for row in rows)
    trust.project()
    duties = shown(trust.trustwide(Role.DPO).get("/v1/duties", limit=200)).json()["data"]
    assert str(trust.tomasz.id) in {row["pupil_id"] for row in duties}


@never("A Principal never hears of an emergency at another academy")
def _(trust: Trust) -> None:
    breaks(trust)
    without(trust.principal(ALDER).get("/v1/emergency-access", limit=200), trust.tomasz)


@never("Whoever broke the glass never reviews it")
def _(trust: Trust) -> None:
    both = trust.teacher("5A").holding(Role.PRINCIPAL, ScopeKind.ACADEMIES, academies=[BIRCH])
    shown(both.breaks_glass(trust.tomasz))
    [row, *_] = shown(trust.principal(BIRCH).get("/v1/emergency-access", limit=1)).json()["data"]
    review = ReviewEmergencyAccess(
        occurred_on=TODAY,
        access_id=row["access_id"],
        finding=Finding.JUSTIFIED,
        explanation="It was me, and I was right",
    )
    forbidden(both.record(trust.tomasz.id, review))
    forbidden(trust.teacher("4B", BIRCH).record(trust.tomasz.id, review))
    shown(trust.principal(BIRCH).record(trust.tomasz.id, review))
