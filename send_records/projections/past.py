"""The past: rows folded from the log up to a moment, by the functions that fold them for today.

Up to a position the log never changes, so it is read without a snapshot, some pupils at a time;
what is in memory is a handful's events and every row.  Erased pupils are gone from the past as
well: the key to what was known of them is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from psycopg import Connection

from send_records.aggregates.base import DomainEvent
from send_records.collector import collector_off
from send_records.projections.base import Projection, folded
from send_records.projections.moments import Moment
from send_records.projections.processes import Handful, handfuls
from send_records.projections.whole import corrected_among
from send_records.store.mapper import ErasedEvent, EventMapper, Recorded
from send_records.store.recorder import erased_among, select
from send_records.store.sealing import Seals

PUPILS = """
    SELECT stream_id, (SELECT max(version) FROM events e WHERE e.stream_id = first.stream_id)
    FROM data_keys JOIN events first USING (stream_id)
    WHERE destroyed_at IS NULL AND first.version = 1 AND first.position <= %s
        AND first.topic = 'PupilAdmitted'
    ORDER BY first.position
"""
"""Pupils, and not the people who work with them: those together who came together, for then their
events are near each other."""

ALL = "WHERE stream_id = ANY(%(pupils)s) AND position <= %(position)s ORDER BY stream_id, version"

COUNTED = """
WHERE stream_id = ANY(%(pupils)s) AND position <= %(position)s
  AND (%(as_of)s::date IS NULL OR CAST(clear->>'occurred_on' AS date) <= %(as_of)s)
  AND (topic = ANY(%(topics)s) OR (stream_id, version) IN (
      SELECT stream_id, max(version) FROM events
      WHERE stream_id = ANY(%(pupils)s) AND position <= %(position)s
        AND (%(as_of)s::date IS NULL OR CAST(clear->>'occurred_on' AS date) <= %(as_of)s)
      GROUP BY stream_id
  ))
ORDER BY stream_id, version
"""
"""Those that change a row and, of each pupil, the last: a row may say how far it has seen.  What
the log keeps in clear says so: nothing else need be opened."""

Progress = Callable[[int, int], None]


def rows_of_all(
    connection: Connection,
    seals: Seals,
    projection: Projection[Any],
    moment: Moment,
    progress: Progress = lambda done, total: None,
) -> list[Any]:
    """Return every row of a projection as it was at a moment, in no order.  ``progress`` is told
    how many events are behind, of how many."""
    found: list[Any] = []
    some = list(handfuls(connection.execute(PUPILS, [moment.position])))
    done, total = 0, sum(handful.events for handful in some)
    for handful in some:
        found += _rows_of(connection, EventMapper(seals), projection, moment, handful)
        done += handful.events
        progress(done, total)
    return found


def rows_of(
    connection: Connection,
    seals: Seals,
    projection: Projection[Any],
    moment: Moment,
    pupils: Sequence[UUID],
) -> list[Any]:
    """Return the rows of some pupils as they were at a moment, in no order; of one who was erased,
    none."""
    gone = erased_among(connection, pupils)
    left = Handful([pupil for pupil in pupils if pupil not in gone], 0)
    return _rows_of(connection, EventMapper(seals), projection, moment, left)


@collector_off()
def _rows_of(
    connection: Connection,
    mapper: EventMapper,
    projection: Projection[Any],
    moment: Moment,
    handful: Handful,
) -> list[Any]:
    corrected = corrected_among(connection, handful.pupils, moment.position)
    rest = [pupil for pupil in handful.pupils if pupil not in corrected]
    topics = projection.topics()
    asked = {
        "position": moment.position,
        "as_of": moment.as_of,
        "topics": list(topics or ()),
    }
    rows = select(connection, ALL if topics is None else COUNTED, asked | {"pupils": rest})
    if corrected:  # any entry may be about one that matters, or say on which day that happened
        rows += select(connection, ALL, asked | {"pupils": list(corrected)})
    of_each = groupby(mapper.read(rows), attrgetter("originator_id"))
    counting = chain.from_iterable(_known(list(events)) for _, events in of_each)
    return list(folded(projection, counting, moment.as_of).values())


def _known(events: Sequence[Recorded]) -> list[DomainEvent]:
    """Return one pupil's events; none, if the key has gone between two of them."""
    known = [event for event in events if not isinstance(event, ErasedEvent)]
    return known if len(known) == len(events) else []
