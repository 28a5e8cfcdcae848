"""Uploaded files, made into pages that can stand in a bundle: drawn, and with nothing behind them.

Values of forms and comments are drawn into the page (pdfium flattens them); what a reader would not
show, a hidden layer or words outside the crop box, does not come over: such a page comes as an
image of itself.  Runs in a child.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageOps
from pypdfium2 import raw

from send_records.disclosure.bundle.facts import facts_of
from send_records.disclosure.bundle.pages import A4, IMAGES, PDF, ItemNotReadable, PageFacts

MOST_PAGES = 2_000
"""Of one file: far above any budget, far below what would fill a machine."""

DOTS = 300
"""To the inch at most: what prints legibly, and no more."""

DRAWN = (Name.FreeText, Name.Widget, Name.Link, Name.Popup, Name.Stamp)
"""Annotations whose words, if they have any, stand on the page itself, or on no reader's screen."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to take pages of, and by which name to refuse it."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """The pages of a file: as a PDF without forms, comments and hidden parts."""

    pages: tuple[PageFacts, ...]
    data: bytes | None = field(repr=False)
    """None if the file stands as it came."""


def taken(uploads: tuple[Upload, ...]) -> tuple[Taken, ...]:
    """Return the pages of every file; raise ItemNotReadable by the name of the one that has none.

    To be called in a child.
    """
    Image.MAX_IMAGE_PIXELS = 100_000_000
    return tuple(_taken(upload) for upload in uploads)


def _taken(upload: Upload) -> Taken:
    try:
        if upload.media_type in IMAGES:
            drawn = image_page(upload.content)
            return Taken(_facts(drawn), drawn)
        if upload.media_type == PDF:
            return _pdf(upload)
    except pikepdf.PasswordError:
        raise ItemNotReadable(f"{upload.name}: the file opens by a password only.") from None
    except (
        *(pikepdf.PdfError, pypdfium2.PdfiumError, Image.DecompressionBombError),
        *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SyntaxError),
    ):
        raise ItemNotReadable(f"{upload.name}: the file is broken.") from None
    raise ItemNotReadable(f"{upload.name}: this type of file has no pages of its own.")


def _pdf(upload: Upload) -> Taken:
    data = upload.content
    with pikepdf.open(io.BytesIO(data)) as pdf:
        _require_takable(pdf, upload.name)
        drawn = any(page.obj.get(Name.Annots) is not None for page in pdf.pages)
        notes = tuple(_notes(page) for page in pdf.pages)
        hides = _hides(pdf)
    if drawn:
        data = _flattened(data)
    facts = _facts(data, notes)
    behind = {n for n, page in enumerate(facts) if hides or page.as_image}
    if behind:
        data = _as_images(data, behind)
        facts = tuple(
            PageFacts(now.crop, ink=now.ink, notes=was.notes, as_image=True)
            if number in behind
            else was
            for number, (was, now) in enumerate(zip(facts, _facts(data), strict=True))
        )
    return Taken(facts, data if drawn or behind else None)


def _require_takable(pdf: pikepdf.Pdf, name: str) -> None:
    if not len(pdf.pages):
        raise ItemNotReadable(f"{name}: the file has no pages.")
    if len(pdf.pages) > MOST_PAGES:
        raise ItemNotReadable(f"{name}: the file has over {MOST_PAGES:,} pages.")
    form = pdf.Root.get(Name.AcroForm)
    if isinstance(form, Dictionary) and Name.XFA in form and not form.get(Name.Fields):
        raise ItemNotReadable(
            f"{name}: only Adobe's programs show the pages of this form (XFA): print it to PDF."
        )


def _notes(page: pikepdf.Page) -> int:
    """How many comments say something that is in a window of their own, and on no page."""
    annotations = page.obj.get(Name.Annots)
    found = 0
    for note in annotations if isinstance(annotations, Array) else ():
        if isinstance(note, Dictionary) and note.get(Name.Subtype) not in DRAWN:
            found += bool(str(note.get(Name.Contents, "")).strip())
    return found


def _hides(pdf: pikepdf.Pdf) -> bool:
    """Whether some layer is not shown when the file is opened."""
    layers = pdf.Root.get(Name.OCProperties)
    if not isinstance(layers, Dictionary):
        return False
    shown = layers.get("/D", Dictionary())
    return bool(shown.get("/OFF")) or shown.get("/BaseState", Name.ON) != Name.ON


def _flattened(data: bytes) -> bytes:
    with closing(pypdfium2.PdfDocument(data)) as pdf:
        pdf.init_forms()
        for page in pdf:
            if raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_FAIL:
                raise ValueError("a page cannot be flattened")
            page.close()
        saved = io.BytesIO()
        pdf.save(saved)
    return saved.getvalue()


def _facts(data: bytes, notes: tuple[int, ...] | None = None) -> tuple[PageFacts, ...]:
    with closing(pypdfium2.PdfDocument(data)) as pdf:
        return tuple(
            facts_of(pdf, number, notes[number] if notes else 0) for number in range(len(pdf))
        )


def _as_images(data: bytes, wanted: set[int]) -> bytes:
    """Return the file with some of its pages as images of what a reader shows."""
    with closing(pypdfium2.PdfDocument(data)) as shown, pikepdf.open(io.BytesIO(data)) as pdf:
        for number, image in _seen(shown, wanted):
            with pikepdf.open(io.BytesIO(_page_of(image, dots=200))) as one:
                pdf.pages[number] = one.pages[0]
        saved = io.BytesIO()
        pdf.save(saved, static_id=True)
    return saved.getvalue()


def _seen(pdf: pypdfium2.PdfDocument, wanted: set[int]) -> Iterator[tuple[int, Image.Image]]:
    for number in sorted(wanted):
        page = pdf[number]
        dots = min(200.0, 72 * 3_500 / max(page.get_size()))
        yield number, page.render(scale=dots / 72).to_pil()
        page.close()


def image_page(content: bytes) -> bytes:
    """Return a PDF of one page that shows an image, without what a camera wrote beside it."""
    with Image.open(io.BytesIO(content)) as opened:
        image = ImageOps.exif_transpose(opened)
    if "A" in image.getbands() or image.info.get("transparency") is not None:
        over = image.convert("RGBA")
        image = Image.new("RGBA", over.size, "white")
        image.alpha_composite(over)
    largest = int(DOTS * A4[0] / 72), int(DOTS * A4[1] / 72)
    if image.width > image.height:
        largest = largest[1], largest[0]
    image = image.convert("L" if image.mode in {"1", "L", "I;16", "LA"} else "RGB")
    image.thumbnail(largest)
    return _page_of(image, dots=150)


def _page_of(image: Image.Image, *, dots: int) -> bytes:
    """Return a page with an image, at so many dots to the inch or as many more as A4 needs."""
    image = image if image.mode == "L" else image.convert("RGB")
    short, long = sorted(image.size)
    points = 72 / max(dots, short / (A4[0] / 72), long / (A4[1] / 72))
    width, height = image.width * points, image.height * points
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=85)
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(width, height))
    shown = pdf.make_stream(
        packed.getvalue(),
        *(),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=image.width,
        Height=image.height,
        ColorSpace=Name.DeviceGray if image.mode == "L" else Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )
    page = pdf.pages[0].obj
    page.Resources = Dictionary(XObject=Dictionary(Im=shown))
    page.Contents = pdf.make_stream(f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /Im Do Q".encode())
    saved = io.BytesIO()
    pdf.save(saved, static_id=True)
    return saved.getvalue()
