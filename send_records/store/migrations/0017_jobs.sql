-- Jobs: work that takes longer than a request may, which a worker does and somebody looks on at.
--
-- A job's id is the Idempotency-Key under which it was asked for: it is the id of the command that
-- records the result, and of the content that the result is kept as.  So a worker that ends half
-- way leaves nothing that the next one could do twice: content is kept once under an id, and a
-- command is recorded once.  What is asked is sealed under the pupil's key; in clear are codes, ids,
-- counts and instants.

CREATE TABLE jobs (
    job_id      uuid        PRIMARY KEY,
    pupil_id    uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind ~ '^[A-Za-z]{{1,64}}$'),
    asked_by    uuid        NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz NOT NULL,
    log_size    bigint      NOT NULL DEFAULT 0,
    access_size bigint      NOT NULL DEFAULT 0,
    request_mac bytea       NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    stage       text        NOT NULL DEFAULT '' CHECK (stage ~ '^[a-z_]{{0,40}}$'),
    done        integer     NOT NULL DEFAULT 0 CHECK (done >= 0),
    total       integer     NOT NULL DEFAULT 0 CHECK (total >= 0),
    attempts    integer     NOT NULL DEFAULT 0,
    cancellable boolean     NOT NULL DEFAULT true,
    worker      uuid,
    beaten_at   timestamptz,
    ended_at    timestamptz,
    refusal     text        CHECK (refusal ~ '^[A-Za-z]{{1,64}}$'),
    sealed      bytea       CHECK (octet_length(sealed) BETWEEN 64 AND 524288),
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK ((state IN ('waiting', 'running')) = (ended_at IS NULL)),
    CHECK ((state = 'failed') = (refusal IS NOT NULL))
);

COMMENT ON TABLE jobs IS 'Work that somebody asked for, until it expires';
COMMENT ON COLUMN jobs.job_id IS 'The Idempotency-Key: also the id of the command that records the result, and of its content';
COMMENT ON COLUMN jobs.kind IS 'The name of the command';
COMMENT ON COLUMN jobs.expires_at IS 'When the job and its result are removed';
COMMENT ON COLUMN jobs.log_size IS 'How many events there were when it was asked for: it is made of these, whoever makes it, and when';
COMMENT ON COLUMN jobs.access_size IS 'How many rows the access log had then';
COMMENT ON COLUMN jobs.request_mac IS 'By which the same request is known again, under the pupil''s key';
COMMENT ON COLUMN jobs.stage IS 'What is being done, as a code';
COMMENT ON COLUMN jobs.attempts IS 'How often a worker took it up';
COMMENT ON COLUMN jobs.cancellable IS 'False from when its result is being recorded';
COMMENT ON COLUMN jobs.worker IS 'Who is at work on it';
COMMENT ON COLUMN jobs.beaten_at IS 'When the worker was last heard of';
COMMENT ON COLUMN jobs.refusal IS 'Why it failed: the name of the refusal';
COMMENT ON COLUMN jobs.sealed IS 'What is asked, in whose name, under the pupil''s key; once it has failed, what it was refused with, sealed alike; else null once it has ended';

CREATE INDEX jobs_pupil ON jobs (pupil_id);
CREATE INDEX jobs_asked ON jobs (asked_by, asked_at, job_id);
CREATE INDEX jobs_to_do ON jobs (asked_at) WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_expire ON jobs (expires_at);

-- A job is asked for under a live key, and goes with the key, as documents do.
CREATE TRIGGER live_key BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION require_live_key();

-- What a job is made of is settled when it is asked for: made again, it comes out the same.
CREATE FUNCTION settle_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    SELECT l.size, a.size INTO NEW.log_size, NEW.access_size FROM log_head l, access_head a;
    RETURN NEW;
END $$;

CREATE TRIGGER settled BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION settle_job();

CREATE FUNCTION remove_jobs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM jobs WHERE pupil_id = NEW.stream_id;
    RETURN NULL;
END $$;

CREATE TRIGGER jobs_go AFTER UPDATE OF destroyed_at ON data_keys
    FOR EACH ROW WHEN (NEW.destroyed_at IS NOT NULL) EXECUTE FUNCTION remove_jobs();
ALTER TABLE data_keys ENABLE ALWAYS TRIGGER jobs_go;

-- Remove what is kept of a job's result, unless it was filed as a document.
CREATE FUNCTION remove_result(p_job_id uuid, p_pupil_id uuid) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM document_uploads u USING document_contents c
        WHERE c.upload_id = u.upload_id AND c.content_id = p_job_id AND u.pupil_id = p_pupil_id
          AND NOT EXISTS (
              SELECT FROM commands m
              JOIN events e ON e.position BETWEEN m.first_position AND m.last_position
              WHERE m.command_id = p_job_id AND e.topic = 'DocumentFiled'
          );
    RETURN FOUND;
END $$;

-- Take up the job that has waited longest, of some kinds: one that nobody is at work on, or whose
-- worker was not heard of for as long as p_lease.  Two workers never take the same one.
CREATE FUNCTION claim_job(p_worker uuid, p_lease interval, p_kinds text[])
RETURNS TABLE (
    job_id uuid, pupil_id uuid, kind text, attempts integer, log_size bigint, access_size bigint,
    sealed bytea
)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH next AS MATERIALIZED (
        SELECT j.job_id FROM jobs j
        WHERE j.kind = ANY (p_kinds) AND j.expires_at > clock_timestamp()
          AND (j.state = 'waiting'
               OR j.state = 'running' AND j.beaten_at < clock_timestamp() - p_lease)
        ORDER BY j.asked_at, j.job_id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs j
        SET state = 'running', worker = p_worker, beaten_at = clock_timestamp(),
            attempts = j.attempts + 1, stage = 'beginning', done = 0, total = 0
        FROM next WHERE j.job_id = next.job_id
        RETURNING j.job_id, j.pupil_id, j.kind, j.attempts, j.log_size, j.access_size, j.sealed
$$;

-- Say that a worker is still at it, and how far; false if it is to stop: the job was cancelled, has
-- another worker, or is no more.
CREATE FUNCTION beat_job(
    p_job_id uuid, p_worker uuid, p_stage text, p_done integer, p_total integer
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE jobs SET beaten_at = clock_timestamp(), stage = p_stage, done = p_done, total = p_total
        WHERE job_id = p_job_id AND worker = p_worker AND state = 'running';
    RETURN FOUND;
END $$;

-- Say that a job's result is being recorded now, so that nobody cancels it any more; false as above.
CREATE FUNCTION fence_job(p_job_id uuid, p_worker uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE jobs SET beaten_at = clock_timestamp(), stage = 'recording', cancellable = false
        WHERE job_id = p_job_id AND worker = p_worker AND state = 'running';
    RETURN FOUND;
END $$;

-- End a worker's job: done, or failed with the name of a refusal and what it said, sealed; and then
-- nothing else of it is kept.
CREATE FUNCTION end_job(p_job_id uuid, p_worker uuid, p_refusal text, p_said bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    whose uuid;
BEGIN
    UPDATE jobs SET state = CASE WHEN p_refusal IS NULL THEN 'done' ELSE 'failed' END,
            refusal = p_refusal, worker = NULL, sealed = p_said, ended_at = clock_timestamp()
        WHERE job_id = p_job_id AND worker = p_worker AND state = 'running'
        RETURNING pupil_id INTO whose;
    IF FOUND AND p_refusal IS NOT NULL THEN
        PERFORM remove_result(p_job_id, whose);
    END IF;
    RETURN whose IS NOT NULL;
END $$;

-- Give a job back, for another worker to begin with at once; the attempt counts, or does not.
CREATE FUNCTION release_job(p_job_id uuid, p_worker uuid, p_counts boolean)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE jobs SET state = 'waiting', worker = NULL, stage = '', done = 0, total = 0,
            attempts = attempts - CASE WHEN p_counts THEN 0 ELSE 1 END
        WHERE job_id = p_job_id AND worker = p_worker AND state = 'running';
    RETURN FOUND;
END $$;

-- Remove what a worker kept of a job that was cancelled while it did.
CREATE FUNCTION remove_cancelled(p_job_id uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    whose uuid;
BEGIN
    SELECT pupil_id INTO whose FROM jobs WHERE job_id = p_job_id AND state = 'cancelled' FOR SHARE;
    IF FOUND THEN
        PERFORM remove_result(p_job_id, whose);
    END IF;
    RETURN whose IS NOT NULL;
END $$;

-- Cancel a job of a pupil in the scope of the unit of work; of one person if p_asked_by names them.
-- False if there is none, it has ended, or its result is being recorded.
CREATE FUNCTION cancel_job(p_job_id uuid, p_asked_by uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    whose uuid;
BEGIN
    UPDATE jobs j SET state = 'cancelled', worker = NULL, sealed = NULL,
            ended_at = clock_timestamp()
        WHERE j.job_id = p_job_id AND j.state IN ('waiting', 'running') AND j.cancellable
          AND (p_asked_by IS NULL OR j.asked_by = p_asked_by)
          AND (j.pupil_id = ANY (scope_pupils()) OR EXISTS (
              SELECT FROM whereabouts w
              WHERE w.pupil_id = j.pupil_id AND w.places && scope_places()))
        RETURNING j.pupil_id INTO whose;
    IF FOUND THEN
        PERFORM remove_result(p_job_id, whose);
    END IF;
    RETURN whose IS NOT NULL;
END $$;

-- Remove the jobs that have expired, and what is kept of their results; return how many those were.
-- That there was a result, and its hash, an event says.
CREATE FUNCTION remove_expired_jobs() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    removed integer;
BEGIN
    WITH gone AS (
        DELETE FROM jobs WHERE expires_at <= clock_timestamp() RETURNING job_id, pupil_id
    )
    SELECT count(remove_result(job_id, pupil_id)) INTO removed FROM gone;
    RETURN removed;
END $$;

-- As in 0009, but for what is kept of a job: until that expires.
CREATE OR REPLACE FUNCTION remove_unfiled() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    removed integer;
BEGIN
    DELETE FROM document_uploads u
        USING document_uploads mine LEFT JOIN document_contents c USING (upload_id)
        WHERE u.upload_id = mine.upload_id
          AND u.begun_at < clock_timestamp() - interval '25 hours'
          AND coalesce(c.stored_at, u.begun_at) < clock_timestamp() - interval '25 hours'
          AND NOT EXISTS (
              SELECT FROM commands m
              JOIN events e ON e.position BETWEEN m.first_position AND m.last_position
              WHERE m.command_id = c.content_id AND e.stream_id = u.pupil_id
                AND e.topic = 'DocumentFiled'
          )
          AND NOT EXISTS (
              SELECT FROM jobs j
              WHERE j.job_id = c.content_id AND j.pupil_id = u.pupil_id
                AND j.state IN ('waiting', 'running', 'done')
                AND j.expires_at > clock_timestamp()
          );
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;

REVOKE ALL ON FUNCTION settle_job, remove_jobs, remove_result, claim_job, beat_job, fence_job, end_job,
    release_job, remove_cancelled, cancel_job, remove_expired_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_job, beat_job, fence_job, end_job, release_job, remove_cancelled,
    cancel_job, remove_expired_jobs TO {app};
GRANT SELECT, INSERT (job_id, pupil_id, kind, asked_by, expires_at, request_mac, sealed)
    ON jobs TO {app};
