"""Signed notes and checkpoints, against the Go authors' example, and planted defects."""

from __future__ import annotations

import inspect
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from send_records.store import notes
from send_records.store.merkle import EMPTY_ROOT
from send_records.store.notes import (
    BadKey,
    BadNote,
    Checkpoint,
    NoteKey,
    NoteMalformed,
    NoteUnsigned,
    Signer,
    open_note,
)

PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ANOTHER_LINE = (
    "\u2014 EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
"""The example in the documentation of golang.org/x/mod/sumdb/note, all of it public."""

NOTE = f"{TEXT}\n{LINE}"
KEY = NoteKey.parse(VKEY)
SIGNER = Signer.generate("trust.example/events")
OTHER = Signer.generate("trust.example/access")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32))]))
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1).map(
    lambda name: name.replace("+", "-")
)


def line(signer: Signer, text: str) -> str:
    return signer.sign(text).removeprefix(f"{text}\n")


# Keys


def test_keys_are_written_as_the_go_authors_write_them() -> None:
    signer = Signer.from_private_text(PRIVATE)

    assert (signer.name, signer.vkey, signer.private_text()) == ("PeterNeumann", VKEY, PRIVATE)
    assert signer.key == KEY
    assert (KEY.name, KEY.key_id.hex(), KEY.vkey) == ("PeterNeumann", "c74f20a3", VKEY)


def test_a_new_key_signs_as_itself_after_it_was_kept_as_text() -> None:
    kept = Signer.from_private_text(SIGNER.private_text())

    assert (kept.name, kept.vkey) == (SIGNER.name, SIGNER.vkey)
    assert kept.sign("a\n") == SIGNER.sign("a\n")
    assert Signer.generate(SIGNER.name).vkey != SIGNER.vkey


def test_a_signer_does_not_tell_its_key_by_the_way() -> None:
    secret = SIGNER.private_text().split("+", 4)[4]

    assert secret not in f"{SIGNER!r} {SIGNER} {SIGNER.key!r}"
    with pytest.raises(BadKey) as error:
        Signer.from_private_text(SIGNER.private_text() + "\n")
    assert secret[:10] not in str(error.value)


BAD_KEYS = {
    "nothing": "",
    "a name alone": "PeterNeumann",
    "no name": VKEY.removeprefix("PeterNeumann"),
    "another name": VKEY.replace("Peter", "Petra"),
    "a name with a space": VKEY.replace("Peter", "Peter "),
    "another id": VKEY.replace("c74f20a3", "c74f20a4"),
    "an id in capitals": VKEY.replace("c74f20a3", "C74F20A3"),
    "no id": VKEY.replace("c74f20a3", ""),
    "another key": VKEY.replace("ARpc", "ARpd"),
    "no key": VKEY[: VKEY.index("ARpc")],
    "no base64": VKEY.replace("ARpc", "AR-c"),
    "base64 in lines": VKEY[:-4] + "\n" + VKEY[-4:],
    "a space before": " " + VKEY,
    "a newline after": VKEY + "\n",
    "a private key": PRIVATE,
}


@pytest.mark.parametrize("form", BAD_KEYS)
def test_a_key_in_any_other_form_is_refused(form: str) -> None:
    with pytest.raises(BadKey):
        NoteKey.parse(BAD_KEYS[form])


def named(name: str, raw: bytes) -> str:
    """Return a vkey that has the right id for whatever it holds."""
    key_id = sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    return f"{name}+{key_id}+{b64encode(raw).decode()}"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x01", b"\x01" + KEY.public[:-1], b"\x01" + KEY.public + b"\0", b"\x04" + KEY.public],
    ids=["empty", "no key", "too short", "too long", "of another kind"],
)
def test_a_key_that_is_not_ed25519_is_refused(raw: bytes) -> None:
    assert NoteKey.parse(named("a", b"\x01" + KEY.public)).public == KEY.public
    with pytest.raises(BadKey):
        NoteKey.parse(named("a", raw))


@pytest.mark.parametrize(
    "form",
    [
        "",
        VKEY,
        PRIVATE.removeprefix("PRIVATE+KEY+"),
        "PRIVATE+KEY+" + PRIVATE,
        PRIVATE.replace("c74f20a3", "c74f20a4"),
        PRIVATE.replace("Peter", "Petra"),
        PRIVATE.replace("AYEK", "AYEL"),
        PRIVATE.replace("AYEK", "A*EK"),
        PRIVATE + "\n",
        PRIVATE[:-4],
    ],
)
def test_a_private_key_in_any_other_form_is_refused(form: str) -> None:
    with pytest.raises(BadKey):
        Signer.from_private_text(form)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a+b", "a\nb", "a\x00b", "a\x1fb", "a\xa0b", "a\u2028b", "\x85", "\ud800"],
    ids=ascii,
)
def test_what_cannot_be_a_name_names_no_key(name: str) -> None:
    with pytest.raises(BadKey):
        Signer.generate(name)


def test_names_are_those_that_go_has_too() -> None:
    """Go's unicode.IsSpace and Python's \\s are the same, but for what is refused anyway."""
    go = {
        *"\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000",
        *map(chr, range(0x2000, 0x200B)),
    }

    assert {chr(n) for n in range(0x110000) if re.match(r"\s", chr(n))} == go | {
        *"\x1c\x1d\x1e\x1f"
    }


# Notes


def test_a_note_is_signed_as_the_go_authors_sign_it() -> None:
    assert Signer.from_private_text(PRIVATE).sign(TEXT) == NOTE
    assert open_note(NOTE, [KEY]) == TEXT


@given(names, st.lists(texts))
def test_what_is_signed_can_be_opened(name: str, lines: list[str]) -> None:
    signer, text = Signer.generate(name), "\n".join(lines) + "\n"

    assert open_note(signer.sign(text), [OTHER.key, NoteKey.parse(signer.vkey)]) == text


@pytest.mark.parametrize(
    "text", ["", "no end", "a\tb\n", "a\r\n", "a\x00\n", "a\x1f\n", "\ud800\n"]
)
def test_what_could_not_be_opened_is_not_signed(text: str) -> None:
    with pytest.raises(NoteMalformed):
        SIGNER.sign(text)


def test_a_note_is_no_longer_than_it_may_be() -> None:
    rest = len(SIGNER.sign("\n").encode()) - 1
    longest = "x" * (1_000_000 - rest - 1) + "\n"

    assert open_note(SIGNER.sign(longest), [SIGNER.key]) == longest
    for text in ("x" + longest, "\u00e9" * 500_000 + "\n", "x" * 1_000_001 + "\n"):
        with pytest.raises(NoteMalformed):
            SIGNER.sign(text)
        with pytest.raises(NoteMalformed):
            open_note(f"{text}\n{line(SIGNER, TEXT)}", [SIGNER.key])


def test_the_text_may_hold_empty_lines_and_lines_like_signatures() -> None:
    text = f"a\n\n{line(OTHER, TEXT)}\n\n\u2028b\n"

    assert open_note(SIGNER.sign(text), [SIGNER.key, OTHER.key]) == text
    with pytest.raises(NoteUnsigned):
        open_note(SIGNER.sign(text), [OTHER.key])


def test_signatures_by_others_are_passed_over() -> None:
    note = f"{TEXT}\n{ANOTHER_LINE}{LINE}{line(SIGNER, TEXT)}"

    assert open_note(note, [KEY]) == TEXT
    assert open_note(note, [OTHER.key, SIGNER.key]) == TEXT
    with pytest.raises(NoteUnsigned):
        open_note(note, [OTHER.key])
    with pytest.raises(NoteUnsigned):
        open_note(note, [])


def test_a_key_of_the_same_name_or_the_same_bytes_is_another() -> None:
    same_name = Signer.generate(SIGNER.name).key
    same_bytes = NoteKey(OTHER.name, SIGNER.key.public)
    note = SIGNER.sign(TEXT)

    for key in (same_name, same_bytes):
        with pytest.raises(NoteUnsigned):
            open_note(note, [key])
        assert open_note(note, [key, SIGNER.key]) == TEXT


def in_the_name_of(signer: Signer, signature: bytes) -> str:
    return f"\u2014 {signer.name} {b64encode(signer.key.key_id + signature).decode()}\n"


def test_one_bad_signature_of_a_known_key_spoils_the_note() -> None:
    for signature in (bytes(64), b"x", bytes(63), bytes(65)):
        bad = in_the_name_of(OTHER, signature)
        for lines in (LINE + bad, bad + LINE, LINE + line(OTHER, TEXT) + bad):
            assert open_note(f"{TEXT}\n{lines}", [KEY]) == TEXT
            with pytest.raises(NoteUnsigned, match=OTHER.name):
                open_note(f"{TEXT}\n{lines}", [KEY, OTHER.key])


def test_the_same_key_twice_is_one_and_two_that_look_alike_are_refused() -> None:
    assert open_note(NOTE, [KEY, KEY]) == TEXT
    seen = dict[bytes, NoteKey]()
    for n in range(1_000_000):  # about 80,000 are enough for two of the same 4 bytes
        key = NoteKey("a", n.to_bytes(32))
        if key.key_id in seen:
            break
        seen[key.key_id] = key
    with pytest.raises(BadKey, match="same id"):
        open_note(NOTE, [KEY, key, seen[key.key_id]])


def test_a_note_may_have_many_signatures_but_not_any_number() -> None:
    others = [line(Signer.generate(f"witness-{n}"), TEXT) for n in range(99)]

    assert open_note(f"{TEXT}\n{''.join(others)}{LINE}", [KEY]) == TEXT
    with pytest.raises(NoteMalformed):
        open_note(f"{TEXT}\n{''.join(others)}{LINE}{LINE}", [KEY])


def signed_anyway(text: str) -> str:
    """Sign what a signer refuses to, as somebody else's might not."""
    seed = b64decode(PRIVATE.split("+", 4)[4])[1:]
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
    encoded = b64encode(KEY.key_id + signature).decode()
    return f"{text}\n\u2014 {KEY.name} {encoded}\n"


BASE64 = LINE.split(" ")[2][:-1]

MALFORMED = {
    "nothing": "",
    "only text": TEXT,
    "no signature": f"{TEXT}\n",
    "no empty line": TEXT + LINE,
    "no newline at the end": NOTE[:-1],
    "more after the end": NOTE + "x",
    "an empty line at the end": NOTE + "\n",
    "lines that end otherwise": NOTE.replace("\n", "\r\n"),
    "a return in the signature": NOTE[:-1] + "\r\n",
    "a tab": NOTE.replace("If you", "If\tyou"),
    "a nul": NOTE.replace("If you", "If\0you"),
    "a tab, and signed": signed_anyway("a\tb\n"),
    "a return, and signed": signed_anyway("a\r\n"),
    "a nul, and signed": signed_anyway("\0\n"),
    "a separator of units, and signed": signed_anyway("a\x1fb\n"),
    "no unicode": NOTE.replace("If you", "If\ud800you"),
    "a hyphen": NOTE.replace("\u2014", "-"),
    "no dash": NOTE.replace("\u2014 ", ""),
    "two dashes": NOTE.replace("\u2014 ", "\u2014 \u2014 "),
    "no space after the dash": NOTE.replace("\u2014 ", "\u2014"),
    "two spaces": NOTE.replace("Neumann ", "Neumann  "),
    "a space at the end": NOTE[:-1] + " \n",
    "no name": NOTE.replace("PeterNeumann", ""),
    "a plus in a name": NOTE.replace("PeterNeumann", "Peter+Neumann"),
    "a wide space in a name": NOTE.replace("PeterNeumann", "Peter\u2003Neumann"),
    "a line separator for a newline": f"{TEXT}\n{LINE[:-1]}\u2028{LINE}",
    "no base64": NOTE.replace(BASE64, "****"),
    "base64 of the other alphabet": NOTE.replace(BASE64, BASE64.replace("/", "_")),
    "base64 without its end": NOTE.replace(BASE64, BASE64[:-1]),
    "base64 with bits to spare": NOTE.replace("nAM=", "nAN="),
    "no signature after the name": NOTE.replace(f" {BASE64}", ""),
    "an id alone": NOTE.replace(BASE64, "x08gow=="),
    "another line that is malformed": f"{NOTE}\u2014 someone\n",
}


def opened(module: ModuleType, note: str) -> bool:
    with suppress(module.BadNote):
        module.open_note(note, [module.NoteKey.parse(VKEY)])
        return True
    return False


@pytest.mark.parametrize("form", MALFORMED)
def test_a_malformed_note_is_refused(form: str) -> None:
    with pytest.raises(NoteMalformed):
        open_note(MALFORMED[form], [KEY])


def changed(note: str) -> Iterator[str]:
    """Yield the note with one thing different in every place: another character, one gone, one
    twice, two exchanged."""
    for place, character in enumerate(note):
        before, after = note[:place], note[place + 1 :]
        yield f"{before}{chr(ord(character) ^ 1)}{after}"
        yield f"{before}{after}"
        yield f"{before}{character}{character}{after}"
        if after and after[0] != character:
            yield f"{before}{after[0]}{character}{after[1:]}"


def wrongly_opened(module: ModuleType) -> int:
    """Count the changes to a note that do not stop a module from opening it."""
    return sum(opened(module, other) for other in changed(NOTE) if other != NOTE)


def test_a_note_that_was_changed_anywhere_does_not_open() -> None:
    assert opened(notes, NOTE)
    assert wrongly_opened(notes) == 0


@given(st.text(max_size=200) | st.lists(st.sampled_from([*NOTE, LINE, "\n\n"])).map("".join))
def test_whatever_is_no_note_is_refused_and_nothing_else_happens(note: str) -> None:
    with pytest.raises(BadNote):
        open_note(note, [OTHER.key])
    with suppress(NoteMalformed):
        Checkpoint.parse(note)
    with pytest.raises(BadKey):
        NoteKey.parse(note)


# Checkpoints

ROOT = sha256(b"root").digest()
CHECKPOINT = Checkpoint("trust.example/events", 20852163, ROOT)


def test_a_checkpoint_is_three_lines() -> None:
    assert CHECKPOINT.text == f"trust.example/events\n20852163\n{b64encode(ROOT).decode()}\n"
    assert Checkpoint("a", 0, EMPTY_ROOT).text.startswith("a\n0\n47DEQpj8HBSa+/TImW+5JC")
    assert open_note(SIGNER.sign(CHECKPOINT.text), [SIGNER.key]) == CHECKPOINT.text


@given(texts.filter(bool), st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_that_is_written_can_be_read(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)

    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_lines_that_extend_a_checkpoint_are_passed_over() -> None:
    assert Checkpoint.parse(CHECKPOINT.text + "one\n\u2028two\n") == CHECKPOINT


ENCODED = b64encode(ROOT).decode()
SPARE = ENCODED[:-2] + chr(ord(ENCODED[-2]) + 1) + "="

BAD_CHECKPOINTS = {
    "nothing": "",
    "two lines": "a\n5\n",
    "no newline at the end": f"a\n5\n{ENCODED}",
    "no origin": f"\n5\n{ENCODED}\n",
    "an origin with a tab": f"a\tb\n5\n{ENCODED}\n",
    "no size": f"a\n\n{ENCODED}\n",
    "a leading zero": f"a\n05\n{ENCODED}\n",
    "two zeros": f"a\n00\n{ENCODED}\n",
    "a sign": f"a\n+5\n{ENCODED}\n",
    "a negative size": f"a\n-5\n{ENCODED}\n",
    "a size with a space": f"a\n5 \n{ENCODED}\n",
    "a size with an underscore": f"a\n1_000\n{ENCODED}\n",
    "a size in other digits": f"a\n\u0665\n{ENCODED}\n",
    "a size in hexadecimal": f"a\n0x5\n{ENCODED}\n",
    "a size too large": f"a\n{2**63}\n{ENCODED}\n",
    "a size far too large": f"a\n1{'0' * 5000}\n{ENCODED}\n",
    "no root": "a\n5\n\n",
    "a root too short": f"a\n5\n{b64encode(ROOT[1:]).decode()}\n",
    "a root too long": f"a\n5\n{b64encode(ROOT + ROOT).decode()}\n",
    "a root in hexadecimal": f"a\n5\n{ROOT.hex()}\n",
    "a root with bits to spare": f"a\n5\n{SPARE}\n",
    "a root without its end": f"a\n5\n{ENCODED[:-1]}\n",
    "a root with a space": f"a\n5\n{ENCODED} \n",
    "an empty line between": f"a\n5\n{ENCODED}\n\nmore\n",
    "an empty line at the end": f"a\n5\n{ENCODED}\n\n",
    "a line without its end": f"a\n5\n{ENCODED}\nmore",
    "a return at the end of lines": f"a\r\n5\r\n{ENCODED}\r\n",
}


@pytest.mark.parametrize("form", BAD_CHECKPOINTS)
def test_a_malformed_checkpoint_is_refused(form: str) -> None:
    assert b64decode(SPARE) == ROOT
    with pytest.raises(NoteMalformed):
        Checkpoint.parse(BAD_CHECKPOINTS[form])


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, ROOT), ("a\nb", 1, ROOT), ("a", -1, ROOT), ("a", 2**63, ROOT), ("a", 1, ROOT[1:])],
)
def test_a_checkpoint_that_could_not_be_read_is_not_made(
    origin: str, size: int, root: bytes
) -> None:
    with pytest.raises(NoteMalformed):
        Checkpoint(origin, size, root)


# What the tests above are worth: planted defects

Check = Callable[[ModuleType], int]


def malformed(module: ModuleType) -> int:
    """Count the notes that are not refused for their form."""
    found = 0
    for note in MALFORMED.values():
        try:
            module.open_note(note, [module.NoteKey.parse(VKEY)])
        except module.NoteMalformed:
            continue
        except ValueError:
            pass
        found += 1
    return found


def forged(module: ModuleType) -> int:
    """Count the notes opened that a known key did not sign, or signed beside a bad signature."""
    keys = [module.NoteKey.parse(VKEY), module.NoteKey.parse(OTHER.vkey)]
    bad = in_the_name_of(OTHER, bytes(64))
    found = 0
    for lines in (bad, LINE + bad, bad + LINE, ANOTHER_LINE, line(SIGNER, TEXT)):
        with suppress(module.BadNote):
            module.open_note(f"{TEXT}\n{lines}", keys)
            found += 1
    return found


def wrongly_refused(module: ModuleType) -> int:
    """Count the notes by one signer and others, one of the same name, that do not open."""
    key, namesake = module.NoteKey.parse(SIGNER.vkey), Signer.generate(SIGNER.name)
    found = 0
    for text in (TEXT, f"a\n\n{LINE}\nb\n", "a\u2028b\n"):
        try:
            note = f"{text}\n{LINE}{line(namesake, text)}{line(SIGNER, text)}"
            found += module.open_note(note, [key]) != text
        except module.BadNote:
            found += 1
    return found


def keys_wrongly_read(module: ModuleType) -> int:
    found = 0
    for form in BAD_KEYS.values():
        with suppress(module.BadKey):
            module.NoteKey.parse(form)
            found += 1
    return found


def checkpoints_wrongly_read(module: ModuleType) -> int:
    found = 0
    for form in BAD_CHECKPOINTS.values():
        try:
            module.Checkpoint.parse(form)
        except module.NoteMalformed:
            continue
        except ValueError:
            pass
        found += 1
    return found


DEFECTS: dict[str, tuple[Check, str, str]] = {
    "a signature not checked": (wrongly_opened, "not key.verifies(text, signature)", "False"),
    "a bad signature passed over": (
        forged,
        'raise NoteUnsigned(f"The',
        'continue\n                raise NoteUnsigned(f"The',
    ),
    "any signature will do": (forged, "if not signed:", "if not lines:"),
    "a key known by its name alone": (
        wrongly_refused,
        "known.get((name, key_id))",
        "{key.name: key for key in keys}.get(name)",
    ),
    "the first empty line": (
        wrongly_refused,
        'note.rpartition("\\n\\n")',
        'note.partition("\\n\\n")',
    ),
    "control characters": (malformed, " or CONTROL.search(note)", ""),
    "base64 in more than one form": (malformed, "_base64(raw) != text", "False"),
    "any dash": (malformed, "not line.startswith(DASH) or ", ""),
    "any name": (malformed, "or not NAME.fullmatch(name) ", ""),
    "more after the end": (malformed, "not lines or end or ", "not lines or "),
    "other ends of lines": (malformed, 'signatures.split("\\n")', 'signatures.splitlines() + [""]'),
    "a key by any id": (keys_wrongly_read, "if key.vkey != vkey:", "if False:"),
    "zeros before a size": (checkpoints_wrongly_read, "0|[1-9][0-9]{0,18}", "[0-9]{1,19}"),
    "any number as a size": (checkpoints_wrongly_read, "if not SIZE.fullmatch(size):", "if False:"),
    "any digits": (checkpoints_wrongly_read, "0|[1-9][0-9]{0,18}", r"0|[^\D0]\d{0,18}"),
    "a size that does not fit": (
        checkpoints_wrongly_read,
        "0 <= self.size < 2**63",
        "0 <= self.size",
    ),
    "a root of any length": (checkpoints_wrongly_read, "len(self.root) != 32", "False"),
    "lines that are empty": (checkpoints_wrongly_read, " or not all(lines)", ""),
    "no end": (checkpoints_wrongly_read, "lines.pop() or ", "not lines.pop and "),
}


def with_defect(sound: str, planted: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module with a piece of its source exchanged for another."""
    source = inspect.getsource(notes)
    assert sound in source, f"no longer in the source: {sound}"
    module = ModuleType("notes_with_defect")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look it up there
    exec(compile(source.replace(sound, planted), module.__name__, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("check", list(dict.fromkeys(check for check, _, _ in DEFECTS.values())))
def test_what_finds_defects_finds_none_where_there_is_none(check: Check) -> None:
    assert check(notes) == 0


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check, sound, planted = DEFECTS[defect]

    assert check(with_defect(sound, planted, monkeypatch)) > 0
