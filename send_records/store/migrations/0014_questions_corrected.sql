-- What was put right: which fields of a row, in the views that came with 0013.

ALTER TABLE evidence_gaps ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE targets ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE concerns_log ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];

COMMENT ON COLUMN evidence_gaps.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN targets.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN concerns_log.corrected IS 'The names of what would say something else as it was recorded';
