"""What leaves, the whole way over HTTP with the real makers: asked for, searched, decided on,
prepared, approved, sent, and opened by whoever receives it."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pikepdf
import pytest
import pyzipper
from PIL import Image, ImageDraw

from send_records.aggregates.access_answers import SendDisclosure
from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.base import Actor
from send_records.aggregates.bundle_contents import (
    BreachReason,
    BundleKind,
    ItemWanted,
    PageBudget,
    SectionWanted,
    Sheet,
)
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.decisions import RedactItem, WithholdItem
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.ehc_advice import SubmitEhcAdvice
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.handovers import SendHandover
from send_records.aggregates.items import Ground, ItemRef, Parts
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.values import DataClass, Role
from send_records.aggregates.voices import RecordPupilVoice
from send_records.disclosure.glyphs import named
from send_records.disclosure.pack import zipped
from send_records.disclosure.preparing import Asked
from send_records.jobs.runner import Runner
from send_records.rules.disclosure import disclosure_rules
from send_records.store.connections import one
from send_records.workers import notarising
from tests.api.client import problem_of
from tests.api.conftest import serving
from tests.api.grants import give, give_one
from tests.api.leaving import (
    COLLEAGUE,
    ELSEWHERE,
    NEVER,
    TODAY,
    Child,
    Json,
    Office,
    RealMakers,
    access,
    asked,
    files_of,
    recorded,
    verified,
    where_found,
)
from tests.api.story import EXAMPLES
from tests.conftest import Cluster, new_database
from tests.disclosure.bundle.papers import written
from tests.disclosure.reading_pdf import page_texts
from tests.jobs.killed import LEASE
from tests.keys import where_held
from tests.scenario import NOBODY, but

JAYDEN = "Jayden Colethorpe"
SAID_AT_HOME = "hides in the wardrobe until it stops"
NOTE = "Note of a conversation with Quillstone"
WITHHELD = (SAID_AT_HOME, NOTE, "Quillstone")


@pytest.fixture(scope="module")
def office(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    makers = RealMakers()
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("leaving"), makers) as (client, system),
        one(database.as_owner()) as watching,
        notarising(database, system.keys),
    ):
        client.get("/v1/register")  # by which the SENDCo is given their role
        assert client.owner is not None
        give(client.owner, COLLEAGUE, ScopeKind.ACADEMIES, academies=["Alder Park Academy"])
        give(client.owner, ELSEWHERE, ScopeKind.ACADEMIES, academies=["Birch Lane Academy"])
        found = Office(client, system, database, watching, makers)
        knew = but(worried(), description=KNEW)
        first = found.long_ago(datetime(2025, 9, 10, 12, tzinfo=UTC), "Leo Bennett-Okafor", knew)
        yield replace(found, early=first)


@dataclass(frozen=True)
class Reviewed:
    """A pupil of whom all was decided on: one document is withheld, two items are redacted."""

    child: Child
    request: UUID
    note: UUID
    report: UUID


def worried() -> RaiseConcern:
    concern = EXAMPLES[RaiseConcern].entry
    assert isinstance(concern, RaiseConcern)
    return concern


def reviewed(office: Office, name: str) -> Reviewed:
    child = office.child(name)
    child.worry(f"Reads well below the class. {JAYDEN} finishes her sentences.")
    last = office.system.records.history(child.id)[-1].originator_version
    report = child.file(
        written((f"She sat beside {JAYDEN}. Daily precision teaching is recommended.",)),
        "Report of the psychologist",
    )
    note = child.file(
        written((f"She {SAID_AT_HOME}.",)), NOTE, data_class=DataClass.CHILD_ABUSE, author=None
    )
    child.file(
        written(("Her hearing is within normal limits.",)),
        "Letter of the paediatrician",
        data_class=DataClass.HEALTH,
        kind=DocumentKind.MEDICAL_LETTER,
    )
    request = child.request()
    abuse: Json = {
        "occurred_on": TODAY,
        "request_id": request,
        "ground": Ground.CHILD_ABUSE,
        "why": "The social worker asked that nobody at home be told",
        "on_schedule": False,
    }
    hidden = (ItemRef(document_id=note), child.filed(note))
    for item in hidden:
        recorded(child.says(WithholdItem(item=item, **abuse)))
    redacted = (ItemRef(document_id=report), ItemRef(entry=last))
    for item in redacted:
        taking = RedactItem(
            occurred_on=TODAY,
            request_id=request,
            item=item,
            parts=Parts(phrases=(JAYDEN,)),
            ground=Ground.THIRD_PARTY,
            why="Another child",
        )
        recorded(child.says(taking))
    child.discloses(request, but_not=(*hidden, *redacted))
    return Reviewed(child, request, note, report)


@dataclass(frozen=True)
class Sent:
    """An answer that was prepared, approved and sent."""

    reviewed: Reviewed
    job: Json
    prepared: Json
    pack: bytes
    row: Json
    accesses: list[tuple[str, str, str, str]]
    locked: bytes

    @property
    def child(self) -> Child:
        return self.reviewed.child


PASSPHRASE = "seven tall ladders"


@pytest.fixture(scope="module")
def sent(office: Office) -> Sent:
    found = reviewed(office, "Aisha Rahman")
    child = found.child
    begun = office.seen
    waiting = child.says(access(found.request))
    assert waiting.status_code == 202, waiting.text
    assert waiting.json()["state"] == "waiting"
    assert office.system.runner.do_one(NEVER)
    job = recorded(office.client.get(f"/v1/jobs/{waiting.json()['job_id']}"))
    assert job["state"] == "done", job
    prepared = child.row(job["job_id"])
    pack = child.pack(prepared, office.dpo)
    locking = child.at(f"/packs/{job['job_id']}/locked")
    accesses = office.accesses(begun)
    early = office.client.post(locking, {"passphrase": PASSPHRASE})
    assert problem_of(early, 409)["type"].endswith("disclosure-not-approved")
    begun = office.seen
    recorded(child.approves(prepared))
    locked = office.client.post(locking, {"passphrase": PASSPHRASE})
    assert locked.status_code == 200, locked.text
    accesses += office.accesses(begun)
    recorded(child.says(send(found.request, job["job_id"]), office.dpo))
    return Sent(found, job, prepared, pack, child.row(job["job_id"]), accesses, locked.content)


def send(request: UUID, preparation: object) -> SendDisclosure:
    return SendDisclosure(
        occurred_on=TODAY,
        request_id=request,
        preparation_id=UUID(str(preparation)),
        sent_to="Nasreen Rahman",
        how="Locked zip",
    )


# From the request to the answer


def test_the_ledger_tells_what_left_and_by_whose_hands(sent: Sent) -> None:
    before, row = sent.prepared, sent.row
    assert (before["state"], before["approved_by"], before["sent_to"]) == ("prepared", None, None)
    assert (row["purpose"], row["request_id"]) == ("subject_access", str(sent.reviewed.request))
    assert (row["state"], row["sent_to"], row["how"]) == ("sent", "Nasreen Rahman", "Locked zip")
    assert (row["prepared_by"], row["approved_by"]) == ("Sam Okoro", "Ruth Adeyemi")
    assert (row["prepared_on"], row["approved_on"], row["sent_on"]) == (str(TODAY),) * 3
    assert (row["documents"], row["redacted"]) == (2, 2)


def test_what_is_fetched_is_what_was_recorded(office: Office, sent: Sent) -> None:
    [event] = [
        event
        for event in office.system.records.history(sent.child.id)
        if type(event).__name__ == "DisclosurePrepared"
    ]
    assert sha256(sent.pack).hexdigest() == event.pack.sha256 == sent.row["sha256"]  # type: ignore[attr-defined]
    assert len(sent.pack) == sent.row["size"]
    assert child_files(sent) == {"Letter of the paediatrician", "Report of the psychologist"}


def child_files(sent: Sent) -> set[str]:
    record = json.loads(files_of(sent.pack)["data/record.json"])
    assert len(record["entries"]) == sent.row["entries"]
    return {each["title"] for each in record["documents"]}


def test_the_pdf_is_tagged_as_pdf_ua_says(sent: Sent) -> None:
    data = files_of(sent.pack)["record.pdf"]
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
        metadata = pdf.Root.Metadata.read_bytes().decode()
        assert re.search(r"pdfuaid:part(>1<|=.1.)", metadata)
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en-GB"
        assert len(pdf.pages) == sent.row["pages"]


def test_nothing_that_was_withheld_is_in_it(sent: Sent) -> None:
    assert where_found(sent.pack, [*WITHHELD, JAYDEN, "Colethorpe"]) == []
    assert str(sent.reviewed.note).encode() not in sent.pack
    given = {name for name, _ in where_found(sent.pack, ["Daily precision teaching"])}
    assert [name for name in given if name.startswith("documents/")]
    shown = " ".join(page_texts(files_of(sent.pack)["record.pdf"]))
    assert "Reads well below the class" in " ".join(shown.split())
    assert "para 21" not in shown  # of child abuse nothing is said, not even that


PLANTED = {
    "in a text": ("README.txt", SAID_AT_HOME.upper().encode()),
    "in a file's comment": ("proof/manifest.note", b"x hides in the\nwardrobe until it stops"),
    "in base64": ("data/record.json", b'{"a": ["%s"]}'),
    "on a page": ("record.pdf", written((f"She {SAID_AT_HOME}.",))),
    "in a title": ("record.pdf", None),
}


@pytest.mark.parametrize("where", PLANTED)
def test_it_would_be_found_there(sent: Sent, where: str) -> None:
    name, data = PLANTED[where]
    if where == "in base64":
        data = data.replace(b"%s", base64.b64encode(SAID_AT_HOME.encode()))  # type: ignore[union-attr]
    if where == "in a title":
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(written(("Nothing",)))) as pdf:
            pdf.docinfo.Title = SAID_AT_HOME
            pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        data = out.getvalue()
    planted = zipped(files_of(sent.pack) | {name: data or b""}, None)

    assert name in {found for found, _ in where_found(planted, [SAID_AT_HOME])}


def test_its_verifier_accepts_it_in_a_bare_interpreter(
    office: Office, sent: Sent, tmp_path: Path
) -> None:
    keys = [f"--key={vkey}" for vkey in office.vkeys]
    status, said = verified(sent.pack, tmp_path, *keys)
    assert status == 0, said

    files = files_of(sent.pack)
    name = next(name for name in files if name.startswith("documents/"))
    other = zipped(files | {name: files[name] + b"\n"}, None)
    status, said = verified(other, tmp_path, *keys)
    assert status == 1, said


def test_the_locked_one_opens_with_its_passphrase_and_holds_the_same(sent: Sent) -> None:
    with pyzipper.AESZipFile(io.BytesIO(sent.locked)) as locked:
        [name] = locked.namelist()
        with pytest.raises(RuntimeError):
            locked.read(name)
        with pytest.raises(RuntimeError):
            locked.read(name, pwd=b"seven tall laddars")
        assert locked.read(name, pwd=PASSPHRASE.encode()) == sent.pack
    assert "Aisha" not in name
    assert name == f"subject-access-{sent.job['job_id']}.zip"


def test_all_of_it_is_in_the_access_log(sent: Sent) -> None:
    assert sent.accesses == [
        ("read", "prepare_disclosure", "T1", "given"),
        ("read", "get_job", "T1", "given"),
        ("read", "get_disclosures", "T4", "given"),
        ("export", "get_pack_content", "T4", "given"),
        ("export", "get_locked_pack", "T4", "given"),
    ]


# The same cut makes the same bytes


def test_made_again_of_the_same_it_is_the_same_whatever_was_recorded_since(
    office: Office, sent: Sent
) -> None:
    row = sent.row
    preparing = office.makers.preparing
    assert preparing is not None
    sent.child.worry("Reads on the bus")
    [event] = [
        event
        for event in office.system.records.history(sent.child.id)
        if type(event).__name__ == "DisclosurePrepared"
    ]
    pack = event.pack  # type: ignore[attr-defined]
    of = Asked(UUID(row["preparation_id"]), sent.child.id, pack.position, pack.accesses)
    data, made = preparing.disclosure(of, access(sent.reviewed.request), Quiet())

    assert data == sent.pack
    assert made.sha256 == row["sha256"]
    later = Asked(of.preparation_id, of.pupil_id, of.position, of.accesses - 1)
    assert preparing.disclosure(later, access(sent.reviewed.request), Quiet())[0] != data


class Quiet:
    """Nobody watches, and nobody stops it."""

    def at(self, stage: str, done: int, total: int) -> None: ...

    def stopped(self) -> bool:
        return False


# Two persons, and two preparations


def test_of_two_preparations_the_later_stands(office: Office) -> None:
    found = reviewed(office, "Twice Prepared")
    child = found.child
    first = child.made(access(found.request))
    second = child.made(access(found.request), office.colleague)

    assert [row["state"] for row in child.rows()] == ["void", "prepared"]
    assert child.rows()[0]["why_void"] == "prepared_anew"
    assert problem_of(child.approves(first), 409)["title"] == "Preparation void"
    for who in (office.client, office.colleague):
        problem_of(child.approves(second, who), 403)  # is no approver by their role
    wrong = child.approves(second, sha256="0" * 64)
    assert problem_of(wrong, 422)["title"] == "Pack differs"
    recorded(child.approves(second))
    # What was approved is sent as it was, whatever else is recorded; not once something is decided.
    child.worry("Something else")
    assert child.row(second["preparation_id"])["state"] == "approved"
    assert sha256(child.pack(second)).hexdigest() == second["sha256"]
    child.discloses(found.request, but_not=child.items()[:-1])
    problem = problem_of(child.says(send(found.request, second["preparation_id"]), office.dpo), 409)
    assert problem["title"] == "Preparation void"
    assert child.row(second["preparation_id"])["why_void"] == "decided_since"


def test_an_entry_after_the_approval_does_not_stop_what_was_approved(office: Office) -> None:
    found = reviewed(office, "Sent As Approved")
    child = found.child
    row = child.made(access(found.request))
    recorded(child.approves(row))
    child.worry("Unrelated, and later")

    recorded(child.says(send(found.request, row["preparation_id"]), office.dpo))

    [event] = [
        e for e in office.system.records.history(child.id) if type(e).__name__ == "DisclosureSent"
    ]
    assert event.sha256 == row["sha256"] == sha256(child.pack(row)).hexdigest()  # type: ignore[attr-defined]
    assert where_found(child.pack(row), ["Unrelated, and later"]) == []


def test_whoever_decided_or_prepared_does_not_approve(office: Office) -> None:
    found = reviewed(office, "Decided By Two")
    child = found.child
    officer = office.dpo
    recorded(child.says(again(found), officer))
    row = child.made(access(found.request))
    assert problem_of(child.approves(row, officer), 403)["title"] == "Approver prepared"

    other = reviewed(office, "Prepared By Officer")
    row = other.child.made(access(other.request), officer)
    assert problem_of(other.child.approves(row, officer), 403)["title"] == "Approver prepared"


def again(found: Reviewed) -> Any:
    """Return a decision that changes nothing."""
    return WithholdItem(
        occurred_on=TODAY,
        request_id=found.request,
        item=ItemRef(document_id=found.note),
        ground=Ground.CHILD_ABUSE,
        why="As before",
        on_schedule=False,
    )


# What goes wrong is told


def test_a_decision_while_it_is_made_ends_the_job(office: Office) -> None:
    found = reviewed(office, "Decided Meanwhile")
    child = found.child
    office.makers.meanwhile = lambda task: office.system.records.execute(
        child.id, again(found), asked()
    )
    job = child.prepares(found.request)

    assert (job["state"], job["result"]) == ("failed", None)
    assert job["problem"]["title"] == "Pack outdated"
    assert "decided while it was made" in job["problem"]["detail"]
    assert child.rows() == []
    problem_of(child.fetch({"preparation_id": job["job_id"]}), 404)
    assert child.prepares(found.request)["state"] == "done"


def test_what_nobody_decided_on_is_named(office: Office) -> None:
    found = reviewed(office, "Not Decided")
    found.child.worry("Nobody looked at this")
    found.child.worry("Nor at this", noticed_on=None)

    job = found.child.prepares(found.request)

    assert job["problem"]["title"] == "Items not decided"
    assert job["problem"]["detail"].startswith("2 items are undecided: entry:")
    assert "Nobody looked" not in str(job)


@pytest.mark.parametrize(
    ("data", "phrase", "title"),
    [
        (written(("Nothing of anybody",)), "Kestrel Marrowby", "Words not found"),
        ("scan", "Kestrel Marrowby", "Page not read"),
    ],
    ids=["words that are not there", "a scan"],
)
def test_words_that_cannot_be_taken_out_end_the_job(
    office: Office, data: bytes | str, phrase: str, title: str
) -> None:
    child = office.child("Not Redactable")
    letter = child.file(scan() if isinstance(data, str) else data, "Letter")
    request = child.request()
    taking = RedactItem(
        occurred_on=TODAY,
        request_id=request,
        item=ItemRef(document_id=letter),
        parts=Parts(phrases=(phrase,)),
        ground=Ground.THIRD_PARTY,
        why="Another child",
    )
    recorded(child.says(taking))
    child.discloses(request, but_not=(ItemRef(document_id=letter),))

    job = child.prepares(request)

    assert job["problem"]["title"] == title, job["problem"]
    assert phrase not in str(job)


def test_words_that_are_still_in_another_document_end_the_job(office: Office) -> None:
    found = reviewed(office, "Still Given")
    other = found.child.file(written((f"With {JAYDEN} at lunch.",)), "Seating plan")
    found.child.discloses(
        found.request,
        but_not=[
            item
            for item in found.child.items()
            if item not in (ItemRef(document_id=other), found.child.filed(other))
        ],
    )

    job = found.child.prepares(found.request)

    assert job["problem"]["title"] == "Words still given", job
    assert "Jayden" not in str(job)


def test_a_document_nobody_can_look_through_is_named(office: Office) -> None:
    found = reviewed(office, "Locked Letter")
    other = found.child.file(protected(written(("Who knows.",))), "Locked letter")
    new = (ItemRef(document_id=other), found.child.filed(other))
    found.child.discloses(
        found.request, but_not=[item for item in found.child.items() if item not in new]
    )

    problem = found.child.prepares(found.request)["problem"]

    assert problem["title"] == "Not looked through", problem
    assert "professional report.pdf cannot be opened" in problem["detail"]


def scan() -> bytes:
    """Return a PDF of one page that is a picture."""
    out = io.BytesIO()
    page = Image.new("L", (800, 1100), 255)
    ImageDraw.Draw(page).text((80, 80), "Kestrel Marrowby " * 4, fill=0, font_size=40)
    page.save(out, "PDF")
    return out.getvalue()


# A worker that is killed


@pytest.mark.parametrize("step", ["typesetting", "kept"])
def test_killed_half_way_it_is_resumed_with_one_event_and_the_same_bytes(
    office: Office, tmp_path: Path, step: str
) -> None:
    found = reviewed(office, f"Killed {step}")
    child = found.child
    job = recorded(child.says(access(found.request)))["job_id"]
    environment = dict(os.environ) | where_held() | {"SEND_RECORDS_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.api.killed", office.database.app, step]
    killed = subprocess.run(command, env=environment, check=False, timeout=90)
    assert killed.returncode == -signal.SIGKILL
    begun = office.client.get(f"/v1/jobs/{job}").json()
    assert begun["state"] == "running"
    assert child.rows() == []
    kept = office.system.packs._contents.find(child.id, UUID(job))
    assert (kept is not None) is (step == "kept")
    child.worry("Recorded meanwhile")
    sleep(LEASE.total_seconds())

    assert worker_of(office).do_one(NEVER)

    [row] = child.rows()
    assert recorded(office.client.get(f"/v1/jobs/{job}"))["state"] == "done"
    data = child.pack(row)
    assert sha256(data).hexdigest() == row["sha256"]
    if kept is not None:
        assert kept.content.sha256 == row["sha256"]
    assert where_found(data, ["Recorded meanwhile"]) == []


def worker_of(office: Office) -> Runner:
    """Return a worker that takes over after a short while."""
    runner = office.system.runner
    return Runner(
        runner._store, office.system.records, runner._contents, runner._makers, lease=LEASE
    )


# Bundles

KNEW = "Was not to go on the residential visit"
LEARNT = "The nurse will come along"
DECIDED_ON = date(2025, 9, 12)
REFERENCE = "EH999/25/00001"


def bundle(papers: dict[str, UUID], **changed: Any) -> PrepareBundle:
    """Return what prepares a bundle for the claim, with the chronology as of the decision."""
    chronology = ItemWanted(sheet=Sheet.CHRONOLOGY, known_on=DECIDED_ON)
    said: Json = {
        "occurred_on": TODAY,
        "kind": BundleKind.DISCRIMINATION,
        "reference": REFERENCE,
        "hearing_on": date(2026, 12, 14),
        "sections": (
            SectionWanted(
                title="The claim",
                budget=PageBudget.CORE,
                items=(ItemWanted(document_id=papers["claim"]),),
            ),
            SectionWanted(
                title="Evidence",
                budget=PageBudget.EVIDENCE,
                items=(
                    ItemWanted(document_id=papers["report"], expert_report=True),
                    ItemWanted(document_id=papers["statement"], witness_statement=True),
                ),
            ),
            SectionWanted(title="The record", items=(chronology,)),
        ),
    }
    return PrepareBundle.model_validate(said | changed)


@pytest.fixture(scope="module")
def leo(office: Office) -> tuple[Child, dict[str, UUID]]:
    child = office.early
    assert child is not None
    child.worry(LEARNT)
    small = written(("A claim of disability discrimination, in letters that are too small. " * 6,))
    papers = {
        "claim": child.file(
            written(("The claim is made for Leo by his mother. " * 12,) * 2, points=8),
            *("Claim form",),
            kind=DocumentKind.TRIBUNAL,
        ),
        "report": child.file(written(("She is deaf in one ear. " * 40,) * 25), "Report"),
        "statement": child.file(small, "Statement", kind=DocumentKind.TRIBUNAL),
    }
    return child, papers


@pytest.fixture(scope="module")
def refused(leo: tuple[Child, dict[str, UUID]]) -> Json:
    child, papers = leo
    return child.asks(bundle(papers))


def codes_in(problem: Json) -> list[str]:
    return re.findall(r"(?:^|[;:] )([a-z_]+): ", problem["detail"].removeprefix("Put right"))


def test_a_bundle_that_breaks_rules_is_refused_naming_all_of_them(refused: Json) -> None:
    problem = refused["problem"]
    assert (refused["state"], problem["title"]) == ("failed", "Bundle breaches")
    assert {"small_text", "expert_report_pages"} & set(codes_in(problem)), problem
    assert len(codes_in(problem)) >= 2
    assert "Practice Direction No. 1 of 2025" in problem["basis"]


@pytest.fixture(scope="module")
def served_bundle(leo: tuple[Child, dict[str, UUID]], refused: Json) -> tuple[Child, Json, bytes]:
    child, papers = leo
    reasons = tuple(
        BreachReason(code=code, why="As its author sent it")
        for code in dict.fromkeys(codes_in(refused["problem"]))
    )
    row = child.made(bundle(papers, reasons=reasons))
    assert row["breaches"]
    assert {each["code"] for each in row["breaches"]} == {each.code for each in reasons}
    assert all(each["why"] == "As its author sent it" for each in row["breaches"])
    serve = ServeBundle(
        occurred_on=TODAY,
        preparation_id=UUID(row["preparation_id"]),
        to="First-tier Tribunal (SEND)",
        how="Secure mail",
    )
    assert problem_of(child.says(serve), 409)["title"] == "Disclosure not approved"
    problem_of(child.approves(row, child.office.client), 403)
    recorded(child.approves(row))
    recorded(child.says(serve))
    return child, child.row(row["preparation_id"]), child.pack(row)


def test_a_bundle_with_its_reasons_is_approved_and_served(
    served_bundle: tuple[Child, Json, bytes],
) -> None:
    _, row, data = served_bundle
    assert (row["state"], row["purpose"]) == ("sent", "discrimination_claim")
    assert (row["reference"], row["sent_to"]) == (REFERENCE, "First-tier Tribunal (SEND)")
    assert sha256(data).hexdigest() == row["sha256"]
    assert row["documents"] == 3


def test_labels_pages_and_manifest_of_a_bundle_agree(
    office: Office, served_bundle: tuple[Child, Json, bytes], tmp_path: Path
) -> None:
    _, row, data = served_bundle
    files = files_of(data)
    manifest = json.loads(files["proof/manifest.json"])
    shown = page_texts(files["bundle.pdf"])
    with pikepdf.open(io.BytesIO(files["bundle.pdf"])) as pdf:
        labels = [page.label for page in pdf.pages]
    assert len(shown) == len(labels) == row["pages"] == len(manifest["pages"])
    assert [page["label"] for page in manifest["pages"]] == labels
    assert [page["page"] for page in manifest["pages"]] == [*range(1, len(labels) + 1)]
    assert all(label in text.split() for label, text in zip(labels, shown, strict=True))
    status, said = verified(data, tmp_path, *(f"--key={vkey}" for vkey in office.vkeys))
    assert status == 0, said


def test_a_chronology_knows_what_was_known_on_its_day_and_no_more(
    served_bundle: tuple[Child, Json, bytes],
) -> None:
    _, _, data = served_bundle
    shown = " ".join(" ".join(page_texts(files_of(data)["bundle.pdf"])).split())
    assert KNEW in shown
    assert "as it was known on 12 September 2025" in shown
    assert where_found(data, [LEARNT]) == []


def test_what_came_later_is_not_on_file_then(leo: tuple[Child, dict[str, UUID]]) -> None:
    child, papers = leo
    job = child.asks(bundle(papers, known_on=DECIDED_ON))
    assert job["state"] == "failed"
    assert job["problem"]["title"] == "Not found"
    assert "was not on file then" in job["problem"]["detail"]


def test_a_sheet_with_nothing_on_it_is_refused(leo: tuple[Child, dict[str, UUID]]) -> None:
    child, _ = leo
    sections = (SectionWanted(title="Plans", items=(ItemWanted(sheet=Sheet.PLANS),)),)
    job = child.asks(
        bundle({"claim": NOBODY, "report": NOBODY, "statement": NOBODY}, sections=sections)
    )
    assert job["problem"]["title"] == "Nothing on sheet"
    assert "Plans and targets" in job["problem"]["detail"]


# To the next school, and to the local authority


def test_a_record_goes_to_the_next_school_as_it_was_prepared(office: Office) -> None:
    child = office.child("Hannah Handover")
    child.worry("Reads well below the class")
    locked = written(("Nobody counts these pages.",))
    child.file(protected(locked), "Locked by its author")
    prepare = PrepareDisclosure(occurred_on=TODAY, purpose=PackPurpose.HANDOVER)
    assert problem_of(child.says(prepare, office.dpo), 403)["title"] == "For the sendco"
    row = child.made(prepare)
    handover = SendHandover(
        occurred_on=TODAY,
        to="Hillside High",
        what=("The SEND record",),
        how="School to school",
        preparation_id=UUID(row["preparation_id"]),
    )
    recorded(child.says(handover))
    assert problem_of(child.says(handover), 409)["title"] == "Already sent"

    sent = child.row(row["preparation_id"])
    assert (sent["state"], sent["sent_to"]) == ("sent", "Hillside High")
    shown = " ".join(" ".join(page_texts(files_of(child.pack(row))["record.pdf"])).split())
    assert "SEND record for the next school" in shown
    assert "Reads well below the class" in shown
    [name] = [name for name in files_of(child.pack(row)) if name.startswith("documents/")]
    assert name.endswith(".pdf")


def protected(data: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="known to few"))
    return out.getvalue()


def test_advice_names_what_there_is_none_of(office: Office) -> None:
    child = office.child("Adam Advice")
    voice = but(EXAMPLES[RecordPupilVoice].entry, occurred_on=TODAY)
    recorded(child.says(voice))
    prepare = PrepareDisclosure(occurred_on=TODAY, purpose=PackPurpose.LA_ADVICE)
    row = child.made(prepare)
    advice = SubmitEhcAdvice(
        occurred_on=TODAY,
        local_authority="Oldham",
        written_by="Sam Okoro",
        needs="Reading",
        provision="Daily precision teaching",
        preparation_id=UUID(row["preparation_id"]),
    )
    recorded(child.says(advice))

    sent = child.row(row["preparation_id"])
    assert (sent["purpose"], sent["state"], sent["sent_to"]) == ("la_advice", "sent", "Oldham")
    pages = page_texts(files_of(child.pack(row))["record.pdf"])
    shown = " ".join(" ".join(pages).split())
    assert "10.3" in shown
    evidence = [kind for kind in disclosure_rules().evidence(TODAY)]
    told = {kind.title: bool({"PupilVoiceRecorded"} & set(kind.events)) for kind in evidence}
    assert sum(told.values()) == 1
    assert all(title in shown for title in told)
    gaps = shown.count("Gap: nothing of this is on record.")
    assert gaps == sum(not kind.where_appropriate for kind in evidence if not told[kind.title])


# Words that mean something elsewhere

MARK = "Zqxmark"
HOSTILE = (
    f"{MARK}1 <script>alert(1)</script> &amp; <b>",
    f'{MARK}2 #eval("1") [x] $a$ *b* _c_ `d` @e <f> #include "x" //',
    f"{MARK}3 (Tj ET Q) endstream endobj /JS %%EOF \\\\9",
    f"={MARK}4()+SUM(A1)|cmd",
    f"{MARK}5 😀 𐍈 łǅ \u200d",
    f"+{MARK}6, @here, -1",
    "{MARK7} {{ 7*7 }} %s %n ${{jndi}}".replace("MARK", MARK),
)


@pytest.fixture(scope="module")
def hostile(office: Office) -> tuple[Child, dict[str, UUID]]:
    child = office.child(f"<b>{HOSTILE[1][:30]}")
    for text in HOSTILE:
        recorded(child.says(observation(text)))
    papers = {
        text: child.file(
            written((f"Paper {number}",)), text, author=text, kind=DocumentKind.CORRESPONDENCE
        )
        for number, text in enumerate(HOSTILE)
    }
    return child, papers


def observation(text: str) -> RecordObservation:
    return RecordObservation(occurred_on=TODAY, setting=text, observed=text, reason=text)


def as_shown(text: str) -> str:
    return "".join(named(text, Counter()).split())


def closed(data: bytes) -> str:
    return "".join("".join(page_texts(data)).split()).replace("\ufffe", "").replace("\x02", "")


def test_hostile_words_are_words_in_the_record_and_no_formulas_in_its_tables(
    hostile: tuple[Child, dict[str, UUID]], office: Office, tmp_path: Path
) -> None:
    child, _ = hostile
    row = child.made(PrepareDisclosure(occurred_on=TODAY, purpose=PackPurpose.HANDOVER))
    data = child.pack(row)
    files = files_of(data)
    shown = closed(files["record.pdf"])
    for text in HOSTILE:
        assert shown.count(as_shown(text)) >= 4, text  # setting, observed, title and author
    with pikepdf.open(io.BytesIO(files["record.pdf"])) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert "/OpenAction" not in pdf.Root
    record = json.loads(files["data/record.json"])
    assert {each["title"] for each in record["documents"]} == set(HOSTILE)
    for name in (name for name in files if name.endswith(".csv")):
        rows = list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"))))
        cells = [cell for each in rows for cell in each]
        assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@")], name
    status, said = verified(data, tmp_path, *(f"--key={vkey}" for vkey in office.vkeys))
    assert status == 0, said


def test_hostile_words_are_words_in_a_bundle(
    hostile: tuple[Child, dict[str, UUID]], office: Office, tmp_path: Path
) -> None:
    child, papers = hostile
    items = tuple(ItemWanted(document_id=each) for each in papers.values())
    sheet = ItemWanted(sheet=Sheet.WHOLE_RECORD)
    sections = tuple(
        SectionWanted(title=text, items=items if number == 0 else (sheet,))
        for number, text in enumerate(HOSTILE[:2])
    )
    nobody = dict.fromkeys(("claim", "report", "statement"), NOBODY)
    reasons = tuple(
        BreachReason(code=code, why=HOSTILE[0]) for code in ("unnumbered", "no_text", "date_order")
    )
    command = bundle(nobody, sections=sections, reference=HOSTILE[2][:40], reasons=reasons)
    row = child.made(command)
    data = child.pack(row)
    shown = closed(files_of(data)["bundle.pdf"])
    for text in HOSTILE:
        assert as_shown(text) in shown, text
    assert as_shown(HOSTILE[2][:40]) in shown
    status, said = verified(data, tmp_path, *(f"--key={vkey}" for vkey in office.vkeys))
    assert status == 0, said


# Who may


def test_who_may_not_is_told_nothing(office: Office, sent: Sent) -> None:
    client, child = office.client, sent.child
    teacher = client.signed_in_as(Role.CLASS_TEACHER)
    path = child.at(f"/packs/{sent.job['job_id']}")
    for who in (teacher, client.signed_in_as(Role.PARENT)):
        problem_of(who.get(f"{path}/content"), 403)
        problem_of(who.post(f"{path}/locked", {"passphrase": PASSPHRASE}), 403)
        problem_of(who.get(child.at("/disclosures")), 403)
        problem_of(child.says(access(sent.reviewed.request), who), 403)
        problem_of(child.approves(sent.row, who), 403)

    elsewhere = client.as_they_are().signed_as(ELSEWHERE)
    nowhere = f"/v1/pupils/{uuid4()}/packs/{uuid4()}"
    for here, there in ((path, nowhere), (path, child.at(f"/packs/{uuid4()}"))):
        found, none = elsewhere.get(f"{here}/content"), elsewhere.get(f"{there}/content")
        assert (found.status_code, found.content) == (404, none.content)
        sealed = {"passphrase": PASSPHRASE}
        found = elsewhere.post(f"{here}/locked", sealed)
        assert (found.status_code, found.content) == (404, none.content)
    found, none = (
        elsewhere.get(f"{at.rpartition('/packs')[0]}/disclosures") for at in (path, nowhere)
    )
    assert (found.status_code, found.content) == (404, none.content)


@pytest.mark.parametrize("role", [Role.PRINCIPAL, Role.DPO])
def test_without_a_case_nothing_is_taken_out(office: Office, sent: Sent, role: Role) -> None:
    somebody = Actor(id=uuid4(), name="Nobody Else", role=role)
    assert office.client.owner is not None
    give_one(
        office.client.owner,
        somebody,
        ScopeKind.TRUST if role is Role.DPO else ScopeKind.ACADEMIES,
    )
    who = office.client.as_they_are().signed_as(somebody)
    path = sent.child.at(f"/packs/{sent.job['job_id']}")
    for answer in (
        who.get(f"{path}/content"),
        who.post(f"{path}/locked", {"passphrase": PASSPHRASE}),
        who.get(sent.child.at("/disclosures")),
    ):
        problem_of(answer, 403)

    give(office.client.owner, somebody, ScopeKind.CASE, pupils=[sent.child.id])
    assert who.get(f"{path}/content").content == sent.pack
