"""The command line as a person meets it: real processes, on a data directory of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from send_records.application import Request
from send_records.bootstrap import database, running
from send_records.cli import app, main
from send_records.cli.console import add_row
from send_records.cli.past import _cell
from send_records.custody import open_keys
from send_records.disclosure.redaction import leaks_in
from send_records.projections.engine import PROJECTIONS
from send_records.settings import Settings
from send_records.store.embedded import EmbeddedPostgres
from tests.api.story_documents import FILE, keep
from tests.disclosure.reading_pdf import bookmarks, fonts, links, opened, page_texts
from tests.scenario import SENCO
from tests.scratch import scratch

PROGRAM = (sys.executable, "-m", "send_records.cli")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("SEND_RECORDS_")}


READING = {"find", "history", "register", "chronology", "verify", "extract"}
"""What is run in this process: to start one takes a second, and starting is tried by the others."""


RECORD = Path("aisha-subject-access", "pack", "record.pdf")
BUNDLE = Path("leo-tribunal-bundle", "pack", "bundle.pdf")


def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    if arguments[0] in READING and not more:
        return run_here(*arguments)
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT | more,
        timeout=100,
        check=False,
    )


def run_here(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line as its program does, from its arguments to its exit."""
    said, complained, code = StringIO(), StringIO(), 0
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        patch.setattr(sys, "argv", ["send-records", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), complained.getvalue())


def answer(*arguments: str | Path) -> Any:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return orjson.loads(done.stdout)


@pytest.fixture(scope="module")
def demo() -> Iterator[tuple[Path, Path]]:
    """A data directory that the demo has filled, and the folder in which it left what leaves."""
    with scratch() as folder, scratch() as left:
        told = run("demo", "--data-dir", folder, "--to", left)
        assert told.returncode == 0, told.stderr
        said = " ".join(told.stdout.split())
        assert "Tomasz Nowak was on the register from 19 May 2025 to 6 February 2026" in said
        for pdf in (RECORD, BUNDLE):
            assert str((left / pdf).resolve()) in told.stdout
        yield folder, left


@pytest.fixture(scope="module")
def data_dir(demo: tuple[Path, Path]) -> Path:
    return demo[0]


@pytest.fixture(scope="module")
def left(demo: tuple[Path, Path]) -> Path:
    return demo[1]


def pupil_id(data_dir: Path, name: str) -> str:
    done = run("find", name, "--data-dir", data_dir, "--json")
    assert done.returncode == 0, done.stderr
    [found] = orjson.loads(done.stdout)
    return str(found["pupil_id"])


TAKEN_OUT = ("Jayden Cole", "Jayden", "hides in the wardrobe", "shouts at home")


def test_nothing_that_was_taken_out_leaves_with_aishas_record(left: Path) -> None:
    pack = left / RECORD.parent
    files = [file for file in pack.rglob("*") if file.is_file()]
    kinds = {".pdf": "application/pdf"}
    looked = leaks_in(
        [(file.read_bytes(), kinds.get(file.suffix, "text/plain"), TAKEN_OUT) for file in files]
    )

    assert len(files) > 12
    assert [(file.name, found) for file, found in zip(files, looked, strict=True) if found] == []
    assert leaks_in([(b"beside Jayden", "text/plain", TAKEN_OUT)]) != [()]


def test_aishas_record_is_tagged_and_its_index_leads_where_it_says(left: Path) -> None:
    with opened((left / RECORD).read_bytes()) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "en-GB"
        with pdf.open_metadata() as said:
            assert said["pdfuaid:part"] == "1"
        assert set(fonts(pdf).values()) == {True}
        assert links(pdf)
        assert all(target is not None for _, target in links(pdf))
        assert len(bookmarks(pdf)) > 20


@pytest.mark.parametrize("file", [RECORD, BUNDLE])
def test_the_number_printed_on_each_page_is_its_label(left: Path, file: Path) -> None:
    data = (left / file).read_bytes()
    with opened(data) as pdf:
        labels = [page.label for page in pdf.pages]
    last = [text.split()[-4:] for text in page_texts(data)]

    assert labels == [str(number) for number in range(1, len(labels) + 1)]
    assert all(label in words for label, words in zip(labels, last, strict=True))


def test_the_bundle_of_leos_claim_is_whole(left: Path) -> None:
    data = (left / BUNDLE).read_bytes()
    with opened(data) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert set(fonts(pdf).values()) == {True}
        marks = bookmarks(pdf)
        there = links(pdf)

    assert next(title for depth, title, _ in marks if depth == 1).startswith("Index")
    assert len(marks) == 1 + 3 + 8  # the index, the sections and what is in them
    assert all(f"{page}" in title for _, title, page in marks)
    assert len(there) >= 11
    assert all(target is not None for _, target in there)


def test_psql_looks_through_the_eyes_of_the_application(data_dir: Path) -> None:
    refused = run("psql", "--data-dir", data_dir, "-c", "DELETE FROM events")

    assert refused.returncode == 1
    assert "permission denied" in refused.stderr


def test_an_integration_has_a_key_until_it_is_ended(data_dir: Path) -> None:
    here = ("--data-dir", data_dir, "--json")
    only = "place_in_class,admit_pupil"
    made = answer("api-key", "make", "--name", "MIS sync", "--only", only, "--days", "30", *here)
    [listed] = answer("api-key", "list", *here)

    assert made.pop("key").startswith(f"srk_{UUID(made['key_id']).hex}_")
    assert listed == made
    assert made["operations"] == ["admit_pupil", "place_in_class"]
    ended = run("api-key", "end", made["key_id"], "--data-dir", data_dir)
    assert ended.returncode == 0, ended.stderr
    [listed] = answer("api-key", "list", *here)
    assert listed["ended_at"] is not None
    more = ("--name", "MIS sync", "--only", only, "--service", made["person_id"])
    answer("api-key", "make", *more, *here)
    assert run("sign-out", made["person_id"], "--data-dir", data_dir).stdout == "Ended: 1.\n"
    assert all(key["ended_at"] for key in answer("api-key", "list", *here))
    assert "MIS sync" in run("api-key", "list", "--data-dir", data_dir).stdout


def test_what_is_done_with_keys_is_in_the_access_log(data_dir: Path) -> None:
    asked = "SELECT DISTINCT what FROM access_log WHERE act = 'keys' AND tier = 'T6' "
    asked += "AND (what LIKE '%api_key%' OR what = 'sign_out') ORDER BY what"
    found = run("psql", "--as", "owner", "--data-dir", data_dir, "-tAc", asked)

    assert found.stdout.split() == ["end_api_key", "list_api_keys", "make_api_key", "sign_out"]


def test_the_owner_cannot_change_the_log_either(data_dir: Path) -> None:
    refused = run("psql", "--as", "owner", "--data-dir", data_dir, "-c", "DELETE FROM events")

    assert refused.returncode == 1
    assert "append-only" in refused.stderr


def test_the_history_of_a_pupil_is_told_from_the_log(data_dir: Path) -> None:
    leo = pupil_id(data_dir, "Leo Bennett-Okafor")

    told = answer("history", leo, "--data-dir", data_dir, "--json")
    shown = run("history", leo, "--data-dir", data_dir)

    assert [entry["version"] for entry in told] == list(range(1, len(told) + 1))
    assert (told[0]["event"], told[-1]["event"]) == ("PupilAdmitted", "BundleServed")
    assert told[0]["recorded_at"].startswith("2021-09-02")
    assert "LegalHoldPlaced" in shown.stdout


def test_every_view_rebuilt_from_nothing_is_as_it_was(data_dir: Path) -> None:
    done = answer("project", "--rebuild", "all", "--data-dir", data_dir, "--json")

    assert {view["name"]: view["differences"] for view in done} == {
        projection.name: 0 for projection in PROJECTIONS
    }


def test_a_database_up_to_date_has_nothing_to_apply(data_dir: Path) -> None:
    assert answer("migrate", "--data-dir", data_dir, "--json") == {"applied": []}
    assert answer("project", "--once", "--data-dir", data_dir, "--json") == {"events": 0}


def test_the_demo_does_not_write_over_what_is_there(data_dir: Path) -> None:
    refused = run("demo", "--data-dir", data_dir)

    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_api_is_served_with_a_token_and_stops_in_good_order(
    data_dir: Path, end: signal.Signals
) -> None:
    asked = ["--role", "senco", "--name", "Sam Okoro", "--academy", "Alder Park Academy"]
    of_both = [*asked, "--academy", "Brook Lane Academy"]
    tokens = [run("token", *each, "--data-dir", data_dir) for each in (of_both, asked)]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--demo", "--port", str(port), "--data-dir", str(data_dir)],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until_ready(client, process)
            shown = []
            for token in tokens:
                signed = {"Authorization": f"Bearer {token.stdout.strip()}"}
                register = client.get("/v1/register", headers=signed).json()
                shown.append([row["legal_name"] for row in register["data"]])
            assert shown == [["Aisha Rahman", "Leo Bennett-Okafor"], ["Aisha Rahman"]]
    finally:
        process.send_signal(end)
        process.communicate(timeout=30)

    assert process.returncode == 0
    assert EmbeddedPostgres(data_dir).postmaster_pid is None


def wait_until_ready(client: httpx2.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1].decode()
        try:
            if client.get("/health/ready").is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the API was not ready in time")


def test_after_a_kill_the_server_is_found_and_stopped_by_the_next(data_dir: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "project", "--data-dir", str(data_dir)],
        env=ENVIRONMENT,
        stderr=subprocess.DEVNULL,
    )
    server = EmbeddedPostgres(data_dir)
    deadline = time.monotonic() + 30
    while server.postmaster_pid is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    left_running = server.postmaster_pid

    assert answer("project", "--once", "--data-dir", data_dir, "--json") == {"events": 0}

    assert left_running is not None
    assert server.postmaster_pid is None


# The past


@pytest.fixture
def kept_up(data_dir: Path) -> Iterator[Path]:
    """The data directory with its server running, which each command would else start and stop."""
    with EmbeddedPostgres(data_dir):
        yield data_dir


def test_the_register_of_census_day_is_asked_without_the_api(kept_up: Path) -> None:
    census = ("register", "--as-of", "2026-01-15", "--data-dir", kept_up)

    asked = run(*census, "--json")
    answer_ = orjson.loads(asked.stdout)
    table, spreadsheet = run(*census), run(*census, "--csv")

    names = [row["legal_name"] for row in answer_["data"]]
    assert "Aisha Rahman" in names
    again = f"--known-at position:{answer_['meta']['position']}"
    assert f"--as-of 2026-01-15 {again}" in asked.stderr
    assert run(*census, "--json", *again.split()).stdout == asked.stdout
    assert all(name in table.stdout for name in names)
    lines = spreadsheet.stdout.splitlines()
    assert lines[0].startswith("pupil_id,legal_name,")
    assert len(lines) == len(names) + 1


def test_what_was_known_on_a_day_is_asked_without_the_api(kept_up: Path) -> None:
    aisha = pupil_id(kept_up, "Aisha")
    story = ("chronology", aisha, "--data-dir", kept_up)
    known = answer(*story, "--known-at", "2024-06-20", "--json")["data"]
    later = answer(*story, "--json")["data"]

    assert known == [row for row in later if row["recorded_at"] < "2024-06-21"]
    assert 0 < len(known) < len(later)
    assert {row["occurred_on"] <= "2024-06-20" for row in known} == {True}
    nothing = run(*story, "--as-of", "2015-01-01")
    assert nothing.returncode == 1
    assert "Nothing was on record" in nothing.stderr
    unclear = run(*story, "--known-at", "last year")
    assert unclear.returncode == 1
    assert "Say known_at as an instant" in unclear.stderr


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (["a", "b"], "a; b"),
        ([{"sen_type": "SPLD"}, {"sen_type": "SLCN"}], "SPLD; SLCN"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("O'Neill", "O'Neill"),
        (True, "True"),
    ],
)
def test_a_cell_is_never_a_formula(value: Any, cell: str) -> None:
    assert _cell(value) == cell


# Keys and proofs


@pytest.mark.parametrize("words", ["[bold]Ana", "[/] and so on", "[link=file:///etc]Ben"])
def test_words_in_a_table_are_no_markup(words: str) -> None:
    made, said = Table("Name"), StringIO()
    add_row(made, words)

    Console(file=said, width=120).print(made)

    assert words in said.getvalue()


def test_an_outsider_checks_an_extract_with_what_comes_with_it(
    kept_up: Path, tmp_path: Path
) -> None:
    leo = pupil_id(kept_up, "Leo Bennett-Okafor")
    run("extract", leo, "--to", tmp_path, "--data-dir", kept_up)
    known = [f"--key={vkey}" for vkey in answer("keys", "public", "--data-dir", kept_up, "--json")]

    def checked() -> int:
        command = [sys.executable, "-I", "verify_extract.py", "extract.json", *known]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert checked() == 0
    extract = tmp_path / "extract.json"
    extract.write_bytes(extract.read_bytes().replace(b"LegalHoldPlaced", b"LegalHoldPlacee"))
    assert checked() == 1


def test_the_key_of_keys_is_changed_shared_lost_and_recovered(
    kept_up: Path, tmp_path: Path
) -> None:
    done = answer("keys", "rotate", "--data-dir", kept_up, "--json")
    run("keys", "shares", tmp_path / "shares", "--data-dir", kept_up)
    [kek] = (kept_up / "kek").iterdir()
    kek.unlink()

    lost = run("verify", "--data-dir", kept_up)
    shares = [tmp_path / "shares" / f"share-{number}.txt" for number in (1, 3)]
    back = run("keys", "recover", *shares, "--data-dir", kept_up)

    assert done["keys"] >= 4
    assert lost.returncode == 1
    assert "keys recover" in lost.stderr
    assert back.returncode == 0
    assert answer("verify", "--data-dir", kept_up, "--json")["ok"]


def test_a_pupil_is_erased_and_the_log_still_verifies(kept_up: Path) -> None:
    tomasz = pupil_id(kept_up, "Tomasz Nowak")
    destroy = ("keys", "destroy", tomasz, "--authority", "Disposal 2042/07")

    assert run(*destroy, "--data-dir", kept_up).returncode == 1  # nobody said that they are sure
    assert "is erased" in run(*destroy, "--yes", "--data-dir", kept_up).stdout

    gone = run("history", tomasz, "--data-dir", kept_up)
    assert gone.returncode == 1
    assert "was erased" in gone.stderr
    assert answer("find", "Tomasz", "--data-dir", kept_up, "--json") == []
    assert answer("verify", "--data-dir", kept_up, "--json")["ok"]


def filed_of(data_dir: Path, pupil: UUID) -> None:
    """Upload and file a document, as the API does."""
    settings, key = Settings(data_dir=data_dir), uuid4()
    with (
        database(settings) as found,
        open_keys(settings, found.app) as keys,
        running(settings, found, keys) as system,
    ):
        keep(system.records, pupil, key, b"%PDF-1.7\n% Findings\n%%EOF\n")
        system.records.execute(pupil, FILE, Request(SENCO, key, uuid4()))


CHANGED = (
    "ALTER TABLE document_chunks DISABLE TRIGGER as_it_was; "
    "UPDATE document_chunks SET sealed = set_byte(sealed, 70, get_byte(sealed, 70) # 1)"
)


def test_a_document_that_was_changed_or_lost_is_named(kept_up: Path) -> None:
    filed_of(kept_up, UUID(pupil_id(kept_up, "Aisha")))

    def found_after(statement: str, *more: str) -> set[tuple[str, str]]:
        run("psql", "--as", "owner", "--data-dir", kept_up, "-c", statement)
        done = run("verify", "--data-dir", kept_up, "--json", *more)
        assert done.returncode == 1
        return {(each["where"], each["damage"]) for each in orjson.loads(done.stdout)["findings"]}

    assert found_after(CHANGED) == {("document_contents", "altered")}
    lost = found_after("DELETE FROM document_chunks", "--no-views")  # and so without any key
    assert lost == {("document_contents", "missing")}


def test_a_record_under_a_hold_is_not_erased(kept_up: Path) -> None:
    leo = pupil_id(kept_up, "Leo Bennett-Okafor")

    refused = run("keys", "destroy", leo, "--authority", "x", "--yes", "--data-dir", kept_up)

    assert refused.returncode == 1
    assert "Release the holds" in refused.stderr
    assert run("history", leo, "--data-dir", kept_up).returncode == 0


NOWHERE = "postgresql://somebody@127.0.0.1:1/records"


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["serve"], {"SEND_RECORDS_OWNER_URL": NOWHERE}, "SEND_RECORDS_DATABASE_URL"),
        (
            ["migrate"],
            {"SEND_RECORDS_DATABASE_URL": NOWHERE},
            "SEND_RECORDS_OWNER_URL",
        ),
        (
            ["project", "--once"],
            {"SEND_RECORDS_DATABASE_URL": NOWHERE},
            "SEND_RECORDS_PROJECTOR_URL",
        ),
        (
            ["serve", "--demo"],
            {"SEND_RECORDS_DATABASE_URL": NOWHERE},
            "cannot be reached",
        ),
        (["serve"], {}, "SEND_RECORDS_OIDC_ISSUER_URL"),
        (["serve"], {"SEND_RECORDS_DATABASE_URL": NOWHERE}, "--demo"),
        (
            ["serve"],
            {"SEND_RECORDS_OIDC_ISSUER_URL": "https://login.example"},
            "SEND_RECORDS_OIDC_CLIENT_ID",
        ),
        (
            ["serve"],
            {"SEND_RECORDS_OIDC_ISSUER_URL": "http://login.example"},
            "SEND_RECORDS_OIDC_ISSUER_URL",
        ),
        (["history", "no-uuid"], {}, "UUID"),
        (["token", "--role", "wizard", "--name", "x"], {}, "wizard"),
        (["role", "bootstrap", "--role", "wizard", "--name", "x"], {}, "wizard"),
    ],
)
def test_an_error_says_what_to_do(
    arguments: list[str], variables: dict[str, str], said: str
) -> None:
    done = run(*arguments, **variables)

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        *("serve", "demo", "migrate", "project", "token", "history", "psql"),
        *("find", "notarise", "verify", "extract"),
        *("keys rotate", "keys destroy", "keys shares", "keys recover", "keys public"),
        *("role bootstrap", "role list", "role end"),
        *("api-key make", "api-key list", "api-key end", "sign-out"),
    ],
)
def test_every_command_explains_itself_and_takes_a_data_directory(command: str) -> None:
    plain = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}

    shown = CliRunner().invoke(app, [*command.split(), "--help"], env=plain)

    assert shown.exit_code == 0
    assert "--data-dir" in shown.output
