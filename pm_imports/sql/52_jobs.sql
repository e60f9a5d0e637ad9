-- Jobs are made.

-- A job for a file, by the config's plan and what more says of the file; returns its id.
-- It runs as the caller, by pm_jobs.
CREATE FUNCTION pm_imports._add_job(config text, file uuid, dry_run boolean, force boolean, retry_of uuid DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pm_imports.import_configs := pm_imports._config(config);
  plan jsonb := pm_imports._plan(config);
  job uuid;
BEGIN
  IF NOT c.is_active THEN
    RAISE EXCEPTION 'config "%" is not active', c.config_name USING ERRCODE = '55000', HINT = 'Set is_active in pm_imports.import_configs.';
  END IF;
  IF dry_run IS NULL OR force IS NULL THEN
    RAISE EXCEPTION '% is NULL', CASE WHEN dry_run IS NULL THEN 'dry_run' ELSE 'force' END USING ERRCODE = '22004', HINT = 'It is true or false.';
  END IF;
  plan := plan || (more - '{file_options,import_options}'::text[]) || jsonb_build_object(
    'file_options', jsonb_strip_nulls(plan -> 'file_options' || coalesce(more -> 'file_options', '{}')), 'import_options', plan -> 'import_options' || coalesce(more -> 'import_options', '{}'));
  INSERT INTO pm_imports.import_jobs (config_id, config_name, supplier_code, import_type, file_id, plan, dry_run, forced, retry_of, created_by)
  VALUES (c.id, c.config_name, c.supplier_code, c.import_type, file, plan, dry_run, force, retry_of, pm_imports._user_id())
  RETURNING id INTO job;
  UPDATE pm_imports.import_jobs AS j
  SET job_id = pm_jobs.enqueue('imports', 'run_import', jsonb_build_object('job', job), limit_key => c.supplier_code)
  WHERE j.id = job;
  PERFORM pm_imports._log(job, 'info', 'queued', (
    SELECT jsonb_build_object('config', c.config_name, 'file', f.file_name, 'size', f.size, 'sha256', encode(f.sha256, 'hex')) FROM pm_imports.import_files AS f WHERE f.id = file));
  RETURN job;
END
$$;

-- The row of a file of the server as it is now, which is made unless it is there.
CREATE FUNCTION pm_imports._server_file(path text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- what changes in the same moment as before, as clocks of file systems go, cannot be told from before
  settled CONSTANT timestamptz := clock_timestamp() - interval '2 seconds';
  facts record;
  file uuid;
BEGIN
  SELECT f.path, f.size, f.device, f.inode, f.modified_at, CASE WHEN f.changed_at < settled THEN f.changed_at END AS changed_at, f.sha256
  INTO facts FROM pm_imports._file_facts(_server_file.path) AS f;
  SELECT s.id INTO file FROM pm_imports.import_files AS s
  WHERE s.path = facts.path AND s.sha256 = facts.sha256 AND s.device = facts.device AND s.inode = facts.inode AND s.modified_at = facts.modified_at
  ORDER BY s.id LIMIT 1;
  IF NOT FOUND THEN
    PERFORM pm_imports._check_file_name(regexp_replace(facts.path, '^.*/', ''));
    INSERT INTO pm_imports.import_files (file_name, path, size, sha256, device, inode, modified_at, changed_at, finished_at)
    VALUES (regexp_replace(facts.path, '^.*/', ''), facts.path, facts.size, facts.sha256, facts.device, facts.inode, facts.modified_at, facts.changed_at, now())
    RETURNING id INTO file;
  ELSIF facts.changed_at IS NOT NULL THEN
    UPDATE pm_imports.import_files AS s SET changed_at = facts.changed_at WHERE s.id = file AND s.changed_at IS DISTINCT FROM facts.changed_at;
  END IF;
  RETURN file;
END
$$;

CREATE FUNCTION pm_imports.import_file(config text, path text, dry_run boolean DEFAULT false, force boolean DEFAULT false) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF path IS NULL THEN
    RAISE EXCEPTION 'path is NULL' USING ERRCODE = '22004', HINT = 'It is the absolute path of a file of the server.';
  END IF;
  PERFORM pm_imports._config(config);
  RETURN pm_imports._add_job(config, pm_imports._server_file(path), dry_run, force);
END
$$;
COMMENT ON FUNCTION pm_imports.import_file(text, text, boolean, boolean) IS
'imports a file of the server under a config, by a job that starts after the caller''s commit; returns the import''s id. The file must be below a directory of pm_imports.directories, symbolic links followed; it is read once here, for its SHA-256, and must stay as it is until the job has read it. dry_run: the catalog stays as it is, all else is done and reported. force: also if the same file was imported last. Errors: 23503 no such config, 55000 it is not active, or the file is being written, 22023 a template broke the config, or the name of the file has control characters, 42501 the role is no member of pg_read_server_files, the directory is not listed, or the queue is not granted, 42809 no regular file, 58P01 no such file, 42704 there is no queue "imports": schedule_upkeep()';

CREATE FUNCTION pm_imports.finish_upload(upload uuid, config text, dry_run boolean DEFAULT false, force boolean DEFAULT false) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._complete_upload(upload);
  RETURN pm_imports._add_job(config, upload, dry_run, force);
END
$$;
COMMENT ON FUNCTION pm_imports.finish_upload(uuid, text, boolean, boolean) IS
'ends an upload and imports the file under a config, as import_file() does; returns the import''s id. Errors: P0002 no such upload, 55000 it is finished, and those of import_file() that are not about files of the server';

CREATE FUNCTION pm_imports.import_data(config text, file_name text, content bytea, dry_run boolean DEFAULT false, force boolean DEFAULT false) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part CONSTANT integer := 8388608;
  upload uuid;
BEGIN
  PERFORM pm_imports._config(config);
  IF content IS NULL THEN
    RAISE EXCEPTION 'content is NULL' USING ERRCODE = '22004', HINT = 'It is the bytes of the file.';
  END IF;
  upload := pm_imports.begin_upload(file_name);
  FOR start IN 0 .. octet_length(content) - 1 BY part LOOP
    PERFORM pm_imports.append_upload(upload, substr(content, start + 1, part));
  END LOOP;
  RETURN pm_imports.finish_upload(upload, config, dry_run, force);
END
$$;
COMMENT ON FUNCTION pm_imports.import_data(text, text, bytea, boolean, boolean) IS
'imports a file from a client, up to 1 GB at once, under a config; else as import_file(). Larger ones: begin_upload(). Errors: those of begin_upload(), append_upload() and finish_upload()';

REVOKE ALL ON FUNCTION pm_imports._add_job(text, uuid, boolean, boolean, uuid, jsonb), pm_imports._server_file(text), pm_imports.import_file(text, text, boolean, boolean),
  pm_imports.finish_upload(uuid, text, boolean, boolean), pm_imports.import_data(text, text, bytea, boolean, boolean) FROM PUBLIC;
