"""Two records merged in one command, over a real database: in both, or in neither."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import EntryWithdrawn
from send_records.aggregates.merging import (
    KeptRecordMerged,
    MergeRecords,
    NotMergedInto,
    OpenMattersRemain,
    RecordMerged,
    RecordMergedInto,
    RecordsMerged,
    SeparateRecords,
)
from send_records.aggregates.monitoring import StartMonitoring
from send_records.aggregates.retention import ReleaseLegalHold
from send_records.application import Request, SendRecords
from send_records.errors import Conflict, Erased, NotFound, SendRecordsError, StaleVersion
from send_records.execution import ATTEMPTS, IdempotencyKeyReused
from send_records.keeper import RecordHeld
from send_records.projections.caseload import By, caseload
from send_records.projections.finding import find_pupils
from send_records.receipts import Receipt
from send_records.store.appending import CommandRow, RecordedCommand
from send_records.store.connections import Pool
from send_records.store.mapper import VersionedEvent
from send_records.store.recorder import PostgresRecorder
from send_records.store.scopes import WHOLE_TRUST
from tests.api.story import DPO
from tests.api.story_merging import MERGE
from tests.conftest import Cluster
from tests.keys import records_by
from tests.scenario import ADMIT, RECORD_GRANDMOTHER, RECORD_MOTHER, SENCO, but
from tests.store.writing import at_once
from tests.test_keeper import HOLD, Office, office_in, rows_of


def asking(command_id: UUID | None = None) -> Request:
    return Request(SENCO, command_id or uuid4(), uuid4())


def merge_into(kept: UUID) -> MergeRecords:
    return but(MERGE, into_pupil_id=kept)


def separate_from(kept: UUID) -> SeparateRecords:
    return SeparateRecords(
        occurred_on=MERGE.occurred_on, into_pupil_id=kept, explanation="Two cousins"
    )


@pytest.fixture
def kept(records: SendRecords) -> UUID:
    """A record at version 3."""
    pupil_id = records.admit(ADMIT, asking()).pupil_id
    records.execute(pupil_id, RECORD_MOTHER, asking())
    return pupil_id


@pytest.fixture
def duplicate(records: SendRecords) -> UUID:
    """A record at version 2."""
    return records.admit(but(ADMIT, upn=None), asking()).pupil_id


def last(records: SendRecords, pupil_id: UUID) -> DomainEvent:
    return records.history(pupil_id)[-1]


def test_one_command_is_recorded_in_both_records(
    records: SendRecords, kept: UUID, duplicate: UUID
) -> None:
    request, size = asking(), records.size()

    receipt = records.execute(duplicate, merge_into(kept), request, expected_version=2)

    there, here = last(records, kept), last(records, duplicate)
    assert isinstance(there, RecordsMerged)
    assert isinstance(here, RecordMergedInto)
    assert there.metadata.command_id == here.metadata.command_id == request.command_id
    assert (there.position, here.position) == (size + 1, size + 2)
    assert there.recorded_at == here.recorded_at
    assert (there.from_pupil_id, there.from_version) == (duplicate, 2)
    assert (receipt.pupil_id, receipt.version, receipt.position) == (duplicate, 3, size + 2)
    assert records.size() == size + 2


def test_its_receipt_promises_what_is_in_the_record_that_was_named(
    records: SendRecords, kept: UUID, duplicate: UUID
) -> None:
    """What is in the other one is in another extract, where this receipt is not looked for."""
    request = asking()
    receipt = records.execute(duplicate, merge_into(kept), request)
    again = records.execute(duplicate, merge_into(kept), request)

    promised = receipt.proof.split("\n\n")[0].splitlines()[2:]
    assert [int(line.split()[0]) for line in promised] == [receipt.position]
    assert again == receipt.model_copy(update={"replayed": True})


def test_the_same_request_again_is_answered_as_at_first_whatever_came_since(
    records: SendRecords, kept: UUID, duplicate: UUID
) -> None:
    request = asking()
    first = records.execute(duplicate, merge_into(kept), request, expected_version=2)
    records.execute(kept, RECORD_GRANDMOTHER, asking())
    records.execute(duplicate, separate_from(kept), asking())

    again = records.execute(duplicate, merge_into(kept), request, expected_version=2)

    assert (again.position, again.proof, again.replayed) == (first.position, first.proof, True)
    with pytest.raises(IdempotencyKeyReused):
        records.execute(duplicate, but(merge_into(kept), confirmed_by="Kim Ade"), request)
    with pytest.raises(IdempotencyKeyReused):
        records.execute(kept, merge_into(duplicate), request)


def test_as_a_task_it_goes_through_the_same_steps(
    records: SendRecords, kept: UUID, duplicate: UUID
) -> None:
    receipt = asyncio.run(records.execute_soon(duplicate, merge_into(kept), asking()))

    assert receipt.version == 3
    assert records.pupil(kept).merged == {duplicate: 4}


def test_in_hand_both_pupils_are_what_a_replay_would_make(
    records: SendRecords, app_pool: Pool, kept: UUID, duplicate: UUID
) -> None:
    for command in (merge_into(kept), separate_from(kept), merge_into(kept)):
        records.execute(duplicate, command, asking())
        fresh = records_by(PostgresRecorder(app_pool))
        for pupil_id in (kept, duplicate):
            in_hand = records._pupils.seen(pupil_id) or records.pupil(pupil_id)
            assert in_hand == fresh.pupil(pupil_id)


def test_there_must_be_a_record_to_keep(records: SendRecords, duplicate: UUID) -> None:
    with pytest.raises(NotFound):
        records.execute(duplicate, merge_into(uuid4()), asking())
    assert last(records, duplicate).originator_version == 2


def test_the_version_to_name_is_that_of_the_record_that_is_merged(
    records: SendRecords, kept: UUID, duplicate: UUID
) -> None:
    with pytest.raises(StaleVersion):
        records.execute(duplicate, merge_into(kept), asking(), expected_version=3)

    records.execute(duplicate, merge_into(kept), asking(), expected_version=2)


# Meanwhile


class Overtaken(PostgresRecorder):
    """Lets something happen after a command was decided, and before it is appended."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.happens: list[Callable[[], object]] = []

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        if self.happens:
            self.happens.pop()()
        return super().append(events, command)


@pytest.fixture
def overtaken(app_pool: Pool) -> Overtaken:
    return Overtaken(app_pool)


def test_who_writes_in_the_kept_record_meanwhile_is_not_overwritten(
    records: SendRecords, overtaken: Overtaken, kept: UUID, duplicate: UUID
) -> None:
    overtaken.happens.append(lambda: records.execute(kept, RECORD_GRANDMOTHER, asking()))

    receipt = records_by(overtaken).execute(
        duplicate, merge_into(kept), asking(), expected_version=2
    )

    versions = [event.originator_version for event in records.history(kept)]
    assert versions == [1, 2, 3, 4, 5]
    assert isinstance(last(records, kept), RecordsMerged)
    assert receipt.version == 3


def test_what_is_opened_in_the_duplicate_meanwhile_stands_in_the_way(
    records: SendRecords, overtaken: Overtaken, kept: UUID, duplicate: UUID
) -> None:
    watch = StartMonitoring(occurred_on=MERGE.occurred_on, focus="Reading")
    overtaken.happens.append(lambda: records.execute(duplicate, watch, asking()))

    with pytest.raises(OpenMattersRemain):
        records_by(overtaken).execute(duplicate, merge_into(kept), asking())
    assert records.pupil(kept).merged == {}


def test_if_the_kept_record_never_rests_neither_says_anything(
    records: SendRecords, overtaken: Overtaken, kept: UUID, duplicate: UUID
) -> None:
    """Refused for the kept record alone, whose entry comes first: nothing of it stays."""
    writing = [lambda: records.execute(kept, RECORD_GRANDMOTHER, asking())] * ATTEMPTS
    overtaken.happens.extend(writing)

    with pytest.raises(Conflict):
        records_by(overtaken).execute(duplicate, merge_into(kept), asking())

    assert last(records, duplicate).originator_version == 2
    assert not any(isinstance(e, RecordsMerged) for e in records.history(kept))


def test_two_records_merged_into_each_other_at_once_leave_one(
    records: SendRecords, overtaken: Overtaken, kept: UUID, duplicate: UUID
) -> None:
    overtaken.happens.append(lambda: records.execute(kept, merge_into(duplicate), asking()))

    with pytest.raises(KeptRecordMerged):
        records_by(overtaken).execute(duplicate, merge_into(kept), asking())

    assert records.pupil(duplicate).merged_into is None
    assert records.pupil(kept).merged_into is not None


def test_many_at_once_of_the_same_two_records_merge_them_once(
    records: SendRecords, kept: UUID, duplicate: UUID
) -> None:
    told, size = list[Receipt | SendRecordsError](), records.size()

    def ask(of: UUID, into: UUID) -> None:
        try:
            told.append(records.execute(of, merge_into(into), asking()))
        except SendRecordsError as refusal:
            told.append(refusal)

    at_once([lambda: ask(duplicate, kept), lambda: ask(kept, duplicate)] * 3)

    assert sum(isinstance(each, Receipt) for each in told) == 1
    assert {type(each) for each in told} <= {Receipt, RecordMerged, KeptRecordMerged, Conflict}
    assert records.size() == size + 2


# Undone


def test_records_are_separated_in_both_or_in_neither(
    records: SendRecords, overtaken: Overtaken, kept: UUID, duplicate: UUID
) -> None:
    records.execute(duplicate, merge_into(kept), asking())
    with pytest.raises(RecordMerged):
        records.execute(duplicate, RECORD_MOTHER, asking())
    overtaken.happens.append(lambda: records.execute(kept, RECORD_GRANDMOTHER, asking()))

    records_by(overtaken).execute(duplicate, separate_from(kept), asking())

    assert isinstance(last(records, kept), EntryWithdrawn)
    assert isinstance(last(records, duplicate), EntryWithdrawn)
    assert records.pupil(kept).merged == {}
    assert records.execute(duplicate, RECORD_MOTHER, asking()).version == 5
    with pytest.raises(NotMergedInto):
        records.execute(duplicate, separate_from(kept), asking())


# The views, verification and erasure


@pytest.fixture(scope="module")
def made(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office_in(cluster, tmp_path_factory.mktemp("merging")) as office:
        yield office


@pytest.fixture
def pair(made: Office) -> tuple[UUID, UUID]:
    """A record and its duplicate, of names of their own, merged; and the views after them."""
    name = f"Mina {uuid4()}"
    with made.running() as system:
        kept, duplicate = (
            system.records.admit(but(ADMIT, upn=None, legal_name=name), asking()).pupil_id
            for _ in range(2)
        )
        system.records.execute(kept, RECORD_MOTHER, asking())
        system.records.execute(duplicate, merge_into(kept), asking())
    made.project()
    return kept, duplicate


def stranger(office: Office) -> UUID:
    """Return somebody whom all this does not concern."""
    with office.running() as system:
        return system.records.admit(but(ADMIT, upn=None), asking()).pupil_id


def findable(office: Office, pupil: UUID) -> list[UUID]:
    """Return who is found by a pupil's name."""
    with office.running() as system:
        name = next(e for e in system.records.history(pupil)).model_dump()["legal_name"]
        found = find_pupils(
            system.views.within(WHOLE_TRUST), upn=None, name=name, academy=None, limit=9
        )
        return [row.pupil_id for row in found.rows]


def counted(office: Office) -> int:
    with office.running() as system:
        found = caseload(system.views.within(WHOLE_TRUST), [By.STATUS], academy=None, left=True)
        return found.pupils or 0


def test_a_merged_record_counts_as_nobody(made: Office, pair: tuple[UUID, UUID]) -> None:
    kept, duplicate = pair
    before = counted(made)

    assert findable(made, duplicate) == [kept]
    rows = rows_of(made, duplicate)
    assert rows["send_register"] == 0
    assert rows["chronology"] == 3
    assert rows["retention_schedule"] == 1
    with made.running() as system:
        system.records.execute(duplicate, separate_from(kept), asking())
    made.project()
    assert counted(made) == before + 1
    assert set(findable(made, duplicate)) == {kept, duplicate}
    assert rows_of(made, duplicate)["send_register"] == 1


def test_what_verifies_still_verifies_the_views_included(
    made: Office, pair: tuple[UUID, UUID]
) -> None:
    kept, duplicate = pair
    made.destroy(stranger(made))  # after which both logs are signed
    assert made.findings() == []

    with made.running() as system:
        system.records.execute(duplicate, HOLD, Request(DPO, uuid4(), uuid4()))
        system.records.execute(kept, RECORD_GRANDMOTHER, asking())
    made.project()

    assert made.findings() == []
    assert rows_of(made, duplicate)["send_register"] == 0
    assert rows_of(made, kept)["send_register"] == 1


@pytest.mark.parametrize("first", [0, 1], ids=["the kept one first", "the duplicate first"])
def test_either_is_erased_by_itself(made: Office, pair: tuple[UUID, UUID], first: int) -> None:
    erased, left = pair[first], pair[1 - first]

    made.destroy(erased)

    assert set(rows_of(made, erased).values()) == {0}
    assert rows_of(made, left)["chronology"] > 0
    assert made.findings() == []
    with made.running() as system:
        with pytest.raises(Erased):
            system.records.pupil(erased)
        assert system.records.history(left)
    made.destroy(left)
    assert made.findings() == []


@pytest.mark.parametrize("held", [0, 1], ids=["the kept one", "the duplicate"])
def test_neither_is_erased_while_the_other_is_held(
    made: Office, pair: tuple[UUID, UUID], held: int
) -> None:
    """A hold is on the child; and so it is if a third record lies between."""
    kept, _ = pair
    with made.running() as system:
        records = system.records
        last_kept = records.admit(but(ADMIT, upn=None), asking()).pupil_id
        records.execute(kept, merge_into(last_kept), asking())
        hold = Request(DPO, uuid4(), uuid4())
        records.execute(pair[held], HOLD, hold)

    for record in (*pair, last_kept):
        with pytest.raises(RecordHeld):
            made.destroy(record)

    with made.running() as system:
        release = ReleaseLegalHold(
            occurred_on=HOLD.occurred_on, hold_id=hold.command_id, why="Decided"
        )
        system.records.execute(pair[held], release, Request(DPO, uuid4(), uuid4()))
    for record in (*pair, last_kept):
        made.destroy(record)


def test_what_was_separated_is_held_by_itself(made: Office, pair: tuple[UUID, UUID]) -> None:
    kept, duplicate = pair
    with made.running() as system:
        system.records.execute(duplicate, separate_from(kept), asking())
        system.records.execute(kept, HOLD, Request(DPO, uuid4(), uuid4()))

    made.destroy(duplicate)
    with pytest.raises(RecordHeld):
        made.destroy(kept)
