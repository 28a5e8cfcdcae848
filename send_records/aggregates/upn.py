"""The unique pupil number and the unique learner number: their form and their check characters.

A UPN has 13 characters: a check letter, the local authority (3 digits), the establishment (4),
the year of issue (2) and a serial number (3); a temporary one ends in a letter.  Source: GovTalk
UPN 2.0 and DfE UPN guide 1.2 (``facts.md`` 1.4).  A UPN may be absent, and may be replaced for a
child at risk: it is never the identity of anything here.
"""

from __future__ import annotations

import re

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""The 23 letters a UPN may use; I, O and S are left out as too like 1, 0 and 5."""

_FORM = re.compile(rf"[{LETTERS}][0-9]{{11}}[0-9{LETTERS}]")
_ULN = re.compile(r"[1-9][0-9]{9}")


def check_letter(rest: str) -> str:
    """Return the letter that opens the UPN whose other twelve characters are given.

    Each character's value (a digit's own; a letter's place in the 23) is weighed by its position,
    2 to 13; the sum modulo 23 is the place of the check letter.
    """
    total = sum(
        position * (int(character) if character.isdigit() else LETTERS.index(character))
        for position, character in enumerate(rest, start=2)
    )
    return LETTERS[total % 23]


def is_upn(text: str) -> bool:
    """Tell whether the text is a UPN, permanent or temporary, with the right check letter."""
    return _FORM.fullmatch(text) is not None and text[0] == check_letter(text[1:])


def is_uln(text: str) -> bool:
    """Tell whether the text is a unique learner number (ten digits, the last a check digit).

    9999999999, which stands for one not yet known, is not: record none instead.
    """
    if _ULN.fullmatch(text) is None:
        return False
    remainder = (
        sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), text[:9], strict=True))
        % 11
    )
    return remainder != 0 and 10 - remainder == int(text[9])
