from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.access_answers import (
    ComplaintRightsNotTold,
    DisclosureSent,
    RefusalGround,
    RefuseRequest,
    RequestRefused,
    SendDisclosure,
)
from send_records.aggregates.access_clock import (
    Authority,
    ClarificationAlreadySought,
    ClarificationNotSought,
    ClarificationReceived,
    ClarificationSought,
    DeadlineAlreadyExtended,
    DeadlineExtended,
    ExtendDeadline,
    ExtensionToldTooLate,
    IdentifyRequester,
    ReceiveClarification,
    RequesterIdentified,
    SeekClarification,
)
from send_records.aggregates.access_requests import (
    ClarificationOf,
    ReceiveAccessRequest,
    RequestClosed,
    RequesterNotIdentified,
    SubjectAccessRequested,
)
from send_records.aggregates.contacts import NoParentalResponsibility
from send_records.aggregates.decisions import DiscloseItems
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.items import ItemRef
from send_records.aggregates.preparations import (
    DisclosureNotApproved,
    PackPurpose,
    PreparationVoid,
)
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.values import Role
from send_records.errors import Invalid, NotFound
from tests.scenario import (
    GRANDMOTHER,
    MOTHER,
    NOBODY,
    TODAY,
    Scenario,
    a_family,
    approved,
    but,
    pack,
)

REQUEST = UUID(int=15)
RECEIVE = ReceiveAccessRequest(
    occurred_on=date(2026, 6, 30),
    requester="Nasreen Rahman",
    on_behalf=True,
    how="Spoken, at the gate",
    scope="Everything held",
)
SEEK = SeekClarification(
    occurred_on=date(2026, 7, 2),
    request_id=REQUEST,
    of=ClarificationOf.SCOPE,
    question="Which years?",
    how="By telephone",
)
CLARIFY = ReceiveClarification(
    occurred_on=date(2026, 7, 9), request_id=REQUEST, of=ClarificationOf.SCOPE, answer="All"
)
IDENTIFY = IdentifyRequester(
    occurred_on=date(2026, 7, 3),
    request_id=REQUEST,
    evidence="Passport seen",
    authority=Authority.PARENTAL_RESPONSIBILITY,
    contact_id=MOTHER,
    reasoning="Nine years old, and content that her mother asks",
)
EXTEND = ExtendDeadline(
    occurred_on=date(2026, 7, 20), request_id=REQUEST, months=2, why="Three services", how="Letter"
)
PACK = UUID(int=16)
SEND = SendDisclosure(
    occurred_on=TODAY,
    request_id=REQUEST,
    preparation_id=PACK,
    sent_to="Nasreen Rahman",
    how="On paper",
)
SEARCH = RecordSearch(
    occurred_on=date(2026, 7, 10),
    request_id=REQUEST,
    where="The paper file",
    found="Nothing that is not on the record",
    limited=False,
)
PREPARE = PrepareDisclosure(
    occurred_on=date(2026, 7, 27), purpose=PackPurpose.SUBJECT_ACCESS, request_id=REQUEST
)
REFUSE = RefuseRequest(
    occurred_on=date(2026, 7, 28),
    request_id=REQUEST,
    ground=RefusalGround.EXCESSIVE,
    why="The same was asked and answered a week ago",
    how="By letter",
    told_of_complaint_rights=True,
)


def requested() -> Scenario:
    return a_family().given(RECEIVE, new_id=REQUEST)


def ready() -> Scenario:
    """The answer to a request was prepared, and approved by a second person."""
    return approved(requested().given(IDENTIFY), REQUEST, PACK)


def test_a_request_is_taken_in_any_form() -> None:
    a_family().when(RECEIVE).then(
        SubjectAccessRequested, requester="Nasreen Rahman", on_behalf=True, scope="Everything held"
    )


def test_a_request_runs_from_the_day_it_came_to_anybody() -> None:
    earlier = but(RECEIVE, received_on=date(2026, 6, 25))
    asked = a_family().given(earlier, new_id=REQUEST)

    a_family().when(RECEIVE).then(SubjectAccessRequested, received_on=date(2026, 6, 30))
    a_family().when(earlier).then(SubjectAccessRequested, received_on=date(2026, 6, 25))
    a_family().when(but(RECEIVE, received_on=date(2026, 7, 1))).refused(Invalid)
    asked.when(EXTEND).then(DeadlineExtended, first_due_on=date(2026, 7, 25))


def test_the_dpo_alone_keeps_requests() -> None:
    for command in (ReceiveAccessRequest, SeekClarification, ExtendDeadline, SendDisclosure):
        assert command.roles == {Role.DPO}


def test_a_request_is_taken_and_answered_after_the_pupil_has_left() -> None:
    left = a_family().given(RecordLeaving(occurred_on=date(2026, 6, 1), why="Moved away"))

    asked = left.given(RECEIVE, new_id=REQUEST).given(SEEK, CLARIFY, IDENTIFY, EXTEND)
    approved(asked, REQUEST, PACK).when(SEND).then(DisclosureSent)
    left.given(RECEIVE, new_id=REQUEST).when(REFUSE).then(RequestRefused)


def test_nothing_is_disclosed_until_it_is_known_who_asks() -> None:
    requested().when(SEND).refused(RequesterNotIdentified)
    ready().when(SEND).then(DisclosureSent, sent_to="Nasreen Rahman")


def test_what_is_sent_is_what_was_approved_and_is_known_by_its_hash() -> None:
    sent = ready().when(SEND).then(DisclosureSent, preparation_id=PACK, sha256=pack(PACK).sha256)

    assert sent.pupil.preparations[PACK].sent
    assert sent.events[-1].recipients() == ("Nasreen Rahman",)


def test_nothing_is_sent_before_a_second_person_approved_it() -> None:
    searched = requested().given(IDENTIFY, SEARCH)
    prepared = searched.given(PREPARE, new_id=PACK)

    searched.when(SEND).refused(NotFound)
    prepared.when(SEND).refused(DisclosureNotApproved)
    ready().when(but(SEND, occurred_on=TODAY - timedelta(days=1))).refused(Invalid)
    ready().when(but(SEND, preparation_id=NOBODY)).refused(NotFound)


def test_what_was_prepared_anew_or_decided_on_since_is_not_sent() -> None:
    disclose = DiscloseItems(
        occurred_on=TODAY, request_id=REQUEST, items=(ItemRef(entry=1), ItemRef(entry=2))
    )

    ready().given(disclose).when(SEND).refused(PreparationVoid)
    ready().given(PREPARE).when(SEND).refused(PreparationVoid)


def test_what_answers_one_request_does_not_answer_another() -> None:
    another = UUID(int=17)
    both = ready().given(but(RECEIVE, scope="This year's letters"), new_id=another)
    both = both.given(but(IDENTIFY, request_id=another))

    both.when(but(SEND, request_id=another)).refused(NotFound)
    both.when(SEND).then(DisclosureSent, request_id=REQUEST)


def test_a_parent_who_acts_for_the_pupil_has_responsibility_and_reasons_are_kept() -> None:
    requested().when(IDENTIFY).then(
        RequesterIdentified, authority=Authority.PARENTAL_RESPONSIBILITY
    )
    requested().when(but(IDENTIFY, contact_id=GRANDMOTHER)).refused(NoParentalResponsibility)
    requested().when(but(IDENTIFY, contact_id=NOBODY)).refused(NotFound)
    for missing in ("contact_id", "reasoning"):
        with pytest.raises(ValidationError, match="why they may act"):
            but(IDENTIFY, **{missing: None})


def test_somebody_else_may_ask_with_the_pupil_s_consent() -> None:
    consent = but(IDENTIFY, authority=Authority.PUPILS_CONSENT, contact_id=GRANDMOTHER)

    requested().when(consent).then(RequesterIdentified, authority=Authority.PUPILS_CONSENT)


def test_the_pupil_asks_or_somebody_does_on_their_behalf() -> None:
    pupil = but(IDENTIFY, authority=Authority.PUPIL, contact_id=None, reasoning=None)
    herself = a_family().given(but(RECEIVE, on_behalf=False), new_id=REQUEST)

    requested().when(pupil).refused(Invalid)
    herself.when(pupil).then(RequesterIdentified, contact=None)
    herself.when(IDENTIFY).refused(Invalid)


def test_one_clarification_of_a_kind_is_awaited_at_a_time() -> None:
    asked = requested().when(SEEK).then(ClarificationSought, of=ClarificationOf.SCOPE)

    asked.when(but(SEEK, occurred_on=date(2026, 7, 4))).refused(ClarificationAlreadySought)
    asked.when(but(SEEK, of=ClarificationOf.IDENTITY)).then(ClarificationSought)
    asked.given(CLARIFY).when(but(SEEK, occurred_on=date(2026, 7, 10))).then(ClarificationSought)


def test_what_was_not_asked_is_not_answered() -> None:
    requested().when(CLARIFY).refused(ClarificationNotSought)
    requested().given(SEEK).when(but(CLARIFY, of=ClarificationOf.IDENTITY)).refused(
        ClarificationNotSought
    )
    requested().given(SEEK, CLARIFY).when(CLARIFY).refused(ClarificationNotSought)
    requested().given(SEEK).when(but(CLARIFY, occurred_on=date(2026, 7, 1))).refused(Invalid)
    requested().given(SEEK).when(CLARIFY).then(ClarificationReceived, answer="All")


def test_who_is_identified_has_answered_who_they_are() -> None:
    who = but(SEEK, of=ClarificationOf.IDENTITY)

    events = requested().given(who).when(IDENTIFY).decided()

    assert [type(event) for event in events] == [ClarificationReceived, RequesterIdentified]
    identified = requested().given(who, IDENTIFY)
    [pause] = identified.pupil.access_requests[REQUEST].pauses
    assert pause.received_on == date(2026, 7, 3)


def test_an_extension_is_told_within_the_first_month() -> None:
    requested().when(EXTEND).then(DeadlineExtended, months=2, first_due_on=date(2026, 7, 30))
    requested().when(but(EXTEND, occurred_on=date(2026, 7, 30))).then(DeadlineExtended)
    requested().when(but(EXTEND, occurred_on=date(2026, 7, 31))).refused(ExtensionToldTooLate)


def test_the_first_month_is_as_long_as_the_clock_stood() -> None:
    stood = requested().given(SEEK, CLARIFY)

    stood.when(but(EXTEND, occurred_on=date(2026, 8, 6))).then(
        DeadlineExtended, first_due_on=date(2026, 8, 6)
    )
    stood.when(but(EXTEND, occurred_on=date(2026, 8, 7))).refused(ExtensionToldTooLate)


def test_days_on_which_two_things_were_awaited_count_once() -> None:
    both = requested().given(SEEK, but(SEEK, of=ClarificationOf.IDENTITY), CLARIFY)
    both = both.given(but(CLARIFY, of=ClarificationOf.IDENTITY, occurred_on=date(2026, 7, 12)))

    assert both.pupil.access_requests[REQUEST].paused_days(date(2026, 8, 1)) == 10
    assert both.pupil.access_requests[REQUEST].paused_days(date(2026, 7, 5)) == 3


def test_while_an_answer_is_awaited_the_month_does_not_run_out() -> None:
    requested().given(SEEK).when(but(EXTEND, occurred_on=date(2026, 9, 30))).then(DeadlineExtended)


def test_an_extension_is_of_two_months_at_most_and_made_once() -> None:
    requested().when(but(EXTEND, months=3)).refused(Invalid)
    requested().when(but(EXTEND, months=0)).refused(Invalid)
    requested().given(but(EXTEND, months=1)).when(EXTEND).refused(DeadlineAlreadyExtended)


def test_a_refusal_tells_of_the_right_to_complain() -> None:
    requested().when(REFUSE).then(RequestRefused, ground=RefusalGround.EXCESSIVE)
    requested().when(but(REFUSE, told_of_complaint_rights=False)).refused(ComplaintRightsNotTold)


@pytest.mark.parametrize("command", [SEEK, IDENTIFY, EXTEND, SEND, REFUSE])
def test_a_request_is_answered_once(command: SeekClarification) -> None:
    later = but(command, occurred_on=date(2026, 7, 29))

    requested().given(REFUSE).when(later).refused(RequestClosed)
    ready().given(SEND).when(later).refused(RequestClosed)


@pytest.mark.parametrize("command", [SEEK, CLARIFY, IDENTIFY, EXTEND, SEND, REFUSE])
def test_nothing_is_recorded_of_a_request_that_did_not_come(command: SeekClarification) -> None:
    a_family().when(command).refused(NotFound)
    requested().when(but(command, occurred_on=date(2026, 6, 29))).refused(Invalid)


def test_late_answers_are_taken() -> None:
    late = ready().when(SEND).then(DisclosureSent)

    assert late.pupil.access_requests[REQUEST].closed_on == TODAY
