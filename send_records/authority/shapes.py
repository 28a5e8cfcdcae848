"""The shape of an answer, by its type: which kinds of rows are in which fields.

So nothing has to be said of a route for its answer to be cut: what is shown follows from the type
that the API describes it by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as fields_of
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

WHOSE, WITH_PUPIL = "pupil", "OfPupil"
"""The field of a row with the pupil whose it is, and the end of the name of such a row's kind
(``projections/whose.py``)."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A kind of object, and the kinds of objects in its fields."""

    kind: str
    fields: Mapping[str, tuple[Shape, ...]]

    def all(self) -> Iterator[Shape]:
        """Yield this and everything in it."""
        yield self
        for inner in self.fields.values():
            for shape in inner:
                yield from shape.all()


@cache
def shapes_of(kind: Any) -> tuple[Shape, ...]:
    """Return the kinds of objects that a type's values are, or hold: none of a plain value's."""
    arguments = get_args(kind)
    if arguments and not isinstance(kind, type):
        return tuple(shape for each in arguments for shape in shapes_of(each))
    hints = _hints(kind)
    if hints is None:
        return ()
    name = kind.__name__.partition("[")[0]
    name = name.removesuffix(WITH_PUPIL) if WHOSE in hints else name
    return (Shape(name, {field: shapes_of(inner) for field, inner in hints.items()}),)


def _hints(kind: Any) -> Mapping[str, Any] | None:
    """Return the fields of a kind of object, as JSON names them, with their types."""
    if get_origin(kind) is not None or not isinstance(kind, type):
        return None
    if issubclass(kind, BaseModel):
        return {each.alias or name: each.annotation for name, each in kind.model_fields.items()}
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return {each.name: hints[each.name] for each in fields_of(kind)}
    return get_type_hints(kind) if hasattr(kind, "__total__") else None
