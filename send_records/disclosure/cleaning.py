"""An entry without what is taken out of it: in its lines, in what the chronology says of it, in
what later entries say of it, and in what was recorded, all alike.

It is done at the source, before anything is made of the entry: there is nothing under the mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from pydantic import JsonValue

from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.held import HeldEntry, Line
from send_records.disclosure.lines import in_words, label_of
from send_records.disclosure.review import Taking
from send_records.disclosure.taking_out import Takes

ENVELOPE = frozenset({"data_class", "occurred_on", "origin"})
"""What is said of every entry beside its fields, by dates and codes: it is not taken out.  Whoever
recorded it is, where their name is among the words."""


def cleaned(entry: HeldEntry, takings: Sequence[Taking]) -> tuple[HeldEntry, list[int]]:
    """Return an entry without what some decisions take out of it, and in how many places each did;
    its marks are left to ``crossing``, for other entries say them."""
    times: list[int] = []
    for taking in takings:
        entry, number = _taken(entry, taking)
        times.append(number)
    return entry, times


def without_words(text: str, entry: HeldEntry, takings: Sequence[Taking]) -> str:
    """Return what somebody else says of an entry without the words that are taken out of it."""
    texts = list(texts_of(entry))
    return reduce(
        lambda said, taking: Takes(taking.phrases, texts).out_of(said)[0],
        (taking for taking in takings if taking.phrases),
        text,
    )


def texts_of(entry: HeldEntry) -> Iterator[str]:
    """Yield all that an entry says, as a text each."""
    yield from (entry.says, entry.recorded_by, *entry.marks)
    for line in entry.lines:
        yield from (line.path, line.label, line.value)
    yield from strings_in(entry.recorded)


def strings_in(value: JsonValue | Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield every text of a JSON value, numbers as they are written, and the names in it."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from strings_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings_in(each)
    elif value is not None:
        yield in_words(value) if isinstance(value, bool) else str(value)


def is_within(path: str, fields: Sequence[str]) -> bool:
    """Whether a path is one of some fields, or leads to something within one."""
    return any(path == field or path.startswith(f"{field}.") for field in fields)


def _taken(entry: HeldEntry, taking: Taking) -> tuple[HeldEntry, int]:
    fields = [field for field in taking.fields if field.split(".")[0] not in ENVELOPE]
    takes = Takes(taking.phrases, texts_of(entry)) if taking.phrases else None
    said = {line.path: line.value for line in entry.lines}
    stored = dict(_leaves("", entry.recorded))
    touched = {
        path
        for path in said.keys() | stored.keys()
        if path.split(".")[0] not in ENVELOPE
        and takes is not None
        and (_changes(takes, said.get(path)) or _changes(takes, stored.get(path)))
    }
    clean = _Clean(fields, touched, takes)
    says, in_sentence = clean.sentence(entry.says, [said[path] for path in touched & said.keys()])
    who, _ = clean.text(entry.recorded_by)
    changed = replace(
        entry,
        says=says,
        lines=clean.lines(entry.lines),
        recorded_by=who,
        recorded={name: clean.value(name, each, name) for name, each in entry.recorded.items()},
    )
    times = clean.places(entry.lines) or in_sentence
    return changed, times or int(changed != entry)


class _Clean:
    """What one decision makes of the texts of an entry."""

    def __init__(self, fields: Sequence[str], touched: set[str], takes: Takes | None) -> None:
        self._fields, self._touched, self._takes = fields, touched, takes

    def text(self, text: str) -> tuple[str, int]:
        return (text, 0) if self._takes is None else self._takes.out_of(text)

    def lines(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        """Return lines, each field that is taken out as one."""
        found: dict[str, Line] = {}
        for line in lines:
            field = next((each for each in self._fields if is_within(line.path, [each])), None)
            path = self._path(line.path) if field is None else field
            value = TAKEN_OUT if field is not None else self._said(line.path, line.value)
            label = line.label if path == line.path else label_of(path)
            found.setdefault(path, Line(path, label, value))
        return tuple(found.values())

    def sentence(self, says: str, values: Sequence[str]) -> tuple[str, int]:
        """Return the sentence, and in how many places it lost something.  It goes whole with a
        field, which it may repeat in other words; and where it still has all of a value of which
        words are taken out: it may have lost the end of it."""
        if not says:
            return says, 0
        if self._fields:
            return TAKEN_OUT, 1
        said, times = self.text(says)
        still = any(_plain(value) and _plain(value) in _plain(said) for value in values)
        return (TAKEN_OUT, 1) if still else (said, times)

    def value(self, path: str, value: JsonValue, name: str) -> JsonValue:
        """Return a value as it was recorded, without what is taken out."""
        if is_within(path, self._fields):
            return TAKEN_OUT
        if isinstance(value, dict):
            made: dict[str, JsonValue] = {}
            for key, each in value.items():
                made[_unused(self.text(key)[0], made)] = self.value(f"{path}.{key}", each, key)
            return made
        if isinstance(value, list):
            return [self.value(f"{path}.{n}", each, str(n)) for n, each in enumerate(value)]
        if path not in self._touched or value is None:
            return value
        said, times = self.text(value) if isinstance(value, str) else ("", 0)
        return said if times else TAKEN_OUT

    def places(self, lines: Sequence[Line]) -> int:
        """Return in how many places of the lines something is taken out."""
        taken = {field for line in lines for field in self._fields if is_within(line.path, [field])}
        rest = (line for line in lines if not is_within(line.path, self._fields))
        return len(taken) + sum(
            self.text(line.value)[1] or int(line.path in self._touched) for line in rest
        )

    def _said(self, path: str, value: str) -> str:
        said, times = self.text(value)
        return TAKEN_OUT if path in self._touched and not times else said

    def _path(self, path: str) -> str:
        """Return a path without what is taken out of the names in it, but for the field's own."""
        field, *names = path.split(".")
        return ".".join([field, *(self.text(name)[0] for name in names)])


def _changes(takes: Takes, value: JsonValue) -> bool:
    if value is None:
        return False
    return takes.out_of(in_words(value) if isinstance(value, bool) else str(value))[1] > 0


def _leaves(
    path: str, value: JsonValue | Mapping[str, JsonValue]
) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(f"{path}.{number}", each)
    else:
        yield path, value


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".")


def _unused(name: str, names: Mapping[str, object]) -> str:
    """Return a name that is not among others: two may be alike without what is taken out."""
    return name if name not in names else _unused(f"{name} 2", names)
