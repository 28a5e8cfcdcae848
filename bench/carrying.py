"""Documents over HTTP, one uvicorn worker: 25 MB up and down, beside the bare cost of the same
work, which is to hash, seal and store it, and to fetch, open and hash it, by the same pieces.
A download reads twice: all of it is checked before the first byte is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.client import HTTPConnection
from random import Random
from uuid import UUID, uuid4

from psycopg import Connection

from bench.installation import Bench, Subject, process, said
from bench.lines import Line, Spread, Unit, at_least, at_most, compare
from bench.lives import life
from bench.posting import token
from bench.rounds import Variant, interleaved
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.values import DataClass
from send_records.store.connections import one
from send_records.store.contents import CHUNK, Place
from tests.scenario import TODAY

SIZE = 25 * 1024 * 1024
MB = 1024 * 1024

UP, DOWN, STORED, FETCHED = "upload", "download", "hash, seal, insert", "select, open, hash"

TABLE = "CREATE TABLE bare (of uuid, chunk integer, sealed bytea, PRIMARY KEY (of, chunk))"


class Carrier:
    """Somebody at the door with files, all of them different."""

    def __init__(self, subject: Subject, port: int) -> None:
        self._port = port
        self._token = partial(token, subject)  # new each time: to take a copy asks for a new one
        [self.pupil] = subject.pupils(1, life(2))
        self._middle = Random(1).randbytes(SIZE)
        self._filed: UUID | None = None

    def file(self, key: UUID) -> bytes:
        """Return a PDF of exactly the size."""
        start, end = b"%PDF-1.7\n%" + key.hex.encode(), b"\n%%EOF\n"
        return start + self._middle[: SIZE - len(start) - len(end)] + end

    def up(self) -> float:
        """Upload a file, and return MB a second."""
        key = uuid4()
        content = self.file(key)
        started = time.perf_counter()
        self._ask("POST", "/content", key, content)
        taken = time.perf_counter() - started
        self._ask("POST", "/file", key, FILE.model_dump_json().encode(), "application/json")
        self._filed = key
        return SIZE / MB / taken

    def down(self) -> float:
        """Download the last file, and return MB a second."""
        started = time.perf_counter()
        got = self._ask("GET", f"/{self._filed}/content", uuid4(), None)
        taken = time.perf_counter() - started
        if len(got) != SIZE:
            raise RuntimeError("It is not the file that was uploaded.")
        return SIZE / MB / taken

    def _ask(
        self, method: str, path: str, key: UUID, body: bytes | None, kind: str = "application/pdf"
    ) -> bytes:
        headers = {"Authorization": self._token(), "Idempotency-Key": str(key), "If-Match": "*"}
        headers["Content-Type"] = kind
        door = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            whole = f"/v1/pupils/{self.pupil}/documents{path}"
            door.request(method, whole, body=body, headers=headers)
            answer = door.getresponse()
            got = answer.read()
        finally:
            door.close()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{answer.status}: {got[:300]!r}")
        return got


FILE = FileDocument(
    occurred_on=TODAY,
    data_class=DataClass.EDUCATION,
    kind=DocumentKind.OTHER,
    title="A report",
    dated=TODAY,
)


class Barely:
    """The same work with nothing around it: one connection, one transaction, no HTTP, no log."""

    def __init__(self, subject: Subject, carrier: Carrier, connection: Connection) -> None:
        self._seals, self._connection = subject.keys.seals, connection
        self._place = Place(carrier.pupil, uuid4(), uuid4(), 0)
        self._content = carrier.file(uuid4())
        self._of = uuid4()
        connection.execute(TABLE)
        connection.execute("ALTER TABLE bare ALTER sealed SET STORAGE EXTERNAL")

    def store(self) -> float:
        """Hash, seal and insert a file, and return MB a second."""
        started, hashed, self._of = time.perf_counter(), sha256(), uuid4()
        where = self._place.of_chunk(self._seals)
        with self._connection.transaction():
            for number, at in enumerate(range(0, SIZE, CHUNK)):
                piece = self._content[at : at + CHUNK]
                hashed.update(piece)
                sealed = self._seals.seal(self._place.pupil_id, where, piece)
                row = [self._of, number, sealed]
                self._connection.execute("INSERT INTO bare VALUES (%s, %s, %s)", row, binary=True)
        return SIZE / MB / (time.perf_counter() - started)

    def fetch(self) -> float:
        """Select, open and hash a file, and return MB a second."""
        started, hashed = time.perf_counter(), sha256()
        where = self._place.of_chunk(self._seals)
        for number in range(-(-SIZE // CHUNK)):
            query = "SELECT sealed FROM bare WHERE of = %s AND chunk = %s"
            rows = self._connection.execute(query, [self._of, number], binary=True).fetchall()
            hashed.update(self._seals.open(self._place.pupil_id, where, rows[0][0]))
        return SIZE / MB / (time.perf_counter() - started)


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of documents."""
    with (
        bench.subject("documents") as subject,
        process("bench.serve", "records", **subject.environment) as child,
        one(subject.found.as_owner()) as connection,
    ):
        carrier = Carrier(subject, int(said(child)))
        barely = Barely(subject, carrier, connection)
        variants: dict[str, Variant] = {
            UP: carrier.up,
            STORED: barely.store,
            DOWN: carrier.down,
            FETCHED: barely.fetch,
        }
        before = highest_memory_of(child.pid)
        taken = interleaved("documents of 25 MB", variants, bench.pace.rounds)
        more = highest_memory_of(child.pid) - before
        what = "document of 25 MB,"
        yield compare(f"{what} up", taken, UP, STORED, at_least(0.5), unit=Unit.SPEED)
        yield compare(f"{what} down", taken, DOWN, FETCHED, at_least(0.25), unit=Unit.SPEED)
        yield Line(
            f"{what} memory of the server beyond what it had",
            Unit.MB,
            Spread.of([more]),
            target=at_most(25),
        )


def highest_memory_of(pid: int) -> float:
    """Return the most memory, in MB, that a process has had, by the kernel's account."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        [line] = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024
