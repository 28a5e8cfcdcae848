CREATE SCHEMA bare;
GRANT USAGE ON SCHEMA bare TO send_records_app;
CREATE TABLE bare_events (LIKE events INCLUDING ALL);
CREATE TABLE bare_commands (LIKE commands INCLUDING ALL);
CREATE TABLE bare_head (LIKE log_head INCLUDING ALL) WITH (fillfactor = 10);
INSERT INTO bare_head VALUES (true, 0, 'epoch');
CREATE FUNCTION bare.append(
    p_command_id uuid, p_request_mac bytea, p_actor_id uuid,
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_clear json[], p_sealed bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout = '10s' SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    n       integer := cardinality(p_stream_ids);
    size    bigint;
    instant timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock('bare_events'::regclass::oid::bigint);
    UPDATE bare_head h
        SET size = h.size + n,
            recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
        RETURNING h.size - n, h.recorded_at INTO size, instant;
    INSERT INTO bare_commands VALUES (p_command_id, size + 1, size + n);
    RETURN QUERY
        INSERT INTO bare_events
        SELECT size + o, s, v, t, c, instant, p_actor_id, p_command_id, p_request_mac, k, d,
               p_request_mac
        FROM unnest(p_stream_ids, p_versions, p_topics, p_class_versions, p_clear, p_sealed)
             WITH ORDINALITY AS x (s, v, t, c, k, d, o)
        ORDER BY o
        RETURNING bare_events.position, bare_events.recorded_at, bare_events.leaf;
    IF EXISTS (
        SELECT FROM unnest(p_stream_ids, p_versions) AS x (s, v)
        WHERE v > 1 AND NOT EXISTS (
            SELECT FROM bare_events e WHERE e.stream_id = s AND e.version = v - 1
        )
    ) THEN
        RAISE EXCEPTION 'a version is missing before the one appended' USING ERRCODE = 'SR001';
    END IF;
    PERFORM pg_notify(current_schema() || '.events', (size + n)::text);
END $$;
GRANT EXECUTE ON FUNCTION bare.append TO send_records_app;
