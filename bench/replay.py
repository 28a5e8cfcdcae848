"""Replay: a pupil from sealed events, beside fetching, opening and validating the same rows by
hand, which no replay can do without; and beside the library's own, of events in clear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID, uuid4

import orjson

from bench.installation import Bench, Subject
from bench.lines import Line, Unit, at_least, at_most, compare
from bench.lives import life, observation
from bench.peers import library
from bench.rounds import interleaved, milliseconds
from send_records.aggregates import EVENTS
from send_records.aggregates.values import STORED
from send_records.store.mapper import event_place
from send_records.store.scopes import Scope

LENGTHS = (100, 1000, 5000)
JUDGED = 1000
"""The length that the targets are about."""

OURS, FLOOR, LIBRARY = "replay", "fetch, open, validate", "repository.get"


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of replay."""
    with (
        bench.subject("replay") as subject,
        bench.peer("library") as conninfo,
        library.application(conninfo) as application,
    ):
        subject.system.views.pool.wait()
        fields = library.fields_of(observation(uuid4(), 3))
        for length in LENGTHS:
            [pupil] = subject.pupils(1, life(length))
            record = library.record_of(application, length, fields)
            what = f"replay of a pupil of {length:,} events"
            variants = {
                OURS: partial(replay_ms, subject, pupil, length),
                FLOOR: partial(milliseconds, by_hand(subject, pupil, length)),
                LIBRARY: partial(milliseconds, partial(application.repository.get, record)),
            }
            taken = interleaved(what, variants, 3 * bench.pace.rounds)
            judged = length == JUDGED
            floor, faster = (at_most(1.2), at_least(3.0)) if judged else (None, None)
            yield compare(what, taken, OURS, FLOOR, floor, unit=Unit.MS)
            yield compare(
                f"{what}, times faster",
                taken,
                OURS,
                LIBRARY,
                faster,
                unit=Unit.MS,
                times_faster=True,
            )


def replay_ms(subject: Subject, pupil: UUID, length: int) -> float:
    """Return how long a replay takes of an application that has kept nothing of the pupil."""
    records = subject.anew()
    return milliseconds(lambda: require(records.pupil(pupil).version, length))


def by_hand(subject: Subject, pupil_id: UUID, length: int) -> Callable[[], None]:
    """Return work that fetches, opens and validates a pupil's events, and no more."""
    seals = subject.keys.seals

    def fetch_open_validate() -> None:
        with (
            subject.system.views.within(Scope.of(pupil_id)).connection() as connection,
            connection.cursor(binary=True) as cursor,
        ):
            rows = cursor.execute(
                "SELECT topic, clear::text, sealed, stream_id, version, position, recorded_at "
                "FROM events WHERE stream_id = %s ORDER BY version",
                [pupil_id],
                prepare=True,
            ).fetchall()
        events = []
        for topic, clear, sealed, stream_id, version, position, recorded_at in rows:
            place = event_place(seals, stream_id, version, topic, 1, clear.encode())
            fields = orjson.loads(seals.open(stream_id, place, sealed)) | orjson.loads(clear)
            fields["originator_id"], fields["originator_version"] = stream_id, version
            fields["position"], fields["recorded_at"] = position, recorded_at
            events.append(EVENTS[topic].model_validate(fields, context=STORED))
        require(len(events), length)

    return fetch_open_validate


def require(found: int, wanted: int) -> None:
    """Raise if something other than what was to be measured was measured."""
    if found != wanted:
        raise ValueError(f"{found} instead of {wanted} events")
