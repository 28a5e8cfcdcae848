"""Proofs over HTTP: what a tribunal is handed, checked by the program it is handed with it."""

from __future__ import annotations

import base64
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.details import RecordCircumstances
from send_records.aggregates.values import Role
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.disclosure.extract import VERIFIER
from send_records.keeper import Keeper
from send_records.store.ledger import Log
from send_records.store.notes import Checkpoint
from send_records.store.signing import SigningKeys
from send_records.workers import notarising
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.story import DPO, EXAMPLES, PUPIL, STORY, told
from tests.conftest import Cluster, new_database
from tests.keys import TRUST
from tests.scenario import ADMIT, SENCO, but
from tests.store.proxy import until
from tests.store.test_places import note_in

Json = dict[str, Any]
ERASED_NAME = "Erin Valewood"


@dataclass(frozen=True)
class Trust:
    """The story of ``PUPIL``, one pupil who was erased, and a notary at work."""

    client: Client
    system: System
    database: Database
    receipt: Json
    """As the API gave it, for an entry of the story."""
    seen: int
    """The size of a checkpoint signed when the story had just been told."""
    erased: UUID

    @property
    def vkeys(self) -> list[str]:
        """The trust's public keys, as they are published elsewhere than in an extract."""
        return [f"--key={vkey}" for vkey in self.system.keys.signing.vkeys()]

    def note(self, size: int) -> str:
        note = note_in(self.system.keys.places[0], Log.EVENTS, size)
        assert note is not None
        return note

    def extract(self, pupil: object = PUPIL, **asked: Any) -> Json:
        response = self.client.get(f"/v1/pupils/{pupil}/extract", **asked)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def proofs(self, pupil: object = PUPIL, **asked: Any) -> Json:
        response = self.client.signed_as(DPO).get(f"/v1/pupils/{pupil}/proofs", **asked)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found


@pytest.fixture(scope="module")
def trust(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trust]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("trust")) as (client, system),
        notarising(database, system.keys),
    ):
        told(system.records)
        leaver = but(ADMIT, legal_name=ERASED_NAME, upn=None)
        erased = system.records.admit(leaver, Request(SENCO, uuid4(), uuid4())).pupil_id
        until(lambda: client.get(f"/v1/pupils/{erased}/extract").is_success)
        note = client.get(f"/v1/pupils/{erased}/extract").json()["checkpoint"]
        seen = Checkpoint.parse(note.split("\n\n")[0] + "\n").size
        Keeper(database, system.keys, DPO).destroy(erased, "Decision 12 of the panel", now())
        answer = client.record(PUPIL, EXAMPLES[RecordCircumstances].entry)
        assert answer.status_code == 201
        yield Trust(client, system, database, answer.json(), seen, erased)


@pytest.fixture(scope="module")
def extract(trust: Trust) -> Json:
    return trust.extract(seen=trust.seen)


Verify = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Run what the receiver runs: the one file, copied to where nothing of ours is."""
    program = tmp_path / "verify_extract.py"
    program.write_bytes(VERIFIER.read_bytes())

    def run(extract: Json, *options: str, **files: str) -> subprocess.CompletedProcess[str]:
        for name, content in files.items():
            (tmp_path / name).write_text(content)
        (tmp_path / "extract.json").write_text(json.dumps(extract))
        named = [f"--{name}={tmp_path / name}" for name in files]
        return subprocess.run(
            [sys.executable, "-I", program, tmp_path / "extract.json", *options, *named],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return run


def kinds(done: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the kinds of grave findings of a run with ``--json``."""
    assert done.stderr == ""
    return {finding["kind"] for finding in json.loads(done.stdout)["findings"] if finding["grave"]}


# With words


def test_an_extract_holds_before_a_stranger_and_shows_the_words(
    trust: Trust, verify: Verify, extract: Json
) -> None:
    done = verify(
        extract,
        *trust.vkeys,
        "--show",
        receipt=json.dumps(trust.receipt),
        seen=trust.note(trust.seen),
    )

    assert (done.returncode, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    for words in ("Aisha Rahman", "Reads well below the class", "Nasreen Rahman", SENCO.name):
        assert words in shown
    assert ERASED_NAME not in shown


def test_an_extract_says_what_was_checked_to_a_program_as_well(
    trust: Trust, verify: Verify, extract: Json
) -> None:
    done = verify(extract, *trust.vkeys, "--json")

    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert kinds(done) == set()
    assert str(len(extract["entries"])) in json.dumps(result)


def test_an_extract_holds_every_entry_of_the_pupil_and_of_nobody_else(
    trust: Trust, extract: Json
) -> None:
    versions = [entry["version"] for entry in extract["entries"]]

    assert versions == list(range(1, trust.system.records.pupil(PUPIL).version + 1))
    assert len(versions) >= len(STORY)
    assert {entry["stream_id"] for entry in extract["entries"]} == {str(PUPIL)}
    assert trust.receipt["position"] in [entry["position"] for entry in extract["entries"]]


def test_an_extract_holds_no_key_but_of_these_entries(trust: Trust, extract: Json) -> None:
    """Each secret opens its own entry: the pupil's key, which opens all there will be, stays."""
    secrets = [base64.b64decode(entry["secret"]) for entry in extract["entries"]]

    assert len(set(secrets)) == len(secrets)
    _, key = trust.system.keys.seals.keyring.newest(PUPIL)
    text = json.dumps(extract)
    assert base64.b64encode(key).decode() not in text
    assert key.hex() not in text


def test_without_a_key_from_elsewhere_nothing_is_believed(verify: Verify, extract: Json) -> None:
    assert verify(extract).returncode == 2


def test_the_keys_of_somebody_else_of_that_name_do_not_do(
    verify: Verify, extract: Json, tmp_path: Path
) -> None:
    others = [f"--key={vkey}" for vkey in SigningKeys(tmp_path / "other", TRUST).vkeys()]

    done = verify(extract, *others, "--json")

    assert done.returncode == 1
    assert "checkpoint" in kinds(done)


def flipped(text: str, at: int) -> str:
    data = bytearray(base64.b64decode(text))
    data[at] ^= 1
    return base64.b64encode(data).decode()


def changed(extract: Json, name: str, value: Callable[[Json], Any]) -> Json:
    entries = [dict(entry) for entry in extract["entries"]]
    entries[4][name] = value(entries[4])
    return {**extract, "entries": entries}


CHANGES: dict[str, Callable[[Json], Json]] = {
    "a byte of the words": lambda e: changed(e, "sealed", lambda n: flipped(n["sealed"], -1)),
    "a byte of the commitment": lambda e: changed(e, "sealed", lambda n: flipped(n["sealed"], 20)),
    "a byte of the secret": lambda e: changed(e, "secret", lambda n: flipped(n["secret"], 0)),
    "another's secret": lambda e: changed(e, "secret", lambda _: e["entries"][5]["secret"]),
    "a clear field": lambda e: changed(e, "clear", lambda n: n["clear"].replace("2023", "2022", 1)),
    "the hour": lambda e: changed(e, "recorded_at", lambda _: e["entries"][3]["recorded_at"]),
    "who": lambda e: changed(e, "actor_id", lambda _: str(uuid4())),
    "an entry left out and renumbered": lambda e: {
        **e,
        "entries": [
            {**entry, "version": number}
            for number, entry in enumerate((x for x in e["entries"] if x["version"] != 5), start=1)
        ],
    },
    "another pupil's name on it": lambda e: {**e, "pupil_id": str(uuid4())},
    "an older checkpoint": lambda e: {**e, "checkpoint": e["consistency"][0]["seen"]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_extract_that_was_altered_does_not_hold(
    trust: Trust, verify: Verify, extract: Json, change: str
) -> None:
    altered = CHANGES[change](extract)
    assert altered != extract

    done = verify(altered, *trust.vkeys, "--json")

    assert done.returncode == 1
    assert kinds(done) != set()


def test_words_sealed_again_after_they_were_altered_do_not_hold(
    trust: Trust, verify: Verify, extract: Json
) -> None:
    """The trust itself, with the pupil's key, cannot make an extract that says something else."""
    seals = trust.system.keys.seals
    [entry] = [e for e in extract["entries"] if e["topic"] == "ConcernRaised"]
    place = seals.place(
        b"send-records/event/2",
        PUPIL.bytes,
        entry["version"].to_bytes(4, "big"),
        len(entry["topic"]).to_bytes(4, "big") + entry["topic"].encode(),
        entry["class_version"].to_bytes(2, "big"),
        len(entry["clear"].encode()).to_bytes(4, "big") + entry["clear"].encode(),
    )
    words = seals.open(PUPIL, place, base64.b64decode(entry["sealed"]))
    sealed = seals.seal(PUPIL, place, words.replace(b"well below", b"well above"))
    opened = {
        "sealed": base64.b64encode(sealed).decode(),
        "secret": base64.b64encode(seals.secret(PUPIL, sealed)).decode(),
    }
    entries = [{**e, **opened} if e is entry else e for e in extract["entries"]]

    done = verify({**extract, "entries": entries}, *trust.vkeys, "--json", "--show")

    assert "well above" in done.stdout
    assert done.returncode == 1
    assert kinds(done) == {"inclusion"}


# Receipts, and what was seen before


def test_a_receipt_of_an_entry_that_is_not_there_is_told(
    trust: Trust, verify: Verify, extract: Json
) -> None:
    entries = [e for e in extract["entries"] if e["position"] != trust.receipt["position"]]
    done = verify(
        {**extract, "entries": entries},
        *trust.vkeys,
        "--json",
        receipt=json.dumps(trust.receipt),
    )

    assert done.returncode == 1
    assert kinds(done) == {"promised"}


def test_the_present_is_shown_to_follow_from_what_was_seen(
    trust: Trust, verify: Verify, extract: Json
) -> None:
    [earlier] = extract["consistency"]

    assert earlier["seen"] == trust.note(trust.seen)
    assert earlier["proof"]
    done = verify(extract, *trust.vkeys, "--json", seen=trust.note(trust.seen))
    assert (done.returncode, kinds(done)) == (0, set())


def test_without_a_proof_what_was_seen_is_not_shown_to_be_kept(
    trust: Trust, verify: Verify, extract: Json
) -> None:
    bare = {**extract, "consistency": []}
    spoilt = [{**extract["consistency"][0], "proof": extract["consistency"][0]["proof"][:-1]}]

    assert trust.extract()["consistency"] == []
    assert kinds(verify(bare, *trust.vkeys, "--json", seen=trust.note(trust.seen))) != set()
    assert kinds(verify({**extract, "consistency": spoilt}, *trust.vkeys, "--json")) != set()


@pytest.mark.parametrize("seen", [0, 1, 10**6, 2**53])
def test_a_checkpoint_that_was_never_signed_is_refused(trust: Trust, seen: int) -> None:
    for view, client in (("extract", trust.client), ("proofs", trust.client.signed_as(DPO))):
        problem = problem_of(client.get(f"/v1/pupils/{PUPIL}/{view}", seen=seen), 422)
        assert problem["type"] == "urn:send-records:problem:checkpoint-unknown"


@pytest.mark.parametrize("seen", [-1, 2**53 + 1, "x", "", "1.5"])
def test_a_size_that_is_none_is_refused(trust: Trust, seen: object) -> None:
    problem_of(trust.client.get(f"/v1/pupils/{PUPIL}/extract", seen=seen), 422)


# Without words


def test_proofs_hold_without_a_secret_and_without_a_word(trust: Trust, verify: Verify) -> None:
    proofs = trust.proofs(seen=trust.seen)

    assert {entry["secret"] for entry in proofs["entries"]} == {None}
    for words in ("Aisha", "Rahman", SENCO.name, "Reads well"):
        assert words not in json.dumps(proofs)
    done = verify(
        proofs,
        *trust.vkeys,
        "--show",
        receipt=json.dumps(trust.receipt),
        seen=trust.note(trust.seen),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Aisha" not in done.stdout


# Who was erased


def test_of_a_pupil_who_was_erased_there_is_no_extract(trust: Trust) -> None:
    response = trust.client.get(f"/v1/pupils/{trust.erased}/extract")

    problem_of(response, 410)
    assert ERASED_NAME not in response.text


def test_of_a_pupil_who_was_erased_the_proofs_hold(trust: Trust, verify: Verify) -> None:
    proofs = trust.proofs(trust.erased, seen=trust.seen)

    assert [entry["topic"] for entry in proofs["entries"]][-1] == "PersonalDataErased"
    done = verify(proofs, *trust.vkeys, "--show", seen=trust.note(trust.seen))
    assert (done.returncode, done.stderr) == (0, "")
    assert ERASED_NAME not in done.stdout + json.dumps(proofs)


# Who may, and what is left of it


@pytest.mark.parametrize("view", ["extract", "proofs"])
def test_a_pupil_nobody_knows_has_no_proofs(trust: Trust, view: str) -> None:
    problem_of(trust.client.signed_as(DPO).get(f"/v1/pupils/{uuid4()}/{view}"), 404)


MAY_EXTRACT = {Role.SENCO, Role.TRUST_SENCO, Role.HEAD_OF_INCLUSION, Role.DPO}
"""Of whom a data-protection officer may by a case alone, which the tests give."""


@pytest.mark.parametrize(
    ("view", "allowed"), [("extract", MAY_EXTRACT), ("proofs", MAY_EXTRACT | {Role.AUDITOR})]
)
def test_proofs_are_for_those_who_may(trust: Trust, view: str, allowed: set[Role]) -> None:
    for role in Role:
        client = trust.client.signed_in_as(role)
        status = client.get(f"/v1/pupils/{trust.erased}/{view}").status_code
        wanted = {"extract": 410, "proofs": 200}[view] if role in allowed else 403
        assert status == wanted, role


@pytest.mark.parametrize(
    ("view", "act", "tier"), [("extract", "export", "T4"), ("proofs", "proof", "T1")]
)
def test_that_it_was_handed_out_is_in_the_access_log(
    trust: Trust, view: str, act: str, tier: str
) -> None:
    response = trust.client.get(f"/v1/pupils/{PUPIL}/{view}")

    row = trust.system.access.of_pupil(PUPIL, after=0, limit=1000)[-1]
    assert row.request_id == UUID(response.headers["X-Request-Id"])
    assert (row.act, row.tier, row.name, row.outcome) == (act, tier, SENCO.name, "given")


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait but a moment for a notary who is not there."""
    module = importlib.import_module("send_records.disclosure.signed")
    monkeypatch.setattr(module, "PATIENCE", 0.1)


def views_of(client: Client, pupil: object) -> Sequence[Any]:
    return [client.signed_as(DPO).get(f"/v1/pupils/{pupil}/{v}") for v in ("extract", "proofs")]


@pytest.mark.usefixtures("patience")
def test_without_a_notary_there_is_no_proof_yet(
    client: Client, system: System, pupil_id: str
) -> None:
    for response in views_of(client, pupil_id):
        problem = problem_of(response, 503)
        assert problem["type"] == "urn:send-records:problem:not-signed-yet"
        assert response.headers["Retry-After"] == "1"
        assert "Aisha" not in response.text
    assert system.access.of_pupil(UUID(pupil_id), after=0, limit=10) == []


@pytest.mark.usefixtures("patience")
def test_an_entry_after_the_last_checkpoint_is_waited_for(
    database: Database, tmp_path: Path
) -> None:
    """The checkpoint is over the last entry too, or there is no extract.  A notary who has only
    begun to listen may not have heard: then it is asked again."""

    def answers() -> set[int]:
        return {response.status_code for response in views_of(client, pupil)}

    with serving(database, tmp_path) as (client, system):
        pupil = client.admit().json()["pupil_id"]
        with notarising(database, system.keys):
            until(lambda: answers() == {200})
        client.record(pupil, EXAMPLES[RecordCircumstances].entry)
        assert answers() == {503}
        with notarising(database, system.keys):
            until(lambda: answers() == {200})
