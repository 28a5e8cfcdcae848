-- Who may see whom: where each pupil is, who holds which role over whom, and the scope of a unit of
-- work, which row-level security reads.  The policies and grants themselves are not here: they are
-- made from the table in store/privileges.py, each time that table has changed.

CREATE TABLE privileges_applied (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE privileges_applied IS 'Which table of privileges the grants and policies of this schema were made from';

-- Where each pupil is now, level with the log in the transaction of the entry that says so.
CREATE TABLE whereabouts (
    pupil_id   uuid    PRIMARY KEY,
    academy    text    NOT NULL,
    nc_year    text,
    class_name text,
    left_on    date,
    version    integer NOT NULL,
    places     text[]  NOT NULL GENERATED ALWAYS AS (
        ARRAY[E'\x1f', academy]
        || CASE WHEN left_on IS NULL AND nc_year IS NOT NULL
                THEN ARRAY[academy || E'\x1f' || 'year:' || nc_year] ELSE '{{}}' END
        || CASE WHEN left_on IS NULL AND class_name IS NOT NULL
                THEN ARRAY[academy || E'\x1f' || 'class:' || class_name] ELSE '{{}}' END
    ) STORED
);

COMMENT ON TABLE whereabouts IS 'Where each pupil is now: what decides who may see the record';
COMMENT ON COLUMN whereabouts.class_name IS 'The class at that academy, if the class lists say one';
COMMENT ON COLUMN whereabouts.version IS 'The pupil''s version that the row follows from';
COMMENT ON COLUMN whereabouts.places IS 'What a scope may name to reach the pupil: the whole trust (a lone separator), the academy, and while on roll its year group and class';

CREATE INDEX whereabouts_places ON whereabouts USING gin (places);

-- Who holds which role over whom, level with the log likewise.
CREATE TABLE grants (
    grant_id  uuid        PRIMARY KEY,
    person_id uuid        NOT NULL,
    role      text        NOT NULL,
    kind      text        NOT NULL,
    academies text[]      NOT NULL DEFAULT '{{}}',
    classes   text[]      NOT NULL DEFAULT '{{}}',
    years     text[]      NOT NULL DEFAULT '{{}}',
    pupils    uuid[]      NOT NULL DEFAULT '{{}}',
    contact_id uuid,
    from_on   date        NOT NULL,
    until_on  date,
    until_at  timestamptz,
    ended_at  timestamptz
);

COMMENT ON TABLE grants IS 'Every role that was ever granted; in force unless ended, or its time is not yet or over';
COMMENT ON COLUMN grants.kind IS 'What it reaches: trust, academies, phase, classes, pupils, engagement, referral, case, relationship or emergency';
COMMENT ON COLUMN grants.contact_id IS 'Which contact on the pupil''s record a parent is';
COMMENT ON COLUMN grants.until_on IS 'Its last day, in London; none if it has no end';
COMMENT ON COLUMN grants.until_at IS 'The instant it ends, of an emergency access';

CREATE INDEX grants_person ON grants (person_id) WHERE ended_at IS NULL;
CREATE INDEX grants_role ON grants (role, grant_id) WHERE ended_at IS NULL;

CREATE FUNCTION texts_of(list json) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(value), '{{}}') FROM json_array_elements_text(
        CASE WHEN json_typeof(list) = 'array' THEN list ELSE '[]'::json END) AS value
$$;

-- One row of the log that moves a pupil, grants or ends.  By what entries keep in clear: nothing else
-- can be read here.
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    said json := NEW.clear;
BEGIN
    CASE NEW.topic
    WHEN 'PupilAdmitted' THEN
        INSERT INTO whereabouts (pupil_id, academy, nc_year, version)
            VALUES (NEW.stream_id, said->>'academy', said->>'nc_year', NEW.version)
            ON CONFLICT DO NOTHING;
    WHEN 'PupilReadmitted' THEN
        UPDATE whereabouts SET academy = said->>'academy', nc_year = said->>'nc_year',
            class_name = NULL, left_on = NULL, version = NEW.version
            WHERE pupil_id = NEW.stream_id;
    WHEN 'PupilMovedAcademy' THEN
        UPDATE whereabouts SET academy = said->>'to_academy', nc_year = said->>'nc_year',
            class_name = NULL, version = NEW.version WHERE pupil_id = NEW.stream_id;
    WHEN 'YearGroupChanged' THEN
        UPDATE whereabouts SET nc_year = said->>'nc_year', version = NEW.version
            WHERE pupil_id = NEW.stream_id;
    WHEN 'PlacedInClass' THEN
        UPDATE whereabouts SET class_name = said->>'class_name', version = NEW.version
            WHERE pupil_id = NEW.stream_id;
    WHEN 'PupilLeft' THEN
        UPDATE whereabouts SET left_on = CAST(said->>'occurred_on' AS date), class_name = NULL,
            version = NEW.version WHERE pupil_id = NEW.stream_id;
    WHEN 'PersonalDataErased' THEN
        UPDATE whereabouts SET nc_year = NULL, class_name = NULL, version = NEW.version
            WHERE pupil_id = NEW.stream_id;
    WHEN 'RoleGranted' THEN
        INSERT INTO grants (grant_id, person_id, role, kind, academies, classes, years, pupils,
                            contact_id, from_on, until_on)
        VALUES (CAST(said->>'grant_id' AS uuid), CAST(said->>'person_id' AS uuid), said->>'role',
                said->>'kind', texts_of(said->'academies'), texts_of(said->'classes'),
                texts_of(said->'years'), CAST(texts_of(said->'pupils') AS uuid[]),
                CAST(said->>'contact_id' AS uuid),
                CAST(said->>'from_on' AS date), CAST(said->>'until_on' AS date));
    WHEN 'CaseOpened' THEN
        INSERT INTO grants (grant_id, person_id, role, kind, pupils, from_on, until_on)
        VALUES (CAST(said->>'grant_id' AS uuid), CAST(said->>'person_id' AS uuid), 'dpo', 'case',
                ARRAY[CAST(said->>'pupil_id' AS uuid)], CAST(said->>'occurred_on' AS date),
                CAST(said->>'until_on' AS date));
    WHEN 'EmergencyAccessTaken' THEN
        INSERT INTO grants (grant_id, person_id, role, kind, pupils, from_on, until_at)
        VALUES (NEW.command_id, NEW.actor_id, said->>'role', 'emergency', ARRAY[NEW.stream_id],
                CAST(said->>'occurred_on' AS date),
                NEW.recorded_at + CAST(said->>'minutes' AS integer) * interval '1 minute');
    WHEN 'RoleEnded', 'CaseClosed' THEN
        UPDATE grants SET ended_at = coalesce(ended_at, NEW.recorded_at)
            WHERE grant_id = CAST(said->>'grant_id' AS uuid);
    WHEN 'PersonLeft' THEN
        UPDATE grants SET ended_at = coalesce(ended_at, NEW.recorded_at)
            WHERE person_id = CAST(said->>'person_id' AS uuid);
        -- Whoever left is out with the next thing they ask, whichever browser or program they use.
        UPDATE sessions SET ended_at = NEW.recorded_at
            WHERE person_id = CAST(said->>'person_id' AS uuid) AND ended_at IS NULL;
        UPDATE api_keys SET ended_at = NEW.recorded_at
            WHERE person_id = CAST(said->>'person_id' AS uuid) AND ended_at IS NULL;
    END CASE;
    RETURN NULL;
END $$;

CREATE TRIGGER followed AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.topic IN ('PupilAdmitted', 'PupilReadmitted', 'PupilMovedAcademy', 'YearGroupChanged',
                        'PlacedInClass', 'PupilLeft', 'PersonalDataErased', 'RoleGranted',
                        'RoleEnded', 'PersonLeft', 'CaseOpened', 'CaseClosed',
                        'EmergencyAccessTaken'))
    EXECUTE FUNCTION follow();
ALTER TABLE events ENABLE ALWAYS TRIGGER followed;

-- Those who are on record already.
INSERT INTO whereabouts (pupil_id, academy, nc_year, version)
    SELECT stream_id, clear->>'academy', clear->>'nc_year', version FROM events
    WHERE topic = 'PupilAdmitted';
UPDATE whereabouts w SET academy = last.academy, nc_year = last.nc_year, version = last.version
    FROM (SELECT DISTINCT ON (stream_id) stream_id, version, clear->>'nc_year' AS nc_year,
                 coalesce(clear->>'to_academy', clear->>'academy') AS academy
          FROM events WHERE topic IN ('PupilReadmitted', 'PupilMovedAcademy')
          ORDER BY stream_id, version DESC) AS last
    WHERE last.stream_id = w.pupil_id;
UPDATE whereabouts w SET nc_year = last.nc_year, version = last.version
    FROM (SELECT DISTINCT ON (stream_id) stream_id, version, clear->>'nc_year' AS nc_year
          FROM events WHERE topic = 'YearGroupChanged' ORDER BY stream_id, version DESC) AS last
    WHERE last.stream_id = w.pupil_id AND last.version > w.version;
UPDATE whereabouts w SET left_on = last.left_on, version = last.version
    FROM (SELECT DISTINCT ON (stream_id) stream_id, version, topic,
                 CAST(clear->>'occurred_on' AS date) AS left_on
          FROM events WHERE topic IN ('PupilLeft', 'PupilReadmitted')
          ORDER BY stream_id, version DESC) AS last
    WHERE last.stream_id = w.pupil_id AND last.topic = 'PupilLeft';
UPDATE whereabouts w SET nc_year = NULL
    FROM data_keys k WHERE k.stream_id = w.pupil_id AND k.destroyed_at IS NOT NULL;

-- How often anything changed by which somebody is judged.  What was read under a version holds for as
-- long as the version does; it is written in the transaction of the change, and read with each
-- request.
CREATE TABLE authority_head (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint  NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

COMMENT ON TABLE authority_head IS 'How often grants and whereabouts have changed';

INSERT INTO authority_head VALUES (true, 1);

CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE authority_head SET version = version + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON grants
    FOR EACH STATEMENT EXECUTE FUNCTION note_change();
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON whereabouts
    FOR EACH STATEMENT EXECUTE FUNCTION note_change();
ALTER TABLE grants ENABLE ALWAYS TRIGGER noted;
ALTER TABLE whereabouts ENABLE ALWAYS TRIGGER noted;

-- The scope of this unit of work, as SET LOCAL has it; NULL, and so nobody, if it was not set.
CREATE FUNCTION scope_pupils() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CAST(nullif(current_setting('send_records.pupils', true), '') AS uuid[])
$$;
CREATE FUNCTION scope_places() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CAST(nullif(current_setting('send_records.places', true), '') AS text[])
$$;
CREATE FUNCTION in_maintenance() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('send_records.maintenance', true), '') = 'on'
$$;

-- What some requests need to be judged by: each person's roles in force, and where each pupil is.
-- One row for each request, in order; the application asks this of nobody it does not name.
CREATE FUNCTION standing(p_persons uuid[], p_pupils uuid[], p_today date, p_at timestamptz)
RETURNS TABLE (o bigint, held json, places text[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
SET plan_cache_mode = force_generic_plan AS $$
    SELECT asked.o,
        (SELECT json_agg(json_build_array(g.grant_id, g.role, g.kind, g.academies, g.classes,
                                          g.years, g.pupils, g.contact_id) ORDER BY g.grant_id)
         FROM grants g WHERE g.person_id = asked.person AND g.ended_at IS NULL
             AND g.from_on <= p_today AND (g.until_on IS NULL OR g.until_on >= p_today)
             AND (g.until_at IS NULL OR g.until_at > p_at)),
        w.places
    FROM unnest(p_persons, p_pupils) WITH ORDINALITY AS asked (person, pupil, o)
    LEFT JOIN whereabouts w ON w.pupil_id = asked.pupil
    ORDER BY asked.o
$$;

-- Where commands are in the log: what a retry is answered from, whoever's pupil it is about.  It
-- tells ids, places and leaves, and no word.
CREATE FUNCTION find_commands(p_ids uuid[])
RETURNS TABLE (command_id uuid, request_mac bytea, stream_id uuid, version integer, first bigint,
               leaves bytea[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT commands.command_id, last.request_mac, last.stream_id, last.version, own.first, own.leaves
    FROM commands JOIN events last ON last.position = last_position
    CROSS JOIN LATERAL (
        SELECT min(e.position), array_agg(e.leaf ORDER BY e.position) FROM events e
        WHERE e.position BETWEEN first_position AND last_position AND e.stream_id = last.stream_id
    ) AS own (first, leaves)
    WHERE commands.command_id = ANY(p_ids)
$$;

-- The leaves of a log after a place, in order: what a tree is made of and proofs are computed from,
-- of all entries together.  A leaf is a hash over sealed words, and tells nothing of anybody.
CREATE FUNCTION leaves(p_tree text, p_after bigint, p_limit bigint)
RETURNS TABLE ("position" bigint, leaf bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT e.position, e.leaf FROM events e WHERE p_tree = 'events'
        AND e.position > p_after AND e.position <= p_after + p_limit
    UNION ALL
    SELECT a.position, a.leaf FROM access_log a WHERE p_tree = 'access_log'
        AND a.position > p_after AND a.position <= p_after + p_limit
    ORDER BY 1
$$;

-- Where the log was at an instant that is over, and when a place of it was recorded: of all entries,
-- for the log has one order.  They tell a number and a time.
CREATE FUNCTION position_at(p_instant timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH RECURSIVE halved (low, high) AS (
        SELECT 0::bigint, size FROM log_head
        UNION ALL
        SELECT CASE WHEN recorded_at <= p_instant THEN middle ELSE low END,
               CASE WHEN recorded_at <= p_instant THEN high ELSE middle - 1 END
        FROM (SELECT low, high, (low + high + 1) / 2 AS middle FROM halved WHERE low < high) AS h
        JOIN events ON position = middle
    )
    SELECT low FROM halved WHERE low = high
$$;
CREATE FUNCTION recorded_at(p_position bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT e.recorded_at FROM events e WHERE e.position = p_position
$$;

-- Every grant in force, for those who answer for them; no name is here.
CREATE FUNCTION grants_in_force(p_today date, p_at timestamptz)
RETURNS SETOF grants LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT * FROM grants g WHERE g.ended_at IS NULL AND g.from_on <= p_today
        AND (g.until_on IS NULL OR g.until_on >= p_today) AND (g.until_at IS NULL OR g.until_at > p_at)
    ORDER BY g.role, g.grant_id
$$;
