"""What leaves: who never prepares, approves or fetches it."""

from __future__ import annotations

from threading import Event
from uuid import UUID, uuid4

from httpx2 import Response

from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.bundle_contents import BundleKind, ItemWanted, SectionWanted, Sheet
from send_records.aggregates.bundles import PrepareBundle
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.values import Role
from tests.authority.never.trust import (
    ALDER,
    BIRCH,
    DAY,
    TODAY,
    Child,
    Person,
    Trust,
    forbidden,
    hidden,
    never,
    shown,
)

PREPARE = PrepareDisclosure(occurred_on=TODAY, purpose=PackPurpose.HANDOVER)
BUNDLE = PrepareBundle(
    occurred_on=TODAY,
    kind=BundleKind.DISCRIMINATION,
    reference="EH999/26/00001",
    sections=(SectionWanted(title="Record", items=(ItemWanted(sheet=Sheet.CHRONOLOGY),)),),
)
LOCK = {"passphrase": "seven tall ladders"}


def prepared(trust: Trust, child: Child) -> UUID:
    """Have the child's record prepared for the next school; return what it was prepared as."""
    key = uuid4()
    answer = trust.senco(ALDER, BIRCH).record(child.id, PREPARE, key=key)
    assert answer.status_code == 202, answer.text
    while trust.system.runner.do_one(Event()):
        pass
    return key


def pack(child: Child, preparation: UUID) -> str:
    return child.at(f"/packs/{preparation}")


def fetches(person: Person, at: str) -> list[Response]:
    return [person.get(f"{at}/content"), person.post(f"{at}/locked", LOCK)]


def approval(preparation: UUID) -> ApproveDisclosure:
    return ApproveDisclosure(occurred_on=TODAY, preparation_id=preparation, sha256="0" * 64)


@never("A class teacher, an assistant, a parent or a pupil never fetches a pack")
def _(trust: Trust) -> None:
    child, key = trust.shared, prepared(trust, trust.shared)
    for answer in fetches(trust.senco(), pack(child, key)):
        assert shown(answer).content
    for person in (
        *(trust.teacher(), trust.assistant(child), trust.mother(child), trust.child(child)),
        trust.professional(child),
    ):
        for answer in fetches(person, pack(child, key)):
            forbidden(answer)


@never("A class teacher, an assistant, a parent or a pupil never sees what left, and to whom")
def _(trust: Trust) -> None:
    child = trust.shared
    shown(trust.senco().get(child.at("/disclosures")))
    for person in (
        *(trust.teacher(), trust.assistant(child), trust.mother(child), trust.child(child)),
        trust.principal(),
    ):
        forbidden(person.get(child.at("/disclosures")))


@never("A SENDCo never fetches a pack of another academy, nor learns that there is one")
def _(trust: Trust) -> None:
    child, key = trust.tomasz, prepared(trust, trust.tomasz)
    senco = trust.senco(ALDER)
    for answer, none in zip(
        fetches(senco, pack(child, key)), fetches(senco, pack(child, uuid4())), strict=True
    ):
        hidden(answer)
        assert answer.content == none.content
    hidden(senco.get(child.at("/disclosures")))


@never("A pack of one pupil never opens through the address of another")
def _(trust: Trust) -> None:
    key = prepared(trust, trust.shared)
    for answer in fetches(trust.senco(), pack(trust.leo, key)):
        hidden(answer)


@never("A moved pupil's pack never opens at the old academy")
def _(trust: Trust) -> None:
    key = prepared(trust, trust.moved)
    for answer in fetches(trust.senco(ALDER), pack(trust.moved, key)):
        hidden(answer)
    for answer in fetches(trust.senco(BIRCH), pack(trust.moved, key)):
        shown(answer)


@never("A Principal or a data protection officer never fetches a pack without a case")
def _(trust: Trust) -> None:
    child, key = trust.shared, prepared(trust, trust.shared)
    for person in (trust.principal(), trust.trustwide(Role.DPO)):
        for answer in fetches(person, pack(child, key)):
            forbidden(answer)
        scope = {"pupils": [child.id], "until_on": TODAY + DAY}
        person.holding(person.actor.role, ScopeKind.CASE, **scope)
        for answer in fetches(person, pack(child, key)):
            shown(answer)


@never("Broken glass never fetches a pack")
def _(trust: Trust) -> None:
    key = prepared(trust, trust.kit)
    teacher = trust.teacher("4B")
    shown(teacher.breaks_glass(trust.kit))
    shown(teacher.get(trust.kit.at()))
    for answer in fetches(teacher, pack(trust.kit, key)):
        forbidden(answer)


@never("Nobody but a SENDCo or the data protection officer ever prepares what leaves")
def _(trust: Trust) -> None:
    child = trust.shared
    for person in (
        *(trust.teacher(), trust.assistant(child), trust.mother(child), trust.principal()),
        *(trust.feed(), trust.trustwide(Role.TRUSTEE), trust.trustwide(Role.ADMINISTRATOR)),
    ):
        forbidden(person.record(child.id, PREPARE))
        forbidden(person.record(child.id, BUNDLE))


@never("A SENDCo never prepares what leaves of a pupil of another academy")
def _(trust: Trust) -> None:
    for command in (PREPARE, BUNDLE):
        hidden(trust.senco(ALDER).record(trust.tomasz.id, command))


@never("A SENDCo never approves what leaves, their own or another's")
def _(trust: Trust) -> None:
    child, key = trust.shared, prepared(trust, trust.shared)
    returned = ReturnDisclosure(occurred_on=TODAY, preparation_id=key, why="No")
    for person in (trust.senco(), trust.teacher(), trust.mother(child), trust.feed()):
        forbidden(person.record(child.id, approval(key)))
        forbidden(person.record(child.id, returned))


@never("A Principal never approves what leaves another academy")
def _(trust: Trust) -> None:
    key = prepared(trust, trust.tomasz)
    hidden(trust.principal(ALDER).record(trust.tomasz.id, approval(key)))
