-- The log, sealed: words are ciphertext under the pupil's own key, and what is kept in clear beside
-- them is a code, a date or an academy's name.  A log that was recorded in plain words stays in plain
-- words, for nothing in a log is ever rewritten; so this applies to an empty one.

DO $$
BEGIN
    IF EXISTS (SELECT FROM events) THEN
        RAISE EXCEPTION 'this log was recorded before records were sealed, and a log is never rewritten: start a new one'
            USING ERRCODE = 'SR002';
    END IF;
END $$;

DROP FUNCTION append;
DROP FUNCTION leaf;
DROP TABLE commands;
DROP TABLE events;

CREATE TABLE events (
    position      bigint      PRIMARY KEY,
    stream_id     uuid        NOT NULL,
    version       integer     NOT NULL CHECK (version > 0),
    topic         text        NOT NULL,
    class_version smallint    NOT NULL CHECK (class_version > 0),
    recorded_at   timestamptz NOT NULL,
    actor_id      uuid        NOT NULL,
    command_id    uuid        NOT NULL,
    request_mac   bytea       NOT NULL CHECK (octet_length(request_mac) = 32),
    clear         json        NOT NULL CHECK (json_typeof(clear) = 'object'),
    sealed        bytea       NOT NULL,
    leaf          bytea       NOT NULL CHECK (octet_length(leaf) = 32),
    UNIQUE (stream_id, version)
);

COMMENT ON TABLE events IS 'Every fact ever recorded; appended to by append(), never changed';
COMMENT ON COLUMN events.position IS 'Place in the whole log, from 1, without gaps: the Merkle index + 1';
COMMENT ON COLUMN events.stream_id IS 'The pupil';
COMMENT ON COLUMN events.version IS 'Place in the pupil''s stream, from 1, without gaps';
COMMENT ON COLUMN events.topic IS 'The name of the event class';
COMMENT ON COLUMN events.class_version IS 'Which shape of that class its fields have';
COMMENT ON COLUMN events.recorded_at IS 'The database''s clock; grows strictly with each append, equal within one';
COMMENT ON COLUMN events.request_mac IS 'What was asked, under the pupil''s key: a retry is told from another request by it';
COMMENT ON COLUMN events.clear IS 'The fields kept in clear, as the exact text that the leaf covers';
COMMENT ON COLUMN events.sealed IS 'All other fields, sealed: whose key (1 the pupil''s, 2 the trust''s), key number, nonce, commitment, ciphertext';
COMMENT ON COLUMN events.leaf IS 'SHA-256 over all other columns: see leaf()';

CREATE TABLE commands (
    command_id     uuid   PRIMARY KEY,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL
);

COMMENT ON TABLE commands IS 'One row for each command recorded, in the transaction of its events: what a retry is answered from';

CREATE TABLE data_keys (
    stream_id    uuid     PRIMARY KEY,
    key_no       smallint NOT NULL,
    destroyed_at timestamptz
);

COMMENT ON TABLE data_keys IS 'Which key each pupil''s events are sealed under, and whether it still exists; the keys themselves are kept elsewhere';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON commands
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_gone BEFORE DELETE OR TRUNCATE ON data_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_back BEFORE UPDATE ON data_keys
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE commands ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE data_keys ENABLE ALWAYS TRIGGER never_gone;
ALTER TABLE data_keys ENABLE ALWAYS TRIGGER never_back;

-- A column as a leaf has it: its length and its bytes, as PostgreSQL's binary COPY writes it; NULL
-- is a length of -1.  So no two rows are encoded alike, and whoever reads a table by COPY has the
-- encoding in hand.
CREATE FUNCTION col(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(int4send(octet_length(bytes)) || bytes, '\xffffffff'::bytea)
$$;

-- The leaf of an event in the Merkle log (RFC 9162: SHA-256 of 0x00 and the entry).  What can be
-- dropped one day (the sealed words, and the clear fields beside them) is in it by one hash over
-- both, so that the proof outlives them and nobody can guess one from the hash.
CREATE FUNCTION leaf(
    "position" bigint, stream_id uuid, version integer, class_version smallint,
    recorded_at timestamptz, actor_id uuid, command_id uuid, request_mac bytea, topic text,
    clear json, sealed bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(
        '\x00'::bytea || 'send-records/event/2'::bytea
        || col(int8send("position")) || col(uuid_send(stream_id)) || col(int4send(version))
        || col(int2send(class_version)) || col(timestamptz_send(recorded_at))
        || col(uuid_send(actor_id)) || col(uuid_send(command_id)) || col(request_mac)
        || col(convert_to(topic, 'UTF8'))
        || sha256(col(convert_to(clear::text, 'UTF8')) || col(sealed))
    )
$$;

-- Append the events of one command, all or none, in one round trip.
--
-- Gapless: positions come from log_head, whose row lock is the total order and rolls back with us.
-- Monotone: recorded_at never falls behind the last append, whatever the clock does.
-- Contiguous: each version follows one that is there (SR001), and is there once (unique).
-- Once: a command id is recorded once (commands_pkey).
-- Sealed: under the pupil's live key, or after its destruction under the trust's (SR003).
CREATE FUNCTION append(
    p_command_id uuid, p_request_mac bytea, p_actor_id uuid,
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_clear json[], p_sealed bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
SET lock_timeout = '10s'
SET plan_cache_mode = force_generic_plan  -- replanning the array joins took half the time
AS $$
#variable_conflict use_column
DECLARE
    n       integer := cardinality(p_stream_ids);
    size    bigint;
    instant timestamptz;
BEGIN
    IF n IS NULL OR n = 0 THEN
        RAISE EXCEPTION 'a command records at least one event' USING ERRCODE = 'SR001';
    END IF;

    -- A fair queue before the row lock: cheaper than a convoy on the row with many writers.
    PERFORM pg_advisory_xact_lock('events'::regclass::oid::bigint);

    UPDATE log_head h
        SET size = h.size + n,
            recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
        RETURNING h.size - n, h.recorded_at INTO size, instant;

    INSERT INTO commands VALUES (p_command_id, size + 1, size + n);

    RETURN QUERY
        INSERT INTO events
        SELECT size + o, s, v, t, c, instant, p_actor_id, p_command_id, p_request_mac, k, d,
               leaf(size + o, s, v, c, instant, p_actor_id, p_command_id, p_request_mac, t, k, d)
        FROM unnest(p_stream_ids, p_versions, p_topics, p_class_versions, p_clear, p_sealed)
             WITH ORDINALITY AS x (s, v, t, c, k, d, o)
        ORDER BY o
        RETURNING events.position, events.recorded_at, events.leaf;

    IF EXISTS (
        SELECT FROM unnest(p_stream_ids, p_versions) AS x (s, v)
        WHERE v > 1 AND NOT EXISTS (
            SELECT FROM events e WHERE e.stream_id = s AND e.version = v - 1
        )
    ) THEN
        RAISE EXCEPTION 'a version is missing before the one appended' USING ERRCODE = 'SR001';
    END IF;

    -- A pupil's first event says which key the others are sealed under.
    INSERT INTO data_keys (stream_id, key_no)
        SELECT s, get_byte(d, 1) * 256 + get_byte(d, 2)
        FROM unnest(p_stream_ids, p_versions, p_sealed) AS x (s, v, d)
        WHERE v = 1 AND octet_length(d) > 2;

    IF EXISTS (
        SELECT FROM unnest(p_stream_ids, p_sealed) AS x (s, d)
        WHERE NOT EXISTS (
            SELECT FROM data_keys k WHERE k.stream_id = s AND CASE
                WHEN octet_length(d) < 63 THEN false
                WHEN get_byte(d, 0) = 1 THEN k.destroyed_at IS NULL
                     AND k.key_no = get_byte(d, 1) * 256 + get_byte(d, 2)
                WHEN get_byte(d, 0) = 2 THEN k.destroyed_at IS NOT NULL
                ELSE false
            END
        )
    ) THEN
        RAISE EXCEPTION 'the key it is sealed under is not the pupil''s, or was destroyed'
            USING ERRCODE = 'SR003';
    END IF;

    PERFORM pg_notify(current_schema() || '.events', (size + n)::text);
END $$;

-- Mark a pupil's key as destroyed; true if it was not before.  It waits for the appends that are
-- under way and those after it wait for its transaction, so nothing is sealed under a dead key.
CREATE FUNCTION destroy_key(p_stream_id uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT SET lock_timeout = '10s' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('events'::regclass::oid::bigint);
    UPDATE data_keys SET destroyed_at = clock_timestamp()
        WHERE stream_id = p_stream_id AND destroyed_at IS NULL;
    RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION append, leaf, col, destroy_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append TO {app};
GRANT SELECT ON events TO {app}, {projector};
GRANT SELECT ON commands TO {app};
GRANT SELECT ON data_keys TO {app}, {projector};
