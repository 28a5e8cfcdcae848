from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.base import By
from send_records.aggregates.corrected import (
    EntryCorrected,
    EntryWithdrawn,
    WhyWithdrawn,
    as_corrected,
    pupil_of,
    that_stand,
)
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import (
    ContentDiffers,
    ContentTooOld,
    ContentUnknown,
    DocumentAlreadyFiled,
    DocumentFiled,
    DocumentSuperseded,
    DocumentSupersededAlready,
    FileDocument,
    SupersedeDocument,
)
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.paths import FieldNotCorrectable
from send_records.aggregates.pupil import PupilNotOnRoll
from send_records.aggregates.values import DataClass, Origin
from send_records.documents.rows import on_file
from send_records.errors import NotFound, SendRecordsError, TooLarge, TypeNotTaken
from send_records.rules import shipped_rules
from tests.scenario import NOBODY, TODAY, Scenario, a_pupil, but, by, content

REPORT, CORRECTED, ANOTHER = (UUID(int=n) for n in (450, 451, 452))

FILE = FileDocument(
    occurred_on=date(2024, 6, 10),
    data_class=DataClass.HEALTH,
    origin=Origin.PROFESSIONAL,
    kind=DocumentKind.PROFESSIONAL_REPORT,
    title="Findings",
    author="Dr Ines Marsh",
    dated=date(2024, 6, 7),
)
SUPERSEDE = SupersedeDocument(
    occurred_on=date(2024, 6, 20), document_id=REPORT, superseded_by=CORRECTED, why="Corrected"
)

LARGEST = shipped_rules().document_limit(TODAY).largest_bytes


def asked(key: UUID = REPORT, **uploaded: Any) -> By:
    """Return who files something, with what was uploaded otherwise than it is in general."""
    return replace(by(command_id=key), content=replace(content(key), **uploaded))


def refusal(command: FileDocument, given: By, scenario: Scenario | None = None) -> str:
    """Return why a filing is refused, and by which rule."""
    with pytest.raises(SendRecordsError) as refused:
        command.decide((scenario or a_pupil()).pupil, given)
    return f"{refused.type.__name__}: {refused.value}"


def filed() -> Scenario:
    return a_pupil().given(FILE, new_id=REPORT).given(FILE, new_id=CORRECTED)


def test_what_is_recorded_of_a_file_is_what_the_store_measured() -> None:
    [event] = FILE.decide(a_pupil().pupil, asked(size=77, media_type="image/png"))

    assert isinstance(event, DocumentFiled)
    assert (event.document_id, event.size, event.media_type) == (REPORT, 77, "image/png")
    assert event.sha256 == content(REPORT).sha256
    assert (event.title, event.dated, event.data_class) == (
        *("Findings", date(2024, 6, 7)),
        DataClass.HEALTH,
    )


def test_a_caller_has_no_say_in_size_and_type() -> None:
    for said in ({"size": 1}, {"media_type": "text/plain"}, {"document_id": str(REPORT)}):
        with pytest.raises(ValidationError):
            FileDocument.model_validate(FILE.model_dump(mode="json") | said)


def test_each_document_is_classed_when_it_is_filed() -> None:
    fields = FILE.model_dump(mode="json")
    del fields["data_class"]

    with pytest.raises(ValidationError):
        FileDocument.model_validate(fields)


def test_nothing_is_filed_that_was_not_uploaded() -> None:
    assert refusal(FILE, by(uploaded=False)).startswith(ContentUnknown.__name__)


def test_a_hash_that_the_caller_knows_is_compared() -> None:
    FILE.decide(a_pupil().pupil, asked())
    but(FILE, sha256=content(REPORT).sha256).decide(a_pupil().pupil, asked())

    wrong = but(FILE, sha256=content(ANOTHER).sha256)
    assert refusal(wrong, asked()).startswith(ContentDiffers.__name__)


@pytest.mark.parametrize("digest", ["", "0" * 63, "G" * 64, "A" * 64, "0" * 64 + "\n"])
def test_a_hash_is_64_digits(digest: str) -> None:
    with pytest.raises(ValidationError):
        but(FILE, sha256=digest)


def test_the_same_file_is_filed_once_and_the_refusal_says_when_it_was() -> None:
    again = asked(ANOTHER, sha256=content(REPORT).sha256)

    assert refusal(FILE, again, filed()) == (
        f"{DocumentAlreadyFiled.__name__}: The same file was filed on 10 June 2024, "
        "dated 7 June 2024."
    )


def test_a_file_that_was_superseded_is_not_filed_again_either() -> None:
    superseded = filed().given(SUPERSEDE)
    again = asked(ANOTHER, sha256=content(REPORT).sha256)

    assert refusal(FILE, again, superseded).startswith(DocumentAlreadyFiled.__name__)


@pytest.mark.parametrize("media_type", ["application/zip", "text/html", "application/msword", ""])
def test_a_type_that_is_not_on_the_list_is_refused_with_those_that_are(media_type: str) -> None:
    said = refusal(FILE, asked(media_type=media_type))

    assert said.startswith(TypeNotTaken.__name__)
    assert "PDF, PNG, JPEG" in said


def test_a_document_has_25_megabytes_at_most() -> None:
    FILE.decide(a_pupil().pupil, asked(size=LARGEST))

    assert refusal(FILE, asked(size=LARGEST + 1)).startswith(TooLarge.__name__)
    assert LARGEST == 25 * 1024 * 1024


def test_what_was_uploaded_over_a_day_ago_is_uploaded_again() -> None:
    FILE.decide(a_pupil().pupil, asked(age=timedelta(hours=24)))

    late = asked(age=timedelta(hours=24, seconds=1))
    assert refusal(FILE, late).startswith(ContentTooOld.__name__)


def test_a_document_bears_no_date_to_come() -> None:
    a_pupil().when(but(FILE, dated=date(2026, 11, 24))).refused(NotYetHappened)


def test_of_a_pupil_who_left_nothing_more_is_filed() -> None:
    left = a_pupil().given(RecordLeaving(occurred_on=date(2024, 6, 9), why="Moved"))

    left.when(FILE).refused(PupilNotOnRoll)


def test_a_newer_document_takes_an_older_ones_place_and_both_stay() -> None:
    after = filed().when(SUPERSEDE).then(DocumentSuperseded, document_id=REPORT)

    assert after.pupil.documents[REPORT].superseded_by == CORRECTED
    assert after.pupil.documents[CORRECTED].superseded_by is None


def test_a_document_is_superseded_once_and_by_one_that_is_current() -> None:
    done = filed().given(FILE, new_id=ANOTHER).given(SUPERSEDE)

    done.when(but(SUPERSEDE, superseded_by=ANOTHER)).refused(DocumentSupersededAlready)
    done.when(but(SUPERSEDE, document_id=CORRECTED, superseded_by=REPORT)).refused(
        DocumentSupersededAlready
    )
    done.when(but(SUPERSEDE, document_id=ANOTHER, superseded_by=REPORT)).refused(
        DocumentSupersededAlready
    )
    done.when(but(SUPERSEDE, document_id=CORRECTED, superseded_by=ANOTHER)).then(DocumentSuperseded)


def test_a_document_does_not_supersede_itself() -> None:
    filed().when(but(SUPERSEDE, superseded_by=REPORT)).refused(DocumentSupersededAlready)


def test_only_what_is_on_file_supersedes_and_is_superseded() -> None:
    filed().when(but(SUPERSEDE, document_id=NOBODY)).refused(NotFound)
    filed().when(but(SUPERSEDE, superseded_by=NOBODY)).refused(NotFound)


CORRECT = CorrectEntry(
    occurred_on=date(2024, 6, 21),
    entry_version=3,
    field="title",
    from_value="Findings",
    to_value="Findings on reading",
    why="As it is headed",
)
WITHDRAW = WithdrawEntry(
    occurred_on=date(2024, 6, 21),
    entry_version=4,
    why=WhyWithdrawn.WRONG_PUPIL,
    explanation="Of another child",
)


def test_what_a_document_is_called_can_be_put_right_and_what_was_measured_cannot() -> None:
    filed().when(CORRECT).then(EntryCorrected, entry_event="DocumentFiled")
    for field, wrong in (("size", 1), ("sha256", "0" * 64), ("media_type", "text/plain")):
        [was] = [getattr(e, field) for e in filed().events if isinstance(e, DocumentFiled)][:1]
        change = but(CORRECT, field=field, from_value=was, to_value=wrong)
        filed().when(change).refused(FieldNotCorrectable)


def test_a_document_that_was_withdrawn_is_not_on_file_and_can_be_filed_again() -> None:
    withdrawn = filed().given(WITHDRAW)

    assert set(withdrawn.pupil.documents) == {REPORT}
    again = asked(ANOTHER, sha256=content(CORRECTED).sha256)
    assert FILE.decide(withdrawn.pupil, again)


def test_what_a_document_took_the_place_of_is_current_again_once_it_is_withdrawn() -> None:
    superseded = filed().given(SUPERSEDE)
    events = superseded.events
    gone = EntryWithdrawn(
        **WITHDRAW.entry(superseded.pupil, by()),
        entry_versions=(4,),
        entry_event="DocumentFiled",
        why=WhyWithdrawn.WRONG_PUPIL,
        explanation="Of another child",
    )
    pupil = pupil_of(as_corrected([*events, gone]))

    assert pupil is not None
    assert pupil.documents[REPORT].superseded_by is None
    [row] = on_file(that_stand([*events, gone]), superseded=True)
    assert (row.document_id, row.superseded_by) == (REPORT, None)


def test_what_is_uploaded_can_be_filed_until_an_hour_before_it_may_be_removed() -> None:
    """25 hours stand in the migration: what somebody is about to file is not taken away."""
    assert all(row.file_within_hours <= 24 for row in shipped_rules().document_limits)
