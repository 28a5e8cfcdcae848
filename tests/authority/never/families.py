"""Parents, pupils and professionals from outside: what is not theirs."""

from __future__ import annotations

from datetime import timedelta

from send_records.aggregates.assessments import RecordAssessment
from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.consents import Purpose, RecordAgreement, WithdrawAgreement
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.grants import GrantRole, ProposeRole
from send_records.aggregates.plans import AgreePlan
from send_records.aggregates.values import Role
from send_records.aggregates.voices import RecordParentVoice, RecordPupilVoice
from tests.api.client import problem_of
from tests.api.story import EXAMPLES
from tests.authority.never.trust import (
    AIM,
    DAY,
    READER,
    TODAY,
    Trust,
    directory,
    forbidden,
    hidden,
    never,
    shown,
)
from tests.scenario import but

# Parents


@never("A parent never sees another child")
def _(trust: Trust) -> None:
    mother = trust.mother(trust.shared)
    assert AIM in shown(mother.get(trust.shared.at("/plan"))).text
    for child in (trust.aisha, trust.leo, trust.tomasz):
        for path in ("", "/plan", "/readers"):
            hidden(mother.get(child.at(path)))


@never("A parent never sees a draft plan")
def _(trust: Trust) -> None:
    assert AIM in shown(trust.senco().get(trust.aisha.at("/plan"))).text
    hidden(trust.mother(trust.aisha).get(trust.aisha.at("/plan")))


@never("An external professional never sees a plan that was agreed, and shared with nobody")
def _(trust: Trust) -> None:
    child = trust.admit("Unshared Adeyemi")
    agree = EXAMPLES[AgreePlan].entry
    trust.do(child, but(agree, plan_id=child.plan, contact_ids=[child.mother]))
    assert shown(trust.senco().get(child.at("/plan"))).json()["in_force"]
    hidden(trust.professional(child).get(child.at("/plan")))


@never("A parent never sees a plan of the past that was not shared then")
def _(trust: Trust) -> None:
    child = trust.aisha
    hidden(trust.mother(child).get(child.at("/plan"), as_of=str(TODAY - DAY)))


@never("A parent never learns the name of whoever read")
def _(trust: Trust) -> None:
    shown(trust.teacher("4B").get(trust.shared.at()))
    assert READER in shown(trust.senco().get(trust.shared.at("/readers"))).text
    answer = shown(trust.mother(trust.shared).get(trust.shared.at("/readers")))
    assert answer.json()["data"]
    assert READER not in answer.text


@never("A parent never reads the log of accesses itself")
def _(trust: Trust) -> None:
    forbidden(trust.mother(trust.shared).get(trust.shared.at("/accesses")))


@never("A parent never reads the story, the concerns or the reports without a request")
def _(trust: Trust) -> None:
    mother = trust.mother(trust.shared)
    for path in ("/chronology", "/history", "/lag", "/documents", "/extract", "/entries/3"):
        forbidden(mother.get(trust.shared.at(path)))
    forbidden(mother.get(trust.shared.letter_at))


@never("A parent never lists or searches for pupils")
def _(trust: Trust) -> None:
    mother = trust.mother(trust.shared)
    for path in ("register", "concerns", "targets", "duties", "agreements", "provision-map"):
        forbidden(mother.get(f"/v1/{path}"))
    forbidden(mother.finds(name="Adeyemi"))


@never("A parent never agrees in another contact's name")
def _(trust: Trust) -> None:
    mother, child = trust.mother(trust.shared), trust.shared
    agree = RecordAgreement(occurred_on=TODAY, purpose=Purpose.ANNUAL, contact_id=child.grandmother)
    forbidden(mother.record(child.id, agree))
    shown(mother.record(child.id, but(agree, contact_id=child.mother)))


@never("A parent never withdraws an agreement that another contact gave")
def _(trust: Trust) -> None:
    child = trust.shared
    purpose = Purpose.PHOTOGRAPH
    agreed = RecordAgreement(occurred_on=TODAY, purpose=purpose, contact_id=child.mother)
    shown(trust.mother(child).record(child.id, agreed))
    withdraw = WithdrawAgreement(occurred_on=TODAY, purpose=purpose, contact_id=child.mother)
    other = trust.somebody(
        Role.PARENT,
        ScopeKind.RELATIONSHIP,
        pupils=[child.id],
        contact_id=child.grandmother,
    )
    forbidden(other.record(child.id, withdraw))


@never("A parent never speaks in another contact's name")
def _(trust: Trust) -> None:
    child = trust.shared
    voice = but(EXAMPLES[RecordParentVoice].entry, occurred_on=TODAY, contact_id=child.grandmother)
    forbidden(trust.mother(child).record(child.id, voice))


@never("A parent never records about another child")
def _(trust: Trust) -> None:
    mother = trust.mother(trust.shared)
    shown(mother.raises_concern(trust.shared))
    hidden(mother.raises_concern(trust.aisha))


@never("A parent never records what staff observe or assess")
def _(trust: Trust) -> None:
    mother = trust.mother(trust.shared)
    for kind in (RecordObservation, RecordAssessment):
        forbidden(mother.record(trust.shared.id, EXAMPLES[kind].entry))


@never("A parent never has a say in who holds a role")
def _(trust: Trust) -> None:
    mother, father = trust.mother(trust.shared), trust.somebody(Role.PARENT)
    proposal = ProposeRole(
        name="Another Parent",
        role=Role.PARENT,
        kind=ScopeKind.RELATIONSHIP,
        pupils=(trust.shared.id,),
        from_on=TODAY,
        contact_id=trust.shared.mother,
        verified_how="Known to me",
        why="Also a parent",
    )
    forbidden(mother.asks_of(father.actor.id, proposal))
    forbidden(mother.asks_of(father.actor.id, GrantRole(proposal_id=trust.shared.id)))
    forbidden(mother.get("/v1/roles"))


@never("A parent's role never begins without somebody having verified who they are")
def _(trust: Trust) -> None:
    proposal = ProposeRole(
        name="A Parent",
        role=Role.PARENT,
        kind=ScopeKind.RELATIONSHIP,
        pupils=(trust.shared.id,),
        from_on=TODAY,
        contact_id=trust.shared.mother,
        why="A parent",
    )
    problem_of(trust.senco().asks_of(trust.shared.mother, proposal), 422)


@never("A parent's role never reaches two children at once")
def _(trust: Trust) -> None:
    proposal = ProposeRole(
        name="A Parent",
        role=Role.PARENT,
        kind=ScopeKind.RELATIONSHIP,
        pupils=(trust.shared.id, trust.aisha.id),
        from_on=TODAY,
        contact_id=trust.shared.mother,
        verified_how="Passport",
        why="A parent of two",
    )
    problem_of(trust.senco().asks_of(trust.shared.mother, proposal), 422)


# Pupils


@never("A pupil never reads another pupil")
def _(trust: Trust) -> None:
    child = trust.child(trust.shared)
    shown(child.get(trust.shared.at("/plan")))
    hidden(child.get(trust.aisha.at("/plan")))


@never("A pupil never reads what staff wrote about them without a request")
def _(trust: Trust) -> None:
    child = trust.child(trust.shared)
    directory(child.get(trust.shared.at()))
    for path in ("/chronology", "/history", "/documents", "/accesses", "/extract"):
        forbidden(child.get(trust.shared.at(path)))


@never("A pupil never sees a draft plan")
def _(trust: Trust) -> None:
    hidden(trust.child(trust.aisha).get(trust.aisha.at("/plan")))


@never("A pupil never agrees in a parent's stead")
def _(trust: Trust) -> None:
    child = trust.shared
    agree = RecordAgreement(occurred_on=TODAY, purpose=Purpose.ANNUAL, contact_id=child.mother)
    forbidden(trust.child(child).record(child.id, agree))


@never("A pupil never speaks for another pupil")
def _(trust: Trust) -> None:
    voice = but(EXAMPLES[RecordPupilVoice].entry, occurred_on=TODAY)
    hidden(trust.child(trust.shared).record(trust.aisha.id, voice))


# Professionals from outside


@never("An external professional never reads after the last day of their referral")
def _(trust: Trust) -> None:
    doctor = trust.professional(trust.shared, TODAY + 2 * DAY)
    with trust.later(2 * DAY):
        shown(doctor.get(trust.shared.at("/plan")))
    with trust.later(3 * DAY):
        forbidden(doctor.get(trust.shared.at("/plan")))


def referral(trust: Trust, days: int | None) -> ProposeRole:
    return ProposeRole(
        name="Dr Ines Marsh",
        role=Role.PROFESSIONAL,
        kind=ScopeKind.REFERRAL,
        pupils=(trust.shared.id,),
        from_on=TODAY,
        until_on=None if days is None else TODAY + timedelta(days=days),
        why="Referred",
    )


@never("A referral never lasts longer than 90 days")
def _(trust: Trust) -> None:
    senco, doctor = trust.senco(), trust.somebody(Role.PROFESSIONAL).actor.id
    problem_of(senco.asks_of(doctor, referral(trust, 91)), 409)
    problem_of(senco.asks_of(doctor, referral(trust, None)), 422)
    shown(senco.asks_of(doctor, referral(trust, 90)))


@never("An external professional never reads another pupil")
def _(trust: Trust) -> None:
    hidden(trust.professional(trust.shared).get(trust.aisha.at()))
    hidden(trust.professional(trust.aisha).get(trust.shared.at("/plan")))


@never("An external professional never lists pupils")
def _(trust: Trust) -> None:
    doctor = trust.professional(trust.shared)
    for path in ("register", "concerns", "targets", "duties", "agreements"):
        forbidden(doctor.get(f"/v1/{path}"))
    forbidden(doctor.finds(name="Adeyemi"))


@never("An external professional never reads more than was shared")
def _(trust: Trust) -> None:
    doctor = trust.professional(trust.shared)
    directory(doctor.get(trust.shared.at()))
    for path in ("/chronology", "/history", "/lag", "/readers", "/accesses", "/extract"):
        forbidden(doctor.get(trust.shared.at(path)))
    forbidden(doctor.get(trust.shared.letter_at))
    hidden(trust.professional(trust.aisha).get(trust.aisha.at("/plan")))


@never("An external professional never raises a concern or writes the plan")
def _(trust: Trust) -> None:
    doctor = trust.professional(trust.shared)
    forbidden(doctor.raises_concern(trust.shared))
    forbidden(doctor.record(trust.shared.id, EXAMPLES[RecordObservation].entry))
