-- The read side: what the log adds up to, one table for each question.  Each can be thrown away
-- and folded again from the log.

CREATE TABLE projection_positions (
    name     text   PRIMARY KEY,
    position bigint NOT NULL
);

COMMENT ON TABLE projection_positions IS 'How far through the log each projection has got';

CREATE TABLE send_register (
    pupil_id            uuid    PRIMARY KEY,
    legal_name          text    NOT NULL,
    preferred_name      text,
    date_of_birth       date    NOT NULL,
    upn                 text,
    academy             text    NOT NULL,
    nc_year             text    NOT NULL,
    status              text    NOT NULL,
    sen_provision       text    NOT NULL,
    needs               jsonb   NOT NULL,
    primary_need        text,
    areas               text[]  NOT NULL,
    agencies            text[]  NOT NULL,
    monitored_since     date,
    added_on            date,
    added_because       text,
    parents_informed_on date,
    level_since         date,
    removed_on          date,
    removal_criterion   text,
    class_teacher       text,
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
    version             integer NOT NULL
);

COMMENT ON TABLE send_register IS 'Every pupil with a record, and where they stand on the SEND register';
COMMENT ON COLUMN send_register.status IS 'none, monitoring, targeted, specialist, ehcp, removed: the trust''s own levels';
COMMENT ON COLUMN send_register.sen_provision IS 'The DfE code that follows from the status: N, K or E';
COMMENT ON COLUMN send_register.needs IS 'Needs now, by rank: sen_type, label, rank, areas, since';
COMMENT ON COLUMN send_register.added_on IS 'First day of the latest time on the register';
COMMENT ON COLUMN send_register.removed_on IS 'Last day of the latest time on the register, once it is over';
COMMENT ON COLUMN send_register.version IS 'The pupil''s version that the row shows';

CREATE INDEX send_register_academy ON send_register (academy, status, pupil_id);

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
    recorded_by text        NOT NULL,
    role        text        NOT NULL,
    academy     text,
    detail      text        NOT NULL,
    reason      text,
    data_class  text        NOT NULL,
    origin      text        NOT NULL
);

COMMENT ON TABLE chronology IS 'The story of each pupil, one row an event, evidencing assess, plan, do, review';
COMMENT ON COLUMN chronology.phase IS 'assess, plan, do, review, or record for what keeps the record itself';
COMMENT ON COLUMN chronology.days_late IS 'Days from the day it happened to the day it was recorded, in London; 0 when on the day';
COMMENT ON COLUMN chronology.entry_id IS 'The command that recorded it; events of one command share it';

CREATE INDEX chronology_pupil ON chronology (pupil_id, occurred_on, position);

CREATE TABLE retention_schedule (
    pupil_id             uuid    PRIMARY KEY,
    legal_name           text    NOT NULL,
    date_of_birth        date    NOT NULL,
    academy              text    NOT NULL,
    left_on              date,
    record_class         text,
    earliest_disposal_on date,
    rule_id              text,
    rule_years           integer,
    rule_leap_day        text,
    rule_citation        text,
    advised_until        date,
    advice_years         integer,
    advice_leap_day      text,
    advice_citation      text,
    holds                jsonb   NOT NULL,
    held                 boolean NOT NULL
);

COMMENT ON TABLE retention_schedule IS 'Until when each record is kept, which rule says so, and what holds it beyond';
COMMENT ON COLUMN retention_schedule.earliest_disposal_on IS 'Never automatic: a hold beats it and people decide';
COMMENT ON COLUMN retention_schedule.advised_until IS 'Where sector guidance is longer than the trust''s policy';
COMMENT ON COLUMN retention_schedule.holds IS 'Holds in force: hold_id, kind, reference, placed_on, review_on';

CREATE INDEX retention_schedule_due ON retention_schedule (earliest_disposal_on, pupil_id);

GRANT SELECT ON projection_positions, send_register, chronology, retention_schedule TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE
    ON projection_positions, send_register, chronology, retention_schedule TO {projector};
