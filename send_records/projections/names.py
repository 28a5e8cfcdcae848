"""Names as people look for them: without case, accents and strokes, which the database cannot do,
for it cannot read them."""

from __future__ import annotations

import unicodedata
from typing import Protocol


class Named(Protocol):
    """A row that is of somebody."""

    @property
    def legal_name(self) -> str: ...


def by_name(row: Named) -> str:
    """Return what rows are ordered by: the legal name, whatever its case and accents."""
    return plain_name(row.legal_name)


STROKES = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart, and people leave the stroke off of: Łukasz."""


def plain_name(name: str) -> str:
    """Return a name without case and accents: how it is sorted, and how it is looked for."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(STROKES)
