"""Kinds of documents, and whom each comes from: it decides whether a document is educational
record, which has exemptions of its own (Data Protection Act 2018 Sch 3 para 13)."""

from __future__ import annotations

from enum import StrEnum

from send_records.aggregates.values import Origin


class DocumentKind(StrEnum):
    """What a document is."""

    PROFESSIONAL_REPORT = "professional_report"
    MEDICAL_LETTER = "medical_letter"
    EHC_PLAN = "ehc_plan"
    SCHOOL_REPORT = "school_report"
    ASSESSMENT_RECORD = "assessment_record"
    MEETING_NOTES = "meeting_notes"
    CORRESPONDENCE = "correspondence"
    FROM_FAMILY = "from_family"
    TRIBUNAL = "tribunal"
    OTHER = "other"


COMES_FROM = {
    DocumentKind.PROFESSIONAL_REPORT: Origin.PROFESSIONAL,
    DocumentKind.MEDICAL_LETTER: Origin.PROFESSIONAL,
    DocumentKind.EHC_PLAN: Origin.PROFESSIONAL,
    DocumentKind.FROM_FAMILY: Origin.PARENT,
    DocumentKind.TRIBUNAL: Origin.COURT,
}
"""Whom a document of a kind comes from; others come from staff, unless the entry says otherwise."""
