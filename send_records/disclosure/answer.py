"""What is given, once every item was decided on: the parts of what is held that leave, and the
schedule of those that do not.

Nothing of what was taken out is in here, but for the words by which documents are still to be
redacted, which ``redact_all`` needs and nobody is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from send_records.aggregates.items import Ground, ItemRef, PageArea
from send_records.disclosure.held import Held, HeldDocument, HeldEntry, Kept, Recipient
from send_records.store.access import AccessRow


class Fate(StrEnum):
    """What becomes of an item."""

    DISCLOSED = "disclosed"
    REDACTED = "redacted"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class GivenEntry:
    """An entry that is given: as recorded, or with parts taken out of it."""

    entry: HeldEntry
    """Its lines, its sentence, its marks and what was recorded already without those parts."""
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class GivenDocument:
    """A document that is given, whole or in part."""

    document: HeldDocument
    """Its title and author already without what is taken out."""
    name: str
    """The file's name in what is given: of its number, day and kind, and of nobody's words."""
    phrases: tuple[str, ...] = ()
    areas: tuple[PageArea, ...] = ()

    @property
    def redacted(self) -> bool:
        """Whether something is taken out of it."""
        return bool(self.phrases or self.areas)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A line of the schedule: that something was not given, and on which ground."""

    number: int
    """From 1."""
    what: str
    """In plain words; of what was withheld whole no more than "An entry", or "A document"."""
    fate: Fate
    ground: Ground
    basis: str
    times: int
    """In how many places of the item; 1 for the whole of it.  Of a document, how many words and
    areas are looked for: in how many places they stand, whoever redacts it finds."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Words that were taken out of some items, and are given in others."""

    phrase: str
    taken_out_of: tuple[ItemRef, ...]
    stands_in: tuple[ItemRef | None, ...]
    """None is for what stands beside the items: with the pupil, or with who has seen the record."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is given of what is held."""

    held: Held
    """Whole, for whoever makes the answer: nothing of it is shown but through this."""
    entries: tuple[GivenEntry, ...]
    documents: tuple[GivenDocument, ...]
    schedule: tuple[Scheduled, ...]
    phrases: tuple[str, ...]
    """The words that were taken out and are given nowhere: what must not be found in anything that
    is made.  Those taken out of one item and given in another are in ``elsewhere``."""
    recipients: tuple[Recipient, ...]
    """Of ``held.recipients``, what the entries that are given say."""
    accesses: tuple[AccessRow, ...]
    """Who has seen anything of it: parents and pupils by their roles, all others by name, for they
    acted in theirs (Data Protection Act 2018 Sch 2 paras 16 and 17)."""
    sources: Mapping[str, int]
    """From whom the entries that are given come."""
    kept: Kept
    """How long it is kept, as far as what is given says why."""
    kept_back: tuple[str, ...] = ()
    """What else was taken out, in sentences: of entries that are withheld and fields that are taken
    out.  It must not be found in what we make ourselves; a document that was filed may say it."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """What was taken out of one item and still stands in another: for whoever decides, and never
    given."""
