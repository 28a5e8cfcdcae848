-- Who has signed in, who is signing in, and the keys of integrations.
--
-- Of a secret only its SHA-256 is kept; names are sealed under the trust's key.  None of these
-- tables says anything of a pupil, and what a caller may see and do is not here but in grants.


-- Sessions of people, in a browser.

CREATE TABLE sessions (
    session_id  uuid        PRIMARY KEY,
    secret_hash bytea       NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    person_id   uuid        NOT NULL,
    sealed      bytea       NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    strong_at   timestamptz,
    ended_at    timestamptz,
    CHECK (expires_at > made_at),
    CHECK (expires_at <= made_at + interval '24 hours')
);

COMMENT ON TABLE sessions IS 'Who has signed in with a browser, one row a session; kept for thirty days after it expires';
COMMENT ON COLUMN sessions.secret_hash IS 'SHA-256 of the cookie''s 256 random bits, which are kept nowhere';
COMMENT ON COLUMN sessions.person_id IS 'Whose grants count';
COMMENT ON COLUMN sessions.sealed IS 'The person''s name, as the provider gave it: under the trust''s key';
COMMENT ON COLUMN sessions.seen_at IS 'When it was last used, to the minute: unused for long, it is over';
COMMENT ON COLUMN sessions.expires_at IS 'When it is over, however much it is used';
COMMENT ON COLUMN sessions.strong_at IS 'When a second factor was proven; null if none was';
COMMENT ON COLUMN sessions.ended_at IS 'When it was ended: signed out, replaced, or taken away';

CREATE INDEX sessions_person ON sessions (person_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);

GRANT SELECT, INSERT, DELETE ON sessions TO {app};
GRANT UPDATE (seen_at, ended_at) ON sessions TO {app};


-- Sign-ins that were begun, and have not come back from the provider yet.

CREATE TABLE sign_ins (
    state_hash   bytea       PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    browser_hash bytea       NOT NULL CHECK (octet_length(browser_hash) = 32),
    session_id   uuid,
    begun_at     timestamptz NOT NULL DEFAULT now(),
    sealed       bytea       NOT NULL
);

COMMENT ON TABLE sign_ins IS 'Sign-ins on their way, each good for one answer within ten minutes, and then deleted';
COMMENT ON COLUMN sign_ins.state_hash IS 'SHA-256 of what the provider hands back (state)';
COMMENT ON COLUMN sign_ins.browser_hash IS 'SHA-256 of the cookie of the browser that began it: no other can end it';
COMMENT ON COLUMN sign_ins.session_id IS 'The session that is to be made stronger; null for a first sign-in';
COMMENT ON COLUMN sign_ins.sealed IS 'Nonce, PKCE verifier, and where to go afterwards: under the trust''s key';

CREATE INDEX sign_ins_begun ON sign_ins (begun_at);

GRANT SELECT, INSERT, DELETE ON sign_ins TO {app};


-- Keys of integrations.

CREATE TABLE api_keys (
    key_id       uuid        PRIMARY KEY,
    secret_hash  bytea       NOT NULL CHECK (octet_length(secret_hash) = 32),
    person_id    uuid        NOT NULL,
    sealed       bytea       NOT NULL,
    operations   text[]      NOT NULL CHECK (cardinality(operations) BETWEEN 1 AND 100),
    made_by      uuid        NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    last_used_on date,
    CHECK (expires_at > made_at),
    CHECK (expires_at <= made_at + interval '366 days')
);

COMMENT ON TABLE api_keys IS 'Keys by which integrations call the API, each held to what is named here';
COMMENT ON COLUMN api_keys.secret_hash IS 'SHA-256 of the key''s 256 random bits, which are kept nowhere';
COMMENT ON COLUMN api_keys.person_id IS 'The service, whose grants count';
COMMENT ON COLUMN api_keys.sealed IS 'The service''s name: under the trust''s key';
COMMENT ON COLUMN api_keys.operations IS 'The operations it can call, if the grants allow them too';
COMMENT ON COLUMN api_keys.made_by IS 'Who made it';
COMMENT ON COLUMN api_keys.expires_at IS 'A year at most: a forgotten key ends by itself';
COMMENT ON COLUMN api_keys.last_used_on IS 'The day of its last use, so that one that nobody uses is seen';

CREATE INDEX api_keys_person ON api_keys (person_id);

GRANT SELECT, INSERT ON api_keys TO {app};
GRANT UPDATE (last_used_on, ended_at) ON api_keys TO {app};
