"""Papers as others send them: of every shape and with everything in them, all made here."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pikepdf
import typst
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageDraw

from send_records.disclosure.answer import GivenEntry
from send_records.disclosure.bundle.numbers import PageNumbering
from send_records.disclosure.bundle.pages import PDF
from send_records.disclosure.bundle.parts import (
    Budget,
    BundleOf,
    DocumentItem,
    Item,
    Section,
    SheetItem,
    SheetKind,
)
from send_records.disclosure.held import Cut, HeldEntry, Line

HOSTILE = (
    '#eval("1") [x] $a$ *b* _c_ `d` \\ @e <f>',
    "<script>alert(1)</script> & =SUM(A1)",
    "(Tj ET Q) endstream /JS %%EOF",
    "it's 5 < 6; déjà vu “quoted” ﬁ",
)
"""Titles that mean something elsewhere; here they are titles."""

WORDS = "The pupil was seen in class and at play over two mornings in the spring term. "
KNOWN_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def written(
    pages: Sequence[str] = (WORDS * 8,), *, points: float = 12, paper: str = "a4", more: str = ""
) -> bytes:
    """Return a PDF as an office program writes it, its fonts in it."""
    body = "#pagebreak()".join(f"#text({said!r})".replace("'", '"') for said in pages)
    source = f'#set page("{paper}"{more})\n#set text({points}pt)\n{body}'
    return bytes(typst.compile(source.encode(), format="pdf", timestamp=0))


def plain(
    content: bytes = b"BT /F1 12 Tf 72 700 Td (Plain words) Tj ET",
    *,
    box: Sequence[float] = (0, 0, 595.276, 841.89),
    change: Callable[[pikepdf.Pdf, pikepdf.Object], None] = lambda pdf, page: None,
    **saving: object,
) -> bytes:
    """Return a PDF of one page drawn by hand, and changed by hand before it is saved."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    page = pdf.pages[0].obj
    page.MediaBox = Array(list(box))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.Resources = Dictionary(Font=Dictionary(F1=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(content)
    change(pdf, page)
    saved = io.BytesIO()
    pdf.save(saved, static_id="encryption" not in saving, **saving)  # type: ignore[arg-type]
    return saved.getvalue()


def form(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    """Put a form on a page: a field without its drawing, and a comment."""
    field = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T=String("name"),
        V=String("Value of the field"),
        Rect=Array([72, 600, 400, 620]),
        F=4,
        DA=String("/F1 12 Tf 0 g"),
    )
    free = Dictionary(
        Type=Name.Annot,
        Subtype=Name.FreeText,
        Rect=Array([72, 500, 400, 520]),
        F=4,
        DA=String("/F1 12 Tf 0 g"),
        Contents=String("Written in the margin"),
    )
    note = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Text,
        Rect=Array([72, 400, 92, 420]),
        F=4,
        Contents=String("Said in a window"),
    )
    fields = [pdf.make_indirect(one) for one in (field, free, note)]
    page.Annots = Array(fields)
    pdf.Root.AcroForm = Dictionary(
        Fields=Array(fields[:1]), DR=Dictionary(Font=page.Resources.Font), NeedAppearances=True
    )


def armed(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    """Put everything in a file that does something when it is opened."""
    script = pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))
    pdf.Root.OpenAction = script
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), script])))
    page.AA = Dictionary(O=Dictionary(S=Name.Launch, F=String("calc.exe")))
    page.Annots = Array(
        [
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=Array([0, 0, 500, 500]),
                A=Dictionary(S=Name.URI, URI=String("https://tracker.example")),
            )
        ]
    )
    pdf.attachments["payload.bin"] = b"attached bytes"
    font = page.Resources.Font.F1
    font.Secret = Dictionary(Back=pdf.Root, Way=page, JS=String("app.alert(2)"))
    page.Resources.ExtGState = Dictionary(G=Dictionary(AA=script, CA=1))


def layered(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    """Hide part of a page on a layer that is not shown."""
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Hidden")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    page.Resources.Properties = Dictionary(L=layer)
    page.Contents = pdf.make_stream(
        b"BT /F1 12 Tf 72 700 Td (Shown words) Tj ET "
        b"/OC /L BDC BT /F1 12 Tf 72 650 Td (Hidden words) Tj ET EMC"
    )


def dynamic(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    """Make it a form whose pages only Adobe's programs show."""
    pdf.Root.AcroForm = Dictionary(XFA=Array([]), Fields=Array([]))


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 1300)) -> bytes:
    """Return a photograph of a page, with a camera's remarks."""
    image = Image.new("RGB", size, "ivory")
    ImageDraw.Draw(image).ellipse((100, 100, 500, 500), fill="navy")
    exif = Image.Exif()
    exif[0x010E] = "Remark of the camera"
    saved = io.BytesIO()
    image.save(saved, kind, exif=exif)
    return saved.getvalue()


def entry(version: int, says: str = WORDS, *, redacted: bool = False) -> GivenEntry:
    """Return an entry of the record."""
    return GivenEntry(
        HeldEntry(
            version,
            version * 3,
            "ConcernRaised",
            "Concern raised",
            "Concerns",
            date(2025, 9, 1) + timedelta(days=version),
            datetime(2025, 9, 2, 10, tzinfo=UTC) + timedelta(days=version),
            "Sam Okoro",
            "SENDCo",
            "Northfield",
            "education",
            "staff",
            says,
            (Line("observed", "Observed", says), Line("area", "Area", "Cognition")),
            {},
            ("Corrected by entry 14.",) if version % 5 == 0 else (),
        ),
        redacted,
    )


def document(title: str, content: bytes, on: date | None = None, **more: object) -> DocumentItem:
    """Return a document of a bundle."""
    said = {"media_type": PDF, "author": None, **more}
    return DocumentItem(title=title, dated=on or date(2025, 1, 1), content=content, **said)  # type: ignore[arg-type]


def bundle_of(
    *sections: Sequence[Item],
    numbering: PageNumbering = PageNumbering.CONTINUOUS,
    budget: Budget | None = None,
    hearing_on: date | None = None,
) -> BundleOf:
    """Return what to make a bundle of, its sections by these items."""
    return BundleOf(
        ("Evidence of the responsible body", HOSTILE[0]),
        "First-tier Tribunal (Special Educational Needs and Disability)",
        "DD/26/00123",
        "Leo Marsh",
        ("Claimant: Ms Marsh", "Responsible body: Northfield Trust"),
        "Bundle for a disability discrimination claim",
        Cut(912, 40, date(2026, 3, 1)),
        KNOWN_AT,
        tuple(
            Section(f"Section of {len(items)}", tuple(items), budget, "Responsible body")
            for items in sections
        ),
        numbering,
        hearing_on,
    )


def everything(numbering: PageNumbering) -> BundleOf:
    """Return a bundle of all that comes, in three sections."""
    entries = [entry(version) for version in range(1, 40)]
    return bundle_of(
        [
            SheetItem("Chronology", entries),
            document(HOSTILE[0], written([WORDS * 8, WORDS * 4])),
            document(HOSTILE[1], WORDS.encode() * 90, media_type="text/plain"),
        ],
        [
            document(HOSTILE[2], plain(change=form)),
            document("Turned", written([WORDS], paper="a4", more=", flipped: true")),
            *(
                document(f"Rotated by {by}", plain(change=_rotated(by)), on=date(2025, 2, 1))
                for by in (90, 180, 270)
            ),
            document("Cropped", plain(box=(-300, 200, 300, 1000), change=_cropped)),
            document("Huge", plain(_poster(2384, 3370), box=(0, 0, 2384, 3370))),
            document("Endless", plain(box=(0, 0, 9e9, 9e9))),
            document("To the edge", plain(_poster(595, 842))),
            document("Photograph", picture(), media_type="image/png"),
            document("Photograph of a phone", picture("JPEG"), media_type="image/jpeg"),
        ],
        [
            SheetItem("Entries", entries[:9], SheetKind.ENTRIES),
            document(HOSTILE[3], b"PK", media_type="application/msword"),
            document("Armed", plain(change=armed)),
        ],
        numbering=numbering,
    )


def _rotated(by: int) -> Callable[[pikepdf.Pdf, pikepdf.Object], None]:
    def rotate(_: pikepdf.Pdf, page: pikepdf.Object) -> None:
        page.Rotate = by

    return rotate


def _cropped(pdf: pikepdf.Pdf, page: pikepdf.Object) -> None:
    page.CropBox = Array([-250, 250, 250, 950])
    page.Contents = pdf.make_stream(
        b"BT /F1 12 Tf -200 900 Td (Plain words) Tj ET BT /F1 12 Tf -200 252 Td (Last line) Tj ET"
    )


def _poster(width: int, height: int) -> bytes:
    return (
        f"0.9 0.9 0.6 rg 0 0 {width} {height} re f 0 g BT /F1 40 Tf 72 {height - 80} Td "
        f"(Plain words) Tj ET BT /F1 40 Tf 72 4 Td (Words at the foot) Tj ET"
    ).encode()
