"""How a row is kept: what it is found and counted by as columns, all else as one sealed value.

Fields marked SEALED have no column of their own: they are one JSON object, sealed under the pupil's
key in the place where the row stands, in the column ``sealed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import date
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast, get_type_hints
from uuid import UUID

import orjson

from send_records.projections.base import Key, Projection, pupil_of
from send_records.store.keyring import KeyDestroyed, KeyMissing
from send_records.store.sealing import DoesNotOpen, Seals, UpnIndex, sized

R = TypeVar("R")

Values = tuple[Any, ...]
"""A row as its table has it: the values of its columns."""

SEALED = {"sealed": True}
"""The ``metadata`` of a field that nobody reads without the pupil's key."""


def found_by(column: str) -> dict[str, str]:
    """Return the ``metadata`` of a sealed field whose exact value is looked up by a keyed tag in a
    column of that name."""
    return {"tag": column}


class Rows(Generic[R]):
    """Between the rows of one projection and what its table holds.

    A row whose pupil was erased is no row any more: it is left out, whichever way it goes.
    """

    def __init__(self, projection: Projection[R], seals: Seals) -> None:
        self._projection = projection
        self._seals = seals
        found = fields(cast(Any, projection.row))
        hints = get_type_hints(projection.row)
        self._clear = [field.name for field in found if not field.metadata.get("sealed")]
        self._sealed = [field.name for field in found if field.metadata.get("sealed")]
        self._days = [name for name in self._sealed if hints[name] in (date, date | None)]
        self._clear_of = _values_of(self._clear)
        self._words_of = _values_of(self._sealed)
        self._place = seals.place(b"send-records/row/1", sized(projection.name.encode()))
        self.tags = {f.name: f.metadata["tag"] for f in found if "tag" in f.metadata}
        """The fields that are looked up by a tag, and in which column it is."""
        self.columns = [*self._clear, *self.tags.values(), "sealed"]

    def opened(
        self, stored: Sequence[Mapping[str, Any]], damaged: list[tuple[UUID, Key]] | None = None
    ) -> Iterator[R]:
        """Yield rows with their words, having fetched their keys at once.

        Raise DoesNotOpen for one that was not sealed where it stands, KeyMissing without a key,
        unless ``damaged`` is there to take its pupil and its key.
        """
        self._seals.load({row["pupil_id"] for row in stored})
        for row in stored:
            try:
                yield self._opened(row)
            except KeyDestroyed:
                continue
            except (DoesNotOpen, KeyMissing, KeyError, TypeError, ValueError):
                if damaged is None:
                    raise
                damaged.append((row["pupil_id"], row[self._projection.key]))

    def _opened(self, row: Mapping[str, Any]) -> R:
        pupil = row["pupil_id"]
        place = self.place(pupil, row[self._projection.key])
        words = orjson.loads(self._seals.open(pupil, place, row["sealed"]))
        for name in self._days:  # as JSON they are text
            if words[name] is not None:
                words[name] = date.fromisoformat(words[name])
        return self._projection.row(**{name: row[name] for name in self._clear}, **words)

    def stored(self, rows: Iterable[R]) -> Iterator[Values]:
        """Yield rows as the values of ``columns``."""
        index = self._seals.index() if self.tags else None
        for row in rows:
            pupil = cast(UUID, pupil_of(row))
            place = self.place(pupil, getattr(row, self._projection.key))
            try:
                sealed = self._seals.seal(pupil, place, self._words(row))
            except KeyDestroyed:
                continue
            yield (*self._clear_of(row), *self._tags(index, row), sealed)

    def compared(
        self, rows: Mapping[Key, R], before: dict[Key, Values], differing: list[Key]
    ) -> Iterator[Values]:
        """Yield rows as the values of ``columns``, and add to ``differing`` the keys of those that
        were otherwise before, or were not there; and of those, left in ``before``, that should not
        have been.

        A row that is as it was keeps its seal: opening it, to compare, takes as long as a new one.
        """
        index = self._seals.index() if self.tags else None
        for key, row in rows.items():
            pupil = cast(UUID, pupil_of(row))
            place, clear, words = self.place(pupil, key), self._clear_of(row), self._words(row)
            sealed = before[key][-1] if key in before else None
            right = key in before and before.pop(key)[: len(clear)] == clear
            try:
                if not (sealed and self._opens(pupil, place, sealed, words)):
                    right, sealed = False, self._seals.seal(pupil, place, words)
            except KeyDestroyed:
                continue
            if not right:
                differing.append(key)
            yield (*clear, *self._tags(index, row), sealed)
        at = self.columns.index("pupil_id")
        for key, values in before.items():
            with suppress(KeyDestroyed):  # the pupil was erased, so it is no row
                self._opens(values[at], self.place(values[at], key), values[-1], b"{}")
                differing.append(key)

    def _opens(self, pupil: UUID, place: bytes, sealed: bytes, words: bytes) -> bool:
        """Return whether something sealed says these words; raise KeyDestroyed."""
        try:
            opened = self._seals.open(pupil, place, sealed)
            return opened == words or orjson.loads(opened) == orjson.loads(words)
        except (DoesNotOpen, KeyMissing, ValueError):
            return False

    def _words(self, row: R) -> bytes:
        return orjson.dumps(dict(zip(self._sealed, self._words_of(row), strict=True)))

    def _tags(self, index: UpnIndex | None, row: R) -> list[bytes | None]:
        return [tag_of(index, getattr(row, name)) for name in self.tags]

    def place(self, pupil: UUID, key: Key) -> bytes:
        """Return what the words of a row are bound to: its table, its pupil and its key."""
        return self._place + pupil.bytes + str(key).encode()


def _values_of(names: Sequence[str]) -> Callable[[Any], Values]:
    """Return what reads these fields of a row: in C, for a row may have some thirty."""
    if len(names) == 1:  # an attrgetter of one name gives its value, and no tuple
        return lambda row: (getattr(row, names[0]),)
    return attrgetter(*names)


def tag_of(index: UpnIndex | None, value: str | None) -> bytes | None:
    """Return the tag under which a value stands; None for no value."""
    return None if value is None or index is None else index.tags(value)[0]
