"""The evidence gaps: each kind as it opens and closes, by the days on which things happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings

from send_records.aggregates.annual_review_meetings import AnnualReviewHeld
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.consents import Purpose
from send_records.aggregates.monitoring import EndMonitoring, NextStep
from send_records.aggregates.notices import GiveNotice, NoticeGiven, NoticeOf
from send_records.aggregates.plans import AmendPlan, EndPlan
from send_records.aggregates.register import ExitCriterion, RemoveFromSendRegister, SupportLevel
from send_records.aggregates.reviews import ReviewHeld
from send_records.aggregates.voices import RecordParentVoice, RecordPupilVoice
from send_records.application import Request, SendRecords
from send_records.projections import gap_facts
from send_records.projections.base import folded
from send_records.projections.engine import Engine
from send_records.projections.evidence_gaps import EvidenceGaps, GapRow, gaps_page
from send_records.projections.gap_kinds import KINDS
from send_records.projections.gap_spans import GapKind
from send_records.projections.pages import Views
from send_records.rules import shipped_rules
from send_records.store.connections import Pool
from send_records.store.scopes import WHOLE_TRUST
from tests.keys import held
from tests.projections.lives import Life, storied
from tests.projections.planned import (
    ADDED_ON,
    AGREE,
    AGREE_NEXT,
    BACK,
    DONE,
    DRAFT,
    LEAVE,
    LOOK,
    NEXT_DRAFT,
    NEXT_PLAN,
    PLAN,
    PSYCHOLOGIST,
    REFUSE,
    REVIEW,
    SPECIALIST,
    WATCH,
    any_events,
    planned,
    supported,
    target,
)
from tests.scenario import ADD, ADMIT, IDENTIFY, MOTHER, RECORD_MOTHER, SENCO, TELL, but


def gaps(events: Life | Sequence[DomainEvent], *kinds: GapKind) -> list[GapRow]:
    if isinstance(events, Life):
        events = events.events
    made: list[GapRow] = list(folded(EvidenceGaps(), events).values())
    found = [row for row in made if row.kind in (kinds or [*GapKind])]
    return sorted(found, key=lambda row: (row.from_on, row.started_by))


def spans(life: Life | Sequence[DomainEvent], kind: GapKind) -> list[tuple[date, date | None]]:
    return [(row.from_on, row.closed_on) for row in gaps(life, kind)]


def without(life: Life, *kinds: type[DomainEvent], until: date = date.max) -> list[DomainEvent]:
    """Return a life as older data may have it, in which some events until a day are missing."""
    return [e for e in life.events if not (isinstance(e, kinds) and e.occurred_on <= until)]


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_a_record_in_which_nothing_is_missing_has_no_gap() -> None:
    in_time = but(REVIEW, occurred_on=day("2024-03-22"))

    assert [row.from_on for row in gaps(planned().then(in_time))] == [
        day("2024-07-06"),  # the next review, and the agreement of the next year
        day("2024-12-14"),
    ]


# Agreement


def test_an_agreement_that_ends_while_support_goes_on_is_missing_from_the_day_after() -> None:
    assert spans(supported(), GapKind.AGREEMENT_MISSING) == [(day("2024-12-14"), None)]


def test_an_agreement_given_anew_closes_it() -> None:
    again = but(AGREE, occurred_on=day("2025-01-08"))

    assert spans(supported().then(again), GapKind.AGREEMENT_MISSING) == [
        (day("2024-12-14"), day("2025-01-08")),
        (day("2026-01-09"), None),
    ]


def test_an_agreement_renewed_in_time_leaves_none() -> None:
    again = but(AGREE, occurred_on=day("2024-12-10"))

    assert spans(supported().then(again), GapKind.AGREEMENT_MISSING) == [(day("2025-12-11"), None)]


def test_without_any_answer_it_is_missing_from_the_day_on_the_register() -> None:
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(IDENTIFY, TELL, ADD)

    assert spans(life, GapKind.AGREEMENT_MISSING) == [(ADDED_ON, None)]


def test_a_refusal_is_an_answer_for_a_year() -> None:
    assert spans(supported().then(REFUSE), GapKind.AGREEMENT_MISSING) == [
        (day("2024-12-14"), day("2024-12-20")),
        (day("2025-12-21"), None),
    ]


def test_an_agreement_to_something_else_is_no_answer() -> None:
    photograph = but(AGREE, purpose=Purpose.PHOTOGRAPH)
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(IDENTIFY, TELL, ADD, photograph)

    assert spans(life, GapKind.AGREEMENT_MISSING) == [(ADDED_ON, None)]


def test_nobody_asks_for_it_of_a_pupil_who_left_or_is_not_on_the_register() -> None:
    assert spans(supported().then(LEAVE), GapKind.AGREEMENT_MISSING) == [
        (day("2024-12-14"), day("2025-02-14"))
    ]
    assert spans(supported().then(LEAVE, BACK), GapKind.AGREEMENT_MISSING) == [
        (day("2024-12-14"), day("2025-02-14")),
        (day("2025-04-28"), None),
    ]
    assert gaps(Life().then(RECORD_MOTHER, IDENTIFY)) == []


# Voices

VOICES = [GapKind.REVIEW_WITHOUT_PUPIL_VOICE, GapKind.REVIEW_WITHOUT_PARENT_VOICE]
HEAR_PUPIL = RecordPupilVoice(
    occurred_on=day("2024-04-15"), how="Talking mat", likes="Art", verbatim=True
)
HEAR_PARENT = RecordParentVoice(
    occurred_on=day("2024-04-15"), contact_id=MOTHER, hopes="A friend", happy_to_share=True
)


def silent(*, before: Sequence[Command] = ()) -> Life:
    """A review in older data, which holds neither voice nor a reason why."""
    life = planned().then(*before).then(REVIEW)
    life.events = [
        event.model_copy(update={"pupil_voice": None, "parent_voice": None})
        if isinstance(event, ReviewHeld)
        else event
        for event in life.events
    ]
    return life


def test_a_review_without_voices_has_two_gaps_until_each_is_heard() -> None:
    assert [(row.kind, row.from_on, row.closed_on) for row in gaps(silent(), *VOICES)] == [
        (kind, REVIEW.occurred_on, None) for kind in VOICES
    ]
    heard = silent().then(HEAR_PUPIL)
    assert [row.closed_on for row in gaps(heard, *VOICES)] == [HEAR_PUPIL.occurred_on, None]
    both = heard.then(HEAR_PARENT)
    assert [row.closed_on for row in gaps(both, *VOICES)] == [HEAR_PUPIL.occurred_on] * 2


def test_a_voice_heard_for_the_review_leaves_no_gap_even_if_it_was_entered_later() -> None:
    early = [but(each, occurred_on=day("2024-03-26")) for each in (HEAR_PUPIL, HEAR_PARENT)]

    assert gaps(silent(before=early), *VOICES) == []
    assert gaps(silent().then(*early), *VOICES) == []


def test_the_next_review_that_holds_the_voice_closes_it() -> None:
    again = but(REVIEW, occurred_on=day("2024-07-05"), next_review_on=None)

    assert [row.closed_on for row in gaps(silent().then(again), *VOICES)] == [again.occurred_on] * 2


def test_a_reason_is_enough() -> None:
    because = but(
        REVIEW,
        pupil_voice=None,
        pupil_voice_missing_because="In hospital",
        parent_voice=None,
        parent_voice_missing_because="Did not come",
    )

    assert gaps(planned().then(because), *VOICES) == []


def annual(on: str, life: Life, said: str | None) -> Life:
    """Return the life with an annual review of an EHC plan, as older data may have it."""
    [held, *_] = [event for event in storied().events if isinstance(event, AnnualReviewHeld)]
    later = {
        "originator_id": life.events[0].originator_id,
        "originator_version": len(life.events) + 1,
        "occurred_on": day(on),
        "position": len(life.events) + 1,
        "recorded_at": datetime.combine(day(on), time(12), UTC),
        "pupil_voice_missing_because": None,
        "parent_voice_missing_because": None,
        "pupil_voice": said,
        "parent_voice": said,
    }
    life.events.append(held.model_copy(update=later))
    return life


def test_an_annual_review_holds_both_voices_too() -> None:
    silently = annual("2024-05-13", planned(), None)
    assert [(row.kind, row.from_on) for row in gaps(silently, *VOICES)] == [
        (kind, day("2024-05-13")) for kind in VOICES
    ]
    assert gaps(annual("2024-05-13", planned(), "Said"), *VOICES) == []
    assert gaps(annual("2024-05-13", planned().then(HEAR_PUPIL, HEAR_PARENT), None), *VOICES) == []


def test_an_annual_review_is_no_review_of_the_plan() -> None:
    reviewed = annual("2024-05-13", planned(), "Said")

    assert spans(reviewed, GapKind.PLAN_PAST_REVIEW) == [(day("2024-03-23"), None)]


# Plans


def test_a_plan_is_past_its_review_from_the_day_after_until_one_is_held() -> None:
    assert spans(planned(), GapKind.PLAN_PAST_REVIEW) == [(day("2024-03-23"), None)]
    assert spans(planned().then(REVIEW), GapKind.PLAN_PAST_REVIEW) == [
        (day("2024-03-23"), day("2024-03-28")),
        (day("2024-07-06"), None),
    ]


def test_a_review_in_time_leaves_no_gap_until_the_next_is_due() -> None:
    in_time = but(REVIEW, occurred_on=day("2024-03-22"))

    assert spans(planned().then(in_time), GapKind.PLAN_PAST_REVIEW) == [(day("2024-07-06"), None)]


def test_a_review_entered_late_closes_it_as_from_its_own_day() -> None:
    life = planned().then(but(REVIEW, occurred_on=day("2024-06-28")))
    assert spans(life, GapKind.PLAN_PAST_REVIEW)[0] == (day("2024-03-23"), day("2024-06-28"))

    life.then(REVIEW, recorded_at=datetime(2024, 7, 1, tzinfo=UTC))

    assert spans(life, GapKind.PLAN_PAST_REVIEW)[0] == (day("2024-03-23"), day("2024-03-28"))


def test_a_plan_not_agreed_is_worked_with_and_so_reviewed_as_drafted() -> None:
    life = supported().then(DRAFT, key=PLAN)

    assert spans(life, GapKind.PLAN_PAST_REVIEW) == [(day("2024-03-23"), None)]


def test_the_draft_of_the_next_plan_is_not_due_while_another_is_in_force() -> None:
    early = but(NEXT_DRAFT, occurred_on=day("2024-01-15"), review_on=day("2024-02-01"))
    life = planned().then(early, key=NEXT_PLAN)

    assert spans(life, GapKind.PLAN_PAST_REVIEW) == [(day("2024-03-23"), None)]


def test_another_day_another_plan_or_the_end_of_it_closes_it() -> None:
    amend = AmendPlan(
        occurred_on=day("2024-04-02"),
        plan_id=PLAN,
        review_on=day("2024-05-03"),
        class_teacher="Jo Whitfield",
        targets=DRAFT.targets,
        why="Snow",
    )
    end = EndPlan(occurred_on=day("2024-05-10"), plan_id=PLAN, why="Not needed")
    life = planned().then(amend)
    assert spans(life, GapKind.PLAN_PAST_REVIEW) == [
        (day("2024-03-23"), day("2024-04-02")),
        (day("2024-05-04"), None),
    ]
    assert spans(life.then(end), GapKind.PLAN_PAST_REVIEW)[1] == (
        day("2024-05-04"),
        day("2024-05-10"),
    )
    followed = planned().then(NEXT_DRAFT, key=NEXT_PLAN).then(AGREE_NEXT)
    assert spans(followed, GapKind.PLAN_PAST_REVIEW) == [
        (day("2024-03-23"), day("2024-04-10")),
        (day("2024-07-02"), None),
    ]


def test_an_amendment_that_leaves_the_day_as_it_was_leaves_the_gap_as_it_was() -> None:
    amend = AmendPlan(
        occurred_on=day("2024-01-20"),
        plan_id=PLAN,
        review_on=DRAFT.review_on,
        class_teacher="Kim Ade",
        targets=DRAFT.targets,
        why="Another teacher",
    )
    [gap] = gaps(planned().then(amend), GapKind.PLAN_PAST_REVIEW)

    assert (gap.from_on, gap.closed_on) == (day("2024-03-23"), None)


def test_targets_at_which_no_review_looked_are_missing_once_the_plan_is_over() -> None:
    life = planned().then(NEXT_DRAFT, key=NEXT_PLAN).then(AGREE_NEXT)
    found = gaps(life, GapKind.TARGET_NOT_EVALUATED)
    assert [(row.target, row.from_on, row.closed_on) for row in found] == [
        ("T1", AGREE_NEXT.occurred_on, None),
        ("T2", AGREE_NEXT.occurred_on, None),
    ]
    left = gaps(life.then(LEAVE), GapKind.TARGET_NOT_EVALUATED)
    assert [row.closed_on for row in left] == [LEAVE.occurred_on] * 2


def test_nothing_is_missing_any_more_in_a_record_that_was_merged_into_another() -> None:
    life = planned().then(NEXT_DRAFT, key=NEXT_PLAN).then(AGREE_NEXT).merged(LEAVE.occurred_on)

    found = gaps(life, GapKind.TARGET_NOT_EVALUATED)
    assert [row.closed_on for row in found] == [LEAVE.occurred_on] * 2


def test_targets_that_a_review_looked_at_are_not() -> None:
    life = planned().then(REVIEW).then(NEXT_DRAFT, key=NEXT_PLAN).then(AGREE_NEXT)

    assert gaps(life, GapKind.TARGET_NOT_EVALUATED) == []


def test_a_target_left_out_of_the_plan_in_force_is_not_evaluated_either() -> None:
    amend = AmendPlan(
        occurred_on=day("2024-02-02"),
        plan_id=PLAN,
        review_on=DRAFT.review_on,
        class_teacher="Jo Whitfield",
        targets=(target("T2"), target("T3")),
        why="Too hard",
    )
    [gap] = gaps(planned().then(amend), GapKind.TARGET_NOT_EVALUATED)

    assert (gap.target, gap.from_on) == ("T1", day("2024-02-02"))
    drafted = supported().then(DRAFT, key=PLAN).then(amend)
    assert gaps(drafted, GapKind.TARGET_NOT_EVALUATED) == []


def test_a_draft_that_was_dropped_beside_a_plan_in_force_was_never_worked_with() -> None:
    end = EndPlan(occurred_on=day("2024-04-20"), plan_id=NEXT_PLAN, why="Written anew")
    life = planned().then(NEXT_DRAFT, key=NEXT_PLAN).then(end)

    assert gaps(life, GapKind.TARGET_NOT_EVALUATED) == []


# Levels, agencies, and what parents were told


def test_specialist_support_after_the_agency_has_gone() -> None:
    life = supported().then(PSYCHOLOGIST, SPECIALIST)
    assert gaps(life, GapKind.SPECIALIST_WITHOUT_AGENCY) == []

    life.then(DONE)
    assert spans(life, GapKind.SPECIALIST_WITHOUT_AGENCY) == [(DONE.occurred_on, None)]

    life.then(but(PSYCHOLOGIST, occurred_on=day("2024-10-01"), agency="Speech therapy"))
    assert spans(life, GapKind.SPECIALIST_WITHOUT_AGENCY) == [(DONE.occurred_on, day("2024-10-01"))]


def test_a_step_back_to_targeted_support_closes_it() -> None:
    back = but(SPECIALIST, occurred_on=day("2024-09-20"), to_level=SupportLevel.TARGETED)
    life = supported().then(PSYCHOLOGIST, SPECIALIST, DONE, back)

    assert spans(life, GapKind.SPECIALIST_WITHOUT_AGENCY) == [(DONE.occurred_on, day("2024-09-20"))]


def test_parents_not_told_of_the_provision_in_older_data() -> None:
    assert gaps(supported(), GapKind.PARENTS_NOT_TOLD) == []
    untold = without(supported(), NoticeGiven)
    assert spans(untold, GapKind.PARENTS_NOT_TOLD) == [(ADDED_ON, None)]

    later = supported().then(but(TELL, occurred_on=day("2024-01-15")))
    told_late = without(later, NoticeGiven, until=TELL.occurred_on)
    assert spans(told_late, GapKind.PARENTS_NOT_TOLD) == [(ADDED_ON, day("2024-01-15"))]


def test_what_parents_were_told_ends_with_their_time_on_the_register() -> None:
    leave = RemoveFromSendRegister(
        occurred_on=day("2024-03-29"),
        criterion=ExitCriterion.EXPECTED_PROGRESS,
        review_on=REVIEW.occurred_on,
    )
    again = but(ADD, occurred_on=day("2024-10-07"))
    told = but(TELL, occurred_on=day("2024-10-01"))
    life = planned().then(REVIEW, leave, told, again)
    assert gaps(life, GapKind.PARENTS_NOT_TOLD) == []

    untold = [e for e in life.events if (type(e), e.occurred_on) != (NoticeGiven, told.occurred_on)]
    [gap] = gaps(untold, GapKind.PARENTS_NOT_TOLD)
    assert (gap.from_on, gap.closed_on) == (day("2024-10-07"), None)


LEVEL = GiveNotice(
    occurred_on=day("2024-06-03"),
    notice_of=NoticeOf.SUPPORT_LEVEL,
    contact_ids=(MOTHER,),
    how="Letter",
)


@pytest.mark.parametrize(
    ("change", "notices", "expected"),
    [
        ({}, [], [("2024-05-20", None)]),
        ({}, [LEVEL], [("2024-05-20", "2024-06-03")]),
        ({}, [but(LEVEL, notice_of=NoticeOf.SEN_PROVISION)], [("2024-05-20", "2024-06-03")]),
        ({}, [but(LEVEL, notice_of=NoticeOf.MONITORING)], [("2024-05-20", None)]),
        ({}, [but(LEVEL, occurred_on=day("2024-05-13"))], []),
        ({"parents_informed_on": day("2024-05-17")}, [], []),
        ({"parents_informed_on": day("2024-05-24")}, [], [("2024-05-20", "2024-05-24")]),
    ],
)
def test_a_change_of_level_of_which_parents_are_not_told(
    change: dict[str, Any], notices: list[Command], expected: list[tuple[str, str | None]]
) -> None:
    life = supported().then(PSYCHOLOGIST, but(SPECIALIST, **change), *notices)

    assert spans(life, GapKind.LEVEL_NOT_TOLD) == [
        (day(start), day(end) if end else None) for start, end in expected
    ]


def test_what_was_told_of_one_change_tells_nothing_of_the_next() -> None:
    back = but(SPECIALIST, occurred_on=day("2024-09-20"), to_level=SupportLevel.TARGETED)
    life = supported().then(PSYCHOLOGIST, SPECIALIST, LEVEL, back)

    assert spans(life, GapKind.LEVEL_NOT_TOLD) == [
        (day("2024-05-20"), day("2024-06-03")),
        (day("2024-09-20"), None),
    ]


# Monitoring


def test_monitoring_past_half_a_term_without_a_review() -> None:
    life = Life().then(WATCH)
    assert spans(life, GapKind.MONITORING_PAST_REVIEW) == [(day("2023-11-02"), None)]

    life.then(LOOK)
    assert spans(life, GapKind.MONITORING_PAST_REVIEW) == [
        (day("2023-11-02"), day("2023-11-13")),
        (day("2023-12-26"), None),
    ]

    life.then(EndMonitoring(occurred_on=day("2024-01-08")))
    assert spans(life, GapKind.MONITORING_PAST_REVIEW)[1] == (
        day("2023-12-26"),
        day("2024-01-08"),
    )


def test_a_review_that_decides_to_end_monitoring_leaves_half_a_term_to_do_it() -> None:
    life = Life().then(WATCH, but(LOOK, occurred_on=day("2023-10-30"), next_step=NextStep.END))

    assert spans(life, GapKind.MONITORING_PAST_REVIEW) == [(day("2023-12-12"), None)]


def test_on_the_register_monitoring_is_over() -> None:
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(WATCH, IDENTIFY, TELL, ADD)

    assert spans(life, GapKind.MONITORING_PAST_REVIEW) == [(day("2023-11-02"), ADDED_ON)]


# Late entries


@pytest.mark.parametrize(("late", "found"), [(0, []), (7, []), (8, [8]), (100, [100])])
def test_an_entry_is_missing_from_a_week_on_until_it_comes(late: int, found: list[int]) -> None:
    recorded = datetime.combine(WATCH.occurred_on + timedelta(late), time(12), UTC)
    rows = gaps(Life().then(WATCH, recorded_at=recorded), GapKind.LATE_ENTRY)

    assert [row.days for row in rows] == found
    for row in rows:
        assert row.from_on == WATCH.occurred_on + timedelta(8)
        assert row.closed_on == recorded.date()


def test_the_events_of_one_entry_are_late_once() -> None:
    life = planned().then(REVIEW, recorded_at=datetime(2024, 5, 1, tzinfo=UTC))

    assert [row.days for row in gaps(life, GapKind.LATE_ENTRY)] == [34]


def test_an_entry_of_any_kind_can_be_late() -> None:
    life = Life().then(RECORD_MOTHER, recorded_at=datetime(2023, 10, 4, tzinfo=UTC))

    assert [row.kind for row in gaps(life)] == [GapKind.LATE_ENTRY]


# Whatever happened


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(any_events())
def test_whatever_happened_no_gap_closes_before_it_opens(events: list[DomainEvent]) -> None:
    rows = gaps(events)

    assert len({row.gap_id for row in rows}) == len(rows)
    for row in rows:
        assert row.basis == KINDS[GapKind(row.kind)][1]
        assert row.closed_on is None or row.from_on <= row.closed_on
        assert 1 <= row.started_by <= len(events)
        assert row.kind == GapKind.LATE_ENTRY or row.from_on != row.closed_on
    for kind in {*GapKind} - {GapKind.LATE_ENTRY, GapKind.TARGET_NOT_EVALUATED}:
        of_kind = [row for row in rows if row.kind == kind]
        assert [row.closed_on for row in of_kind[:-1]].count(None) == 0
        for before, after in pairwise(of_kind):
            assert before.closed_on is not None
            assert before.closed_on <= after.from_on


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(any_events())
def test_an_event_seen_again_changes_nothing(events: list[DomainEvent]) -> None:
    assert gaps([*events, *events]) == gaps(events)


# As of a day


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


def test_the_gaps_of_a_day_are_those_open_then(
    records: SendRecords, engine: Engine, app_pool: Pool
) -> None:
    pupil = records.admit(ADMIT, asked()).pupil_id
    records.execute(pupil, RECORD_MOTHER, asked(MOTHER))
    again = but(AGREE, occurred_on=day("2025-01-08"))
    for command in (IDENTIFY, TELL, ADD, AGREE, again):
        records.execute(pupil, command, asked())
    engine.catch_up()

    def open_on(text: str, **more: Any) -> list[date]:
        asked_for: dict[str, Any] = {
            "academy": ADMIT.academy,
            "pupil_id": pupil,
            "kind": GapKind.AGREEMENT_MISSING,
            "on": day(text),
            "closed": False,
        }
        page = gaps_page(
            Views(app_pool, held().seals).within(WHOLE_TRUST),
            after=None,
            limit=50,
            **(asked_for | more),
        )
        return [row.from_on for row in page.rows]

    first, second = day("2024-12-14"), day("2026-01-09")
    assert open_on("2024-12-13") == []
    assert open_on("2024-12-14") == open_on("2025-01-07") == [first]
    assert open_on("2025-01-08") == open_on("2026-01-08") == []
    assert open_on("2026-01-09") == [second]
    assert open_on("2026-01-09", closed=True) == [first, second]
    assert open_on("2026-01-09", academy="Birch Lane Academy") == []
    assert open_on("2026-01-09", pupil_id=uuid4()) == []
    late = gaps_page(
        Views(app_pool, held().seals).within(WHOLE_TRUST),
        academy=None,
        pupil_id=None,
        kind=GapKind.LATE_ENTRY,
        on=records.today(),
        closed=True,
        after=None,
        limit=50,
    )
    assert len(late.rows) == 7
    assert {row.closed_on for row in late.rows} == {records.today()}


def test_the_view_is_outdated_once_an_interval_it_follows_from_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, shipped = EvidenceGaps().rules, shipped_rules()
    for name, differs in (("late_entry", True), ("legal_hold_review", False)):
        rows = tuple(
            replace(row, weeks=row.weeks + 1) if row.name == name else row
            for row in shipped.intervals
        )
        changed = replace(shipped, intervals=rows)
        monkeypatch.setattr(gap_facts, "shipped_rules", lambda changed=changed: changed)

        assert (EvidenceGaps().rules != before) is differs
