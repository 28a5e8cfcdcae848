"""What comes of a redaction, and of looking for what it should have taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from send_records.errors import Invalid


@dataclass(frozen=True, slots=True)
class Redacted:
    """A file without what was to be taken out of it."""

    data: bytes
    media_type: str
    pages: int | None
    """None of a text, which has none."""
    found: Mapping[str, int]
    """In how many places each phrase was found, and taken out; 0 of one that is not in the file."""
    unread: tuple[int, ...] = ()
    """Pages, from 1, that show something in which no words could be looked for, such as a scan, and
    of which no area was taken out either: a person has to look at them, and say areas."""
    unprinted: tuple[int, ...] = ()
    """Pages, from 1, to which comments were attached that the page does not show: they are not in
    the result, taken out or not."""
    hidden: int = 0
    """How many words the file held on its pages without showing them (white, covered, on a hidden
    layer, beyond the edge): they are not in the result, taken out or not."""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """That a phrase is still in a file."""

    where: str
    """In plain words: "page 3", "metadata"; never what stands there."""
    phrase_number: int
    """From 1, in the order in which the phrases were given: never the phrase itself."""


class NotRedactable(Invalid):
    """A file of which a part cannot be taken out for certain: withhold it, or file it as another
    type."""

    basis = "Data Protection Act 2018 Sch 2 para 16; UK GDPR Art 5(1)(f)"


class NoSuchPage(Invalid):
    """An area was said of a page that the file does not have."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How the pages of a redacted file are drawn."""

    dots: int = 200
    """An inch: what is read with ease, and what offices scan with."""
    most_dots: int = 16_000_000
    """A page: an A2 sheet.  A larger one is drawn with fewer dots an inch."""
    fewest: int = 72
    """Dots an inch below which nobody could read it: a page that large is refused."""
    most_pages: int = 2_000
    largest: int = 250_000
    """Bytes that a page should take: beyond them it is drawn more coarsely, to a point."""
    steps: tuple[int, ...] = field(default=(60, 40, 25))
    """Of the quality of a JPEG, in turn."""


QUALITY = Quality()
"""Of what leaves the trust."""
