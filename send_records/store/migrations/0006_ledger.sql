-- The ledger: the Merkle trees over the log and over the access log, and the checkpoints signed over
-- them.  {notary} is the role that builds and signs: it sees leaves, and nothing of what they stand for.

CREATE TABLE trust (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    name text    NOT NULL
);

COMMENT ON TABLE trust IS 'Whose log this is: named in every signature, and bound into everything sealed';

-- Who saw what.  One row for each answer that held anything about a pupil, each refusal, and each
-- thing done with the keys; committed before the answer is sent.
CREATE TABLE access_log (
    position    bigint      PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    request_id  uuid        NOT NULL,
    actor_id    uuid        NOT NULL,
    role        text        NOT NULL,
    academy     text,
    act         text        NOT NULL,
    what        text        NOT NULL,
    tier        text        NOT NULL,
    purpose     text        NOT NULL,
    outcome     text        NOT NULL,
    pupils      uuid[]      NOT NULL,
    sealed      bytea       NOT NULL,
    leaf        bytea       NOT NULL CHECK (octet_length(leaf) = 32)
);

COMMENT ON TABLE access_log IS 'Who saw what of whom, and who was refused; appended to by append_access(), never changed';
COMMENT ON COLUMN access_log.position IS 'Place in the access log, from 1, without gaps: the Merkle index + 1';
COMMENT ON COLUMN access_log.act IS 'read, search, export, proof, refusal or keys';
COMMENT ON COLUMN access_log.what IS 'The operation of the API, or the command';
COMMENT ON COLUMN access_log.tier IS 'T1 to T5: how sensitive what it shows can be';
COMMENT ON COLUMN access_log.outcome IS 'given, or the name of the refusal';
COMMENT ON COLUMN access_log.pupils IS 'Everyone of whom something was in the answer';
COMMENT ON COLUMN access_log.sealed IS 'The actor''s name, as it was then, under the trust''s key';
COMMENT ON COLUMN access_log.leaf IS 'SHA-256 over all other columns: see access_leaf()';

CREATE INDEX access_log_pupils ON access_log USING gin (pupils);

CREATE TABLE access_head (
    one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
    size        bigint      NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

INSERT INTO access_head VALUES (true, 0, 'epoch');

CREATE TABLE tiles (
    tree   text     NOT NULL,
    level  smallint NOT NULL CHECK (level > 0),
    index  bigint   NOT NULL,
    hashes bytea    NOT NULL,
    PRIMARY KEY (tree, level, index)
);

COMMENT ON TABLE tiles IS 'The inner hashes of both trees, 256 to a row (C2SP tlog-tiles); level 0 is the column leaf of the logs themselves';

CREATE TABLE checkpoints (
    tree      text        NOT NULL,
    size      bigint      NOT NULL,
    root      bytea       NOT NULL CHECK (octet_length(root) = 32),
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tree, size)
);

COMMENT ON TABLE checkpoints IS 'What was signed; the copies that count are the ones outside this database';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trust
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER one_head BEFORE DELETE OR TRUNCATE ON access_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE access_log ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE trust ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE access_head ENABLE ALWAYS TRIGGER one_head;

-- The leaf of an access: like an event's, over every other column.
CREATE FUNCTION access_leaf(
    "position" bigint, recorded_at timestamptz, request_id uuid, actor_id uuid, role text,
    academy text, act text, what text, tier text, purpose text, outcome text, pupils uuid[],
    sealed bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(
        '\x00'::bytea || 'send-records/access/1'::bytea
        || col(int8send("position")) || col(timestamptz_send(recorded_at))
        || col(uuid_send(request_id)) || col(uuid_send(actor_id)) || col(convert_to(role, 'UTF8'))
        || col(convert_to(academy, 'UTF8')) || col(convert_to(act, 'UTF8'))
        || col(convert_to(what, 'UTF8')) || col(convert_to(tier, 'UTF8'))
        || col(convert_to(purpose, 'UTF8')) || col(convert_to(outcome, 'UTF8'))
        || col(array_send(pupils)) || col(sealed)
    )
$$;

-- Append one access; return its position.  Gapless and monotone, as append() is.
CREATE FUNCTION append_access(
    p_request_id uuid, p_actor_id uuid, p_role text, p_academy text, p_act text, p_what text,
    p_tier text, p_purpose text, p_outcome text, p_pupils uuid[], p_sealed bytea
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
SET lock_timeout = '10s'
AS $$
DECLARE
    at      bigint;
    instant timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock('access_log'::regclass::oid::bigint);
    UPDATE access_head h
        SET size = h.size + 1,
            recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
        RETURNING h.size, h.recorded_at INTO at, instant;
    INSERT INTO access_log VALUES (
        at, instant, p_request_id, p_actor_id, p_role, p_academy, p_act, p_what, p_tier,
        p_purpose, p_outcome, p_pupils, p_sealed,
        access_leaf(at, instant, p_request_id, p_actor_id, p_role, p_academy, p_act, p_what,
                    p_tier, p_purpose, p_outcome, p_pupils, p_sealed)
    );
    RETURN at;
END $$;

REVOKE ALL ON FUNCTION append_access, access_leaf FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_access TO {app};
GRANT SELECT ON trust, access_log, access_head, tiles, checkpoints TO {app};
GRANT USAGE ON SCHEMA {schema} TO {notary};
GRANT SELECT (position, leaf) ON events TO {notary};
GRANT SELECT (position, leaf) ON access_log TO {notary};
GRANT SELECT ON trust, log_head, access_head TO {notary};
GRANT SELECT, INSERT, UPDATE ON tiles TO {notary};
GRANT SELECT, INSERT ON checkpoints TO {notary};
