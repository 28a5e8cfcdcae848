"""The contents of documents: sealed in their places, and whatever is done to them is noticed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from send_records.aggregates.contents import Content
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, now
from send_records.documents import Documents
from send_records.documents.uploads import Upload
from send_records.errors import Erased, NotFound
from send_records.rules import shipped_rules
from send_records.store.connections import Pool, one, pool
from send_records.store.contentcheck import check_contents
from send_records.store.contents import (
    CHUNK,
    ContentDamaged,
    Contents,
    Kept,
    Place,
    checked,
    chunk,
    find,
)
from send_records.store.crosschecks import cross_check
from send_records.store.damage import Damage
from send_records.store.erasure import mark_destroyed
from send_records.store.keyring import KeyDestroyed
from send_records.store.recorder import PostgresRecorder
from send_records.store.scopes import Scope, within
from tests.api.story_documents import FILE
from tests.conftest import Cluster, new_database
from tests.keys import held, records_by
from tests.scenario import ADMIT, SENCO, TODAY, but
from tests.sniffing.files import PDF

TWO_AND_A_BIT = PDF[:9] + b"%" + bytes(range(32, 127)) * 5800 + b"\n" + PDF[9:]
"""A document of three pieces."""


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


@dataclass(frozen=True)
class Shelf:
    """Two pupils, with two documents and one, of three pieces each."""

    database: Database
    connections: Pool
    records: SendRecords
    contents: Contents
    papers: Documents
    pupil: UUID
    document: UUID
    second: UUID
    others: UUID
    other: UUID

    def shown(self, document: UUID | None = None, pupil: UUID | None = None) -> bytes:
        """Return a document as it is handed out."""
        shown = self.papers.content(pupil or self.pupil, document or self.document)
        return b"".join(shown.pieces)

    def findings(self) -> set[tuple[str, int | None, Damage]]:
        """Return what ``verify`` finds, without keys and with them."""
        with one(self.database.as_owner()) as connection:
            found = cross_check(connection) + check_contents(connection, held().seals)
            return {(each.where, each.position, each.damage) for each in found}

    def filed_at(self, document: UUID) -> int:
        [position] = [
            event.position
            for event in self.records.history(self.pupil)
            if event.metadata.command_id == document
        ]
        assert position is not None
        return position


def uploaded(contents: Contents, pupil: UUID, key: UUID, content: bytes, step: int = CHUNK) -> None:
    place = Place(pupil, key, contents.begin(pupil), 0)
    upload = Upload(contents, place, shipped_rules(), TODAY, None, len(content))
    for at in range(0, len(content), step):
        upload.take(content[at : at + step])
        upload.keep()
    upload.finish()


@contextmanager
def shelf_in(database: Database) -> Iterator[Shelf]:
    with pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        contents = Contents(connections, held().seals)
        papers = Documents(records, contents, shipped_rules(), now)
        pupil, others = (records.admit(but(ADMIT, upn=None), asked()).pupil_id for _ in range(2))
        document, second, other = uuid4(), uuid4(), uuid4()
        for whose, key, more in (
            (pupil, document, b""),
            (pupil, second, b" "),
            (others, other, b""),
        ):
            uploaded(contents, whose, key, TWO_AND_A_BIT + more)
            records.execute(whose, FILE, asked(key))
        yield Shelf(
            database, connections, records, contents, papers, pupil, document, second, others, other
        )


@pytest.fixture
def shelf(database: Database) -> Iterator[Shelf]:
    with shelf_in(database) as made:
        yield made


@pytest.fixture
def intruder(shelf: Shelf, superuser: Connection) -> Connection:
    """Somebody who may do anything, and has the triggers out of the way."""
    for table in ("uploads", "chunks", "contents"):
        superuser.execute(f"ALTER TABLE document_{table} DISABLE TRIGGER ALL".encode())
    return superuser


def test_of_what_nobody_laid_hands_on_nothing_is_found(shelf: Shelf) -> None:
    assert shelf.shown() == TWO_AND_A_BIT
    assert shelf.findings() == set()


# Altered, exchanged, left out, added, brought from elsewhere

OF = "upload_id = (SELECT upload_id FROM document_contents WHERE content_id = "

DAMAGE: dict[str, LiteralString] = {
    "a byte flipped": "UPDATE document_chunks SET sealed = set_byte(sealed, 9000, "
    "get_byte(sealed, 9000) # 1) WHERE {document} AND chunk = 1",
    "its tag flipped": "UPDATE document_chunks SET sealed = set_byte(sealed, 262200, "
    "get_byte(sealed, 262200) # 128) WHERE {document} AND chunk = 0",
    "cut short": "UPDATE document_chunks SET sealed = substr(sealed, 1, 5000) "
    "WHERE {document} AND chunk = 2",
    "two pieces exchanged": "UPDATE document_chunks SET chunk = 5001 - chunk "
    "WHERE {document} AND chunk IN (0, 1); "
    "UPDATE document_chunks SET chunk = chunk - 5000 WHERE {document} AND chunk > 5",
    "the last piece put first": "UPDATE document_chunks SET chunk = 5002 - chunk "
    "WHERE {document}; UPDATE document_chunks SET chunk = chunk - 5000 WHERE {document}",
    "another pupil's piece": "UPDATE document_chunks SET sealed = (SELECT sealed FROM "
    "document_chunks WHERE {other} AND chunk = 1) WHERE {document} AND chunk = 1",
    "another document's piece": "UPDATE document_chunks SET sealed = (SELECT sealed FROM "
    "document_chunks WHERE {second} AND chunk = 1) WHERE {document} AND chunk = 1",
    "another pupil's whole": "UPDATE document_chunks d SET sealed = (SELECT o.sealed FROM "
    "document_chunks o WHERE {other} AND o.chunk = d.chunk) WHERE {document}",
    "another document's head": "UPDATE document_contents SET sealed = (SELECT sealed FROM "
    "document_contents WHERE {second}) WHERE {document}",
    "cut to two": "DELETE FROM document_chunks WHERE {document} AND chunk = 2; "
    "UPDATE document_contents SET chunks = 2 WHERE {document}",
    "fewer by its count": "UPDATE document_contents SET chunks = 2 WHERE {document}",
}
"""What makes of a document another one, which is noticed when it is opened."""

PARTED: dict[str, LiteralString] = {
    "a piece missing": "DELETE FROM document_chunks WHERE {document} AND chunk = 1",
    "the last missing": "DELETE FROM document_chunks WHERE {document} AND chunk = 2",
    "all missing": "DELETE FROM document_chunks WHERE {document}",
    "the head missing": "DELETE FROM document_contents WHERE {document}",
    "the upload missing": "DELETE FROM document_uploads WHERE {document}",
    "given to another pupil": "UPDATE document_uploads SET pupil_id = (SELECT pupil_id FROM "
    "document_uploads WHERE {other}) WHERE {document}",
    "exchanged with another document": "UPDATE document_contents SET content_id = "
    "CASE content_id WHEN {document_id} THEN gen_random_uuid() ELSE {document_id} END "
    "WHERE content_id IN ({document_id}, {second_id})",
}
"""What leaves a document in pieces, or elsewhere."""


def lay_hands(intruder: Connection, shelf: Shelf, statements: LiteralString) -> None:
    ids = {"document": shelf.document, "second": shelf.second, "other": shelf.other}
    named = {name: f"{OF}'{key}')" for name, key in ids.items()}
    named |= {f"{name}_id": f"'{key}'::uuid" for name, key in ids.items()}
    for statement in statements.split("; "):
        assert intruder.execute(statement.format(**named).encode()).rowcount > 0


@pytest.mark.parametrize("what", [*DAMAGE, *PARTED])
def test_a_damaged_document_is_never_begun_and_verify_says_which_it_is(
    shelf: Shelf, intruder: Connection, what: str
) -> None:
    at = shelf.filed_at(shelf.document)
    lay_hands(intruder, shelf, (DAMAGE | PARTED)[what])

    with pytest.raises(ContentDamaged):
        shelf.papers.content(shelf.pupil, shelf.document)

    found = shelf.findings()
    assert ("document_contents", at) in {(where, position) for where, position, _ in found}
    assert shelf.shown(shelf.other, shelf.others) == TWO_AND_A_BIT
    if what in DAMAGE and "count" not in what:
        assert found == {("document_contents", at, Damage.ALTERED)}


@pytest.mark.parametrize("what", PARTED)
def test_without_keys_what_is_not_whole_is_found_all_the_same(
    shelf: Shelf, intruder: Connection, what: str
) -> None:
    lay_hands(intruder, shelf, PARTED[what])

    found = {(each.position, each.damage) for each in cross_check(intruder)}

    both = {shelf.filed_at(shelf.document), shelf.filed_at(shelf.second)}
    assert {position for position, damage in found if damage is Damage.MISSING} & both


def test_a_piece_too_many_is_found(shelf: Shelf, intruder: Connection) -> None:
    lay_hands(
        intruder,
        shelf,
        "INSERT INTO document_chunks SELECT upload_id, 3, sealed FROM document_chunks "
        "WHERE {document} AND chunk = 2",
    )

    assert shelf.findings() == {
        ("document_contents", shelf.filed_at(shelf.document), Damage.MISSING)
    }


def test_what_is_of_nobody_is_found(shelf: Shelf, intruder: Connection) -> None:
    intruder.execute("INSERT INTO document_uploads VALUES (gen_random_uuid(), gen_random_uuid())")

    assert shelf.findings() == {("document_contents", None, Damage.SURPLUS)}


def test_a_document_that_is_damaged_while_it_is_sent_ends_before_its_end(
    shelf: Shelf, intruder: Connection
) -> None:
    shown = shelf.papers.content(shelf.pupil, shelf.document)
    sent = next(shown.pieces)
    lay_hands(intruder, shelf, DAMAGE["a byte flipped"])

    with pytest.raises(ContentDamaged):
        sent += b"".join(shown.pieces)
    assert TWO_AND_A_BIT.startswith(sent)
    assert len(sent) < len(TWO_AND_A_BIT)


def test_what_was_filed_counts_and_not_what_the_head_says(shelf: Shelf) -> None:
    """A head and pieces that fit each other, made by somebody with the keys: the event speaks
    against them."""
    other = Content(3, sha256(b"abc").hexdigest(), "text/plain", timedelta(0))
    [kept] = [shelf.contents.find(shelf.pupil, shelf.document)]
    assert kept is not None
    pieces = (shelf.contents.chunk(kept, number) for number in range(kept.chunks))

    with pytest.raises(ContentDamaged):
        list(checked(kept, other, pieces))


class Believing(Contents):
    """A planted defect: pieces bound to no place."""

    def keep_chunk(self, place: Place, chunk: bytes) -> None:
        super().keep_chunk(_nowhere(place), chunk)

    def _open(self, connection: Connection, kept: Kept, number: int) -> bytes:
        row = connection.execute(
            "SELECT sealed FROM document_chunks WHERE upload_id = %s AND chunk = %s",
            [kept.upload_id, number],
        ).fetchone()
        assert row is not None
        place = _nowhere(Place(kept.pupil_id, kept.content_id, kept.upload_id, number))
        return held().seals.open(kept.pupil_id, place.of_chunk(held().seals), row[0])

    def opened(self, pupil: UUID, key: UUID) -> bytes:
        with self._scoped(pupil) as connection:
            kept = find(connection, held().seals, pupil, key)
            assert kept is not None
            return b"".join(self._open(connection, kept, n) for n in range(kept.chunks))


def _nowhere(place: Place) -> Place:
    nothing = UUID(int=0)
    return replace(place, content_id=nothing, number=0, total=0)


def test_pieces_bound_to_no_place_could_be_exchanged_unnoticed(
    shelf: Shelf, intruder: Connection
) -> None:
    """What the binding is there for, planted: each piece opens, and the whole is another."""
    believing, key = Believing(shelf.connections, held().seals), uuid4()
    place = Place(shelf.pupil, key, believing.begin(shelf.pupil), 0)
    for number, piece in enumerate([b"first ", b"second ", b"third"]):
        held_at = replace(place, number=number)
        sealed = held().seals.seal(shelf.pupil, _nowhere(held_at).of_chunk(held().seals), piece)
        intruder.execute(
            "INSERT INTO document_chunks VALUES (%s, %s, %s)", [place.upload_id, number, sealed]
        )
    content = Content(18, sha256(b"first second third").hexdigest(), "text/plain", timedelta(0))
    believing.keep_whole(replace(place, number=3), content)
    intruder.execute(
        "UPDATE document_chunks SET chunk = (chunk + 1) %% 2 + 5000 "
        "WHERE upload_id = %s AND chunk < 2",
        [place.upload_id],
    )
    intruder.execute("UPDATE document_chunks SET chunk = chunk - 5000 WHERE chunk >= 5000")

    assert believing.opened(shelf.pupil, key) == b"second first third"


# However it comes


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    size=st.one_of(
        st.integers(0, 40),
        st.sampled_from([CHUNK, 2 * CHUNK, 3 * CHUNK]).flatmap(lambda n: st.integers(n - 2, n + 2)),
    ),
    step=st.one_of(
        st.integers(1, 9).map(lambda n: n * 30_011), st.sampled_from([CHUNK, 4 * CHUNK])
    ),
)
def test_whatever_its_size_and_however_it_comes_it_is_the_same(
    common: Shelf, size: int, step: int
) -> None:
    key, content = uuid4(), b"x" * max(size - 1, 0) + b"y"

    uploaded(common.contents, common.pupil, key, content, step)

    kept = common.contents.find(common.pupil, key)
    assert kept is not None
    assert kept.chunks == -(-len(content) // CHUNK)
    assert (kept.content.size, kept.content.sha256) == (
        len(content),
        sha256(content).hexdigest(),
    )
    pieces = [common.contents.chunk(kept, number) for number in range(kept.chunks)]
    assert {len(piece) for piece in pieces[:-1]} <= {CHUNK}
    assert b"".join(pieces) == content


def test_a_large_document_is_never_held_whole(common: Shelf) -> None:
    """25 MB in and out, in the memory of a few pieces."""
    key, total = uuid4(), 25 * 1024 * 1024
    arriving = [PDF[:9] + bytes(65_536 - 9), *[bytes(65_536)] * 398]
    arriving.append(bytes(total - sum(map(len, arriving)) - len(PDF[9:])) + PDF[9:])
    place = Place(common.pupil, key, common.contents.begin(common.pupil), 0)
    upload = Upload(common.contents, place, shipped_rules(), TODAY, None, total)
    tracemalloc.start()
    try:
        for piece in arriving:
            upload.take(piece)
            if upload.full:
                upload.keep()
        upload.finish()
        received = tracemalloc.get_traced_memory()[1]
        common.records.execute(common.pupil, FILE, asked(key))
        tracemalloc.reset_peak()
        sent = sum(map(len, common.papers.content(common.pupil, key).pieces))
        shown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == total
    assert received < 12 * CHUNK, received
    assert shown < 12 * CHUNK, shown


@pytest.fixture(scope="module")
def common(cluster: Cluster) -> Iterator[Shelf]:
    with new_database(cluster) as database, shelf_in(database) as made:
        yield made


def test_a_piece_alone_is_committed_without_waiting_and_nothing_else_is(shelf: Shelf) -> None:
    """What it says for its own transaction is not said for the next on the same connection."""
    with pool(shelf.database.app, most=1) as single:
        contents = Contents(single, held().seals)
        contents.keep_chunk(Place(shelf.pupil, uuid4(), contents.begin(shelf.pupil), 0), b"Half")
        with single.connection() as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


# Nothing of it in clear


def test_nothing_of_a_document_can_be_read_in_the_tables(
    shelf: Shelf, superuser: Connection
) -> None:
    digest = sha256(TWO_AND_A_BIT).digest()
    for table in ("uploads", "chunks", "contents"):
        query = f"SELECT t::text FROM document_{table} t".encode()
        text = "\n".join(row for (row,) in superuser.execute(query)).encode()
        for words in (
            b"%PDF",
            b"application/pdf",
            FILE.title.encode(),
            digest,
            TWO_AND_A_BIT[40:90],
        ):
            for spelt in (words, words.hex().encode(), words.hex().upper().encode()):
                assert spelt not in text
    assert FILE.title in str(shelf.records.history(shelf.pupil))


def test_the_same_file_looks_different_each_time(shelf: Shelf, superuser: Connection) -> None:
    rows = superuser.execute("SELECT sealed FROM document_chunks WHERE chunk = 0").fetchall()

    assert len({bytes(row[0]) for row in rows}) == len(rows) == 3


# What nobody files, and whom nobody knows


def older(superuser: Connection, hours: int, where: str = "true") -> None:
    """Make uploads older, as only a superuser without triggers can."""
    back = f"- interval '{hours} hours'"
    for table, column in (("uploads", "begun_at"), ("contents", "stored_at")):
        superuser.execute(f"ALTER TABLE document_{table} DISABLE TRIGGER as_it_was".encode())
        superuser.execute(
            f"UPDATE document_{table} SET {column} = {column} {back} WHERE {where}".encode()
        )
        superuser.execute(f"ALTER TABLE document_{table} ENABLE ALWAYS TRIGGER as_it_was".encode())


def uploads(connection: Connection) -> set[UUID]:
    return {key for (key,) in connection.execute("SELECT upload_id FROM document_uploads")}


def test_what_nobody_files_is_removed_after_a_day_and_what_was_filed_stays(
    shelf: Shelf, superuser: Connection
) -> None:
    filed = uploads(superuser)
    uploaded(shelf.contents, shelf.pupil, uuid4(), PDF)
    begun = shelf.contents.begin(shelf.pupil)
    shelf.contents.keep_chunk(Place(shelf.pupil, uuid4(), begun, 0), b"Half")
    older(superuser, 24)
    assert shelf.contents.remove_unfiled() == 0

    older(superuser, 2)
    late = shelf.contents.begin(shelf.pupil)

    assert shelf.contents.remove_unfiled() == 2
    assert uploads(superuser) == filed | {late}
    assert shelf.shown() == TWO_AND_A_BIT


def test_an_upload_looks_for_what_nobody_filed(shelf: Shelf, superuser: Connection) -> None:
    uploaded(shelf.contents, shelf.pupil, uuid4(), PDF)
    older(superuser, 26)

    shelf.papers.begin(shelf.pupil, asked(), declared=None, length=None)

    assert len(uploads(superuser)) == 4  # three documents, and the one that has just begun


def test_a_key_used_for_another_entry_does_not_keep_what_was_uploaded_under_it(
    shelf: Shelf, superuser: Connection
) -> None:
    key = uuid4()
    uploaded(shelf.contents, shelf.pupil, key, PDF)
    shelf.records.admit(but(ADMIT, upn=None), asked(key))
    older(superuser, 26)

    assert shelf.contents.remove_unfiled() == 1


def test_what_should_have_been_removed_and_is_there_is_found(
    shelf: Shelf, superuser: Connection
) -> None:
    uploaded(shelf.contents, shelf.pupil, uuid4(), PDF)
    older(superuser, 30)
    assert shelf.findings() == set()  # for nothing was uploaded since, that would have removed it

    shelf.contents.begin(shelf.pupil)

    assert shelf.findings() == {("document_contents", None, Damage.SURPLUS)}


def test_what_was_given_up_is_gone_and_what_is_whole_is_not_given_up(
    shelf: Shelf, owner: Connection
) -> None:
    before = uploads(owner)
    begun = shelf.contents.begin(shelf.pupil)
    shelf.contents.keep_chunk(Place(shelf.pupil, uuid4(), begun, 0), b"Half")

    for upload_id in (begun, *before):
        shelf.contents.abandon(upload_id)

    assert uploads(owner) == before


# With the key


def test_with_the_mark_on_the_key_the_rows_go_and_nothing_comes_back(
    shelf: Shelf, owner: Connection
) -> None:
    """Though the key itself be there still: the log says it first."""
    begun = shelf.contents.begin(shelf.pupil)
    of_others = shelf.contents.find(shelf.others, shelf.other)

    with owner.transaction():
        assert mark_destroyed(owner, shelf.pupil)

    assert shelf.contents.find(shelf.pupil, shelf.document) is None
    assert shelf.contents.find(shelf.others, shelf.other) is not None
    assert of_others is not None
    with pytest.raises(KeyDestroyed):
        shelf.contents.keep_chunk(Place(shelf.pupil, uuid4(), begun, 0), b"Late")
    with pytest.raises(KeyDestroyed):
        shelf.contents.begin(shelf.pupil)
    with pytest.raises(Erased):
        shelf.papers.begin(shelf.pupil, asked(), declared=None, length=None)


def test_an_erasure_that_is_taken_back_takes_the_rows_back(shelf: Shelf, owner: Connection) -> None:
    with owner.transaction(force_rollback=True):
        mark_destroyed(owner, shelf.pupil)

    assert shelf.shown() == TWO_AND_A_BIT


def test_an_upload_begun_while_an_erasure_is_under_way_waits_for_it(
    shelf: Shelf, owner: Connection
) -> None:
    with ThreadPoolExecutor(1) as thread:
        with owner.transaction():
            mark_destroyed(owner, shelf.pupil)
            begun = thread.submit(shelf.contents.begin, shelf.pupil)
            assert wait([begun], timeout=0.3).not_done
        with pytest.raises(KeyDestroyed):
            begun.result()
    assert len(uploads(owner)) == 1  # the other pupil's


def test_an_erasure_waits_for_an_upload_that_is_about_to_begin(
    shelf: Shelf, app: Connection, owner: Connection
) -> None:
    owner.execute("SET statement_timeout = '300ms'")
    with within(app, Scope.of(shelf.pupil)):
        app.execute(
            "INSERT INTO document_uploads (upload_id, pupil_id) VALUES (%s, %s)",
            [uuid4(), shelf.pupil],
        )
        with pytest.raises(psycopg.errors.QueryCanceled):
            mark_destroyed(owner, shelf.pupil)

    assert mark_destroyed(owner, shelf.pupil)
    assert len(uploads(owner)) == 1  # the other pupil's


def test_for_nobody_nothing_is_begun(shelf: Shelf) -> None:
    with pytest.raises(NotFound):
        shelf.contents.begin(uuid4())


def test_what_opens_says_so_one_by_one(shelf: Shelf) -> None:
    with one(shelf.database.app) as connection, within(connection, Scope.of(shelf.pupil)):
        kept = find(connection, held().seals, shelf.pupil, shelf.document)
        assert kept is not None
        for number, size in enumerate((CHUNK, CHUNK, len(TWO_AND_A_BIT) - 2 * CHUNK)):
            assert len(chunk(connection, held().seals, kept, number)) == size
        with pytest.raises(ContentDamaged):
            chunk(connection, held().seals, kept, 3)
