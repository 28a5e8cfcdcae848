"""Whom an entry comes from, and which kind of information it is, where the entry does not say."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from send_records.aggregates.access_clock import (
    Authority,
    IdentifyRequester,
    ReceiveClarification,
    SeekClarification,
)
from send_records.aggregates.access_requests import ClarificationOf, ReceiveAccessRequest
from send_records.aggregates.appeals import Appellant, LodgeAppeal
from send_records.aggregates.base import Command
from send_records.aggregates.communications import RecordContactWithFamily
from send_records.aggregates.concerns import DiscussConcernWithParents
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.ehc_requests import EhcRequester, RequestEhcAssessment
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.reduced_timetables import AgreeReducedTimetable, TimetableGround
from send_records.aggregates.values import DataClass, Origin
from tests.aggregates.test_concerns import CONCERN, RAISE
from tests.aggregates.test_reduced_timetables import AGREE, CONSENT
from tests.scenario import EHC_PLAN, MOTHER, Scenario, a_family, a_pupil

DAY = date(2026, 7, 1)
REQUEST = UUID(int=15)


def origins(scenario: Scenario, command: Command) -> list[Origin]:
    return [event.origin for event in scenario.when(command).decided()]


def asks(*, on_behalf: bool, **said: Any) -> ReceiveAccessRequest:
    return ReceiveAccessRequest(
        occurred_on=DAY, requester="A", on_behalf=on_behalf, how="Spoken", scope="All", **said
    )


@pytest.mark.parametrize(
    ("who", "origin"),
    [
        (EhcRequester.PARENT, Origin.PARENT),
        (EhcRequester.YOUNG_PERSON, Origin.PUPIL),
    ],
)
def test_a_request_to_assess_comes_from_whoever_made_it(who: EhcRequester, origin: Origin) -> None:
    request = RequestEhcAssessment(occurred_on=DAY, local_authority="Oldham", requested_by=who)

    assert origins(a_pupil(), request) == [origin]


@pytest.mark.parametrize(
    ("who", "origin"),
    [(Appellant.PARENT, Origin.PARENT), (Appellant.YOUNG_PERSON, Origin.PUPIL)],
)
def test_an_appeal_comes_from_whoever_appeals(who: Appellant, origin: Origin) -> None:
    lodge = LodgeAppeal(
        occurred_on=date(2024, 6, 3),
        ground=AppealGround.CONTENTS,
        sections=("F",),
        lodged_by=who,
        decision_letter_dated=EHC_PLAN.final_dated,
    )

    assert origins(a_pupil().given(EHC_PLAN), lodge) == [origin]


@pytest.mark.parametrize(("on_behalf", "origin"), [(True, Origin.PARENT), (False, Origin.PUPIL)])
def test_what_a_requester_says_comes_from_the_pupil_or_a_parent(
    *, on_behalf: bool, origin: Origin
) -> None:
    asked = a_family().given(asks(on_behalf=on_behalf), new_id=REQUEST)
    seek = SeekClarification(
        occurred_on=DAY, request_id=REQUEST, of=ClarificationOf.IDENTITY, question="Who?", how="-"
    )
    answer = ReceiveClarification(
        occurred_on=DAY, request_id=REQUEST, of=ClarificationOf.IDENTITY, answer="I am"
    )
    identify = IdentifyRequester(
        occurred_on=DAY,
        request_id=REQUEST,
        evidence="Passport",
        authority=Authority.PUPILS_CONSENT if on_behalf else Authority.PUPIL,
    )

    assert origins(a_family(), asks(on_behalf=on_behalf)) == [origin]
    assert origins(asked, seek) == [Origin.STAFF]
    assert origins(asked.given(seek), answer) == [origin]
    assert origins(asked.given(seek), identify) == [origin, Origin.STAFF]


def test_what_an_entry_says_of_itself_stands_above_what_is_usual() -> None:
    said = asks(on_behalf=False, origin=Origin.OTHER_PARENT, data_class=DataClass.CHILD_ABUSE)

    [event] = a_family().when(said).decided()

    assert (event.origin, event.data_class) == (Origin.OTHER_PARENT, DataClass.CHILD_ABUSE)


@pytest.mark.parametrize(
    ("kind", "origin"),
    [
        (DocumentKind.PROFESSIONAL_REPORT, Origin.PROFESSIONAL),
        (DocumentKind.MEDICAL_LETTER, Origin.PROFESSIONAL),
        (DocumentKind.EHC_PLAN, Origin.PROFESSIONAL),
        (DocumentKind.FROM_FAMILY, Origin.PARENT),
        (DocumentKind.TRIBUNAL, Origin.COURT),
        (DocumentKind.SCHOOL_REPORT, Origin.STAFF),
    ],
)
def test_a_document_comes_from_whoever_writes_its_kind(kind: DocumentKind, origin: Origin) -> None:
    file = FileDocument(
        occurred_on=DAY, data_class=DataClass.EDUCATION, kind=kind, title="It", dated=DAY
    )

    assert origins(a_pupil(), file) == [origin]


def test_what_parents_say_comes_from_them() -> None:
    call = RecordContactWithFamily(
        occurred_on=DAY, contact_ids=(MOTHER,), how="Telephone", summary="Asked for a meeting"
    )
    raised = a_family().given(RAISE, new_id=CONCERN)
    told = DiscussConcernWithParents(
        occurred_on=DAY, concern_id=CONCERN, contact_ids=(MOTHER,), how="Telephone"
    )
    said = DiscussConcernWithParents(
        occurred_on=DAY,
        concern_id=CONCERN,
        contact_ids=(MOTHER,),
        how="Telephone",
        parent_comment="At home too",
    )

    assert origins(a_family(), call) == [Origin.PARENT]
    assert origins(raised, told) == [Origin.STAFF]
    assert origins(raised, said) == [Origin.PARENT]


@pytest.mark.parametrize(
    ("ground", "kind"),
    [
        (TimetableGround.MEDICAL, DataClass.HEALTH),
        (TimetableGround.MENTAL_HEALTH, DataClass.HEALTH),
        (TimetableGround.REINDUCTION, DataClass.EDUCATION),
    ],
)
def test_a_timetable_reduced_for_health_is_information_on_health(
    ground: TimetableGround, kind: DataClass
) -> None:
    agree = AgreeReducedTimetable(
        occurred_on=AGREE.occurred_on,
        ground=ground,
        why="So",
        start_on=AGREE.start_on,
        end_on=AGREE.end_on,
        sessions="Mornings",
        approved_by=AGREE.approved_by,
    )

    [event] = a_family().given(CONSENT).when(agree).decided()

    assert event.data_class is kind
