"""Verify, beside fetching the same bytes and SHA-256 over them; and what sealing and proof cost an
append, beside the same append without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from uuid import uuid4

from psycopg import Connection
from psycopg.sql import SQL

from bench.installation import Bench, Subject, append_at_once
from bench.lines import Line, at_least, compare
from bench.lives import life, observation
from bench.rounds import Variant, interleaved, rate_for, tell, timed
from send_records.bootstrap import notary
from send_records.store.connections import at_one_moment, at_that_moment, in_schema, one
from send_records.store.damage import Finding
from send_records.store.ledger import Log
from send_records.store.mapper import encoded
from send_records.store.outside import Outside
from send_records.store.shapes import EventShape
from send_records.store.signing import Purpose
from send_records.store.verify import verify, walk
from tests.scenario import SENCO

ENTRIES = 50_000
OF_A_PUPIL = 50

WHOLE, WALK, FLOOR = "verify", "walk", "fetch and SHA-256"
SEALED, PLAIN = "sealed, with leaf", "plain, without"

WITHOUT = (Path(__file__).parent / "without_proof.sql").read_text(encoding="utf-8")
"""append() of the migrations, without the leaf and without the check of the key."""
APPEND_PLAIN = (
    "SELECT position, leaf FROM bare.append(%b, %b, %b, %b::uuid[], %b::integer[], "
    "%b::text[], %b::smallint[], %s::json[], %b::bytea[])"
)


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of verification and of what it costs to make it possible."""
    with bench.subject("verify") as subject:
        entries = fill(bench, subject)
        taken = interleaved(
            f"verify {entries:,} events",
            {
                WHOLE: partial(verify_rate, subject, entries),
                WALK: partial(walk_rate, subject, entries),
                FLOOR: partial(floor_rate, subject, entries),
            },
            bench.pace.rounds,
        )
        yield compare(f"verify {entries:,} events", taken, WHOLE, FLOOR, at_least(0.5))
        yield compare("its walk of the log alone", taken, WALK, FLOOR)
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("proof"))
        with one(subject.found.as_owner()) as owner:
            owner.execute(WITHOUT.encode())
        sealing = stack.enter_context(one(subject.found.app))
        plain = stack.enter_context(one(in_schema(subject.found.app, "bare,send_records", "bare")))
        variants: dict[str, Variant] = {
            SEALED: partial(sealed_rate, subject, sealing, bench.pace.seconds),
            PLAIN: partial(plain_rate, plain, bench.pace.seconds),
        }
        taken = interleaved("what sealing and leaf cost", variants, bench.pace.rounds)
        what = "append on one connection, sealed and leafed"
        yield compare(what, taken, SEALED, PLAIN, at_least(0.8))


def fill(bench: Bench, subject: Subject) -> int:
    """Fill the log and have it signed; return how many entries it has."""
    pupils = bench.pace.of(ENTRIES) // OF_A_PUPIL
    tell(f"verify: recording {pupils * OF_A_PUPIL:,} events")
    subject.pupils(pupils, life(OF_A_PUPIL))
    notary(subject.found, subject.keys.signing, subject.keys.places).sign_all()
    return pupils * OF_A_PUPIL


def verify_rate(subject: Subject, entries: int) -> float:
    """Return entries a second of ``send-records verify``, views aside."""
    outside = subject.keys.outside()
    with (
        at_one_moment(subject.found.as_owner()) as connection,
        at_that_moment(connection, subject.found.as_owner()) as beside,
    ):

        def verified() -> None:
            done = verify(connection, outside, beside=beside)
            require_clean(done.walked[0].entries, entries, done.findings)

        return entries / timed(verified)


def walk_rate(subject: Subject, entries: int) -> float:
    """Return entries a second of the walk through the log of events alone."""
    outside = Outside(Log.EVENTS, subject.keys.places, subject.keys.signing.public(Purpose.EVENTS))
    with at_one_moment(subject.found.as_owner()) as connection:

        def walked() -> None:
            done = walk(connection, EventShape(), outside)
            require_clean(done.entries, entries, done.findings)

        return entries / timed(walked)


def require_clean(found: int, entries: int, findings: Sequence[Finding]) -> None:
    """Raise if something other than a sound log was verified."""
    if found != entries or findings:
        raise ValueError(f"{found} entries, {findings[:3]}")


def floor_rate(subject: Subject, entries: int) -> float:
    """Return entries a second that are fetched and hashed, with nothing compared."""
    query = SQL("COPY (SELECT {} FROM events ORDER BY position) TO STDOUT (FORMAT BINARY)")
    with at_one_moment(subject.found.as_owner()) as connection:

        def fetch_and_hash() -> None:
            with connection.cursor().copy(query.format(SQL(EventShape.columns))) as rows:
                for row in rows:
                    sha256(row).digest()

        return entries / timed(fetch_and_hash)


def sealed_rate(subject: Subject, connection: Connection, seconds: float) -> float:
    """Return appends a second to a new pupil, a commit an event, on one connection."""
    pupil_id = uuid4()
    subject.keys.seals.keyring.make(pupil_id)
    seal = subject.mapper.to_stored_event
    append_at_once(connection, [seal(event) for event in life(2, pupil_id)])
    versions = count(3)

    def append_next() -> None:
        append_at_once(connection, [seal(observation(pupil_id, next(versions)))])

    return rate_for([append_next], seconds)


def plain_rate(connection: Connection, seconds: float) -> float:
    """Return the same of events in plain words, without a leaf."""
    pupil_id, versions = uuid4(), count(1)

    def append_next() -> None:
        event = observation(pupil_id, next(versions))
        clear, words = encoded(event)
        values = [
            uuid4(),
            bytes(32),
            SENCO.id,
            [pupil_id],
            [event.originator_version],
            [type(event).__name__],
            [event.class_version],
            [clear.decode()],
            [words],
        ]
        connection.execute(APPEND_PLAIN, values, prepare=True, binary=True).fetchall()

    append_next()
    return rate_for([append_next], seconds)
