"""What the chronology says of provision, profiles and healthcare."""

from __future__ import annotations

from send_records.projections.telling import detail_of, phase_of
from send_records.projections.telling.base import Phase
from tests.projections.lives import storied

TOLD = {type(event).__name__: detail_of(event) for event in reversed(storied().events)}


def test_provision_is_told_with_how_it_is_given_and_what_it_changed() -> None:
    assert TOLD["ProvisionStarted"] == (
        "Precision teaching; for T1; 5 a week of 10 minutes, in a group of 2, with Bo Quist; "
        "before: 41 words a minute"
    )
    assert TOLD["ProvisionSessionsLogged"] == (
        "11 March 2024 to 15 March 2024; 4 of 5 delivered; 3 attended; A trip on Friday"
    )
    assert TOLD["ProvisionChanged"] == (
        "5 a week of 10 minutes, one to one, with Bo Quist; until 19 May 2024; "
        "Alone she asks for help"
    )
    assert TOLD["ProvisionEnded"] == "After: 58 words a minute; Some impact, short of the target"


def test_a_healthcare_plan_is_told_with_its_review_and_its_emergency() -> None:
    assert TOLD["HealthcarePlanRecorded"] == (
        "Asthma; review on 14 March 2025; No relief after ten puffs: call 999"
    )
    assert TOLD["RemovedFromMedicalRegister"] == "Hay fever; Grown out of it"
    assert TOLD["OnePageProfileWritten"] == "Version 1; Kind to new children"


def test_provision_is_what_is_done_and_its_end_a_review() -> None:
    phases = {type(event).__name__: phase_of(event) for event in storied().events}

    assert phases["ProvisionSessionsLogged"] is Phase.DO
    assert phases["ProvisionEnded"] is Phase.REVIEW
    assert phases["HealthcarePlanRecorded"] is Phase.PLAN
