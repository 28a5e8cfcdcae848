"""Class lists: which class a pupil is in, as the school's own information system says.

    (on roll) ---> placed in a class ---> placed in another, or in none
                       \\--> in none after a move, and after leaving

Who teaches a class sees the pupils in it and no others (``security.md``, "Who may do what"), so
what is in force is what was recorded last, and a placing is put right by placing again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import ROSTER, Clear, day_in_words, judge, judged_words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

_LABEL = re.compile(r"\w[\w .&'/()-]*")


def judged_class(name: str) -> str:
    """Return the name of a class, or raise ValueError: a label, and nothing said of anybody."""
    label = judged_words(40)(name)
    if not _LABEL.fullmatch(label):
        raise ValueError("Enter the name of a class, such as 4H")
    return label


ClassName = Annotated[str, *judge(judged_class, maxLength=40)]
"""The name of a class, of at most 40 characters: 4H, Willow."""


class ClassUnchanged(RuleBroken):
    """A placing is in another class than the pupil is in."""


class InNoClassAfterLeaving(RuleBroken):
    """A pupil who has left is in no class: whoever taught it need not see the record any more."""

    basis = "UK GDPR Art 5(1)(c) and (f)"


class PlacedInClass(PupilEvent):
    class_name: Clear[str | None]
    """None for a pupil in no class."""

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, class_name=self.class_name)


class PlaceInClass(Command):
    """Record which class a pupil is in from this day on; without a name, that it is none.

    Not checked: whether the academy has a class of that name, for it keeps no list of them here.
    """

    roles = ROSTER

    class_name: ClassName | None = None
    """A label, such as 4H.  It is kept in clear, so it names no child."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = self.entry(pupil, by)
        if pupil.left_on is not None:
            raise InNoClassAfterLeaving(f"The pupil left on {day_in_words(pupil.left_on)}.")
        if self.class_name == pupil.class_name:
            where = "in that class" if self.class_name else "in no class"
            raise ClassUnchanged(f"The pupil is {where} already.")
        return [PlacedInClass(**entry, class_name=self.class_name)]
