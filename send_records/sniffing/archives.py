"""Archives: whether a ZIP is a Word, Excel or PowerPoint file, by its directory alone.

No entry is ever unpacked, so an archive that would fill a disk fills none here.  It must be one
archive and nothing else, from its first byte to its last: no entry upon another, and no comment
behind them for another file to hide in (APPNOTE 6.3, ISO/IEC 21320-1).

Not checked: what the entries hold.  Office opens no macro in a file whose name ends in x, and here
no part that would hold one is let in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from struct import Struct

from send_records.errors import Invalid, TypeNotTaken

END_OF_ARCHIVE = b"PK\x05\x06"
ENTRY = b"PK\x01\x02"

END = Struct("<4s4HIIH")
"""Mark, this disk, disk of the directory, entries here, entries, bytes and place of the directory,
bytes of the comment."""

DIRECTORY = Struct("<4s6H3I5H2I")
"""Mark, versions, flags, method, time, date; CRC, bytes packed and unpacked; bytes of name, extra
and comment, disk, attributes; attributes, place of the entry."""

LOCAL = 30
"""Bytes before the name of an entry where it stands."""

ENCRYPTED = 0x0041
"""The flags of an entry that cannot be read without a password."""

STORED_OR_DEFLATED = {0, 8}

LARGEST_UNPACKED = 512 * 1024 * 1024
"""Bytes that all entries may claim to have: some twenty times what a document may have packed."""

OFFICE = "application/vnd.openxmlformats-officedocument."

MAIN_PARTS = {
    "word/document.xml": f"{OFFICE}wordprocessingml.document",
    "xl/workbook.xml": f"{OFFICE}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{OFFICE}presentationml.presentation",
}

MACROS = re.compile(r"vba(project|data)|macrosheets/|activex/|oleobject|\.(bin|exe|js)$")
"""Names of parts that hold something to be run."""

HARMLESS = re.compile(r"printersettings\d*\.bin$")
"""Excel's and Word's own: the state of a printer."""


class CutShort(Invalid):
    """A file has an end, and nothing behind it."""


class TwoTypesInOne(TypeNotTaken):
    """A file that is two types at once is for somebody to be deceived by."""


class NotOffice(TypeNotTaken):
    """Of archives only Word, Excel and PowerPoint files are taken."""


class MacrosInside(TypeNotTaken):
    """A file that can run something is not taken."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive, as its directory has it."""

    name: str
    flags: int
    method: int
    packed: int
    unpacked: int
    place: int
    named: int
    """Bytes of the name."""


def office(tail: bytes, size: int) -> str:
    """Return the media type of an Office file of a size, of which the last bytes are given; raise
    CutShort, TwoTypesInOne, MacrosInside or NotOffice."""
    entries = _directory(tail, size)
    names = {entry.name.lower() for entry in entries}
    if len(names) < len(entries):
        raise TwoTypesInOne("The archive holds two entries of one name.")
    if any(entry.flags & ENCRYPTED for entry in entries):
        raise NotOffice("The file asks for a password: save it without one.")
    if {entry.method for entry in entries} - STORED_OR_DEFLATED:
        raise NotOffice("The archive is packed in a way that Office does not use.")
    if sum(entry.unpacked for entry in entries) > LARGEST_UNPACKED:
        raise NotOffice("The archive would unpack to more than any document has.")
    if any(MACROS.search(name) and not HARMLESS.search(name) for name in names):
        raise MacrosInside("The file holds macros or other programs: save it without them.")
    found = [media_type for part, media_type in MAIN_PARTS.items() if part in names]
    if len(found) != 1 or "[content_types].xml" not in names:
        raise NotOffice("Of archives, only Word, Excel and PowerPoint files are taken.")
    return found[0]


def _directory(tail: bytes, size: int) -> list[Entry]:
    """Return the entries of an archive that fills the file: its directory stands right before its
    end, and its entries before that."""
    if len(tail) < END.size:
        raise CutShort("The archive's end is missing.")
    mark, disk, start_disk, here, count, length, place, comment = END.unpack(tail[-END.size :])
    if mark != END_OF_ARCHIVE or comment:
        raise CutShort("The archive's end is missing, or something stands behind it.")
    if (disk, start_disk, here) != (0, 0, count) or place + length + END.size != size:
        raise TwoTypesInOne("The archive is not the whole file.")
    if length + END.size > len(tail):
        raise NotOffice("The archive has more entries than an Office file.")
    at, entries = len(tail) - END.size - length, list[Entry]()
    for _ in range(count):
        entry, at = _entry(tail, at)
        entries.append(entry)
    if at != len(tail) - END.size:
        raise TwoTypesInOne("The archive's directory is not as long as it says.")
    _require_apart(entries, place)
    return entries


def _require_apart(entries: list[Entry], end: int) -> None:
    """Refuse entries that lie upon each other: few bytes that unpack to very many."""
    free = 0
    for entry in sorted(entries, key=lambda entry: entry.place):
        if entry.place < free:
            raise TwoTypesInOne("Entries of the archive lie upon each other.")
        free = entry.place + LOCAL + entry.named + entry.packed
    if free > end:
        raise TwoTypesInOne("Entries of the archive lie upon its directory.")


def _entry(tail: bytes, at: int) -> tuple[Entry, int]:
    """Return the entry at a place in the directory, and the place of the next."""
    if at + DIRECTORY.size > len(tail):
        raise CutShort("The archive's directory is cut short.")
    row = DIRECTORY.unpack_from(tail, at)
    mark, flags, method, packed, unpacked = row[0], row[3], row[4], row[8], row[9]
    named, extra, comment, place = row[10], row[11], row[12], row[16]
    if mark != ENTRY or 0xFFFFFFFF in (packed, unpacked, place):
        raise NotOffice("The archive's directory cannot be read.")
    name_at = at + DIRECTORY.size
    name = tail[name_at : name_at + named]
    plain = name.decode("utf-8", "replace")
    if name.startswith(b"/") or b"\\" in name or b"\0" in name or b".." in name.split(b"/"):
        raise NotOffice("An entry of the archive leads out of it.")
    return (
        Entry(plain, flags, method, packed, unpacked, place, named),
        name_at + named + extra + comment,
    )
