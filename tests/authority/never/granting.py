"""Roles: nobody ever gets one by themselves, or more than was given."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.grants import BootstrapRole, GrantRole, ProposeRole
from send_records.aggregates.role_endings import EndRole, RecordPersonLeft
from send_records.aggregates.values import Role
from send_records.errors import NotPermitted
from tests.api.client import problem_of
from tests.authority.never.trust import (
    ALDER,
    BIRCH,
    TODAY,
    Person,
    Trust,
    forbidden,
    never,
    shown,
    without,
)

TEACHER = ProposeRole(
    name="Tariq Aziz",
    role=Role.CLASS_TEACHER,
    kind=ScopeKind.CLASSES,
    academies=(ALDER,),
    classes=("4B",),
    from_on=TODAY,
    why="Takes over 4B",
)


def role(**changes: Any) -> ProposeRole:
    return ProposeRole.model_validate({**dict(TEACHER), **changes})


SENCO_OF_ALDER = role(role=Role.SENCO, kind=ScopeKind.ACADEMIES, classes=())


def proposed(by: Person, whose: UUID, command: ProposeRole = TEACHER) -> UUID:
    key = uuid4()
    shown(by.asks_of(whose, command, key=key))
    return key


def given(trust: Trust, whose: UUID, command: ProposeRole = TEACHER) -> UUID:
    """Have two administrators give a role."""
    one, two = trust.trustwide(Role.ADMINISTRATOR), trust.trustwide(Role.ADMINISTRATOR)
    key = uuid4()
    shown(two.asks_of(whose, GrantRole(proposal_id=proposed(one, whose, command)), key=key))
    return key


@never("Nobody ever proposes a role for themself")
def _(trust: Trust) -> None:
    for person in (trust.trustwide(Role.ADMINISTRATOR), trust.senco(), trust.principal()):
        forbidden(person.asks_of(person.actor.id, TEACHER))


@never("Nobody ever grants themself a role")
def _(trust: Trust) -> None:
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    me = administrator.actor.id
    proposal = proposed(trust.trustwide(Role.ADMINISTRATOR), me, SENCO_OF_ALDER)
    forbidden(administrator.asks_of(me, GrantRole(proposal_id=proposal)))
    forbidden(administrator.get(trust.aisha.at()))


@never("One person never stands alone behind a role")
def _(trust: Trust) -> None:
    administrator, whose = trust.trustwide(Role.ADMINISTRATOR), uuid4()
    proposal = proposed(administrator, whose)
    forbidden(administrator.asks_of(whose, GrantRole(proposal_id=proposal)))
    administrator.holding(Role.DPO, ScopeKind.TRUST)
    forbidden(administrator.asks_of(whose, GrantRole(proposal_id=proposal)))


@never("A role never opens anything before a second person has granted it")
def _(trust: Trust) -> None:
    newcomer = trust.somebody(Role.CLASS_TEACHER)
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    proposal = proposed(administrator, newcomer.actor.id)
    forbidden(newcomer.get(trust.aisha.at()))
    other = trust.trustwide(Role.ADMINISTRATOR)
    shown(other.asks_of(newcomer.actor.id, GrantRole(proposal_id=proposal)))
    shown(newcomer.get(trust.aisha.at()))


@never("A SENDCo never hands out a role at another academy")
def _(trust: Trust) -> None:
    shown(trust.senco(ALDER).asks_of(uuid4(), TEACHER))
    forbidden(trust.senco(ALDER).asks_of(uuid4(), role(academies=(BIRCH,))))


@never("A SENDCo never grants what was proposed for another academy")
def _(trust: Trust) -> None:
    whose = uuid4()
    proposal = proposed(trust.senco(BIRCH), whose, role(academies=(BIRCH,)))
    forbidden(trust.senco(ALDER).asks_of(whose, GrantRole(proposal_id=proposal)))


@never("A SENDCo never makes another SENDCo, nor a Principal, nor an administrator")
def _(trust: Trust) -> None:
    for wanted in (
        SENCO_OF_ALDER,
        role(role=Role.PRINCIPAL, kind=ScopeKind.ACADEMIES, classes=()),
        role(role=Role.ADMINISTRATOR, kind=ScopeKind.TRUST, academies=(), classes=()),
        role(role=Role.DPO, kind=ScopeKind.TRUST, academies=(), classes=()),
    ):
        forbidden(trust.senco().asks_of(uuid4(), wanted))


@never("A SENDCo never assigns a pupil of another academy to an assistant")
def _(trust: Trust) -> None:
    caseload: dict[str, Any] = {
        "role": Role.TEACHING_ASSISTANT,
        "kind": ScopeKind.PUPILS,
        "academies": (),
        "classes": (),
    }
    shown(trust.senco(ALDER).asks_of(uuid4(), role(pupils=(trust.aisha.id,), **caseload)))
    forbidden(trust.senco(ALDER).asks_of(uuid4(), role(pupils=(trust.tomasz.id,), **caseload)))


@never("All academies is never a list of academies")
def _(trust: Trust) -> None:
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    for everything in ("all", "*", "All academies"):
        wanted = role(
            role=Role.TRUST_SENCO, kind=ScopeKind.ACADEMIES, classes=(), academies=(everything,)
        )
        problem_of(administrator.asks_of(uuid4(), wanted), 422)


@never("A SENDCo's role never reaches the whole trust")
def _(trust: Trust) -> None:
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    for wanted in (Role.SENCO, Role.TRUST_SENCO, Role.CLASS_TEACHER, Role.PRINCIPAL):
        whole = role(role=wanted, kind=ScopeKind.TRUST, classes=(), academies=())
        problem_of(administrator.asks_of(uuid4(), whole), 422)


@never("Emergency access is never handed out as a role")
def _(trust: Trust) -> None:
    wanted = role(kind=ScopeKind.EMERGENCY, classes=(), academies=(), pupils=(trust.aisha.id,))
    problem_of(trust.trustwide(Role.ADMINISTRATOR).asks_of(uuid4(), wanted), 422)


@never("An engagement is never without a last day")
def _(trust: Trust) -> None:
    wanted = role(role=Role.TRUST_SEND_LEADER, kind=ScopeKind.ENGAGEMENT, classes=())
    problem_of(trust.trustwide(Role.ADMINISTRATOR).asks_of(uuid4(), wanted), 422)


@never("A class teacher, an auditor, a trustee and a program never hand out roles")
def _(trust: Trust) -> None:
    for person in (
        trust.teacher(),
        trust.assistant(trust.aisha),
        trust.trustwide(Role.AUDITOR),
        trust.trustwide(Role.TRUSTEE),
        trust.feed(),
    ):
        forbidden(person.asks_of(uuid4(), TEACHER))
        forbidden(person.asks_of(uuid4(), GrantRole(proposal_id=uuid4())))


@never("A data protection officer never proposes a role")
def _(trust: Trust) -> None:
    forbidden(trust.trustwide(Role.DPO).asks_of(uuid4(), TEACHER))


@never("A class teacher never sees who holds which role")
def _(trust: Trust) -> None:
    forbidden(trust.teacher().get("/v1/roles"))
    forbidden(trust.teacher().get(f"/v1/people/{uuid4()}/roles"))


@never("A SENDCo never sees the roles of another academy")
def _(trust: Trust) -> None:
    whose = uuid4()
    given(trust, whose, role(academies=(BIRCH,)))
    answer = trust.senco(ALDER).get(f"/v1/people/{whose}/roles")
    without(answer)
    assert answer.json()["grants"] == []


@never("A role never opens anything once it was ended")
def _(trust: Trust) -> None:
    teacher = trust.somebody(Role.CLASS_TEACHER)
    grant = given(trust, teacher.actor.id)
    shown(teacher.get(trust.aisha.at()))
    end = EndRole(grant_id=grant, why="Moved to 5A")
    shown(trust.senco().asks_of(teacher.actor.id, end))
    forbidden(teacher.get(trust.aisha.at()))


@never("A leaver never gets another answer")
def _(trust: Trust) -> None:
    teacher = trust.somebody(Role.CLASS_TEACHER)
    given(trust, teacher.actor.id)
    given(trust, teacher.actor.id, SENCO_OF_ALDER)
    shown(teacher.get(trust.aisha.at("/history")))
    left = RecordPersonLeft(left_on=TODAY)
    shown(trust.trustwide(Role.ADMINISTRATOR).asks_of(teacher.actor.id, left))
    for path in ("", "/history", "/plan"):
        forbidden(teacher.get(trust.aisha.at(path)))
    forbidden(teacher.get("/v1/register"))
    forbidden(teacher.raises_concern(trust.aisha))
    forbidden(teacher.breaks_glass(trust.aisha))


@never("A role that was waiting for a leaver is never granted")
def _(trust: Trust) -> None:
    teacher = trust.somebody(Role.CLASS_TEACHER)
    given(trust, teacher.actor.id)
    waiting = proposed(trust.trustwide(Role.ADMINISTRATOR), teacher.actor.id, SENCO_OF_ALDER)
    left = RecordPersonLeft(left_on=TODAY)
    administrator = trust.trustwide(Role.ADMINISTRATOR)
    shown(administrator.asks_of(teacher.actor.id, left))
    problem_of(administrator.asks_of(teacher.actor.id, GrantRole(proposal_id=waiting)), 404)


@never("The operator never gives a role alone once there is an administrator")
def _(trust: Trust) -> None:
    trust.trustwide(Role.ADMINISTRATOR)
    whose = trust.somebody(Role.SENCO)
    wanted = BootstrapRole.model_validate(dict(SENCO_OF_ALDER))
    with pytest.raises(NotPermitted):
        trust.system.granting.bootstrap(whose.actor.id, wanted, trust.asked(), local=False)
    forbidden(whose.get(trust.aisha.at()))


@never("The first roles are never given through the API")
def _(trust: Trust) -> None:
    assert not [route.path for route in trust.routes if "bootstrap" in f"{route.operation_id}"]


@never("A program of one academy never records that a person of another has left")
def _(trust: Trust) -> None:
    teacher = trust.somebody(Role.CLASS_TEACHER)
    given(trust, teacher.actor.id, role(academies=(BIRCH,)))
    forbidden(trust.feed(ALDER).asks_of(teacher.actor.id, RecordPersonLeft(left_on=TODAY)))
    shown(teacher.get(trust.tomasz.at()))
