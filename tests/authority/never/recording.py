"""Who records what of whom: what nobody ever does beyond their role."""

from __future__ import annotations

from uuid import uuid4

from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.concern_answers import AnswerConcern
from send_records.aggregates.corrections import WithdrawEntry
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.enrolment import MovePupilAcademy, RecordLeaving
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.medical import PlaceOnMedicalRegister
from send_records.aggregates.merging import MergeRecords
from send_records.aggregates.needs import IdentifyNeed
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.register import AddToSendRegister, RemoveFromSendRegister
from send_records.aggregates.retention import PlaceLegalHold, ReleaseLegalHold
from send_records.aggregates.values import Role
from tests.api.client import problem_of
from tests.api.story import EXAMPLES
from tests.authority.never.trust import (
    ALDER,
    BIRCH,
    DAY,
    TODAY,
    Trust,
    forbidden,
    hidden,
    never,
    shown,
    tells_nothing,
)
from tests.scenario import ADMIT, but


@never("A SENDCo never admits a pupil to another academy")
def _(trust: Trust) -> None:
    shown(trust.senco(ALDER).admit(but(ADMIT, upn=None, legal_name="Newly Come")))
    forbidden(trust.senco(ALDER).admit(but(ADMIT, upn=None, academy=BIRCH)))


@never("A SENDCo never fetches a pupil from another academy to their own")
def _(trust: Trust) -> None:
    move = but(EXAMPLES[MovePupilAcademy].entry, occurred_on=TODAY, to_academy=ALDER)
    hidden(trust.senco(ALDER).record(trust.tomasz.id, move))


@never("A SENDCo never records of a pupil of another academy")
def _(trust: Trust) -> None:
    senco = trust.senco(ALDER)
    hidden(senco.raises_concern(trust.tomasz))
    for kind in (IdentifyNeed, AddToSendRegister, RecordLeaving, PlaceOnMedicalRegister):
        hidden(senco.record(trust.tomasz.id, EXAMPLES[kind].entry))


@never("A SENDCo never records of a pupil who has moved to another academy")
def _(trust: Trust) -> None:
    hidden(trust.senco(ALDER).raises_concern(trust.moved))
    hidden(trust.senco(ALDER).record(trust.moved.id, EXAMPLES[WithdrawEntry].entry))


@never("A merge never reaches into a record out of scope")
def _(trust: Trust) -> None:
    merge = but(EXAMPLES[MergeRecords].entry, occurred_on=TODAY, into_pupil_id=trust.tomasz.id)
    hidden(trust.senco(ALDER).record(trust.leo.id, merge))
    back = but(merge, into_pupil_id=trust.leo.id)
    hidden(trust.senco(ALDER).record(trust.tomasz.id, back))
    shown(trust.senco(BIRCH).get(trust.tomasz.at()))


@never("A document is never uploaded to, or filed with, a record out of scope")
def _(trust: Trust) -> None:
    senco, key = trust.senco(ALDER), uuid4()
    hidden(senco.upload(trust.tomasz.id, b"A letter", key))
    hidden(senco.record(trust.tomasz.id, EXAMPLES[FileDocument].entry, key=key))


@never("A document of one pupil never opens through the address of another")
def _(trust: Trust) -> None:
    for person in (trust.senco(ALDER), trust.senco(BIRCH)):
        hidden(person.get(trust.leo.at(f"/documents/{trust.tomasz.letter}/content")))


@never("A class teacher never records of a pupil of another class")
def _(trust: Trust) -> None:
    shown(trust.teacher("4B").raises_concern(trust.aisha))
    hidden(trust.teacher("5A").raises_concern(trust.aisha))


@never("A class teacher never decides who is on the SEND register")
def _(trust: Trust) -> None:
    for kind in (AddToSendRegister, RemoveFromSendRegister, IdentifyNeed):
        forbidden(trust.teacher().record(trust.aisha.id, EXAMPLES[kind].entry))


@never("A class teacher never answers the concern that they raised")
def _(trust: Trust) -> None:
    forbidden(trust.teacher().record(trust.aisha.id, EXAMPLES[AnswerConcern].entry))


@never("A class teacher never moves a child into their own class")
def _(trust: Trust) -> None:
    place = PlaceInClass(occurred_on=TODAY, class_name="4B")
    forbidden(trust.teacher("5A").record(trust.leo.id, place))
    forbidden(trust.teacher("4B").record(trust.leo.id, place))


@never("A teaching assistant never writes a plan")
def _(trust: Trust) -> None:
    forbidden(trust.assistant(trust.aisha).record(trust.aisha.id, EXAMPLES[DraftPlan].entry))


@never("A teaching assistant never records of a pupil who is not assigned to them")
def _(trust: Trust) -> None:
    shown(trust.assistant(trust.aisha).raises_concern(trust.aisha))
    hidden(trust.assistant(trust.aisha).raises_concern(trust.leo))


@never("A trust leader for SEND never records in an academy's records")
def _(trust: Trust) -> None:
    scope = {"academies": [ALDER], "until_on": TODAY + DAY}
    leader = trust.somebody(Role.TRUST_SEND_LEADER, ScopeKind.ENGAGEMENT, **scope)
    forbidden(leader.raises_concern(trust.aisha))
    forbidden(leader.record(trust.aisha.id, EXAMPLES[DraftPlan].entry))


@never("A Principal never puts a pupil on the SEND register in the SENDCo's stead")
def _(trust: Trust) -> None:
    forbidden(trust.principal().record(trust.aisha.id, EXAMPLES[AddToSendRegister].entry))


@never("Nobody but the data protection officer ever holds a record back, or lets it go")
def _(trust: Trust) -> None:
    for person in (trust.senco(), trust.principal()):
        for kind in (PlaceLegalHold, ReleaseLegalHold):
            forbidden(person.record(trust.aisha.id, EXAMPLES[kind].entry))


@never("Somebody without a role never records anything")
def _(trust: Trust) -> None:
    nobody = trust.somebody(Role.SENCO)
    forbidden(nobody.raises_concern(trust.aisha))
    forbidden(nobody.admit(but(ADMIT, upn=None)))


@never("A key that was used for a command never tells another person what came of it")
def _(trust: Trust) -> None:
    key = uuid4()
    concern = EXAMPLES[IdentifyNeed].entry
    body = but(concern, occurred_on=TODAY, rank=2, sen_type="SLCN")
    shown(trust.senco().record(trust.leo.id, body, key=key))
    answer = trust.senco(ALDER).record(trust.leo.id, body, key=key)
    problem_of(answer, 422)
    tells_nothing(answer)
    hidden(trust.senco(BIRCH).record(trust.leo.id, body, key=key))
