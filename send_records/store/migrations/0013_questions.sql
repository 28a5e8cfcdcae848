-- What the record should hold and does not; and the state it follows from.

CREATE TABLE evidence_gaps (
    gap_id     uuid    PRIMARY KEY,
    pupil_id   uuid    NOT NULL,
    kind       text    NOT NULL,
    from_on    date    NOT NULL,
    closed_on  date,
    started_by bigint  NOT NULL,
    days       integer,
    sealed     bytea   NOT NULL
);

COMMENT ON TABLE evidence_gaps IS 'What the record should hold by law or policy and does not, one row a gap';
COMMENT ON COLUMN evidence_gaps.kind IS 'review_without_pupil_voice, review_without_parent_voice, plan_past_review, agreement_missing, specialist_without_agency, parents_not_told, level_not_told, monitoring_past_review, target_not_evaluated, late_entry';
COMMENT ON COLUMN evidence_gaps.from_on IS 'The first day on which it is one: open on a day is from_on <= day AND (closed_on > day) IS NOT FALSE';
COMMENT ON COLUMN evidence_gaps.closed_on IS 'The first day on which it is one no more: it was mended, or nobody asks for it now';
COMMENT ON COLUMN evidence_gaps.started_by IS 'Position of the event without which it would not be one';
COMMENT ON COLUMN evidence_gaps.days IS 'Of a late entry: from the day it tells of to the day it was recorded';
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
