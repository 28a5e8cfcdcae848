-- The read side, sealed like the log: what says who a pupil is, and every word about them, is in the
-- column `sealed`, under the pupil's key.  In clear is what rows are found, counted and ordered by.

DROP TABLE send_register, chronology, retention_schedule;
TRUNCATE projection_positions;

CREATE TABLE send_register (
    pupil_id            uuid    PRIMARY KEY,
    academy             text    NOT NULL,
    nc_year             text    NOT NULL,
    status              text    NOT NULL,
    sen_provision       text    NOT NULL,
    needs               jsonb   NOT NULL,
    primary_need        text,
    areas               text[]  NOT NULL,
    monitored_since     date,
    added_on            date,
    parents_informed_on date,
    level_since         date,
    removed_on          date,
    removal_criterion   text,
    last_review_on      date,
    next_review_on      date,
    eal                 boolean,
    pupil_premium       boolean,
    looked_after        boolean,
    previously_looked_after boolean,
    service_child       boolean,
    young_carer         boolean,
    disability          boolean,
    left_on             date,
    version             integer NOT NULL,
    upn_tag             bytea,
    sealed              bytea   NOT NULL
);

COMMENT ON TABLE send_register IS 'Every pupil with a record, and where they stand on the SEND register';
COMMENT ON COLUMN send_register.status IS 'none, monitoring, targeted, specialist, ehcp, removed: the trust''s own levels';
COMMENT ON COLUMN send_register.sen_provision IS 'The DfE code that follows from the status: N, K or E';
COMMENT ON COLUMN send_register.needs IS 'Needs now, by rank: sen_type, label, rank, areas, since';
COMMENT ON COLUMN send_register.added_on IS 'First day of the latest time on the register';
COMMENT ON COLUMN send_register.removed_on IS 'Last day of the latest time on the register, once it is over';
COMMENT ON COLUMN send_register.version IS 'The pupil''s version that the row shows';
COMMENT ON COLUMN send_register.upn_tag IS 'By which a pupil is found by UPN, for whoever has the index key; the key is replaced with every erasure';
COMMENT ON COLUMN send_register.sealed IS 'Names, date of birth, UPN, agencies, class teacher, why added: under the pupil''s key';

CREATE INDEX send_register_academy ON send_register (academy, status, pupil_id);
CREATE INDEX send_register_upn ON send_register (upn_tag);

CREATE TABLE chronology (
    position    bigint      PRIMARY KEY,
    pupil_id    uuid        NOT NULL,
    version     integer     NOT NULL,
    entry_id    uuid        NOT NULL,
    event       text        NOT NULL,
    phase       text        NOT NULL,
    occurred_on date        NOT NULL,
    recorded_at timestamptz NOT NULL,
    days_late   integer     NOT NULL,
    role        text        NOT NULL,
    academy     text,
    sealed      bytea       NOT NULL
);

COMMENT ON TABLE chronology IS 'The story of each pupil, one row an event, evidencing assess, plan, do, review';
COMMENT ON COLUMN chronology.phase IS 'assess, plan, do, review, or record for what keeps the record itself';
COMMENT ON COLUMN chronology.days_late IS 'Days from the day it happened to the day it was recorded, in London; 0 when on the day';
COMMENT ON COLUMN chronology.entry_id IS 'The command that recorded it; events of one command share it';
COMMENT ON COLUMN chronology.sealed IS 'By whom, what it says, why, and what kind of information it is from whom: under the pupil''s key';

CREATE INDEX chronology_pupil ON chronology (pupil_id, occurred_on, position);

CREATE TABLE retention_schedule (
    pupil_id             uuid    PRIMARY KEY,
    academy              text    NOT NULL,
    left_on              date,
    record_class         text,
    earliest_disposal_year integer,
    rule_id              text,
    rule_years           integer,
    rule_leap_day        text,
    rule_citation        text,
    advice_years         integer,
    advice_leap_day      text,
    advice_citation      text,
    held                 boolean NOT NULL,
    sealed               bytea   NOT NULL
);

COMMENT ON TABLE retention_schedule IS 'Until when each record is kept, which rule says so, and what holds it beyond';
COMMENT ON COLUMN retention_schedule.earliest_disposal_year IS 'The day is sealed, for the date of birth follows from it; never automatic: a hold beats it and people decide';
COMMENT ON COLUMN retention_schedule.sealed IS 'Name, date of birth, the days until when it is kept, and the holds in force: under the pupil''s key';

CREATE INDEX retention_schedule_due ON retention_schedule (earliest_disposal_year, pupil_id);

GRANT SELECT ON send_register, chronology, retention_schedule TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON send_register, chronology, retention_schedule TO {projector};
