"""What an event says, in a sentence: what the parts of this package say it with."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.contacts import Party

E = TypeVar("E", bound=DomainEvent)

Words = Callable[[E], str]

Sentence = tuple[type[DomainEvent], Words[Any]]


class Phase(StrEnum):
    """The four-part cycle (Code of Practice 6.44), and what keeps the record itself."""

    ASSESS = "assess"
    PLAN = "plan"
    DO = "do"
    REVIEW = "review"
    RECORD = "record"


def of(kind: type[E], words: Words[E]) -> Sentence:
    """Return what an event of a kind says, for a table; both are of one type."""
    return kind, words


ABBREVIATIONS = {"send", "sen", "ehc", "ehcp", "eal", "ip", "sendiass"}


def in_plain_words(code: str) -> str:
    """Return a code as people write it: annual_send_agreement is "annual SEND agreement"."""
    words = code.split("_")
    return " ".join(word.upper() if word in ABBREVIATIONS else word for word in words)


def joined(*parts: str | None) -> str:
    """Return what there is of some parts, as one sentence."""
    return "; ".join(part.rstrip(".") for part in parts if part)


def coded(code: str, *parts: str | None) -> str:
    """Return a code in plain words, and what there is of some parts."""
    return joined(in_plain_words(code), *parts)


def names(people: tuple[Party, ...]) -> str:
    """Return the names of some people."""
    return ", ".join(person.name for person in people)
