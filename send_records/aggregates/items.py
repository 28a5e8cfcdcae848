"""Items: what a record is looked through by before something of it leaves, one after another; and
on which grounds one of them, or a part of it, does not.

An item is an entry of the record, or a document on its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ValidationInfo, model_validator

from send_records.aggregates.values import STORED, Count, Few, Measure, Name, Value, judge


class Ground(StrEnum):
    """On which ground something is not disclosed (Data Protection Act 2018 Sch 2 and 3, as in
    ``facts.md`` 3.3).  That staff are named is none: what they do in their role is disclosed (Sch 2
    para 17), as are health and social workers'."""

    THIRD_PARTY = "third_party"
    EDU_SERIOUS_HARM = "education_serious_harm"
    EDU_COURT = "education_court"
    HEALTH_SERIOUS_HARM = "health_serious_harm"
    HEALTH_EXPECTATION = "health_expectation"
    CHILD_ABUSE = "child_abuse"
    CRIME = "crime"
    PRIVILEGE = "legal_privilege"
    CONF_REFERENCE = "confidential_reference"
    EXAM_SCRIPT = "examination_script"
    MANAGEMENT = "management_forecast"
    NEGOTIATION = "negotiation"


BASIS: dict[Ground, str] = {
    Ground.THIRD_PARTY: "Data Protection Act 2018 Sch 2 para 16",
    Ground.EDU_SERIOUS_HARM: "Data Protection Act 2018 Sch 3 paras 17(2) and 19",
    Ground.EDU_COURT: "Data Protection Act 2018 Sch 3 para 18",
    Ground.HEALTH_SERIOUS_HARM: "Data Protection Act 2018 Sch 3 Part 2",
    Ground.HEALTH_EXPECTATION: "Data Protection Act 2018 Sch 3 para 4",
    Ground.CHILD_ABUSE: "Data Protection Act 2018 Sch 3 para 21",
    Ground.CRIME: "Data Protection Act 2018 Sch 2 para 2",
    Ground.PRIVILEGE: "Data Protection Act 2018 Sch 2 para 19",
    Ground.CONF_REFERENCE: "Data Protection Act 2018 Sch 2 para 24",
    Ground.EXAM_SCRIPT: "Data Protection Act 2018 Sch 2 para 25",
    Ground.MANAGEMENT: "Data Protection Act 2018 Sch 2 para 22",
    Ground.NEGOTIATION: "Data Protection Act 2018 Sch 2 para 23",
}
"""Where each ground stands (``facts.md`` 3.3; of paras 18, 19 and 25 the number is general
knowledge)."""


class ItemRef(Value):
    """Which item: an entry, by its version, or a document."""

    entry: Count | None = None
    document_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_them(self, info: ValidationInfo) -> ItemRef:
        if (self.entry is None) is (self.document_id is None) and info.context != STORED:
            raise ValueError("Name an entry by its version, or a document by its id")
        return self

    def __str__(self) -> str:
        return f"document:{self.document_id}" if self.entry is None else f"entry:{self.entry}"


def _many(items: Sequence[ItemRef]) -> Sequence[ItemRef]:
    if not 1 <= len(items) <= 5_000:
        raise ValueError("Name from 1 to 5,000")
    return items


Items = Annotated[tuple[ItemRef, ...], *judge(_many, minItems=1, maxItems=5_000)]
"""From 1 to 5,000 items."""


class PageArea(Value):
    """An area of a page of a document: in hundredths of its width and height, from its upper left
    corner.  For what is no text: a signature, a face, handwriting."""

    page: Count
    """From 1."""
    left: Measure
    top: Measure
    right: Measure
    bottom: Measure

    @model_validator(mode="after")
    def _on_the_page(self, info: ValidationInfo) -> PageArea:
        across, down = (self.left, self.right), (self.top, self.bottom)
        if info.context == STORED:
            return self
        if self.page < 1:
            raise ValueError("Pages are counted from 1")
        if not all(0 <= a < b <= 100 for a, b in (across, down)):
            raise ValueError("Say an area in hundredths of the page: from 0 to 100, left to right")
        return self


class Parts(Value):
    """Which parts of an item are taken out of it."""

    phrases: Few[Name] = ()
    """Words, wherever they stand in the item: also over the end of a line, in capitals or not."""
    fields: Few[Name] = ()
    """Of an entry: whole fields, by their names."""
    areas: Few[PageArea] = ()
    """Of a document: areas of its pages."""

    @model_validator(mode="after")
    def _some(self, info: ValidationInfo) -> Parts:
        if not (self.phrases or self.fields or self.areas) and info.context != STORED:
            raise ValueError("Say which words, fields or areas are to be taken out")
        return self
