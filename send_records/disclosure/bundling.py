"""Bundling: from the sections that somebody wants to the bundle, with the record as it was known on
the day that is asked about.

First-tier Tribunal (SEND), HESC Practice Direction No. 1 of 2025 (``facts.md`` 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from uuid import UUID

from send_records.aggregates.bundle_contents import (
    BundleKind,
    Numbering,
    PageBudget,
    SectionWanted,
    budget_row,
)
from send_records.aggregates.bundles import PrepareBundle
from send_records.aggregates.contents import Pack, PackBreach, PackSection
from send_records.aggregates.rules import Rules
from send_records.disclosure.bundle.making import bundle
from send_records.disclosure.bundle.numbers import PageNumbering
from send_records.disclosure.bundle.parts import (
    Budget,
    Bundle,
    BundleOf,
    DocumentItem,
    Limits,
    Section,
)
from send_records.disclosure.bundle_items import Known, beside, item_of, page_of
from send_records.disclosure.extract import Way
from send_records.disclosure.held import Held
from send_records.disclosure.pack import PackContents
from send_records.disclosure.papers import Working, going_on
from send_records.disclosure.preparing import Asked, Preparing
from send_records.disclosure.record_pages import NEVER

BUNDLE = "bundle.pdf"

TRIBUNAL = "First-tier Tribunal (Special Educational Needs and Disability)"

IN_WORDS = {
    BundleKind.DISCRIMINATION: "Bundle for a claim of disability discrimination",
    BundleKind.EVIDENCE: "Evidence of the school for an appeal",
}

NUMBERING = {
    Numbering.CONTINUOUS: PageNumbering.CONTINUOUS,
    Numbering.BY_SECTION: PageNumbering.BY_SECTION,
}


class Bundling:
    """Makes the bundles of one trust."""

    def __init__(self, preparing: Preparing, rules: Rules) -> None:
        self._preparing, self._rules = preparing, rules

    def bundle(self, asked: Asked, command: PrepareBundle, working: Working) -> tuple[bytes, Pack]:
        """Return a pack with the bundle, and what is recorded of it: every rule that it breaks too.

        Raise NothingOnSheet, NotFound for a document that was not on file then, and ItemNotReadable
        for one of which no page can be made.
        """
        going_on(working, "gathering", 0, 0)
        held = self._preparing.held(asked, command)
        wanted = [item.document_id for section in command.sections for item in section.items]
        contents = self._preparing.contents(held, working, {each for each in wanted if each})
        told = self._known(asked, command, held)
        of = self._bundle_of(command, told, contents)
        going_on(working, "binding", 0, 0)
        made = bundle(of, self._limits(command.occurred_on), stopped=working.stopped)
        going_on(working, "packing", 0, 0)
        data = self._preparing.sealed(self._contents(asked, command, held, of, made))
        return data, _counted(data, held, of, made)

    def _known(self, asked: Asked, command: PrepareBundle, held: Held) -> Known:
        """Return what is held as the bundle has it, and as each sheet asks what was known."""
        days = {item.known_on for section in command.sections for item in section.items} - {None}
        known: Known = {None: held}
        for day in days:
            then = command.model_copy(update={"known_on": day})
            known[day] = self._preparing.held(asked, then)
        return known

    def _bundle_of(
        self, command: PrepareBundle, known: Known, contents: Mapping[UUID, bytes]
    ) -> BundleOf:
        held = known[None]
        sections = (
            self._section(command, section, known, contents) for section in command.sections
        )
        return BundleOf(
            titles=(IN_WORDS[command.kind], held.subject.legal_name),
            tribunal=TRIBUNAL,
            reference=command.reference,
            child=held.subject.legal_name,
            parties=(),
            kind=IN_WORDS[command.kind],
            cut=held.cut,
            known_at=held.known_at or NEVER,
            sections=tuple(sections),
            numbering=NUMBERING[command.numbering],
            hearing_on=command.hearing_on,
        )

    def _section(
        self,
        command: PrepareBundle,
        section: SectionWanted,
        known: Known,
        contents: Mapping[UUID, bytes],
    ) -> Section:
        items = tuple(item_of(wanted, known, contents) for wanted in section.items)
        return Section(section.title, items, self._budget(command, section.budget))

    def _budget(self, command: PrepareBundle, budget: PageBudget | None) -> Budget | None:
        if budget is None:
            return None
        name = budget_row(command.kind, command.appeal_type, budget)
        row = self._rules.page_budget(name, command.hearing_on or command.occurred_on)
        return Budget(row.label, row.pages, row.citation)

    def _limits(self, on: date) -> Limits:
        layout = self._rules.bundle_layout(on)
        return Limits(
            expert_report_pages=layout.expert_report_pages,
            expert_report_years=layout.expert_report_years,
            summary_within_pages=layout.executive_summary_pages,
            witness_statement_pages=layout.witness_statement_pages,
            text_points=layout.type_size_points,
        )

    def _contents(
        self, asked: Asked, command: PrepareBundle, held: Held, of: BundleOf, made: Bundle
    ) -> PackContents:
        pages = tuple(page_of(page, of, held) for page in made.pages)
        ways = {position: Way.OPENED for page in pages for position in page.entries}
        return PackContents(
            purpose=command.kind,
            pupil_id=asked.pupil_id,
            trust=self._preparing.seals.trust,
            answer=None,
            pdf=(BUNDLE, made.data),
            pages=pages,
            documents=beside(of, held),
            extract=self._preparing.extract(asked.pupil_id, held.cut, ways),
            cut=held.cut,
            preparation_id=asked.preparation_id,
        )


def _counted(data: bytes, held: Held, of: BundleOf, made: Bundle) -> Pack:
    """Return what is recorded of a bundle: of each code one breach, with all that it is of."""
    details: dict[str, list[str]] = {}
    for breach in made.breaches:
        details.setdefault(breach.code, []).append(breach.detail)
    items = [item for section in of.sections for item in section.items]
    return Pack(
        sha256=sha256(data).hexdigest(),
        size=len(data),
        pages=len(made.pages),
        position=held.cut.position,
        accesses=held.cut.accesses,
        as_of=held.cut.as_of,
        entries=len({version for page in made.pages for version in page.entries}),
        documents=sum(isinstance(item, DocumentItem) for item in items),
        withheld=0,
        redacted=0,
        sections=tuple(PackSection(each.title, each.pages, each.limit) for each in made.sections),
        breaches=tuple(PackBreach(code, " ".join(said)) for code, said in details.items()),
    )
