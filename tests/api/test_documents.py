"""Documents over HTTP: what was uploaded comes back to the byte, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from psycopg import Connection
from starlette.types import Message

from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.documents import FileDocument, SupersedeDocument
from send_records.aggregates.values import Role
from send_records.api.lastresort import AnswerBroken
from send_records.bootstrap import Database, System, now
from send_records.documents import uploads
from send_records.keeper import Keeper
from send_records.store.connections import one
from send_records.store.contents import CHUNK
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.hostile import CANARY, echoes, overheard
from tests.api.story_documents import FILE
from tests.conftest import Cluster, new_database
from tests.scenario import ADMIT, SENCO, but
from tests.sniffing.files import JPEG, PDF, PNG, TEXT, WHOLE, WORD, office

LARGEST = 25 * 1024 * 1024

Stage = tuple[Client, System, Database]


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("documents")) as (client, system),
    ):
        yield client, system, database


@pytest.fixture
def client(stage: Stage) -> Client:
    return stage[0]


@pytest.fixture
def pupil_id(client: Client) -> UUID:
    return UUID(client.admit(but(ADMIT, upn=None)).json()["pupil_id"])


@pytest.fixture
def owner(stage: Stage) -> Iterator[Connection]:
    with one(stage[2].as_owner()) as connection:
        yield connection


def pdf(size: int, seed: int = 1) -> bytes:
    """Return a PDF of a size, of bytes that do not repeat."""
    filler = random.Random(seed).randbytes(size - len(PDF) - 1)
    return PDF[:9] + filler + b"\n" + PDF[9:]


def filed(client: Client, pupil_id: UUID, content: bytes, **more: object) -> UUID:
    """Upload and file something, and return its id."""
    key = uuid4()
    answer = client.upload(pupil_id, content, key)
    assert answer.status_code == 201, answer.text
    answer = client.record(pupil_id, but(FILE, **more), key=key)
    assert answer.status_code == 201, answer.text
    return key


def content_of(client: Client, pupil_id: UUID, document_id: UUID) -> Response:
    return client.get(f"/v1/pupils/{pupil_id}/documents/{document_id}/content")


def listed(client: Client, pupil_id: UUID, **more: object) -> list[dict[str, object]]:
    answer = client.get(f"/v1/pupils/{pupil_id}/documents", **more)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = answer.json()["data"]
    return rows


def left(owner: Connection, pupil_id: UUID) -> tuple[int, int, int]:
    """Return how many uploads, pieces and contents there are of a pupil."""
    [row] = owner.execute(
        "SELECT count(DISTINCT u.upload_id), count(d.chunk), count(DISTINCT c.content_id) "
        "FROM document_uploads u LEFT JOIN document_chunks d USING (upload_id) "
        "LEFT JOIN document_contents c USING (upload_id) WHERE pupil_id = %s",
        [pupil_id],
    ).fetchall()
    return tuple(map(int, row))  # type: ignore[return-value]


# There and back


@pytest.mark.parametrize("media_type", WHOLE)
def test_what_was_uploaded_comes_back_to_the_byte(
    client: Client, pupil_id: UUID, media_type: str
) -> None:
    content = WHOLE[media_type]
    key = uuid4()

    uploaded = client.upload(pupil_id, content, key)

    assert uploaded.json() == {
        "content_id": str(key),
        "media_type": media_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert client.record(pupil_id, FILE, key=key).status_code == 201
    answer = content_of(client, pupil_id, key)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, LARGEST])
def test_whatever_its_size_it_comes_back_to_the_byte(
    client: Client, pupil_id: UUID, owner: Connection, size: int
) -> None:
    content = pdf(size)

    document = filed(client, pupil_id, content)

    assert content_of(client, pupil_id, document).content == content
    assert left(owner, pupil_id) == (1, -(-size // CHUNK), 1)


def test_a_document_is_handed_out_as_a_file_that_names_nobody(
    client: Client, pupil_id: UUID
) -> None:
    document = filed(client, pupil_id, PDF, title="Aisha Rahman's report")

    headers = content_of(client, pupil_id, document).headers

    assert headers["Content-Disposition"] == f'attachment; filename="document-{document}.pdf"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "no-store"


def test_a_document_is_listed_as_put_right_and_not_at_all_once_withdrawn(
    client: Client, pupil_id: UUID
) -> None:
    document = filed(client, pupil_id, PDF, title="Repport")
    correct = CorrectEntry(
        occurred_on=FILE.occurred_on,
        entry_version=3,
        field="title",
        from_value="Repport",
        to_value="Report",
        why="Misspelt",
    )
    withdraw = WithdrawEntry(
        occurred_on=FILE.occurred_on,
        entry_version=3,
        why=WhyWithdrawn.WRONG_PUPIL,
        explanation="Of another child",
    )

    assert client.record(pupil_id, correct).status_code == 201
    assert [row["title"] for row in listed(client, pupil_id)] == ["Report"]

    assert client.record(pupil_id, withdraw).status_code == 201
    assert listed(client, pupil_id, superseded=True) == []
    problem_of(content_of(client, pupil_id, document), 404)


def test_the_file_is_asked_for_as_it_was(client: Client, pupil_id: UUID) -> None:
    older = filed(client, pupil_id, PDF, title="Findings")
    then = client.get(f"/v1/pupils/{pupil_id}/documents", as_of=str(FILE.occurred_on)).json()
    filed(client, pupil_id, PDF + b"\n", title="Findings, corrected")

    at = {"known_at": f"position:{then['meta']['position']}"}
    again = client.get(f"/v1/pupils/{pupil_id}/documents", **at).json()

    assert [row["document_id"] for row in again["data"]] == [str(older)]
    assert again["data"] == then["data"]
    assert len(listed(client, pupil_id)) == 2
    assert listed(client, pupil_id, as_of=str(FILE.occurred_on - timedelta(days=1))) == []
    problem_of(client.get(f"/v1/pupils/{pupil_id}/documents", as_of="2010-01-01"), 404)


def test_the_list_shows_what_is_current_and_the_rest_if_asked(
    client: Client, pupil_id: UUID
) -> None:
    older = filed(client, pupil_id, PDF, title="Findings")
    newer = filed(client, pupil_id, PDF + b"\n", title="Findings, corrected")
    supersede = SupersedeDocument(
        occurred_on=FILE.occurred_on, document_id=older, superseded_by=newer
    )
    assert client.record(pupil_id, supersede).status_code == 201

    assert [row["document_id"] for row in listed(client, pupil_id)] == [str(newer)]
    both = listed(client, pupil_id, superseded=True)
    assert [(row["title"], row["superseded_by"]) for row in both] == [
        ("Findings", str(newer)),
        ("Findings, corrected", None),
    ]
    assert both[0] == {
        "document_id": str(older),
        "kind": "professional_report",
        "title": "Findings",
        "author": "Dr Ines Marsh",
        "dated": "2024-02-09",
        "filed_on": "2024-02-12",
        "filed_by": SENCO.name,
        "media_type": "application/pdf",
        "size": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "data_class": "health",
        "origin": "professional",
        "superseded_by": str(newer),
    }
    assert content_of(client, pupil_id, older).content == PDF


# Too much, too little, and something else


def nothing_left(client: Client, owner: Connection, pupil_id: UUID, key: UUID) -> None:
    assert left(owner, pupil_id) == (0, 0, 0)
    problem_of(client.record(pupil_id, FILE, key=key), 404)


def test_one_byte_too_many_is_refused_at_once_when_it_is_announced(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    key = uuid4()

    problem = problem_of(client.upload(pupil_id, pdf(LARGEST + 1), key), 413)

    assert problem["type"] == "urn:send-records:problem:too-large"
    nothing_left(client, owner, pupil_id, key)


def test_one_byte_too_many_is_refused_as_soon_as_it_comes(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    key, asked_for = uuid4(), list[int]()

    def endless() -> Iterator[bytes]:
        for piece in range(200):
            asked_for.append(piece)
            yield (PDF if piece == 0 else b"") + b"x" * CHUNK

    problem_of(client.upload(pupil_id, endless(), key), 413)

    nothing_left(client, owner, pupil_id, key)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (PDF[:-6], 422),
        (PNG + b"x", 422),
        (b"GIF89a" + bytes(100), 415),
        (office("word/document.xml", "word/vbaProject.bin"), 415),
        (JPEG[:20] + PDF + JPEG[20:], 415),
        (pdf(3 * CHUNK)[:-10], 422),
        (bytes(3 * CHUNK), 415),
    ],
    ids=["nothing", "cut", "longer", "GIF", "macros", "two types", "large and cut", "zeros"],
)
def test_what_is_not_a_whole_file_of_a_known_type_leaves_nothing(
    client: Client, pupil_id: UUID, owner: Connection, content: bytes, status: int
) -> None:
    key = uuid4()

    problem_of(client.upload(pupil_id, content, key), status)

    nothing_left(client, owner, pupil_id, key)


def test_a_file_is_of_the_type_that_it_is_declared_to_be(client: Client, pupil_id: UUID) -> None:
    for declared in (
        "image/png",
        "application/pdf; x=y",
        "IMAGE/PNG",
        "application/zip",
        "nonsense",
    ):
        answer = client.upload(pupil_id, PNG, **{"Content-Type": declared})
        right = declared.lower() == "image/png"
        assert answer.status_code == (201 if right else 415), declared
    assert client.upload(pupil_id, TEXT, **{"Content-Type": "text/plain; charset=utf-8"}).is_success


def test_the_hash_that_a_caller_knows_is_compared(client: Client, pupil_id: UUID) -> None:
    key = uuid4()
    client.upload(pupil_id, PDF, key)
    wrong = but(FILE, sha256=hashlib.sha256(PNG).hexdigest())

    problem_of(client.record(pupil_id, wrong, key=key), 422)
    right = but(FILE, sha256=hashlib.sha256(PDF).hexdigest())
    assert client.record(pupil_id, right, key=key).status_code == 201


def interrupted(
    client: Client, pupil_id: UUID, key: UUID, *messages: Message, goes_away: bool = True
) -> list[Message]:
    """Upload as a sender who goes away or falls silent, or says another length than is so; return
    the answer."""
    waiting, answered = list(messages), list[Message]()

    async def receive() -> Message:
        if not (waiting or goes_away):
            await asyncio.Event().wait()
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answered.append(message)

    headers = client.token | {"Idempotency-Key": str(key), "Content-Length": str(3 * CHUNK)}
    path = f"/v1/pupils/{pupil_id}/documents/content"
    scope = {
        **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}},
        **{"http_version": "1.1", "method": "POST", "scheme": "http", "query_string": b""},
        **{"path": path, "raw_path": path.encode()},
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(client.app(scope, receive, send))
    return answered


def test_an_upload_that_is_broken_off_leaves_nothing(
    client: Client, pupil_id: UUID, owner: Connection, stage: Stage
) -> None:
    key = uuid4()
    two_pieces = {"type": "http.request", "body": pdf(2 * CHUNK), "more_body": True}

    [start, _] = interrupted(client, pupil_id, key, two_pieces)

    assert start["status"] == 422
    nothing_left(client, owner, pupil_id, key)
    last = stage[1].access.of_pupil(pupil_id, after=0, limit=10)[0]
    assert (last.what, last.outcome) == ("upload_content", "UploadCutShort")


def test_an_upload_that_goes_on_for_too_long_is_refused_and_leaves_nothing(
    client: Client, pupil_id: UUID, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 0.3)
    key = uuid4()
    two_pieces = {"type": "http.request", "body": pdf(2 * CHUNK), "more_body": True}

    [start, body] = interrupted(client, pupil_id, key, two_pieces, goes_away=False)

    assert start["status"] == 422
    assert b"It took too long to arrive" in body["body"]
    nothing_left(client, owner, pupil_id, key)


def test_fewer_bytes_than_were_announced_are_no_upload(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    key = uuid4()
    whole = {"type": "http.request", "body": pdf(2 * CHUNK), "more_body": False}

    [start, body] = interrupted(client, pupil_id, key, whole)

    assert start["status"] == 422
    assert b"upload-cut-short" in body["body"]
    nothing_left(client, owner, pupil_id, key)


# Damaged


FLIP = (
    "UPDATE document_chunks SET sealed = set_byte(sealed, 999, get_byte(sealed, 999) # 1) "
    "WHERE chunk = %s AND upload_id = (SELECT upload_id FROM document_contents "
    "WHERE content_id = %s)"
)


def flip(owner: Connection, document: UUID, chunk: int) -> None:
    owner.execute("ALTER TABLE document_chunks DISABLE TRIGGER as_it_was")
    assert owner.execute(FLIP, [chunk, document]).rowcount == 1
    owner.execute("ALTER TABLE document_chunks ENABLE ALWAYS TRIGGER as_it_was")


def test_a_damaged_document_is_refused_before_its_first_byte(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    document = filed(client, pupil_id, pdf(3 * CHUNK))
    flip(owner, document, 2)

    problem = problem_of(content_of(client, pupil_id, document), 500)

    assert problem["type"] == "urn:send-records:problem:content-damaged"
    assert len(listed(client, pupil_id)) == 1


def test_a_document_that_is_damaged_while_it_is_sent_is_broken_off(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    content = pdf(4 * CHUNK)
    document = filed(client, pupil_id, content)
    messages = list[Message]()

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        messages.append(message)
        if len(messages) == 2:  # the head, and a first piece
            flip(owner, document, 2)

    path = f"/v1/pupils/{pupil_id}/documents/{document}/content"
    scope = {
        **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}},
        **{"http_version": "1.1", "method": "GET", "scheme": "http", "query_string": b""},
        **{"path": path, "raw_path": path.encode()},
        "headers": [(k.lower().encode(), v.encode()) for k, v in client.token.items()],
    }
    with overheard() as lines, pytest.raises(AnswerBroken):
        asyncio.run(client.app(scope, receive, send))

    start, *bodies = messages
    sent = b"".join(body["body"] for body in bodies)
    assert start["status"] == 200
    assert (b"content-length", str(len(content)).encode()) in start["headers"]
    assert content.startswith(sent)
    assert len(sent) == 2 * CHUNK
    assert all(body["more_body"] for body in bodies)
    [line] = [line for line in lines if "request_failed" in line]
    assert "ContentDamaged" in line


# Said of it to nobody


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": f"text/{CANARY}"},
        {"Content-Type": f"{CANARY}; charset={CANARY}"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json"},
        {"Content-Encoding": "gzip", "Content-Type": "application/gzip"},
    ],
)
def test_what_is_refused_is_never_repeated(
    client: Client, pupil_id: UUID, owner: Connection, headers: dict[str, str]
) -> None:
    with overheard() as lines:
        answer = client.upload(pupil_id, CANARY.encode() + b" and more", **headers)

    problem_of(answer, 415)
    assert echoes(answer, lines) == []
    assert left(owner, pupil_id) == (0, 0, 0)


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 400, "\u00b2", ""])
def test_a_length_that_is_none_is_not_believed(client: Client, pupil_id: UUID, length: str) -> None:
    answer = client.http.post(
        f"/v1/pupils/{pupil_id}/documents/content",
        content=PDF,
        headers=[
            *((k.encode(), v.encode()) for k, v in client.token.items()),
            (b"Idempotency-Key", str(uuid4()).encode()),
            (b"Content-Length", length.encode("latin-1")),
        ],
    )

    assert answer.status_code in (201, 413, 422)


# Once


def test_the_same_upload_again_has_the_same_answer(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    key = uuid4()
    first = client.upload(pupil_id, PDF, key)

    again = client.upload(pupil_id, PDF, key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert left(owner, pupil_id) == (1, 1, 1)


def test_a_key_is_for_one_file_of_one_pupil(client: Client, pupil_id: UUID) -> None:
    key, other = uuid4(), UUID(client.admit(but(ADMIT, upn=None)).json()["pupil_id"])
    client.upload(pupil_id, PDF, key)

    for whose, content in ((pupil_id, PNG), (other, PDF)):
        problem = problem_of(client.upload(whose, content, key), 422)
        assert problem["type"].endswith(":idempotency-key-reused")
    assert client.record(pupil_id, FILE, key=key).status_code == 201
    assert content_of(client, pupil_id, key).content == PDF


def test_another_pupils_content_is_not_filed_nor_told_from_one_that_is_not_there(
    client: Client, pupil_id: UUID
) -> None:
    key, other = uuid4(), UUID(client.admit(but(ADMIT, upn=None)).json()["pupil_id"])
    client.upload(other, PDF, key)

    theirs = problem_of(client.record(pupil_id, FILE, key=key), 404)
    nobodys = problem_of(client.record(pupil_id, FILE, key=uuid4()), 404)

    assert theirs == nobodys
    assert theirs["type"].endswith(":content-unknown")
    filed_there = filed(client, other, PNG)
    problem_of(content_of(client, pupil_id, filed_there), 404)


def test_a_file_is_filed_once_and_the_refusal_says_when(client: Client, pupil_id: UUID) -> None:
    filed(client, pupil_id, PDF)
    key = uuid4()
    client.upload(pupil_id, PDF, key)

    problem = problem_of(client.record(pupil_id, FILE, key=key), 409)

    assert problem["type"].endswith(":document-already-filed")
    assert "filed on 12 February 2024" in problem["detail"]


def test_the_same_file_is_filed_of_another_pupil(client: Client, pupil_id: UUID) -> None:
    other = UUID(client.admit(but(ADMIT, upn=None)).json()["pupil_id"])

    assert filed(client, pupil_id, PDF) != filed(client, other, PDF)


def test_a_filing_again_has_the_same_answer(client: Client, pupil_id: UUID) -> None:
    key = filed(client, pupil_id, PDF)

    again = client.record(pupil_id, FILE, key=key)

    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(listed(client, pupil_id)) == 1


def at_once(work: Callable[[int], Response], times: int = 4) -> list[Response]:
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(work, range(times)))


def test_the_same_upload_by_several_at_once_is_one(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    key, content = uuid4(), pdf(5 * CHUNK + 7)

    answers = at_once(lambda _: client.upload(pupil_id, content, key))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert left(owner, pupil_id) == (1, 6, 1)
    assert client.record(pupil_id, FILE, key=key).status_code == 201
    assert content_of(client, pupil_id, key).content == content


def test_of_different_files_under_one_key_at_once_one_is_kept(
    client: Client, pupil_id: UUID, owner: Connection
) -> None:
    key = uuid4()
    files = [pdf(3 * CHUNK, seed) for seed in range(4)]

    answers = at_once(lambda n: client.upload(pupil_id, files[n], key))

    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    [kept] = [file for file, answer in zip(files, answers, strict=True) if answer.is_success]
    client.record(pupil_id, FILE, key=key)
    assert content_of(client, pupil_id, key).content == kept
    assert left(owner, pupil_id) == (1, 3, 1)


def test_the_same_file_uploaded_and_filed_by_several_at_once_is_filed_once(
    client: Client, pupil_id: UUID
) -> None:
    def both(_: int) -> Response:
        key = uuid4()
        assert client.upload(pupil_id, WORD, key).status_code == 201
        return client.record(pupil_id, FILE, key=key)

    statuses = sorted(answer.status_code for answer in at_once(both))

    assert statuses == [201, 409, 409, 409]
    assert len(listed(client, pupil_id)) == 1


# Who


def test_nobody_uploads_who_may_not_file(client: Client, pupil_id: UUID) -> None:
    for role in Role:
        answer = client.signed_in_as(role).upload(pupil_id, PDF)
        assert answer.status_code == (201 if role in FileDocument.roles else 403), role


def test_for_nobody_nothing_is_uploaded(client: Client) -> None:
    problem_of(client.upload(uuid4(), PDF), 404)


# Gone


def test_of_a_pupil_who_was_erased_no_document_is_left(
    client: Client, pupil_id: UUID, owner: Connection, stage: Stage
) -> None:
    _, system, database = stage
    document = filed(client, pupil_id, pdf(3 * CHUNK))
    waiting = uuid4()
    client.upload(pupil_id, PNG, waiting)
    assert left(owner, pupil_id) == (2, 4, 2)

    Keeper(database, system.keys, SENCO).destroy(pupil_id, "Decision 7", now())

    assert left(owner, pupil_id) == (0, 0, 0)
    problem_of(content_of(client, pupil_id, document), 410)
    problem_of(client.get(f"/v1/pupils/{pupil_id}/documents"), 410)
    problem_of(client.upload(pupil_id, PDF), 410)
    problem_of(client.record(pupil_id, FILE, key=waiting), 410)
