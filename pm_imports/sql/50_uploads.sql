-- Files that come from a client.

-- The user that the client acts for.
CREATE FUNCTION pm_imports._user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(pm_imports._setting('user_id'), '')::uuid;

-- Throws what keeps a text from being the name of a file.
CREATE FUNCTION pm_imports._check_file_name(file_name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF file_name IS NULL THEN
    RAISE EXCEPTION 'file_name is NULL' USING ERRCODE = '22004', HINT = 'It is the name of the file, such as prices.csv.';
  ELSIF length(file_name) NOT BETWEEN 1 AND 255 OR file_name COLLATE "C" ~ '[\x01-\x1f\x7f]' THEN
    RAISE EXCEPTION 'file name "%" is not possible', left(file_name, 64)
      USING ERRCODE = '22023', DETAIL = format('It has %s characters.', length(file_name)), HINT = 'Names have 1 to 255 characters, directories aside, and no control characters.';
  END IF;
END
$$;

CREATE FUNCTION pm_imports.begin_upload(file_name text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- some clients send the whole path
  name text := regexp_replace(file_name, '^.*[/\\]', '');
  upload uuid;
BEGIN
  PERFORM pm_imports._check_file_name(name);
  INSERT INTO pm_imports.import_files (file_name, uploaded_by) VALUES (name, quote_ident(current_user)::regrole) RETURNING id INTO upload;
  RETURN upload;
END
$$;
COMMENT ON FUNCTION pm_imports.begin_upload(text) IS
'begins to take a file from a client in parts, each of which may be a transaction of its own; returns what append_upload() and finish_upload() are given. An upload to which nothing is appended for a day is forgotten (pm_imports.keep_uploads). Errors: 22004 no name, 22023 none that a file can have';

-- The upload, locked and under way; throws else.
CREATE FUNCTION pm_imports._upload(upload uuid) RETURNS pm_imports.import_files
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  f pm_imports.import_files;
BEGIN
  SELECT * INTO f FROM pm_imports.import_files AS s WHERE s.id = upload AND s.path IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'upload % does not exist', coalesce('"' || upload || '"', 'NULL')
      USING ERRCODE = 'P0002', HINT = 'begin_upload() begins one; nothing appended for too long, it is forgotten.';
  ELSIF NOT (pg_has_role(f.uploaded_by, 'USAGE') OR pm_jobs._is_admin()) THEN
    RAISE EXCEPTION 'upload "%" is of role "%"', upload, pg_get_userbyid(f.uploaded_by) USING ERRCODE = '42501';
  ELSIF f.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'upload "%" is finished', upload USING ERRCODE = '55000', DETAIL = format('It was at %s.', f.finished_at);
  END IF;
  RETURN f;
END
$$;

CREATE FUNCTION pm_imports.append_upload(upload uuid, content bytea, "at" bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most CONSTANT integer := 16777216;
  f pm_imports.import_files := pm_imports._upload(upload);
  length bigint := octet_length(content);
BEGIN
  IF (length BETWEEN 1 AND most) IS NOT TRUE THEN
    RAISE EXCEPTION 'a part of % bytes cannot be appended', coalesce(length::text, 'NULL') USING ERRCODE = '22023', HINT = 'Parts have 1 byte to 16 MB.';
  END IF;
  -- a client that lost the connection may not know that the part is here
  IF "at" + length = f.size AND content = (SELECT c.content FROM pm_imports.import_file_chunks AS c WHERE c.file_id = f.id AND c.chunk = f.chunks - 1) THEN
    RETURN f.size;
  ELSIF "at" <> f.size THEN
    RAISE EXCEPTION 'the part begins at %, and the upload has % bytes', "at", f.size
      USING ERRCODE = '22023', HINT = format('Go on from %s.', f.size);
  ELSIF f.size + length > pg_size_bytes(pm_imports._setting('max_upload')) THEN
    RAISE EXCEPTION 'upload "%" would have more than %', upload, pm_imports._setting('max_upload')
      USING ERRCODE = '54000', HINT = 'An administrator can set pm_imports.max_upload.';
  END IF;
  INSERT INTO pm_imports.import_file_chunks (file_id, chunk, content) VALUES (f.id, f.chunks, content);
  UPDATE pm_imports.import_files AS s SET size = f.size + length, chunks = f.chunks + 1, modified_at = now() WHERE s.id = f.id;
  RETURN f.size + length;
END
$$;
COMMENT ON FUNCTION pm_imports.append_upload(uuid, bytea, bigint) IS
'appends up to 16 MB to an upload; returns how many bytes it has now. at, unless it is NULL, is where the part begins: the part that was appended last is then not appended twice, and a gap is an error. Errors: P0002 no such upload, 42501 of another role, 55000 it is finished, 22023 size or place of the part, 54000 the file is larger than pm_imports.max_upload';

-- Says that an upload is complete.
CREATE FUNCTION pm_imports._complete_upload(upload uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._upload(upload);
  UPDATE pm_imports.import_files AS s SET sha256 = pm_imports._upload_sha256(s.id), finished_at = now() WHERE s.id = upload;
END
$$;

REVOKE ALL ON FUNCTION pm_imports._user_id(), pm_imports._check_file_name(text), pm_imports.begin_upload(text), pm_imports._upload(uuid), pm_imports.append_upload(uuid, bytea, bigint),
  pm_imports._complete_upload(uuid) FROM PUBLIC;
