-- The one way into the log.

-- The leaf of an event in the Merkle log (RFC 9162: SHA-256 of 0x00 and the entry).  The entry is
-- every stored column, each of fixed width or with its length before it, so that no two rows have
-- the same encoding; the state is in it by its hash, so that the proof outlives the state.
CREATE FUNCTION leaf(
    stream_id uuid, version integer, "position" bigint, recorded_at timestamptz, topic text,
    class_version smallint, actor_id uuid, command_id uuid, state bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(
        '\x00'::bytea || convert_to('send-records/event/1', 'UTF8')
        || uuid_send(stream_id) || int4send(version) || int8send("position")
        || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint)
        || int4send(octet_length(convert_to(topic, 'UTF8'))) || convert_to(topic, 'UTF8')
        || int2send(class_version) || uuid_send(actor_id) || uuid_send(command_id)
        || sha256(state)
    )
$$;

-- Append the events of one command, all or none, in one round trip.
--
-- Gapless: positions come from log_head, whose row lock is the total order and rolls back with us.
-- Monotone: recorded_at never falls behind the last append, whatever the clock does.
-- Contiguous: each version follows one that is there (SR001), and is there once (unique).
-- Once: a command id is recorded once (commands_pkey).
CREATE FUNCTION append(
    p_command_id uuid, p_request_hash bytea, p_actor_id uuid,
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_states bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz)
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

    INSERT INTO commands
        VALUES (p_command_id, p_request_hash, p_stream_ids[n], p_versions[n],
                size + 1, size + n, instant);

    RETURN QUERY
        INSERT INTO events
        SELECT size + o, s, v, t, c, d, instant, p_actor_id, p_command_id,
               leaf(s, v, size + o, instant, t, c, p_actor_id, p_command_id, d)
        FROM unnest(p_stream_ids, p_versions, p_topics, p_class_versions, p_states)
             WITH ORDINALITY AS x (s, v, t, c, d, o)
        ORDER BY o
        RETURNING events.position, events.recorded_at;

    IF EXISTS (
        SELECT FROM unnest(p_stream_ids, p_versions) AS x (s, v)
        WHERE v > 1 AND NOT EXISTS (
            SELECT FROM events e WHERE e.stream_id = s AND e.version = v - 1
        )
    ) THEN
        RAISE EXCEPTION 'a version is missing before the one appended' USING ERRCODE = 'SR001';
    END IF;

    PERFORM pg_notify(current_schema() || '.events', (size + n)::text);
END $$;

REVOKE ALL ON FUNCTION append, leaf, refuse_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append TO {app};
