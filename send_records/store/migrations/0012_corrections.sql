-- What was put right: which fields of a row, and what became of an entry.  Pupils in whose record an
-- entry is about another are found by the index, and folded anew.

ALTER TABLE send_register ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE retention_schedule ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE agreements ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE provision_map ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE medical_register ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE duties ADD COLUMN corrected text[] NOT NULL DEFAULT ARRAY[]::text[];
ALTER TABLE chronology
    ADD COLUMN corrected  boolean NOT NULL DEFAULT false,
    ADD COLUMN withdrawn  boolean NOT NULL DEFAULT false,
    ADD COLUMN disputed   boolean NOT NULL DEFAULT false,
    ADD COLUMN restricted boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN send_register.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN retention_schedule.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN agreements.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN provision_map.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN medical_register.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN duties.corrected IS 'The names of what would say something else as it was recorded';
COMMENT ON COLUMN chronology.corrected IS 'A value of it was put right: the row shows it as corrected';
COMMENT ON COLUMN chronology.withdrawn IS 'Recorded on the wrong pupil, twice or in error: it counts for nothing';
COMMENT ON COLUMN chronology.disputed IS 'A statement stands beside it';
COMMENT ON COLUMN chronology.restricted IS 'Stored and not used for now (UK GDPR Art 18): what it says is withheld';

CREATE INDEX events_about_entries ON events (stream_id)
    WHERE topic IN ('EntryCorrected', 'EntryWithdrawn', 'EntryDisputed', 'ProcessingRestricted', 'RestrictionLifted');
