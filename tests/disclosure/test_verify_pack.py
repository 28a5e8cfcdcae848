"""A pack is good only as the trust made it; its verifier stands alone, and names what is not."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import shutil
import struct
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import cryptography
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from send_records.disclosure import verify_pack as verifier
from send_records.disclosure.pack import pack
from send_records.store.notes import Signer
from tests.disclosure.extracts import PUPIL, Json, Trust
from tests.disclosure.packs import (
    ANSWERED,
    BUNDLE,
    CONTENTS,
    FILED,
    GOOD,
    KEYS,
    LOG,
    RAISED,
    REFERRED,
    REPORTED,
    REVIEWED,
    SECRET_WORDS,
    SIGNER,
    WITHHELD_DAY,
    WORDS,
    Files,
    altered,
    rezipped,
    signed_anew,
    unzipped,
)
from tests.disclosure.test_verify_extract import OUTSIDE

SOURCE = Path(verifier.__file__)
FILES = unzipped(GOOD)
NAMES = list(FILES)
MANIFEST, NOTE = "proof/manifest.json", "proof/manifest.note"
RECORD, EXTRACT = "data/record.json", "proof/extract.json"
LETTER = NAMES[2]

Found = tuple[str, int | None, str | None]


def run(path: Path, *options: str, module: Any = verifier) -> tuple[int, Json]:
    """Return how the verifier ends on a path, and what it says."""
    asked = module.parser().parse_args([str(path), *(options or KEYS), "--json"])
    try:
        status, said = module.answer(asked)
    except module.extracts.Unreadable as error:
        return 2, {"why": str(error)}
    return status, json.loads(said)


def checked(files: Files | bytes, folder: Path, module: Any = verifier) -> tuple[int, Json]:
    file = folder / "pack.zip"
    file.write_bytes(files if isinstance(files, bytes) else rezipped(files, zipfile.ZIP_STORED))
    return run(file, module=module)


def found(files: Files | bytes, folder: Path) -> list[Found]:
    """Return kind, position and file of each grave finding."""
    status, said = checked(files, folder)
    if status == 2:
        return [("unreadable", None, None)]
    assert status == int(bool(said["findings"]))
    return [(one["kind"], one["position"], one["file"]) for one in said["findings"]]


def laid_out(files: Files, folder: Path) -> Path:
    """Write the files into a folder, as whoever unpacks the zip does."""
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


# A good pack


@pytest.mark.parametrize("contents", [CONTENTS, BUNDLE], ids=["record", "bundle"])
def test_a_good_pack_passes_as_a_zip_and_as_a_folder(contents: Any, tmp_path: Path) -> None:
    data = pack(contents, SIGNER)
    for path in ("as it is", "packed anew", "folder"):
        where = tmp_path / path
        if path == "folder":
            laid_out(unzipped(data), where)
        else:
            where.write_bytes(data if path == "as it is" else rezipped(unzipped(data)))
        status, said = run(where)
        assert (status, said["findings"]) == (0, []), path
        assert [one for one in said["checks"] if one["wrong"]] == []
        anew = [one["kind"] for one in said["notes"] if one["kind"] == "repacked"]
        assert anew == ["repacked"] * (path == "packed anew")


def test_a_pack_without_a_moment_or_from_before_there_were_zips_passes(tmp_path: Path) -> None:
    extract = LOG.extract_2(9, opaque=range(1, 10))
    data = pack(replace(BUNDLE, extract=extract, pages=BUNDLE.pages[:1]), SIGNER)

    assert zipfile.ZipFile(io.BytesIO(data)).infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)
    status, said = checked(data, tmp_path)
    assert (status, [one for one in said["notes"] if one["kind"] == "repacked"]) == (0, [])


def outside(
    folder: Path, path: object, *options: str, bare: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run copies of the two files where nothing of ours can be imported."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    for name in ("verify_pack.py", "verify_extract.py"):
        shutil.copy(SOURCE.with_name(name), alone / name)
    packages = str(Path(cryptography.__file__).parents[1])
    program = str(alone / "verify_pack.py")
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", OUTSIDE, packages, program, str(path), *options],
        cwd=folder,
        env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_the_verifier_runs_alone(tmp_path: Path) -> None:
    zipped, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    zipped.write_bytes(GOOD)
    good = outside(tmp_path, zipped, *KEYS)
    assert (good.returncode, good.stderr) == (0, "")
    assert "Result: good: this is what alder-park.example handed over" in good.stdout

    bad.write_bytes(rezipped(FILES | {LETTER: FILES[LETTER].replace(b"filed", b"fired", 1)}))
    found = outside(tmp_path, bad, *KEYS)
    assert (found.returncode, found.stderr) == (1, "")
    assert f"{LETTER}, changed: it is not as it was: bytes 0 to 65,535 (block 1)" in found.stdout
    assert "DO NOT RELY" in found.stdout

    for path, options in ((zipped, []), (tmp_path / "nothing", KEYS)):
        none = outside(tmp_path, path, *options)
        assert (none.returncode, none.stdout) == (2, "")
        assert "Traceback" not in none.stderr


def test_the_verifier_in_the_pack_checks_the_folder_around_it_and_leaves_nothing_in_it(
    tmp_path: Path,
) -> None:
    folder = laid_out(FILES, tmp_path / "pack")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-I", str(folder / "proof/verify_pack.py"), *KEYS],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert sum(file.is_file() for file in folder.rglob("*")) == len(FILES)

    (folder / "proof/verify_extract.py").unlink()
    lacking = subprocess.run(
        [sys.executable, "-I", str(folder / "proof/verify_pack.py"), *KEYS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (lacking.returncode, lacking.stderr) == (
        2,
        "This needs verify_extract.py in its own folder.\n",
    )


def test_it_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).split(".")[0])

    assert modules <= sys.stdlib_module_names


def test_the_keys_in_the_pack_are_believed_only_when_asked_and_with_a_warning(
    tmp_path: Path,
) -> None:
    keys = {"keys": [LOG.packs.vkey, *LOG.vkeys]}
    (tmp_path / "pack.zip").write_bytes(
        pack(replace(CONTENTS, extract=CONTENTS.extract | keys), SIGNER)
    )
    status, said = run(tmp_path / "pack.zip", "--enclosed-keys")
    assert (status, said["notes"][0]["kind"]) == (0, "keys")

    done = outside(tmp_path, tmp_path / "pack.zip", "--enclosed-keys")
    assert "WARNING" in done.stdout
    assert "Result: good by the keys in the pack itself" in done.stdout


def test_checkpoints_and_receipts_that_were_kept_are_checked_too(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(GOOD)
    (tmp_path / "good").write_text(json.dumps(LOG.receipt(REFERRED)))
    stranger = Trust(seed="a stranger's", log=LOG.log, leaves=LOG.leaves)
    (tmp_path / "bad").write_text(stranger.receipt_note(REFERRED))

    assert run(tmp_path / "pack.zip", *KEYS, f"--receipt={tmp_path / 'good'}")[0] == 0
    status, said = run(tmp_path / "pack.zip", *KEYS, f"--receipt={tmp_path / 'bad'}")
    assert (status, said["findings"][0]["kind"]) == (1, "forged")
    assert run(tmp_path / "pack.zip", *KEYS, f"--seen={tmp_path / 'bad'}")[0] == 1


# Files


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_byte_is_found_in_each_file(name: str, tmp_path: Path) -> None:
    """And named: which file, and in which block of it."""
    for at in (0, len(FILES[name]) // 2, len(FILES[name]) - 1):
        data = bytearray(FILES[name])
        data[at] ^= 1
        findings = found(FILES | {name: bytes(data)}, tmp_path)
        assert name in {file for _, _, file in findings}, findings
        if name not in (MANIFEST, NOTE):
            _, said = checked(FILES | {name: bytes(data)}, tmp_path)
            [text] = [one["text"] for one in said["findings"] if one["kind"] == "changed"]
            block, size = at // 65_536, len(data)
            last = min((block + 1) * 65_536, size) - 1
            assert f"bytes {block * 65_536:,} to {last:,} (block {block + 1})" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_removed_file_is_found(name: str, tmp_path: Path) -> None:
    rest = {one: data for one, data in FILES.items() if one != name}
    if name == MANIFEST:
        assert found(rest, tmp_path) == [("unreadable", None, None)]
    else:
        kind = "note" if name == NOTE else "missing"
        assert (kind, None, name) in found(rest, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_longer_or_shorter_is_found(name: str, tmp_path: Path) -> None:
    for data in (FILES[name] + b"x", FILES[name][:-1], b""):
        assert name in {file for _, _, file in found(FILES | {name: data}, tmp_path)} | {
            "proof/manifest.json" if not data and name == MANIFEST else name
        }
        assert found(FILES | {name: data}, tmp_path)


@pytest.mark.parametrize("name", ["more.txt", "documents/003.pdf", "proof/__pycache__/x.pyc"])
def test_an_added_file_is_found(name: str, tmp_path: Path) -> None:
    assert found(FILES | {name: b"more"}, tmp_path) == [("extra", None, name)]
    folder = laid_out(FILES | {name: b"more"}, tmp_path / "folder")
    assert [one["file"] for one in run(folder)[1]["findings"]] == [name]


def test_files_that_changed_places_are_found(tmp_path: Path) -> None:
    one, other = NAMES[2], NAMES[3]
    swapped = FILES | {one: FILES[other], other: FILES[one]}

    assert found(swapped, tmp_path) == [("changed", None, one), ("changed", None, other)]


# The manifest, signed and not


def of_manifest(change: Callable[[Json], object]) -> list[Files]:
    """Return a pack with a manifest changed: as a forger leaves it, and as one who had stolen the
    key would, whose changes are then found by what they contradict."""
    bad = altered(MANIFEST, change)
    return [bad, signed_anew(bad)]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_removed_page_entry_is_named(page: int, tmp_path: Path) -> None:
    unsigned, signed = of_manifest(lambda told: told["pages"].pop(page - 1))

    for files in (unsigned, signed):
        status, said = checked(files, tmp_path)
        assert status == 1
        assert f"page {page} is not told of" in [one["text"] for one in said["findings"]]
    assert ("manifest", None, MANIFEST) in found(unsigned, tmp_path)


def test_swapped_pages_are_named(tmp_path: Path) -> None:
    def swap(told: Json) -> None:
        told["pages"][1], told["pages"][2] = told["pages"][2], told["pages"][1]

    for files in of_manifest(swap):
        _, said = checked(files, tmp_path)
        assert "page 2 is told of after page 3" in [one["text"] for one in said["findings"]]


def test_pages_whose_numbers_were_swapped_are_named_by_what_stands_on_them(tmp_path: Path) -> None:
    def swap(told: Json) -> None:
        two, three = told["pages"][1:]
        two["entries"], three["entries"] = three["entries"], two["entries"]

    for files in of_manifest(swap):
        positions = {at for kind, at, _ in found(files, tmp_path) if kind == "pages"}
        assert positions == {1, RAISED, ANSWERED, REPORTED}


def test_a_page_of_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    def point(told: Json) -> None:
        told["pages"][2]["document"] = "documents/none.pdf"

    for files in of_manifest(point):
        assert ("pages", None, "record.pdf") in found(files, tmp_path)


@pytest.mark.parametrize("position", [2, 10, 99, REFERRED])
def test_a_forged_position_in_the_manifest_is_named(position: int, tmp_path: Path) -> None:
    def forge(told: Json) -> None:
        told["entries"][1]["position"] = position
        told["pages"][1]["entries"][1] = position

    for files in of_manifest(forge):
        assert ("position", position, MANIFEST) in found(files, tmp_path)
        assert ("entries", RAISED, MANIFEST) in found(files, tmp_path)


def test_a_forged_position_of_the_cut_is_named(tmp_path: Path) -> None:
    unsigned, signed = of_manifest(lambda told: told.update(position=8))

    assert ("position", None, MANIFEST) in found(unsigned, tmp_path)
    assert ("extract", None, EXTRACT) in found(signed, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(trust="beech-park.example"),
        lambda told: told.update(pupil_id=str(PUPIL)[:-1] + "0"),
        lambda told: told.update(purpose="handover"),
        lambda told: told.update(preparation_id=None),
        lambda told: told.update(accesses=1),
        lambda told: told.update(as_of="2026-11-24"),
        lambda told: told.update(known_at=None),
        lambda told: told["checkpoint"].update(size=12),
        lambda told: told["files"].pop(2),
        lambda told: told["files"][2].update(name="documents/other.pdf"),
        lambda told: told["pages"][2].update(label="3"),
        lambda told: told["entries"].pop(),
        lambda told: told["entries"][3].update(redacted=False),
    ],
    ids=range(13),
)
def test_any_other_change_of_the_manifest_is_found(
    change: Callable[[Json], object], tmp_path: Path
) -> None:
    assert ("manifest", None, MANIFEST) in found(altered(MANIFEST, change), tmp_path)


def test_a_manifest_that_is_signed_and_lies_is_found_where_it_contradicts_the_rest(
    tmp_path: Path,
) -> None:
    def signed(change: Callable[[Json], object]) -> list[Found]:
        return found(signed_anew(altered(MANIFEST, change)), tmp_path)

    assert ("extract", None, EXTRACT) in signed(
        lambda told: told.update(pupil_id=str(LOG.log[1]["stream_id"]))
    )
    assert ("entries", REPORTED, MANIFEST) in signed(lambda told: told["entries"].pop())
    assert ("entries", ANSWERED, MANIFEST) in signed(
        lambda told: told["entries"][3].update(redacted=False)
    )
    assert ("extra", None, LETTER) in signed(lambda told: told["files"].pop(2))


def test_a_note_of_another_pack_and_a_strangers_are_found(tmp_path: Path) -> None:
    other = unzipped(pack(replace(CONTENTS, purpose="handover"), SIGNER))
    assert found(FILES | {NOTE: other[NOTE]}, tmp_path) == [("manifest", None, MANIFEST)]

    stranger = Trust(seed="a stranger's")
    forged = pack(CONTENTS, Signer(stranger.packs.name, stranger.packs.private))
    assert found(forged, tmp_path) == [("note", None, NOTE)]
    assert found(FILES | {NOTE: LOG.checkpoint().encode()}, tmp_path) == [("note", None, NOTE)]
    for note in (b"", b"\xff", FILES[NOTE] + b"x\n", LOG.packs.note("so\n").encode()):
        assert found(FILES | {NOTE: note}, tmp_path) == [("note", None, NOTE)]


def test_keys_that_are_not_the_trusts_are_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(GOOD)
    stranger, other = Trust(seed="a stranger's"), Trust(name="beech-park.example")

    def said(*keys: str) -> tuple[int, Json]:
        return run(tmp_path / "pack.zip", *(f"--key={key}" for key in keys))

    wrong = said(stranger.packs.vkey, *LOG.vkeys)
    assert (wrong[0], wrong[1]["findings"][0]["kind"]) == (1, "note")
    assert said(other.packs.vkey, *LOG.vkeys)[1]["why"].startswith(
        "no key of alder-park.example/packs"
    )
    assert said(*LOG.vkeys)[1]["why"].startswith("no key of the trust's for packs")
    assert said(LOG.packs.vkey)[1]["why"].startswith("no key of alder-park.example/events")
    signed = said(LOG.packs.vkey, *stranger.vkeys)
    assert (signed[0], signed[1]["findings"][0]["kind"]) == (1, "checkpoint")


def test_a_manifest_of_a_later_format_that_the_trust_signed_is_said_to_be_unknown(
    tmp_path: Path,
) -> None:
    later = altered(MANIFEST, lambda told: told.update(format="send-records/pack/2"))
    status, said = checked(signed_anew(later), tmp_path)

    assert (status, "is not send-records/pack/1" in said["why"]) == (2, True)
    assert ("manifest", None, MANIFEST) in found(later, tmp_path)


# The extract, and the data


@pytest.mark.parametrize("number", range(7))
def test_a_forged_position_in_the_extract_is_named(number: int, tmp_path: Path) -> None:
    files = altered(EXTRACT, lambda told: told["entries"][number].update(position=2))

    assert ("changed", None, EXTRACT) in found(files, tmp_path)
    assert ("inclusion", 2, EXTRACT) in found(signed_anew(files), tmp_path)


def test_an_extract_that_is_whole_and_of_something_else_is_found(tmp_path: Path) -> None:
    for other in (LOG.extract_2(10), LOG.extract(), LOG.extract_2(8)):
        data = json.dumps(other).encode()
        findings = found(signed_anew(FILES | {EXTRACT: data}), tmp_path)
        assert ("extract", None, EXTRACT) in findings

    assert ("extract", None, EXTRACT) in found(signed_anew(FILES | {EXTRACT: b"{}"}), tmp_path)


def test_a_changed_word_in_the_data_is_named_by_entry_and_field(tmp_path: Path) -> None:
    def change(told: Json) -> None:
        told["entries"][1]["recorded"]["scores"][0]["value"] = 14
        told["entries"][1]["recorded"]["observed"] = "Reads loudly."

    files = altered(RECORD, change)
    assert found(files, tmp_path)[0] == ("changed", None, RECORD)
    for each in (files, signed_anew(files)):
        _, said = checked(each, tmp_path)
        texts = [one["text"] for one in said["findings"] if one["position"] == RAISED]
        assert texts == [
            "of this entry it says otherwise than was recorded: observed",
            "of this entry it says otherwise than was recorded: scores.0.value",
        ]


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry["recorded"].pop("observed"),
        lambda entry: entry["recorded"].update(more=1),
        lambda entry: entry["recorded"].update(observed=None),
        lambda entry: entry["recorded"]["scores"].append({}),
        lambda entry: entry.update(recorded=[]),
        lambda entry: entry.update(version=9),
        lambda entry: entry.update(event="ConcernClosed"),
        lambda entry: entry.update(recorded_at="2026-11-24T06:07:30+00:00"),
        lambda entry: entry.update(redacted=True),
    ],
    ids=range(9),
)
def test_whatever_the_data_say_otherwise_of_an_entry_is_found(
    change: Callable[[Json], object], tmp_path: Path
) -> None:
    files = altered(RECORD, lambda told: change(told["entries"][1]))

    assert {("record", RAISED, RECORD)} == set(found(signed_anew(files), tmp_path))


def test_one_is_not_true(tmp_path: Path) -> None:
    assert list(verifier.differences({"a": [1, True]}, {"a": [True, 1]})) == ["a.0", "a.1"]
    assert list(verifier.differences([], {})) == ["all of it"]


@pytest.mark.parametrize("position", [2, 99, REFERRED])
def test_a_forged_position_in_the_data_is_named(position: int, tmp_path: Path) -> None:
    files = altered(RECORD, lambda told: told["entries"][1].update(position=position))
    findings = found(signed_anew(files), tmp_path)

    due = ("position", position, RECORD)
    assert due in findings
    assert ("entries", RAISED, RECORD) in findings
    files = altered(RECORD, lambda told: told["documents"][0].update(position=99))
    assert ("position", 99, LETTER) in found(signed_anew(files), tmp_path)


def test_an_entry_that_the_data_lack_or_have_twice_is_named(tmp_path: Path) -> None:
    lacking = altered(RECORD, lambda told: told["entries"].pop(1))
    twice = altered(RECORD, lambda told: told["entries"].append(told["entries"][0]))

    assert found(signed_anew(lacking), tmp_path) == [("entries", RAISED, RECORD)]
    assert found(signed_anew(twice), tmp_path) == [("entries", None, RECORD)]


def test_a_document_that_is_not_the_one_that_was_filed_is_found(tmp_path: Path) -> None:
    """Also where all hashes agree: what the entry's secret opens says which file it was."""
    other = FILES[LETTER] + b"and more"
    digest = sha256(other).hexdigest()
    files = altered(
        RECORD,
        lambda told: told["documents"][0].update(sha256=digest, size=len(other)),
        FILES | {LETTER: other},
    )
    assert found(signed_anew(files), tmp_path) == [("documents", FILED, LETTER)]

    unsaid = altered(RECORD, lambda told: told["documents"].pop(0))
    assert found(signed_anew(unsaid), tmp_path) == [("documents", None, LETTER)]


def test_data_without_their_form_are_found(tmp_path: Path) -> None:
    for data in (b"", b"{}", b"[]", b"[" * 100_000, b'{"entries":1,"documents":[]}'):
        findings = found(signed_anew(FILES | {RECORD: data}), tmp_path)
        assert ("record", None, RECORD) in findings
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    files = altered(RECORD, lambda told: told["entries"][1]["recorded"].update(observed=deep))
    assert ("record", RAISED, RECORD) in found(signed_anew(files), tmp_path)


# What is withheld


def test_what_is_withheld_is_nowhere_in_the_pack(tmp_path: Path) -> None:
    """Neither words, nor what it was, on which day it is about or was recorded, or who did it."""
    withheld = [LOG.log[at - 1] for at in (REFERRED, REVIEWED)]
    words = [WITHHELD_DAY, SECRET_WORDS, WORDS[REFERRED]["why"], WORDS[REVIEWED]["reason"]]
    for one in withheld:
        moment = one["recorded_at"]
        words += [one["topic"], one["actor_id"], one["command_id"], moment, moment[:19]]
        words += [one["request_mac"], one["sealed"], one["secret"]]
    everything = b"".join(unzipped(GOOD).values()) + GOOD

    assert [word for word in words if word.encode() in everything] == []
    assert LOG.log[RAISED - 1]["actor_id"].encode() in everything


def test_what_was_taken_out_of_an_entry_is_nowhere_in_it_nor_its_length(tmp_path: Path) -> None:
    """Nor, as bytes that a key would open, what was sealed."""
    data = b"".join(data for name, data in FILES.items() if not name.endswith(".pdf"))

    for position in (ANSWERED, REPORTED):
        stored = LOG.log[position - 1]
        assert stored["sealed"].encode() not in data
        assert stored["clear"].encode() not in json.loads(FILES[EXTRACT])["entries"]
    assert b"Oxley" not in data
    assert "████".encode() in FILES[RECORD]


# Zips of other people's making


def with_names(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "documents/../../evil.txt",
        "/etc/evil",
        "C:evil",
        "..\\evil.txt",
        "documents//evil",
        "documents/./evil",
        "evil.",
        "evil /x",
        "evil\x07",
        "evil\u202efdp",
        "x" * 300,
        "README.txt",
        "readme.TXT",
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_lead_out_or_are_there_twice_are_refused(name: str, tmp_path: Path) -> None:
    status, said = checked(with_names(name), tmp_path)

    assert (status, list(said)) == (2, ["why"])


def test_names_that_one_reader_takes_otherwise_than_another_are_refused(tmp_path: Path) -> None:
    central = GOOD.rindex(b"PK\x01\x02")
    at = GOOD.index(b"manifest.note", central)
    other = GOOD[:at] + b"manifest.mote" + GOOD[at + 13 :]
    assert checked(other, tmp_path)[0] == 2

    nul = with_names("evil.txt?").replace(b"evil.txt?", b"evil.txt\0")
    assert checked(nul, tmp_path)[0] == 2


@pytest.mark.parametrize("end", [0, 1, 21, 1_000, len(GOOD) // 2, len(GOOD) - 1])
def test_a_truncated_zip_is_refused(end: int, tmp_path: Path) -> None:
    assert checked(GOOD[:end], tmp_path)[0] == 2


def test_a_bomb_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    bomb = rezipped(FILES | {"documents/bomb.pdf": bytes(200_000_000)})
    status, said = checked(bomb, tmp_path)
    assert (status, "swell" in said["why"]) == (2, True)

    lying = bytearray(rezipped({"README.txt": bytes(10_000_000)}))
    at = lying.index(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<I", 10)  # said to be of ten bytes
    assert checked(bytes(lying), tmp_path)[0] == 2  # and it is no pack
    with verifier.opened(str(tmp_path / "pack.zip")) as source:
        assert len(b"".join(source.pieces("README.txt"))) == 11


def test_files_over_one_another_and_too_many_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = bytearray(GOOD)
    second = over.index(b"PK\x01\x02", over.index(b"PK\x01\x02") + 4)
    over[second + 42 : second + 46] = struct.pack("<I", 0)
    assert checked(bytes(over), tmp_path)[0] == 2

    monkeypatch.setattr(verifier, "MOST_FILES", len(FILES) - 1)
    assert checked(GOOD, tmp_path)[0] == 2
    monkeypatch.setattr(verifier, "MOST_FILES", len(FILES))
    assert checked(GOOD, tmp_path)[0] == 0


def test_an_encrypted_zip_is_to_be_opened_first(tmp_path: Path) -> None:
    from send_records.disclosure.sending import encrypted

    status, said = checked(encrypted(GOOD, "correct horse battery", "pack.zip"), tmp_path)
    assert (status, "open it with its passphrase first" in said["why"]) == (2, True)


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = laid_out(FILES, tmp_path / "pack")
    (folder / LETTER).unlink()
    (folder / LETTER).symlink_to(tmp_path / "elsewhere")
    assert "leads elsewhere" in run(folder)[1]["why"]

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert checked(out.getvalue(), tmp_path)[0] == 2


def test_folders_in_a_zip_are_no_files(tmp_path: Path) -> None:
    files = {"documents/": b"", "proof/": b""} | FILES
    assert found(files, tmp_path) == []
    assert checked(rezipped(FILES | {"../": b""}), tmp_path)[0] == 2


def test_a_deflated_file_that_does_not_unpack_is_named(tmp_path: Path) -> None:
    packed = bytearray(rezipped(FILES))
    start = packed.index(LETTER.encode()) + len(LETTER)
    packed[start : start + 40] = bytes(40)

    assert ("changed", None, LETTER) in found(bytes(packed), tmp_path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_zip_is_noticed(at: int, bit: int, tmp_path: Path) -> None:
    """In a file it is a finding; in what the zip itself adds to them, that or a note."""
    noticed(at, bit, tmp_path)


ENDS = GOOD.index(b"PK\x01\x02"), len(GOOD)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(*ENDS) | st.integers(0, 60), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_zips_own_is_noticed(at: int, bit: int, tmp_path: Path) -> None:
    noticed(min(at, len(GOOD) - 1), bit, tmp_path)


def noticed(at: int, bit: int, folder: Path) -> None:
    data = bytearray(GOOD)
    data[at] ^= 1 << bit
    status, said = checked(bytes(data), folder)
    if status == 0:
        assert [one["kind"] for one in said["notes"] if one["kind"] == "repacked"]
        with zipfile.ZipFile(folder / "pack.zip") as archive:
            assert {i.filename: raw_of(bytes(data), i) for i in archive.infolist()} == FILES


def raw_of(data: bytes, info: zipfile.ZipInfo) -> bytes:
    names, extra = struct.unpack("<HH", data[info.header_offset + 26 : info.header_offset + 30])
    start = info.header_offset + 30 + names + extra
    return data[start : start + info.compress_size]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
PATHS = ["format", "trust", "pupil_id", "as_of", "known_at", "checkpoint", "files", "pages"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([MANIFEST, RECORD, EXTRACT]),
    path=st.sampled_from([*PATHS, "entries", "documents"]),
    value=anything,
    inner=st.booleans(),
)
def test_no_value_makes_a_crash(
    name: str, path: str, value: object, inner: bool, tmp_path: Path
) -> None:
    def put(told: Json) -> None:
        if inner and isinstance(told.get(path), list) and isinstance(told[path][0], dict):
            told[path][0][next(iter(told[path][0]))] = value
        else:
            told[path] = value

    changed = json.loads(FILES[name])
    put(changed)
    data = json.dumps(changed).encode()
    files = FILES | {name: data}
    checked(files if name == MANIFEST else signed_anew(files), tmp_path)


def test_nothing_that_is_printed_acts_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b[2J\r\x07\x9b\u202e\u2028\nResult: good"
    hostile = [
        altered(MANIFEST, lambda told: told.update(trust=evil)),
        altered(MANIFEST, lambda told: told.update(purpose=evil)),
        altered(MANIFEST, lambda told: told["pages"][0].update(label=evil, document="x")),
        altered(MANIFEST, lambda told: told["files"][0].update(name=evil)),
        signed_anew(altered(RECORD, lambda told: told["entries"][1]["recorded"].update({evil: 1}))),
        signed_anew(altered(EXTRACT, lambda told: told.update(trust=evil))),
    ]
    said = ""
    for number, files in enumerate(hostile):
        folder = laid_out(files | {"extra\x1b[2J": b""}, tmp_path / f"{number}")
        for more in ([], ["--json"]):
            assert verifier.main([str(folder), *KEYS, *more]) in (1, 2)
            output = capsys.readouterr()
            said += output.out + output.err
    verifier.main([evil, *KEYS])
    said += capsys.readouterr().err

    assert {unicodedata.category(c) for c in said} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == {"Cc"}
    assert {c for c in said if unicodedata.category(c) == "Cc"} == {"\n"}
    assert said.splitlines().count("Result: good") == 0


# Planted defects: what the tests above are worth

STRANGER = Trust(seed="a stranger's")


def one_more(told: Json) -> None:
    """An entry that was never recorded."""
    told["entries"].append(told["entries"][-1] | {"position": 99, "pages": []})


DEFECTS: dict[str, tuple[str, str, Callable[[], Files | bytes]]] = {
    "no signature": (
        "signed = read_note(read(source, NOTE, extracts.MOST_NOTE), packs)",
        "signed = read_note(read(source, NOTE, extracts.MOST_NOTE), [believed(source)])",
        lambda: pack(CONTENTS, Signer(STRANGER.packs.name, STRANGER.packs.private)),
    ),
    "no hash of the manifest": (
        "if signed.sha256 != hashlib.sha256(data).digest():",
        "if False:",
        lambda: altered(MANIFEST, lambda told: told.update(purpose="handover")),
    ),
    "no hash of a file": (
        "if size == file.size and whole.digest() == file.sha256 and blocks == file.blocks:",
        "if size == file.size:",
        lambda: FILES | {LETTER: FILES[LETTER].replace(b"filed", b"fired", 1)},
    ),
    "no missing file": (
        '        yield Finding("missing", "it is not there", file=file.name)',
        "        pass",
        lambda: {name: data for name, data in FILES.items() if name != LETTER},
    ),
    "no extra file": (
        "for name in sorted(source.sizes.keys() - due):",
        "for name in ():",
        lambda: FILES | {"more": b""},
    ),
    "no lost page": (
        "for lost in sorted(set(range(1, due + 1)) - set(numbers))[:20]:",
        "for lost in ():",
        lambda: signed_anew(altered(MANIFEST, lambda told: told["pages"].pop(0))),
    ),
    "no order of pages": (
        "if one < numbers[number]:",
        "if False:",
        lambda: signed_anew(altered(MANIFEST, lambda told: told["pages"].reverse())),
    ),
    "no proof of positions in the data": (
        '            yield Finding("position", wrong, entry.position, file=RECORD)',
        "            pass",
        lambda: signed_anew(altered(RECORD, one_more)),
    ),
    "no proof of positions in the manifest": (
        '            yield Finding("position", wrong, one.position, file=MANIFEST)',
        "            pass",
        lambda: signed_anew(altered(MANIFEST, one_more, unzipped(pack(BUNDLE, SIGNER)))),
    ),
    "no words": (
        "found += differences(entry.recorded, {**shown.clear, **shown.words})",
        "pass",
        lambda: signed_anew(
            altered(RECORD, lambda told: told["entries"][1]["recorded"].update(observed="x"))
        ),
    ),
    "no filed hash": (
        "if filed != one.sha256.hex():",
        "if False:",
        lambda: signed_anew(
            altered(
                RECORD,
                lambda told: told["documents"][0].update(sha256=sha256(b"x").hexdigest()),
                FILES | {LETTER: b"x"},
            )
        ),
    ),
    "no binding of the extract": (
        "        if here != there:\n",
        "        if False:\n",
        lambda: signed_anew(altered(MANIFEST, lambda told: told.update(position=10))),
    ),
}  # fmt: skip


def planted(old: str, new: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the verifier with one check taken out of its source."""
    source = SOURCE.read_text()
    assert source.count(old) == 1
    (folder / "planted_pack.py").write_text(source.replace(old, new))
    shutil.copy(SOURCE.with_name("verify_extract.py"), folder)
    spec = importlib.util.spec_from_file_location("planted_pack", folder / "planted_pack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "planted_pack", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_verifier_without_one_of_its_checks_would_believe_it(
    defect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, bad = DEFECTS[defect]
    module: Any = planted(old, new, tmp_path, monkeypatch)
    module.believed = lambda _: module.extracts.read_key(STRANGER.packs.vkey)

    assert checked(bad(), tmp_path, module)[0] == 0
    assert checked(GOOD, tmp_path, module)[0] == int(defect == "no signature")
    assert found(bad(), tmp_path)
