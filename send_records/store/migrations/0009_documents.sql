-- Documents: what was uploaded for a pupil, sealed under the pupil's key in pieces.  That it was
-- filed, what it is and which hash it has, an event says; here is nothing but ciphertext, ids and
-- counts, and nothing is here twice: content is found by the key under which it was uploaded, which
-- is the command that files it and the id of the document.

CREATE TABLE document_uploads (
    upload_id uuid        PRIMARY KEY,
    pupil_id  uuid        NOT NULL,
    begun_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE document_uploads IS 'Every attempt to upload something for a pupil; one that came to nothing is removed';

CREATE INDEX document_uploads_pupil ON document_uploads (pupil_id);
CREATE INDEX document_uploads_begun ON document_uploads (begun_at);

CREATE TABLE document_chunks (
    upload_id uuid    NOT NULL REFERENCES document_uploads ON DELETE CASCADE,
    chunk     integer NOT NULL CHECK (chunk BETWEEN 0 AND 9999),
    sealed    bytea   NOT NULL CHECK (octet_length(sealed) BETWEEN 64 AND 1048576),
    PRIMARY KEY (upload_id, chunk)
);

COMMENT ON TABLE document_chunks IS 'The bytes, in pieces of one length but for the last, each sealed in its place';
COMMENT ON COLUMN document_chunks.chunk IS 'Which piece it is, from 0';
COMMENT ON COLUMN document_chunks.sealed IS 'Under the pupil''s key; bound to pupil, content, upload and place, the last to the size of all';

-- Ciphertext does not get smaller: kept as it is, beside the row.
ALTER TABLE document_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE document_contents (
    content_id uuid        PRIMARY KEY,
    upload_id  uuid        NOT NULL UNIQUE REFERENCES document_uploads ON DELETE CASCADE,
    chunks     integer     NOT NULL CHECK (chunks > 0),
    stored_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed     bytea       NOT NULL
);

COMMENT ON TABLE document_contents IS 'What was uploaded whole: only this can be filed or read';
COMMENT ON COLUMN document_contents.content_id IS 'The Idempotency-Key of the upload, which is also that of the command that files it, and the document''s id';
COMMENT ON COLUMN document_contents.chunks IS 'How many pieces it has';
COMMENT ON COLUMN document_contents.sealed IS 'Size, hash and type, under the pupil''s key';

-- Nothing is changed: it is added, and removed whole.
CREATE TRIGGER as_it_was BEFORE UPDATE OR TRUNCATE ON document_uploads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER as_it_was BEFORE UPDATE OR TRUNCATE ON document_chunks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER as_it_was BEFORE UPDATE OR TRUNCATE ON document_contents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE document_uploads ENABLE ALWAYS TRIGGER as_it_was;
ALTER TABLE document_chunks ENABLE ALWAYS TRIGGER as_it_was;
ALTER TABLE document_contents ENABLE ALWAYS TRIGGER as_it_was;

-- An upload begins under a live key, of a pupil that there is.  The lock makes an erasure that is under way wait for us, and
-- us for it: so either it sees our row, or we see the key destroyed.
CREATE FUNCTION require_live_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout = '10s' AS $$
DECLARE
    gone timestamptz;
BEGIN
    SELECT destroyed_at INTO gone FROM data_keys WHERE stream_id = NEW.pupil_id FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such pupil' USING ERRCODE = 'foreign_key_violation';
    ELSIF gone IS NOT NULL THEN
        RAISE EXCEPTION 'the pupil''s key was destroyed' USING ERRCODE = 'SR003';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER live_key BEFORE INSERT ON document_uploads
    FOR EACH ROW EXECUTE FUNCTION require_live_key();

-- With the key go the rows: nobody can read them, and nobody has a reason to keep them.
CREATE FUNCTION remove_documents() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM document_uploads WHERE pupil_id = NEW.stream_id;
    RETURN NULL;
END $$;

CREATE TRIGGER documents_go AFTER UPDATE OF destroyed_at ON data_keys
    FOR EACH ROW WHEN (NEW.destroyed_at IS NOT NULL) EXECUTE FUNCTION remove_documents();
ALTER TABLE data_keys ENABLE ALWAYS TRIGGER documents_go;

-- Remove an upload that did not come to its end.
CREATE FUNCTION abandon_upload(p_upload_id uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM document_uploads u WHERE u.upload_id = p_upload_id
        AND NOT EXISTS (SELECT FROM document_contents c WHERE c.upload_id = u.upload_id);
    RETURN FOUND;
END $$;

-- Remove what nobody filed, and return how many uploads that were.  Never before 25 hours: what is
-- over 24 hours old cannot be filed any more (rules/documents.toml), so nothing is removed that
-- somebody is about to file.  What was filed, the log says: it holds an event of that command.
CREATE FUNCTION remove_unfiled() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
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
          );
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;

REVOKE ALL ON FUNCTION require_live_key, remove_documents, abandon_upload, remove_unfiled FROM PUBLIC;
GRANT EXECUTE ON FUNCTION abandon_upload, remove_unfiled TO {app};
GRANT SELECT ON document_uploads, document_chunks, document_contents TO {app};
GRANT INSERT (upload_id, pupil_id) ON document_uploads TO {app};
GRANT INSERT (upload_id, chunk, sealed) ON document_chunks TO {app};
GRANT INSERT (content_id, upload_id, chunks, sealed) ON document_contents TO {app};

COMMENT ON COLUMN access_log.act IS 'read, search, export, upload, proof, refusal or keys';
