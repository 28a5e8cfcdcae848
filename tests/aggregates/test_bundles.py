"""Bundles for the Tribunal: what may be in one, what its pages may be, and to whom it is served."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.bundle_contents import (
    BUDGETS,
    OF_GROUND,
    AppealType,
    BreachReason,
    BundleKind,
    ItemWanted,
    PageBudget,
    SectionWanted,
    Sheet,
    budget_row,
)
from send_records.aggregates.bundles import (
    Breach,
    BundleBreaches,
    BundlePrepared,
    BundleServed,
    NotOfThatType,
    PrepareBundle,
    SectionMade,
    ServeBundle,
)
from send_records.aggregates.contents import PackBreach, PackSection
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.preparations import AlreadySent, PreparationVoid, Void
from send_records.aggregates.rules import RuleMissing
from send_records.aggregates.tribunal import (
    AppealAlreadyDecided,
    AppealOutcome,
    RecordAppealDecision,
)
from send_records.aggregates.values import DataClass, Role
from send_records.api.refusals import refusals_of_command
from send_records.errors import Invalid, NotFound
from send_records.rules import shipped_rules
from tests.aggregates.preparing import (
    ANEW,
    APPEAL,
    APPROVE,
    CLAIM,
    DPO,
    EVIDENCE,
    OF_THE_RECORD,
    PREPARED,
    SERVE,
    appealed,
    bundled,
    prepared,
)
from tests.scenario import NOBODY, SENCO, TODAY, a_family, but, by, pack

PD_2025 = date(2025, 7, 15)
LONG = PackBreach("pages_over_budget", "The school's evidence: 103 pages of 75")
OLD = PackBreach("report_too_old", "The school's evidence, item 2: 4 years")
SEND7 = BreachReason(code="pages_over_budget", why="Asked for by form SEND7 on 16 November")
DOCUMENT = UUID(int=211)
FILE = FileDocument(
    occurred_on=TODAY,
    kind=DocumentKind.PROFESSIONAL_REPORT,
    title="Educational psychologist's report",
    dated=date(2026, 2, 9),
    data_class=DataClass.EDUCATION,
)


def made(command: PrepareBundle, *breaches: PackBreach) -> BundlePrepared:
    """Return what records a bundle that came out so."""
    section = PackSection("The school's evidence", 103, 75)
    bundle = replace(pack(PREPARED), sections=(section,), breaches=breaches)
    who = replace(by(SENCO, command_id=PREPARED), pack=bundle)
    [event] = command.decide(appealed().pupil, who)
    assert isinstance(event, BundlePrepared)
    return event


def test_evidence_in_an_open_appeal_is_prepared_and_a_claims_bundle() -> None:
    appealed().when(EVIDENCE).then(
        BundlePrepared,
        kind=BundleKind.EVIDENCE,
        appeal_id=APPEAL,
        appeal_type=AppealType.REFUSAL_TO_ASSESS,
        wanted=(OF_THE_RECORD,),
        breaches=(),
    )
    a_family().by(DPO).when(CLAIM).then(
        BundlePrepared, kind=BundleKind.DISCRIMINATION, reference="EH123/26/00042", appeal_id=None
    )
    assert PrepareBundle.roles == ServeBundle.roles == {Role.SENCO, Role.TRUST_SENCO, Role.DPO}


def test_what_came_out_is_recorded_section_by_section() -> None:
    event = made(EVIDENCE)

    assert event.sections == (SectionMade(title="The school's evidence", pages=103, limit=75),)
    assert event.pack.sha256 == pack(PREPARED).sha256
    [kept] = event.apply(a_family().pupil).preparations.values()
    assert (kept.purpose, kept.appeal_id, kept.request_id) == ("evidence", APPEAL, None)


def test_a_rule_that_a_bundle_breaks_has_its_reason_or_it_is_refused_naming_each() -> None:
    with pytest.raises(BundleBreaches) as refused:
        made(EVIDENCE, LONG, OLD)
    assert str(refused.value) == (
        "Put right, or give reasons for: "
        "pages_over_budget: The school's evidence: 103 pages of 75; "
        "report_too_old: The school's evidence, item 2: 4 years."
    )
    with pytest.raises(BundleBreaches, match="report_too_old") as refused:
        made(but(EVIDENCE, reasons=(SEND7,)), LONG, OLD)
    assert "pages_over_budget" not in str(refused.value)
    assert BundleBreaches in refusals_of_command(PrepareBundle)

    event = made(but(EVIDENCE, reasons=(SEND7,)), LONG)

    assert event.breaches == (Breach(code=LONG.code, detail=LONG.detail, why=SEND7.why),)


def test_evidence_is_for_an_appeal_that_is_there_and_open() -> None:
    decided = RecordAppealDecision(
        occurred_on=TODAY, appeal_id=APPEAL, outcome=AppealOutcome.DISMISSED
    )

    a_family().when(EVIDENCE).refused(NotFound)
    appealed().given(decided).when(EVIDENCE).refused(AppealAlreadyDecided)
    bundled().given(APPROVE).by(SENCO).given(decided).when(SERVE).refused(AppealAlreadyDecided)


def test_the_type_of_an_appeal_fits_what_it_is_against() -> None:
    appealed().when(but(EVIDENCE, appeal_type=AppealType.SECTION_I)).refused(NotOfThatType)
    appealed().when(but(EVIDENCE, appeal_type=AppealType.EXTENDED)).then(BundlePrepared)
    assert set(OF_GROUND) == set(AppealGround)


def test_a_document_in_a_bundle_is_on_file() -> None:
    report = ItemWanted(document_id=DOCUMENT, expert_report=True)
    section = but(OF_THE_RECORD, items=(*OF_THE_RECORD.items, report))

    appealed().when(but(EVIDENCE, sections=(section,))).refused(NotFound)
    appealed().given(FILE, new_id=DOCUMENT).when(but(EVIDENCE, sections=(section,))).then(
        BundlePrepared, wanted=(section,)
    )


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (EVIDENCE, {"appeal_id": None}),
        (EVIDENCE, {"appeal_type": None}),
        (EVIDENCE, {"sections": (but(OF_THE_RECORD, budget=PageBudget.SUPPLEMENTARY),)}),
        (EVIDENCE, {"sections": ()}),
        (CLAIM, {"reference": None}),
        (CLAIM, {"appeal_id": APPEAL}),
        (CLAIM, {"appeal_type": AppealType.EXTENDED}),
        (CLAIM, {"sections": (but(OF_THE_RECORD, budget=PageBudget.EHC_PLAN),)}),
    ],
)
def test_a_bundle_says_what_its_kind_needs(command: PrepareBundle, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        but(command, **changes)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"document_id": DOCUMENT, "sheet": Sheet.PLANS},
        {"document_id": DOCUMENT, "from_on": date(2026, 1, 1)},
        {"sheet": Sheet.PLANS, "from_on": date(2026, 1, 2), "to_on": date(2026, 1, 1)},
        {"sheet": Sheet.PLANS, "expert_report": True},
        {"sheet": Sheet.PLANS, "witness_statement": True},
        {"document_id": DOCUMENT, "expert_report": True, "witness_statement": True},
    ],
)
def test_an_item_is_one_document_or_one_sheet(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ItemWanted(**fields)


def test_a_section_has_from_one_to_five_hundred_items() -> None:
    item = ItemWanted(sheet=Sheet.CHRONOLOGY)

    assert len(SectionWanted(title="All", items=(item,) * 500).items) == 500
    for number in (0, 501):
        with pytest.raises(ValidationError, match="from 1 to 500"):
            SectionWanted(title="All", items=(item,) * number)


def test_what_was_approved_is_served_once_to_somebody() -> None:
    approved = bundled().given(APPROVE)

    served = approved.when(SERVE).then(
        BundleServed, to="The Tribunal", sha256=pack(PREPARED).sha256, served_on=TODAY
    )
    [event] = approved.when(SERVE).decided()
    assert event.recipients() == ("The Tribunal",)
    served.when(SERVE).refused(AlreadySent)
    approved.when(but(SERVE, preparation_id=NOBODY)).refused(NotFound)


def test_what_answers_a_request_is_not_served_as_a_bundle() -> None:
    prepared().given(APPROVE).when(SERVE).refused(NotFound)


def test_a_bundle_is_served_after_it_was_approved_and_not_in_days_to_come() -> None:
    approved = bundled().given(APPROVE)

    approved.when(but(SERVE, on=date(2026, 11, 22))).refused(Invalid)
    approved.when(but(SERVE, on=date(2026, 11, 24))).refused(NotYetHappened)
    approved.when(but(SERVE, occurred_on=date(2026, 11, 20), on=TODAY)).then(
        BundleServed, served_on=TODAY
    )


def test_the_later_of_two_bundles_for_one_dealing_stands() -> None:
    twice = bundled().by(SENCO).given(EVIDENCE, new_id=ANEW).by(DPO)

    twice.when(APPROVE).refused(PreparationVoid)
    other = bundled().by(SENCO).given(CLAIM, new_id=ANEW).given(but(CLAIM, reference="EH9/26/1"))
    assert [each.why_void for each in other.pupil.preparations.values()] == [None] * 3
    assert twice.pupil.preparations[PREPARED].why_void is Void.PREPARED_ANEW


PAGES = {
    "appeal.core": 100,
    "appeal.ehc_plan": 150,
    "appeal.working_document": 25,
    "refusal_to_assess.evidence": 75,
    "refusal_to_issue.evidence": 100,
    "sections_b_f.evidence": 100,
    "section_i.evidence": 75,
    "cease_to_maintain.evidence": 75,
    "extended.evidence": 75,
    "discrimination_claim.core": 100,
    "discrimination_claim.supplementary": 100,
    "discrimination_claim.evidence": 200,
}
"""The table of ``facts.md`` 5, written down a second time."""


def test_the_pages_of_each_part_are_those_of_the_practice_direction() -> None:
    rules = shipped_rules()

    assert {row.name: row.pages for row in rules.page_limits} == PAGES
    assert {row.effective_from for row in rules.page_limits} == {PD_2025}
    assert all(row.citation and row.label for row in rules.page_limits)
    assert rules.page_budget("appeal.core", date(2024, 1, 1)).pages == 100
    with pytest.raises(RuleMissing):
        rules.page_budget("appeal.tea", TODAY)


def test_whatever_a_section_may_count_against_has_its_row() -> None:
    of_claim = {
        budget_row(BundleKind.DISCRIMINATION, None, budget)
        for budget in BUDGETS[BundleKind.DISCRIMINATION]
    }
    of_appeal = {
        budget_row(BundleKind.EVIDENCE, appeal_type, budget)
        for budget in BUDGETS[BundleKind.EVIDENCE]
        for appeal_type in AppealType
    }

    assert of_claim | of_appeal == set(PAGES)


def test_the_layout_of_a_bundle_is_that_of_the_practice_direction() -> None:
    layout = shipped_rules().bundle_layout(TODAY)

    assert (layout.expert_report_pages, layout.executive_summary_pages) == (15, 2)
    assert (layout.expert_report_years, layout.witness_statement_pages) == (3, 10)
    assert (layout.type_size_points, layout.due_working_days) == (12, 10)
    assert layout.effective_from == PD_2025
