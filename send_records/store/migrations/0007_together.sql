-- Group commit: the commands that are waiting are appended together, in one transaction.  What one
-- commit costs is then shared by all of them, and the queue before the log is as long as what waits.

DROP FUNCTION append;

-- Append the events of some commands, all or none, in one round trip.  The first `p_counts[1]`
-- events are the first command's, and so on.
--
-- Gapless: positions come from log_head, whose row lock is the total order and rolls back with us.
-- Monotone: recorded_at never falls behind the last append, whatever the clock does; a microsecond
-- lies between one command and the next.
-- Contiguous: each version follows one that is there (SR001), and is there once (unique).
-- Once: a command id is recorded once (commands_pkey).
-- Sealed: under the pupil's own live key or, once that is destroyed, under the trust's (SR003).
CREATE FUNCTION append(
    p_command_ids uuid[], p_request_macs bytea[], p_actor_ids uuid[], p_counts integer[],
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_clear json[], p_sealed bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
SET lock_timeout = '10s'
SET plan_cache_mode = force_generic_plan  -- replanning the array joins took half the time
SET enable_seqscan = off   -- the plan of a session is made when the log may still be empty, and then
SET enable_hashjoin = off  -- reads all of it for each append: at 12,000 events that took 2 ms
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    n       integer := cardinality(p_stream_ids);
    m       integer := cardinality(p_command_ids);
    firsts  integer[];  -- which event is each command's first, from 1
    size    bigint;
    instant timestamptz;
BEGIN
    SELECT array_agg(1 + upto - count ORDER BY o) FILTER (WHERE count > 0) INTO firsts
        FROM (SELECT o, count, sum(count) OVER (ORDER BY o)::integer AS upto
              FROM unnest(p_counts) WITH ORDINALITY AS x (count, o)) AS counted;
    IF cardinality(firsts) IS DISTINCT FROM m OR m = 0
       OR (SELECT sum(count) FROM unnest(p_counts) AS count) IS DISTINCT FROM n THEN
        RAISE EXCEPTION 'a command records at least one event' USING ERRCODE = 'SR001';
    END IF;

    -- A fair queue before the row lock: cheaper than a convoy on the row with many writers.
    PERFORM pg_advisory_xact_lock('events'::regclass::oid::bigint);

    UPDATE log_head h
        SET size = h.size + n,
            recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
                          + (m - 1) * interval '1 microsecond'
        RETURNING h.size - n, h.recorded_at - m * interval '1 microsecond' INTO size, instant;

    INSERT INTO commands
        SELECT id, size + first, size + first + count - 1
        FROM unnest(p_command_ids, firsts, p_counts) AS x (id, first, count);

    RETURN QUERY
        INSERT INTO events
        SELECT size + o, s, v, t, v_c, at, p_actor_ids[c], p_command_ids[c], p_request_macs[c], k, d,
               leaf(size + o, s, v, v_c, at, p_actor_ids[c], p_command_ids[c], p_request_macs[c],
                    t, k, d)
        FROM unnest(p_stream_ids, p_versions, p_topics, p_class_versions, p_clear, p_sealed)
             WITH ORDINALITY AS x (s, v, t, v_c, k, d, o),
             width_bucket(o::integer, firsts) AS c,
             CAST(instant + c * interval '1 microsecond' AS timestamptz) AS at
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

REVOKE ALL ON FUNCTION append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append TO {app};

DROP FUNCTION append_access;

-- Append some accesses, all or none; return the position of each.  Gapless and monotone, as append()
-- is; the first `p_counts[1]` pupils are those of the first access, and so on.
CREATE FUNCTION append_access(
    p_request_ids uuid[], p_actor_ids uuid[], p_roles text[], p_academies text[], p_acts text[],
    p_whats text[], p_tiers text[], p_purposes text[], p_outcomes text[], p_counts integer[],
    p_pupils uuid[], p_sealed bytea[]
) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
SET lock_timeout = '10s'
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    n       integer := cardinality(p_request_ids);
    before  bigint;
    instant timestamptz;
BEGIN
    IF n IS NULL OR n = 0
       OR (SELECT sum(count) FROM unnest(p_counts) AS count) IS DISTINCT FROM cardinality(p_pupils) THEN
        RAISE EXCEPTION 'an access is of somebody''s, or of nobody''s' USING ERRCODE = 'SR001';
    END IF;

    PERFORM pg_advisory_xact_lock('access_log'::regclass::oid::bigint);

    UPDATE access_head h
        SET size = h.size + n,
            recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
                          + (n - 1) * interval '1 microsecond'
        RETURNING h.size - n, h.recorded_at - n * interval '1 microsecond' INTO before, instant;

    RETURN QUERY
        INSERT INTO access_log
        SELECT before + o, at, request_id, actor_id, role, academy, act, what, tier, purpose,
               outcome, pupils, sealed,
               access_leaf(before + o, at, request_id, actor_id, role, academy, act, what, tier,
                           purpose, outcome, pupils, sealed)
        FROM (
            SELECT *, sum(count) OVER (ORDER BY o)::integer AS upto
            FROM unnest(p_request_ids, p_actor_ids, p_roles, p_academies, p_acts, p_whats, p_tiers,
                        p_purposes, p_outcomes, p_counts, p_sealed)
                 WITH ORDINALITY AS x (request_id, actor_id, role, academy, act, what, tier,
                                       purpose, outcome, count, sealed, o)
        ) AS given,
            CAST(instant + o * interval '1 microsecond' AS timestamptz) AS at,
            CAST(p_pupils[upto - count + 1 : upto] AS uuid[]) AS pupils
        ORDER BY o
        RETURNING access_log.position;
END $$;

REVOKE ALL ON FUNCTION append_access FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_access TO {app};
