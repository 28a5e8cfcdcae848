"""Planted defects: what the tests of the store must be able to find."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError

from send_records.store.appending import CommandRow, RecordedCommand, append_commands
from send_records.store.connections import AMBIGUOUS
from send_records.store.mapper import VersionedEvent
from send_records.store.recorder import PostgresRecorder

PLACES_FROM_A_SEQUENCE = """
CREATE SEQUENCE places;
CREATE OR REPLACE FUNCTION append(
    p_command_ids uuid[], p_request_macs bytea[], p_actor_ids uuid[], p_counts integer[],
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_clear json[], p_sealed bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        INSERT INTO events
        SELECT nextval('places'), s, v, t, c, clock_timestamp(), p_actor_ids[1], p_command_ids[1],
               p_request_macs[1], k, d, sha256(d)
        FROM unnest(p_stream_ids, p_versions, p_topics, p_class_versions, p_clear, p_sealed)
             AS x (s, v, t, c, k, d)
        RETURNING events.position, events.recorded_at, events.leaf;
END $$
"""
"""A planted defect, for the owner to put in place of append(): what bigserial would do."""

FULL_DISK = """
CREATE SEQUENCE attempts;
CREATE OR REPLACE FUNCTION append(
    p_command_ids uuid[], p_request_macs bytea[], p_actor_ids uuid[], p_counts integer[],
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_clear json[], p_sealed bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM nextval('attempts');
    RAISE disk_full;
END $$
"""
"""A server that is there and cannot write; it counts how often it was asked."""


class RetryingRecorder(PostgresRecorder):
    """Tries again after any error of the connection, as the library does, and believes what the
    second attempt says; it looks nothing up."""

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        while True:
            try:
                with self._pool.connection() as connection:
                    return append_commands(connection, [(events, command)])[0]
            except AMBIGUOUS:
                time.sleep(0.1)
            except psycopg.DatabaseError as error:
                raise IntegrityError(str(error)) from error

    def find_command(self, command_id: UUID) -> RecordedCommand | None:
        return None
