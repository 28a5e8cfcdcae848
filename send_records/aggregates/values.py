"""What may cross into the record: bounded, strict and normalised, or refused.

What was recorded was once judged and is never judged again: the mapper reads the log in the
context STORED, in which the limits below are not applied.  So a limit may be made stricter, and
every record made under the old one can still be read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationInfo,
)
from pydantic.fields import FieldInfo

T = TypeVar("T")


class Value(BaseModel):
    """An immutable value which refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


CLEAR = "kept in clear"
"""What marks a field of an event that the log keeps in clear."""

Clear = Annotated[T, CLEAR]
"""A field of an event that the log keeps in clear, where all others are sealed under the pupil's
key.  It outlives the pupil's erasure and can be read by whoever can read the database: so it is a
code, a date or the name of an academy, without which the trust could not be counted, and never
says who a child is or what is the matter.  ``tests/clear_fields.txt`` lists them for review."""

STORED = "stored"
"""The validation context in which the log is read back: see the module's docstring."""


def judge(check: Callable[[T], T], **schema: Any) -> tuple[AfterValidator, FieldInfo]:
    """Return what makes a type judge values that come in, and leave alone those read back."""

    def judged(value: T, info: ValidationInfo) -> T:
        return value if info.context == STORED else check(value)

    field: FieldInfo = Field(json_schema_extra=schema)
    return AfterValidator(judged), field


def judged_words(limit: int) -> Callable[[str], str]:
    """Return what judges words of at most so many characters, and returns them as they are kept."""

    def check(text: str) -> str:
        text = unicodedata.normalize("NFC", text.translate(_PASTED)).replace("\r\n", "\n").strip()
        if not text:
            raise ValueError("Enter some text")
        if len(text) > limit:
            raise ValueError(f"Use {limit:,} characters or fewer")
        if not text.isprintable() and not all(map(_may_stand, text)):
            raise ValueError("Remove control characters and text-direction overrides")
        return text

    return check


def _may_stand(character: str) -> bool:
    return character in _PLAIN or unicodedata.category(character) not in _UNSEEN


_UNSEEN = {"Cc", "Cf", "Cs", "Co"}
"""Unicode's control, format (text-direction overrides among them), surrogate and private kinds."""

_PLAIN = {"\n", "\t", "\u200c", "\u200d", "\u200e", "\u200f"}
"""Line ends, the joiners without which Bengali and Persian names are misspelt, and the marks that
put a bracket on its right side in Urdu and Arabic."""

_PASTED = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""What comes unseen with text pasted from a page: soft hyphen, zero-width space, word joiner and
byte order mark.  Dropped, for nobody could find them to remove them."""


def judged_day(day: date) -> date:
    """Return a day that a record may name, or raise ValueError."""
    if not date(1990, 1, 1) <= day <= date(2150, 1, 1):
        raise ValueError("Enter a date from 1990 to 2150")
    return day


def judged_count(number: int) -> int:
    """Return a number of things, or raise ValueError."""
    if not 0 <= number <= 100_000:
        raise ValueError("Enter a whole number from 0 to 100,000")
    return number


def judged_measure(number: Decimal) -> Decimal:
    """Return a measured number, or raise ValueError."""
    if not -1_000_000 < number < 1_000_000 or number != round(number, 3):
        raise ValueError("Enter a number below a million, with at most three decimals")
    return number


def _length(least: int, most: int) -> Callable[[tuple[T, ...]], tuple[T, ...]]:
    def check(items: tuple[T, ...]) -> tuple[T, ...]:
        if not least <= len(items) <= most:
            raise ValueError(f"Enter from {least} to {most}")
        return items

    return check


def _iso_day(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    raise ValueError("Enter a date as YYYY-MM-DD")


def _not_a_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("Enter a number")
    return value


Name = Annotated[str, *judge(judged_words(200), maxLength=200)]
"""A name or a short label, of at most 200 characters."""

Words = Annotated[str, *judge(judged_words(8000), maxLength=8000)]
"""What a person has to say, of at most 8,000 characters."""

Day = Annotated[date, BeforeValidator(_iso_day), *judge(judged_day)]
"""A day, written as YYYY-MM-DD."""

Flag = StrictBool
"""Yes or no: never 1, "yes" or an empty string."""

Count = Annotated[StrictInt, *judge(judged_count, minimum=0, maximum=100_000)]
"""A whole number from 0 to 100,000."""

Measure = Annotated[Decimal, BeforeValidator(_not_a_flag), *judge(judged_measure)]
"""A measured number with at most three decimals."""

Few = Annotated[tuple[T, ...], *judge(_length(0, 40), maxItems=40)]
"""At most 40 of something, in order."""

Some = Annotated[tuple[T, ...], *judge(_length(1, 40), minItems=1, maxItems=40)]
"""At least one of something, at most 40, in order."""


LONDON = ZoneInfo("Europe/London")


def day_in_london(instant: datetime) -> date:
    """Return the day on which an instant falls where the academies are."""
    return instant.astimezone(LONDON).date()


def day_in_words(day: date) -> str:
    """Return a day as people write it: 13 December 2023."""
    return f"{day.day} {day:%B %Y}"


class Area(StrEnum):
    """The four broad areas of need (SEND Code of Practice 6.28-6.35; policy s.6)."""

    COMMUNICATION = "communication_and_interaction"
    COGNITION = "cognition_and_learning"
    WELLBEING = "social_emotional_mental_health"
    SENSORY = "sensory_and_physical"


class DataClass(StrEnum):
    """Which exemptions from subject access can apply (Data Protection Act 2018 Sch 2 and 3)."""

    EDUCATION = "education"
    HEALTH = "health"
    SOCIAL_WORK = "social_work"
    CHILD_ABUSE = "child_abuse"


class Origin(StrEnum):
    """Who the information comes from: decides what is educational record (DPA Sch 3 para 13)."""

    STAFF = "staff"
    PUPIL = "pupil"
    PARENT = "parent"
    PROFESSIONAL = "professional"
    OTHER_PARENT = "other_parent"
    COURT = "court"


class Source(StrEnum):
    """The door an entry came in by."""

    API = "api"
    WEB = "web"
    IMPORT = "import"
    SYSTEM = "system"


class Role(StrEnum):
    """The roles of policy s.8, with those that every controller of data needs."""

    TRUSTEE = "trustee"
    CEO = "ceo"
    DIRECTOR_OF_EDUCATION = "director_of_education"
    HEAD_OF_INCLUSION = "head_of_inclusion"
    TRUST_SEND_LEADER = "trust_send_leader"
    PRINCIPAL = "principal"
    TRUST_SENCO = "trust_senco"
    SENCO = "senco"
    PHASE_LEADER = "phase_leader"
    CLASS_TEACHER = "class_teacher"
    SUPPORT_ASSISTANT = "specialist_support_assistant"
    TEACHING_ASSISTANT = "teaching_assistant"
    PROFESSIONAL = "external_professional"
    PARENT = "parent"
    PUPIL = "pupil"
    DPO = "dpo"
    ANALYST = "analyst"
    INTEGRATION = "integration"
    AUDITOR = "auditor"
    ADMINISTRATOR = "platform_administrator"


SENDCOS = frozenset({Role.SENCO, Role.TRUST_SENCO})
"""Who keeps the record (policy s.8.6)."""

TEACHERS = SENDCOS | {Role.PHASE_LEADER, Role.CLASS_TEACHER, Role.PRINCIPAL}
"""Who teaches the pupil, or leads those who do (policy s.8.3, 8.6, 8.7)."""

STAFF = TEACHERS | {Role.SUPPORT_ASSISTANT, Role.TEACHING_ASSISTANT, Role.HEAD_OF_INCLUSION}
"""Anyone who works with pupils in an academy (policy s.8)."""

ROSTER = SENDCOS | {Role.INTEGRATION}
"""Who says which pupils there are: the school's own information system, or the SENDCo."""
