-- What parents agreed to, refused and withdrew, for each purpose; and the state it follows from.

CREATE TABLE agreements (
    agreement_id uuid    PRIMARY KEY,
    pupil_id     uuid    NOT NULL,
    purpose      text    NOT NULL,
    outcome      text    NOT NULL,
    sought_on    date,
    answered_on  date,
    expires_on   date,
    ended_on     date,
    position     bigint  NOT NULL,
    sealed       bytea   NOT NULL
);

COMMENT ON TABLE agreements IS 'What parents were asked to agree to and what they answered, one row a request or answer';
COMMENT ON COLUMN agreements.outcome IS 'sought, given, refused, or withdrawn after it was given';
COMMENT ON COLUMN agreements.answered_on IS 'The day it was given or refused';
COMMENT ON COLUMN agreements.expires_on IS 'The last day on which it holds, unless it ended before';
COMMENT ON COLUMN agreements.ended_on IS 'The day it was withdrawn, or a refusal ended it';
COMMENT ON COLUMN agreements.position IS 'Of the event that opened the row';
COMMENT ON COLUMN agreements.sealed IS 'The agency, by whom, and why not: under the pupil''s key';

CREATE INDEX agreements_pupil ON agreements (pupil_id);
CREATE INDEX agreements_position ON agreements (position, agreement_id);

CREATE TABLE agreements_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE agreements_states IS 'What the rows of agreements follow from, one row a pupil, under the pupil''s key';

COMMENT ON COLUMN agreements_states.version IS 'The pupil''s version that changed it last';

GRANT SELECT ON agreements, agreements_states TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON agreements, agreements_states TO {projector};
