"""What tests read in a PDF: with pdfium what is shown, with qpdf what it is made of."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pikepdf import Array, Dictionary, NameTree, Pdf, String
from pypdfium2 import PdfDocument, raw

FOOT = re.compile(r"Page \d+ of \d+")


def page_texts(data: bytes) -> list[str]:
    """What each page shows."""
    document = PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def sized_texts(data: bytes) -> list[tuple[float, str]]:
    """Every line that a page shows, with the size of its letters in points."""
    document, found = PdfDocument(data), list[tuple[float, str]]()
    try:
        for page in document:
            shown = page.get_textpage()
            index = 0
            for line in shown.get_text_range().split("\r\n"):
                sizes = {
                    round(raw.FPDFText_GetFontSize(shown, index + at), 1)
                    for at, letter in enumerate(line)
                    if not letter.isspace()
                }
                index += len(line) + 2
                found += [(size, line.strip()) for size in sizes]
    finally:
        document.close()
    return found


def closed_up(text: str) -> str:
    """A text without blanks and ends of lines, which a page puts elsewhere."""
    return re.sub(r"\s+", "", text)


def body(data: bytes, running: str) -> str:
    """What all pages show, closed up, without what stands at their head and foot."""
    pages = (FOOT.sub("", text) for text in page_texts(data))
    head = closed_up(running) + "Confidential"
    return "".join(closed_up(text).removeprefix(head) for text in pages)


@contextmanager
def opened(data: bytes) -> Iterator[Pdf]:
    with Pdf.open(io.BytesIO(data)) as pdf:
        yield pdf


def bookmarks(pdf: Pdf) -> list[tuple[int, str, int]]:
    """Every bookmark: how deep, its title, and the number of the page it leads to."""
    numbers = {page.obj.objgen: page.index + 1 for page in pdf.pages}
    found: list[tuple[int, str, int]] = []

    def walk(items: Any, depth: int) -> None:
        for item in items:
            target = item.destination
            assert isinstance(target, Array)
            found.append((depth, item.title, numbers[target[0].objgen]))
            walk(item.children, depth + 1)

    with pdf.open_outline() as outline:
        walk(outline.root, 1)
    return found


def links(pdf: Pdf) -> list[tuple[int, int | None]]:
    """Every link: the number of its page, and of the page it leads to; None if it leads to none."""
    numbers = {page.obj.objgen: page.index + 1 for page in pdf.pages}
    names = NameTree(pdf.Root.Names.Dests)
    found: list[tuple[int, int | None]] = []
    for page in pdf.pages:
        for annotation in page.obj.get("/Annots", Array()):
            target = annotation.get("/Dest")
            if isinstance(target, String):
                target = names.get(str(target))
            if isinstance(target, Dictionary):
                target = target.get("/D")
            known = numbers.get(target[0].objgen) if isinstance(target, Array) else None
            found.append((page.index + 1, known))
    return found


def tags(pdf: Pdf) -> Iterator[tuple[str, Any]]:
    """Every element of the structure, in order, with the element itself."""
    stack: list[Any] = [pdf.Root.StructTreeRoot]
    while stack:
        node = stack.pop()
        if isinstance(node, Array):
            stack.extend(reversed(list(node)))
        elif isinstance(node, Dictionary):
            if "/S" in node:
                yield str(node.S), node
            if "/K" in node:
                stack.append(node.K)


def fonts(pdf: Pdf) -> dict[str, bool]:
    """Every font that a page names, and whether its file is in the document."""
    found: dict[str, bool] = {}
    for page in pdf.pages:
        for font in page.obj.Resources.get("/Font", Dictionary()).values():
            inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
            described = inner.get("/FontDescriptor", Dictionary())
            embedded = {"/FontFile", "/FontFile2", "/FontFile3"} & set(described.keys())
            found[str(font.BaseFont)] = bool(embedded)
    return found
