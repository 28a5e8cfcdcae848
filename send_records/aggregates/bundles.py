"""Bundles: what goes before the Tribunal, made as it asks for it, approved, and served.

    prepared ---> approved or returned (``approvals``) ---> served, as it was approved

HESC Practice Direction No. 1 of 2025 (``facts.md`` 5): a bundle that breaks its rules may be
rejected.  So one that does is not recorded as prepared, unless each breach has its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, Kept, PupilEvent
from send_records.aggregates.bundle_contents import (
    BUDGETS,
    OF_GROUND,
    AppealType,
    BreachReason,
    BundleKind,
    Numbering,
    SectionWanted,
)
from send_records.aggregates.contents import Pack
from send_records.aggregates.days import require_past
from send_records.aggregates.documents import document_on_file
from send_records.aggregates.preparations import (
    MakesPack,
    PackMade,
    Preparation,
    Prepared,
    as_sent,
    prepared,
    require_approved,
)
from send_records.aggregates.tribunal import open_appeal
from send_records.aggregates.values import SENDCOS, Day, Few, Name, Role, Some, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class BundleBreaches(RuleBroken):
    """A bundle keeps the rules for its pages, or says of each that it breaks why it must."""

    basis = "SEND Tribunal: HESC Practice Direction No. 1 of 2025"


class NotOfThatType(Invalid):
    """What type an appeal is of follows from what it is against."""

    basis = "SEND Tribunal: HESC Practice Direction No. 1 of 2025"


class SectionMade(Kept):
    """A section as it came out, and how many pages it may have."""

    title: str
    pages: int
    limit: int | None


class Breach(Kept):
    """A rule that the bundle breaks, and why it must."""

    code: str
    detail: str
    why: str


class BundlePrepared(Prepared):
    kind: BundleKind
    appeal_type: AppealType | None
    appeal_id: UUID | None
    reference: str | None
    hearing_on: date | None
    numbering: Numbering
    wanted: tuple[SectionWanted, ...]
    sections: tuple[SectionMade, ...]
    breaches: tuple[Breach, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        preparation = Preparation(
            *(self.preparation_id, self.kind, None, self.appeal_id, self.pack.sha256),
            prepared_by=self.metadata.recorded_by.id,
            position=self.pack.position,
            reference=self.reference,
        )
        return prepared(pupil, preparation)


class PrepareBundle(MakesPack):
    """Prepare a bundle for a claim of disability discrimination, or a part of the evidence in an
    appeal, for a second person to approve.

    Not checked: that it is in time.  Ten working days before the hearing, unless the directions of
    the case say otherwise, which stand above every table.
    """

    kind: BundleKind
    appeal_type: AppealType | None = None
    appeal_id: UUID | None = None
    reference: Name | None = None
    """The number of the claim or the appeal."""
    hearing_on: Day | None = None
    numbering: Numbering = Numbering.CONTINUOUS
    sections: Some[SectionWanted]
    reasons: Few[BreachReason] = ()
    """Why it breaks the rules that it breaks, one reason for each by its code."""

    @model_validator(mode="after")
    def _of_its_kind(self) -> PrepareBundle:
        of_appeal = self.kind is BundleKind.EVIDENCE
        if of_appeal and (self.appeal_id is None or self.appeal_type is None):
            raise ValueError("Name the appeal, and of which type it is")
        if not of_appeal and (self.appeal_id is not None or self.appeal_type is not None):
            raise ValueError("A claim of discrimination is no appeal")
        if not of_appeal and self.reference is None:
            raise ValueError("Enter the number of the claim")
        budgets = {section.budget for section in self.sections if section.budget is not None}
        if budgets - BUDGETS[self.kind]:
            allowed = ", ".join(sorted(BUDGETS[self.kind]))
            raise ValueError(f"What a section counts against is one of: {allowed}")
        return self

    def require_ready(self, pupil: Pupil, by: By) -> None:
        if self.appeal_id is not None:
            ground = open_appeal(pupil, self.appeal_id).ground
            if self.appeal_type not in OF_GROUND[ground] | {AppealType.EXTENDED}:
                raise NotOfThatType("The appeal is not of that type, by what it is against.")
        for section in self.sections:
            for item in section.items:
                if item.document_id is not None:
                    document_on_file(pupil, item.document_id)

    def recorded(self, pupil: Pupil, by: By, pack: Pack) -> BundlePrepared:
        return BundlePrepared(
            **self.entry(pupil, by),
            preparation_id=by.new_id,
            known_on=self.known_on,
            pack=PackMade.of(pack),
            kind=self.kind,
            appeal_type=self.appeal_type,
            appeal_id=self.appeal_id,
            reference=self.reference,
            hearing_on=self.hearing_on,
            numbering=self.numbering,
            wanted=self.sections,
            sections=tuple(
                SectionMade(title=each.title, pages=each.pages, limit=each.limit)
                for each in pack.sections
            ),
            breaches=self._explained(pack),
        )

    def _explained(self, pack: Pack) -> tuple[Breach, ...]:
        """Return the breaches, each with its reason; raise BundleBreaches naming those without."""
        why = {reason.code: reason.why for reason in self.reasons}
        if left := [each for each in pack.breaches if each.code not in why]:
            named = "; ".join(f"{each.code}: {each.detail}" for each in left)
            raise BundleBreaches(f"Put right, or give reasons for: {named}.")
        return tuple(
            Breach(code=each.code, detail=each.detail, why=why[each.code]) for each in pack.breaches
        )


class BundleServed(PupilEvent):
    measured = frozenset({"preparation_id", "sha256"})

    preparation_id: UUID
    sha256: str
    kind: BundleKind
    to: str
    how: str
    served_on: date

    def apply(self, pupil: Pupil) -> Pupil:
        return as_sent(pupil, self.preparation_id)

    def recipients(self) -> tuple[str, ...]:
        return (self.to,)


class ServeBundle(Command):
    """Record to whom a bundle was given, and how: the file that was approved, and no other."""

    roles = SENDCOS | {Role.DPO}
    after_leaving = True
    after_merging = True
    steps_up = True  # what leaves does not come back

    preparation_id: UUID
    to: Name
    how: Words
    on: Day | None = None
    """The day on which it was served, if it is not the day of this entry."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        found = require_approved(pupil, self.preparation_id, *BundleKind)
        if found.appeal_id is not None:
            open_appeal(pupil, found.appeal_id)
        served_on = self.on or self.occurred_on
        require_past(served_on, by)
        if found.approved_on is not None and served_on < found.approved_on:
            raise Invalid(f"It was approved on {day_in_words(found.approved_on)}.")
        return [
            BundleServed(
                **self.entry(pupil, by),
                preparation_id=found.id,
                sha256=found.sha256,
                kind=BundleKind(found.purpose),
                to=self.to,
                how=self.how,
                served_on=served_on,
            )
        ]
