"""``send-records disclose``, against the API on a port of its own, with a worker beside it."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
import pyzipper
import typer
import uvicorn
from pydantic import SecretStr

from send_records.aggregates.access_clock import Authority, IdentifyRequester
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.approvals import BY_STATUTE
from send_records.aggregates.base import Actor, Entry
from send_records.aggregates.bundles import PrepareBundle
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.decisions import DiscloseItems, RedactItem
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.items import ItemRef, Parts
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.values import Role
from send_records.api import disclosures
from send_records.api.jobs_shown import refusals
from send_records.bootstrap import System
from send_records.cli import following
from send_records.cli.calling import Api, client, token_from
from send_records.cli.disclose import Purpose, app
from send_records.cli.packs import new_file
from send_records.cli.problems import TO_DO
from send_records.disclosure.sending import encrypted
from send_records.jobs import Made, Makers, Task, Working
from tests.api.client import Client
from tests.api.conftest import serving
from tests.api.story import DPO, EXAMPLES
from tests.conftest import Cluster, new_database
from tests.disclosure.packs import GOOD, KEYS, LOG, RECORD, rezipped, unzipped
from tests.jobs.workshop import at_work, pack_maker
from tests.scenario import ADMIT, SENCO, but
from tests.test_cli import ENVIRONMENT, PROGRAM, run_here

TEACHER = Actor(id=uuid4(), name="Jo Whitfield", role=Role.CLASS_TEACHER)
SLOW, REFUSED = "slow", "refused"
Done = subprocess.CompletedProcess[str]


def maker(task: Task, working: Working) -> Made:
    """Make a pack in stages; or be at it until stopped; or be refused."""
    if task.command.reason == SLOW:
        while not working.stopped():
            working.at("gathering", 1, 10)
            time.sleep(0.01)
    for step in range(11):
        working.at("removing_what_is_withheld", step, 10)
    return pack_maker(task, working)


def making(*_: object) -> Makers:
    return {PrepareDisclosure: maker, PrepareBundle: refuse}


def refuse(task: Task, working: Working) -> Made:
    raise refusals()["BundleBreaches"]("Put right, or give reasons for: section_over: 51 of 50.")


@dataclass
class Office:
    """An API that listens, a pupil on its record, and the command line of whoever sits there."""

    client: Client
    system: System
    url: str
    pupil: str
    patch: pytest.MonkeyPatch

    def token(self, who: Actor = SENCO) -> str:
        headers = self.client.signed_as(who).known(f"/v1/pupils/{self.pupil}/x")
        return headers["Authorization"].removeprefix("Bearer ")

    def run(self, *arguments: object, who: Actor = SENCO, token: str | None = None) -> Done:
        secret = self.token(who) if token is None else token
        self.patch.setenv("SEND_RECORDS_URL", self.url)
        self.patch.setenv("SEND_RECORDS_TOKEN", secret)
        done = run_here("disclose", *map(str, arguments))
        assert not secret or secret not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def answer(self, *arguments: object, who: Actor = SENCO) -> Any:
        done = self.run(*arguments, "--json", who=who)
        assert done.returncode == 0, done.stderr
        return orjson.loads(done.stdout)

    def refused(self, *arguments: object, who: Actor = SENCO) -> str:
        done = self.run(*arguments, who=who)
        assert done.returncode == 1, done.stdout + done.stderr
        return " ".join(done.stderr.split())

    def handover(self) -> str:
        """Prepare a handover, and return its id."""
        made = self.answer("prepare", self.pupil, "--purpose", "handover")
        return str(made["job_id"])

    def access(self) -> str:
        """Record a subject access that can be prepared, and return its id."""
        request = uuid4()
        self.record(but(EXAMPLES[ReceiveAccessRequest].entry, on_behalf=False), request)
        known = but(EXAMPLES[IdentifyRequester].entry, authority=Authority.PUPIL, contact_id=None)
        self.record(but(known, request_id=request))
        self.record(but(EXAMPLES[RecordSearch].entry, request_id=request))
        return str(request)

    def record(self, entry: Entry, key: object = None, who: Actor = DPO) -> None:
        answer = self.client.signed_as(who).record(self.pupil, entry, key=key or uuid4())
        assert answer.status_code == 201, answer.text

    def ask_slowly(self) -> str:
        """Ask for what is not made before it is cancelled, and return its job."""
        body = {"occurred_on": "2024-07-01", "purpose": "handover", "reason": SLOW}
        path = f"/v1/pupils/{self.pupil}/disclosures/prepare"
        return str(self.client.post(path, body).json()["job_id"])


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Have an app answer on a port of this machine, until the block is left; yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def house(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, System, str]]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("disclose"), making) as (client, system),
        listening(client.app) as url,
        at_work(system.runner),
    ):
        yield client, system, url


@pytest.fixture
def office(house: tuple[Client, System, str], monkeypatch: pytest.MonkeyPatch) -> Office:
    client, system, url = house
    monkeypatch.setattr(following, "OFTEN", 0.02)
    key = uuid4()
    assert client.admit(but(ADMIT, upn=None), key=key).status_code == 201
    return Office(client, system, url, str(key), monkeypatch)


# The way a pack takes


def test_a_pack_is_prepared_looked_at_approved_and_locked(office: Office, tmp_path: Path) -> None:
    request = office.access()
    asked = ("prepare", office.pupil, "--purpose", "subject-access", "--request", request)
    prepared = office.run(*asked)
    assert prepared.returncode == 0, prepared.stderr
    assert "Removing what is withheld" in prepared.stderr or "Done." in prepared.stderr
    assert "Subject access, prepared on" in prepared.stdout
    assert "Next, a dpo or principal" in prepared.stdout
    [row] = office.answer("list", office.pupil)
    assert row["sha256"] in prepared.stdout
    made = row["preparation_id"]

    file, locked = tmp_path / "pack.zip", tmp_path / "send.zip"
    told = office.refused("lock", office.pupil, made, "--to", locked)
    assert "A second person is to approve it first." in told
    assert not locked.exists()
    fetched = office.run("fetch", office.pupil, made, "--to", file, who=DPO)
    assert fetched.returncode == 0, fetched.stderr
    assert sha256(file.read_bytes()).hexdigest() == row["sha256"]
    assert row["sha256"] in fetched.stdout
    assert file.stat().st_mode & 0o777 == 0o600

    said = ("approve", office.pupil, made, "--sha256", row["sha256"].upper())
    approved = office.run(*said, who=DPO)
    assert approved.returncode == 0, approved.stderr
    assert f"approved     {date.today()} by Priya Shah" in approved.stdout  # noqa: DTZ011
    assert f"disclose lock {office.pupil} {made}" in approved.stdout

    sent = office.answer("lock", office.pupil, made, "--to", locked)
    assert locked.stat().st_mode & 0o777 == 0o600
    with pyzipper.AESZipFile(locked) as zipped:
        zipped.setpassword(sent["passphrase"].encode())
        assert zipped.read(zipped.namelist()[0]) == file.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["pack.zip", "send.zip"]


def test_what_is_returned_says_why_and_is_void(office: Office) -> None:
    made = office.handover()

    done = office.run("return", office.pupil, made, "--why", "The wrong year", who=DPO)

    assert done.returncode == 0, done.stderr
    assert "returned     The wrong year" in done.stdout
    assert "It was returned: prepare it anew." in done.stdout
    told = office.refused("lock", office.pupil, made, "--to", "nowhere.zip")
    assert "Preparation void" in told
    assert "To do: Prepare it again" in told


def test_a_handover_goes_without_a_second_person(office: Office, tmp_path: Path) -> None:
    made, file = office.handover(), tmp_path / "send.zip"

    done = office.run("lock", office.pupil, made, "--to", file)

    assert done.returncode == 0, done.stderr
    [passphrase] = [x.split()[1] for x in done.stdout.splitlines() if "  passphrase " in x]
    assert "by another way than the file" in done.stdout
    with pyzipper.AESZipFile(file) as zipped:
        zipped.setpassword(passphrase.encode())
        zipped.testzip()


def test_a_chosen_passphrase_is_asked_for_twice_and_never_shown(
    office: Office, tmp_path: Path
) -> None:
    made, chosen = office.handover(), "correct horse battery"
    asked: list[dict[str, Any]] = []

    def prompt(_: str, **how: Any) -> str:
        asked.append(how)
        return chosen

    office.patch.setattr(typer, "prompt", prompt)
    to = ("--to", tmp_path / "send.zip", "--passphrase-prompt")

    done = office.run("lock", office.pupil, made, *to)
    chosen = "short"
    weak = office.refused("lock", office.pupil, made, *to, "--force")

    assert done.returncode == 0, done.stderr
    assert asked[0]["hide_input"]
    assert asked[0]["confirmation_prompt"]
    assert "correct horse" not in done.stdout + done.stderr
    assert "Passphrase too weak" in weak
    assert "Choose 12 characters or more" in weak


# Jobs


def test_progress_is_told_a_line_a_tenth_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = {"stage": "Removing what is withheld", "total": 40}
    with following.Telling() as telling:
        for done in range(41):
            telling.at({**job, "done": done})
        telling.at({"stage": "Done\x1b[2J {task}", "total": 0, "done": 0})

    told = capsys.readouterr().err.splitlines()
    assert told[0] == "Removing what is withheld."
    assert told[1:11] == [f"Removing what is withheld: {n} of 40" for n in range(4, 41, 4)]
    assert told[11:] == ["Done2J task."]


def test_a_job_is_listed_followed_and_cancelled(office: Office) -> None:
    job = office.ask_slowly()

    listed = office.answer("jobs")
    assert listed[0]["job_id"] == job
    assert job in office.run("jobs").stdout
    assert office.run("cancel", job).stdout == "Cancelled: nothing was prepared.\n"

    followed = office.run("follow", job)
    assert followed.returncode == 1
    assert followed.stdout == "Cancelled: nothing was prepared.\n"
    assert office.answer("list", office.pupil) == []
    assert "Nothing was prepared" in office.run("list", office.pupil).stdout


def test_one_that_is_done_is_past_cancelling(office: Office) -> None:
    made = office.handover()

    told = office.refused("cancel", made)

    assert "Job past cancelling. It has ended." in told
    assert office.answer("follow", made)["disclosure"]["preparation_id"] == made


def test_ctrl_c_stops_the_looking_alone(office: Office) -> None:
    job = office.ask_slowly()
    token = {"SEND_RECORDS_URL": office.url, "SEND_RECORDS_TOKEN": office.token()}
    process = subprocess.Popen(
        [*PROGRAM, "disclose", "follow", job],
        env=ENVIRONMENT | token,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline()  # it says how far the job is: it is being followed
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    assert process.returncode == following.INTERRUPTED, told
    assert f"send-records disclose follow {job}" in told
    assert f"send-records disclose cancel {job}" in told
    assert office.answer("jobs")[0]["state"] == "running"
    office.run("cancel", job)


def test_a_job_that_fails_says_why_and_what_to_do(office: Office, tmp_path: Path) -> None:
    spec = tmp_path / "bundle.json"
    section = {"title": "Plans", "items": [{"sheet": "plans"}]}
    spec.write_bytes(
        orjson.dumps({"kind": "discrimination_claim", "reference": "EH1", "sections": [section]})
    )

    told = office.refused("bundle", office.pupil, spec)
    machine = office.run("bundle", office.pupil, spec, "--json")

    assert "Error: Bundle breaches." in told
    assert "Basis: SEND Tribunal: HESC Practice Direction No. 1 of 2025" in told
    assert "To do: Put right what breaks the rules" in told
    assert machine.returncode == 1
    assert orjson.loads(machine.stdout)["state"] == "failed"


def test_an_api_that_is_away_for_a_moment_is_waited_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked, failing = office.handover(), httpx2.Client.request, [1, 1, 1, 1]

    def away(*given: Any, **more: Any) -> httpx2.Response:
        if failing:
            failing.pop()
            raise httpx2.ConnectError("All connection attempts failed")
        return asked(*given, **more)

    monkeypatch.setattr(httpx2.Client, "request", away)
    assert office.answer("follow", made)["state"] == "done"
    failing[:] = [1]
    monkeypatch.setattr(following, "LOST", -1)
    assert "No answer" in office.refused("follow", made)


def test_what_was_asked_for_is_asked_for_once_though_its_answer_was_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, lost = httpx2.Client.request, [1]

    def losing(self: httpx2.Client, method: str, *given: Any, **more: Any) -> httpx2.Response:
        answer = asked(self, method, *given, **more)
        if method == "POST" and lost:
            lost.pop()
            raise httpx2.ReadError("Connection reset by peer")
        return answer

    monkeypatch.setattr(httpx2.Client, "request", losing)
    office.handover()

    assert lost == []
    assert len(office.answer("list", office.pupil)) == 1


# Refusals


def test_refusals_are_in_plain_words_with_their_basis(office: Office) -> None:
    unsearched = office.refused(
        *("prepare", office.pupil, "--purpose", "subject-access", "--request", uuid4())
    )
    assert "Not found" in unsearched
    assert "To do: Check the ids." in unsearched
    made = office.handover()
    [row] = office.answer("list", office.pupil)
    wrong = office.refused("approve", office.pupil, made, "--sha256", "0" * 64, who=DPO)
    assert "Pack differs" in wrong
    assert "Basis: UK GDPR Art 5(1)(f)" in wrong
    teacher = office.refused("list", office.pupil, who=TEACHER)
    assert "Role missing" in teacher
    malformed = office.refused("approve", office.pupil, made, "--sha256", "zz", who=DPO)
    assert "#/sha256" in malformed
    said = ("approve", office.pupil, made, "--sha256", row["sha256"])
    machine = office.run(*said, "--json", who=TEACHER)
    assert machine.returncode == 1
    assert orjson.loads(machine.stdout)["type"] == "urn:send-records:problem:role-missing"


def test_what_leaves_asks_for_a_sign_in_of_these_minutes(office: Office, tmp_path: Path) -> None:
    made = office.handover()
    old = office.client.issuer.token(SENCO, auth_time=int(time.time()) - 900)

    done = office.run("fetch", office.pupil, made, "--to", tmp_path / "p.zip", token=old)

    assert done.returncode == 1
    assert "To do: Sign in again with your second factor" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_what_to_do_is_said_of_refusals_that_there_are() -> None:
    known = {"".join(word.capitalize() for word in slug.split("-")) for slug in TO_DO}

    assert known - set(refusals()) == {"MalformedRequest"}
    assert {each.replace("-", "_") for each in Purpose} == set(PackPurpose)
    assert set(PackPurpose) - BY_STATUTE == {PackPurpose.SUBJECT_ACCESS}


def test_another_server_is_not_taken_for_the_api(office: Office) -> None:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html"), (b"location", b"http://example.org/")]
        status = 302 if scope["path"].startswith("/v1/jobs") else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"<h1>Welcome</h1>"})

    with listening(page) as office.url:
        for asked in (("list", office.pupil), ("jobs",)):
            told = office.refused(*asked)
            assert "Another answer. What answers there is not the API" in told
    told = office.refused("jobs")
    assert "Nothing answers at http://127.0.0.1:" in told


# Files


def test_a_file_that_is_there_stays_unless_by_force(office: Office, tmp_path: Path) -> None:
    made, file = office.handover(), tmp_path / "pack.zip"
    file.write_text("mine")
    file.chmod(0o644)
    asked = ("fetch", office.pupil, made, "--to", file)

    refused = office.run(*asked)
    assert refused.returncode != 0
    assert file.read_text() == "mine"
    assert office.run(*asked, "--force").returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert sha256(file.read_bytes()).hexdigest() == office.answer("list", office.pupil)[0]["sha256"]
    for to in (tmp_path, tmp_path / "nowhere" / "pack.zip"):
        assert office.run(*asked[:-1], to, "--force").returncode != 0
    assert [each.name for each in tmp_path.iterdir()] == ["pack.zip"]


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    to = tmp_path / "pack.zip"
    with new_file(to, force=True) as file:
        file.write(b"ours")
        assert not to.exists()
    with (
        pytest.raises(typer.BadParameter, match="is there"),
        new_file(tmp_path / "b.zip", force=False),
    ):
        (tmp_path / "b.zip").write_text("theirs")

    assert to.read_bytes() == b"ours"
    assert (tmp_path / "b.zip").read_text() == "theirs"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.zip", "pack.zip"]


def other(pieces: Iterator[bytes]) -> Iterator[bytes]:
    first, *rest = pieces
    yield bytes([first[0] ^ 1]) + first[1:]
    yield from rest


def test_another_file_than_was_prepared_is_not_kept(office: Office, tmp_path: Path) -> None:
    made, to = office.handover(), ("--to", tmp_path / "pack.zip")
    honest: Callable[..., Any] = disclosures._as_a_file
    office.patch.setattr(
        disclosures, "_as_a_file", lambda kept, size, pieces: honest(kept, size, other(pieces))
    )
    told = office.refused("fetch", office.pupil, made, *to)
    assert "What came is not what was prepared, and was not kept" in told

    office.patch.setattr(disclosures, "_as_a_file", honest)
    office.patch.setattr(
        disclosures, "encrypted", lambda data, secret, name: encrypted(b"Ben's", secret, name)
    )
    told = office.refused("lock", office.pupil, made, *to)
    assert "What came is not what was prepared" in told
    assert list(tmp_path.iterdir()) == []


def unlocked(data: bytes, passphrase: str, name: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "locking",
    [
        unlocked,
        lambda data, secret, name: encrypted(data, "another one altogether", name),
        lambda data, secret, name: data,
        lambda data, secret, name: encrypted(data, secret, name)[:-40],
    ],
    ids=["not locked", "under another passphrase", "no zip", "cut short"],
)
def test_what_is_not_locked_is_not_kept(
    office: Office, tmp_path: Path, locking: Callable[..., bytes]
) -> None:
    made = office.handover()
    office.patch.setattr(disclosures, "encrypted", locking)

    told = office.refused("lock", office.pupil, made, "--to", tmp_path / "send.zip")

    assert "do not send it" in told
    assert list(tmp_path.iterdir()) == []


def test_a_pack_is_verified_here_and_the_exit_code_is_the_verifiers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good, bad, none = (tmp_path / name for name in ("good.zip", "bad.zip", "none.zip"))
    good.write_bytes(GOOD)
    bad.write_bytes(rezipped(unzipped(GOOD) | {"record.pdf": RECORD[:-1] + b"?"}))
    none.write_bytes(unlocked(b"x", "", "README.txt"))

    def verified(*arguments: object) -> tuple[int, str]:
        done = run_here("disclose", "verify", *map(str, arguments))
        seen = capfd.readouterr()
        return done.returncode, done.stderr + seen.out + seen.err

    assert verified(good, *KEYS)[0] == 0
    status, told = verified(bad, *KEYS, "--json")
    assert status == 1
    assert "record.pdf" in {found["file"] for found in orjson.loads(told)["findings"]}
    status, told = verified(none, *KEYS)
    assert status == 2
    assert "This cannot be checked" in told


def test_the_keys_to_verify_by_are_those_of_this_machine_and_none_are_made(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pack, signing = tmp_path / "good.zip", tmp_path / "signing"
    pack.write_bytes(GOOD)
    verify = ("disclose", "verify", pack, "--data-dir", tmp_path)

    without = run_here(*verify)
    assert without.returncode == 2
    assert "There are no keys in" in without.stderr
    assert not signing.exists()
    signing.mkdir()
    for purpose, vkey in (("events", LOG.events), ("receipts", LOG.receipts), ("packs", LOG.packs)):
        (signing / f"{purpose}.vkey").write_text(vkey.vkey)
    (signing / "access.vkey").write_text(LOG.receipts.vkey)
    assert run_here(*verify).returncode == 0
    assert "good" in capfd.readouterr().out


# The token


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "\x1b[2J", "accentué"])
def test_what_is_no_token_is_refused_and_not_repeated(office: Office, token: str) -> None:
    office.patch.setenv("SEND_RECORDS_TOKEN", token)
    done = run_here("disclose", "jobs", "--url", office.url)

    assert done.returncode == 2
    assert "words" not in done.stderr
    assert "accent" not in done.stderr
    assert token == "" or token not in done.stderr


def test_a_token_is_read_from_a_file_that_nobody_else_reads(office: Office, tmp_path: Path) -> None:
    file, token = tmp_path / "token", office.token()
    file.write_text(token + "\n")
    file.chmod(0o644)
    asked = ("disclose", "jobs", "--url", office.url, "--json", "--token-file", file)
    office.patch.delenv("SEND_RECORDS_TOKEN", raising=False)

    refused = run_here(*asked)
    file.chmod(0o600)
    done = run_here(*asked)

    assert refused.returncode == 2
    assert "chmod 600" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert token not in refused.stderr + done.stdout + done.stderr
    missing = run_here(*asked[:-1], tmp_path / "none")
    assert "It cannot be read" in missing.stderr


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("https://records.example.org", True),
        ("http://records.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://127.0.0.1:80@example.org", False),
        ("https://someone:secret@example.org", False),
        ("ftp://127.0.0.1", False),
        ("http://localhost\n", False),
    ],
)
def test_a_token_goes_in_the_clear_to_this_machine_alone(url: str, taken: bool) -> None:
    if taken:
        client(url, SecretStr("x")).close()
    else:
        with pytest.raises(typer.BadParameter):
            client(url, SecretStr("x"))


def test_a_token_in_the_clear_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.org:3128")
    with client("http://127.0.0.1:1", SecretStr("x")) as http:
        assert http._mounts == {}
        assert not http.follow_redirects


def test_whoever_has_no_token_is_told_where_to_put_it() -> None:
    with pytest.raises(typer.BadParameter, match="SEND_RECORDS_TOKEN"):
        token_from(None, None)


def test_a_list_is_read_to_its_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {None: ([{"n": 1}], "b"), "b": ([{"n": 2}], None)}

    def get(_: Api, path: str, cursor: str | None = None) -> Any:
        rows, following = pages[cursor]
        return {"data": rows, "meta": {"next": following}}

    monkeypatch.setattr(Api, "get", get)
    assert Api(httpx2.Client()).listed("/x") == [{"n": 1}, {"n": 2}]


def test_the_help_of_every_command_shows_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEND_RECORDS_TOKEN", "s3cret-t0ken")
    commands = [each.name or each.callback.__name__ for each in app.registered_commands]  # type: ignore[union-attr]

    assert len(commands) == 12
    for command in commands:
        told = run_here("disclose", command, "--help")
        assert told.returncode == 0, command
        assert "s3cret" not in told.stdout + told.stderr


# Items


def test_items_are_listed_undecided_first_with_what_is_suggested_and_decided(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = UUID(office.access())
    for words in ("His brother Ben came too.", "Ben came again."):
        office.record(but(EXAMPLES[RaiseConcern].entry, description=words), who=SENCO)
    listed = office.answer("items", office.pupil, request)
    [concern] = [ItemRef(**each["item"]) for each in listed if "brother" in str(each["lines"])]

    told = office.run("items", office.pupil, request).stdout
    assert f"{len(listed)} to decide on" in told
    assert f"entry {concern.entry} " in told
    assert "(third party" in told

    taken = but(EXAMPLES[RedactItem].entry, request_id=request, item=concern)
    office.record(but(taken, parts=Parts(phrases=("Ben",))))
    now = office.answer("items", office.pupil, request)
    assert [each["decision"] is None for each in now] == [True] * (len(listed) - 1) + [False]
    rest = tuple(ItemRef(**each["item"]) for each in now[:-1])
    office.record(but(EXAMPLES[DiscloseItems].entry, request_id=request, items=rest))
    told = office.run("items", office.pupil, request).stdout
    assert "0 to decide on" in told
    assert "redacted" in told
    assert "Ben: still stands" in told

    odd = [{**listed[0], "title": "\x1b[2J[bold]raised"}]
    monkeypatch.setattr(Api, "listed", lambda *_: odd)
    told = office.run("items", office.pupil, request).stdout
    assert "<U+001B>[2J[bold]raised" in told.replace("\n", "")
