-- The log: every event of every pupil, in the one order in which they were recorded.
--
-- Applied with search_path set to the trust's schema, so that names need no schema here and the
-- functions below keep it (SET search_path FROM CURRENT).  {app} and {projector} are the roles of
-- the application and of the projection worker; the owner is whoever applies this file.

CREATE TABLE events (
    position      bigint      PRIMARY KEY,
    stream_id     uuid        NOT NULL,
    version       integer     NOT NULL CHECK (version > 0),
    topic         text        NOT NULL,
    class_version smallint    NOT NULL CHECK (class_version > 0),
    state         bytea       NOT NULL,
    recorded_at   timestamptz NOT NULL,
    actor_id      uuid        NOT NULL,
    command_id    uuid        NOT NULL,
    leaf          bytea       NOT NULL CHECK (octet_length(leaf) = 32),
    UNIQUE (stream_id, version)
);

COMMENT ON TABLE events IS 'Every fact ever recorded; appended to by append(), never changed';
COMMENT ON COLUMN events.position IS 'Place in the whole log, from 1, without gaps: the Merkle index + 1';
COMMENT ON COLUMN events.stream_id IS 'The pupil';
COMMENT ON COLUMN events.version IS 'Place in the pupil''s stream, from 1, without gaps';
COMMENT ON COLUMN events.topic IS 'The name of the event class';
COMMENT ON COLUMN events.class_version IS 'Which shape of that class the state has';
COMMENT ON COLUMN events.recorded_at IS 'The database''s clock; grows strictly with each append, equal within one';
COMMENT ON COLUMN events.leaf IS 'SHA-256 over all other columns: see leaf()';

CREATE TABLE commands (
    command_id     uuid        PRIMARY KEY,
    request_hash   bytea       NOT NULL CHECK (octet_length(request_hash) = 32),
    stream_id      uuid        NOT NULL,
    version        integer     NOT NULL,
    first_position bigint      NOT NULL,
    last_position  bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL
);

COMMENT ON TABLE commands IS 'One row for each command recorded, in the transaction of its events: what a retry is answered from';
COMMENT ON COLUMN commands.version IS 'The pupil''s version after it';

-- One row: the size of the log and the time of its last append.  It is rewritten by each append,
-- so it keeps to a page of its own with room to spare (heap-only updates, no index to touch).
CREATE TABLE log_head (
    one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
    size        bigint      NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

INSERT INTO log_head VALUES (true, 0, 'epoch');

-- What is in the log stays as it is, for its owner too.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'SR002';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON commands
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER one_head BEFORE DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ALWAYS: also for a session that says it is a replica, as a superuser's may.
ALTER TABLE events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE commands ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log_head ENABLE ALWAYS TRIGGER one_head;

GRANT USAGE ON SCHEMA {schema} TO {app}, {projector};
GRANT SELECT ON events TO {app}, {projector};
GRANT SELECT ON commands, log_head TO {app};
GRANT SELECT ON log_head TO {projector};
