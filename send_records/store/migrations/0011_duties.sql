-- The duties: what is due, by which rule, and what became of it; and the feeds that tell of them.

CREATE TABLE duties (
    duty_id         uuid    PRIMARY KEY,
    pupil_id        uuid    NOT NULL,
    academy         text    NOT NULL,
    clock           text    NOT NULL,
    state           text    NOT NULL,
    due_on          date    NOT NULL,
    started_on      date    NOT NULL,
    started_event   text    NOT NULL,
    started_version integer NOT NULL,
    counted_from    date    NOT NULL,
    done_on         date,
    late            boolean NOT NULL,
    paused_since    date,
    estimate        boolean NOT NULL,
    "window"        boolean NOT NULL,
    role            text    NOT NULL,
    acts            text    NOT NULL,
    rule_id         text    NOT NULL,
    sealed          bytea   NOT NULL
);

COMMENT ON TABLE duties IS 'What is due, one row a duty that there ever was';
COMMENT ON COLUMN duties.clock IS 'Which kind of duty: the name of a row of rules/clocks.toml';
COMMENT ON COLUMN duties.state IS 'open, paused, met, or lapsed when it no longer applied';
COMMENT ON COLUMN duties.academy IS 'Where the pupil is, or was when it ended';
COMMENT ON COLUMN duties.started_version IS 'The pupil''s version of the event that started it';
COMMENT ON COLUMN duties.counted_from IS 'The day from which it is counted, or that the event set';
COMMENT ON COLUMN duties.done_on IS 'The day on which it was met or lapsed';
COMMENT ON COLUMN duties.late IS 'Met after it was due';
COMMENT ON COLUMN duties.estimate IS 'Whether term dates, or the day it counts from, were not known';
COMMENT ON COLUMN duties."window" IS 'A right that passes or a day that comes, which is never late';
COMMENT ON COLUMN duties.role IS 'Whose list it is on';
COMMENT ON COLUMN duties.acts IS 'Who must act: a role, local_authority or parent';
COMMENT ON COLUMN duties.rule_id IS 'The row of the rules that set its date';
COMMENT ON COLUMN duties.sealed IS 'What it is, what stops it, its citation, and about which matter: under the pupil''s key';

CREATE INDEX duties_open ON duties (due_on, duty_id) WHERE state IN ('open', 'paused');
CREATE INDEX duties_open_academy ON duties (academy, due_on, duty_id) WHERE state IN ('open', 'paused');
CREATE INDEX duties_late ON duties (due_on, duty_id) WHERE late;
CREATE INDEX duties_due ON duties (due_on, duty_id);
CREATE INDEX duties_pupil ON duties (pupil_id);

CREATE TABLE duties_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE duties_states IS 'What the rows of duties follow from, one row a pupil, under the pupil''s key';
COMMENT ON COLUMN duties_states.version IS 'The pupil''s version that changed it last';

-- Under which clocks and terms a view was made: when they change, it says so until it is rebuilt.
CREATE TABLE projection_rules (
    name        text    PRIMARY KEY,
    fingerprint text    NOT NULL,
    outdated    boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE projection_rules IS 'Under which clocks and terms a view was made';
COMMENT ON COLUMN projection_rules.outdated IS 'Whether others are in use now, so that it is to be rebuilt';

GRANT SELECT ON duties, duties_states, projection_rules TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON duties, duties_states, projection_rules TO {projector};

-- Who may see duties in a calendar of their own, without signing in: by a secret of which the hash
-- is kept.  A feed names nobody; its scope is fixed when it is made, and it can be ended.
CREATE TABLE calendar_feeds (
    feed_id    uuid        PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    actor_id   uuid        NOT NULL,
    actor_role text        NOT NULL,
    at_academy text,
    sealed     bytea       NOT NULL,
    academy    text,
    role       text,
    made_at    timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);

COMMENT ON TABLE calendar_feeds IS 'Calendars of duties, read by whoever has the secret: no names are in them';
COMMENT ON COLUMN calendar_feeds.token_hash IS 'SHA-256 of the secret, which is kept nowhere';
COMMENT ON COLUMN calendar_feeds.actor_id IS 'Who made it, in which role, at which academy; their name is sealed under the trust''s key';
COMMENT ON COLUMN calendar_feeds.academy IS 'Only duties at this academy; all of the trust''s if empty';
COMMENT ON COLUMN calendar_feeds.role IS 'Only duties of this role; of all if empty';

CREATE INDEX calendar_feeds_actor ON calendar_feeds (actor_id);

GRANT SELECT, INSERT, UPDATE (ended_at) ON calendar_feeds TO {app};
