-- The watch: what the access log says of a person lately, and what in it is out of the ordinary.
--
-- Who is told of how much, and what the DPO is pointed to, is counted over everybody's rows, also
-- those of pupils out of the asker's scope.  So these functions read as the owner, and answer with
-- counts and pseudonymous ids; {app} may call them, and nobody else.

-- Grows at its end with the log: the rows of a span of time are found by it.
CREATE INDEX access_log_recorded ON access_log (recorded_at);

CREATE INDEX events_emergency ON events (recorded_at) WHERE topic = 'EmergencyAccessTaken';
CREATE INDEX events_enrolment ON events (stream_id)
    WHERE topic IN ('PupilAdmitted', 'PupilMovedAcademy', 'PupilReadmitted');

-- Return what each person was told of after a position: pupils opened and listed within the hour, and
-- exports within the day, each with how long ago it was last; and, in every row, up to where the log
-- was read.  An answer about one pupil opens that pupil; one about several lists them.
CREATE FUNCTION watch_told(p_after bigint)
RETURNS TABLE (upto bigint, kind text, actor_id uuid, key uuid, seconds_ago double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    instant timestamptz := clock_timestamp();
    head    bigint;
    first   bigint;
BEGIN
    SELECT size INTO head FROM access_head;
    -- Positions grow as time does; so at the start of a process, what is too old is not even read.
    IF p_after = 0 THEN
        SELECT a.position - 1 INTO first FROM access_log a
            WHERE a.recorded_at > instant - interval '1 day' ORDER BY a.recorded_at LIMIT 1;
    END IF;
    first := coalesce(first, CASE WHEN p_after = 0 THEN head ELSE p_after END);

    RETURN QUERY
        WITH given AS MATERIALIZED (
            SELECT a.actor_id, a.act, a.request_id, a.recorded_at, a.pupils FROM access_log a
            WHERE a.position > first AND a.position <= head
              AND a.outcome = 'given' AND cardinality(a.pupils) > 0
        ), told AS (
            SELECT CASE WHEN cardinality(g.pupils) = 1 THEN 'opened' ELSE 'listed' END AS kind,
                   g.actor_id, pupil AS key, g.recorded_at
            FROM given g, unnest(g.pupils) AS pupil
            WHERE g.recorded_at > instant - interval '1 hour' AND g.act <> 'keys'
            UNION ALL
            SELECT 'exported', g.actor_id, g.request_id, g.recorded_at FROM given g
            WHERE g.act = 'export' AND g.recorded_at > instant - interval '1 day'
        )
        SELECT head, t.kind, t.actor_id, t.key,
               extract(epoch FROM instant - max(t.recorded_at))::double precision AS seconds_ago
        FROM told t GROUP BY t.kind, t.actor_id, t.key ORDER BY seconds_ago DESC;
    IF NOT FOUND THEN
        RETURN QUERY SELECT head, NULL::text, NULL::uuid, NULL::uuid, NULL::double precision;
    END IF;
END $$;

COMMENT ON FUNCTION watch_told IS 'What each person was told of lately: counted for the quotas';

-- Return what is out of the ordinary between two instants, in order, one row a finding:
--
-- bulk_opening, bulk_listing   more pupils told of within an hour of the clock than the thresholds
-- out_of_hours                 anything asked for in one night, or on a day without work
-- other_academies              pupils told of, or asked for, who were then at another academy than
--                              the asker's; one a day
-- probing                      more refusals that tell of a search for open doors within an hour
-- export                       what was taken out; one a day
-- emergency                    emergency access taken; `pupils` is 1, and the name is of the
--                              person's first row in the access log of the span, if there is one
--
-- Hours and days are London's.  A night belongs to the day on which it began.
CREATE FUNCTION watch_anomalies(
    p_since timestamptz, p_until timestamptz, p_opened integer, p_listed integer,
    p_refused integer, p_refusals text[], p_opens time, p_closes time, p_weekdays integer[],
    p_exempt text[], p_skip bigint, p_most integer
) RETURNS TABLE (
    kind text, actor_id uuid, role text, academy text, from_at timestamptz, until_at timestamptz,
    pupils bigint, times bigint, what text[], request_id uuid, sealed bytea
)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT a.position, a.recorded_at, a.actor_id, a.role, a.academy, a.act, a.what, a.outcome,
               a.pupils, cardinality(a.pupils) AS many, local,
               date_trunc('hour', local) AS hour, date_trunc('day', local) AS day,
               date_trunc('day', local - p_opens::interval) AS night,
               extract(isodow FROM local) <> ALL (p_weekdays)
                   OR local::time < p_opens OR local::time >= p_closes AS late
        FROM access_log a, CAST(a.recorded_at AT TIME ZONE 'Europe/London' AS timestamp) AS local
        WHERE a.recorded_at >= p_since AND a.recorded_at < p_until AND a.act <> 'keys'
    ), stays AS MATERIALIZED (
        -- Where each pupil was, from when until when: a few rows a pupil, found by their own index.
        SELECT e.stream_id AS pupil, e.recorded_at AS since,
               lead(e.recorded_at, 1, 'infinity') OVER (
                   PARTITION BY e.stream_id ORDER BY e.position
               ) AS until,
               coalesce(e.clear ->> 'academy', e.clear ->> 'to_academy') AS academy
        FROM events e
        WHERE e.topic IN ('PupilAdmitted', 'PupilMovedAcademy', 'PupilReadmitted')
    ), busy AS MATERIALIZED (
        -- The hours in which there can be bulk: pupils counted as often as they were told of.
        SELECT s.actor_id, s.role, s.hour, s.many = 1 AS alone FROM seen s
        WHERE s.outcome = 'given' AND s.many > 0
        GROUP BY s.actor_id, s.role, s.hour, s.many = 1
        HAVING sum(s.many) > CASE WHEN s.many = 1 THEN p_opened ELSE p_listed END
    ), marked AS MATERIALIZED (
        SELECT CASE WHEN b.alone THEN 'bulk_opening' ELSE 'bulk_listing' END AS kind,
               s.hour AS span, s.actor_id, s.role, s.academy, s.recorded_at, s.what, s.position,
               s.pupils
        FROM busy b JOIN seen s USING (actor_id, role, hour)
        WHERE s.outcome = 'given' AND s.many > 0 AND b.alone = (s.many = 1)
        UNION ALL
        SELECT 'out_of_hours', s.night, s.actor_id, s.role, s.academy, s.recorded_at, s.what,
               s.position, s.pupils
        FROM seen s WHERE s.late AND s.role <> ALL (p_exempt)
        UNION ALL
        SELECT 'probing', s.hour, s.actor_id, s.role, s.academy, s.recorded_at, s.what, s.position,
               s.pupils
        FROM seen s WHERE s.act = 'refusal' AND s.outcome = ANY (p_refusals)
        UNION ALL
        SELECT 'export', s.day, s.actor_id, s.role, s.academy, s.recorded_at, s.what, s.position,
               s.pupils
        FROM seen s WHERE s.act = 'export' AND s.outcome = 'given' AND s.many > 0
        UNION ALL
        SELECT 'other_academies', s.day, s.actor_id, s.role, s.academy, s.recorded_at, s.what,
               s.position, ARRAY[p]
        FROM seen s CROSS JOIN unnest(s.pupils) AS p JOIN stays t ON t.pupil = p
        WHERE t.academy <> s.academy AND s.recorded_at >= t.since AND s.recorded_at < t.until
    ), grouped AS (
        SELECT m.kind, m.span, m.actor_id, m.role, m.academy, min(m.recorded_at) AS from_at,
               max(m.recorded_at) AS until_at, count(DISTINCT m.position) AS times,
               array_agg(DISTINCT m.what) AS what, min(m.position) AS "position"
        FROM marked m GROUP BY m.kind, m.span, m.actor_id, m.role, m.academy
    ), counted AS (
        SELECT x.kind, x.span, x.actor_id, x.role, x.academy, count(*) AS pupils
        FROM (SELECT DISTINCT m.kind, m.span, m.actor_id, m.role, m.academy, p
              FROM marked m, unnest(m.pupils) AS p) AS x
        GROUP BY x.kind, x.span, x.actor_id, x.role, x.academy
    ), found AS (
        SELECT g.kind, g.actor_id, g.role, g.academy, g.from_at, g.until_at,
               coalesce(c.pupils, 0) AS pupils, g.times, g.what, g.position
        FROM grouped g LEFT JOIN counted c
            ON c.kind = g.kind AND c.span = g.span AND c.actor_id = g.actor_id AND c.role = g.role
               AND c.academy IS NOT DISTINCT FROM g.academy
        WHERE CASE g.kind
            WHEN 'bulk_opening' THEN c.pupils > p_opened
            WHEN 'bulk_listing' THEN c.pupils > p_listed
            WHEN 'probing' THEN g.times > p_refused
            ELSE true
        END
        UNION ALL
        SELECT 'emergency', e.actor_id, coalesce(e.clear ->> 'role', ''), NULL, e.recorded_at,
               e.recorded_at, 1, 1, ARRAY['break_glass'],
               (SELECT min(s.position) FROM seen s WHERE s.actor_id = e.actor_id)
        FROM events e
        WHERE e.topic = 'EmergencyAccessTaken'
          AND e.recorded_at >= p_since AND e.recorded_at < p_until
    ), page AS (
        SELECT * FROM found f
        ORDER BY f.from_at, f.kind, f.actor_id, f.role, f.academy OFFSET p_skip LIMIT p_most
    )
    SELECT f.kind, f.actor_id, f.role, f.academy, f.from_at, f.until_at, f.pupils, f.times, f.what,
           a.request_id, a.sealed
    FROM page f LEFT JOIN access_log a ON a.position = f.position
    ORDER BY f.from_at, f.kind, f.actor_id, f.role, f.academy;
END $$;

COMMENT ON FUNCTION watch_anomalies IS 'What is out of the ordinary in the access log: for the DPO';

REVOKE ALL ON FUNCTION watch_told, watch_anomalies FROM PUBLIC;
GRANT EXECUTE ON FUNCTION watch_told, watch_anomalies TO {app};
