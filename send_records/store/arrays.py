"""Arrays in PostgreSQL's own binary form, for what is sent to it all day long.

psycopg finds out the type of every element of a list, every time; here the type is known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

import psycopg
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

HEAD = struct.Struct("!5i")
"""Dimensions, whether any is NULL, the elements' type, their number, the index of the first."""

SIZE = struct.Struct("!i")
NULL = SIZE.pack(-1)


class Array(bytes):
    """An encoded array; a subclass names the types of its elements and of itself."""

    element: ClassVar[int]
    oid: ClassVar[int]

    @classmethod
    def of(cls, elements: Iterable[bytes | None]) -> Array:
        """Return the array of elements that are encoded already; None is NULL."""
        parts = [b""]
        for element in elements:
            parts += (NULL, b"") if element is None else (SIZE.pack(len(element)), element)
        parts[0] = HEAD.pack(1, 0, cls.element, len(parts) // 2, 1)
        return cls(b"".join(parts))


class Uuids(Array):
    """uuid[]"""

    element, oid = 2950, 2951


class Bytes(Array):
    """bytea[]"""

    element, oid = 17, 1001


class Texts(Array):
    """text[]"""

    element, oid = 25, 1009


class Jsons(Array):
    """json[], of JSON as text"""

    element, oid = 114, 199


class Integers(Array):
    """integer[]"""

    element, oid = 23, 1007


class Smallints(Array):
    """smallint[]"""

    element, oid = 21, 1005


def uuids(values: Iterable[UUID]) -> Array:
    """Return UUIDs as uuid[]."""
    return Uuids.of(value.bytes for value in values)


def integers(values: Iterable[int]) -> Array:
    """Return numbers of 32 bits as integer[]."""
    return Integers.of(value.to_bytes(4, "big", signed=True) for value in values)


def smallints(values: Iterable[int]) -> Array:
    """Return numbers of 16 bits as smallint[]."""
    return Smallints.of(value.to_bytes(2, "big", signed=True) for value in values)


def texts(values: Iterable[str | None]) -> Array:
    """Return text as text[]; None is NULL."""
    return Texts.of(None if value is None else value.encode() for value in values)


def jsons(values: Iterable[str]) -> Array:
    """Return JSON texts as json[]."""
    return Jsons.of(value.encode() for value in values)


class ArrayDumper(Dumper):
    """Hands an array over as it is.  Its type is each instance's, not the class's: psycopg would
    take the class for the way to write all arrays of that type, lists as well."""

    format = Format.BINARY

    def __init__(self, cls: type[Array], context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self.oid = cls.oid

    def dump(self, obj: Array) -> bytes:
        return obj


for _kind in (Uuids, Bytes, Texts, Jsons, Integers, Smallints):
    psycopg.adapters.register_dumper(_kind, ArrayDumper)
