"""What the child does: a file of each type without what is taken out of it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps

from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.redaction.marking import marked
from send_records.disclosure.redaction.outcome import (
    NoSuchPage,
    NotRedactable,
    Quality,
    Redacted,
)
from send_records.disclosure.redaction.reading import WITHHOLD, opened, shown
from send_records.disclosure.redaction.rebuilding import Rebuilt, assembled, rebuilt
from send_records.disclosure.redaction.words import Phrases

if TYPE_CHECKING:
    from send_records.aggregates.items import PageArea

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain"

MOST_DOTS = 100_000_000
"""Of a picture: 10,000 by 10,000."""


def redacted(
    data: bytes,
    media_type: str,
    phrases: Sequence[str],
    areas: Sequence[PageArea],
    quality: Quality,
) -> Redacted:
    """Return a file without these phrases and areas; see ``redact_all``."""
    ways: dict[str, Callable[[], Redacted]] = {
        PDF: lambda: _pdf(data, phrases, areas, quality),
        PNG: lambda: _picture(data, PNG, phrases, areas),
        JPEG: lambda: _picture(data, JPEG, phrases, areas),
        TEXT: lambda: _text(data, phrases, areas),
    }
    if media_type not in ways:
        raise NotRedactable(f"Nothing can be taken out of a file of this type: {WITHHOLD}")
    return ways[media_type]()


def pages(data: bytes, media_type: str) -> int | None:
    """Return how many pages a file has; see ``page_counts``."""
    if media_type == PDF:
        with opened(data) as pdf:
            return len(pdf)
    return 1 if media_type in (PNG, JPEG) else None


def require_pages(areas: Sequence[PageArea], count: int) -> None:
    """Raise NoSuchPage if an area is of a page that the file does not have."""
    for area in areas:
        if not 1 <= area.page <= count:
            raise NoSuchPage(f"Page {area.page} is not in it: it has {count}.")


def _pdf(
    data: bytes, phrases: Sequence[str], areas: Sequence[PageArea], quality: Quality
) -> Redacted:
    found, unread, unprinted = Counter[int](), list[int](), list[int]()
    hidden = 0
    with opened(data, quality) as pdf:
        count = len(pdf)
        require_pages(areas, count)
        pages = (shown(pdf, number, quality) for number in range(1, count + 1))

        def made() -> Iterator[Rebuilt]:
            nonlocal hidden
            for number, page in enumerate(marked(pages, Phrases(phrases), found), 1):
                own = [area for area in areas if area.page == number]
                if page.unread and phrases and not own:
                    unread.append(number)
                if any(note.unprinted for note in page.shown.notes):
                    unprinted.append(number)
                hidden += page.hidden
                yield rebuilt(page, own, quality)

        result = assembled(made())
    return Redacted(
        result,
        PDF,
        count,
        {phrase: found[number] for number, phrase in enumerate(phrases)},
        tuple(unread),
        tuple(unprinted),
        hidden,
    )


def _picture(
    data: bytes, media_type: str, phrases: Sequence[str], areas: Sequence[PageArea]
) -> Redacted:
    """Black out areas of a picture as it is shown; nothing but what is seen of it is kept."""
    require_pages(areas, 1)
    kind = "PNG" if media_type == PNG else "JPEG"
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as file:
            if file.width * file.height > MOST_DOTS:
                raise NotRedactable(f"The picture is too large to be drawn: {WITHHOLD}")
            picture = _as_seen(ImageOps.exif_transpose(file))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotRedactable(f"The picture is damaged: {WITHHOLD}") from None
    drawing = ImageDraw.Draw(picture)
    for area in areas:
        across, down = picture.width / 100, picture.height / 100
        corner = int(float(area.left) * across) - 1, int(float(area.top) * down) - 1
        other = int(float(area.right) * across) + 1, int(float(area.bottom) * down) + 1
        drawing.rectangle((corner, other), fill=0)
    out = io.BytesIO()
    if kind == "PNG":
        picture.save(out, kind, optimize=True)
    else:
        picture.save(out, kind, quality=85, optimize=True)
    unread = (1,) if phrases and not areas else ()
    return Redacted(out.getvalue(), media_type, 1, dict.fromkeys(phrases, 0), unread)


def _as_seen(file: Image.Image) -> Image.Image:
    """Return the dots of a picture alone, on white: what is transparent may hide anything."""
    if file.mode in ("1", "L") and "transparency" not in file.info:
        grey = file.convert("L")
        return Image.frombytes("L", grey.size, grey.tobytes())
    upon = Image.new("RGBA", file.size, "white")
    upon.alpha_composite(file.convert("RGBA"))
    seen = upon.convert("RGB")
    return Image.frombytes("RGB", seen.size, seen.tobytes())


def _text(data: bytes, phrases: Sequence[str], areas: Sequence[PageArea]) -> Redacted:
    """Put blocks for the words, of one length for all."""
    if areas:
        raise NotRedactable("A text has no pages, so no areas of them: say the words instead.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotRedactable(f"The text is not in UTF-8: {WITHHOLD}") from None
    found = Counter[int]()
    while spans := Phrases(phrases).spans(text):  # what is taken out may leave a word beside it
        pieces, at = list[str](), 0
        for span in spans:
            found[span.phrase] += 1
            if span.start >= at:
                pieces += [text[at : span.start], TAKEN_OUT]
            at = max(at, span.end)
        text = "".join([*pieces, text[at:]])
    counts = {phrase: found[number] for number, phrase in enumerate(phrases)}
    return Redacted(text.encode(), TEXT, None, counts)
