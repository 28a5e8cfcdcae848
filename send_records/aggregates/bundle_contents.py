"""Bundle contents: what somebody wants in a bundle for the Tribunal, section by section.

First-tier Tribunal (SEND), HESC Practice Direction No. 1 of 2025 (``facts.md`` 5): for claims of
disability discrimination the trust makes the bundle; in appeals the local authority does, and the
school gives it its evidence.  How many pages each part may have is in ``rules/bundles.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ValidationInfo, model_validator

from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.values import STORED, Day, Flag, Name, Value, Words, judge


class BundleKind(StrEnum):
    """What a bundle is for."""

    DISCRIMINATION = "discrimination_claim"
    EVIDENCE = "evidence"


class AppealType(StrEnum):
    """What an appeal is about, as far as it says how many pages of evidence there may be."""

    REFUSAL_TO_ASSESS = "refusal_to_assess"
    REFUSAL_TO_ISSUE = "refusal_to_issue"
    SECTIONS_B_F = "sections_b_f"
    SECTION_I = "section_i"
    CEASE_TO_MAINTAIN = "cease_to_maintain"
    EXTENDED = "extended"


OF_GROUND: dict[AppealGround, frozenset[AppealType]] = {
    AppealGround.REFUSAL_TO_ASSESS: frozenset({AppealType.REFUSAL_TO_ASSESS}),
    AppealGround.REFUSAL_TO_REASSESS: frozenset({AppealType.REFUSAL_TO_ASSESS}),
    AppealGround.REFUSAL_TO_ISSUE: frozenset({AppealType.REFUSAL_TO_ISSUE}),
    AppealGround.CONTENTS: frozenset({AppealType.SECTIONS_B_F, AppealType.SECTION_I}),
    AppealGround.REFUSAL_TO_AMEND: frozenset({AppealType.SECTIONS_B_F, AppealType.SECTION_I}),
    AppealGround.CEASING: frozenset({AppealType.CEASE_TO_MAINTAIN}),
}
"""Of which types an appeal on each ground can be; any can be extended to health or social care.
The table of pages has no line for a refusal to amend, which is about what a plan says."""


class Numbering(StrEnum):
    """How pages are numbered: through the whole bundle, or anew in each section."""

    CONTINUOUS = "continuous"
    BY_SECTION = "by_section"


class PageBudget(StrEnum):
    """What a section counts against."""

    CORE = "core"
    SUPPLEMENTARY = "supplementary"
    EHC_PLAN = "ehc_plan"
    WORKING_DOCUMENT = "working_document"
    EVIDENCE = "evidence"


BUDGETS: dict[BundleKind, frozenset[PageBudget]] = {
    BundleKind.DISCRIMINATION: frozenset(
        {PageBudget.CORE, PageBudget.SUPPLEMENTARY, PageBudget.EVIDENCE}
    ),
    BundleKind.EVIDENCE: frozenset(PageBudget) - {PageBudget.SUPPLEMENTARY},
}
"""What there is to count against in a bundle of each kind (``facts.md`` 5)."""


def budget_row(kind: BundleKind, appeal_type: AppealType | None, budget: PageBudget) -> str:
    """Return the name of the row of ``rules/bundles.toml`` that says how many pages there may be:
    of a claim, of any appeal or, for the evidence of a party, of an appeal of its type."""
    if kind is BundleKind.DISCRIMINATION:
        return f"{kind}.{budget}"
    return f"{appeal_type}.{budget}" if budget is PageBudget.EVIDENCE else f"appeal.{budget}"


class Sheet(StrEnum):
    """What is set from the record itself."""

    CHRONOLOGY = "chronology"
    PLANS = "plans"
    REVIEWS = "reviews"
    PROVISION = "provision"
    ASSESSMENTS = "assessments"
    AGREEMENTS = "agreements"
    COMMUNICATIONS = "communications"
    ADJUSTMENTS = "adjustments"
    WHOLE_RECORD = "whole_record"


class ItemWanted(Value):
    """One thing in a section: a document on file, or a sheet of the record."""

    document_id: UUID | None = None
    sheet: Sheet | None = None
    from_on: Day | None = None
    """Of a sheet: the first day of the entries in it."""
    to_on: Day | None = None
    """Of a sheet: the last day of the entries in it."""
    known_on: Day | None = None
    """Of a sheet: the day by whose end the school knew what it tells; that of the bundle, unless it
    is said.  A tribunal asks what was known on the day of a decision."""
    expert_report: Flag = False
    """Of a document: whether it is an expert's, whose length and age are limited."""
    witness_statement: Flag = False
    """Of a document: whether it is a witness's, whose length is limited."""

    @model_validator(mode="after")
    def _one_of_them(self, info: ValidationInfo) -> ItemWanted:
        if info.context == STORED:
            return self
        if (self.document_id is None) is (self.sheet is None):
            raise ValueError("Name a document by its id, or a sheet")
        if self.sheet is None and (self.from_on or self.to_on or self.known_on):
            raise ValueError("Name days for a sheet only")
        if self.from_on and self.to_on and self.to_on < self.from_on:
            raise ValueError("Name the first day, then the last")
        if self.document_id is None and (self.expert_report or self.witness_statement):
            raise ValueError("An expert report or a witness statement is a document")
        if self.expert_report and self.witness_statement:
            raise ValueError("Say that it is an expert report, or a witness statement")
        return self


def _some(items: Sequence[ItemWanted]) -> Sequence[ItemWanted]:
    if not 1 <= len(items) <= 500:
        raise ValueError("Name from 1 to 500")
    return items


class SectionWanted(Value):
    """A section of a bundle, and what it counts against; nothing, where that is None."""

    title: Name
    budget: PageBudget | None = None
    items: Annotated[tuple[ItemWanted, ...], *judge(_some, minItems=1, maxItems=500)]


class BreachReason(Value):
    """Why a bundle does not keep a rule: what form SEND7 asks for where it is of more pages."""

    code: Name
    why: Words
