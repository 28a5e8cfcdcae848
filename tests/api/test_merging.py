"""Two records merged, over HTTP: what whoever holds the old id is told, and may still do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import WithdrawEntry
from send_records.aggregates.merging import MergeRecords, SeparateRecords
from send_records.aggregates.values import Role
from send_records.bootstrap import System, notary
from send_records.disclosure import verify_extract
from send_records.projections.engine import Engine
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.story import DPO
from tests.api.story_merging import MERGE
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import ADMIT, RECORD_MOTHER, but

Json = dict[str, Any]


class Desk:
    """A database of one's own, with what was recorded there projected and signed when asked."""

    def __init__(self, client: Client, system: System, database: Any) -> None:
        self.client, self.system, self._database = client, system, database

    def admit(self, **said: Any) -> UUID:
        key = uuid4()
        assert self.client.admit(but(ADMIT, upn=None, **said), key=key).status_code == 201
        return key

    def merge(self, duplicate: UUID, kept: UUID) -> Json:
        answer = self.client.record(duplicate, but(MERGE, into_pupil_id=kept))
        assert answer.status_code == 201, answer.text
        self.project()
        receipt: Json = answer.json()
        return receipt

    def project(self) -> None:
        Engine(self._database.as_projector(), held().seals).catch_up()
        notary(self._database, self.system.keys.signing, self.system.keys.places).sign_all()

    def listed(self, path: str) -> set[str]:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return {row["pupil_id"] for row in answer.json()["data"]}


@pytest.fixture(scope="module")
def desk(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        database = stack.enter_context(new_database(cluster))
        folder = tmp_path_factory.mktemp("merging")
        client, system = stack.enter_context(serving(database, folder))
        yield Desk(client, system, database)


@pytest.fixture
def pair(desk: Desk) -> tuple[UUID, UUID]:
    """A record, and one of the same child that was merged into it."""
    kept, duplicate = desk.admit(), desk.admit()
    desk.merge(duplicate, kept)
    return kept, duplicate


def test_the_old_id_answers_which_record_was_kept_and_names_nobody(
    desk: Desk, pair: tuple[UUID, UUID]
) -> None:
    kept, duplicate = pair

    problem = problem_of(desk.client.get(f"/v1/pupils/{duplicate}"), 410)

    assert problem["type"] == "urn:send-records:problem:record-merged"
    assert problem["kept_pupil_id"] == str(kept)
    assert ADMIT.legal_name not in json.dumps(problem)
    assert desk.client.get(f"/v1/pupils/{kept}").status_code == 200


def test_what_is_new_is_refused_there_with_the_record_that_was_kept(
    desk: Desk, pair: tuple[UUID, UUID]
) -> None:
    kept, duplicate = pair

    problem = problem_of(desk.client.record(duplicate, RECORD_MOTHER), 410)

    assert problem["kept_pupil_id"] == str(kept)
    assert desk.client.record(kept, RECORD_MOTHER).status_code == 201


@pytest.mark.parametrize("path", ["/v1/register?show=all&left=1", "/v1/duties?status=open"])
def test_it_leaves_the_lists(desk: Desk, path: str) -> None:
    kept, duplicate = desk.admit(), desk.admit()
    desk.project()
    path = f"{path}&limit=200"
    before = desk.listed(path)

    desk.merge(duplicate, kept)

    assert str(duplicate) not in desk.listed(path)
    assert desk.listed(path) == before - {str(duplicate)}


def test_it_was_on_the_register_of_the_past(desk: Desk) -> None:
    kept, duplicate = desk.admit(), desk.admit()
    position = desk.client.record(duplicate, but(MERGE, into_pupil_id=kept)).json()["position"]
    desk.project()

    before, after = f"position:{position - 2}", f"position:{position}"

    def listed(known_at: str) -> set[str]:
        return desk.listed(f"/v1/register?show=all&limit=200&known_at={known_at}")

    assert listed(before) - listed(after) == {str(duplicate)}
    then = f"/v1/pupils/{duplicate}"
    assert desk.client.get(then, known_at=before).status_code == 200
    assert problem_of(desk.client.get(then, known_at=after), 410)["kept_pupil_id"] == str(kept)


def test_each_story_tells_of_it_and_both_can_be_read(desk: Desk, pair: tuple[UUID, UUID]) -> None:
    kept, duplicate = pair

    def told(pupil: UUID) -> Json:
        found: Json = desk.client.get(f"/v1/pupils/{pupil}/chronology").json()["data"][-1]
        return found

    assert told(kept)["event"] == "RecordsMerged"
    assert told(kept)["detail"].startswith(f"With record {duplicate}, of 2 entries; ")
    assert told(duplicate)["detail"].startswith(f"Into record {kept}; ")
    for part in ("history", "plan", "documents", "lag", "entries/1"):
        assert desk.client.get(f"/v1/pupils/{duplicate}/{part}").status_code == 200


@pytest.mark.parametrize("whose", [0, 1], ids=["kept", "duplicate"])
def test_the_extract_of_each_verifies_and_honours_the_receipt(
    desk: Desk, tmp_path: Path, whose: int
) -> None:
    kept, duplicate = desk.admit(), desk.admit()
    receipt = desk.merge(duplicate, kept)
    answer = desk.client.signed_as(DPO).get(f"/v1/pupils/{(kept, duplicate)[whose]}/extract")
    assert answer.status_code == 200, answer.text
    (tmp_path / "extract.json").write_bytes(answer.content)
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))

    done = subprocess.run(
        [
            *(sys.executable, "-I", verify_extract.__file__, tmp_path / "extract.json", "--json"),
            *(f"--key={vkey}" for vkey in desk.system.keys.signing.vkeys()),
            f"--receipt={tmp_path / 'receipt.json'}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert [each for each in json.loads(done.stdout)["findings"] if each["grave"]] == []
    assert done.returncode == 0


def test_it_is_separated_again_and_only_so(desk: Desk, pair: tuple[UUID, UUID]) -> None:
    kept, duplicate = pair
    withdraw = WithdrawEntry(
        occurred_on=MERGE.occurred_on,
        entry_version=3,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="Two cousins of one name",
    )
    for pupil in pair:
        problem = problem_of(desk.client.record(pupil, withdraw), 409)
        assert problem["type"].endswith("merge-stands-in-both")

    separate = SeparateRecords(
        occurred_on=MERGE.occurred_on, into_pupil_id=kept, explanation="Two cousins of one name"
    )
    officer = desk.client.signed_in_as(Role.DPO)
    assert problem_of(officer.record(duplicate, separate), 403)["type"].endswith(":role-missing")
    officer.known(f"/v1/pupils/{kept}")  # a case that is of both
    assert officer.record(duplicate, separate).status_code == 201
    desk.project()

    assert desk.client.get(f"/v1/pupils/{duplicate}").status_code == 200
    for pupil in pair:
        rows = desk.client.get(f"/v1/pupils/{pupil}/chronology").json()["data"]
        assert [row["event"] for row in rows if row["withdrawn"]] in (
            ["RecordsMerged"],
            ["RecordMergedInto"],
        )


def test_the_description_says_that_it_can_be_merged(desk: Desk) -> None:
    described = desk.client.http.get("/openapi.json").json()
    gone = described["paths"]["/v1/pupils/{pupil_id}"]["get"]["responses"]["410"]

    assert "RecordMerged" in gone["content"]["application/problem+json"]["examples"]
    assert "kept_pupil_id" in described["components"]["schemas"]["Problem"]["properties"]
    assert MergeRecords.__name__ in described["components"]["schemas"]
