"""What each role is shown of each kind of row: by the table, and by sentences beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st

from send_records.aggregates import EVENTS
from send_records.aggregates.decisions import REVIEW_EVENTS
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import DataClass, Role
from send_records.api.accounting import AccessClass, access_class_of, shape_of
from send_records.api.app import create_app
from send_records.authority.authorize import Verb
from send_records.authority.fields import AROUND, TIERS, tier_of
from send_records.authority.rows import (
    RESTRICTED_CLOCKS,
    RESTRICTED_ENTRIES,
    RESTRICTED_GAPS,
    UNRESTRICTED_CLASSES,
    UNRESTRICTED_CLOCKS,
    UNRESTRICTED_ENTRIES,
    UNRESTRICTED_GAPS,
    rows_of,
)
from send_records.authority.shapes import WHOSE, Shape, shapes_of
from send_records.authority.showing import Showing
from send_records.authority.table import LINES, Line, line_of
from send_records.projections.gap_spans import GapKind
from send_records.projections.register_rows import RegisterRow
from send_records.projections.whose import of_pupil
from send_records.rules.clocks import clocks_of
from send_records.store.access import Act, Tier

NO_SHAPE = {
    "get_calendar",  # counts of duties, cut by their clocks
    "get_document_content",  # T4
    "get_extract",  # T4, for export
    "get_pack_content",  # T4, for export
    "get_locked_pack",  # T4, for export
    "get_working_document",  # what was sent, as a Word file
    "get_proofs",  # hashes
    "end_calendar",
}
FREE_FORM = {"get_history": Tier.RESTRICTED, "get_events": None, "get_entry": Tier.RESTRICTED}
"""Routes with objects in them that no type describes, and for whom they are."""


def routes() -> Iterator[tuple[str, str, AccessClass, Any]]:
    """Yield each route that shows something: its operation, path, class, and itself."""
    for route in iter_route_contexts(create_app(None).routes):  # type: ignore[arg-type]
        if (route.path or "").startswith("/v1"):
            original: Any = route.original_route
            access = access_class_of(original)
            if access is not None:
                yield str(route.operation_id), str(route.path), access, original


ROUTES = {name: (path, access, route) for name, path, access, route in routes()}


def verb(operation: str) -> Verb:
    path, access, _ = ROUTES[operation]
    return access.verb(operation, path)


def showing(line: Line, operation: str) -> Showing | None:
    """What a line shows of an operation's answers; None if it may not ask."""
    asked = verb(operation)
    return Showing(line.tiers, asked.cut_by(line)) if asked.allowed_by(line) else None


def shape(operation: str) -> Shape | None:
    return shape_of(ROUTES[operation][2])


def test_every_field_of_every_answer_is_in_the_table_and_nothing_else_is() -> None:
    found: dict[str, set[str]] = {}
    for operation in ROUTES:
        whole = shape(operation)
        for each in whole.all() if whole else ():
            found.setdefault(each.kind, set()).update(each.fields.keys() - {WHOSE})
    known = {kind: set(fields) for kind, fields in TIERS.items()}
    known |= {kind: set(fields) for kind, fields in AROUND.items()}
    assert found == known


def test_what_no_type_describes_is_restricted_or_has_a_line_of_its_own() -> None:
    assert {name for name in ROUTES if shape(name) is None} == NO_SHAPE
    for name, tier in FREE_FORM.items():
        asked = verb(name)
        assert asked.tier == tier


def test_every_kind_of_entry_clock_and_gap_is_in_the_table() -> None:
    kinds = {kind.__name__ for kind in EVENTS.values()} if isinstance(EVENTS, dict) else set(EVENTS)
    assert kinds - OF_PEOPLE == UNRESTRICTED_ENTRIES | RESTRICTED_ENTRIES
    assert not UNRESTRICTED_ENTRIES & RESTRICTED_ENTRIES
    assert {clock.name for clock in clocks_of().rows} == UNRESTRICTED_CLOCKS | RESTRICTED_CLOCKS
    assert not UNRESTRICTED_CLOCKS & RESTRICTED_CLOCKS
    assert set(map(str, GapKind)) == UNRESTRICTED_GAPS | RESTRICTED_GAPS
    assert not UNRESTRICTED_GAPS & RESTRICTED_GAPS
    assert set(map(str, DataClass)) > UNRESTRICTED_CLASSES == {"education"}


OF_PEOPLE: set[str] = set()

EXACTLY = {
    Role.CLASS_TEACHER: (ScopeKind.CLASSES, {"T1", "T2", "T3"}),
    Role.PHASE_LEADER: (ScopeKind.PHASE, {"T1", "T2", "T3"}),
    Role.PRINCIPAL: (ScopeKind.ACADEMIES, {"T0", "T1", "T2", "T3"}),
    Role.SENCO: (ScopeKind.ACADEMIES, {"T0", "T1", "T2", "T3", "T4", "T5"}),
    Role.TEACHING_ASSISTANT: (ScopeKind.PUPILS, {"T1"}),
    Role.PARENT: (ScopeKind.RELATIONSHIP, {"T1"}),
    Role.TRUSTEE: (ScopeKind.TRUST, {"T0"}),
    Role.ADMINISTRATOR: (ScopeKind.TRUST, {"T6"}),
}


@pytest.mark.parametrize("role", EXACTLY)
@pytest.mark.parametrize("kind", TIERS)
def test_a_role_is_shown_exactly_the_fields_of_its_tiers(role: Role, kind: str) -> None:
    scope, tiers = EXACTLY[role]
    line = line_of(role, scope)
    assert line is not None
    shown = Showing(line.tiers)
    allowed = {field for field, tier in TIERS[kind].items() if tier in tiers}
    assert {field for field in TIERS[kind] if shown.shows(kind, field)} == allowed


@given(st.sampled_from(LINES), st.sampled_from(sorted(ROUTES)))
def test_no_role_is_shown_a_field_above_its_tiers_but_by_name(line: Line, operation: str) -> None:
    shown, whole = showing(line, operation), shape(operation)
    if shown is None or whole is None or shown.cut.whole:
        return
    for each, field, yes in shown.fields(whole):
        if field == WHOSE or each.kind in AROUND:
            continue
        if each.kind in shown.cut.only:
            assert yes == (field in shown.cut.only[each.kind])
        else:
            assert yes == (tier_of(each.kind, field) in line.tiers)


@given(st.sampled_from(LINES), st.sampled_from(sorted(ROUTES)))
def test_whoever_may_ask_is_shown_something(line: Line, operation: str) -> None:
    shown, whole = showing(line, operation), shape(operation)
    if shown is not None and whole is not None:
        assert any(yes for each, _, yes in shown.fields(whole) if each.kind not in AROUND) or (
            operation in FREE_FORM or operation.endswith(("calendar", "calendars"))
        )


def test_a_field_without_a_line_is_shown_to_nobody_who_may_not_see_what_is_restricted() -> None:
    for line in LINES:
        assert Showing(line.tiers).shows("RegisterRow", "new") == (Tier.RESTRICTED in line.tiers)


# Sentences, by hand: they do not ask the table what is sensitive.

TEACHER = (Role.CLASS_TEACHER, ScopeKind.CLASSES)
PHASE = (Role.PHASE_LEADER, ScopeKind.PHASE)
HEAD = (Role.PRINCIPAL, ScopeKind.ACADEMIES)
ENGAGED = (Role.TRUST_SEND_LEADER, ScopeKind.ENGAGEMENT)
ASSISTANT = (Role.TEACHING_ASSISTANT, ScopeKind.PUPILS)
SPECIALIST = (Role.SUPPORT_ASSISTANT, ScopeKind.PUPILS)
PARENT = (Role.PARENT, ScopeKind.RELATIONSHIP)
PUPIL = (Role.PUPIL, ScopeKind.RELATIONSHIP)
OUTSIDE = (Role.PROFESSIONAL, ScopeKind.REFERRAL)
PROGRAM = (Role.INTEGRATION, ScopeKind.ACADEMIES)
DPO = (Role.DPO, ScopeKind.TRUST)
TRUSTEE = (Role.TRUSTEE, ScopeKind.TRUST)
ANALYST = (Role.ANALYST, ScopeKind.TRUST)
AUDITOR = (Role.AUDITOR, ScopeKind.TRUST)
ADMINISTRATOR = (Role.ADMINISTRATOR, ScopeKind.TRUST)

NEVER = [
    (TEACHER, "get_register", "agencies"),
    (TEACHER, "get_register", "looked_after"),
    (TEACHER, "get_pupil", "previously_looked_after"),
    (TEACHER, "get_pupil", "young_carer"),
    (TEACHER, "get_pupil", "pupil_premium"),
    (TEACHER, "find_pupils", "disability"),
    (TEACHER, "get_medical_register", "condition"),
    (TEACHER, "get_medical_register", "diagnosed"),
    (TEACHER, "get_medical_register", "medication"),
    (TEACHER, "get_agreements", "agency"),
    (TEACHER, "get_chronology", "version"),
    (TEACHER, "get_duties", "started_version"),
    (PHASE, "get_register", "agencies"),
    (PHASE, "get_pupil", "service_child"),
    (HEAD, "get_register", "looked_after"),
    (HEAD, "get_medical_register", "detail"),
    (ENGAGED, "get_pupil", "agencies"),
    (ASSISTANT, "get_pupil", "upn"),
    (ASSISTANT, "get_pupil", "date_of_birth"),
    (ASSISTANT, "get_register", "added_because"),
    (ASSISTANT, "get_targets", "evidence"),
    (ASSISTANT, "get_targets", "outcome"),
    (ASSISTANT, "get_plan", "agreed_with"),
    (ASSISTANT, "get_plan", "draft"),
    (SPECIALIST, "get_plan", "baseline"),
    (SPECIALIST, "find_pupils", "needs"),
    (PARENT, "get_plan", "draft"),
    (PARENT, "get_plan", "evidence"),
    (PARENT, "get_pupil", "agencies"),
    (PUPIL, "get_plan", "draft"),
    (PUPIL, "get_pupil", "removal_criterion"),
    (OUTSIDE, "get_plan", "draft"),
    (OUTSIDE, "get_pupil", "upn"),
    (PROGRAM, "get_register", "needs"),
    (PROGRAM, "get_register", "looked_after"),
    (DPO, "get_duties", "about"),
    (DPO, "get_retention_schedule", "date_of_birth"),
    (DPO, "get_register", "date_of_birth"),
]


@pytest.mark.parametrize(("who", "operation", "field"), NEVER)
def test_never_shown(who: tuple[Role, ScopeKind], operation: str, field: str) -> None:
    line, whole = line_of(*who), shape(operation)
    assert line is not None
    assert whole is not None
    shown = showing(line, operation)
    assert shown is not None, "may not even ask: say something of somebody who may"
    assert field in shown.withheld(whole)
    assert all(name != field for _, name, yes in shown.fields(whole) if yes)


NEVER_ASKED = [
    (who, operation)
    for who in (TRUSTEE, ANALYST, AUDITOR, ADMINISTRATOR)
    for operation in ("get_pupil", "get_register", "find_pupils", "get_chronology", "get_duties",
                      "get_medical_register", "get_plan", "get_retention_schedule")
] + [
    (ASSISTANT, "get_chronology"), (ASSISTANT, "get_concerns"), (PARENT, "get_chronology"),
    (PARENT, "get_register"), (OUTSIDE, "get_register"), (DPO, "get_chronology"),
    (DPO, "get_medical_register"), (TEACHER, "get_history"), (TEACHER, "get_caseload"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "operation"), NEVER_ASKED)
def test_never_asked(who: tuple[Role, ScopeKind], operation: str) -> None:
    line = line_of(*who)
    assert line is not None
    assert showing(line, operation) is None


def test_a_field_moved_down_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted defect: the table says that who is looked after is in the directory."""
    moved = {**TIERS["RegisterRow"], "looked_after": Tier.DIRECTORY}
    monkeypatch.setitem(TIERS, "RegisterRow", moved)
    told = [field for who, operation, field in NEVER if not _is_withheld(who, operation, field)]
    assert set(told) == {"looked_after"}


def _is_withheld(who: tuple[Role, ScopeKind], operation: str, field: str) -> bool:
    line, whole = line_of(*who), shape(operation)
    assert line is not None
    assert whole is not None
    shown = Showing(line.tiers, verb(operation).cut_by(line))
    return field in {name for _, name, yes in shown.fields(whole) if not yes}


# Cutting


def test_an_answer_is_cut_and_what_is_corrected_in_it_is_not_told() -> None:
    [row] = shapes_of(RegisterRow)
    whole = RegisterRow(
        pupil_id=UUID(int=1),
        legal_name="Ada Byron",
        preferred_name=None,
        date_of_birth=date(2015, 12, 10),
        upn="A123",
        academy="Alder Park Academy",
        nc_year="4",
        version=3,
        agencies=["CAMHS"],
        corrected=["agencies", "upn", "nc_year"],
    )
    body = orjson.dumps(whole)
    cut = orjson.loads(Showing(frozenset({Tier.DIRECTORY})).of(row, body))
    assert cut["corrected"] == ["nc_year"]
    assert not cut.keys() & {"upn", "agencies", "date_of_birth", "looked_after"}
    everything = Showing(frozenset(Tier))
    assert everything.of(row, body) is body  # untouched


def test_a_difference_above_the_tiers_is_left_out() -> None:
    whole = shape("get_differences")
    assert whole is not None
    changed = {"agencies": {"from": [], "to": ["CAMHS"]}, "status": {"from": "none", "to": "ehcp"}}
    body = orjson.dumps({"changed": changed, "came": [], "gone": [], "meta": {}})
    line = line_of(*TEACHER)
    assert line is not None
    assert orjson.loads(Showing(line.tiers).of(whole, body))["changed"] == {
        "status": changed["status"]
    }


def test_whose_a_row_is_stays_beside_it() -> None:
    assert of_pupil(RegisterRow).__name__ == "RegisterRowOfPupil"
    assert tier_of("Whose", "legal_name") is Tier.DIRECTORY


def test_rows_are_all_shown_to_those_who_may_see_what_is_restricted() -> None:
    assert not rows_of(frozenset({Tier.RESTRICTED}))
    assert rows_of(frozenset({Tier.ASSESSMENT}))
    assert Act.READ is ROUTES["get_chronology"][1].act


def test_what_records_a_review_is_restricted() -> None:
    """It says what was kept from whoever asked, and why."""
    assert REVIEW_EVENTS <= RESTRICTED_ENTRIES
