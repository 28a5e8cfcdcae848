"""What may cross into the record, what may not, and that no field forgot its bound."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, JsonValue, Strict, TypeAdapter, ValidationError

from send_records.aggregates.base import Command
from send_records.aggregates.concerns import Strategy
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.values import (
    STORED,
    Count,
    Day,
    Few,
    Flag,
    Measure,
    Name,
    Some,
    Value,
    Words,
)

NAME = TypeAdapter[str](Name)
WORDS = TypeAdapter[str](Words)
DAY = TypeAdapter[date](Day)
FLAG = TypeAdapter[bool](Flag)
COUNT = TypeAdapter[int](Count)
MEASURE = TypeAdapter[Decimal](Measure)
FEW = TypeAdapter[tuple[str, ...]](Few[Name])
SOME = TypeAdapter[tuple[str, ...]](Some[Name])


def refused(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return True
    return False


def test_text_is_normalised_to_nfc_and_trimmed() -> None:
    assert NAME.validate_python("  Zoe\u0308\u00a0 ") == "Zoë"
    assert WORDS.validate_python("one\r\ntwo\tthree") == "one\ntwo\tthree"


def test_names_in_other_scripts_keep_their_joiners_and_marks() -> None:
    for name in ("ক্\u200dষ", "می\u200cروم", "نور (Noor)\u200f x", "O\u2019Brien", "👩🏽\u200d🏫"):
        assert NAME.validate_python(name) == name


def test_what_nobody_can_see_in_pasted_text_is_dropped() -> None:
    assert WORDS.validate_python("\ufeffhand\u00adwriting\u200b") == "handwriting"
    assert WORDS.validate_python("e\u200b\u0301") == "é", "normalised once it is dropped"


@pytest.mark.parametrize(
    "hidden",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\x85",
        "\u202e",
        "\u202a",
        "\u2066",
        "\u2069",
        "\ud800",
        "\ue000",
        "\U000e0041",
    ],
)
def test_control_characters_and_text_direction_overrides_are_refused(hidden: str) -> None:
    assert refused(WORDS, f"before{hidden}after")


@pytest.mark.parametrize("empty", ["", "   ", "\n", "\u200b"])
def test_text_says_something(empty: str) -> None:
    assert refused(NAME, empty)


def test_text_is_no_longer_than_its_kind_allows() -> None:
    assert NAME.validate_python("x" * 200)
    assert refused(NAME, "x" * 201)
    assert WORDS.validate_python("x" * 8000)
    assert refused(WORDS, "x" * 8001)
    assert not refused(NAME, "e\u0301" * 200), "counted as written: NFC makes it 200"


@given(st.text(max_size=50))
def test_text_once_taken_is_taken_again_unchanged(text: str) -> None:
    if not refused(WORDS, text):
        taken = WORDS.validate_python(text)
        assert WORDS.validate_python(taken) == taken


def test_a_day_is_written_as_year_month_day() -> None:
    assert DAY.validate_python("2026-02-28") == date(2026, 2, 28)
    assert DAY.validate_json('"2026-02-28"') == date(2026, 2, 28)
    assert not refused(DAY, "1990-01-01")
    assert not refused(DAY, "2150-01-01")


@pytest.mark.parametrize(
    "value",
    [
        1767225600,
        1767225600.0,
        True,
        datetime(2026, 1, 1),  # noqa: DTZ001
        "2026-01-01T00:00:00",
        "2026-1-1",
        "01/01/2026",
        "20260101",
        "2026-W01-1",
        "2026-02-29",
        "\u0662\u0660\u0662\u0666-01-01",  # 2026, in digits that are not ours
        "1989-12-31",
        "2150-01-02",
        "",
    ],
)
def test_nothing_else_is_a_day(value: Any) -> None:
    assert refused(DAY, value)


@pytest.mark.parametrize("value", [0, 1, "true", "yes", "", None])
def test_a_flag_is_true_or_false_and_nothing_like_it(value: Any) -> None:
    assert refused(FLAG, value)


@pytest.mark.parametrize("value", [True, False, 1.0, "1", -1, 100_001, 10**400, None])
def test_a_count_is_a_whole_number_in_bounds(value: Any) -> None:
    assert refused(COUNT, value)
    assert COUNT.validate_python(0) == 0


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        float("nan"),
        float("inf"),
        "-Infinity",
        "sNaN",
        "1e400",
        "1e-400",
        "1e999999",
        "-1e999999",
        "1e999999999999999999",
        "1e-999999999999999999",
        1_000_000,
        "0.0001",
        "seven",
    ],
)
def test_a_measure_is_a_finite_number_in_bounds(value: Any) -> None:
    assert refused(MEASURE, value)


def test_a_measure_is_exact() -> None:
    assert MEASURE.validate_json("0.1") == Decimal("0.1")
    assert MEASURE.validate_python(-20.16) == Decimal("-20.16")


def test_lists_have_an_end_and_some_have_a_beginning() -> None:
    assert FEW.validate_python([]) == ()
    assert refused(FEW, ["x"] * 41)
    assert refused(SOME, [])
    assert SOME.validate_python(["x"] * 40)


def test_a_field_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Strategy.model_validate(
            {"what": "x", "since": "2026-01-01", "effect": "x", "effekt": "typo"}
        )


def test_what_was_recorded_under_other_limits_can_still_be_read() -> None:
    stored = {"what": "x" * 9000, "since": "1985-06-01", "effect": "a\u202eb"}

    assert Strategy.model_validate(stored, context=STORED).what == "x" * 9000
    with pytest.raises(ValidationError):
        Strategy.model_validate(stored)


# --- No field of a command forgot its bound.

LIMITED = (str, int, date, Decimal, JsonValue)
"""The plain types for which ``values.py`` has a limited one."""


def unbounded(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield the types within an annotation that nothing limits."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from unbounded(arguments[0], (*metadata, *arguments[1:]))
    elif get_origin(annotation) in (Union, types.UnionType):
        for argument in arguments:
            yield from unbounded(argument, metadata)
    elif get_origin(annotation) is tuple:
        if not judged(metadata):
            yield annotation
        yield from unbounded(arguments[0])
    elif get_origin(annotation) is Mapping:
        key, value = arguments
        if not (isinstance(key, type) and issubclass(key, Enum)):
            yield annotation
        yield from unbounded(value)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from unbounded(field.annotation, tuple(field.metadata))
    elif not (finite(annotation) or bounded(annotation, metadata)):
        yield annotation


def finite(annotation: Any) -> bool:
    """Tell whether a type has no more values, or none longer, than it says itself."""
    if get_origin(annotation) is Literal or annotation in (UUID, types.NoneType):
        return True
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def bounded(annotation: Any, metadata: tuple[Any, ...]) -> bool:
    """Tell whether a plain type came with the limit that makes it one of ``values.py``."""
    if annotation is bool:
        return any(isinstance(m, Strict) and m.strict for m in metadata)
    return annotation in LIMITED and judged(metadata)


def judged(metadata: tuple[Any, ...]) -> bool:
    """Tell whether ``values.judge`` made one of the validators."""
    return any(
        isinstance(m, AfterValidator) and m.func.__qualname__.startswith("judge.<locals>")
        for m in metadata
    )


def commands(base: type[Command] = Command) -> Iterator[type[Command]]:
    for command in base.__subclasses__():
        yield command
        yield from commands(command)


@pytest.mark.parametrize("entry", [AdmitPupil, *commands()], ids=lambda entry: entry.__name__)
def test_every_field_of_a_command_is_bounded(entry: type[BaseModel]) -> None:
    assert list(unbounded(entry)) == []


def test_a_field_that_forgot_its_bound_is_found() -> None:
    class Loose(Value):
        text: str
        number: int | None
        words: Few[str]
        names: tuple[Name, ...]
        flag: bool
        score: Annotated[Decimal, AfterValidator(abs)]
        labels: Mapping[str, Name]
        day: date
        anything: Any

    class Around(Value):
        inner: Few[Loose]

    assert list(unbounded(Around)) == [
        str,
        int,
        str,
        tuple[Name, ...],
        bool,
        Decimal,
        Mapping[str, Name],
        date,
        Any,
    ]


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: command.__name__)
def test_every_command_says_who_may_give_it_and_what_it_is(command: type[Command]) -> None:
    assert command.roles
    assert command.__doc__
