"""An extract up to a position, of a log in PostgreSQL: the same whenever it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.base import Command
from send_records.aggregates.details import RecordCircumstances
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, notary, now
from send_records.disclosure import verify_pack as verifier
from send_records.disclosure.extract import NotSignedYet, Way, extract_at
from send_records.disclosure.held import Cut
from send_records.disclosure.manifest import Page
from send_records.disclosure.pack import pack
from send_records.errors import Erased, NotFound
from send_records.keeper import Keeper
from send_records.store.connections import Pool
from send_records.store.scopes import Scope, within
from send_records.store.signing import Purpose
from tests.api.story import DPO, EXAMPLES, PUPIL, told
from tests.disclosure.extracts import Json
from tests.disclosure.packs import BUNDLE, RECORD
from tests.keys import TRUST, held
from tests.scenario import ADMIT, SENCO, but

OTHER = but(ADMIT, upn=None)


@pytest.fixture
def at(records: SendRecords, database: Database) -> int:
    """The story of ``PUPIL`` is told and signed; the position of its last entry."""
    last = told(records)[-1].position
    sign(database)
    return last


def sign(database: Database) -> None:
    notary(database, held().signing, ()).sign_all()


def extract(
    pool: Pool, up_to: int, ways: Mapping[int, Way] | None = None, pupil: UUID = PUPIL
) -> Json:
    with pool.connection() as connection, within(connection, Scope.of(pupil)):
        vkeys = held().signing.vkeys()
        return extract_at(connection, held().seals, vkeys, pupil, up_to, ways or {})


def more(records: SendRecords) -> int:
    """Record one entry more."""
    request = Request(SENCO, uuid4(), uuid4())
    entry = EXAMPLES[RecordCircumstances].entry
    assert isinstance(entry, Command)
    return records.execute(PUPIL, entry, request).position


def test_it_is_the_same_when_more_was_recorded_and_signed(
    at: int, records: SendRecords, database: Database, app_pool: Pool
) -> None:
    ways = {position: Way.OPENED for position in range(1, at, 2)}
    before = extract(app_pool, at, ways)
    again = extract(app_pool, at, ways)
    last = more(records)
    sign(database)

    assert before == again == extract(app_pool, at, ways)
    assert before["up_to"] == at < extract(app_pool, last)["up_to"]
    assert len(extract(app_pool, last)["entries"]) == len(before["entries"]) + 1
    assert extract(app_pool, at - 1)["entries"][-1]["position"] < at
    opened = [one["recorded_at"] for one in before["entries"] if "leaf" not in one]
    assert before["made_at"] == max(opened)


def test_what_is_not_named_is_opaque_and_what_is_closed_tells_no_field(
    at: int, app_pool: Pool
) -> None:
    made = extract(app_pool, at, {1: Way.OPENED, 2: Way.CLOSED})
    opened, closed, *rest = made["entries"]

    assert isinstance(opened["secret"], str)
    assert not {"clear", "sealed", "secret"} & closed.keys()
    assert {frozenset(one) for one in rest} == {frozenset({"position", "leaf", "proof"})}
    nothing = extract(app_pool, at)
    assert nothing["made_at"] == "2000-01-01T00:00:00.000000+00:00"


def test_a_pack_of_it_is_good_and_a_forged_entry_in_it_is_not(
    at: int, app_pool: Pool, tmp_path: object
) -> None:
    made = extract(app_pool, at, {1: Way.OPENED, 2: Way.CLOSED, at: Way.OPENED})
    contents = replace(
        BUNDLE,
        pupil_id=PUPIL,
        trust=TRUST,
        cut=Cut(at, 0),
        extract=made,
        pages=(Page(1, "1", (1, 2)), Page(2, "2", (at,))),
        pdf=("bundle.pdf", RECORD),
    )
    signer = held().signing.signer(Purpose.PACKS)
    for good in (True, False):
        if not good:
            forged = made["entries"][3] | {"leaf": made["entries"][4]["leaf"]}
            entries = [*made["entries"][:3], forged, *made["entries"][4:]]
            contents = replace(contents, extract=made | {"entries": entries})
        status, said = verified(pack(contents, signer), tmp_path)
        kinds = {(one["kind"], one["position"]) for one in said["findings"]}
        assert (status, kinds) == (
            (0, set()) if good else (1, {("inclusion", made["entries"][3]["position"])})
        )


def verified(data: bytes, folder: object) -> tuple[int, Json]:
    path = f"{folder}/pack.zip"
    with open(path, "wb") as file:
        file.write(data)
    keys = [f"--key={key}" for key in held().signing.vkeys()]
    status, said = verifier.answer(verifier.parser().parse_args([path, "--json", *keys]))
    return status, json.loads(said)


def test_an_entry_that_is_not_signed_is_waited_for(
    at: int, records: SendRecords, database: Database, app_pool: Pool
) -> None:
    last = more(records)
    with pytest.raises(NotSignedYet):
        extract(app_pool, last)
    assert extract(app_pool, last - 1)["entries"][-1]["position"] == at

    sign(database)
    assert extract(app_pool, last)["entries"][-1]["position"] == last


def test_who_was_not_there_yet_or_never_is_not_found(
    at: int, records: SendRecords, app_pool: Pool
) -> None:
    later = records.admit(OTHER, Request(SENCO, uuid4(), uuid4())).pupil_id

    for pupil in (later, uuid4()):
        with pytest.raises(NotFound):
            extract(app_pool, at, pupil=pupil)


def test_a_record_that_was_erased_is_opened_to_nobody(
    records: SendRecords, database: Database, app_pool: Pool
) -> None:
    receipt = records.admit(OTHER, Request(SENCO, uuid4(), uuid4()))
    sign(database)
    Keeper(database, held(), DPO).destroy(receipt.pupil_id, "Decision 12 of the panel", now())

    with pytest.raises(Erased):
        extract(app_pool, receipt.position, pupil=receipt.pupil_id)
