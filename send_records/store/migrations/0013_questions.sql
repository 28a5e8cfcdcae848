-- What the record should hold and does not; and the state it follows from.

CREATE TABLE evidence_gaps (
    gap_id     uuid    PRIMARY KEY,
    pupil_id   uuid    NOT NULL,
    kind       text    NOT NULL,
    from_on    date    NOT NULL,
    closed_on  date,
    started_by bigint  NOT NULL,
    days       integer,
    corrected  text[]  NOT NULL DEFAULT ARRAY[]::text[],
    sealed     bytea   NOT NULL
);

COMMENT ON TABLE evidence_gaps IS 'What the record should hold by law or policy and does not, one row a gap';
COMMENT ON COLUMN evidence_gaps.kind IS 'review_without_pupil_voice, review_without_parent_voice, plan_past_review, agreement_missing, specialist_without_agency, parents_not_told, level_not_told, monitoring_past_review, target_not_evaluated, late_entry';
COMMENT ON COLUMN evidence_gaps.from_on IS 'The first day on which it is one: open on a day is from_on <= day AND (closed_on > day) IS NOT FALSE';
COMMENT ON COLUMN evidence_gaps.closed_on IS 'The first day on which it is one no more: it was mended, or nobody asks for it now';
COMMENT ON COLUMN evidence_gaps.started_by IS 'Position of the event without which it would not be one';
COMMENT ON COLUMN evidence_gaps.days IS 'Of a late entry: from the day it tells of to the day it was recorded';
COMMENT ON COLUMN evidence_gaps.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN evidence_gaps.sealed IS 'Which target, and the clause: under the pupil''s key';

CREATE INDEX evidence_gaps_pupil ON evidence_gaps (pupil_id);
CREATE INDEX evidence_gaps_from ON evidence_gaps (from_on, gap_id);

CREATE TABLE evidence_gaps_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE evidence_gaps_states IS 'What the rows of evidence_gaps follow from, one row a pupil, under the pupil''s key';
COMMENT ON COLUMN evidence_gaps_states.version IS 'The pupil''s version that changed it last';

GRANT SELECT ON evidence_gaps, evidence_gaps_states TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON evidence_gaps, evidence_gaps_states TO {projector};


-- What each plan asked of a pupil, and what became of it; and the state it follows from.

CREATE TABLE targets (
    target_id     uuid    PRIMARY KEY,
    pupil_id      uuid    NOT NULL,
    plan_id       uuid    NOT NULL,
    plan_kind     text    NOT NULL,
    plan_version  integer NOT NULL,
    place         integer NOT NULL,
    area          text    NOT NULL,
    due_on        date    NOT NULL,
    review_on     date    NOT NULL,
    written_on    date    NOT NULL,
    agreed_on     date,
    amended_on    date,
    superseded_on date,
    ended_on      date,
    outcome       text,
    reviewed_on   date,
    open          boolean NOT NULL,
    position      bigint  NOT NULL,
    corrected     text[]  NOT NULL DEFAULT ARRAY[]::text[],
    sealed        bytea   NOT NULL
);

COMMENT ON TABLE targets IS 'What pupils work towards, one row a target of each version of a plan';
COMMENT ON COLUMN targets.plan_version IS 'From 1; each amendment is one more, in which an outcome is told anew';
COMMENT ON COLUMN targets.place IS 'Which of the plan''s targets, from 1';
COMMENT ON COLUMN targets.written_on IS 'The day this version was drafted or amended';
COMMENT ON COLUMN targets.agreed_on IS 'The day the plan was agreed, in this version or one before it';
COMMENT ON COLUMN targets.amended_on IS 'The day the next version took its place';
COMMENT ON COLUMN targets.outcome IS 'met, partly_met, not_met, withdrawn; null if no review looked at it';
COMMENT ON COLUMN targets.open IS 'Whether it is worked towards: the plan reads so and is not over, and it is neither met nor withdrawn';
COMMENT ON COLUMN targets.position IS 'Of the event that wrote this version';
COMMENT ON COLUMN targets.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN targets.sealed IS 'Its name, words, baseline, success and evidence: under the pupil''s key';

CREATE INDEX targets_pupil ON targets (pupil_id);
CREATE INDEX targets_due ON targets (due_on, target_id);

CREATE TABLE targets_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE targets_states IS 'What the rows of targets follow from, one row a pupil, under the pupil''s key';
COMMENT ON COLUMN targets_states.version IS 'The pupil''s version that changed it last';

GRANT SELECT ON targets, targets_states TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON targets, targets_states TO {projector};


-- What worried somebody, and what was done about it; and the state it follows from.

CREATE TABLE concerns_log (
    concern_id       uuid    PRIMARY KEY,
    pupil_id         uuid    NOT NULL,
    raised_on        date    NOT NULL,
    noticed_on       date    NOT NULL,
    areas            text[]  NOT NULL,
    raised_role      text    NOT NULL,
    discussed_on     date,
    questionnaire_on date,
    answered_on      date,
    days_to_answer   integer,
    decided_on       date,
    decision         text,
    closed_on        date,
    outcome          text,
    position         bigint  NOT NULL,
    corrected        text[]  NOT NULL DEFAULT ARRAY[]::text[],
    sealed           bytea   NOT NULL
);

COMMENT ON TABLE concerns_log IS 'What worried somebody about a pupil and what was done, one row a concern';
COMMENT ON COLUMN concerns_log.raised_role IS 'The role of whoever recorded it';
COMMENT ON COLUMN concerns_log.discussed_on IS 'The day it was first discussed with the family';
COMMENT ON COLUMN concerns_log.answered_on IS 'The day of the first answer; null while nobody has answered';
COMMENT ON COLUMN concerns_log.days_to_answer IS 'From the day it was raised to the first answer';
COMMENT ON COLUMN concerns_log.decided_on IS 'The day of the answer that stands';
COMMENT ON COLUMN concerns_log.decision IS 'observe, advise, monitor, assess, refer, no_action';
COMMENT ON COLUMN concerns_log.position IS 'Of the event that raised it';
COMMENT ON COLUMN concerns_log.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN concerns_log.sealed IS 'What was seen, by whom, what the family said, and why it was decided so: under the pupil''s key';

CREATE INDEX concerns_log_pupil ON concerns_log (pupil_id);
CREATE INDEX concerns_log_raised ON concerns_log (raised_on, concern_id);

CREATE TABLE concerns_log_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE concerns_log_states IS 'What the rows of concerns_log follow from, one row a pupil, under the pupil''s key';
COMMENT ON COLUMN concerns_log_states.version IS 'The pupil''s version that changed it last';

GRANT SELECT ON concerns_log, concerns_log_states TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON concerns_log, concerns_log_states TO {projector};
