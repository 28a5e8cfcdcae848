"""What typst does with templates and data: the child's part.  It needs nothing else of ours, and so
starts quickly."""

from __future__ import annotations

import typst

STANDARD = "ua-1"
"""PDF/UA-1 (ISO 14289-1): for whoever reads by ear or braille.  It refuses what has no glyph."""


def compiled(sources: dict[str, bytes], folder: str, made_at: int) -> bytes:
    """Return what typst makes of ``main.typ``: the child's part.  ``made_at`` is in seconds since
    1970."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )
    made = typst.compile(
        sources,  # type: ignore[call-overload]  # a dict of files, which its stub does not know
        root=folder,
        font_paths=fonts,
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=[STANDARD],
        timestamp=made_at,
    )
    return bytes(made)
