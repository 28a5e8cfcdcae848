"""What parents, pupils and professionals record themselves: their own, and in their own name."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from send_records.aggregates.base import Actor, By, Command
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.consents import (
    Purpose,
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
)
from send_records.aggregates.contacts import AnswersForAnother, NoParentalResponsibility
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument, NotTheirOwnReport, SupersedeDocument
from send_records.aggregates.monitoring import StartMonitoring
from send_records.aggregates.origins import OriginNotTheirs
from send_records.aggregates.values import Area, DataClass, Origin, Role
from send_records.aggregates.voices import RecordParentVoice, RecordPupilVoice
from send_records.api.refusals import refusals_of_command
from send_records.errors import SendRecordsError
from tests.scenario import GRANDMOTHER, MOTHER, Scenario, a_family, but, by

PARENT = Actor(id=UUID(int=80), name="Nasreen Rahman", role=Role.PARENT)
PUPIL = Actor(id=UUID(int=81), name="Aisha Rahman", role=Role.PUPIL)
DOCTOR = Actor(id=UUID(int=82), name="Dr Ines Marsh", role=Role.PROFESSIONAL)
DAY = date(2024, 3, 1)

CONCERN = RaiseConcern(
    occurred_on=DAY, areas=(Area.COGNITION,), description="Reads little", strengths="Draws"
)
SAYS = RecordPupilVoice(occurred_on=DAY, how="Spoken", likes="Football", verbatim=True)
VOICE = RecordParentVoice(
    occurred_on=DAY, contact_id=MOTHER, worries="Sleeps badly", happy_to_share=True
)
AGREE = RecordAgreement(occurred_on=DAY, purpose=Purpose.ANNUAL, contact_id=MOTHER)
REFUSE = RecordAgreementRefused(occurred_on=DAY, purpose=Purpose.ANNUAL, contact_id=MOTHER)
WITHDRAW = WithdrawAgreement(occurred_on=DAY, purpose=Purpose.ANNUAL, contact_id=MOTHER)
REPORT = FileDocument(
    occurred_on=DAY,
    data_class=DataClass.HEALTH,
    kind=DocumentKind.PROFESSIONAL_REPORT,
    title="Findings",
    dated=DAY,
)

ANSWERS = [AGREE, REFUSE, WITHDRAW, VOICE]


def family() -> Scenario:
    return a_family().given(AGREE)


def as_parent(contact_id: UUID | None = MOTHER) -> By:
    return by(PARENT, contact_id=contact_id)


def refusal(command: Command, who: By) -> type[SendRecordsError]:
    with pytest.raises(SendRecordsError) as refused:
        command.decide(family().pupil, who)
    assert refused.type in refusals_of_command(type(command))
    return refused.type


def named(command: Command) -> str:
    return type(command).__name__


@pytest.mark.parametrize(
    ("command", "who", "origin"),
    [
        *((answer, as_parent(), Origin.PARENT) for answer in ANSWERS),
        (CONCERN, as_parent(), Origin.PARENT),
        (CONCERN, by(PUPIL), Origin.PUPIL),
        (SAYS, by(PUPIL), Origin.PUPIL),
        (REPORT, by(DOCTOR), Origin.PROFESSIONAL),
        (CONCERN, by(), Origin.STAFF),
    ],
)
def test_what_they_record_comes_from_them(command: Command, who: By, origin: Origin) -> None:
    assert who.metadata.recorded_by.role in type(command).roles

    [event] = command.decide(family().pupil, who)

    assert event.origin is origin


@pytest.mark.parametrize(
    ("command", "who"),
    [
        *((answer, as_parent()) for answer in [*ANSWERS, CONCERN]),
        (SAYS, by(PUPIL)),
        (REPORT, by(DOCTOR)),
    ],
)
@pytest.mark.parametrize("origin", [Origin.STAFF, Origin.COURT, Origin.OTHER_PARENT])
def test_nobody_of_them_says_that_it_comes_from_somebody_else(
    command: Command, who: By, origin: Origin
) -> None:
    """Planted: were the origin believed, a parent could have a letter of theirs pass as the
    court's."""
    assert refusal(but(command, origin=origin), who) is OriginNotTheirs


def test_staff_say_whom_it_comes_from() -> None:
    [event] = but(CONCERN, origin=Origin.OTHER_PARENT).decide(family().pupil, by())

    assert event.origin is Origin.OTHER_PARENT


@pytest.mark.parametrize("command", ANSWERS, ids=named)
@pytest.mark.parametrize("contact_id", [GRANDMOTHER, None], ids=["another", "not known"])
def test_a_parent_answers_for_nobody_else(command: Command, contact_id: UUID | None) -> None:
    """Planted: believed as it is said, one parent could agree for the other."""
    assert refusal(command, as_parent(contact_id)) is AnswersForAnother


@pytest.mark.parametrize("command", ANSWERS[:3], ids=named)
def test_who_has_no_parental_responsibility_agrees_to_nothing_in_their_own_name_either(
    command: Command,
) -> None:
    grandmother = but(command, contact_id=GRANDMOTHER)

    assert refusal(grandmother, as_parent(GRANDMOTHER)) is NoParentalResponsibility


def test_a_grandparent_who_cares_for_the_child_is_heard_in_their_own_name() -> None:
    [event] = but(VOICE, contact_id=GRANDMOTHER).decide(family().pupil, as_parent(GRANDMOTHER))

    assert event.origin is Origin.PARENT


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_professional_files_their_own_report_and_no_other_paper(kind: DocumentKind) -> None:
    filed = REPORT.model_copy(update={"kind": kind})

    if kind in (DocumentKind.PROFESSIONAL_REPORT, DocumentKind.MEDICAL_LETTER):
        assert filed.decide(family().pupil, by(DOCTOR))
    else:
        assert refusal(filed, by(DOCTOR)) is NotTheirOwnReport
        assert filed.decide(family().pupil, by())


NOT_THEIRS: dict[Role, list[type[Command]]] = {
    Role.PARENT: [SeekParentalAgreement, StartMonitoring, RecordPupilVoice, FileDocument],
    Role.PUPIL: [RecordParentVoice, RecordAgreement, FileDocument, StartMonitoring],
    Role.PROFESSIONAL: [SupersedeDocument, RaiseConcern, RecordParentVoice],
}


@pytest.mark.parametrize("role", NOT_THEIRS)
def test_nothing_else_is_theirs_to_record(role: Role) -> None:
    assert all(role not in command.roles for command in NOT_THEIRS[role])
