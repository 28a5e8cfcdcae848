"""Moments: points in history, by two clocks.

``known_at`` is what the trust had recorded by an instant, and ``as_of`` what was true on a day.
What was recorded is a place in the log's one order, so an instant is resolved, once, to the
position of the last entry recorded by then; whoever asks again at that position is answered the
same.  Times of recording grow with positions (``append()``), so it is found by halving.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time

from psycopg import Connection

from send_records.aggregates.values import LONDON, day_in_london, day_in_words
from send_records.errors import Invalid

POSITION = re.compile(r"position:(\d{1,18})", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.I
)
"""RFC 3339, as fine as the log's clock."""

EARLIEST, LATEST = 1990, 2150
"""Years: those of every day in the record."""

READ_HEAD = "SELECT size, recorded_at, clock_timestamp() FROM log_head"

QUEUE = "SELECT pg_advisory_xact_lock_shared('events'::regclass::oid::bigint)"
"""Wait for the append that is going on, if one is: it has its time already, and is not seen yet."""


class MomentUnclear(Invalid):
    """A moment is an instant with its offset, a day, or a position; or a day for ``as_of``."""


class StillToCome(Invalid):
    """The moment is not over: what is asked now could be answered otherwise later."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What had been recorded up to a position of the log and, if ``as_of`` says so, had happened by
    the end of a day.  ``known_at`` is the instant that was asked for or, where a position was, when
    that was recorded; None for an empty log."""

    position: int
    as_of: date | None
    known_at: datetime | None


def moment_at(connection: Connection, as_of: str | None, known_at: str | None) -> Moment:
    """Return the moment that two clocks name; without ``known_at``, with all recorded by now.

    Raise MomentUnclear, or StillToCome: an answer about the past can be given again, and of what is
    not over it could not.
    """
    [(size, latest, now)] = connection.execute(READ_HEAD).fetchall()
    day = None if as_of is None else _day(as_of)
    if day is not None and day > day_in_london(now):
        raise StillToCome(f"{day_in_words(day)} is still to come: ask as of a day that has begun.")
    if known_at is None:
        return _recorded_up_to(connection, size, day)
    if found := POSITION.fullmatch(known_at):
        if int(found[1]) > size:
            raise StillToCome(f"The log ends at position {size}: ask for one that it has reached.")
        return _recorded_up_to(connection, int(found[1]), day)
    instant = _instant(known_at)
    if instant >= now:
        raise StillToCome(
            "What will be known then cannot be told yet: ask for an instant, or a day, that is "
            "over, or leave known_at out for what is known now."
        )
    return Moment(_position_at(connection, instant, latest), day, instant)


def _day(text: str) -> date:
    if DAY.fullmatch(text):
        with suppress(ValueError):
            day = date.fromisoformat(text)
            if EARLIEST <= day.year <= LATEST:
                return day
    raise MomentUnclear(f"Say as_of as a day from {EARLIEST} to {LATEST}: 2026-01-15.")


def _instant(text: str) -> datetime:
    """Return the last instant that is meant: of a day, its end in London, to the microsecond."""
    with suppress(ValueError):
        if DAY.fullmatch(text):
            instant = datetime.combine(date.fromisoformat(text), time.max, LONDON)
        elif INSTANT.fullmatch(text):
            instant = datetime.fromisoformat(text.upper())
        else:
            raise ValueError
        if EARLIEST <= instant.year <= LATEST:
            return instant
    raise MomentUnclear(
        "Say known_at as an instant with its offset (2026-01-15T17:00:00Z; in an address, write "
        "the + of an offset as %2B), as a day, which means its end in London (2026-01-15), or as "
        "a position of the log (position:1234)."
    )


def _position_at(connection: Connection, instant: datetime, latest: datetime) -> int:
    """Return the position of the last entry recorded by an instant that is over, 0 if none was.

    ``latest`` is when the last one was recorded that is known of.  Behind it nothing more can come;
    before it, an append may be going on that has its time and is not yet seen.
    """
    with connection.transaction():
        if instant >= latest:
            connection.execute(QUEUE)
        [(position,)] = connection.execute("SELECT position_at(%s)", [instant]).fetchall()
    return int(position)


def _recorded_up_to(connection: Connection, position: int, day: date | None) -> Moment:
    [(at,)] = connection.execute("SELECT recorded_at(%s)", [position]).fetchall()
    return Moment(position, day, at)
