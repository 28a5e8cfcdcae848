"""How something leaves, driven over HTTP by its people; and how what left is looked through."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pikepdf
from httpx2 import Response
from psycopg import Connection

from send_records.aggregates.access_clock import Authority, IdentifyRequester
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.approvals import ApproveDisclosure
from send_records.aggregates.base import Actor, Command, Entry
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.decisions import REVIEW_EVENTS, DiscloseItems
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.items import ItemRef
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.values import DataClass, Role, day_in_london
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.demo.clock import close_door, open_door, set_clock
from send_records.disclosure.bundling import Bundling
from send_records.disclosure.preparing import Preparing
from send_records.jobs import Made, Makers, Task, Working
from send_records.jobs.making import makers_of
from tests.api.client import Client
from tests.api.story import EXAMPLES
from tests.disclosure.reading_pdf import page_texts
from tests.scenario import ADMIT, RECORD_MOTHER, SENCO, but

Json = dict[str, Any]

NEVER = threading.Event()
TODAY = day_in_london(now())
DPO = Actor(id=uuid4(), name="Ruth Adeyemi", role=Role.DPO)
ELSEWHERE = Actor(id=uuid4(), name="Una Far", role=Role.SENCO)
COLLEAGUE = Actor(id=uuid4(), name="Priya Shahnaz", role=Role.SENCO)


@dataclass
class RealMakers:
    """The real makers, with what a test has happen meanwhile."""

    preparing: Preparing | None = None
    meanwhile: Callable[[Task], object] | None = None
    """Called once, when a pack was made and is not yet recorded."""

    def __call__(self, preparing: Preparing, bundling: Bundling) -> Makers:
        self.preparing = preparing
        return {kind: self._with(make) for kind, make in makers_of(preparing, bundling).items()}

    def _with(self, make: Callable[[Task, Working], Made]) -> Callable[[Task, Working], Made]:
        def making(task: Task, working: Working) -> Made:
            made = make(task, working)
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile is not None:
                meanwhile(task)
            return made

        return making


@dataclass(frozen=True)
class Office:
    """A trust from which something leaves: who works there, and the way to ask."""

    client: Client
    system: System
    database: Database
    watching: Connection
    makers: RealMakers
    early: Child | None = None
    """Of whom something was recorded long ago."""

    def long_ago(self, instant: datetime, name: str, *entries: Command) -> Child:
        """Admit a pupil of whom entries were recorded at an instant, before all others."""
        open_door(self.watching, self.database.roles)
        set_clock(self.watching, instant)
        child = self.child(name)
        for entry in entries:
            self.system.records.execute(child.id, entry, asked())
        close_door(self.watching, self.database.roles)
        return child

    @property
    def vkeys(self) -> list[str]:
        return list(self.system.keys.signing.vkeys())

    @property
    def dpo(self) -> Client:
        return self.client.signed_as(DPO)

    @property
    def colleague(self) -> Client:
        return self.client.signed_as(COLLEAGUE)

    def child(self, name: str) -> Child:
        """Admit a pupil whose mother is known."""
        pupil = self.system.records.admit(but(ADMIT, legal_name=name, upn=None), asked()).pupil_id
        mother = uuid4()
        self.system.records.execute(pupil, RECORD_MOTHER, asked(mother))
        return Child(self, pupil, mother)

    def accesses(self, after: int = 0) -> list[tuple[str, str, str, str]]:
        return self.watching.execute(
            "SELECT act, what, tier, outcome FROM access_log WHERE position > %s ORDER BY position",
            [after],
        ).fetchall()

    @property
    def seen(self) -> int:
        [(size,)] = self.watching.execute("SELECT size FROM access_head").fetchall()
        return int(size)


def asked(key: UUID | None = None, actor: Actor = SENCO) -> Request:
    return Request(actor, key or uuid4(), uuid4())


def recorded(answer: Response) -> Json:
    assert answer.status_code in (200, 201, 202), answer.text
    found: Json = answer.json()
    return found


@dataclass(frozen=True)
class Child:
    """A pupil of whom something leaves."""

    office: Office
    id: UUID
    mother: UUID

    def at(self, path: str = "") -> str:
        return f"/v1/pupils/{self.id}{path}"

    def says(self, entry: Entry, who: Client | None = None, key: UUID | None = None) -> Response:
        return (who or self.office.client).record(self.id, entry, key=key)

    def file(
        self,
        data: bytes,
        title: str,
        *,
        media_type: str = "application/pdf",
        data_class: DataClass = DataClass.EDUCATION,
        kind: DocumentKind = DocumentKind.PROFESSIONAL_REPORT,
        author: str | None = "Dr Helen Price",
    ) -> UUID:
        """Upload a document and file it; return its id."""
        key = uuid4()
        recorded(self.office.client.upload(self.id, data, key, **{"Content-Type": media_type}))
        filing = FileDocument(
            occurred_on=TODAY,
            data_class=data_class,
            kind=kind,
            title=title,
            author=author,
            dated=date(2024, 6, 7),
        )
        recorded(self.says(filing, key=key))
        return key

    def worry(self, description: str, **more: Any) -> int:
        """Record a concern; return the version of its entry."""
        concern = but(EXAMPLES[RaiseConcern].entry, description=description, **more)
        return int(recorded(self.says(concern))["version"])

    def request(self) -> UUID:
        """Receive a subject access request, know who asks, and search for what is held."""
        key, officer = uuid4(), self.office.dpo
        received = ReceiveAccessRequest(
            occurred_on=TODAY,
            requester="Nasreen Rahman",
            on_behalf=True,
            how="At the gate",
            scope="All that is held",
        )
        recorded(self.says(received, officer, key))
        identified = IdentifyRequester(
            occurred_on=TODAY,
            request_id=key,
            evidence="Passport",
            authority=Authority.PARENTAL_RESPONSIBILITY,
            contact_id=self.mother,
            reasoning="She was asked, and wants it so",
        )
        recorded(self.says(identified, officer))
        search = RecordSearch(
            occurred_on=TODAY, request_id=key, where="The mailbox", found="Nothing", limited=False
        )
        recorded(self.says(search))
        return key

    def items(self) -> list[ItemRef]:
        """Return every item of the record as it is now."""
        history = self.office.system.records.history(self.id)
        entries = [
            ItemRef(entry=event.originator_version)
            for event in history
            if type(event).__name__ not in REVIEW_EVENTS
        ]
        papers = self.office.system.records.pupil(self.id).documents
        return [*entries, *(ItemRef(document_id=each) for each in papers)]

    def filed(self, document_id: UUID) -> ItemRef:
        """Return the item that the entry is which filed a document."""
        for event in self.office.system.records.history(self.id):
            if getattr(event, "document_id", None) == document_id:
                return ItemRef(entry=event.originator_version)
        raise LookupError

    def discloses(self, request: UUID, *, but_not: Sequence[ItemRef] = ()) -> None:
        """Decide that all is given but some."""
        given = DiscloseItems(
            occurred_on=TODAY,
            request_id=request,
            items=tuple(item for item in self.items() if item not in but_not),
            seen_by_requester=True,
            why="She had a copy",
        )
        recorded(self.says(given))

    def asks(self, command: Entry, who: Client | None = None) -> Json:
        """Ask for something to be made, have it made, and return its job as it ended."""
        job = recorded(self.says(command, who))
        while self.office.system.runner.do_one(NEVER):
            pass
        return recorded((who or self.office.client).get(f"/v1/jobs/{job['job_id']}"))

    def prepares(self, request: UUID, who: Client | None = None) -> Json:
        return self.asks(access(request), who)

    def made(self, command: Entry, who: Client | None = None) -> Json:
        """Have something made, and return what the ledger says of it."""
        job = self.asks(command, who)
        assert job["state"] == "done", job
        return self.row(job["job_id"])

    def row(self, preparation_id: str) -> Json:
        rows = self.rows()
        [row] = [row for row in rows if row["preparation_id"] == preparation_id]
        return row

    def rows(self) -> list[Json]:
        data: list[Json] = recorded(self.office.client.get(self.at("/disclosures")))["data"]
        return data

    def fetch(self, row: Json, who: Client | None = None) -> Response:
        return (who or self.office.client).get(self.at(f"/packs/{row['preparation_id']}/content"))

    def pack(self, row: Json, who: Client | None = None) -> bytes:
        answer = self.fetch(row, who)
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)

    def approves(self, row: Json, who: Client | None = None, **changed: Any) -> Response:
        said = {"preparation_id": row["preparation_id"], "sha256": row["sha256"]} | changed
        return self.says(ApproveDisclosure(occurred_on=TODAY, **said), who or self.office.dpo)


def access(request: UUID) -> PrepareDisclosure:
    """Return what prepares the answer to a request."""
    return PrepareDisclosure(
        occurred_on=TODAY, purpose=PackPurpose.SUBJECT_ACCESS, request_id=request
    )


# What left


def files_of(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


def verified(pack: bytes, folder: Path, *options: str) -> tuple[int, str]:
    """Check a pack as its receiver does: its own two files, and an interpreter with nothing."""
    (folder / "pack.zip").write_bytes(pack)
    for name in ("verify_pack.py", "verify_extract.py"):
        (folder / name).write_bytes(files_of(pack)[f"proof/{name}"])
    done = subprocess.run(
        [sys.executable, "-I", "verify_pack.py", "pack.zip", *options],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def where_found(pack: bytes, words: Sequence[str]) -> list[tuple[str, str]]:
    """Return in which files of a pack which words are, by any means that we know of."""
    wanted = {word: re.sub(r"\W+", "", word).casefold() for word in words}
    return [
        (name, word)
        for name, data in [*files_of(pack).items(), ("the zip itself", pack)]
        for reading in _readings(name, data)
        for word, folded in wanted.items()
        if folded in re.sub(r"\W+", "", reading).casefold()
    ]


def _readings(name: str, data: bytes) -> Iterator[str]:
    """Yield what there is to read in a file: as bytes, in other codings, and in its parts."""
    yield data.decode("utf-8", "replace")
    yield from (data.decode(f"utf-16-{end}", "replace") for end in ("be", "le"))
    yield data[1:].decode("utf-16-be", "replace")
    if name.endswith(".json"):
        yield from _texts(json.loads(data))
    if name.endswith(".pdf"):
        yield "\n".join(page_texts(data))
        yield from _of_pdf(data)


def _of_pdf(data: bytes) -> Iterator[str]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for each in pdf.objects:
            yield from _of_object(each)


def _of_object(found: Any) -> Iterator[str]:
    """Yield the texts of an object of a PDF, and what its stream holds once it is opened."""
    if isinstance(found, pikepdf.String):
        yield str(found)
    elif isinstance(found, pikepdf.Array):
        for each in list(found):
            if not getattr(each, "is_indirect", False):
                yield from _of_object(each)
    elif isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        for name, each in found.items():
            yield name
            if not getattr(each, "is_indirect", False):
                yield from _of_object(each)
        if isinstance(found, pikepdf.Stream):
            try:
                opened = found.read_bytes()
            except pikepdf.PdfError:
                opened = found.read_raw_bytes()
            yield from _readings("", opened)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        try:
            yield base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except ValueError:
            return
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
