"""An extract is good only if the trust signed all of it; the verifier stands alone."""

from __future__ import annotations

import ast
import copy
import importlib.util
import json
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import cryptography
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.disclosure import verify_extract as verifier
from send_records.disclosure.verify_extract import Checkpoint, Given, NotGenuine, Unreadable
from tests.disclosure.extracts import (
    COLUMNS,
    OTHER_PUPIL,
    PUPIL,
    Json,
    Signer,
    Trust,
    b64,
    consistency,
    damages,
    flipped,
    hashed,
    inclusion,
    root,
    six,
    unb64,
    written,
)

SOURCE = Path(verifier.__file__)
SIX = six()
POSITIONS = [1, 3, 4, 6, 8, 9]


@dataclass(frozen=True)
class Case:
    """What an outsider has: an extract, and what was kept from before."""

    extract: object
    seen: Sequence[str] = ()
    receipts: Sequence[str | Json] = ()

    def given(self) -> tuple[list[Given], list[Given]]:
        """Return the checkpoints and the receipts as files."""
        texts = (one if isinstance(one, str) else json.dumps(one) for one in self.receipts)
        return (
            [Given(f"note {n}", text.encode()) for n, text in enumerate(self.seen, 1)],
            [Given(f"receipt {n}", text.encode()) for n, text in enumerate(texts, 1)],
        )


def examined(case: Case, module: Any = verifier, trust: Trust = SIX) -> Any:
    """Return the report; the outsider has the trust's keys from elsewhere."""
    data = case.extract if isinstance(case.extract, bytes) else written(case.extract)
    return module.examine(data, [module.read_key(key) for key in trust.vkeys], *case.given())


def told(case: Case, *, grave: bool = True, trust: Trust = SIX) -> list[tuple[str, int | None]]:
    """Return the kinds and positions of what is found, or else noted."""
    report = examined(case, trust=trust)
    assert report.status == int(bool(report.told(grave=True)))
    return [(one.kind, one.position) for one in report.told(grave=grave)]


def kinds(case: Case) -> set[str]:
    """Return the kinds of what is found; "unreadable" if the file has not the form."""
    try:
        return {kind for kind, _ in told(case)}
    except Unreadable:
        return {"unreadable"}


def changed(*path: str | int, to: object, extract: Json | None = None) -> Json:
    """Return a good extract with one value replaced."""
    made = extract or SIX.extract()
    inner: Any = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return made


# The pieces, against the world outside and against every small tree


def test_the_tree_is_that_of_certificate_transparency() -> None:
    data = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
    leaves = [hashed(b"\x00", bytes.fromhex(one)) for one in data]
    last = hashed(b"\x00", bytes.fromhex("606162636465666768696a6b6c6d6e6f"))

    assert root([]).hex().startswith("e3b0c44298fc1c14")
    assert root([*leaves, last]).hex() == (
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


def test_a_note_signed_elsewhere_is_read() -> None:
    key = verifier.read_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
        "ngotpRZb6KE6RyyBwJnAM=\n"
    )

    assert len(verifier.signed_lines(note, [key])) == 2
    with pytest.raises(NotGenuine):
        verifier.signed_lines(note.replace("problem is", "answer is"), [key])


TREES = range(1, 34)


@pytest.mark.parametrize("size", TREES)
def test_a_leaf_is_found_where_it_stands_and_nowhere_else(size: int) -> None:
    leaves = [hashed(bytes([n])) for n in range(size)]
    log = Checkpoint(size, root(leaves))
    for index, leaf in enumerate(leaves):
        proof = inclusion(index, leaves)
        found = [n for n in range(size + 3) if verifier.included(leaf, n, proof, log)]
        assert found == [index]
        assert not verifier.included(leaf, index, [*proof, leaf], log)
        assert not proof or not verifier.included(leaf, index, proof[:-1], log)


@pytest.mark.parametrize("size", TREES)
def test_a_log_continues_each_of_its_own_past_states_and_no_other(size: int) -> None:
    leaves = [hashed(bytes([n])) for n in range(size)]
    new = Checkpoint(size, root(leaves))
    for old_size in range(1, size + 1):
        proof: list[bytes] = consistency(old_size, leaves)
        old, forked = root(leaves[:old_size]), root([*leaves[1:old_size], leaves[0]])
        assert verifier.consistent(Checkpoint(old_size, old), new, proof)
        assert old_size == 1 or not verifier.consistent(Checkpoint(old_size, forked), new, proof)
        assert not verifier.consistent(Checkpoint(old_size, old), new, [*proof, old])
        assert not proof or not verifier.consistent(Checkpoint(old_size, old), new, proof[:-1])
        backwards = verifier.consistent(new, Checkpoint(old_size, old), proof)
        assert old_size == size or not backwards


# A good extract


@pytest.mark.parametrize("size", [9, 10])
@pytest.mark.parametrize("withheld", [[], [1], POSITIONS])
def test_a_good_extract_passes(size: int, withheld: list[int]) -> None:
    extract = SIX.extract(size=size, withheld=withheld, seen=range(1, size))
    report = examined(Case(extract, [SIX.checkpoint(4)], [SIX.receipt(3), SIX.receipt_note(8)]))

    assert report.status == 0
    assert [one.wrong for one in report.checks] == [0] * len(report.checks)
    assert [one.count for one in report.checks] == [1, 1, 6, 6, 6 - len(withheld), size - 1, 1, 2]


def test_a_whole_record_is_told_from_a_part() -> None:
    assert ("whole", None) in told(Case(SIX.extract()), grave=False)
    assert ("gap", None) in told(Case(SIX.extract([3, 4, 9])), grave=False)

    [gap] = [one for one in examined(Case(SIX.extract([3, 9]))).findings if one.kind == "gap"]
    assert gap.text.endswith("versions 1, 3 to 5")
    assert told(Case(SIX.extract([3, 9]))) == []


def test_a_fraction_of_nought_may_be_written_or_left_out() -> None:
    trust = six()
    last = datetime.fromisoformat(trust.log[-1]["recorded_at"])
    trust.record(7, later=timedelta(microseconds=1_000_000 - last.microsecond))
    at, extract = trust.log[-1]["recorded_at"], trust.extract()
    assert at == "2026-11-25T06:07:35+00:00"

    assert told(Case(extract)) == []
    extract["entries"][-1]["recorded_at"] = at.replace("+", ".000000+")
    assert told(Case(extract)) == []
    extract["entries"][-1]["recorded_at"] = at.replace("+", ".000+")
    assert kinds(Case(extract)) == {"unreadable"}


# Every bit counts

CAUGHT_BY = {"secret": "secret", "stream_id": "pupil"}


@pytest.mark.parametrize("column", COLUMNS)
def test_every_flipped_bit_of_every_entry_is_found(column: str) -> None:
    extract, due = SIX.extract(), CAUGHT_BY.get(column, "inclusion")
    for entry in extract["entries"]:
        good = entry[column]
        for value in damages(entry, column):
            entry[column] = value
            assert kinds(Case(extract)) & {due, "unreadable"}, value
        entry[column] = good
    assert kinds(Case(extract)) == set()


def test_every_flipped_bit_of_root_and_signature_is_found() -> None:
    extract = SIX.extract()
    origin, size, top, _, line, _ = extract["checkpoint"].split("\n")
    *head, signature = line.split(" ")
    for damaged in flipped(unb64(top)):
        note = "\n".join((origin, size, b64(damaged), "", line, ""))
        assert kinds(Case(extract | {"checkpoint": note})) == {"checkpoint"}
    for damaged in flipped(unb64(signature)):
        note = "\n".join((origin, size, top, "", " ".join((*head, b64(damaged))), ""))
        assert kinds(Case(extract | {"checkpoint": note})) == {"checkpoint"}


def test_every_flipped_bit_of_a_kept_checkpoint_and_of_a_receipt_is_found() -> None:
    extract = SIX.extract(seen=[5])
    for damaged in flipped(SIX.checkpoint(5).encode()):
        try:
            damaged.decode()
        except ValueError:
            continue
        assert kinds(Case(extract, [damaged.decode()])) == {"forged"}, damaged
    for damaged in flipped(SIX.receipt_note(3).encode()):
        try:
            damaged.decode()
        except ValueError:
            continue
        assert kinds(Case(extract, receipts=[damaged.decode()])) & {"forged", "unreadable"}


# Entries that are not what they should be


def test_swapped_entries_are_found() -> None:
    extract = SIX.extract()
    entries = extract["entries"]
    entries[1], entries[2] = entries[2], entries[1]

    assert told(Case(extract)) == [("order", 3)] * 3


@pytest.mark.parametrize("column", COLUMNS)
def test_what_belongs_to_another_entry_is_found(column: str) -> None:
    extract = SIX.extract()
    one, another = extract["entries"][0], extract["entries"][4]
    if one[column] != another[column]:
        one[column] = another[column]
        assert told(Case(extract))


def test_a_dropped_proof_is_found() -> None:
    whole: list[str] = SIX.extract()["entries"][1]["proof"]
    for proof in (whole[:0], whole[:-1], whole[1:], whole[::-1]):
        assert told(Case(changed("entries", 1, "proof", to=proof))) == [("inclusion", 3)]


def test_an_entry_of_another_pupil_is_found() -> None:
    assert told(Case(SIX.extract([1, 3, 10]))) == [("pupil", 10)]


def test_an_entry_after_the_checkpoint_is_found() -> None:
    extract = SIX.extract() | {"checkpoint": SIX.checkpoint(8)}

    assert ("inclusion", 9) in told(Case(extract))


def test_a_version_that_was_recorded_twice_is_found() -> None:
    trust = six()
    trust.record(6)

    assert told(Case(trust.extract())) == [("order", 11)]


def test_an_entry_that_was_backdated_is_found() -> None:
    trust = six()
    trust.record(7, later=timedelta(days=-3))

    assert told(Case(trust.extract())) == [("order", 11)]


def test_the_first_bad_position_is_told_first() -> None:
    extract = SIX.extract()
    for number in (4, 2):
        extract["entries"][number]["request_mac"] = b64(bytes(32))

    assert told(Case(extract)) == [("inclusion", 4), ("inclusion", 8)]


# Words


def test_a_secret_of_another_entry_or_of_another_key_is_found() -> None:
    other = Trust(data_key=hashed(b"another key"))
    other.record(1)
    for secret in (SIX.log[0]["secret"], other.log[0]["secret"], b64(bytes(32))):
        assert told(Case(changed("entries", 1, "secret", to=secret))) == [("secret", 3)]


def test_words_that_open_under_a_key_they_were_not_committed_to_are_found() -> None:
    trust = six()
    trust.record(7, spoil_commitment=True)

    assert told(Case(trust.extract())) == [("secret", 11)]
    assert told(Case(trust.extract(withheld=[11]))) == []


def test_words_sealed_for_another_trust_are_found() -> None:
    trust = six()
    trust.name = "beech-park.example"

    assert told(Case(trust.extract()), trust=trust) == [("secret", n) for n in POSITIONS]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "[]",
        "null",
        b"\xff{}",
        '{"a":1,"a":2}',
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":' + "[" * 100 + "]" * 100 + "}",
        '{"a":' + "[" * 100_000,
        '{"on":"a name that is in the clear too"}',
    ],
    ids=range(11),
)
def test_words_that_are_no_object_of_their_own_names_are_found(words: str | bytes) -> None:
    trust = six()
    trust.record(7, words=words)

    assert told(Case(trust.extract())) == [("words", 11)]


def test_clear_fields_that_are_no_object_are_found() -> None:
    trust = six()
    trust.record(7, clear="[]")

    assert told(Case(trust.extract())) == [("words", 11)]


def test_what_is_sealed_in_no_known_way_is_found() -> None:
    trust = six()
    trust.record(7, kind=3)

    assert told(Case(trust.extract())) == [("secret", 11)]


# Keys and checkpoints

STRANGER = Trust(seed="a stranger's")


def test_another_key_of_the_same_name_is_not_the_trusts() -> None:
    stranger = six()
    stranger.seed = STRANGER.seed

    assert told(Case(stranger.extract())) == [("checkpoint", None)]
    assert told(Case(stranger.extract()), trust=stranger) == []


def test_a_signature_of_a_stranger_beside_the_trusts_is_passed_over() -> None:
    text = SIX.checkpoint().partition("\n\n")[0] + "\n"
    line, other = SIX.events.line(text), STRANGER.events.line(text)
    witness = Signer("witness.example").line(text)

    assert told(Case(SIX.extract() | {"checkpoint": f"{text}\n{other}{line}{witness}"})) == []


SPOILS: dict[str, Callable[[str], str]] = {
    "text before": lambda note: "more\n" + note,
    "text between": lambda note: note.replace("\n\n", "\nmore\n\n"),
    "text after": lambda note: note + "more\n",
    "an empty line": lambda note: note + "\n",
    "a second note": lambda note: note + "\n" + note,
    "no newline at the end": lambda note: note[:-1],
    "a carriage return": lambda note: note.replace("\n", "\r\n"),
    "a hyphen for the dash": lambda note: note.replace("\u2014", "-"),
    "no signature": lambda note: note.partition("\u2014")[0],
    "nothing": lambda _: "",
    "of a receipt": lambda _: SIX.receipt_note(3),
}
TOP = b64(root(SIX.leaves))
SIGNED_BUT = {
    "extra lines": f"{SIX.events.name}\n10\n{TOP}\nmore\n",
    "another log": f"{SIX.name}/access\n10\n{TOP}\n",
    "a leading nought": f"{SIX.events.name}\n010\n{TOP}\n",
    "digits of another script": f"{SIX.events.name}\n1\u0660\n{TOP}\n",
    "a huge size": f"{SIX.events.name}\n{'9' * 19}\n{TOP}\n",
    "a short root": f"{SIX.events.name}\n10\n{b64(bytes(31))}\n",
    "no root": f"{SIX.events.name}\n10\n",
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_checkpoint_that_was_altered_is_found(spoil: str) -> None:
    extract = changed("checkpoint", to=SPOILS[spoil](SIX.checkpoint()))

    assert told(Case(extract)) == [("checkpoint", None)]


@pytest.mark.parametrize("text", SIGNED_BUT)
def test_a_signed_note_that_is_no_checkpoint_of_the_log_is_found(text: str) -> None:
    extract = changed("checkpoint", to=SIX.events.note(SIGNED_BUT[text]))

    assert told(Case(extract)) == [("checkpoint", None)]


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "no key",
        SIX.events.vkey[:-4],
        SIX.events.vkey.replace("alder", "beech"),
        SIX.events.vkey.replace("+AT", "+AA"),
        f"{SIX.events.name}+{SIX.events.id.hex().upper()}+" + SIX.events.vkey.split("+", 2)[2],
        f"x y+{hashed(b'x y', bytes([10, 1]), bytes(32))[:4].hex()}+{b64(bytes([1]) + bytes(32))}",
        "\ud800+00000000+AAAA",
    ],
)
def test_a_key_whose_parts_do_not_agree_is_refused(vkey: str) -> None:
    if vkey != SIX.events.vkey:
        with pytest.raises(Unreadable):
            verifier.read_key(vkey)


def test_without_the_trusts_keys_nothing_is_checked() -> None:
    data, keys = written(SIX.extract()), [verifier.read_key(SIX.events.vkey)]
    receipt = Given("r", SIX.receipt_note(3).encode())

    assert verifier.examine(data, keys).status == 0
    with pytest.raises(Unreadable, match=r"alder-park\.example/receipts"):
        verifier.examine(data, keys, receipts=[receipt])
    with pytest.raises(Unreadable, match=r"alder-park\.example/events"):
        verifier.examine(data, [verifier.read_key(SIX.receipts.vkey)])


# What was kept from before


def forked() -> Trust:
    """The same trust, with another entry where the fourth was."""
    trust = six()
    forks = Trust()
    for entry in trust.log:
        forks.log.append(entry)
        forks.leaves.append(trust.leaves[entry["position"] - 1])
    forks.leaves[3] = hashed(b"another fourth entry")
    return forks


FORKED = forked()


def test_a_kept_checkpoint_that_the_log_continues_is_good() -> None:
    empty = SIX.checkpoint(0)
    extract = SIX.extract(seen=[1, 4, 7])

    assert told(Case(extract, [SIX.checkpoint(n) for n in (1, 4, 7, 10)] + [empty])) == []
    assert told(Case(extract, [SIX.checkpoint(4).replace("\n", "\r\n").rstrip()])) == []


def test_a_kept_checkpoint_without_a_proof_is_found() -> None:
    assert told(Case(SIX.extract(seen=[4]), [SIX.checkpoint(5)])) == [("absent", None)]


def test_rewritten_history_is_found() -> None:
    kept = Case(SIX.extract(), [FORKED.checkpoint()])
    assert told(kept) == [("rewritten", None)]
    assert told(Case(SIX.extract(seen=[5]), [FORKED.checkpoint(5)])) == [("rewritten", None)]

    [finding] = examined(kept).told(grave=True)
    assert "history was rewritten" in finding.text


def test_a_proof_that_does_not_hold_is_found_with_and_without_the_kept_checkpoint() -> None:
    extract = SIX.extract(seen=[5])
    extract["consistency"][0]["seen"] = FORKED.checkpoint(5)

    assert told(Case(extract)) == [("rewritten", None)]
    assert told(Case(extract, [FORKED.checkpoint(5)])) == [("rewritten", None)] * 2


def test_every_flipped_bit_of_a_consistency_proof_is_found() -> None:
    extract = SIX.extract(seen=[5])
    proof = extract["consistency"][0]["proof"]
    for number, one in enumerate(list(proof)):
        for damaged in flipped(unb64(one)):
            proof[number] = b64(damaged)
            assert kinds(Case(extract)) == {"rewritten"}
        proof[number] = one


def test_an_extract_that_is_older_than_the_kept_checkpoint_is_found() -> None:
    assert told(Case(SIX.extract(size=9), [SIX.checkpoint()])) == [("older", None)]


def test_a_checkpoint_that_the_trust_did_not_sign_is_found() -> None:
    stranger = six()
    stranger.seed = STRANGER.seed
    extract = SIX.extract(seen=[5])
    extract["consistency"][0]["seen"] = stranger.checkpoint(5)

    assert told(Case(SIX.extract(), [stranger.checkpoint()])) == [("forged", None)]
    assert told(Case(extract)) == [("forged", None)]
    assert told(Case(extract, [SIX.checkpoint(5)])) == [("forged", None), ("absent", None)]


# Receipts


def test_a_receipt_is_honoured_as_the_api_gave_it_and_as_a_bare_note() -> None:
    api = SIX.receipt(6, recorded_at="the API may say more")

    assert (
        told(
            Case(SIX.extract(), receipts=[api, SIX.receipt_note(6), "\ufeff" + SIX.receipt_note(1)])
        )
        == []
    )


def test_a_forged_receipt_is_found() -> None:
    stranger = six()
    stranger.seed = STRANGER.seed
    altered = SIX.receipt(3, proof=SIX.receipt_note(3).replace("\n3 ", "\n4 "))
    for receipt in (stranger.receipt(3), stranger.receipt_note(3), altered, SIX.checkpoint()):
        assert told(Case(SIX.extract(), receipts=[receipt])) == [("forged", None)]
    assert told(Case(SIX.extract(), receipts=[SIX.receipt(3, position=4)])) == [("forged", None)]


def test_an_entry_that_was_promised_and_is_not_there_is_found() -> None:
    part, old = SIX.extract([1, 3, 4]), SIX.extract([1, 3, 4], size=5)

    assert told(Case(part, receipts=[SIX.receipt(6)])) == [("promised", 6)]
    assert told(Case(old, receipts=[SIX.receipt(9)])) == [("promised", 9)]
    assert told(Case(part, receipts=[SIX.receipt_note(6)])) == []
    assert ("receipt", 6) in told(Case(part, receipts=[SIX.receipt_note(6)]), grave=False)


def test_a_receipt_about_another_pupil_is_no_reproach() -> None:
    case = Case(SIX.extract(), receipts=[SIX.receipt(2)])

    assert SIX.log[1]["stream_id"] == str(OTHER_PUPIL) != str(PUPIL)
    assert told(case) == []
    assert ("receipt", 2) in told(case, grave=False)


def test_another_entry_than_the_one_that_was_promised_is_found() -> None:
    for receipt in (FORKED.receipt(4), FORKED.receipt_note(4), SIX.receipt(4, version=9)):
        assert told(Case(SIX.extract(), receipts=[receipt])) == [("receipt", 4)]


# Hostile files

HOSTILE: list[object] = [
    None, True, False, 0, -1, 1.0, 10**400, "", "\x00", "\x1b[2J", [], {}, [[]], "A", "AA=="
]  # fmt: skip


def paths(value: object, *before: str | int) -> list[tuple[str | int, ...]]:
    """Return the way to everything inside of a value."""
    if isinstance(value, dict):
        parts: list[tuple[str | int, object]] = list(value.items())
    else:
        parts = list(enumerate(value)) if isinstance(value, list) else []
    found = [(*before, name) for name, _ in parts]
    return found + [one for name, part in parts for one in paths(part, *before, name)]


PATHS = paths(SIX.extract([3, 6], seen=[5]))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_may_be_of_another_type(path: tuple[str | int, ...]) -> None:
    for hostile in HOSTILE:
        extract = changed(*path, to=hostile, extract=SIX.extract([3, 6], seen=[5]))
        harmless = (path[-1] == "secret" and hostile is None) or (
            path[-1] == "consistency" and hostile == []
        )
        assert bool(kinds(Case(extract))) is not harmless, hostile


def test_no_name_may_be_missing_or_more() -> None:
    for path in PATHS:
        if isinstance(path[-1], str):
            lacking = SIX.extract([3, 6], seen=[5])
            inner: Any = lacking
            for step in path[:-1]:
                inner = inner[step]
            del inner[path[-1]]
            assert kinds(Case(lacking)) == {"unreadable"}
            inner["another name"] = 1
            assert kinds(Case(lacking)) == {"unreadable"}
    assert kinds(Case(SIX.extract() | {"more": 1})) == {"unreadable"}
    assert kinds(Case(changed("entries", 0, "more", to=1))) == {"unreadable"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"x"',
        b"NaN",
        b"{" * 1_000_000,
        b"[" * 1_000_000,
        b'{"format":' * 100_000,
        b'{"format":"send-records/extract/1",' + b'"format":"send-records/extract/1"}',
        b"9" * 1_000_000,
        b'{"format":' + b"9" * 1_000_000 + b"}",
        b"\xef\xbb\xbf" + written(SIX.extract()),
        written(SIX.extract()) + b"x",
        written(SIX.extract()).replace(b'"version": 1', b'"version": 1, "version": 1', 1),
        written(SIX.extract()).replace(b'"version": 1', b'"version": 1.0', 1),
        written(SIX.extract()).replace(b'"version": 1', b'"version": NaN', 1),
        written(SIX.extract()).replace(b'"version": 1', b'"version": ' + b"[" * 10_000, 1),
        written(SIX.extract()).replace(b'"ConcernRaised"', b'"\\ud800"', 1),
        written(SIX.extract()).replace(b"extract/1", b"extract/2", 1),
        written(SIX.extract()).replace(b"+00:00", b"Z", 1),
        written(SIX.extract()).replace(b"+00:00", b"+01:00", 1),
    ],
    ids=range(22),
)
def test_a_file_without_the_form_is_refused(data: bytes) -> None:
    assert kinds(Case(data)) == {"unreadable"}


def test_base64_has_one_right_way() -> None:
    mac = SIX.extract()["entries"][0]["request_mac"]
    assert mac[-1] == "="
    for other in (mac[:-1], mac + "\n", " " + mac, mac[:-2] + chr(ord(mac[-2]) + 1) + "="):
        assert kinds(Case(changed("entries", 0, "request_mac", to=other))) == {"unreadable"}


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "MOST_BYTES", 1000)

    assert kinds(Case(SIX.extract())) == {"unreadable"}


ONE = written(SIX.extract([3, 6], seen=[5]))


@pytest.mark.parametrize("end", range(0, len(ONE), 7))
def test_a_truncated_file_is_refused(end: int) -> None:
    assert kinds(Case(ONE[:end])) == {"unreadable"}


@given(st.integers(0, len(ONE)), st.integers(0, 40), st.binary(max_size=8))
def test_a_damaged_file_says_what_it_said_or_is_found(at: int, gone: int, put: bytes) -> None:
    damaged = ONE[:at] + put + ONE[at + gone :]
    if not kinds(Case(damaged)):
        good, read = json.loads(ONE), json.loads(damaged)
        assert read | {name: good[name] for name in ("made_at", "keys")} == good


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(PATHS), anything)
def test_no_value_makes_a_crash(path: tuple[str | int, ...], value: object) -> None:
    extract = changed(*path, to=value, extract=SIX.extract([3, 6], seen=[5]))
    kinds(Case(json.dumps(extract).encode()))


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")) | anything.map(json.dumps))
def test_no_receipt_or_note_makes_a_crash(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()

    assert kinds(Case(SIX.extract(), [text], [])) == {"forged"}
    assert kinds(Case(SIX.extract(), [], [text])) & {"forged", "unreadable"}


# The second format: closed and opaque entries

PARTLY: dict[str, Any] = {"closed": [4], "opaque": [6]}


def partly(**ways: Sequence[int]) -> Json:
    """Return an extract up to position 9 in which an entry is closed and one opaque."""
    return SIX.extract_2(9, **(ways or PARTLY))


def test_an_extract_up_to_a_position_passes_with_entries_closed_and_opaque() -> None:
    receipts: list[str | Json] = [SIX.receipt(4), SIX.receipt(6), SIX.receipt_note(6)]
    report = examined(Case(partly(), receipts=receipts))

    assert report.status == 0
    assert [one.count for one in report.checks] == [1, 1, 6, 6, 4, 0, 0, 3]
    assert [one.text for one in report.told(grave=False)] == [
        "this is the whole record up to version 6, but for what is withheld",
        "whether there are versions after 6, no extract can show",
        "entries whose words are withheld: 1",
        "entries of which nothing is told but their place in the log: 1; that each is of this "
        "record, nothing here can show",
    ]


def test_all_of_it_may_be_opaque() -> None:
    assert told(Case(partly(opaque=POSITIONS))) == []


@pytest.mark.parametrize("column", ["position", "version", "topic", "recorded_at", "actor_id"])
def test_every_flipped_bit_of_a_closed_entry_is_found(column: str) -> None:
    extract = partly()
    entry = extract["entries"][2]
    for value in damages(entry, column):
        bad = changed("entries", 2, column, to=value, extract=copy.deepcopy(extract))
        assert kinds(Case(bad)) & {"inclusion", "unreadable"}, value
    for number in (2, 3):
        for name in ("content", "leaf"):
            for value in map(b64, flipped(unb64(extract["entries"][number].get(name, "")))):
                bad = changed("entries", number, name, to=value, extract=copy.deepcopy(extract))
                assert told(Case(bad)) == [("inclusion", SIX_AT[number])]


SIX_AT = dict(enumerate(POSITIONS))


def test_an_opaque_leaf_elsewhere_in_the_log_is_found() -> None:
    for position in (5, 7, 8):
        bad = changed("entries", 3, "position", to=position, extract=partly())
        assert ("inclusion", position) in told(Case(bad))


def with_a_leaf_too_many() -> Json:
    """The leaf of another pupil's entry, passed off as one of this record that is withheld."""
    extract = partly()
    other = SIX.extract([7])["entries"][0]
    bare = {"position": 7, "leaf": b64(SIX.leaves[6]), "proof": other["proof"]}
    extract["entries"].insert(4, bare)
    return extract


def test_more_opaque_entries_than_versions_are_missing_are_found() -> None:
    assert told(Case(with_a_leaf_too_many())) == [("order", 8)]


def test_versions_that_opaque_entries_do_not_account_for_are_a_gap() -> None:
    extract = partly()
    del extract["entries"][2]

    assert told(Case(extract)) == []
    [gap] = [one for one in examined(Case(extract)).findings if one.kind == "gap"]
    assert gap.text == "not in this extract: versions 3 to 4, less the 1 withheld between"


def test_an_entry_after_the_position_up_to_which_it_is_does_not_belong_there() -> None:
    assert kinds(Case(partly() | {"up_to": 8})) == {"unreadable"}


def test_an_opaque_entry_that_is_not_the_one_that_was_promised_is_found() -> None:
    extract = SIX.extract_2(9, opaque=[4])

    assert told(Case(extract, receipts=[SIX.receipt(4)])) == []
    assert told(Case(extract, receipts=[FORKED.receipt(4)])) == [("receipt", 4)]


def test_the_first_format_knows_no_closed_and_no_opaque_entries() -> None:
    extract = partly() | {"format": "send-records/extract/1"}
    del extract["up_to"]

    assert kinds(Case(extract)) == {"unreadable"}


PARTLY_PATHS = paths(partly())


@pytest.mark.parametrize("path", PARTLY_PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_of_the_second_format_may_be_of_another_type(path: tuple[str | int, ...]) -> None:
    for hostile in HOSTILE:
        bad = changed(*path, to=hostile, extract=partly())
        harmless = (path[-1] == "secret" and hostile is None) or (
            path[-1] == "consistency" and hostile == []
        )
        assert bool(kinds(Case(bad))) is not harmless, hostile


# As a command


def command(folder: Path, case: Case, *more: str) -> list[str]:
    """Write the files of a case; return the arguments that name them, with the trust's keys."""
    folder.mkdir(exist_ok=True)
    file = folder / "extract.json"
    file.write_bytes(case.extract if isinstance(case.extract, bytes) else written(case.extract))
    arguments = [str(file), *more]
    for option, kept in zip(("--seen", "--receipt"), case.given(), strict=True):
        for one in kept:
            (folder / one.name).write_bytes(one.data)
            arguments += [option, str(folder / one.name)]
    return arguments


KEYS = [f"--key={key}" for key in SIX.vkeys]
GOOD = Case(SIX.extract(seen=[5], withheld=[4]), [SIX.checkpoint(5)], [SIX.receipt(3)])
OUTSIDE = """
import importlib.util, runpy, sys
sys.path.append(sys.argv.pop(1))
assert importlib.util.find_spec("send_records") is None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def outside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the one file where nothing of ours can be imported."""
    copy = folder / "alone" / "verify_extract.py"
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(SOURCE, copy)
    packages = str(Path(cryptography.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", OUTSIDE, packages, str(copy), *arguments],
        cwd=copy.parent,
        env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_the_one_file_runs_alone(tmp_path: Path) -> None:
    good = outside(tmp_path, *command(tmp_path, GOOD, *KEYS, "--show"))
    assert (good.returncode, good.stderr) == (0, "")
    assert "Result: good" in good.stdout
    assert "Concern raised" in good.stdout
    assert "said: Reads aloud." in good.stdout
    assert "(its words are withheld)" in good.stdout

    bad = changed("entries", 1, "request_mac", to=b64(bytes(32)))
    found = outside(tmp_path, *command(tmp_path, Case(bad), *KEYS))
    assert (found.returncode, found.stderr) == (1, "")
    assert "position 3, inclusion" in found.stdout

    none = outside(tmp_path, *command(tmp_path, GOOD))
    assert (none.returncode, none.stdout) == (2, "")
    assert "come from whoever made the file" in none.stderr

    unreadable = outside(tmp_path, *command(tmp_path, Case(b"["), *KEYS))
    assert (unreadable.returncode, unreadable.stdout) == (2, "")
    assert "Traceback" not in unreadable.stderr


def test_it_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    modules = set()
    for node in ast.walk(ast.parse(SOURCE.read_text(), feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).split(".")[0])

    assert modules - sys.stdlib_module_names == {"cryptography"}


def test_help_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        verifier.main(["--help"])

    assert ended.value.code == 0
    assert "It ends with 0 if all is good, 1 if there are" in " ".join(
        capsys.readouterr().out.split()
    )


def test_the_keys_in_the_file_are_believed_only_when_asked_and_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verifier.main(command(tmp_path, GOOD, "--enclosed-keys")) == 0
    said = capsys.readouterr().out
    assert "WARNING" in said
    assert "Result: good by the keys in the file itself" in said

    with pytest.raises(SystemExit) as ended:
        verifier.main(command(tmp_path, GOOD, "--enclosed-keys", *KEYS))
    assert ended.value.code == 2


def test_a_program_can_read_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verifier.main(command(tmp_path, GOOD, *KEYS, "--json", "--show")) == 0
    good = json.loads(capsys.readouterr().out)
    assert (good["status"], good["findings"]) == (0, [])
    assert good["entries"][1]["words"] == {"said": "Reads aloud."}
    assert good["entries"][2]["words"] is None

    bad = changed("entries", 1, "secret", to=b64(bytes(32)))
    assert verifier.main(command(tmp_path, Case(bad), *KEYS, "--json")) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["position"]) for one in found["findings"]] == [("secret", 3)]

    assert verifier.main(command(tmp_path, Case(b""), *KEYS, "--json")) == 2
    assert json.loads(capsys.readouterr().out)["status"] == 2


@pytest.mark.parametrize("spoiled", ["extract", "--seen", "--receipt", "--key"])
def test_a_file_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoiled: str
) -> None:
    arguments = command(tmp_path, GOOD, *KEYS)
    lost = str(tmp_path / "nowhere")
    arguments = [lost, *arguments[1:]] if spoiled == "extract" else [*arguments, spoiled, lost]

    assert verifier.main(arguments) == 2
    assert "cannot be checked" in capsys.readouterr().err


def test_nothing_that_is_printed_acts_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b[2J\r\x07\x9b\u202e\u2028\nResult: good"
    trust = six()
    words = json.dumps({evil: evil, "lone": ["\ud800", {evil: [evil]}]})
    trust.record(7, topic=evil, clear=json.dumps({"x" + evil: evil}), words=words)
    hostile = [
        Case(trust.extract()),
        Case(changed("trust", to=evil)),
        Case(changed("made_at", to=evil)),
        Case(changed("format", to=evil)),
        Case(changed("keys", to=[evil])),
        Case(changed(evil, to=evil)),
        Case(changed("entries", 0, "stream_id", to=evil)),
        Case(changed("checkpoint", to=evil)),
    ]
    said = ""
    for number, case in enumerate(hostile):
        for more in ([], ["--json"]):
            folder = tmp_path / f"{number}\x1b[2J"
            verifier.main(command(folder, case, *KEYS, "--show", *more))
            output = capsys.readouterr()
            said += output.out + output.err
    for strange in ([evil, "--key", evil], ["\x1b[2J", *KEYS], [*KEYS, "--seen", evil, "x"]):
        verifier.main(strange)
        said += capsys.readouterr().err
    with pytest.raises(SystemExit):
        verifier.main([evil, "--" + evil])
    said += capsys.readouterr().err

    assert {unicodedata.category(c) for c in said} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == {"Cc"}
    assert {c for c in said if unicodedata.category(c) == "Cc"} == {"\n"}
    assert said.splitlines().count("Result: good") == 0


# Planted defects: what the tests above are worth


def with_positions_swapped() -> Case:
    trust = six()
    trust.record(8)
    trust.record(7, later=timedelta(0))
    return Case(trust.extract([*POSITIONS, 12, 11]))


def with_version_twice() -> Case:
    trust = six()
    trust.record(6)
    return Case(trust.extract())


def with_entry_backdated() -> Case:
    trust = six()
    trust.record(7, later=timedelta(days=-3))
    return Case(trust.extract())


def with_spoiled_commitment() -> Case:
    trust = six()
    trust.record(7, spoil_commitment=True)
    return Case(trust.extract())


def with_name_in_both() -> Case:
    trust = six()
    trust.record(7, words='{"on":"2026-11-22"}')
    return Case(trust.extract())


def with_forked_past() -> Case:
    extract = SIX.extract(seen=[5])
    extract["consistency"][0]["seen"] = FORKED.checkpoint(5)
    return Case(extract)


def with_bad_signature() -> Case:
    note = SIX.checkpoint()
    head, signature = note[:-1].rsplit(" ", 1)
    *_, damaged = flipped(unb64(signature))
    return Case(SIX.extract() | {"checkpoint": f"{head} {b64(damaged)}\n"})


def with_strangers_key() -> Case:
    stranger = six()
    stranger.seed = STRANGER.seed
    return Case(stranger.extract())


DEFECTS: dict[str, tuple[str, str, Callable[[], Case]]] = {
    "no inclusion": (
        "    if not included(",
        "    if False and not included(",
        lambda: Case(changed("entries", 1, "request_mac", to=b64(bytes(32)))),
    ),
    "no pupil": (
        "if entry.stream_id != pupil_id:",
        "if False:",
        lambda: Case(SIX.extract([1, 3, 10])),
    ),
    "no order of positions": (
        "entry.position <= extract.entries[number].position",
        "False",
        with_positions_swapped,
    ),
    "no order of versions": ("later.version <= before.version", "False", with_version_twice),
    "no order of times": (
        "later.recorded_at < before.recorded_at",
        "False",
        with_entry_backdated,
    ),
    "no commitment": ("if sealed[15:47] != okm[32:]:", "if False:", with_spoiled_commitment),
    "no names apart": ("if words.keys() & shown.clear.keys():", "if False:", with_name_in_both),
    "no signature": (
        'known[name, data[:4]].verify(data[4:], said.encode() + b"\\n")',
        "pass",
        with_bad_signature,
    ),
    "no need to be signed": ("if not count:", "if False:", with_strangers_key),
    "no origin": (
        'if origin != f"{self.trust}/events":',
        "if False:",
        lambda: Case(
            SIX.extract()
            | {"checkpoint": SIX.events.note(f"x\n10\n{b64(root(SIX.leaves))}\n")}
        ),
    ),
    "no consistency": ("if not consistent(old, log, item.proof):", "if False:", with_forked_past),
    "no kept checkpoint": (
        "    if any(consistent(old, new, proof)",
        "    if True or any(consistent(old, new, proof)",
        lambda: Case(SIX.extract(), [FORKED.checkpoint()]),
    ),
    "no promised leaf": (
        "elif leaf_of(entry) != leaf or",
        "elif",
        lambda: Case(SIX.extract(), receipts=[FORKED.receipt(4)]),
    ),
    "no missing promise": (
        "if entry is None and beside and beside.pupil_id == extract.pupil_id:",
        "if False:",
        lambda: Case(SIX.extract([1, 3, 4]), receipts=[SIX.receipt(6)]),
    ),
    "no count of opaque ones": (
        "        if opaque > max(absent, 0):",
        "        if False:",
        lambda: Case(with_a_leaf_too_many()),
    ),
    "no end": (
        "if any(entry.position > self.up_to for entry in self.entries):",
        "if False:",
        lambda: Case(partly() | {"up_to": 8}),
    ),
    "no unique names": (
        "object_pairs_hook=unique_names, ",
        "",
        lambda: Case(
            written(SIX.extract()).replace(b'"version": 1', b'"version": 9, "version": 1', 1)
        ),
    ),
}  # fmt: skip


def planted(old: str, new: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the verifier with one check taken out of its source."""
    source = SOURCE.read_text()
    assert source.count(old) == 1
    (folder / "planted.py").write_text(source.replace(old, new))
    spec = importlib.util.spec_from_file_location("planted", folder / "planted.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "planted", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_verifier_without_one_of_its_checks_would_believe_it(
    defect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, bad = DEFECTS[defect]
    module = planted(old, new, tmp_path, monkeypatch)

    assert examined(Case(SIX.extract()), module).status == 0
    assert examined(bad(), module).status == 0
    assert kinds(bad())
